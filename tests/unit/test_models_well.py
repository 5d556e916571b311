"""Rows, columns and wells: normalised once, up to AF48 and beyond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tiles2zarr.models.well import (
    MAX_COLUMNS,
    MAX_ROWS,
    PlateLayout,
    WellName,
    column_index,
    column_name,
    parse_well,
    row_index,
    row_name,
    smallest_layout,
    standard_layout,
    well_name,
)

rows = st.integers(0, MAX_ROWS - 1)
columns = st.integers(0, MAX_COLUMNS - 1)


@pytest.mark.parametrize(
    ("index", "name"),
    [(0, "A"), (7, "H"), (15, "P"), (25, "Z"), (26, "AA"), (31, "AF"), (47, "AV")],
)
def test_row_names(index: int, name: str) -> None:
    """Rows go A to Z, then AA to AV."""
    assert row_name(index) == name
    assert row_index(name) == index


@pytest.mark.parametrize(
    ("row", "index"),
    [
        ("a", 0),
        (" B ", 1),
        (1, 0),
        (32, 31),
        ("32", 31),
        ("02", 1),
        (2.0, 1),
        ("2.0", 1),
        ("aF", 31),
        ("Af", 31),
    ],
)
def test_w14_rows_are_letters_in_any_case_or_numbers(
    row: str | int | float, index: int
) -> None:
    """``A``, ``a`` and 1 are one row; rows do not end at Z."""
    assert row_index(row) == index


@pytest.mark.parametrize(
    ("column", "index"),
    [
        (1, 0),
        ("1", 0),
        ("01", 0),
        ("001", 0),
        (48, 47),
        ("48", 47),
        (3.0, 2),
        ("3.0", 2),
    ],
)
def test_w14_columns_are_numbers_from_one(
    column: str | int | float, index: int
) -> None:
    """``1``, ``"01"`` and 1.0 are one column."""
    assert column_index(column) == index


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("AW", "row 'AW' is outside A..AV (1..48)"),
        ("ZZ", "row 'ZZ' is outside A..AV (1..48)"),
        (0, "row 0 is outside A..AV (1..48)"),
        (49, "row 49 is outside A..AV (1..48)"),
        ("", "row '' is neither letters (A..AV) nor a number from 1"),
        ("ABC", "row 'ABC' is neither letters (A..AV) nor a number from 1"),
        ("-1", "row '-1' is neither letters (A..AV) nor a number from 1"),
        (1.5, "row 1.5 is neither letters (A..AV) nor a number from 1"),
        ("A1", "row 'A1' is neither letters (A..AV) nor a number from 1"),
        ("ß", "row 'ß' is neither letters (A..AV) nor a number from 1"),
        ("ı", "row 'ı' is neither letters (A..AV) nor a number from 1"),
        ("9" * 400, f"row {'9' * 400!r} is outside A..AV (1..48)"),
    ],
)
def test_what_is_no_row(row: str | int | float, message: str) -> None:
    """A row outside the largest plate, or of other letters, is told with its text."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  the message is compared
        row_index(row)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (0, "column 0 is outside 1..72"),
        ("00", "column '00' is outside 1..72"),
        (73, "column 73 is outside 1..72"),
        ("", "column '' is not a whole number from 1"),
        ("A", "column 'A' is not a whole number from 1"),
        ("1.5", "column '1.5' is not a whole number from 1"),
        ("-3", "column '-3' is not a whole number from 1"),
        ("٣", "column '٣' is not a whole number from 1"),
        ("9" * 400, f"column {'9' * 400!r} is outside 1..72"),
    ],
)
def test_what_is_no_column(column: str | int, message: str) -> None:
    """A column outside the largest plate, or no number, is told with its text."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  the message is compared
        column_index(column)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("well", "place"),
    [
        ("A1", (0, 0)),
        ("A01", (0, 0)),
        ("a001", (0, 0)),
        (" B 3 ", (1, 2)),
        ("P24", (15, 23)),
        ("AF48", (31, 47)),
        ("af48", (31, 47)),
        ("AV72", (47, 71)),
    ],
)
def test_w14_well_names_are_normalised(well: str, place: tuple[int, int]) -> None:
    """``A1`` is ``A01``, case does not count, and 1536-well plates have AF48."""
    assert parse_well(well) == place


@pytest.mark.parametrize(
    ("well", "message"),
    [
        ("B", "well 'B' is not letters and a number like 'B03'"),
        ("03", "well '03' is not letters and a number like 'B03'"),
        ("", "well '' is not letters and a number like 'B03'"),
        ("B-3", "well 'B-3' is not letters and a number like 'B03'"),
        ("../B3", "well '../B3' is not letters and a number like 'B03'"),
        ("B0", "column '0' is outside 1..72"),
        ("B73", "column '73' is outside 1..72"),
        ("AW1", "row 'AW' is outside A..AV (1..48)"),
    ],
)
def test_what_is_no_well(well: str, message: str) -> None:
    """A well that cannot exist is told, not mapped to another one."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  the message is compared
        parse_well(well)
    assert str(error.value) == message


@given(rows, columns)
def test_names_and_indices_are_inverse(row: int, column: int) -> None:
    """Every well of the largest plate has one name, and the name means that well."""
    name = well_name(row, column)
    assert parse_well(name) == (row, column)
    assert parse_well(name.lower()) == (row, column)
    assert row_index(row_name(row)) == row_index(row + 1) == row
    assert column_index(column_name(column)) == column_index(column + 1) == column


def test_well_names_have_two_digits_and_no_duplicates() -> None:
    """The largest plate has 48 x 72 different names."""
    names = {well_name(r, c) for r in range(MAX_ROWS) for c in range(MAX_COLUMNS)}
    assert len(names) == 48 * 72
    assert {"A01", "Z09", "AA10", "AF48"} <= names


@pytest.mark.parametrize("index", [-1, 48], ids=str)
def test_row_index_outside_the_largest_plate(index: int) -> None:
    """There is no name for a row that no plate has."""
    with pytest.raises(ValueError, match=rf"^row index {index} is outside 0\.\.47"):
        row_name(index)


def test_a_field_of_a_model_is_normalised() -> None:
    """A well name in a model is kept as letters and two digits."""
    assert TypeAdapter(WellName).validate_python("b3") == "B03"


@pytest.mark.parametrize(
    ("wells", "shape"),
    [
        (6, (2, 3)),
        (12, (3, 4)),
        (24, (4, 6)),
        (48, (6, 8)),
        (96, (8, 12)),
        (384, (16, 24)),
        (1536, (32, 48)),
    ],
)
def test_standard_plates(wells: int, shape: tuple[int, int]) -> None:
    """Standard plates have two rows for three columns."""
    layout = standard_layout(wells)
    assert (layout.rows, layout.columns) == shape
    assert layout.rows * layout.columns == wells


def test_no_standard_plate() -> None:
    """A number of wells that no plate has is told with those that exist."""
    message = r"^no standard plate has 97 wells; known: 6 12 24 48 96 384 1536$"
    with pytest.raises(ValueError, match=message):
        standard_layout(97)


@pytest.mark.parametrize(
    ("wells", "shape"),
    [
        ([], (8, 12)),
        ([(7, 11)], (8, 12)),
        ([(8, 0)], (16, 24)),
        ([(0, 12)], (16, 24)),
        ([(15, 23)], (16, 24)),
        ([(16, 0), (0, 0)], (32, 48)),
        ([(31, 47)], (32, 48)),
        ([(32, 5)], (33, 6)),
    ],
    ids=str,
)
def test_smallest_plate_that_holds_the_wells(
    wells: list[tuple[int, int]], shape: tuple[int, int]
) -> None:
    """Row 8 needs 384 wells, and so does column 12."""
    layout = smallest_layout(wells)
    assert (layout.rows, layout.columns) == shape
    assert all(layout.holds(*well) for well in wells)


def test_a_plate_ends_at_its_last_row_and_column() -> None:
    """Rows and columns are not exchanged."""
    layout = PlateLayout(rows=2, columns=3)
    assert layout.holds(1, 2)
    assert not layout.holds(2, 1)
    assert not layout.holds(1, 3)
