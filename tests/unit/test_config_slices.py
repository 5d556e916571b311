"""Each rule sees its part of the config and nothing else."""

import json
from collections.abc import Callable

import pytest
import yaml
from pydantic import BaseModel

from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.config.slices import (
    parse_options,
    register_options,
    report_options,
    tables_options,
    write_options,
)
from tiles2zarr.errors import ConfigError
from tiles2zarr.models.well import PlateLayout

SLICES: dict[str, Callable[[Config], BaseModel]] = {
    "parse": parse_options,
    "register": register_options,
    "write": write_options,
    "tables": tables_options,
    "report": report_options,
}
BASE = """
plate: {name: P1, layout: {rows: 4, columns: 7}}
output: out
acquisitions:
  - {path: raw/a, name: cycle 1, storage_options: {anon: true}}
  - {path: raw/b}
omezarr: {ngff_version: "0.5"}
"""


def _config(change: str = "{}") -> Config:
    raw = yaml.safe_load(BASE)
    for key, value in yaml.safe_load(change).items():
        old = raw.get(key)
        raw[key] = old | value if isinstance(old, dict) else value
    (config,) = load_configs(raw, lambda path, form: None).values()
    return config


def _changed(change: str) -> set[str]:
    before, after = _config(), _config(change)
    return {
        name
        for name, slice_ in SLICES.items()
        if slice_(before).model_dump(mode="json")
        != slice_(after).model_dump(mode="json")
    }


@pytest.mark.parametrize("name", SLICES)
def test_slices_survive_json(name: str) -> None:
    """The part of a rule, dumped to JSON and loaded, is what it was."""
    options = SLICES[name](_config())
    dumped = json.loads(json.dumps(options.model_dump(mode="json")))
    assert type(options).model_validate(dumped) == options


CHANGES = [
    ("writing: {track_sources: false}", set()),
    ("writing: {track_sources: true}", {"register"}),
    ("report: {enabled: false}", set()),
    ("verify: {deep: true}", set()),
    ("archive: {ro_crate: true}", {"tables"}),
    ("plate: {layout: 96}", {"tables"}),
    ("plate: {uniform: true}", {"parse", "tables"}),
    ("plate: {name: P2}", {"parse", "write", "tables"}),
    ("output: other", {"parse", "write", "tables"}),
    ("output_storage_options: {anon: true}", {"write", "tables"}),
    ("omezarr: {windows: image}", {"tables"}),
    ("omezarr: {table_backend: json}", {"tables"}),
    ("omezarr: {compressor: {clevel: 1}}", {"write"}),
    ("omezarr: {num_levels: 2}", {"parse", "write"}),
    ("omezarr: {chunks: {kind: fixed}}", {"parse", "write"}),
    ("omezarr: {shards: {xy_factor: 2}}", {"parse", "write"}),
    ("omezarr: {ngff_version: '0.4'}", {"write", "tables"}),
    ("registration: {align_xy: false}", {"parse", "register"}),
    ("registration: {redecide: true}", {"parse"}),
    ("writing: {images_per_job: 3}", {"parse"}),
    ("writing: {writer_mode: by_tile}", {"parse", "write"}),
    ("writing: {overwrite_mode: extend}", {"write", "tables"}),
    ("writing: {dask: processes}", {"write"}),
    ("writing: {mixed_dtype: promote}", {"parse", "register"}),
    ("writing: {on_missing: report}", {"parse", "register", "write"}),
    ("extensions: [my]", {"parse", "register", "write"}),
]


@pytest.mark.parametrize(("change", "rules"), CHANGES, ids=[c for c, _ in CHANGES])
def test_change_reaches_the_rules_it_concerns(change: str, rules: set[str]) -> None:
    """A change of one key is seen by the rules that depend on it and no others.

    The report shows the whole config and depends on every key.
    """
    assert _changed(change) == rules | {"report"}


def test_parse_sees_the_plate_without_layout() -> None:
    """Where wells are is parsed; how many the plate has is metadata."""
    options = parse_options(_config())
    assert options.name == "P1"
    assert (options.plate.name, options.plate.layout) == (None, None)
    assert report_options(_config()).layout == PlateLayout(rows=4, columns=7)


def test_storage_options_are_kept_by_acquisition() -> None:
    """Jobs that read pixels get the options of the acquisitions that state some."""
    assert write_options(_config()).storage_options == {0: {"anon": True}}
    assert register_options(_config()).storage_options == {0: {"anon": True}}


def test_tables_know_the_acquisitions() -> None:
    """The plate's metadata name each acquisition by id and name."""
    acquisitions = tables_options(_config()).acquisitions
    assert [(a.id, a.name) for a in acquisitions] == [(0, "cycle 1"), (1, None)]


def test_slices_need_a_name() -> None:
    """A config that did not come from load_configs and has no name is refused."""
    config = Config.model_validate({"acquisitions": [{"path": "raw"}]})
    with pytest.raises(ConfigError, match="name: is needed; load_configs finds one"):
        parse_options(config)
