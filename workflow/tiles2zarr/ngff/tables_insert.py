"""Rows put into the CSV of a plate table at their place, the other rows untouched.

A plate that is filled image by image would otherwise have all its rows parsed and
written again for each image.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from tiles2zarr.models.base import Scalar
from tiles2zarr.ngff.tables_csv import parse_csv, render_csv
from tiles2zarr.ngff.tables_frames import (
    Column,
    NamedTable,
    Row,
    as_columns,
    place_of,
)

_IMAGE = ("row", "column", "well", "acquisition", "path_in_well")
"""The first columns of a plate table; together they are one image."""
_LINE = re.compile(rb'"([A-Z]+)",([0-9]+),"[^"]*",([0-9]+),"([^"]*)",')
_LOOKS = 64
"""Rows that are looked at for the type of a column."""


def insert_rows(content: bytes, where: Row, rows: Sequence[Row]) -> bytes | None:
    """Return the CSV of a plate table with the rows of an image in place of its old.

    Adding rows makes what ``render_csv`` makes of all together. ``None`` where that
    cannot be told from a few lines: the table is not as ``render_csv`` leaves it, or a
    column is new or of another type.

    Args:
        content: The CSV.
        where: Row, column, well, acquisition and path of the image.
        rows: Its rows, in order; none takes it out of the table.
    """
    header, *lines = content.splitlines(keepends=True) or [b""]
    names = _names(header)
    torn = any(line.count(b'"') % 2 for line in lines)  # a line break in a text
    if names[:5] != _IMAGE or torn or not content.endswith(b"\n"):
        return None
    ours = _first_cells(where)
    others = [line for line in lines if not line.startswith(ours)]
    if not rows:
        return b"".join([header, *others])
    try:
        at = bisect_right(others, place_of(where), key=_place)
    except ValueError:
        return None
    mine = _rendered(names, rows, header, _around(others, at))
    return mine and b"".join([header, *others[:at], mine, *others[at:]])


def _names(header: bytes) -> tuple[str, ...]:
    """Return the columns of a table, none if they are not written as ours are."""
    names = tuple(re.findall(r'"((?:[^"]|"")*)"', header.decode()))
    plain = tuple(name.replace('""', '"') for name in names)
    table = NamedTable(
        "", "generic_table", {name: Column("text", ()) for name in plain}
    )
    return plain if render_csv(table) == header else ()


def _first_cells(where: Row) -> bytes:
    """Return what every line of the image begins with."""
    columns = as_columns([{name: where[name] for name in _IMAGE} | {"": None}])
    return render_csv(NamedTable("", "generic_table", columns)).splitlines()[1]


def _place(line: bytes) -> tuple[int, int, int, str]:
    """Return what the rows of a plate are sorted by.

    Raises:
        ValueError: The line does not begin as ours do.
    """
    found = _LINE.match(line)
    if found is None:
        raise ValueError(f"{line!r} is not a row of a plate table of ours")
    row, column, acquisition, path = (cell.decode() for cell in found.groups())
    cells: dict[str, Scalar] = {"row": row, "column": int(column)}
    return place_of(cells | {"acquisition": int(acquisition), "path_in_well": path})


def _around(lines: Sequence[bytes], at: int) -> Iterator[bytes]:
    """Yield some lines, the nearest ones first."""
    after, before = lines[at : at + _LOOKS], lines[max(0, at - _LOOKS) : at]
    pairs = zip_longest(reversed(before), after)
    return (line for line in chain.from_iterable(pairs) if line is not None)


def _rendered(
    names: Sequence[str], rows: Sequence[Row], header: bytes, lines: Iterable[bytes]
) -> bytes | None:
    """Return the lines of rows, ``None`` if they do not fit the columns."""
    columns = as_columns(rows, first=names)
    if columns.keys() - set(names):
        return None
    blank = (None,) * len(rows)
    complete = {name: columns.get(name, Column("text", blank)) for name in names}
    wanted = {name: c.kind for name, c in complete.items() if {*c.values} != {None}}
    if not _fits(wanted, header, lines):
        return None
    table = NamedTable("", "generic_table", complete)
    return b"".join(render_csv(table).splitlines(keepends=True)[1:])


def _fits(wanted: Mapping[str, str], header: bytes, lines: Iterable[bytes]) -> bool:
    """Say whether columns have the types wanted, each by its nearest value."""
    kinds = {bool: "bool", int: "int", float: "float", str: "text"}
    unknown = dict(wanted)
    for line in lines:
        if not unknown:
            break
        (row,) = parse_csv((header + line).decode())
        for name in [name for name in unknown if row[name] is not None]:
            if kinds[type(row[name])] != unknown.pop(name):
                return False
    return not unknown
