"""Filters: each one taking and leaving, chained, and told when nothing is left."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pydantic import TypeAdapter

from tiles2zarr.config.filters import Filter
from tiles2zarr.errors import ConfigError, ExtensionError, TableError
from tiles2zarr.extension import add_paths
from tiles2zarr.filters import apply_filters
from tiles2zarr.models.base import Scalar
from tiles2zarr.parsers.records import build_table

FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)
TABLE = build_table(
    {
        "file": ["raw/a.tif", "raw/b.tif", "raw/c.png", "raw/d.tif", "x/e.tif"],
        "row": [0, 0, 1, 31, 1],
        "column": [0, 11, 2, 47, 2],
        "fov": ["1", "2", "F_3", "10", "2"],
        "x": 0.0,
        "y": 0.0,
        "z": [0.0, 2.5, 5.0, 7.5, 10.0],
        "t": [0.0, 30.0, 60.0, 0.0, 30.0],
        "c": [0, 1, 2, 0, 1],
        "len_x": 30.0,
        "len_y": 20.0,
        "drug": ["DMSO", None, "Taxol", "DMSO", "taxol"],
        "dose": [1, 2.5, None, 1, 0],
        "control": [True, False, None, True, False],
    },
    ["drug", "dose", "control"],
)
ATTRIBUTES = ("drug", "dose", "control")
SINGLE = build_table(
    {
        "file": ["a.tif", "b.tif", "c.tif"],
        "image_path": ["day 1/a", "day 1/b", "day 2/a"],
        "fov": ["1", "1", "1"],
        "x": 0.0,
        "y": 0.0,
        "len_x": 30.0,
        "len_y": 20.0,
    }
)


def _take(
    *filters: dict[str, object],
    table: pd.DataFrame = TABLE,
    channels: Sequence[str] = ("DAPI", "GFP"),
    acquisition: int = 3,
) -> list[int]:
    """Return the source rows that the filters take; the table must stay as it is."""
    before = table.copy(deep=True)
    taken = apply_filters(
        table,
        [FILTER.validate_python(filter_) for filter_ in filters],
        attributes=ATTRIBUTES,
        channels=channels,
        acquisition=acquisition,
    )
    assert_frame_equal(table, before)
    assert taken.index.tolist() == list(range(len(taken)))
    assert list(taken.columns) == list(table.columns)
    assert (taken.dtypes == table.dtypes).all()
    return taken["source_row"].tolist()


CASES: dict[str, tuple[dict[str, object], list[int]]] = {
    "file": ({"kind": "path_regex", "regex": r"\.png$"}, [3]),
    "folder": ({"kind": "path_regex", "regex": "^raw/"}, [1, 2, 3, 4]),
    "image path": ({"kind": "path_regex", "regex": "^B/03/3$"}, [3, 5]),
    "row in path": ({"kind": "path_regex", "regex": "^A"}, [1, 2, 4]),
    "well": ({"kind": "well", "wells": ["B03"]}, [3, 5]),
    "wells": ({"kind": "well", "wells": ["a1", "A012", "H01"]}, [1, 2]),
    "1536": ({"kind": "well", "wells": ["af48"]}, [4]),
    "field": ({"kind": "fov_name", "regex": "^2$"}, [2, 5]),
    "field search": ({"kind": "fov_name", "regex": "1"}, [1, 4]),
    "text": ({"kind": "attribute", "key": "drug", "values": ["DMSO"]}, [1, 4]),
    "null": ({"kind": "attribute", "key": "drug", "values": [None]}, [2]),
    "text or null": (
        {"kind": "attribute", "key": "drug", "values": ["Taxol", None]},
        [2, 3],
    ),
    "number": ({"kind": "attribute", "key": "dose", "values": [1]}, [1, 4]),
    "number as text": ({"kind": "attribute", "key": "dose", "values": ["2.5"]}, [2]),
    "zero": ({"kind": "attribute", "key": "dose", "values": [0]}, [5]),
    "truth": ({"kind": "attribute", "key": "control", "values": [True]}, [1, 4]),
    "channel": ({"kind": "channel", "channel_labels": ["GFP"]}, [2, 5]),
    "made-up channel": ({"kind": "channel", "channel_labels": ["channel_2"]}, [3]),
    "z": ({"kind": "z_range", "min_z": 2.5, "max_z": 7.5}, [2, 3, 4]),
    "z from": ({"kind": "z_range", "min_z": 7.5}, [4, 5]),
    "z to": ({"kind": "z_range", "max_z": 0}, [1]),
    "time": ({"kind": "time_range", "min_t": 30, "max_t": 30}, [2, 5]),
    "time from": ({"kind": "time_range", "min_t": 1}, [2, 3, 5]),
    "time to": ({"kind": "time_range", "max_t": 59.9}, [1, 2, 4, 5]),
}


@pytest.mark.parametrize(("chosen", "rows"), CASES.values(), ids=CASES)
def test_include_and_exclude(chosen: dict[str, object], rows: list[int]) -> None:
    """A filter takes what matches, and with ``exclude`` exactly the rest."""
    assert _take(chosen) == rows
    assert _take(chosen | {"mode": "include"}) == rows
    rest = [row for row in range(1, 6) if row not in rows]
    assert _take(chosen | {"mode": "exclude"}) == rest


def test_w14_a1_is_a01_in_filters() -> None:
    """However a well is written, it is the same well."""
    for name in ("A1", "A01", "a1", "a001", " A1 "):
        assert _take({"kind": "well", "wells": [name]}) == [1]


@pytest.mark.parametrize(
    ("mode", "ids", "rows"),
    [
        ("include", [3, 4], [1, 2, 3, 4, 5]),
        ("exclude", [0, 4], [1, 2, 3, 4, 5]),
    ],
)
def test_acquisitions(mode: str, ids: list[int], rows: list[int]) -> None:
    """An acquisition is taken whole."""
    chosen = {"kind": "acquisition", "mode": mode, "acquisitions": ids}
    assert _take(chosen) == rows


def test_no_filter_takes_all() -> None:
    """Without filters the table stays as it is."""
    assert _take() == [1, 2, 3, 4, 5]


def test_filters_are_chained() -> None:
    """A tile stays only if all filters take it."""
    wells = {"kind": "well", "mode": "exclude", "wells": ["A12"]}
    files = {"kind": "path_regex", "regex": "tif"}
    fields = {"kind": "fov_name", "mode": "exclude", "regex": "10"}
    assert _take(wells, files, fields) == [1, 5]
    assert _take(fields, wells, files) == [1, 5]


def test_single_images_by_path() -> None:
    """The path of a single image is its image_path."""
    chosen = {"kind": "path_regex", "regex": "^day 1/"}
    assert _take(chosen, table=SINGLE) == [1, 2]
    assert _take(chosen | {"mode": "exclude"}, table=SINGLE) == [3]


def test_single_images_lie_in_no_well() -> None:
    """A well filter on single images is a mistake, not a filter that matches none."""
    with pytest.raises(ConfigError) as error:
        _take({"kind": "well", "mode": "exclude", "wells": ["A1"]}, table=SINGLE)
    assert error.value.faults == (
        "the table makes single images, which lie in no well. Delete the filter.",
    )


@pytest.mark.parametrize(
    ("chosen", "asked", "seen"),
    [
        (
            {"kind": "path_regex", "regex": "nothing"},
            "mode: include, regex: nothing",
            "files raw/a.tif, raw/b.tif, raw/c.png, raw/d.tif, x/e.tif of images "
            "A/01/3, A/12/3, B/03/3, AF/48/3",
        ),
        (
            {"kind": "well", "wells": ["H12", "B4"]},
            "mode: include, wells: ['H12', 'B04']",
            "wells A01, A12, B03, AF48",
        ),
        (
            {"kind": "fov_name", "regex": "^FOV"},
            "mode: include, regex: ^FOV",
            "fields 1, 2, F_3, 10",
        ),
        (
            {"kind": "fov_name", "mode": "exclude", "regex": "."},
            "mode: exclude, regex: .",
            "fields 1, 2, F_3, 10",
        ),
        (
            {"kind": "acquisition", "acquisitions": [0, 1]},
            "mode: include, acquisitions: [0, 1]",
            "acquisition 3",
        ),
        (
            {"kind": "attribute", "key": "drug", "values": ["dmso"]},
            "mode: include, key: drug, values: ['dmso']",
            "values 'DMSO', null, 'Taxol', 'taxol'",
        ),
        (
            {"kind": "channel", "channel_labels": ["Cy5"]},
            "mode: include, channel_labels: ['Cy5']",
            "channels DAPI, GFP, channel_2",
        ),
        (
            {"kind": "z_range", "min_z": 20},
            "mode: include, min_z: 20.0",
            "start_z from 0 to 10",
        ),
        (
            {"kind": "time_range", "max_t": -1},
            "mode: include, max_t: -1.0",
            "start_t from 0 to 60",
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_all_removed_names_the_filter(
    chosen: dict[str, object], asked: str, seen: str
) -> None:
    """The error names the filter, what it asked for, and what it saw."""
    with pytest.raises(ConfigError) as error:
        _take({"kind": "z_range", "min_z": -5}, chosen)
    assert error.value.title == f"acquisition 3, filters[1] ({chosen['kind']})"
    assert error.value.faults == (
        f"it removed all of the last 5 tiles ({asked}). It saw {seen}. Correct or "
        "delete the filter.",
    )


def test_the_last_filter_is_blamed_for_what_it_saw() -> None:
    """Filters before it may have left few tiles; it is told how many."""
    with pytest.raises(ConfigError) as error:
        _take({"kind": "well", "wells": ["B3"]}, {"kind": "fov_name", "regex": "10"})
    assert str(error.value).endswith(
        "it removed all of the last 2 tiles (mode: include, regex: 10). It saw fields "
        "F_3, 2. Correct or delete the filter."
    )


def test_many_values_are_cut() -> None:
    """Eight values are shown of a long list."""
    table = pd.concat([TABLE] * 4, ignore_index=True)
    table = table.assign(fov=[f"f{n}" for n in range(20)])
    with pytest.raises(
        ConfigError, match=r"fields f0, f1, f2, f3, f4, f5, f6, f7 \.\.\."
    ):
        _take({"kind": "fov_name", "regex": "none"}, table=table)


def test_an_attribute_that_is_not_there() -> None:
    """The nearest attribute is named, with all there are."""
    with pytest.raises(ConfigError) as error:
        _take({"kind": "attribute", "key": "drugs", "values": ["x"]})
    assert error.value.faults == (
        "there is no attribute 'drugs'; there are: drug, dose, control. Did you mean "
        "'drug'?",
    )
    with pytest.raises(
        ConfigError, match=r"there is no attribute 'fov'.*Correct the key"
    ):
        _take({"kind": "attribute", "key": "fov", "values": ["1"]})


@pytest.mark.parametrize(
    ("cells", "value", "matching"),
    [
        ([1, 2.5, None], 1.0, [True, False, False]),
        (["5", "05", "x"], 5, [True, True, False]),
        ([5, 7], "5", [True, False]),
        (["1", "0"], True, [False, False]),
        ([True, False], "true", [True, False]),
        ([True, False], 1, [False, False]),
        (["x", ""], "X", [False, False]),
        ([0, None], None, [False, True]),
    ],
    ids=str,
)
def test_values_match_by_meaning(
    cells: list[Scalar], value: Scalar, matching: list[bool]
) -> None:
    """Numbers match by value, text by its letters, truth only by itself."""
    table = TABLE.head(len(cells)).assign(drug=pd.Series(cells, dtype=object))
    chosen = {"kind": "attribute", "key": "drug", "values": [value]}
    rows = [row for row, taken in enumerate(matching, 1) if taken]
    if rows:
        assert _take(chosen, table=table) == rows
    else:
        assert _take(chosen | {"mode": "exclude"}, table=table) == [
            row for row, taken in enumerate(matching, 1) if not taken
        ]


def test_tiles_of_several_channels_are_taken_whole() -> None:
    """A tile whose channels match in part is an error naming file, row and channels."""
    table = TABLE.assign(c=0, len_c=[1, 2, 1, 1, 1])
    both = {"kind": "channel", "channel_labels": ["DAPI", "GFP"]}
    assert _take(both, table=table) == [1, 2, 3, 4, 5]
    with pytest.raises(TableError) as error:
        _take({"kind": "channel", "channel_labels": ["GFP"]}, table=table)
    assert str(error.value) == (
        "channel filter of GFP: 1 fault\n  - 'raw/b.tif' (table row 2) holds the "
        "channels DAPI, GFP, of which only some match. Name all channels of a tile, or "
        "none."
    )


MODULE = """
import numpy as np

def even_fields(table, options):
    table["z"] = -1.0
    return (table["c"] % options["by"] == 0).to_numpy()

def as_series(table, options):
    return table["fov"] == "2"

def short(table, options):
    return [True]

def numbers(table, options):
    return np.ones(len(table), dtype=int)

def failing(table, options):
    return table["nothing"]

def none(table, options):
    return [False] * len(table)
"""


@pytest.fixture
def module(tmp_path: Path) -> Iterator[str]:
    """Yield the name of an importable module with the functions above."""
    path = list(sys.path)
    (tmp_path / "my_filters.py").write_text(MODULE)
    add_paths([str(tmp_path)])
    yield "my_filters"
    sys.path[:] = path
    sys.modules.pop("my_filters", None)


def test_custom_filters(module: str) -> None:
    """A user's function gets a copy of the table and its options."""
    chosen = {
        "kind": "custom",
        "function": f"{module}:even_fields",
        "options": {"by": 2},
    }
    assert _take(chosen) == [1, 3, 4]
    assert _take(chosen | {"mode": "exclude"}) == [2, 5]
    assert _take({"kind": "custom", "function": f"{module}:as_series"}) == [2, 5]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "short",
            "Filter function 'my_filters:short' returned bool of shape (1,), expected "
            "5 truth values, one per tile. Correct the function.",
        ),
        (
            "numbers",
            "Filter function 'my_filters:numbers' returned int64 of shape (5,), "
            "expected 5 truth values, one per tile. Correct the function.",
        ),
        (
            "failing",
            "Function 'my_filters:failing' failed: KeyError: 'nothing'. Correct the "
            "function or its options.",
        ),
    ],
)
def test_custom_filters_that_are_wrong(module: str, name: str, message: str) -> None:
    """What a user's function did wrong is told with its name."""
    with pytest.raises(ExtensionError) as error:
        _take({"kind": "custom", "function": f"{module}:{name}"})
    assert str(error.value) == message


def test_a_custom_filter_that_takes_nothing(module: str) -> None:
    """It is named like any other filter."""
    with pytest.raises(ConfigError) as error:
        _take({"kind": "custom", "function": f"{module}:none"})
    assert error.value.title == "acquisition 3, filters[0] (custom)"
    assert "It saw 5 tiles." in error.value.faults[0]


ranges = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)
chosen = st.one_of(
    ranges.map(lambda r: {"kind": "z_range", "min_z": r[0] * 2.5, "max_z": r[1] * 2.5}),
    st.sets(st.sampled_from(["A1", "A12", "B3", "AF48"]), min_size=1).map(
        lambda wells: {"kind": "well", "wells": sorted(wells)}
    ),
    st.sampled_from(["1", "2", "F", "0$"]).map(
        lambda regex: {"kind": "fov_name", "regex": regex}
    ),
)


@given(chosen)
def test_include_and_exclude_share_the_tiles(one: dict[str, object]) -> None:
    """Every tile is taken by a filter or by its opposite, never by both."""

    def rows(mode: str) -> list[int]:
        try:
            return _take(one | {"mode": mode})
        except ConfigError:
            return []

    assert sorted(rows("include") + rows("exclude")) == [1, 2, 3, 4, 5]
