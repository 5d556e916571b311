"""Options under their documented names, labels and defaults."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tiles2zarr import (
    AcquisitionDetails,
    AcquisitionOptions,
    AlignmentCorrections,
    BackendType,
    ChannelInfo,
    ConverterOptions,
    DataTypeEnum,
    DefaultNgffVersion,
    FixedSizeChunking,
    FovBasedChunking,
    ImplementedFilters,
    OmeZarrOptions,
    OverwriteMode,
    PixelSizeModel,
    RegexExcludeFilter,
    RegexIncludeFilter,
    Scalings,
    StageOrientation,
    StagePositionCorrections,
    TempJsonOptions,
    TilingMode,
    WellExcludeFilter,
    WellIncludeFilter,
    WriterMode,
    converters_tools_models,
    default_axes_builder,
)
from tiles2zarr.errors import ConfigError

DEFAULTS = [
    (ConverterOptions().writer_mode, "by_fov"),
    (ConverterOptions().tiling_mode, "auto"),
    (ConverterOptions().tiling_tolerance, "auto"),
    (ConverterOptions().alignment_correction.align_xy, True),
    (ConverterOptions().alignment_correction.align_z, False),
    (ConverterOptions().alignment_correction.align_t, False),
    (ConverterOptions().omezarr_options.num_levels, 5),
    (ConverterOptions().omezarr_options.ngff_version, "0.4"),
    (ConverterOptions().omezarr_options.table_backend, "csv"),
    (ConverterOptions().temp_json_options.temp_url, "{zarr_dir}/_tmp_json"),
    (FovBasedChunking().xy_scaling, 1.0),
    (FovBasedChunking().z_chunk, 1),
    (FovBasedChunking().c_chunk, 1),
    (FovBasedChunking().t_chunk, 1),
    (FixedSizeChunking().xy_chunk, 4096),
    (FixedSizeChunking().z_chunk, 1),
    (AcquisitionDetails().pixelsize, 1.0),
    (AcquisitionDetails().start_z_coo, "world"),
    (AcquisitionDetails().length_z_coo, "pixel"),
    (DefaultNgffVersion, "0.4"),
]


@pytest.mark.parametrize(("value", "expected"), DEFAULTS, ids=range(len(DEFAULTS)))
def test_defaults(value: object, expected: object) -> None:
    """Defaults are the documented ones, where ours do not differ on purpose."""
    assert value == expected


LABELS = [
    (TilingMode, "Auto", "auto"),
    (TilingMode, "Snap to Grid", "snap_to_grid"),
    (TilingMode, "Snap to Corners", "snap_to_corners"),
    (TilingMode, "Inplace", "inplace"),
    (TilingMode, "No Tiling", "no_tiling"),
    (WriterMode, "By Tile", "by_tile"),
    (WriterMode, "By Tile (Using Dask)", "by_tile_dask"),
    (WriterMode, "By FOV", "by_fov"),
    (WriterMode, "By FOV (Using Dask)", "by_fov_dask"),
    (WriterMode, "In Memory", "in_memory"),
    (OverwriteMode, "No Overwrite", "no_overwrite"),
    (OverwriteMode, "Overwrite", "overwrite"),
    (OverwriteMode, "Extend", "extend"),
    (BackendType, "anndata", "anndata"),
    (DataTypeEnum, "uint16", "uint16"),
]


@pytest.mark.parametrize(
    ("choice", "label", "word"), LABELS, ids=[x[1] for x in LABELS]
)
def test_documented_labels_are_accepted(choice: type, label: str, word: str) -> None:
    """An enumeration takes the documented label for its own word."""
    assert choice(label) == word


def test_options_of_a_form_are_accepted() -> None:
    """What a form filled in by its documented labels sends makes the same options."""
    sent = {
        "tiling_mode": "Snap to Corners",
        "writer_mode": "By FOV (Using Dask)",
        "omezarr_options": {
            "chunks": {"mode": "Fixed Size", "xy_chunk": 512, "z_chunk": 3},
            "table_backend": "parquet",
        },
    }
    options = ConverterOptions.model_validate(sent)
    assert options.tiling_mode is TilingMode.SNAP_TO_CORNERS
    assert options.writer_mode is WriterMode.BY_FOV_DASK
    assert options.omezarr_options.chunks == FixedSizeChunking(xy_chunk=512, z_chunk=3)
    chunks = {"mode": "Same as FOV", "xy_scaling": "0.5"}
    assert OmeZarrOptions(chunks=chunks).chunks == FovBasedChunking(xy_scaling=0.5)


def test_options_come_back_from_json() -> None:
    """Options travel as JSON without loss."""
    options = ConverterOptions(
        tiling_mode="Inplace",
        tiling_tolerance=2.5,
        omezarr_options=OmeZarrOptions(
            ngff_version="0.5", chunks=FixedSizeChunking(xy_chunk=128)
        ),
    )
    assert ConverterOptions.model_validate_json(options.model_dump_json()) == options


def test_options_are_the_registration_section() -> None:
    """Tiling and alignment mean what the config's section of the same words means."""
    options = ConverterOptions(
        tiling_mode="Snap to Grid",
        tiling_tolerance=3,
        alignment_correction=AlignmentCorrections(
            align_xy=False, align_z=True, offsets={"xy": "well"}
        ),
    )
    section = options.registration
    assert (section.tiling_mode, section.tiling_tolerance) == ("snap_to_grid", 3)
    assert (section.align_xy, section.align_z, section.align_t) == (False, True, False)
    assert section.offsets.xy == "well"


def test_one_class_has_two_names() -> None:
    """The later name of the alignment corrections is the same class."""
    assert StagePositionCorrections is AlignmentCorrections


def test_unknown_option_is_refused() -> None:
    """A misspelt option does not pass for a default."""
    with pytest.raises(ValidationError, match="tiling_modus"):
        ConverterOptions(tiling_modus="auto")


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_scalings_are_numbers(factor: float) -> None:
    """Every documented scaling is one that chunks take."""
    scaling = next(s for s in Scalings if s.to_float() == factor)
    assert FovBasedChunking(xy_scaling=scaling).xy_scaling == factor


def test_chunk_lengths() -> None:
    """A chunk is the scaled field, or the fixed length."""
    assert FovBasedChunking(xy_scaling=0.25).get_xy_chunk(2160) == 540
    assert FixedSizeChunking(xy_chunk=300).get_xy_chunk(2160) == 300


def test_temp_url_is_below_the_output() -> None:
    """The output folder stands for `{zarr_dir}`, a bucket too."""
    assert TempJsonOptions().format_temp_url("/out/") == "/out/_tmp_json"
    assert TempJsonOptions().format_temp_url("s3://b/p") == "s3://b/p/_tmp_json"
    assert (
        TempJsonOptions(temp_url="/scratch/x").format_temp_url("/out") == "/scratch/x"
    )


@pytest.mark.parametrize(
    ("time_series", "axes"), [(True, "tczyx"), (False, "czyx")], ids=["t", "no t"]
)
def test_default_axes(time_series: bool, axes: str) -> None:
    """Only time series have a time axis."""
    assert default_axes_builder(time_series) == list(axes)


BEFORE = AcquisitionDetails(
    pixelsize=0.65,
    z_spacing=2.0,
    channels=(
        ChannelInfo(channel_label="C01", wavelength_id="405"),
        ChannelInfo(channel_label="C02", wavelength_id="488"),
    ),
    stage_corrections=StageOrientation(flip_y=True),
)


def test_acquisition_options_update_details() -> None:
    """What is stated is put over the details, all else stays; the input too."""
    options = AcquisitionOptions(
        channels=(
            ChannelInfo(channel_label="DAPI"),
            ChannelInfo(channel_label="GFP", colors="00FF00"),
        ),
        pixel_info=PixelSizeModel(pixelsize=0.5, z_spacing=1.5, t_spacing=60),
        condition_table_path="drugs.csv",
        axes="tczyx",
        data_type="uint8",
        stage_corrections=StageOrientation(flip_x=True),
    )
    after = options.update_acquisition_details(BEFORE)
    assert (after.pixelsize, after.z_spacing, after.t_spacing) == (0.5, 1.5, 60)
    assert [c.channel_label for c in after.channels or ()] == ["DAPI", "GFP"]
    assert [c.wavelength_id for c in after.channels or ()] == ["405", "488"]
    assert (after.axes, after.data_type) == ("tczyx", "uint8")
    assert after.condition_table_path == "drugs.csv"
    assert after.stage_corrections == StageOrientation(flip_x=True, flip_y=True)
    assert BEFORE.pixelsize == 0.65


def test_empty_acquisition_options_change_nothing() -> None:
    """Nothing stated, nothing changed."""
    assert AcquisitionOptions().update_acquisition_details(BEFORE) == BEFORE
    assert AcquisitionOptions().to_axes_list() is None
    assert AcquisitionOptions(axes="czyx").to_axes_list() == ["c", "z", "y", "x"]
    assert AcquisitionOptions(data_type="autodetect").data_type is None


def test_updates_are_validated() -> None:
    """Axes out of order and channels of another number are refused."""
    with pytest.raises(ValidationError, match="must be in the order tczyx"):
        AcquisitionOptions(axes="zcyx").update_acquisition_details(BEFORE)
    one = AcquisitionOptions(channels=(ChannelInfo(channel_label="DAPI"),))
    with pytest.raises(ConfigError, match="lists 1 channels, the acquisition has 2"):
        one.update_acquisition_details(BEFORE)


NAMED = [
    ({"name": "Path Regex Include Filter", "regex": "c0"}, RegexIncludeFilter, "regex"),
    ({"name": "Path Regex Exclude Filter", "regex": "c0"}, RegexExcludeFilter, "regex"),
    ({"name": "Well Include Filter", "wells": ["A1"]}, WellIncludeFilter, "wells"),
    ({"name": "Well Exclude Filter", "wells": ["A1"]}, WellExcludeFilter, "wells"),
    ({"name": "Well Filter", "wells_to_remove": ["A1"]}, WellExcludeFilter, "wells"),
    ({"kind": "well", "wells": ["a01"]}, WellIncludeFilter, "wells"),
]


@pytest.mark.parametrize(("sent", "same", "field"), NAMED, ids=range(len(NAMED)))
def test_filters_by_documented_name(
    sent: dict[str, object], same: type, field: str
) -> None:
    """A filter from a form is the filter of the documented class."""
    adapter: TypeAdapter[object] = TypeAdapter(ImplementedFilters)
    made = adapter.validate_python(sent)
    expected = same(**{field: "c0" if field == "regex" else ["A01"]})
    assert made.model_dump() == expected.model_dump()


def test_filters_of_acquisition_options_come_back_from_json() -> None:
    """Filters keep mode and kind on their way through JSON."""
    options = AcquisitionOptions(
        filters=(WellExcludeFilter(wells=("B3",)), RegexIncludeFilter(regex="_c0"))
    )
    back = AcquisitionOptions.model_validate_json(options.model_dump_json())
    modes = [(f.kind, f.mode.value) for f in back.filters]
    assert modes == [("well", "exclude"), ("path_regex", "include")]


def test_models_of_a_task_can_be_found() -> None:
    """Package, file and name of each model lead to a class of that name."""
    listed = converters_tools_models()
    names = [name for _, _, name in listed]
    assert {"AcquisitionOptions", "ConverterOptions", "OmeZarrOptions"} <= set(names)
    assert ("tiles2zarr", "api/options.py", "ConverterOptions") in listed
    assert {base for base, _, _ in converters_tools_models("mine")} == {"mine"}
