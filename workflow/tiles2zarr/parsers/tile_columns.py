"""The cells of a tile table, column by column, with the faults they hold."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.collection import check_name
from tiles2zarr.models.well import column_index, row_index
from tiles2zarr.parsers.secrets import secret_faults
from tiles2zarr.sheets import Sheet, row_list

LIMIT = 1e9
"""Largest position and length (micrometer: a kilometre), against slipped cells."""
TIME_LIMIT = 1e13
"""Largest time, second; leaves room for milliseconds since 1970."""
FAULTY = -1
"""Stands for a row or column that cannot be read."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UPWARDS = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]")


@dataclass(frozen=True)
class NumberRule:
    """What a column of numbers may hold.

    Args:
        target: Name in the parsed table.
        default: Value where the column is absent or empty; ``None``: it is required.
        low: Smallest value.
        high: Largest value.
        whole: Only whole numbers.
        expected: The rule in words.
    """

    target: str
    default: float | None
    low: float
    high: float
    whole: bool
    expected: str


def _position(axis: str, default: float | None, limit: float = LIMIT) -> NumberRule:
    text = f"a number between -{limit:.0e} and {limit:.0e}"
    return NumberRule(axis, default, -limit, limit, False, text)


def _length(axis: str, default: float | None) -> NumberRule:
    text = f"a number above 0, up to {LIMIT:.0e}"
    low = float(np.nextafter(0, 1))
    return NumberRule(f"len_{axis}", default, low, LIMIT, False, text)


NUMBERS: Mapping[str, NumberRule] = {
    "start_x": _position("x", None),
    "start_y": _position("y", None),
    "start_z": _position("z", 0.0),
    "start_t": _position("t", 0.0, TIME_LIMIT),
    "start_c": NumberRule("c", 0.0, 0, 9999, True, "a whole number from 0"),
    "length_x": _length("x", None),
    "length_y": _length("y", None),
    "length_z": _length("z", 1.0),
    "length_t": _length("t", 1.0),
    "length_c": NumberRule("len_c", 1.0, 1, 9999, True, "a whole number from 1"),
}
"""Columns of numbers by their name in the tile table."""


def read_numbers(sheet: Sheet) -> tuple[dict[str, object], list[str]]:
    """Return the columns of numbers by their parsed names, and their faults.

    An optional column that is empty from top to bottom takes its default.
    """
    columns: dict[str, object] = {}
    faults: list[str] = []
    for name, rule in NUMBERS.items():
        if name not in sheet.columns:
            continue
        numbers, bad = sheet.numbers(name)
        empty = np.isnan(numbers) & ~bad
        if rule.default is not None and empty.all():
            continue
        wrong = ~np.isfinite(numbers) | (numbers < rule.low) | (numbers > rule.high)
        if rule.whole:
            wrong |= numbers != np.rint(numbers)
        wrong &= ~empty & ~bad
        faults += _cell_faults(sheet, name, rule.expected, empty, bad | wrong)
        faulty = empty | bad | wrong  # too large for int64, some of them
        columns[rule.target] = (
            np.where(faulty, 0, numbers).astype(np.int64) if rule.whole else numbers
        )
    return columns, faults


def _cell_faults(
    sheet: Sheet,
    name: str,
    expected: str,
    empty: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
) -> list[str]:
    """Return one fault for the empty and one for the wrong cells of a column."""
    faults = []
    if empty.any():
        text = str(sheet.texts(name)[empty][0])
        found = f"empty ({text!r})" if text else "empty"
        faults.append(
            f"{name} is {found} in {row_list(sheet.rows[empty])}, expected {expected}. "
            "Fill it in."
        )
    if wrong.any():
        text = str(sheet.texts(name)[wrong][0])
        hint = "Write decimals with a point" if "," in text else "Correct it"
        faults.append(
            f"{name} is {text!r} in {row_list(sheet.rows[wrong])}, expected "
            f"{expected}. {hint}."
        )
    return faults


def read_wells(sheet: Sheet, name: str) -> tuple[NDArray[np.int64], list[str]]:
    """Return 0-based indices of the ``row`` or ``column`` of each tile, and faults.

    Rows are letters in any case or numbers from 1, columns numbers from 1; what is
    neither is ``FAULTY``.
    """
    index = row_index if name == "row" else column_index
    codes, texts = pd.factorize(sheet.texts(name))
    indices = np.full(len(texts), FAULTY, dtype=np.int64)
    faults = []
    for number, text in enumerate(texts):
        try:
            indices[number] = index(text)
        except ValueError as error:
            rows = row_list(sheet.rows[codes == number])
            fault = f"{name} is empty" if text == "" else str(error)
            faults.append(f"{fault} in {rows}. Correct it.")
    return indices[codes], faults


def check_files(
    files: NDArray[np.object_], rows: NDArray[np.int64], resource: str
) -> list[str]:
    """Return the faults of ``file_path``: empty cells, control characters, secrets.

    Args:
        files: The cells.
        rows: Their table rows.
        resource: Folder or URL that relative ones start from.
    """
    joined = "".join(files)
    faults = []
    # the usual table, without a look at each of its files
    if "" in files or _CONTROL.search(joined):
        faults = _text_faults(files, rows, "file_path", _plain_text)
    return faults + secret_faults(files, rows, resource)


def check_fovs(fovs: NDArray[np.object_], rows: NDArray[np.int64]) -> list[str]:
    """Return the faults of ``fov_name``: empty, or able to lead out of a folder."""
    return _text_faults(fovs, rows, "fov_name", _fov_name)


def check_image_paths(paths: NDArray[np.object_], rows: NDArray[np.int64]) -> list[str]:
    """Return the faults of ``image_path``: unsafe names, names that differ in case."""
    faults = _text_faults(paths, rows, "image_path", _image_path)
    seen: dict[str, str] = {}
    for path in pd.unique(paths):
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            faults.append(
                f"image_path {other!r} and {path!r} differ in upper and lower case "
                "only. Rename one: not every disk tells them apart."
            )
    return faults


def _text_faults(
    texts: NDArray[np.object_],
    rows: NDArray[np.int64],
    name: str,
    check: Callable[[str], str | None],
) -> list[str]:
    """Return one fault per distinct text that ``check`` finds fault with."""
    codes, unique = pd.factorize(texts)
    faults = []
    for number, text in enumerate(unique):
        reason = f"{name} is empty" if text == "" else check(text)
        if reason is not None:
            faults.append(f"{reason} in {row_list(rows[codes == number])}. Correct it.")
    return faults


def _plain_text(text: str) -> str | None:
    if _CONTROL.search(text):
        return f"file_path {text!r} holds control characters"
    return None


def _fov_name(text: str) -> str | None:
    if _CONTROL.search(text):
        return f"fov_name {text!r} holds control characters"
    if _UPWARDS.search(text):
        return f"fov_name {text!r} leads out of its folder"
    return None


def _image_path(text: str) -> str | None:
    for part in text.split("/"):
        try:
            check_name(part)
        except ValueError as error:
            return f"image_path {text!r}: {error}"
        if part.lower().endswith(".zarr"):
            return f"image_path {text!r} holds '.zarr', which is added by itself"
    return None
