"""Microscope tiles in, OME-Zarr plates and images out.

The names below are loaded when they are first asked for: the workflow imports this
package in every job, and has no use for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiles2zarr.api.acquisition import (
        AcquisitionOptions,
        PixelSizeModel,
        default_axes_builder,
    )
    from tiles2zarr.api.aggregation import (
        apply_filter_pipeline,
        tiled_image_from_tiles,
        tiles_aggregation_pipeline,
    )
    from tiles2zarr.api.dummy import (
        DummyLoader,
        StartPosition,
        TileShape,
        build_dummy_tile,
    )
    from tiles2zarr.api.filters import (
        FilterModel,
        ImplementedFilters,
        RegexExcludeFilter,
        RegexIncludeFilter,
        WellExcludeFilter,
        WellIncludeFilter,
    )
    from tiles2zarr.api.frames import (
        hcs_images_from_dataframe,
        single_images_from_dataframe,
    )
    from tiles2zarr.api.image import TiledImage
    from tiles2zarr.api.json_files import (
        cleanup_if_exists,
        dump_to_json,
        remove_json,
        tiled_image_from_json,
    )
    from tiles2zarr.api.loaders import DefaultImageLoader, ImageLoaderInterface
    from tiles2zarr.api.options import (
        AlignmentCorrections,
        BackendType,
        ConverterOptions,
        DefaultNgffVersion,
        FixedSizeChunking,
        FovBasedChunking,
        NgffVersions,
        OmeZarrOptions,
        Scalings,
        StagePositionCorrections,
        TempJsonOptions,
    )
    from tiles2zarr.api.places import CollectionInterface
    from tiles2zarr.api.plates import setup_ome_zarr_collection
    from tiles2zarr.api.registration import (
        apply_registration_pipeline,
        build_default_registration_pipeline,
    )
    from tiles2zarr.api.registry import (
        add_collection_handler,
        add_filter,
        add_registration_func,
        add_validator,
    )
    from tiles2zarr.api.roi import PixelSize, Roi, RoiSlice
    from tiles2zarr.api.slices import TileFOVGroup, TileSlice
    from tiles2zarr.api.steps import (
        RegistrationStep,
        ValidatorStep,
        apply_validator_pipeline,
    )
    from tiles2zarr.api.tile import Tile
    from tiles2zarr.api.urls import (
        filesystem_for_url,
        join_url_paths,
        local_url_to_path,
    )
    from tiles2zarr.api.writing import (
        tiled_image_creation_pipeline,
        write_tiled_image_as_zarr,
    )
    from tiles2zarr.config.registration import TilingMode
    from tiles2zarr.config.writing import OverwriteMode, WriterMode
    from tiles2zarr.fractal.generic import (
        ConvertParallelInitArgs,
        generic_compute_task,
        setup_images_for_conversion,
    )
    from tiles2zarr.fractal.image_list import ImageListUpdateDict
    from tiles2zarr.fractal.input_models import converters_tools_models
    from tiles2zarr.models.acquisition import (
        AcquisitionDetails,
        ChannelInfo,
        DataTypeEnum,
        DefaultColors,
        StageOrientation,
    )
    from tiles2zarr.models.collection import ImageInPlate, SingleImage

__version__ = "0.1.0"

_HOMES = {
    "api.acquisition": (
        "AcquisitionOptions",
        "PixelSizeModel",
        "default_axes_builder",
    ),
    "api.aggregation": (
        "apply_filter_pipeline",
        "tiled_image_from_tiles",
        "tiles_aggregation_pipeline",
    ),
    "api.dummy": (
        "DummyLoader",
        "StartPosition",
        "TileShape",
        "build_dummy_tile",
    ),
    "api.filters": (
        "FilterModel",
        "ImplementedFilters",
        "RegexExcludeFilter",
        "RegexIncludeFilter",
        "WellExcludeFilter",
        "WellIncludeFilter",
    ),
    "api.frames": (
        "hcs_images_from_dataframe",
        "single_images_from_dataframe",
    ),
    "api.image": ("TiledImage",),
    "api.json_files": (
        "cleanup_if_exists",
        "dump_to_json",
        "remove_json",
        "tiled_image_from_json",
    ),
    "api.loaders": (
        "DefaultImageLoader",
        "ImageLoaderInterface",
    ),
    "api.options": (
        "AlignmentCorrections",
        "BackendType",
        "ConverterOptions",
        "DefaultNgffVersion",
        "FixedSizeChunking",
        "FovBasedChunking",
        "NgffVersions",
        "OmeZarrOptions",
        "Scalings",
        "StagePositionCorrections",
        "TempJsonOptions",
    ),
    "api.places": ("CollectionInterface",),
    "api.plates": ("setup_ome_zarr_collection",),
    "api.registration": (
        "apply_registration_pipeline",
        "build_default_registration_pipeline",
    ),
    "api.registry": (
        "add_collection_handler",
        "add_filter",
        "add_registration_func",
        "add_validator",
    ),
    "api.roi": (
        "PixelSize",
        "Roi",
        "RoiSlice",
    ),
    "api.slices": (
        "TileFOVGroup",
        "TileSlice",
    ),
    "api.steps": (
        "RegistrationStep",
        "ValidatorStep",
        "apply_validator_pipeline",
    ),
    "api.tile": ("Tile",),
    "api.urls": (
        "filesystem_for_url",
        "join_url_paths",
        "local_url_to_path",
    ),
    "api.writing": (
        "tiled_image_creation_pipeline",
        "write_tiled_image_as_zarr",
    ),
    "config.registration": ("TilingMode",),
    "config.writing": (
        "OverwriteMode",
        "WriterMode",
    ),
    "fractal.generic": (
        "ConvertParallelInitArgs",
        "generic_compute_task",
        "setup_images_for_conversion",
    ),
    "fractal.image_list": ("ImageListUpdateDict",),
    "fractal.input_models": ("converters_tools_models",),
    "models.acquisition": (
        "AcquisitionDetails",
        "ChannelInfo",
        "DataTypeEnum",
        "DefaultColors",
        "StageOrientation",
    ),
    "models.collection": (
        "ImageInPlate",
        "SingleImage",
    ),
}
"""Modules of this package, and the names each offers here."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AcquisitionDetails",
    "AcquisitionOptions",
    "AlignmentCorrections",
    "BackendType",
    "ChannelInfo",
    "CollectionInterface",
    "ConvertParallelInitArgs",
    "ConverterOptions",
    "DataTypeEnum",
    "DefaultColors",
    "DefaultImageLoader",
    "DefaultNgffVersion",
    "DummyLoader",
    "FilterModel",
    "FixedSizeChunking",
    "FovBasedChunking",
    "ImageInPlate",
    "ImageListUpdateDict",
    "ImageLoaderInterface",
    "ImplementedFilters",
    "NgffVersions",
    "OmeZarrOptions",
    "OverwriteMode",
    "PixelSize",
    "PixelSizeModel",
    "RegexExcludeFilter",
    "RegexIncludeFilter",
    "RegistrationStep",
    "Roi",
    "RoiSlice",
    "Scalings",
    "SingleImage",
    "StageOrientation",
    "StagePositionCorrections",
    "StartPosition",
    "TempJsonOptions",
    "Tile",
    "TileFOVGroup",
    "TileShape",
    "TileSlice",
    "TiledImage",
    "TilingMode",
    "ValidatorStep",
    "WellExcludeFilter",
    "WellIncludeFilter",
    "WriterMode",
    "__version__",
    "add_collection_handler",
    "add_filter",
    "add_registration_func",
    "add_validator",
    "apply_filter_pipeline",
    "apply_registration_pipeline",
    "apply_validator_pipeline",
    "build_default_registration_pipeline",
    "build_dummy_tile",
    "cleanup_if_exists",
    "converters_tools_models",
    "default_axes_builder",
    "dump_to_json",
    "filesystem_for_url",
    "generic_compute_task",
    "hcs_images_from_dataframe",
    "join_url_paths",
    "local_url_to_path",
    "remove_json",
    "setup_images_for_conversion",
    "setup_ome_zarr_collection",
    "single_images_from_dataframe",
    "tiled_image_creation_pipeline",
    "tiled_image_from_json",
    "tiled_image_from_tiles",
    "tiles_aggregation_pipeline",
    "write_tiled_image_as_zarr",
]


def __getattr__(name: str) -> object:
    """Return one of the names above, importing the module it is made in.

    Raises:
        AttributeError: There is no such name.
    """
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    """Return all names, also those that are not loaded yet."""
    return sorted({*globals(), *__all__})
