"""Init task: single images from tile tables to OME-Zarr."""

from pydantic import validate_call

from tiles2zarr.api.options import ConverterOptions
from tiles2zarr.config.writing import OverwriteMode
from tiles2zarr.fractal.arguments import DEFAULT_OPTIONS, SingleImagesAcquisition
from tiles2zarr.fractal.command import run_task
from tiles2zarr.fractal.configs import set_up_single_images
from tiles2zarr.fractal.plans import InitResult


@validate_call
def convert_single_images_init(
    *,
    zarr_dir: str,
    acquisitions: list[SingleImagesAcquisition],
    converter_options: ConverterOptions = DEFAULT_OPTIONS,
    overwrite: OverwriteMode = OverwriteMode.NO_OVERWRITE,
) -> InitResult:
    """Plan the conversion of tile tables with the column image_path.

    Every path is an OME-Zarr image of its own.

    Args:
        zarr_dir: Folder the images are written into.
        acquisitions: What is converted.
        converter_options: How tiles become images.
        overwrite: What is done where the output exists.
    """
    return set_up_single_images(zarr_dir, acquisitions, converter_options, overwrite)


if __name__ == "__main__":
    run_task(convert_single_images_init)
