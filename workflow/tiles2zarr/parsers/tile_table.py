"""The tile table: one row per tile, written by a person or a program.

Tables with ``row`` and ``column`` make a plate, tables with ``image_path`` single
images. Columns of other names are attributes (conditions) of the tiles.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial

import pandas as pd

from tiles2zarr.errors import TableError
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.parsers.records import COLUMNS, ParsedAcquisition, build_table
from tiles2zarr.parsers.tile_columns import (
    NUMBERS,
    check_files,
    check_fovs,
    check_image_paths,
    read_numbers,
    read_wells,
)
from tiles2zarr.sheets import Sheet, one_edit, read_sheet

REQUIRED = ("file_path", "fov_name", "start_x", "start_y", "length_x", "length_y")
"""Columns every tile table has."""
PLACES = ("row", "column", "image_path")
"""Columns that say where a tile's image goes: the first two, or the last."""
KNOWN = (*REQUIRED, *PLACES, *(name for name in NUMBERS if name not in REQUIRED))
"""All columns that are no attributes."""
RESERVED = ("well", "acquisition", "plate", "path_in_well", "FieldIndex")
"""Columns that the tables of the result have for themselves."""
_OWN = tuple(name for name in COLUMNS if name not in PLACES)
_OPTIONS = frozenset({"projections"})


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a table (CSV, TSV or Parquet; local file or URL).

    Positions and lengths are as given; ``file_path`` is relative to the table's folder.

    Args:
        path: The table.
        options: Options of the format; the tile table has none of its own.
        storage: Options for the URL's file system.

    Raises:
        TableError: Columns or cells are wrong; all faults, with row numbers.
    """
    sheet = read_sheet(path, "tile table", storage)
    return parse_sheet(sheet, _folder(path), options)


def parse_sheet(
    sheet: Sheet, resource: str, options: Mapping[str, object] | None = None
) -> ParsedAcquisition:
    """Return the tiles of a table that is in memory.

    Args:
        sheet: The table.
        resource: Folder or URL that ``file_path`` is relative to.
        options: Options of the format; the tile table has none of its own.

    Raises:
        TableError: Columns or cells are wrong; all faults, with row numbers.
    """
    faults = _option_faults(options or {}) + _column_faults(list(sheet.columns))
    attributes = tuple(name for name in sheet.columns if name not in KNOWN)
    columns, cell_faults = _read_columns(sheet, resource)
    faults += cell_faults
    if faults:
        raise TableError(sheet.title, faults)
    columns |= {name: pd.Series(sheet.values(name)) for name in attributes}
    return ParsedAcquisition(
        table=build_table(columns, attributes),
        attributes=attributes,
        details=AcquisitionDetails(),
        resource=resource,
    )


def _folder(path: str) -> str:
    """Return the folder or URL a table lies in."""
    folder, slash, _ = path.rpartition("/")
    return folder or slash or "."


def _option_faults(options: Mapping[str, object]) -> list[str]:
    return [
        f"option {name!r} is unknown to the format tile_table. Delete it."
        for name in options
        if name not in _OPTIONS
    ]


def _column_faults(names: Sequence[str]) -> list[str]:
    """Return what is wrong with the header."""
    faults = []
    missing = [name for name in REQUIRED if name not in names]
    places = [name for name in PLACES if name in names]
    if places in (["row"], ["column"]):
        missing += [name for name in ("row", "column") if name not in places]
    if missing:
        listed = ", ".join(_with_nearest(name, names) for name in missing)
        faults.append(
            f"the required columns {listed} are missing; present are "
            f"{', '.join(names)}. Add or rename columns."
        )
    if not places:
        faults.append(
            "it has neither row and column (plate) nor image_path (single images). "
            "Add one or the other."
        )
    if "image_path" in places and len(places) > 1:
        faults.append(
            f"it has {places[0]} (plate) and image_path (single images). Delete one or "
            "the other."
        )
    for name in names:
        if name not in KNOWN:
            faults += _attribute_faults(name, missing)
    return faults


def _with_nearest(name: str, names: Sequence[str]) -> str:
    """Return a missing column's name, with the present one that may be meant."""
    free = [other for other in names if other not in KNOWN]
    near = get_close_matches(name.casefold(), [n.casefold() for n in free], n=1)
    for other in free:
        if near and other.casefold() == near[0]:
            return f"{name} (is {other!r} meant?)"
    return name


def _attribute_faults(name: str, missing: Sequence[str]) -> list[str]:
    """Return why a column cannot be an attribute, if it cannot."""
    meant = one_edit(name, KNOWN)
    if meant is not None:
        known = meant in missing
        return (
            []
            if known
            else [f"column {name!r} is nearly {meant!r}. Rename or delete it."]
        )
    if name.casefold() in {reserved.casefold() for reserved in RESERVED}:
        hint = " Give wells in row and column." if name.casefold() == "well" else ""
        return [
            f"column {name!r} is reserved for the tables of the result. Rename or "
            f"delete it.{hint}"
        ]
    if name in _OWN:
        return [
            f"column {name!r} has a name the workflow uses itself. Rename it, e.g. "
            f"to 'my_{name}'."
        ]
    return []


def _read_columns(sheet: Sheet, resource: str) -> tuple[dict[str, object], list[str]]:
    """Return the known columns that are there, by their parsed names, and faults."""
    columns, faults = read_numbers(sheet)
    columns["source_row"] = sheet.rows
    for name, target, check in (
        ("file_path", "file", partial(check_files, resource=resource)),
        ("fov_name", "fov", check_fovs),
        ("image_path", "image_path", check_image_paths),
    ):
        if name in sheet.columns:
            texts = sheet.texts(name)
            faults += check(texts, sheet.rows)
            columns[target] = texts
    for name in ("row", "column"):
        if name in sheet.columns:
            indices, well_faults = read_wells(sheet, name)
            columns[name] = indices
            faults += well_faults
    return columns, faults
