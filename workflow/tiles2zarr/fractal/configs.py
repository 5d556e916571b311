"""Arguments of a task as the config of a workflow that does the same."""

import os
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from tiles2zarr.api.acquisition import AcquisitionOptions
from tiles2zarr.api.options import ConverterOptions
from tiles2zarr.api.urls import is_local, local_url_to_path
from tiles2zarr.config.faults import faults_of
from tiles2zarr.config.root import Config
from tiles2zarr.config.writing import OverwriteMode
from tiles2zarr.errors import ConfigError
from tiles2zarr.fractal.arguments import (
    AcquisitionInput,
    PlateAcquisition,
    PlateOptions,
    SingleImagesAcquisition,
)
from tiles2zarr.fractal.plans import InitResult, plan_images
from tiles2zarr.fractal.runs import SINGLE_IMAGES
from tiles2zarr.steps.configs import checked_configs


def set_up_plates(
    format_name: str,
    zarr_dir: str,
    acquisitions: Sequence[PlateAcquisition],
    options: ConverterOptions,
    plate: PlateOptions,
    overwrite: OverwriteMode,
) -> InitResult:
    """Plan the plates that acquisitions make; return the list for compute tasks.

    Acquisitions whose plates have one name, given or found, make one plate.

    Raises:
        Tiles2ZarrError: The arguments do not fit, the input cannot be read, or
            something foreign is in the way.
    """
    parts: dict[str, list[Config]] = {}
    for given in acquisitions:
        raw = {
            **_shared(zarr_dir, options, overwrite),
            "plate": {
                "name": given.plate_name,
                "layout": plate.wells,
                "uniform": plate.uniform,
            },
            "acquisitions": [
                _acquisition(given, format_name) | {"id": given.acquisition_id}
            ],
        }
        for name, config in checked_configs(raw).items():
            parts.setdefault(name, []).append(config)
    configs = {name: _joined(name, members) for name, members in parts.items()}
    return plan_images(_folder(zarr_dir), configs, options.threads)


def set_up_single_images(
    zarr_dir: str,
    acquisitions: Sequence[SingleImagesAcquisition],
    options: ConverterOptions,
    overwrite: OverwriteMode,
) -> InitResult:
    """Plan the single images of tile tables; return the list for compute tasks.

    Raises:
        Tiles2ZarrError: The arguments do not fit, the input cannot be read, or
            something foreign is in the way.
    """
    raw = {
        **_shared(zarr_dir, options, overwrite),
        "name": SINGLE_IMAGES,
        "acquisitions": [_acquisition(a, "tile_table") for a in acquisitions],
    }
    return plan_images(_folder(zarr_dir), checked_configs(raw), options.threads)


def _shared(
    zarr_dir: str, options: ConverterOptions, overwrite: OverwriteMode
) -> dict[str, object]:
    """Return what the options say, in the sections of a config."""
    return {
        "output": _folder(zarr_dir),
        "registration": options.registration.model_dump(mode="json"),
        "writing": {
            "writer_mode": options.writer_mode.value,
            "overwrite_mode": overwrite.value,
            "images_per_job": 1,
            "on_missing": options.on_missing.value,
            "mixed_dtype": options.mixed_dtype.value,
            "dask": options.dask,
        },
        "omezarr": options.omezarr_options.model_dump(mode="json"),
    }


def _acquisition(given: AcquisitionInput, format_name: str) -> dict[str, object]:
    stated = given.advanced
    options = given.format_options()
    positions = options.get("positions")
    if isinstance(positions, str):
        options = {**options, "positions": _absolute(positions)}
    return {
        "path": _absolute(given.path),
        "format": format_name,
        "options": options,
        "details": {**_details(stated), **given.details()},
        "stage_corrections": stated.stage_corrections.model_dump(),
        "conditions": _absolute(stated.condition_table_path),
        "filters": [chosen.model_dump(mode="json") for chosen in stated.filters],
    }


def _details(stated: AcquisitionOptions) -> Mapping[str, object]:
    details: dict[str, object] = {
        "axes": stated.axes,
        "data_type": stated.data_type,
        "channels": None
        if stated.channels is None
        else [c.model_dump(exclude_none=True) for c in stated.channels],
    }
    return details | (stated.pixel_info.model_dump() if stated.pixel_info else {})


def _absolute(place: str | None) -> str | None:
    """Return a path that means the same in every folder a task may run in."""
    if place is None or not is_local(place):
        return place
    return os.path.abspath(local_url_to_path(place))


def _folder(zarr_dir: str) -> str:
    return str(_absolute(zarr_dir))


def _joined(name: str, members: Sequence[Config]) -> Config:
    """Return the configs of one plate as one, with all their acquisitions."""
    acquisitions = [a for config in members for a in config.acquisitions]
    try:
        return members[0].replace(acquisitions=acquisitions)
    except ValidationError as error:
        lines = [fault.line for fault in faults_of(error)]
        raise ConfigError(f"plate {name}", lines) from error
