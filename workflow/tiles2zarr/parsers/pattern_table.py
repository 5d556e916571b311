"""A table of field positions: field, x, y, optionally z and the well."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from tiles2zarr.errors import TableError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import column_index, parse_well, row_index
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.pattern_keys import plain
from tiles2zarr.parsers.pattern_positions import Positions, where
from tiles2zarr.parsers.tile_columns import LIMIT
from tiles2zarr.sheets import Sheet, one_edit, read_sheet, row_list

_FIELDS = ("field", "fov_name")
_KNOWN = (*_FIELDS, "x", "y", "z", "row", "column", "well")
_SHOWN = 3


def position_file(location: str, folder: str) -> str:
    """Return where the table is: as given, else in the folder of the images.

    Args:
        location: Path, from the folder the program runs in, or URL.
        folder: Folder or URL of the images.
    """
    relative = "://" not in location and not location.startswith("/")
    return (
        join(folder, location) if relative and not Path(location).exists() else location
    )


def from_table(
    tiles: pd.DataFrame, path: str, storage: Mapping[str, object] | None = None
) -> Positions:
    """Return the positions a table tells, micrometer.

    Without columns for the well, a row counts for its field in every image.

    Args:
        tiles: One row per file with ``fov``, and ``row`` and ``column`` or
            ``image_path``.
        path: The table.
        storage: Options of the URL's file system.

    Raises:
        TableError: Columns or cells are wrong, a field has two rows or none.
    """
    sheet = read_sheet(path, "table of positions", storage)
    faults = _column_faults(sheet, tiles)
    if faults:
        raise TableError(sheet.title, faults)
    places, faults = _read(sheet)
    keys = [name for name in ("row", "column", "fov") if name in places]
    twice = places.duplicated(keys, keep=False).to_numpy()
    if twice.any():
        faults.append(
            f"field {places['fov'][twice].iloc[0]!r} stands more than once in "
            f"{row_list(sheet.rows[twice])}. Keep one row per field"
            + ("" if "row" in places else ", or add the column well")
            + "."
        )
    if faults:
        raise TableError(sheet.title, faults)
    found = tiles[[*keys, "file"]].merge(places, on=keys, how="left")
    absent = found["x"].isna().to_numpy()
    if absent.any():
        raise TableError(sheet.title, [_absent(tiles[absent], places)])
    return Positions(
        found["x"].to_numpy(),
        found["y"].to_numpy(),
        found["z_um"].to_numpy(),
        "world",
        tuple(_unused(tiles, places, keys, sheet)),
    )


def _column_faults(sheet: Sheet, tiles: pd.DataFrame) -> list[str]:
    """Return what is wrong with the header."""
    names = list(sheet.columns)
    faults = []
    for name in names:
        meant = one_edit(name, _KNOWN) if name not in _KNOWN else None
        if meant and (len(name) > 2 or name.casefold() == meant):
            faults.append(f"column {name!r} is nearly {meant!r}. Rename or delete it.")
    fields = [name for name in _FIELDS if name in names]
    missing = [name for name in ("x", "y") if name not in names]
    missing = missing if fields else ["field", *missing]
    if missing:
        faults.append(
            f"the columns {', '.join(missing)} are missing; present are "
            f"{', '.join(names)}. Add or rename columns (x and y in micrometer)."
        )
    if len(fields) > 1:
        faults.append("it has field and fov_name. Delete one.")
    wells = [name for name in ("row", "column", "well") if name in names]
    if wells and wells not in (["row", "column"], ["well"]):
        faults.append(
            f"it has {' and '.join(wells)}. Give row and column, or well, or none."
        )
    if wells and "row" not in tiles:
        faults.append(
            f"it has {wells[0]}, but the pattern tells single images. Delete it."
        )
    return faults


def _read(sheet: Sheet) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows with ``fov``, ``x``, ``y``, ``z_um`` and wells, and faults."""
    faults: list[str] = []
    name = "field" if "field" in sheet.columns else "fov_name"
    texts = sheet.texts(name)
    if (texts == "").any():
        faults.append(f"{name} is empty in {row_list(sheet.rows[texts == ''])}.")
    columns: dict[str, object] = {"fov": [plain(str(text)) for text in texts]}
    for name, target in (("x", "x"), ("y", "y"), ("z", "z_um")):
        if name not in sheet.columns:
            columns[target] = np.full(len(texts), np.nan)
            continue
        numbers, wrong = sheet.numbers(name)
        wrong |= np.abs(np.nan_to_num(numbers, posinf=2 * LIMIT)) > LIMIT
        if name != "z":
            wrong |= np.isnan(numbers)
        if wrong.any():
            faults.append(
                f"{name} is {sheet.texts(name)[wrong][0]!r} in "
                f"{row_list(sheet.rows[wrong])}, expected a number of micrometers. "
                "Correct it, decimals with a point."
            )
        columns[target] = numbers
    wells, well_faults = _wells(sheet)
    return pd.DataFrame(columns | wells), faults + well_faults


def _wells(sheet: Sheet) -> tuple[dict[str, object], list[str]]:
    """Return 0-based rows and columns, if the table tells them, and faults."""
    if not {"row", "well"} & set(sheet.columns):
        return {}, []
    by_name = "well" in sheet.columns
    first = sheet.texts("well" if by_name else "row").tolist()
    second = first if by_name else sheet.texts("column").tolist()
    wells, faults = [], []
    for number, a, b in zip(sheet.rows.tolist(), first, second, strict=True):
        try:
            well = parse_well(a) if by_name else (row_index(a), column_index(b))
            wells.append(well)
        except ValueError as error:
            faults.append(f"{error} in table row {number}. Correct it.")
            wells.append((-1, -1))
    return {"row": [w[0] for w in wells], "column": [w[1] for w in wells]}, faults


def _absent(tiles: pd.DataFrame, places: pd.DataFrame) -> str:
    tile = tiles.iloc[0]
    known = ", ".join(map(repr, places["fov"].drop_duplicates()[:_SHOWN]))
    return (
        f"no row for field {tile['fov']!r} of {where(tile.to_dict())} (file "
        f"{tile['file']}); {len(tiles)} files have no position. Add rows; fields in "
        f"the table are {known} ..."
    )


def _unused(
    tiles: pd.DataFrame, places: pd.DataFrame, keys: list[str], sheet: Sheet
) -> list[Finding]:
    """Return a finding on rows that no file belongs to."""
    used = places[keys].merge(tiles[keys].drop_duplicates(), how="left", indicator=True)
    idle = (used["_merge"] == "left_only").to_numpy()
    if not idle.any():
        return []
    rows = sheet.rows[idle].tolist()
    message = f"{len(rows)} rows of the {sheet.title} belong to no file of the pattern."
    return [
        Finding(
            code="unused_positions",
            severity="info",
            message=message,
            count=len(rows),
            rows=tuple(rows[:5]),
        )
    ]
