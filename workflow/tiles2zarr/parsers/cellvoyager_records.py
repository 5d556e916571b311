"""The records of a CellVoyager index (``MeasurementData.mlf``) as columns.

Written by Yokogawa CV7000, CV8000, CQ1 and CQ3K alike. A record is one plane
(``IMG``) or one failure (``ERR``); an ``ERR`` record may lack everything: a failed
autofocus has no field, channel or plane, a failed plate no well.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS
from tiles2zarr.parsers.cellvoyager_index import RECORD, Names, Record, iter_records

UNKNOWN = -1
"""Stands for a number that an error record does not give."""
BLOCK = 500
"""Records converted at a time: bounds the strings held, and lets the garbage collector
drop them young."""
LIMIT = 1e12
"""Largest position (micrometer) and time (second), against slipped digits."""
IMAGE, ERROR = "IMG", "ERR"
"""The types of records that are known."""

_INTEGERS: Mapping[str, tuple[str, int, int]] = {
    "Row": ("row", 1, MAX_ROWS),
    "Column": ("column", 1, MAX_COLUMNS),
    "FieldIndex": ("field", 0, 1_000_000),
    "TimePoint": ("time_point", 0, 1_000_000),
    "TimelineIndex": ("timeline", 0, 10_000),
    "ActionIndex": ("action", 0, 10_000),
    "ZIndex": ("z_index", 0, 1_000_000),
    "Ch": ("ch", 0, 10_000),
}
"""Attribute to its column, smallest and largest value."""
_FLOATS: Mapping[str, str] = {"X": "x_um", "Y": "y_um", "Z": "z_um"}
_REQUIRED: Mapping[str, Sequence[str]] = {
    IMAGE: ("Row", "Column", "FieldIndex", "TimePoint", "ZIndex", "Ch", "X", "Y"),
}
_SECONDS = len("2024-05-31T09:30:00")
_ZONE = "+02:00"
_LOCAL = re.compile(
    r"(?:[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]+)?\n)*"
)
"""Times without their zone, one a line."""
_ASSUMED: Mapping[str, int] = {"TimelineIndex": 1, "ActionIndex": 1}
"""What a plane has that does not tell: no choice, so the first."""


def read_records(
    path: str, storage: Mapping[str, object] | None = None
) -> pd.DataFrame:
    """Return the records of an index, one row each, in file order.

    Columns: ``number`` (of the record, from 1), ``type`` (as written), ``image`` (bool:
    a plane), ``row`` and ``column`` (from 0), ``field``, ``time_point``, ``timeline``,
    ``action``, ``z_index``, ``ch`` (as written; ``UNKNOWN`` where an error record does
    not tell, and of records of unknown types), ``x_um``, ``y_um``, ``z_um``
    (micrometer, as written, NaN where not given), ``time`` (second of the
    epoch or NaN), ``projection`` (name of the z processing or ``""``) and ``text``
    (file name, or the error's message).

    Args:
        path: The ``.mlf`` file or its URL.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file is damaged or of another kind, or a record lacks an
            attribute or has an impossible value.
    """
    groups = _groups(path, iter_records(path, storage))
    parts = [_typed_columns(group) for group in groups]
    if not parts:
        raise ParserError(
            f"{path} holds no {RECORD}. The measurement was stopped before its first "
            "image, or the file is incomplete; copy it again from the instrument."
        )
    records = pd.DataFrame(
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    )
    places = records[["row", "column"]]
    records = records.assign(**(places - 1).where(places != UNKNOWN, UNKNOWN))
    return records.sort_values("number", ignore_index=True)


def parse_time(text: str) -> float:
    """Return an ISO 8601 time as seconds of the epoch; no time zone is taken as UTC.

    Raises:
        ValueError: Not such a time.
    """
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except OverflowError as error:
        raise ValueError(f"{text!r} is out of range") from error


def _groups(path: str, records: Iterator[Record]) -> Iterator["_Group"]:
    """Return records grouped by type and attributes, ``BLOCK`` at a time."""
    while block := list(islice(records, BLOCK)):
        alike: dict[Names, list[Record]] = {}
        for record in block:
            alike.setdefault(record.names, []).append(record)
        for names, members in alike.items():
            place = names.index("Type") if "Type" in names else None
            kinds: dict[str, list[Record]] = {}
            for record in members:
                kind = "" if place is None else record.values[place]
                kinds.setdefault(kind, []).append(record)
            for kind, same in kinds.items():
                yield _Group(path, kind, same)


class _Group:
    """Records of one type with the same attributes, as columns of text."""

    def __init__(self, path: str, kind: str, records: Sequence[Record]) -> None:
        """Turn the records into columns.

        Raises:
            ParserError: A required attribute is not there.
        """
        self.path = path
        self.kind = kind
        numbers, self.lines, self.texts, names, values = zip(*records, strict=True)
        self.numbers: tuple[int, ...] = numbers
        self.columns: dict[str, tuple[str, ...]] = dict(
            zip(names[0], zip(*values, strict=True), strict=True)
        )
        if self.kind not in (IMAGE, ERROR):
            self.columns = {}  # what it would tell is not known
        for name in _REQUIRED.get(self.kind, ()):
            if name not in self.columns:
                raise self.fault(0, f"attribute {name} is not given")

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.numbers)

    def fault(self, row: int, message: str) -> ParserError:
        """Return an error that names the record in this row."""
        return ParserError(
            f"{self.path}, line {self.lines[row]}, element {RECORD} "
            f"{self.numbers[row]}: {message}. Copy the file again from the instrument."
        )

    def check(self, name: str, valid: Callable[[str], bool], expected: str) -> None:
        """Check every value of an attribute.

        Raises:
            ParserError: A value is not valid; names the first.
        """
        for row, value in enumerate(self.columns[name]):
            if not valid(value):
                raise self.fault(row, f"{name} is {value!r}, expected {expected}")

    def optional(self, name: str) -> bool:
        """Say whether records of this type may leave the attribute blank."""
        return name not in _REQUIRED.get(self.kind, ())


def _typed_columns(group: _Group) -> dict[str, npt.NDArray[np.generic]]:
    """Return a group as typed columns; rows and columns of the plate count from 1.

    Raises:
        ParserError: A value does not convert, or an image has no file name.
    """
    image = group.kind == IMAGE
    if image and "" in group.texts:
        raise group.fault(group.texts.index(""), "it names no file")
    columns: dict[str, npt.NDArray[np.generic]] = {
        "number": np.array(group.numbers, dtype=np.int64),
        "type": np.full(len(group), group.kind, dtype=object),
        "image": np.full(len(group), image),
    }
    for name, (column, *_) in _INTEGERS.items():
        columns[column] = _integers(group, name)
    for name, column in _FLOATS.items():
        columns[column] = _numbers(group, name, float, f"a number up to {LIMIT:.0e}")
    columns["time"] = _times(group)
    unprocessed = ("",) * len(group)
    projections = group.columns.get("ZImageProcessing", unprocessed)
    columns["projection"] = np.array(projections, dtype=object)
    columns["text"] = np.array(group.texts, dtype=object)
    return columns


def _integers(group: _Group, name: str) -> npt.NDArray[np.int64]:
    """Return an attribute as whole numbers, ``UNKNOWN`` or assumed where not given.

    Raises:
        ParserError: A value is no whole number, or out of range.
    """
    _, smallest, largest = _INTEGERS[name]
    absent = _ASSUMED.get(name, UNKNOWN) if group.kind == IMAGE else UNKNOWN
    if name not in group.columns:
        return np.full(len(group), absent, dtype=np.int64)
    blank = group.optional(name)

    def valid(value: str) -> bool:
        if not value.strip():
            return blank
        whole = re.fullmatch(r"\s*\+?[0-9]{1,9}\s*", value, re.ASCII)
        return whole is not None and smallest <= int(value) <= largest

    values = group.columns[name]
    try:
        column = np.array(list(map(int, values)), dtype=np.int64)
        plain = smallest <= column.min() and column.max() <= largest
    except (ValueError, OverflowError):
        plain = False
    if plain and "_" not in "".join(values):
        return column
    group.check(name, valid, f"a whole number of {smallest}..{largest}")
    return np.array([int(v) if v.strip() else absent for v in values], dtype=np.int64)


def _times(group: _Group) -> npt.NDArray[np.float64]:
    """Return the times as seconds of the epoch, NaN where not given.

    Times of one zone are read at once, five times as fast as one by one.

    Raises:
        ParserError: A value is not a time.
    """
    values = group.columns.get("Time", ())
    zones = {value[_SECONDS:] and value[-len(_ZONE) :] for value in values}
    zone = re.fullmatch(r"([+-])([0-9]{2}):([0-9]{2})", zones.pop() if zones else "")
    local = [value[: -len(_ZONE)] for value in values]
    # what numpy does not understand it takes for a zone, with no more than a warning
    plain = _LOCAL.fullmatch("".join(f"{value}\n" for value in local))
    if zone is not None and not zones and plain is not None:
        offset = int(f"{zone[1]}1") * 60 * (60 * int(zone[2]) + int(zone[3]))
        try:
            stamps = np.array(local, dtype="datetime64[us]").astype(np.int64)
        except ValueError:
            pass  # one by one below, which finds the record
        else:
            return stamps / 1e6 - offset
    return _numbers(group, "Time", parse_time, "a time like 2024-05-31T09:30:00+02:00")


def _numbers(
    group: _Group, name: str, convert: Callable[[str], float], expected: str
) -> npt.NDArray[np.float64]:
    """Return an attribute as numbers, NaN where it is not given.

    Raises:
        ParserError: A value does not convert.
    """
    if name not in group.columns:
        return np.full(len(group), nan)
    values = group.columns[name]
    blank = group.optional(name)

    def valid(value: str) -> bool:
        if not value.strip():
            return blank
        try:
            return abs(convert(value)) <= LIMIT and "_" not in value
        except ValueError:
            return False

    try:
        column = np.array(list(map(convert, values)), dtype=np.float64)
        plain = bool((np.abs(column) <= LIMIT).all())
    except ValueError:
        plain = False
    if plain and "_" not in "".join(values):
        return column
    group.check(name, valid, expected)
    return np.array([convert(v) if v.strip() else nan for v in values])
