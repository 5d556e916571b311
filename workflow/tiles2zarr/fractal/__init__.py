"""The conversion as tasks of the Fractal platform, on the same steps as the rules.

The names below are loaded when they are first asked for, so that a task's process loads
only what it runs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiles2zarr.api.acquisition import AcquisitionOptions
    from tiles2zarr.api.json_files import (
        cleanup_if_exists,
        dump_to_json,
        remove_json,
        tiled_image_from_json,
    )
    from tiles2zarr.fractal.generic import (
        ConvertParallelInitArgs,
        generic_compute_task,
        setup_images_for_conversion,
    )
    from tiles2zarr.fractal.image_list import ImageListUpdateDict
    from tiles2zarr.fractal.input_models import converters_tools_models

_HOMES = {
    "api.acquisition": ("AcquisitionOptions",),
    "api.json_files": (
        "cleanup_if_exists",
        "dump_to_json",
        "remove_json",
        "tiled_image_from_json",
    ),
    "fractal.generic": (
        "ConvertParallelInitArgs",
        "generic_compute_task",
        "setup_images_for_conversion",
    ),
    "fractal.image_list": ("ImageListUpdateDict",),
    "fractal.input_models": ("converters_tools_models",),
}
"""Modules of the package, and the names each offers here."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AcquisitionOptions",
    "ConvertParallelInitArgs",
    "ImageListUpdateDict",
    "cleanup_if_exists",
    "converters_tools_models",
    "dump_to_json",
    "generic_compute_task",
    "remove_json",
    "setup_images_for_conversion",
    "tiled_image_from_json",
]


def __getattr__(name: str) -> object:
    """Return one of the names above, importing the module it is made in.

    Raises:
        AttributeError: There is no such name.
    """
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"tiles2zarr.{home}"), name)
