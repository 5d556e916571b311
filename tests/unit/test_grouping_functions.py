"""Functions of the user's that look at the tiles, or say where their images go."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tiles2zarr.errors import ExtensionError, TableError
from tiles2zarr.grouping import place_images, run_validators
from tiles2zarr.parsers.records import build_table, check_table

NAME = "my_t2z_tiles"
MODULE = """
import numpy as np
from tiles2zarr.errors import ParserError


def fine(table, options):
    return []


def silent(table, options):
    pass


def faults(table, options):
    return [f"tile {name} is {options['what']}" for name in table["file"]]


def later(table, options):
    yield "first fault"
    yield 2


def one_text(table, options):
    return "a fault"


def a_number(table, options):
    return 7


def broken(table, options):
    return table["absent"]


def broken_later(table, options):
    yield "first fault"
    raise OSError("no disk")


def spoils(table, options):
    table["file"] = "spoilt"
    options["spoilt"] = True
    return options["result"]


def refuses(table, options):
    raise ParserError("Not this plate. Take another.")


def given(table, options):
    return options


def arrays(table, options):
    return {"row": np.array([2.0, 3.0, 4.0]), "column": table["column"] + 1}


def scalars(table, options):
    return {"row": 1, "column": 2}


def absent(table, options):
    return {"row": table["row"] + 1, "column": [1, None, 2]}
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the name of a module of functions; it is forgotten afterwards."""
    (tmp_path / f"{NAME}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield NAME
    sys.modules.pop(NAME, None)


def _table() -> pd.DataFrame:
    """Return three tiles: two in well B03, one in C11."""
    return build_table(
        {
            "file": ["a.tif", "b.tif", "c.tif"],
            "fov": ["1", "2", "1"],
            "row": [1, 1, 2],
            "column": [2, 2, 10],
            "x": [0.0, 15.0, 0.0],
            "y": 0.0,
            "len_x": 30.0,
            "len_y": 20.0,
        }
    )


def _failure(function: str, options: dict[str, object]) -> str:
    with pytest.raises(ExtensionError) as error:
        place_images(_table(), (f"{NAME}:{function}", options))
    return str(error.value)


def test_no_faults_no_error(module: str) -> None:
    """An empty list and nothing at all both say that all is well."""
    run_validators(_table(), [(f"{module}:fine", {}), (f"{module}:silent", {})])
    run_validators(_table(), [])


def test_all_faults_of_all_validators_are_told_at_once(module: str) -> None:
    """Faults come in the order of the validators, each with its function's name."""
    validators = [(f"{module}:faults", {"what": "dim"}), (f"{module}:later", {})]
    with pytest.raises(TableError) as error:
        run_validators(_table(), validators)
    assert str(error.value) == (
        "tiles: 5 faults\n"
        "  - tile a.tif is dim (my_t2z_tiles:faults)\n"
        "  - tile b.tif is dim (my_t2z_tiles:faults)\n"
        "  - tile c.tif is dim (my_t2z_tiles:faults)\n"
        "  - first fault (my_t2z_tiles:later)\n"
        "  - 2 (my_t2z_tiles:later)"
    )


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "one_text",
            "Function 'my_t2z_tiles:one_text' returned str, expected a list of texts. "
            "Correct the function.",
        ),
        (
            "a_number",
            "Function 'my_t2z_tiles:a_number' returned int, expected a list of texts. "
            "Correct the function.",
        ),
        (
            "broken",
            "Function 'my_t2z_tiles:broken' failed: KeyError: 'absent'. Correct the "
            "function or its options.",
        ),
        (
            "broken_later",
            "Function 'my_t2z_tiles:broken_later' failed: OSError: no disk. Correct "
            "the function or its options.",
        ),
    ],
)
def test_validators_that_are_wrong(module: str, function: str, message: str) -> None:
    """A validator that fails, at once or while its faults are taken, is named."""
    with pytest.raises(ExtensionError) as error:
        run_validators(_table(), [(f"{module}:{function}", {})])
    assert str(error.value) == message


@pytest.mark.parametrize("call", ["validator", "collection"])
def test_a_function_cannot_change_what_it_is_given(module: str, call: str) -> None:
    """Table and options are copies."""
    table, name = _table(), f"{module}:spoils"
    if call == "validator":
        options: dict[str, object] = {"result": []}
        run_validators(table, [(name, options)])
    else:
        options = {"result": {"image_path": ["a", "b", "c"]}}
        with pytest.raises(ExtensionError):  # it returned its options, spoilt ones
            place_images(table, (f"{module}:given", options | {"more": 1}))
        place_images(table, (name, options))
    assert list(options) == ["result"]
    assert_frame_equal(table, _table())


def test_tiles_go_to_other_wells(module: str) -> None:
    """Rows are letters or numbers from 1, columns numbers from 1; a table's from 0."""
    places = {"row": ["A", "b", 31], "column": [1, "02", 12.0]}
    placed = place_images(_table(), (f"{module}:given", places))
    assert placed["row"].tolist() == [0, 1, 30]
    assert placed["column"].tolist() == [0, 1, 11]
    assert placed["image_path"].isna().all()
    rest = ["row", "column", "image_path"]
    assert_frame_equal(placed.drop(columns=rest), _table().drop(columns=rest))
    check_table(placed, (), "test")


def test_arrays_and_columns_are_values_per_tile(module: str) -> None:
    """What numpy and pandas compute is taken as it is."""
    placed = place_images(_table(), (f"{module}:arrays", {}))
    assert placed["row"].tolist() == [1, 2, 3]
    assert placed["column"].tolist() == [2, 2, 10]


def test_tiles_become_single_images(module: str) -> None:
    """With paths the tiles lie in no well any more."""
    paths = {"image_path": ["left/a", "left/a", 7]}
    placed = place_images(_table(), (f"{module}:given", paths))
    assert placed["image_path"].tolist() == ["left/a", "left/a", "7"]
    assert placed["row"].isna().all()
    assert placed["column"].isna().all()
    check_table(placed, (), "test")


MAPPING = "a mapping of image_path, or of row and column"


@pytest.mark.parametrize(
    ("places", "what", "expected"),
    [
        ({}, "the keys none", MAPPING),
        ({"row": [1, 1, 1]}, "the keys row", MAPPING),
        (
            {"row": [1] * 3, "column": [1] * 3, "image_path": ["a"] * 3},
            "the keys column, image_path, row",
            MAPPING,
        ),
        ({"image_path": ["a", "b"]}, "2 values of image_path", "3, one per tile"),
        ({"image_path": "abc"}, "str as image_path", "3 values, one per tile"),
        (
            {"row": ["A", "?", "B"], "column": [1, 1, 1]},
            "row '?' is neither letters (A..AV) nor a number from 1",
            MAPPING,
        ),
        (
            {"row": ["A", "A", "A"], "column": [1, 0, 1]},
            "column 0 is outside 1..72",
            MAPPING,
        ),
    ],
    ids=["nothing", "half", "both", "short", "one-text", "row", "column"],
)
def test_places_that_cannot_be_used(
    module: str, places: dict[str, object], what: str, expected: str
) -> None:
    """The message names the function, what it returned and what was expected."""
    assert _failure("given", places) == (
        f"Function 'my_t2z_tiles:given' returned {what}, expected {expected}. Correct "
        "the function."
    )


@pytest.mark.parametrize(
    ("function", "what", "expected"),
    [
        ("fine", "list", MAPPING),
        ("silent", "NoneType", MAPPING),
        ("scalars", "int as row", "3 values, one per tile"),
        ("absent", "column None is not a whole number from 1", MAPPING),
    ],
)
def test_results_that_are_no_places(
    module: str, function: str, what: str, expected: str
) -> None:
    """One value for all tiles, or none for one, is not taken in silence."""
    assert _failure(function, {}) == (
        f"Function 'my_t2z_tiles:{function}' returned {what}, expected {expected}. "
        "Correct the function."
    )


@pytest.mark.parametrize("path", ["../up", "/root", "a//b", ""])
def test_w15_paths_stay_in_the_output_folder(module: str, path: str) -> None:
    """A path that would leave the output folder is refused."""
    part = ".." if path.startswith("..") else ""
    assert _failure("given", {"image_path": ["a", path, "b"]}) == (
        f"Function 'my_t2z_tiles:given' returned name {part!r} must be 1 to 100 "
        "letters, digits or '._ -', beginning with a letter or digit and not ending in "
        f"a space or dot, expected {MAPPING}. Correct the function."
    )


def test_collections_that_fail_are_named(module: str) -> None:
    """An exception is one line; an error of the package passes as it is."""
    assert _failure("broken", {}) == (
        "Function 'my_t2z_tiles:broken' failed: KeyError: 'absent'. Correct the "
        "function or its options."
    )
    with pytest.raises(Exception, match=r"^Not this plate\. Take another\.$"):
        place_images(_table(), (f"{module}:refuses", {}))
