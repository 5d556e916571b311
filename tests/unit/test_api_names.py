"""The documented names, and how cheap it is to have them."""

import ast
import inspect
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import tiles2zarr

PACKAGE = Path(tiles2zarr.__file__).parent

_LISTED = """
Tile TileSlice TileFOVGroup TiledImage AcquisitionDetails AcquisitionOptions
StageOrientation ChannelInfo ImageInPlate SingleImage DefaultImageLoader
ImageLoaderInterface ConverterOptions TilingMode WriterMode OverwriteMode OmeZarrOptions
FovBasedChunking FixedSizeChunking hcs_images_from_dataframe
single_images_from_dataframe tiled_image_from_tiles build_dummy_tile
tiles_aggregation_pipeline tiled_image_creation_pipeline
build_default_registration_pipeline apply_registration_pipeline apply_filter_pipeline
setup_ome_zarr_collection write_tiled_image_as_zarr join_url_paths local_url_to_path
default_axes_builder add_filter add_validator add_registration_func
add_collection_handler setup_images_for_conversion generic_compute_task
ConvertParallelInitArgs dump_to_json tiled_image_from_json remove_json cleanup_if_exists
converters_tools_models PixelSizeModel TempJsonOptions AlignmentCorrections
StagePositionCorrections DataTypeEnum DefaultColors Scalings NgffVersions
DefaultNgffVersion BackendType WellIncludeFilter WellExcludeFilter RegexIncludeFilter
RegexExcludeFilter ImplementedFilters filesystem_for_url
"""
NAMES = _LISTED.split()
"""Typed by hand from the description of the documented system."""

METHODS = {
    "Tile": "to_roi find_data_type",
    "TileSlice": "from_tile load_data",
    "TileFOVGroup": "shape roi ref_slice load_data load_data_dask",
    "TiledImage": "group_by_fov add_tile pixel_size shape roi load_data load_data_dask",
    "AcquisitionOptions": "to_axes_list update_acquisition_details",
    "FovBasedChunking": "get_xy_chunk",
    "FixedSizeChunking": "get_xy_chunk",
}

FIELDS = {
    "Tile": "fov_name start_x start_y start_z start_t start_c length_x length_y "
    "length_z length_t length_c collection image_loader acquisition_details attributes",
    "TileSlice": "roi image_loader",
    "TileFOVGroup": "fov_name regions axes pixel_size",
    "AcquisitionDetails": "pixelsize z_spacing t_spacing start_x_coo start_y_coo "
    "start_z_coo start_t_coo length_x_coo length_y_coo length_z_coo length_t_coo "
    "channels axes data_type condition_table_path stage_corrections",
    "AcquisitionOptions": "channels pixel_info condition_table_path axes data_type "
    "stage_corrections filters",
    "StageOrientation": "flip_x flip_y swap_xy",
    "ChannelInfo": "channel_label wavelength_id colors",
    "ImageInPlate": "plate_name row column acquisition",
    "SingleImage": "image_path",
    "DefaultImageLoader": "file_path",
    "ConverterOptions": "writer_mode tiling_mode tiling_tolerance alignment_correction "
    "omezarr_options temp_json_options",
    "OmeZarrOptions": "num_levels chunks ngff_version table_backend",
    "FovBasedChunking": "xy_scaling z_chunk c_chunk t_chunk",
    "FixedSizeChunking": "xy_chunk z_chunk c_chunk t_chunk",
    "PixelSizeModel": "pixelsize z_spacing t_spacing",
    "TempJsonOptions": "temp_url",
    "AlignmentCorrections": "align_xy align_z align_t",
    "ConvertParallelInitArgs": "tiled_image_json_dump_url converter_options "
    "overwrite_mode",
}

PROPERTIES = [
    "slices",
    "path",
    "pixelsize",
    "z_spacing",
    "t_spacing",
    "axes",
    "channels",
    "attributes",
    "pixel_size",
]


@pytest.mark.parametrize("name", NAMES)
def test_documented_name_is_importable(name: str) -> None:
    """Every documented name can be imported from the package itself."""
    assert getattr(tiles2zarr, name) is not None
    assert name in tiles2zarr.__all__
    assert name in dir(tiles2zarr)


def test_everything_listed_exists() -> None:
    """`__all__` names only what there is, sorted and once."""
    assert all(hasattr(tiles2zarr, name) for name in tiles2zarr.__all__)
    assert list(tiles2zarr.__all__) == sorted(set(tiles2zarr.__all__))


def test_the_lists_of_names_agree() -> None:
    """Type checkers see the names that are there at run time, from the same modules."""
    tree = ast.parse(Path(tiles2zarr.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: statement.module
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert {"__version__", *seen} == set(tiles2zarr.__all__)
    for name, module in seen.items():
        assert getattr(import_module(module), name) is getattr(tiles2zarr, name)


def test_a_wrong_name_is_an_attribute_error() -> None:
    """A name that is not there fails as in any other module."""
    with pytest.raises(AttributeError, match="has no attribute 'Tiles'"):
        _ = tiles2zarr.Tiles


@pytest.mark.parametrize(("name", "methods"), METHODS.items(), ids=METHODS)
def test_documented_methods_exist(name: str, methods: str) -> None:
    """Every documented method is there."""
    for method in methods.split():
        assert hasattr(getattr(tiles2zarr, name), method), method


@pytest.mark.parametrize(("name", "fields"), FIELDS.items(), ids=FIELDS)
def test_documented_fields_exist(name: str, fields: str) -> None:
    """Every documented field is there."""
    known = getattr(tiles2zarr, name).model_fields
    assert set(fields.split()) <= known.keys()


@pytest.mark.parametrize("name", PROPERTIES)
def test_an_image_tells_its_documented_properties(name: str) -> None:
    """What follows from other fields of an image is a property."""
    assert isinstance(inspect.getattr_static(tiles2zarr.TiledImage, name), property)


def test_models_are_frozen() -> None:
    """No model of the vocabulary can be changed in place."""
    models = [
        value
        for name in tiles2zarr.__all__
        if hasattr(value := getattr(tiles2zarr, name), "model_config")
    ]
    assert len(models) > 20
    assert all(model.model_config["frozen"] for model in models)


def _loaded(statement: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_the_package_alone_loads_nothing_of_the_vocabulary() -> None:
    """`import tiles2zarr` loads neither the vocabulary nor pydantic nor numpy."""
    loaded = _loaded("import tiles2zarr")
    assert "tiles2zarr.api" not in loaded
    assert not loaded & {"numpy", "pandas", "pydantic", "zarr"}


def test_a_star_import_is_the_vocabulary() -> None:
    """`from tiles2zarr import *` gives the names and no helpers."""
    assert "tiles2zarr.fractal.generic" in _loaded("from tiles2zarr import *\nTile")
