"""Names of wells, rows and columns, normalised once (``a``, ``A`` and 1 are row A)."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from tiles2zarr.models.base import Frozen

MAX_ROWS = 48
MAX_COLUMNS = 72
STANDARD_LAYOUTS = {
    6: (2, 3),
    12: (3, 4),
    24: (4, 6),
    48: (6, 8),
    96: (8, 12),
    384: (16, 24),
    1536: (32, 48),
}
_WELL = re.compile(r"([A-Za-z]{1,2})\s*0*([0-9]{1,3})")


def row_name(index: int) -> str:
    """Return the letters of a 0-based row: 0 is ``A``, 25 ``Z``, 26 ``AA``, 31 ``AF``.

    Raises:
        ValueError: The index is negative or beyond row AV (47).
    """
    if not 0 <= index < MAX_ROWS:
        raise ValueError(f"row index {index} is outside 0..{MAX_ROWS - 1} (A..AV)")
    high, low = divmod(index, 26)
    return ("" if high == 0 else chr(64 + high)) + chr(65 + low)


def column_name(index: int) -> str:
    """Return the two-digit name of a 0-based column: 0 is ``01``."""
    return f"{index + 1:02d}"


def row_index(row: str | int | float) -> int:
    """Return the 0-based index of a row given as letters or as a number from 1.

    Raises:
        ValueError: Not a row of A..AV or 1..48.
    """
    text = str(row).strip()
    if re.fullmatch(r"[A-Za-z]{1,2}", text):
        index = 0
        for letter in text.upper():
            index = index * 26 + ord(letter) - 64
        index -= 1
    elif re.fullmatch(r"0*[0-9]+(\.0+)?", text):
        index = int(text.partition(".")[0]) - 1
    else:
        raise ValueError(f"row {row!r} is neither letters (A..AV) nor a number from 1")
    if not 0 <= index < MAX_ROWS:
        raise ValueError(f"row {row!r} is outside A..AV (1..{MAX_ROWS})")
    return index


def column_index(column: str | int | float) -> int:
    """Return the 0-based index of a column given as a number from 1 (``"01"`` too).

    Raises:
        ValueError: Not a whole number of 1..72.
    """
    text = str(column).strip()
    if not re.fullmatch(r"0*[0-9]+(\.0+)?", text):
        raise ValueError(f"column {column!r} is not a whole number from 1")
    index = int(text.partition(".")[0]) - 1
    if not 0 <= index < MAX_COLUMNS:
        raise ValueError(f"column {column!r} is outside 1..{MAX_COLUMNS}")
    return index


def parse_well(well: str) -> tuple[int, int]:
    """Return (row, column) indices, 0-based, of a well name: ``A1`` = ``a01`` = (0, 0).

    Raises:
        ValueError: Not letters followed by a number, or outside A1..AV72.
    """
    match = _WELL.fullmatch(well.strip())
    if match is None:
        raise ValueError(f"well {well!r} is not letters and a number like 'B03'")
    return row_index(match[1]), column_index(match[2])


def well_name(row: int, column: int) -> str:
    """Return the name of a well from 0-based indices: (1, 2) is ``B03``."""
    return row_name(row) + column_name(column)


def _normal_well(well: str) -> str:
    return well_name(*parse_well(well))


WellName = Annotated[str, AfterValidator(_normal_well)]
"""A well name, normalised to letters and two digits."""


class PlateLayout(Frozen):
    """How many physical rows and columns a plate has."""

    rows: int = Field(ge=1, le=MAX_ROWS)
    """Physical rows, also those without wells."""
    columns: int = Field(ge=1, le=MAX_COLUMNS)
    """Physical columns, also those without wells."""

    def holds(self, row: int, column: int) -> bool:
        """Say whether the well at 0-based ``row`` and ``column`` exists here."""
        return row < self.rows and column < self.columns


def standard_layout(wells: int) -> PlateLayout:
    """Return the layout of a standard plate of 6 to 1536 wells.

    Raises:
        ValueError: No standard plate has that many wells.
    """
    if wells not in STANDARD_LAYOUTS:
        known = " ".join(map(str, STANDARD_LAYOUTS))
        raise ValueError(f"no standard plate has {wells} wells; known: {known}")
    rows, columns = STANDARD_LAYOUTS[wells]
    return PlateLayout(rows=rows, columns=columns)


def smallest_layout(wells: list[tuple[int, int]]) -> PlateLayout:
    """Return the smallest of 96, 384, 1536 that holds the wells (0-based indices).

    Beyond 1536 wells the exact extent is returned.
    """
    rows = max((row for row, _ in wells), default=0) + 1
    columns = max((column for _, column in wells), default=0) + 1
    for count in (96, 384, 1536):
        layout = standard_layout(count)
        if rows <= layout.rows and columns <= layout.columns:
            return layout
    return PlateLayout(rows=rows, columns=columns)
