"""Init task: plates of any known format to OME-Zarr."""

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
def convert_auto_init(
    *,
    zarr_dir: str,
    acquisitions: list[VendorAcquisition],
    converter_options: ConverterOptions = DEFAULT_OPTIONS,
    plate: PlateOptions = DEFAULT_PLATE,
    overwrite: OverwriteMode = OverwriteMode.NO_OVERWRITE,
) -> InitResult:
    """Plan plates from folders of any known format and lay them out.

    The format is found out from what the folder holds.

    Args:
        zarr_dir: Folder the plates are written into.
        acquisitions: What is converted; acquisitions with one plate name make one
            plate.
        converter_options: How tiles become images.
        plate: The plate as a whole.
        overwrite: What is done where the output exists.
    """
    return set_up_plates(
        "auto", zarr_dir, acquisitions, converter_options, plate, overwrite
    )


if __name__ == "__main__":
    run_task(convert_auto_init)
