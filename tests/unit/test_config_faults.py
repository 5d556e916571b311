"""What a wrong config is told."""

import pytest
import yaml

from tiles2zarr.config.load import load_configs
from tiles2zarr.config.tree import generic, yaml_path
from tiles2zarr.errors import ConfigError

QUOTES = "YAML reads on, off, yes and no as true and false: put it in quotes"
FORMATS = (
    "auto, tile_table, cellvoyager, cq3k, operetta, imagexpress, scanr, ome_xml, "
    "czi, nd2, lif, pattern"
)
KINDS = (
    "path_regex, well, fov_name, acquisition, attribute, channel, z_range, "
    "time_range, custom"
)
COLOR = "expected six hex digits in quotes like '0000FF', or a colour's name"
SECRET = (
    "secrets do not belong in the config, which is copied into logs and results; use "
    "the environment, ~/.aws/credentials or a profile"
)
A = "acquisitions[0]"


def _faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_configs(yaml.safe_load(text) or {}, lambda path, form: None)
    return list(caught.value.faults)


TOP = [
    ("plate: {layot: 96}", "plate.layot: unknown key; did you mean 'layout'?"),
    ("plat: {}", "plat: unknown key; did you mean 'plate'?"),
    ("plate: P1", "plate: expected a mapping (key: value), got 'P1'"),
    (
        "plate: {layout: 97}",
        "plate.layout: no standard plate has 97 wells; known: 6 12 24 48 96 384 1536",
    ),
    (
        "plate: {layout: {rows: 50, columns: 3}}",
        "plate.layout.rows: expected at most 48, got 50",
    ),
    ("plate: {layout: yes}", "plate.layout: expected a mapping (key: value), got true"),
    ("plate: {name: off}", f"plate.name: expected text, got false; {QUOTES}"),
    (
        "plate: {name: a/b}",
        "plate.name: name 'a/b' must be 1 to 100 letters, digits or '._ -', beginning "
        "with a letter or digit and not ending in a space or dot",
    ),
    (
        "{plate: {name: a}, name: b}",
        "name: 'b' is not plate.name, 'a': a plate has one name, take one of the two "
        "out",
    ),
    ("output: ''", "output: expected text, got nothing"),
    (
        "output: s3://me:pass@host/x",
        "output: holds a password, and the config is copied into logs and results; "
        "take it out and give credentials through the environment or a profile",
    ),
    ("output_storage_options: {key: a}", f"output_storage_options.key: {SECRET}"),
    (
        "pixelsize: 1",
        f"pixelsize: unknown key here; it stands at {A}.details.pixelsize",
    ),
    ("pixel_size: 1", f"pixel_size: unknown key; did you mean {A}.details.pixelsize?"),
    ("omezarr_options: {}", "omezarr_options: unknown key; here it is omezarr"),
    ("report: {enabled: maybe}", "report.enabled: expected true or false, got 'maybe'"),
    ("extensions: my", "extensions: expected a list, got 'my'"),
    (
        "registration: {tiling_mode: Snap to Gird}",
        "registration.tiling_mode: expected one of auto, snap_to_grid, "
        "snap_to_corners, inplace, no_tiling, got 'Snap to Gird'; did you mean "
        "'snap_to_grid'?",
    ),
    (
        "registration: {tiling_tolerance: -1}",
        "registration.tiling_tolerance: expected auto or a number of pixels from 0, "
        "got -1",
    ),
    (
        "registration: {max_gap: .nan}",
        "registration.max_gap: expected a finite number, got nan",
    ),
    (
        "registration: {max_gap: '1,5'}",
        "registration.max_gap: expected a number, got '1,5'; write decimals with a "
        "point (0.65, not 0,65)",
    ),
    (
        "registration: {max_gap: 1,5}",
        "registration.5: unknown key; write decimals with a point (0.65, not 0,65)",
    ),
    (
        "registration: {max_gap: on}",
        "registration.max_gap: expected a number, got true",
    ),
    (
        "registration: {max_gap: .inf}",
        "registration.max_gap: expected a finite number, got inf",
    ),
    (
        "registration: {steps: [{function: shift}]}",
        "registration.steps[0].function: expected package.module:function, got 'shift'",
    ),
    (
        "registration: {steps: [{options: {}}]}",
        "registration.steps[0].function: is needed: the function, "
        "package.module:function",
    ),
    (
        "writing: {overwrite_mode: on}",
        "writing.overwrite_mode: expected one of no_overwrite, overwrite, extend, got "
        f"true; {QUOTES}",
    ),
    (
        "writing: {images_per_job: 0}",
        "writing.images_per_job: expected auto or a whole number from 1, got 0",
    ),
    (
        "writing: {track_sources: maybe}",
        "writing.track_sources: expected auto, true or false, got 'maybe'",
    ),
    (
        "writing: {dask: thread}",
        "writing.dask: expected threads, processes or a scheduler's address like "
        "tcp://node01:8786, got 'thread'",
    ),
    (
        "registration: {max_gap: -1}",
        "registration.max_gap: expected at least 0, got -1",
    ),
    (
        "omezarr: {num_levels: 2.5}",
        "omezarr.num_levels: expected a whole number, got 2.5",
    ),
    ("omezarr: {num_levels: on}", "omezarr.num_levels: expected a number, got true"),
    (
        "omezarr: {shards: {kind: multiple}}",
        'omezarr.shards: shards need OME-Zarr 0.5: set ngff_version: "0.5", or take '
        "shards out",
    ),
    (
        "omezarr: {level_names: [a, b]}",
        "omezarr.level_names: expected one name for each of the 5 levels (num_levels), "
        "got 2",
    ),
    (
        "omezarr: {num_levels: 2, level_names: [a, A]}",
        "omezarr.level_names: each name may stand once, got a, A",
    ),
    (
        "omezarr: {num_levels: 1, level_names: [tables]}",
        "omezarr.level_names: 'tables' is the name of another part of the image",
    ),
    (
        "omezarr: {chunks: {kind: fov, xy_chunk: 3}}",
        "omezarr.chunks.xy_chunk: is a key of kind: fixed, this is kind: fov",
    ),
    (
        "omezarr: {chunks: {kind: fovs}}",
        "omezarr.chunks.kind: expected one of fov, fixed, got 'fovs'; did you mean "
        "'fov'?",
    ),
    (
        "omezarr: {chunks: {xy_scaling: 3}}",
        "omezarr.chunks.xy_scaling: expected one of 0.25, 0.5, 1, 2, 4, got 3",
    ),
    (
        "omezarr: {compressor: {name: gzip, cname: lz4}}",
        "omezarr.compressor.cname: is a key of name: blosc, this is name: gzip",
    ),
    (
        "omezarr: {compressor: {clevel: 10}}",
        "omezarr.compressor.clevel: expected at most 9, got 10",
    ),
    (
        "omezarr: {table_backend: cvs}",
        "omezarr.table_backend: expected one of csv, anndata, json, parquet, got "
        "'cvs'; did you mean 'csv'?",
    ),
]


@pytest.mark.parametrize(("text", "fault"), TOP, ids=[text for text, _ in TOP])
def test_fault_of_a_section(text: str, fault: str) -> None:
    """One wrong key gives one line: where, what was expected, what came."""
    raw = {"acquisitions": [{"path": "raw"}]} | yaml.safe_load(text)
    (line,) = _faults(yaml.safe_dump(raw))
    assert line == fault.replace(A, "acquisitions[]")


ACQUISITION = [
    ("name: x", f"{A}.path: is needed: the folder of the microscope or the tile table"),
    ("path: []", f"{A}.path: expected at least 1 entry, got none"),
    ("path: {a: b}", f"{A}.path: expected a list, got a mapping (a)"),
    ("{path: a, id: -1}", f"{A}.id: expected at least 0, got -1"),
    (
        "{path: a, format: celvoyager}",
        f"{A}.format: expected one of {FORMATS} or package.module:function, got "
        "'celvoyager'; did you mean 'cellvoyager'?",
    ),
    (
        "{path: a, format: 'my.parser:'}",
        f"{A}.format: expected package.module:function, got 'my.parser:'",
    ),
    (
        "{path: a, format: pattern}",
        f"{A}.options.pattern: is needed with format: pattern, e.g. "
        "'{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif'",
    ),
    (
        "{path: a, options: {projections: off}}",
        f"{A}.options.projections: expected one of auto, keep, drop, only, got false; "
        f"{QUOTES}",
    ),
    (
        "{path: a, options: {grid: {rows: 0, columns: 2}}}",
        f"{A}.options.grid.rows: expected at least 1, got 0",
    ),
    (
        "{path: a, options: {grid: {rows: 1, columns: 2, overlap: 10}}}",
        f"{A}.options.grid.overlap: expected less than 1, got 10",
    ),
    (
        "{path: a, details: {pixelsize: 0}}",
        f"{A}.details.pixelsize: expected more than 0, got 0",
    ),
    (
        "{path: a, details: {pixelsze: 1}}",
        f"{A}.details.pixelsze: unknown key; did you mean 'pixelsize'?",
    ),
    (
        "{path: a, details: {stage_corrections: {flip_x: true}}}",
        f"{A}.details.stage_corrections: unknown key here; it stands at "
        "acquisitions[].stage_corrections",
    ),
    (
        "{path: a, details: {conditions: a.csv}}",
        f"{A}.details.conditions: unknown key here; it stands at "
        "acquisitions[].conditions or plate.conditions",
    ),
    (
        "{path: a, details: {condition_table_path: a.csv}}",
        f"{A}.details.condition_table_path: unknown key; here it is "
        "acquisitions[].conditions",
    ),
    (
        "{path: a, details: {axes: xy}}",
        f"{A}.details.axes: axes 'xy' must be in the order tczyx, each once",
    ),
    (
        "{path: a, details: {axes: [1]}}",
        f"{A}.details.axes: axes '1' must be made of the letters tczyx",
    ),
    (
        "{path: a, details: {start_z_coo: planes}}",
        f"{A}.details.start_z_coo: expected one of world, pixel, got 'planes'",
    ),
    (
        "{path: a, details: {data_type: int7}}",
        f"{A}.details.data_type: expected one of uint8, uint16, uint32, int8, int16, "
        "int32, float32, float64, got 'int7'; did you mean 'int8'?",
    ),
    (
        "{path: a, details: {channels: DAPI}}",
        f"{A}.details.channels: expected a list of channels, or a mapping from the "
        "vendor's channel id or name to what is changed",
    ),
    (
        "{path: a, details: {channels: [{channel_label: a, colors: 007700}]}}",
        f"{A}.details.channels[0].colors: {COLOR}, got 4032",
    ),
    (
        "{path: a, details: {channels: [{wavelength_id: 405}]}}",
        f"{A}.details.channels[0].channel_label: is needed: name shown by viewers",
    ),
    (
        "{path: a, details: {channels: {1: {colour: red}}}}",
        f"{A}.details.channels.1.colour: unknown key; did you mean 'color'?",
    ),
    ("{path: a, storage_options: {token: x}}", f"{A}.storage_options.token: {SECRET}"),
    (
        "{path: a, storage_options: {l: [{client: {Secret_Key: x}}]}}",
        f"{A}.storage_options.l[0].client.Secret_Key: {SECRET}",
    ),
    (
        "{path: a, filters: [{kind: wel, wells: [A1]}]}",
        f"{A}.filters[0].kind: expected one of {KINDS}, got 'wel'; did you mean "
        "'well'?",
    ),
    (
        "{path: a, filters: [{wells: [A1]}]}",
        f"{A}.filters[0].kind: is needed: one of {KINDS}",
    ),
    (
        "{path: a, filters: [{kind: well, wells: []}]}",
        f"{A}.filters[0].wells: expected at least 1 entry, got none",
    ),
    (
        "{path: a, filters: [{kind: well, wells: [A1], well: A1}]}",
        f"{A}.filters[0].well: unknown key; did you mean 'wells'?",
    ),
    (
        "{path: a, filters: [{kind: well, wells: [A1], regex: a}]}",
        f"{A}.filters[0].regex: is a key of kind: fov_name or kind: path_regex, this "
        "is kind: well",
    ),
    (
        "{path: a, filters: [{kind: path_regex, regex: '['}]}",
        f"{A}.filters[0].regex: '[' is not a regular expression: unterminated "
        "character set at position 0",
    ),
    (
        "{path: a, filters: [{kind: z_range}]}",
        f"{A}.filters[0]: needs min_z, max_z or both",
    ),
    (
        "{path: a, filters: [{kind: time_range, min_t: 2, max_t: 1.5}]}",
        f"{A}.filters[0]: min_t 2 is larger than max_t 1.5",
    ),
]


@pytest.mark.parametrize(
    ("text", "fault"), ACQUISITION, ids=[text for text, _ in ACQUISITION]
)
def test_fault_of_an_acquisition(text: str, fault: str) -> None:
    """One wrong key of an acquisition gives one line with its place in the list."""
    raw = {"acquisitions": [yaml.safe_load(text)]}
    assert _faults(yaml.safe_dump(raw)) == [fault]


def test_empty_config_says_what_is_needed() -> None:
    """An empty file is told the one thing it cannot do without."""
    with pytest.raises(ConfigError) as caught:
        load_configs({}, lambda path, form: None, "config my.yaml")
    assert str(caught.value) == (
        "config my.yaml: 1 fault\n"
        "  - acquisitions: is needed: a list with at least '- path: FOLDER_OR_TABLE'"
    )


def test_all_faults_are_told_at_once() -> None:
    """Faults of different sections stand together, in the order of the keys."""
    text = """
    plate: {nam: P1}
    acquisitions:
      - {path: a, id: 1, details: {pixelsze: 1}}
      - {path: b, id: 1}
      - {id: 1, path: c}
    writing: {writer_mode: fast}
    omezarr: {num_level: 3, shards: {}}
    reprot: {}
    """
    assert _faults(text) == [
        "plate.nam: unknown key; did you mean 'name'?",
        f"{A}.details.pixelsze: unknown key; did you mean 'pixelsize'?",
        "writing.writer_mode: expected one of by_fov, by_tile, in_memory, "
        "by_fov_dask, by_tile_dask, got 'fast'",
        'omezarr.shards: shards need OME-Zarr 0.5: set ngff_version: "0.5", or take '
        "shards out",
        "omezarr.num_level: unknown key; did you mean 'num_levels'?",
        "reprot: unknown key; did you mean 'report'?",
        "acquisitions: each acquisition needs an id of its own, id 1 stands at "
        "acquisitions[0] and acquisitions[1] and acquisitions[2]",
    ]


def test_repeated_id_alone_is_one_fault() -> None:
    """A repeated id is told once, also where a default meets a stated id."""
    assert _faults("acquisitions: [{path: a, id: 1}, {path: b}]") == [
        "acquisitions: each acquisition needs an id of its own, id 1 stands at "
        "acquisitions[0] and acquisitions[1]"
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("acquisitions: []", "acquisitions: expected at least 1 entry, got none"),
        (
            "acquisitions: {path: a}",
            "acquisitions: expected a list, got a mapping (path)",
        ),
        ("acquisitions: [a]", f"{A}: expected a mapping (key: value), got 'a'"),
        ("1: 2", "1: unknown key; known here: plate, name, output, "),
    ],
)
def test_fault_of_the_whole(text: str, fault: str) -> None:
    """A file of the wrong shape is told what shape was expected."""
    assert any(line.startswith(fault) for line in _faults(text))


def test_secret_is_not_repeated() -> None:
    """The message names the key of a secret and never the secret."""
    text = (
        "acquisitions: [{path: 's3://u:hunter2@h/x', storage_options: {key: hunter2}}]"
    )
    assert "hunter2" not in "".join(_faults(text))


def test_yaml_path_shows_keys_and_positions() -> None:
    """Keys are joined by dots, positions stand in brackets."""
    path = ("acquisitions", 10, "filters", 0, "wells")
    assert yaml_path(path) == "acquisitions[10].filters[0].wells"
    assert generic(path) == "acquisitions[].filters[].wells"
