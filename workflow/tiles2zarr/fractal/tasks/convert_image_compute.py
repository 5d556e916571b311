"""Compute task of all formats: one image is written."""

from pydantic import validate_call

from tiles2zarr.fractal.command import run_task
from tiles2zarr.fractal.image_list import ImageListUpdateDict
from tiles2zarr.fractal.images import compute_image
from tiles2zarr.fractal.runs import ConvertImageInitArgs


@validate_call
def convert_image_compute(
    *, zarr_url: str, init_args: ConvertImageInitArgs
) -> ImageListUpdateDict:
    """Write one image with pyramid and tables, and list it in its plate.

    May run beside the compute tasks of other images, in any order, and again after a
    failure or a success.

    Args:
        zarr_url: Where the image is written.
        init_args: What the init task said of the image.
    """
    return compute_image(zarr_url, init_args)


if __name__ == "__main__":
    run_task(convert_image_compute)
