"""Whatever stands in tables, configs and state: a value, or an error of the package."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.fuzz.measurements import Measurement
from tests.fuzz.outcome import try_parse
from tests.fuzz.run_atheris import main
from tests.rules.plate import config, table_rows
from tiles2zarr.checkpoints import parse_json, to_bytes
from tiles2zarr.config.load import load_configs
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.models.plan import Batch, BatchOutcome, Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.parsers.tile_table import KNOWN

OFTEN = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
cells = (
    st.text(max_size=12)
    | st.integers(-(10**20), 10**20).map(str)
    | st.floats().map(str)
    | st.sampled_from(["", "A", "1", "../x", "/x", "NaN", "1e400", "٣", "1_0", "０"])
)


@OFTEN
@given(
    changed=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(KNOWN), cells), max_size=6
    ),
    extra=st.dictionaries(st.text(max_size=8), cells, max_size=2),
)
def test_tile_tables(
    tmp_path: Path, changed: list[tuple[int, str, str]], extra: dict[str, str]
) -> None:
    """Strings and numbers of any kind in cells and headers."""
    rows = [row | extra for row in table_rows("B03")]
    for number, name, cell in changed:
        rows = [row | {name: cell if n == number else ""} for n, row in enumerate(rows)]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "tiles.csv"
    path.write_bytes(stream.getvalue().encode("utf-8", "surrogatepass"))
    try_parse("tile_table", Measurement(path, (path,)))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["../x", "auto", "0.4", "tczyx", "A01", "inplace"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(tree: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Return the path of every value in a tree of dictionaries and lists."""
    found = [path] if path else []
    if isinstance(tree, dict):
        return found + [p for k, v in tree.items() for p in places(v, (*path, k))]
    if isinstance(tree, list):
        return found + [p for k, v in enumerate(tree) for p in places(v, (*path, k))]
    return found


def put(tree: object, path: tuple[object, ...], value: object) -> object:
    """Return a copy of the tree with another value at the path."""
    if not path:
        return value
    key, *rest = path
    if isinstance(tree, dict):
        return {
            k: put(v, tuple(rest), value) if k == key else v for k, v in tree.items()
        }
    assert isinstance(tree, list)
    return [put(v, tuple(rest), value) if k == key else v for k, v in enumerate(tree)]


CONFIG = config(omezarr={"chunks": {"kind": "fov", "z_chunk": 2}}) | {
    "registration": {"tiling_mode": "auto"},
    "extensions": [],
}


@OFTEN
@given(place=st.sampled_from(places(CONFIG)), value=values)
def test_configs(place: tuple[object, ...], value: object) -> None:
    """Any value in the place of any other in a config."""
    changed = put(CONFIG, place, value)
    assert isinstance(changed, dict)
    try:
        found = load_configs(changed, lambda *_: "P")
    except Tiles2ZarrError:
        return
    for name in found:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}", name)


MODELS: dict[str, type[BaseModel]] = {
    "plan": Plan,
    "batch": Batch,
    "outcome": BatchOutcome,
    "decisions": Decisions,
    "tiles": TiledImage,
    "registered": RegisteredImage,
    "receipt": Receipt,
    "tabled": Tabled,
}


@pytest.mark.parametrize("name", MODELS)
@OFTEN
@given(raw=st.binary(max_size=40) | values.map(lambda v: json.dumps(v).encode()))
def test_state_of_any_content(name: str, raw: bytes) -> None:
    """A state file is its model, or the error names it and says what to do."""
    try:
        found = parse_json(raw, MODELS[name], f"{name}.json")
    except Tiles2ZarrError as error:
        told = str(error)
        assert told.startswith(f"{name}.json ")
        assert "Delete it and run again" in told or "Update tiles2zarr" in told
        return
    assert isinstance(found, MODELS[name])


RECEIPT = {
    "schema": 1,
    "collection": {"kind": "single", "image_path": "a", "suffix": ""},
    **dict.fromkeys(("pixels", "geometry", "metadata"), "0"),
    "levels": [
        {
            "path": "0",
            "shape": [2, 3],
            "chunks": {"key": ["0/0"], "size": [6], "digest": ["x"]},
        }
    ],
    "labels": ["DAPI"],
    "channels": [
        {
            "histogram": {"start": 0.0, "width": 1.0, "counts": [1, 2]},
            **{"minimum": 0.0, "maximum": 1.0, "saturated": 0.0, "focus": 0.0},
        }
    ],
    "sources": {"file": ["a.tif"], "size": [9], "mtime_ns": [1], "digest": ["x"]},
    "unreadable": [],
    "holes": {"file": [], "plane": []},
}


@OFTEN
@given(place=st.sampled_from(places(RECEIPT)), value=values)
def test_receipts_with_one_other_value(
    place: tuple[object, ...], value: object
) -> None:
    """One value replaced: refused, or a receipt that keeps what it says."""
    raw = json.dumps(put(RECEIPT, place, value)).encode()
    try:
        found = parse_json(raw, Receipt, "B/03/0.json")
    except Tiles2ZarrError:
        return
    assert parse_json(to_bytes(found), Receipt, "again") == found


def test_the_receipt_is_one() -> None:
    """The receipt that is spoilt is valid."""
    parse_json(json.dumps(RECEIPT).encode(), Receipt, "receipt")


def test_a_fuzzer_without_its_engine_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An unknown format is a mistake; a crash can be replayed without atheris."""
    assert main(["nosuch"]) == 2
    assert capsys.readouterr().out.startswith("usage: run_atheris.py tile_table|")
    (tmp_path / "crash").write_bytes(b"\x00<a>")
    assert main(["operetta", "--replay", str(tmp_path / "crash")]) == 0
