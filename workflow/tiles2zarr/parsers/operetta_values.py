"""Numbers of a Harmony index, with their units, column by column."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite, nan
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.operetta_index import RawImage
from tiles2zarr.parsers.xml import Element

T = TypeVar("T")
UNKNOWN = -1
"""Stands for a whole number that a failed plane does not give."""
MAX_CHANNEL = 10_000
MAX_PIXELS = 1_000_000
LIMIT = 1e12
"""Largest number (micrometer: a thousand kilometres), against damaged digits."""
_MICROMETER: Mapping[str, float] = {
    "m": 1e6,
    "cm": 1e4,
    "mm": 1e3,
    "um": 1.0,
    "\u00b5m": 1.0,
    "\u03bcm": 1.0,
    "nm": 1e-3,
    "pm": 1e-6,
}
_SECOND: Mapping[str, float] = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3}
_NANOMETER = {unit: factor * 1e3 for unit, factor in _MICROMETER.items()}
_NONE: Mapping[str, float] = {"": 1.0}
QUANTITIES: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "ImageResolutionX": ("m", _MICROMETER),
    "ImageResolutionY": ("m", _MICROMETER),
    "PositionX": ("m", _MICROMETER),
    "PositionY": ("m", _MICROMETER),
    "PositionZ": ("m", _MICROMETER),
    "AbsPositionZ": ("m", _MICROMETER),
    "MeasurementTimeOffset": ("s", _SECOND),
    "ExposureTime": ("s", _SECOND),
    "MainExcitationWavelength": ("nm", _NANOMETER),
    "MainEmissionWavelength": ("nm", _NANOMETER),
    "MaxIntensity": ("", _NONE),
}
"""Element to the unit it has where none is given, and the factor of each unit."""
DIGITS = 6
"""Decimals kept of a position: a picometer; beyond is noise of the factor."""


def convert_number(name: str, text: str, unit: str) -> float:
    """Return a number in micrometer, second or nanometer; NaN for blank text.

    Args:
        name: Element, one of ``QUANTITIES``.
        text: Its text.
        unit: Its unit as written, ``""`` where not given.

    Raises:
        ValueError: It is no number, too large, or its unit is unknown; the message
            reads on after the name.
    """
    if not text:
        return nan
    usual, factors = QUANTITIES[name]
    factor = factors.get(unit or usual)
    if factor is None:
        known = ", ".join(factors)
        raise ValueError(f"has the unit {unit!r}, known are {known}")
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"is {text!r}, not a number") from error
    if not isfinite(number) or "_" in text or abs(number) * factor > LIMIT:
        raise ValueError(f"is {text!r}, not a number of sensible size")
    return number * factor


def convert_whole(text: str, lowest: int, highest: int) -> int:
    """Return a whole number.

    Raises:
        ValueError: It is none or out of range; the message reads on after the name.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text, re.ASCII):
        raise ValueError(f"is {text!r}, not a whole number")
    if not lowest <= int(text) <= highest:
        raise ValueError(f"is {text}, expected {lowest} to {highest}")
    return int(text)


def read_number(element: Element, name: str) -> float:
    """Return a quantity of a map entry, NaN where it is not given.

    Raises:
        ParserError: It is no number, or has an unknown unit.
    """
    child = element.find(name)
    if child is None:
        return nan
    try:
        return convert_number(name, child.text, child.attributes.get("Unit", ""))
    except ValueError as error:
        raise child.fault(str(error)) from error


def read_whole(element: Element, name: str, lowest: int, highest: int) -> int:
    """Return a whole number of an element, ``UNKNOWN`` where it is not given.

    Raises:
        ParserError: It is none, or out of range.
    """
    text = element.get(name)
    if text is None:
        return UNKNOWN
    try:
        return convert_whole(text, lowest, highest)
    except ValueError as error:
        raise element.fault(f"{name} {error}") from error


class Block:
    """Some images of an index, to be read column by column."""

    def __init__(self, source: str, images: Sequence[RawImage]) -> None:
        """Take images of one file, at least one."""
        self.source = source
        self.images = images
        states = self.texts("State")
        self.ok = np.array([s.casefold() in ("ok", "") for s in states], dtype=bool)

    def texts(self, name: str) -> list[str]:
        """Return an element's texts, ``""`` where it is not there."""
        return [image.texts.get(name, "") for image in self.images]

    def fault(self, row: int, message: str) -> ParserError:
        """Return an error that names the image in this row."""
        return self.images[row].fault(self.source, message)

    def whole(
        self, name: str, lowest: int, highest: int, required: bool = True
    ) -> npt.NDArray[np.int64]:
        """Return whole numbers, ``UNKNOWN`` where not given.

        Raises:
            ParserError: One is none, is out of range, or is not given and required;
                of a failed plane nothing is required.
        """
        texts = self.texts(name)

        def convert(text: str) -> int:
            return convert_whole(text, lowest, highest) if text else UNKNOWN

        if all(map(str.isdigit, texts)):
            try:
                column = np.array(list(map(int, texts)), dtype=np.int64)
            except (ValueError, OverflowError):
                pass  # one by one below, which finds the image
            else:
                if lowest <= column.min() and column.max() <= highest:
                    return column
        values = self._one_by_one(name, texts, convert)
        self._require(name, texts, required)
        return np.array(values, dtype=np.int64)

    def numbers(self, name: str, required: bool = False) -> npt.NDArray[np.float64]:
        """Return a quantity, NaN where not given.

        Raises:
            ParserError: As for ``whole``; also where a unit is unknown.
        """
        texts = self.texts(name)
        units = [image.units.get(name, "") for image in self.images]
        self._require(name, texts, required)
        usual, factors = QUANTITIES[name]
        factor = factors.get(units[0] or usual)
        if factor is not None and len(set(units)) == 1 and "" not in texts:
            try:
                column = np.array(list(map(float, texts)), dtype=np.float64) * factor
            except ValueError:
                pass  # one by one below, which finds the image
            else:
                if (np.abs(column) <= LIMIT).all() and "_" not in "".join(texts):
                    return column
        pairs = zip(texts, units, strict=True)
        values = self._one_by_one(name, pairs, lambda p: convert_number(name, *p))
        return np.array(values, dtype=np.float64)

    def _one_by_one(
        self, name: str, items: Iterable[T], convert: Callable[[T], float]
    ) -> list[float]:
        values = []
        for row, item in enumerate(items):
            try:
                values.append(convert(item))
            except ValueError as error:
                raise self.fault(row, f"{name} {error}") from error
        return values

    def _require(self, name: str, texts: Sequence[str], required: bool) -> None:
        if required and "" in texts:
            for row, text in enumerate(texts):
                if not text and self.ok[row]:
                    raise self.fault(row, f"{name} is not given")
