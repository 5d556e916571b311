"""Columns of text in OME-XML as numbers, with the units of the schema.

Until 2015 OME-XML had no units: lengths were micrometer, times second, wavelengths
nanometer. For positions of the stage writers keep to no unit; ``reference frame`` says
that there is none.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.parsers.ome_xml_index import RawColumns
from tiles2zarr.parsers.xml import Element

LARGEST = 5_000_000
"""Most channels, planes or time points, and most planes of one image."""
_DIGITS = 15
_FARTHEST = 1e15
"""Beyond any position and time, against numbers that overflow in another unit."""
MICROMETER: Mapping[str, float] = {
    "pm": 1e-6,
    "Å": 1e-4,
    "nm": 1e-3,
    "µm": 1.0,
    "μm": 1.0,
    "\\u00B5m": 1.0,
    "um": 1.0,
    "micron": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "dm": 1e5,
    "m": 1e6,
    "in": 25_400.0,
    "thou": 25.4,
}
"""Unit of length to micrometer; some writers leave the micro sign escaped."""
NANOMETER: Mapping[str, float] = {
    unit: factor * 1e3 for unit, factor in MICROMETER.items()
}
SECOND: Mapping[str, float] = {
    "ns": 1e-9,
    "µs": 1e-6,
    "μs": 1e-6,
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
}
"""Unit of time to second."""
FREE = ("", "reference frame")
"""Units of a position that say nothing."""
PIXEL = "pixel"


def read_integers(
    columns: RawColumns, name: str, default: int | None, smallest: int = 0
) -> NDArray[np.int64]:
    """Return an attribute as whole numbers, ``default`` where it is not given.

    Args:
        columns: The elements.
        name: The attribute.
        default: ``None``: it is required.
        smallest: Smallest value.

    Raises:
        ParserError: A value is absent, no whole number or out of range.
    """
    numbers = np.empty(len(columns), dtype=np.int64)
    known: dict[str, int] = {}
    for row, text in enumerate(columns.texts[name]):
        number = known.get(text)
        if number is None:
            number = known[text] = _integer(columns, row, name, default, smallest)
        numbers[row] = number
    return numbers


def _integer(
    columns: RawColumns, row: int, name: str, default: int | None, smallest: int
) -> int:
    text = columns.texts[name][row].strip()
    if not text:
        if default is None:
            raise columns.fault(row, f"attribute {name} is not given")
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS:
        raise columns.fault(row, f"{name} is {text!r}, not a whole number from 0")
    if not smallest <= int(text) <= LARGEST:
        raise columns.fault(row, f"{name} is {text}, expected {smallest} to {LARGEST}")
    return int(text)


def read_numbers(
    columns: RawColumns, name: str, units: Mapping[str, float], default: str
) -> NDArray[np.float64]:
    """Return an attribute as numbers in one unit, NaN where it is not given.

    Args:
        columns: The elements.
        name: The attribute; its unit stands in ``<name>Unit``.
        units: Unit to factor.
        default: Unit where none is given.

    Raises:
        ParserError: A value is no finite number, or its unit is unknown.
    """
    values = _raw_numbers(columns, name)
    factors: dict[str, float] = {}
    for row, unit in enumerate(columns.texts[f"{name}Unit"]):
        if unit not in factors:
            known = units.get(unit.strip() or default)
            if known is None:
                raise columns.fault(row, _unit_message(name, unit, units))
            factors[unit] = known
    if len(factors) < 2:
        factor = np.array(next(iter(factors.values()), 1.0))
    else:
        factor = np.array([factors[unit] for unit in columns.texts[f"{name}Unit"]])
    scaled: NDArray[np.float64] = values * factor
    return scaled


def _raw_numbers(columns: RawColumns, name: str) -> NDArray[np.float64]:
    """Return an attribute as numbers as written, NaN where it is not given.

    Raises:
        ParserError: A value is no finite number.
    """
    known = {"": nan}
    numbers = np.empty(len(columns))
    for row, text in enumerate(columns.texts[name]):
        number = known.get(text)
        if number is None:
            number = known[text] = _number(columns, row, name)
        numbers[row] = number
    return numbers


def _number(columns: RawColumns, row: int, name: str) -> float:
    text = columns.texts[name][row].strip()
    try:
        number = float(text) if text else nan
    except ValueError as error:
        raise columns.fault(row, f"{name} is {text!r}, not a number") from error
    if text and (not isfinite(number) or abs(number) > _FARTHEST or "_" in text):
        raise columns.fault(row, f"{name} is {text!r}, not a finite number")
    return number


def _unit_message(name: str, unit: str, units: Mapping[str, float]) -> str:
    return f"{name}Unit is {unit!r}, known are {', '.join(units)}"


def read_length(
    element: Element, name: str, units: Mapping[str, float], default: str
) -> float | None:
    """Return one attribute in the unit of ``units``, nothing where it is not given.

    A size in pixels or in the reference frame is not given.

    Raises:
        ParserError: It is no finite number, or its unit is unknown.
    """
    if element.get(name) is None:
        return None
    unit = element.get(f"{name}Unit") or default
    if unit.lower() in (FREE[1], PIXEL):
        return None
    if unit not in units:
        raise element.fault(_unit_message(name, unit, units))
    return element.number(name) * units[unit]


def read_time(element: Element, *names: str) -> float | None:
    """Return the first of the times that is given, as seconds of the epoch.

    No time zone is taken as UTC.

    Raises:
        ParserError: It is not an ISO 8601 time.
    """
    for name in names:
        text = element.get(name)
        if text is None:
            continue
        try:
            time = datetime.fromisoformat(text)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError) as error:
            raise element.fault(f"{name} is {text!r}, not a time") from error
    return None
