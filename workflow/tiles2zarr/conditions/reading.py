"""Condition tables: CSV with a row per well, field of view or image.

A condition table in its normal form has ``row`` and ``column`` (0-based, Int64) or
``image_path``, perhaps ``acquisition`` (Int64) and ``fov``, and a column per condition
(values, ``None`` where blank). Its index is the row's number in its file, its
``attrs["title"]`` says what it is.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import TableError
from tiles2zarr.models.well import column_index, parse_well, row_index
from tiles2zarr.sheets import NULLS, Sheet, one_edit, read_sheet, row_list

_NUMBER = r"[-+]?\d+(\.\d+)?"
_COMMA = r"[-+]?\d+,\d+"
KEYS = ("row", "column", "image_path", "acquisition", "fov")
"""Columns of the normal form that are no conditions."""
_NAMES = ("row", "column", "well", "image_path", "acquisition", "fov_name")
_RESERVED = ("plate", "path_in_well", "FieldIndex")


def read_conditions(
    path: str, storage: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Return a condition table in its normal form.

    It has ``row`` and ``column``, or ``well`` (``B03``), or ``image_path``; perhaps
    ``acquisition`` and ``fov_name``, blank for all; every other column is a condition.

    Args:
        path: CSV, TSV or Parquet, local or URL.
        storage: Options for the URL's file system.

    Raises:
        TableError: Columns or cells are wrong; all faults, with row numbers.
    """
    sheet = read_sheet(path, "condition table", storage)
    faults = _header_faults(list(sheet.columns))
    keys, key_faults = _read_keys(sheet)
    faults += key_faults
    if faults:
        raise TableError(sheet.title, faults)
    names = [name for name in sheet.columns if name not in _NAMES]
    faults = [fault for name in names for fault in _decimal_commas(sheet, name)]
    if faults:
        raise TableError(sheet.title, faults)
    values = {name: sheet.values(name) for name in names}
    index = pd.Index(sheet.rows, name="table_row")
    table = pd.DataFrame(keys | values, index=index)
    table.attrs["title"] = sheet.title
    return table


def condition_names(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table in normal form that are conditions."""
    return [str(name) for name in table.columns if name not in KEYS]


def _header_faults(names: Sequence[str]) -> list[str]:
    """Return what is wrong with the header."""
    wells = [name for name in ("row", "column") if name in names]
    places = [name for name in ("well", "image_path") if name in names]
    places += ["row and column"] if wells else []
    faults = []
    if len(wells) == 1:
        absent = "column" if wells == ["row"] else "row"
        faults.append(f"it has {wells[0]} but not {absent}. Add it, or give wells.")
    if not places:
        faults.append(
            "it says of no row what it is for. Add row and column, or well ('B03'), or "
            "image_path."
        )
    if len(places) > 1:
        faults.append(f"it has {' and '.join(places)}. Keep one of them.")
    for name in names:
        meant = _meant(name, placed=bool(places))
        if meant is not None:
            faults.append(f"column {name!r} is nearly {meant!r}. Rename or delete it.")
        elif name.casefold() in {reserved.casefold() for reserved in _RESERVED}:
            faults.append(f"column {name!r} is reserved. Rename or delete it.")
    if not [name for name in names if name not in _NAMES]:
        faults.append("it has no column with conditions. Add one.")
    return faults


def _meant(name: str, *, placed: bool) -> str | None:
    """Return the key column that a column's name is nearly.

    Where rows have their place, ``cell`` is a condition and not a slip for ``well``.
    """
    if name in _NAMES:
        return None
    if name.casefold() == "fov":
        return "fov_name"
    for known in _NAMES:
        if name.casefold() == known.casefold():
            return known
    return one_edit(name, ("acquisition", "fov_name") if placed else _NAMES)


def _decimal_commas(sheet: Sheet, name: str) -> list[str]:
    """Return the fault of a column that is numbers but for their decimal commas.

    As texts they would be categories without an order: no dose, no scale.
    """
    texts = sheet.texts(name)
    filled = np.array([text.lower() not in NULLS for text in texts], dtype=bool)
    comma = np.array([bool(re.fullmatch(_COMMA, text)) for text in texts], dtype=bool)
    plain = np.array([bool(re.fullmatch(_NUMBER, text)) for text in texts], dtype=bool)
    if not comma.any() or not (comma | plain)[filled].all():
        return []
    rows = row_list(sheet.rows[comma])
    return [
        f"{name} is {texts[comma][0]!r} in {rows}, a number with a decimal comma. "
        "Write decimals with a point; a text that is no number needs a letter."
    ]


def _read_keys(sheet: Sheet) -> tuple[dict[str, object], list[str]]:
    """Return the key columns in normal form, and their faults."""
    keys: dict[str, object] = {}
    faults: list[str] = []
    if "well" in sheet.columns:
        wells, faults = _indices(sheet, "well")
        keys |= {
            "row": _integers(wells[:, 0], sheet),
            "column": _integers(wells[:, 1], sheet),
        }
    for name in ("row", "column"):
        if name in sheet.columns and name not in keys:
            indices, found = _indices(sheet, name)
            keys[name] = _integers(indices[:, 0], sheet)
            faults += found
    if "image_path" in sheet.columns:
        paths = sheet.texts("image_path")
        keys["image_path"] = paths
        if (paths == "").any():
            rows = row_list(sheet.rows[paths == ""])
            faults.append(f"image_path is empty in {rows}. Fill it in.")
    if "acquisition" in sheet.columns:
        numbers, bad = sheet.numbers("acquisition")
        wrong = bad | (numbers < 0) | (~np.isnan(numbers) & (numbers % 1 != 0))
        keys["acquisition"] = _integers(np.where(wrong, np.nan, numbers), sheet)
        if wrong.any():
            text = sheet.texts("acquisition")[wrong][0]
            faults.append(
                f"acquisition is {text!r} in {row_list(sheet.rows[wrong])}, expected "
                "a whole number from 0 or blank. Correct it."
            )
    if "fov_name" in sheet.columns:
        fovs = sheet.texts("fov_name")
        named = [None if fov.lower() in NULLS else fov for fov in fovs]
        keys["fov"] = pd.Series(named, sheet.rows, dtype=object)
    return keys, faults


def _indices(sheet: Sheet, name: str) -> tuple[NDArray[np.float64], list[str]]:
    """Return 0-based indices of a ``row``, ``column`` or ``well`` column, and faults.

    Shape (rows, 1), or (rows, 2) for wells; NaN where a cell cannot be read.
    """
    codes, texts = pd.factorize(sheet.texts(name))
    indices = np.full((len(texts), 2 if name == "well" else 1), np.nan)
    faults = []
    for number, text in enumerate(texts):
        try:
            indices[number] = {
                "row": row_index,
                "column": column_index,
                "well": parse_well,
            }[name](text)
        except ValueError as error:
            fault = f"{name} is empty" if text == "" else str(error)
            rows = row_list(sheet.rows[codes == number])
            faults.append(f"{fault} in {rows}. Correct it.")
    return indices[codes], faults


def _integers(values: NDArray[np.float64], sheet: Sheet) -> "pd.Series[int]":
    """Return whole numbers as a column with nulls."""
    return pd.Series(values, sheet.rows).astype("Int64")
