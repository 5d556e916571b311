"""Where the fields of a file-name pattern lie: grids and tables of positions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.config.acquisition import Grid, GridOrder
from tiles2zarr.errors import ParserError, TableError, Tiles2ZarrError
from tiles2zarr.parsers.pattern import parse
from tiles2zarr.parsers.pattern_header import FileHeader
from tiles2zarr.parsers.pattern_keys import natural
from tiles2zarr.parsers.pattern_positions import from_grid
from tiles2zarr.parsers.records import ParsedAcquisition

Y, X = 6, 10
OPTIONS = {"pattern": "{well}_s{field}.tif"}


def plate(folder: Path, *fields: object, wells: tuple[str, ...] = ("B03",)) -> str:
    """Write a file of 6 x 10 pixels per well and field; return the folder."""
    for well in wells:
        for s in fields:
            tifffile.imwrite(folder / f"{well}_s{s}.tif", np.zeros((Y, X), np.uint8))
    return str(folder)


def places(parsed: ParsedAcquisition) -> dict[str, tuple[float, float]]:
    """Return x and y by field."""
    table = parsed.table
    return dict(
        zip(table["fov"], zip(table["x"], table["y"], strict=True), strict=True)
    )


@pytest.mark.parametrize(
    ("order", "cells"),
    [
        ("row", [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]),
        ("row_snake", [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)]),
        ("column", [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]),
        ("column_snake", [(0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (2, 1)]),
    ],
)
@pytest.mark.parametrize("first", [0, 1])
def test_orders(
    tmp_path: Path, order: str, cells: list[tuple[int, int]], first: int
) -> None:
    """Fields go through 2 rows and 3 columns in the order given, from 0 or 1."""
    folder = plate(tmp_path, *range(first, first + 6))
    grid = {"rows": 2, "columns": 3, "order": order}
    parsed = parse(folder, {**OPTIONS, "grid": grid})
    assert (parsed.details.start_x_coo, parsed.details.start_y_coo) == ("pixel",) * 2
    assert places(parsed) == {
        str(first + n): (column * X, row * Y) for n, (column, row) in enumerate(cells)
    }


def test_overlap(tmp_path: Path) -> None:
    """An overlap of 10 % brings tiles of 10 x 6 pixels to steps of 9 and 5.4."""
    grid = {"rows": 2, "columns": 2, "overlap": 0.1}
    parsed = parse(plate(tmp_path, 1, 2, 3, 4), {**OPTIONS, "grid": grid})
    assert places(parsed)["4"] == pytest.approx((9.0, 5.4))


def test_absent_fields_keep_their_places(tmp_path: Path) -> None:
    """Field 6 lies in the second row, though fields 2 to 5 are absent."""
    grid = {"rows": 2, "columns": 3}
    parsed = parse(plate(tmp_path, 1, 6), {**OPTIONS, "grid": grid})
    assert places(parsed) == {"1": (0, 0), "6": (2 * X, Y)}


@pytest.mark.parametrize(
    ("fields", "last"),
    [((11, 12, 13, 20), "20"), (("a2", "a10", "b"), "b")],
    ids=["numbers", "names"],
)
def test_fields_by_rank(tmp_path: Path, fields: tuple[object, ...], last: str) -> None:
    """Numbers that exactly fill the grid, and names, count by their natural order."""
    grid = {"rows": 2, "columns": 2}
    found = places(parse(plate(tmp_path, *fields), {**OPTIONS, "grid": grid}))
    assert found[last] == (X if len(fields) == 4 else 0, Y)


def test_too_many_fields(tmp_path: Path) -> None:
    """A field without a place in the grid is an error naming it."""
    grid = {"rows": 1, "columns": 2}
    with pytest.raises(ParserError) as caught:
        parse(plate(tmp_path, 1, 2, 3), {**OPTIONS, "grid": grid})
    assert str(caught.value) == (
        "B03_s3.tif: field 3 has no place in the grid of 1 rows and 2 columns (2 "
        "places, 3 different fields). Correct options.grid, or filter by path."
    )


@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    order=st.sampled_from(GridOrder),
)
def test_every_place_is_taken_once(rows: int, columns: int, order: GridOrder) -> None:
    """A full grid has one field in every place, in a snake one step apart."""
    count = rows * columns
    tiles = pd.DataFrame(
        {
            "file": [f"{n}.tif" for n in range(count)],
            "fov": [str(n + 1) for n in range(count)],
            "field": range(count),
            "image": 0,
        }
    )
    grid = Grid(rows=rows, columns=columns, order=order)
    found = from_grid(tiles, grid, FileHeader(Y, X))
    cells = np.array([found.x / X, found.y / Y])
    assert len({tuple(cell) for cell in cells.T}) == count
    assert (cells.max(axis=1) == (columns - 1, rows - 1)).all()
    if order in (GridOrder.ROW_SNAKE, GridOrder.COLUMN_SNAKE):
        assert (np.abs(np.diff(cells)).sum(axis=0) == 1).all()


@given(st.lists(st.integers(0, 10**6)))
def test_natural_order_is_that_of_numbers(numbers: list[int]) -> None:
    """Names that end in numbers sort as the numbers do."""
    names = sorted((f"s{n}" for n in numbers), key=natural)
    assert names == [f"s{n}" for n in sorted(numbers)]


def test_table(tmp_path: Path) -> None:
    """Positions in micrometer come from a table beside the files."""
    folder = plate(tmp_path, "01", "02", wells=("B03", "C11"))
    text = "field,x,y,z,note\n1,-100.5,7,3,a\n2,20,-8,4,b\n9,0,0,0,c\n"
    (tmp_path / "p.csv").write_text(text)
    parsed = parse(folder, {**OPTIONS, "positions": "p.csv"})
    assert places(parsed) == {"1": (-100.5, 7.0), "2": (20.0, -8.0)}
    assert parsed.table["z_um"].tolist() == [3.0, 4.0, 3.0, 4.0]
    assert parsed.details.start_x_coo == parsed.details.start_y_coo == "world"
    assert [f.code for f in parsed.findings] == [
        "unused_positions",
        "pixel_size_unknown",
    ]
    assert parsed.findings[0].rows == (3,)


@pytest.mark.parametrize(
    "header",
    ["row,column,fov_name,x,y\nB,3,{},{},5\nC,11,{},{},6", "well,field,y,x"],
    ids=["row-and-column", "well"],
)
def test_table_by_well(tmp_path: Path, header: str) -> None:
    """Wells may have positions of their own."""
    folder = plate(tmp_path, 1, wells=("B03", "C11"))
    text = header.format(1, 10, 1, 20)
    if header.startswith("well"):
        text = "well,field,y,x\nB3,1,5,10\nc11,1,6,20"
    (tmp_path / "p.csv").write_text(text)
    parsed = parse(folder, {**OPTIONS, "positions": str(tmp_path / "p.csv")})
    table = parsed.table
    assert [*zip(table["row"], table["x"], table["y"], strict=True)] == [
        (1, 10.0, 5.0),
        (2, 20.0, 6.0),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(
            "field,x\n1,2",
            "the columns y are missing; present are field, x. Add or rename columns (x "
            "and y in micrometer).",
            id="no-y",
        ),
        pytest.param(
            "name,x,y\n1,2,3",
            "the columns field are missing; present are name, x, y. Add or rename "
            "columns (x and y in micrometer).",
            id="no-field",
        ),
        pytest.param(
            "field,x,y,weel\n1,2,3,B03",
            "column 'weel' is nearly 'well'. Rename or delete it.",
            id="near",
        ),
        pytest.param(
            "field,x,y,row\n1,2,3,B",
            "it has row. Give row and column, or well, or none.",
            id="half-a-well",
        ),
        pytest.param(
            'field,x,y\n1,"2,5",3\n2,1,',
            "x is '2,5' in table row 1, expected a number of micrometers. Correct it, "
            "decimals with a point.\n  - y is '' in table row 2, expected a number of "
            "micrometers. Correct it, decimals with a point.",
            id="numbers",
        ),
        pytest.param(
            "field,x,y\n1,2,3\n01,2,3\n2,0,0",
            "field '1' stands more than once in table rows 1, 2. Keep one row per "
            "field, or add the column well.",
            id="twice",
        ),
        pytest.param(
            "field,x,y\n1,2,3",
            "no row for field '2' of well B03 (file B03_s2.tif); 1 files have no "
            "position. Add rows; fields in the table are '1' ...",
            id="absent",
        ),
        pytest.param(
            "field,well,x,y\n1,Z99,2,3",
            "column '99' is outside 1..72 in table row 1. Correct it.",
            id="well",
        ),
    ],
)
def test_faulty_tables(tmp_path: Path, text: str, fault: str) -> None:
    """A table that cannot be used is an error with all its faults."""
    folder = plate(tmp_path, 1, 2)
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(TableError) as caught:
        parse(folder, {**OPTIONS, "positions": str(path)})
    count = fault.count("\n") + 1
    head = f"table of positions {path}: {count} fault{'s' if count > 1 else ''}"
    assert str(caught.value) == f"{head}\n  - {fault}"


def test_damaged_tables_are_errors_of_the_package(tmp_path: Path) -> None:
    """A table cut or changed anywhere gives positions or an error that says why."""
    folder = plate(tmp_path, 1, 2)
    path = tmp_path / "p.csv"
    whole = b"well,field,x,y,z\nB03,1,0,5,1\nB03,2,10,5,1\n"
    rng = np.random.default_rng(2)
    variants = [whole[:end] for end in range(len(whole))]
    for place in rng.integers(0, len(whole), 100):
        variants.append(whole[:place] + bytes([rng.integers(256)]) + whole[place + 1 :])
    for content in variants:
        path.write_bytes(content)
        outcome: object
        try:
            outcome = len(parse(folder, {**OPTIONS, "positions": str(path)}).table)
        except Tiles2ZarrError as error:
            outcome = error
        assert outcome == 2 or str(path) in str(outcome)
