"""Init task: Leica LIF files to OME-Zarr."""

from pydantic import validate_call

from tiles2zarr.api.options import ConverterOptions
from tiles2zarr.config.writing import OverwriteMode
from tiles2zarr.fractal.arguments import (
    DEFAULT_OPTIONS,
    DEFAULT_PLATE,
    PlateOptions,
    VendorAcquisition,
)
from tiles2zarr.fractal.command import run_task
from tiles2zarr.fractal.configs import set_up_plates
from tiles2zarr.fractal.plans import InitResult


@validate_call
def convert_lif_init(
    *,
    zarr_dir: str,
    acquisitions: list[VendorAcquisition],
    converter_options: ConverterOptions = DEFAULT_OPTIONS,
    plate: PlateOptions = DEFAULT_PLATE,
    overwrite: OverwriteMode = OverwriteMode.NO_OVERWRITE,
) -> InitResult:
    """Plan plates from Leica LIF files and lay them out.

    Wells, fields, channels and positions are read from the file's metadata.

    Args:
        zarr_dir: Folder the plates are written into.
        acquisitions: What is converted; acquisitions with one plate name make one
            plate.
        converter_options: How tiles become images.
        plate: The plate as a whole.
        overwrite: What is done where the output exists.
    """
    return set_up_plates(
        "lif", zarr_dir, acquisitions, converter_options, plate, overwrite
    )


if __name__ == "__main__":
    run_task(convert_lif_init)
