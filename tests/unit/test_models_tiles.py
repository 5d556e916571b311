"""Columns of tiles: equally long, compact in JSON."""

import json

import pytest
from pydantic import ValidationError

from tiles2zarr.checkpoints import to_bytes
from tiles2zarr.models.image import SourceStats
from tiles2zarr.models.tiles import TileColumns

ONE: dict[str, object] = {
    "file": ["a.tif", "b.tif", "c.tif"],
    "plane": [0],
    "fov": ["1", "2", "3"],
    "x": [0.0, 30.0, 60.0],
    "y": [5.5],
    "z": [0.0],
    "t": [0.0],
    "c": [0],
    "len_x": [30],
    "len_y": [20],
    "len_z": [1],
    "len_c": [1],
    "len_t": [1],
    "status": ["ok"],
}


def test_one_entry_stands_for_all_rows() -> None:
    """A column of one value has it in every row."""
    tiles = TileColumns.model_validate(ONE)
    assert len(tiles) == 3
    assert tiles.y == (5.5, 5.5, 5.5)
    assert tiles.status == ("ok", "ok", "ok")
    assert tiles.z_um is None


def test_constant_columns_are_one_entry_in_json() -> None:
    """The first column is kept whole, so that the number of rows is not lost."""
    plain = json.loads(to_bytes(TileColumns.model_validate(ONE)))
    assert plain == ONE
    same = TileColumns.model_validate(ONE | {"file": ["a.tif"] * 3})
    assert json.loads(to_bytes(same))["file"] == ["a.tif"] * 3


def test_columns_of_other_lengths_are_refused() -> None:
    """Two entries for three rows are an error that names every length."""
    with pytest.raises(ValidationError, match=r"columns differ in length.*'x': 2"):
        TileColumns.model_validate(ONE | {"x": [0.0, 1.0]})


def test_an_absent_cell_stays_absent() -> None:
    """Nulls of an optional column are kept row by row."""
    tiles = TileColumns.model_validate(ONE | {"z_um": [None, 1.5, None]})
    assert tiles.z_um == (None, 1.5, None)
    assert json.loads(to_bytes(tiles))["z_um"] == [None, 1.5, None]


def test_an_unknown_status_is_refused() -> None:
    """A tile is ok, missing or error."""
    with pytest.raises(ValidationError, match="status"):
        TileColumns.model_validate(ONE | {"status": ["lost"]})


def test_no_tiles() -> None:
    """Columns may be empty."""
    assert len(TileColumns.model_validate({name: [] for name in ONE})) == 0


def test_only_some_sources() -> None:
    """The entries of the named files are kept in their order, others left out."""
    stats = SourceStats(file=("a", "b", "c"), size=(1, 2, 3), mtime_ns=(10, 20, 30))
    assert stats.only({"c", "a", "z"}) == SourceStats(
        file=("a", "c"), size=(1, 3), mtime_ns=(10, 30)
    )
    assert stats.only(set()) == SourceStats(file=(), size=(), mtime_ns=())
