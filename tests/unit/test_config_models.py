"""The sections of the config: defaults, spellings, round trips."""

import json
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tiles2zarr.config.acquisition import Acquisition, FormatOptions, Grid
from tiles2zarr.config.base import Choice, squeeze
from tiles2zarr.config.details import Details
from tiles2zarr.config.filters import KINDS
from tiles2zarr.config.omezarr import (
    ArrayOptions,
    FixedChunks,
    FovChunks,
    MultipleShards,
    OmeZarr,
    Shuffle,
    TableBackend,
)
from tiles2zarr.config.plate import Plate
from tiles2zarr.config.registration import Offsets, Registration, TilingMode
from tiles2zarr.config.root import Config, ConfigFile, Report
from tiles2zarr.config.writing import OverwriteMode, WriterMode, Writing
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.well import PlateLayout

DEFAULTS = """
plate: null
name: null
output: results
output_storage_options: {}
acquisitions:
  - id: 0
    name: null
    path: [raw]
    on_repeat: last
    format: auto
    options: {projections: auto, pattern: null, grid: null, positions: null}
    loader: null
    details:
      pixelsize: null
      z_spacing: null
      t_spacing: null
      start_x_coo: null
      start_y_coo: null
      start_z_coo: null
      start_t_coo: null
      length_x_coo: null
      length_y_coo: null
      length_z_coo: null
      length_t_coo: null
      channels: null
      axes: null
      data_type: null
    stage_corrections: {flip_x: false, flip_y: false, swap_xy: false}
    conditions: null
    filters: []
    validators: []
    collection: null
    storage_options: {}
registration:
  tiling_mode: auto
  tiling_tolerance: auto
  max_gap: 0.1
  align_xy: true
  align_z: false
  align_t: false
  offsets: {xy: image, z: image, t: image}
  steps: []
  redecide: false
writing:
  writer_mode: by_fov
  overwrite_mode: no_overwrite
  images_per_job: auto
  on_missing: auto
  mixed_dtype: error
  track_sources: auto
  settle: 0
  check_space: true
  dask: threads
omezarr:
  ngff_version: "0.4"
  num_levels: 5
  level_names: null
  chunks: {kind: fov, xy_scaling: 1, z_chunk: 1, c_chunk: 1, t_chunk: 1}
  shards: null
  compressor: {name: blosc, cname: lz4, shuffle: bitshuffle, clevel: 5}
  windows: plate
  table_backend: csv
report: {enabled: true}
archive: {ro_crate: false, ome_xml: false, title: null, description: null,
  license: null, published: null}
verify: {deep: false, manifest: false, certificate: false}
extensions: []
"""
FULL = """
plate: {name: P1, layout: {rows: 4, columns: 7}, uniform: true, conditions: layout.csv}
output: s3://bucket/prefix
output_storage_options: {endpoint_url: "http://127.0.0.1:9000", anon: true}
acquisitions:
  - id: 3
    name: cycle 1
    path: [raw/a, raw/b]
    on_repeat: error
    format: my.parsers:read
    options: {projections: keep, depth: [1, {a: null}], start: 2024-05-01}
    loader: {function: "my.loaders:read", options: {gain: 2.5}}
    details:
      pixelsize: 0.65
      axes: tczyx
      data_type: uint16
      start_z_coo: pixel
      channels: [{channel_label: DAPI, wavelength_id: 405, colors: 0000FF}]
    stage_corrections: {flip_x: true, swap_xy: true}
    conditions: conditions.csv
    storage_options: {client_kwargs: {region_name: eu}}
  - path: raw/c
    format: pattern
    options:
      pattern: "{row:[A-Z]}{column:d}.tif"
      grid: {rows: 2, columns: 3, order: row_snake, overlap: 0.1}
    details: {channels: {1: {color: "#0F0"}, GFP: {channel_label: actin}}}
    filters:
      - {kind: path_regex, regex: "_w1"}
      - {kind: well, mode: exclude, wells: [A01, b3]}
      - {kind: fov_name, regex: F}
      - {kind: acquisition, acquisitions: [1]}
      - {kind: attribute, key: drug, values: [DMSO, 1, 2.5, true, null]}
      - {kind: channel, channel_labels: [DAPI, 405]}
      - {kind: z_range, min_z: -1.5, max_z: 2}
      - {kind: time_range, max_t: 60}
      - {kind: custom, function: "my.filters:keep", options: {limit: 3}}
registration:
  tiling_mode: snap_to_grid
  tiling_tolerance: 2.5
  offsets: {xy: well, z: fov, t: keep}
  steps: [{function: "my.steps:shift", options: {px: 3}}]
writing:
  {images_per_job: 4, track_sources: false, dask: "tcp://node01:8786"}
omezarr:
  ngff_version: "0.5"
  num_levels: 2
  level_names: [full, half]
  chunks: {kind: fixed, xy_chunk: 512}
  shards: {kind: multiple, z_factor: 2}
  compressor: {name: zstd, clevel: 1}
extensions: [my]
"""


def _config(text: str) -> Config:
    return Config.model_validate(yaml.safe_load(text))


def _models(value: object) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        inner = list(value.__dict__.values())
    elif isinstance(value, dict):
        inner = list(value.values())
    else:
        inner = list(value) if isinstance(value, list | tuple) else []
    for item in inner:
        yield from _models(item)


def test_defaults_are_those_of_the_contract() -> None:
    """A config that names only its input has the documented default of every key."""
    config = _config("acquisitions: [{path: raw}]")
    assert config.model_dump(mode="json") == yaml.safe_load(DEFAULTS)


def test_defaults_written_out_change_nothing() -> None:
    """The file with every default written out is the file that leaves them out."""
    assert _config(DEFAULTS) == _config("acquisitions: [{path: raw}]")


@pytest.mark.parametrize("text", [DEFAULTS, FULL], ids=["defaults", "full"])
def test_every_model_survives_json(text: str) -> None:
    """Each part of a config, dumped to JSON and loaded, is what it was."""
    models = list(_models(_config(text)))
    assert len(models) > 8
    for model in models:
        dumped = json.loads(model.model_dump_json())
        assert type(model).model_validate(dumped) == model


def test_config_cannot_be_changed() -> None:
    """Parts of a config are frozen; a changed copy is validated."""
    writing = Writing()
    with pytest.raises(ValueError, match="frozen"):
        writing.images_per_job = 3  # type: ignore[misc]
    assert writing.replace(images_per_job=3).images_per_job == 3
    with pytest.raises(ValueError, match="images_per_job"):
        writing.replace(images_per_job=-3)


def test_null_sections_take_their_defaults() -> None:
    """A section whose keys are all commented out counts as left out."""
    text = "acquisitions: [{path: raw, details: , filters: , options: }]\nwriting:\n"
    assert _config(text) == _config("acquisitions: [{path: raw}]")


LABELS = [
    (WriterMode, "By Tile", "by_tile"),
    (WriterMode, "By Tile (Using Dask)", "by_tile_dask"),
    (WriterMode, "By FOV", "by_fov"),
    (WriterMode, "By FOV (Using Dask)", "by_fov_dask"),
    (WriterMode, "In Memory", "in_memory"),
    (OverwriteMode, "No Overwrite", "no_overwrite"),
    (OverwriteMode, "EXTEND", "extend"),
    (TilingMode, "Snap to Grid", "snap_to_grid"),
    (TilingMode, "Snap to Corners", "snap_to_corners"),
    (TilingMode, "Inplace", "inplace"),
    (TilingMode, "No Tiling", "no_tiling"),
    (TilingMode, "Auto", "auto"),
    (TableBackend, "AnnData", "anndata"),
    (Shuffle, "no_shuffle", "noshuffle"),
]


@pytest.mark.parametrize(("choice", "label", "word"), LABELS)
def test_documented_labels_are_words(
    choice: type[Choice], label: str, word: str
) -> None:
    """A documented label means its snake_case word."""
    assert choice(label) == word


@given(st.sampled_from([*WriterMode, *OverwriteMode, *TilingMode]), st.data())
def test_case_and_separators_do_not_matter(word: Choice, data: st.DataObject) -> None:
    """A word in any case, with spaces, underscores or nothing between, is the word."""
    parts = word.value.split("_")
    glue = data.draw(st.sampled_from([" ", "_", "", "-", "  "]))
    upper = data.draw(st.lists(st.booleans(), min_size=9, max_size=9))
    spelled = [part.upper() if up else part for part, up in zip(parts, upper)]  # noqa: B905
    assert type(word)(glue.join(spelled)) is word


def test_both_spellings_give_the_same_model() -> None:
    """Labels, second spellings and short forms resolve to the snake_case config."""
    labelled = """
    plate: {name: P1, layout: 96}
    acquisitions:
      - path: raw
        format: Tile Table
        options: {pattern: {pattern: a, grid: {rows: 2, columns: 3, order: Row Snake}}}
        details: {channels: [{channel_label: D, color: blue}], start_z_coo: Pixel,
                  axes: [c, z, y, x], data_type: UINT16}
        filters: [{kind: Well Filter, mode: Include, wells: [b3]}]
    registration: {tiling_mode: Snap to Grid, tiling_tolerance: Auto}
    writing: {writer_mode: By FOV (Using Dask), overwrite_mode: No Overwrite}
    omezarr: {ngff_version: 0.5, chunks: {kind: Same as FOV, xy_scaling: "0.5"}}
    """
    plain = """
    plate: {name: P1, layout: {rows: 8, columns: 12}}
    acquisitions:
      - path: [raw]
        id: 0
        format: tile_table
        options: {pattern: a, grid: {rows: 2, columns: 3, order: row_snake}}
        details: {channels: [{channel_label: D, colors: "0000FF"}], start_z_coo: pixel,
                  axes: czyx, data_type: uint16}
        filters: [{kind: well, mode: include, wells: [B03]}]
    registration: {tiling_mode: snap_to_grid, tiling_tolerance: auto}
    writing: {writer_mode: by_fov_dask, overwrite_mode: no_overwrite}
    omezarr: {ngff_version: "0.5", chunks: {kind: fov, xy_scaling: 0.5}}
    """
    assert _config(labelled) == _config(plain)


@pytest.mark.parametrize("kind", KINDS)
def test_filter_labels_are_kinds(kind: str) -> None:
    """``Z Range Filter`` is the kind ``z_range``, and so for every filter."""
    keys = {
        "path_regex": {"regex": "a"},
        "well": {"wells": ["A1"]},
        "fov_name": {"regex": "a"},
        "acquisition": {"acquisitions": [0]},
        "attribute": {"key": "drug", "values": [None]},
        "channel": {"channel_labels": ["a"]},
        "z_range": {"min_z": 0},
        "time_range": {"max_t": 0},
        "custom": {"function": "a:b"},
    }[kind]
    label = kind.replace("_", " ").title() + " Filter"
    raw = {"path": "raw", "filters": [{"kind": label, **keys}]}
    assert Acquisition.model_validate(raw).filters[0].kind == kind


@pytest.mark.parametrize(
    ("wells", "rows", "columns"),
    [(6, 2, 3), (12, 3, 4), (24, 4, 6), (48, 6, 8), (384, 16, 24), ("1536", 32, 48)],
)
def test_layout_of_standard_plates(wells: object, rows: int, columns: int) -> None:
    """The number of wells of a standard plate stands for its rows and columns."""
    plate = Plate.model_validate({"layout": wells})
    assert plate.layout == PlateLayout(rows=rows, columns=columns)


def test_ids_follow_the_position() -> None:
    """Acquisitions without an id are numbered by their position from 0."""
    config = _config("acquisitions: [{path: a}, {path: b, id: 7}, {path: c}]")
    assert [acquisition.id for acquisition in config.acquisitions] == [0, 7, 2]


def test_yaml_takes_numbers_and_dates_for_text() -> None:
    """Unquoted 405, 2024-05-01, 008000 and 808080 become the text that was meant."""
    text = """
    plate: {name: 2024-05-01}
    acquisitions:
      - path: 12
        id: 08
        name: 1
        details:
          channels:
            - {channel_label: 405, wavelength_id: 405, colors: 808080}
            - {channel_label: b, colors: 008000}
            - {channel_label: c, colors: 000000}
    report: {enabled: off}
    """
    config = _config(text)
    (acquisition,) = config.acquisitions
    channels = acquisition.details.channels
    assert config.plate is not None
    assert config.plate.name == "2024-05-01"
    assert (acquisition.path, acquisition.id, acquisition.name) == (("12",), 8, "1")
    assert isinstance(channels, tuple)
    assert (channels[0].channel_label, channels[0].wavelength_id) == ("405", "405")
    assert [c.colors for c in channels] == ["808080", "008000", "000000"]
    assert config.report == Report(enabled=False)


@pytest.mark.parametrize(
    ("scaling", "length", "chunk"),
    [
        (0.25, 2161, 540),
        (0.5, 65, 32),
        (1, 66, 66),
        (2, 3, 6),
        (4, 65, 260),
        (0.25, 3, 1),
    ],
)
def test_fov_chunks_scale_with_the_field(
    scaling: float, length: int, chunk: int
) -> None:
    """The chunk of a field is its length times the scaling, rounded down, from 1."""
    assert FovChunks(xy_scaling=scaling).get_xy_chunk(length) == chunk


def test_fixed_chunks_ignore_the_field() -> None:
    """A fixed chunk is as long as stated, whatever the field."""
    assert FixedChunks(xy_chunk=512).get_xy_chunk(2160) == 512


def test_chunks_without_kind_are_those_of_the_field() -> None:
    """``chunks: {z_chunk: 10}`` changes the default chunks."""
    options = OmeZarr.model_validate({"chunks": {"z_chunk": 10}})
    assert options.chunks == FovChunks(z_chunk=10)


def test_shards_are_for_zarr_3() -> None:
    """Shards stand with 0.5; taking the version back to 0.4 is refused."""
    options = ArrayOptions(ngff_version="0.5", shards=MultipleShards(z_factor=2))
    assert options.shards == MultipleShards(
        xy_factor=4, z_factor=2, c_factor=1, t_factor=1
    )
    with pytest.raises(ValueError, match=r"shards need OME-Zarr 0\.5"):
        options.replace(ngff_version="0.4")


def test_options_of_the_format_are_free() -> None:
    """Keys the config does not know are kept for the format, as JSON has them."""
    raw = {"depth": [1, {2: None}], "grid": {"rows": 2, "columns": 3}}
    options = FormatOptions.model_validate(raw)
    assert options.grid == Grid(rows=2, columns=3)
    assert options.other == {"depth": [1, {"2": None}]}
    assert options.replace(projections="drop").other == options.other


def test_details_cover_acquisition_details() -> None:
    """Each field of the vendor's details can be stated but the acquisition's own."""
    elsewhere = {"stage_corrections", "condition_table_path"}
    assert set(Details.model_fields) == set(AcquisitionDetails.model_fields) - elsewhere


@pytest.mark.parametrize("word", ["autodetect", "auto", "AutoDetect"])
def test_autodetected_data_type_is_left_to_the_files(word: str) -> None:
    """The documented ``autodetect`` is a data type left out."""
    assert Details.model_validate({"data_type": word}) == Details()


@given(
    st.builds(
        Registration,
        tiling_mode=st.sampled_from(TilingMode),
        tiling_tolerance=st.just("auto") | st.floats(0, 1e9),
        max_gap=st.floats(0, 1e9),
        align_xy=st.booleans(),
        offsets=st.builds(Offsets, z=st.sampled_from(["image", "fov", "keep"])),
    )
)
def test_registration_survives_json(registration: Registration) -> None:
    """Any registration section, dumped and loaded, is what it was."""
    dumped = json.loads(registration.model_dump_json())
    assert Registration.model_validate(dumped) == registration


@given(st.text(max_size=30))
def test_squeezing_twice_changes_nothing(text: str) -> None:
    """Only letters and digits are compared, and comparing is stable."""
    assert squeeze(squeeze(text)) == squeeze(text)


def test_config_file_adds_only_plates() -> None:
    """A file holds the keys of one config, and ``plates``."""
    assert set(ConfigFile.model_fields) - set(Config.model_fields) == {"plates"}
