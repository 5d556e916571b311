"""A table of cells, given column by column as texts, numbers or values.

Cells keep their text until then, so that a message can quote them and nothing is
guessed (``007`` stays ``007``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.base import Scalar

NULLS = frozenset({"", "na", "n/a", "#n/a", "nan", "null"})
"""Spellings of an empty cell, in lower case."""
_DIGITS = 18
"""Digits of the longest whole number that 64 bits are sure to hold."""


@dataclass(frozen=True)
class Sheet:
    """A table as it was handed in; rows without any content are left out.

    Args:
        title: What it is and where, for messages.
        columns: The cells by column.
        rows: The number of each row, 1 being the first below the header.
    """

    title: str
    columns: "Mapping[str, pd.Series[str]]"
    rows: NDArray[np.int64]

    def texts(self, name: str) -> NDArray[np.object_]:
        """Return a column as stripped text; empty cells are ``""``."""
        column = self.columns[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            return _number_texts(column)
        codes, values = pd.factorize(column, use_na_sentinel=True)
        texts = [str(value).strip() for value in values]
        return np.array([*texts, ""], dtype=object)[codes]

    def numbers(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return a column as numbers, NaN where empty, and which cells are neither."""
        column = self.columns[name]
        if pd.api.types.is_bool_dtype(column.dtype):
            return np.full(len(column), np.nan), np.ones(len(column), dtype=bool)
        if pd.api.types.is_numeric_dtype(column.dtype):
            return column.to_numpy(np.float64, na_value=np.nan), np.zeros(
                len(column), dtype=bool
            )
        codes, unique = pd.factorize(self.texts(name))
        numbers = np.array([_number(str(text)) for text in unique])
        null = np.array([str(text).lower() in NULLS for text in unique], dtype=bool)
        return numbers[codes], (np.isnan(numbers) & ~null)[codes]

    def values(self, name: str) -> NDArray[np.object_]:
        """Return a column as values of one type; empty cells are ``None``.

        Text becomes whole numbers, numbers or truth values if all cells of the column
        are such; numbers with leading zeros are text.
        """
        column = self.columns[name]
        if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(
            column.dtype
        ):
            found = column.astype(object).where(column.notna(), None)
            plain = [_plain(value) for value in found]
            return _objects(plain)
        codes, texts = pd.factorize(self.texts(name))
        unique = _objects([*_typed([str(text) for text in texts])])
        return unique[codes]


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    """Return an array of Python objects; numpy must not guess a type."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _number_texts(column: "pd.Series[str]") -> NDArray[np.object_]:
    """Return numbers as text, whole ones without a point, absent ones as ``""``."""
    codes, values = pd.factorize(column)
    texts = [
        str(int(value)) if float(value).is_integer() else str(value) for value in values
    ]
    return np.array([*texts, ""], dtype=object)[codes]


def _plain(value: object) -> Scalar:
    """Return a cell of a typed column as a value JSON can hold."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return str(value)


def _typed(texts: Sequence[str]) -> list[Scalar]:
    """Return texts as numbers or truth values if all are such, else as they are."""
    filled = [text for text in texts if text.lower() not in NULLS]
    lower = {text.lower() for text in filled}
    convert: dict[str, Scalar] = {text: text for text in filled}
    if lower and lower <= {"true", "false"}:
        convert = {text: text.lower() == "true" for text in filled}
    elif filled and all(map(_is_whole, filled)):
        convert = {text: int(text) for text in filled}
    elif filled and all(map(_is_number, filled)):
        convert = {text: float(text) for text in filled}
    return [convert.get(text) for text in texts]


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _DIGITS:
        return False
    return digits == "0" or not digits.startswith("0")


def _is_number(text: str) -> bool:
    """Say whether text is a finite decimal number that is not an identifier.

    Identifiers have leading zeros, or more digits than a number can keep.
    """
    digits = text.removeprefix("-")
    identifier = digits[:1] == "0" and digits[1:2].isdigit()
    identifier |= digits.isdigit() and len(digits) > _DIGITS
    return not identifier and bool(np.isfinite(_number(text)))


def _number(text: str) -> float:
    """Return a decimal number, NaN where text is none (``1_000`` is none)."""
    if "_" in text or not text.isascii():
        return np.nan
    try:
        return float(text)
    except ValueError:
        return np.nan
