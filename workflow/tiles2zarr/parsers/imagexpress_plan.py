"""The plan of a MetaXpress plate: the ``.HTD`` file.

One setting per line, ``"Name", value, value ...``, in latin-1 unless a byte order mark
says otherwise; other programs leave quotation marks out or add them. It tells what was
to be acquired, not what is on disk.
"""

import codecs
import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS
from tiles2zarr.parsers.xml import open_binary

_LINE = re.compile(r'\s*("?)([A-Za-z]+[0-9]*)\1\s*(?:,(.*))?')
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST = 100_000
"""Largest number a plan holds (sites, time points, planes)."""
_MOST_BYTES = 10_000_000
Lines = Mapping[str, tuple[int, str]]
"""Line number and text after the name, by name."""


@dataclass(frozen=True)
class Plan:
    """What a plate's acquisition was to be.

    Args:
        source: The ``.HTD`` file.
        description: Description, if any.
        rows: Rows of the plate.
        columns: Columns of the plate.
        wells: Selected wells, (row, column) from 0.
        grid: Rows and columns of the grid of sites.
        selected: Numbers of the selected sites in that grid, row by row, from 1.
        waves: Names of the wavelengths, in the order of their numbers.
        steps: Planes of a stack, 1 without.
        times: Time points.
    """

    source: str
    description: str | None
    rows: int
    columns: int
    wells: frozenset[tuple[int, int]]
    grid: tuple[int, int]
    selected: tuple[int, ...]
    waves: tuple[str | None, ...]
    steps: int
    times: int


def read_plan(path: str, storage: Mapping[str, object] | None = None) -> Plan:
    """Return the plan of a plate.

    Args:
        path: The ``.HTD`` file or its URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: The file cannot be read, is of an unknown version or cut short, or
            a setting is absent or wrong; names the file, the line and the setting.
    """
    settings = _Settings(path, _read_lines(path, storage))
    rows = settings.number("YWells", None, MAX_ROWS)
    columns = settings.number("XWells", None, MAX_COLUMNS)
    sites = settings.flag("Sites", default=False)
    grid = (
        (settings.number("YSites", 1), settings.number("XSites", 1))
        if sites
        else (1, 1)
    )
    if grid[0] * grid[1] > _MOST:
        raise settings.fault("XSites", f"it makes {grid[0]} x {grid[1]} sites per well")
    # a plan of one site may select none: there is no choice
    every = tuple(range(1, grid[0] * grid[1] + 1))
    selects = sites and settings.values("SiteSelection1")
    chosen = _selection(settings, "SiteSelection", *grid) if selects else every
    wells = _selection(settings, "WellsSelection", rows, columns)
    waves = settings.number("NWavelengths", 1, 1000)
    return Plan(
        source=path,
        description=settings.text("Description"),
        rows=rows,
        columns=columns,
        wells=frozenset(divmod(number - 1, columns) for number in wells),
        grid=grid,
        selected=chosen,
        waves=tuple(settings.text(f"WaveName{n}") for n in range(1, waves + 1)),
        steps=settings.number("ZSteps", 1) if settings.flag("ZSeries", False) else 1,
        times=settings.number("TimePoints", 1),
    )


class _Settings:
    """The settings of a plan, converted on demand."""

    def __init__(self, source: str, lines: Lines) -> None:
        """Keep the lines of ``source``."""
        self._source = source
        self._lines = lines

    def fault(self, name: str, message: str) -> ParserError:
        """Return an error that names the file, the line and the setting."""
        line = f", line {self._lines[name][0]}" if name in self._lines else ""
        return ParserError(
            f"{self._source}{line}, {name}: {message}. Copy the file again from the "
            "instrument; the folders TimePoint_ and ZStep_ may hold copies of it."
        )

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a setting, none if it is absent."""
        if name not in self._lines:
            return ()
        try:
            row = next(csv.reader([self._lines[name][1]], skipinitialspace=True), [])
        except csv.Error as error:
            raise self.fault(name, f"its values cannot be read ({error})") from error
        values = [value.strip() for value in row]
        return tuple(values[:-1] if values and not values[-1] else values)

    def text(self, name: str) -> str | None:
        """Return a text without control characters, or nothing."""
        text = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", ", ".join(self.values(name)))
        return text.strip() or None

    def number(self, name: str, default: int | None, most: int = _MOST) -> int:
        """Return a whole number from 1, or the default where there is none."""
        values = self.values(name)
        if not values and default is not None:
            return default
        text = values[0] if values else ""
        if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= most:
            found = f"it is {text!r}" if values else "it is not given"
            raise self.fault(name, f"{found}, expected a whole number of 1..{most}")
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        """Return a truth value, or the default where there is none."""
        values = self.values(name)
        return self.flags(name, 1)[0] if values else default

    def flags(self, name: str, count: int) -> tuple[bool, ...]:
        """Return ``count`` truth values."""
        values = [value.upper() for value in self.values(name)]
        if len(values) != count or not set(values) <= {"TRUE", "FALSE"}:
            raise self.fault(
                name,
                f"it has {len(values)} values ({', '.join(values[:3])} ...), expected "
                f"{count} of TRUE or FALSE",
            )
        return tuple(value == "TRUE" for value in values)


def _selection(
    settings: _Settings, name: str, rows: int, columns: int
) -> tuple[int, ...]:
    """Return the numbers of the selected places, row by row, from 1."""
    chosen = [
        selected
        for row in range(1, rows + 1)
        for selected in settings.flags(f"{name}{row}", columns)
    ]
    return tuple(number for number, yes in enumerate(chosen, start=1) if yes)


def _read_lines(path: str, storage: Mapping[str, object] | None) -> Lines:
    """Return the lines by name; the first line of a name counts."""
    try:
        with open_binary(path, storage) as file:
            text = _decode(file.read(_MOST_BYTES))
    except (OSError, ValueError, ImportError) as error:
        raise ParserError(
            f"{path} cannot be read: {error}. Check that it is there and readable."
        ) from error
    lines: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        match = _LINE.fullmatch(line)
        if match:
            lines.setdefault(match[2], (number, match[3] or ""))
    version = lines.get("HTSInfoFile", (0, ""))[1].strip(' ",')
    if not re.fullmatch(r"Version 1(\.[0-9]+)?", version):
        raise ParserError(
            f"{path}, HTSInfoFile: found {version or 'nothing'!r}, expected Version "
            "1.0. Give the .HTD file that MetaXpress wrote, or describe the file names "
            "with format: pattern."
        )
    if "EndFile" not in lines:
        raise ParserError(
            f"{path}, EndFile: the file ends before this line, so it is cut short. "
            "Copy it again from the instrument; the folders TimePoint_ and ZStep_ may "
            "hold copies of it."
        )
    return lines


def _decode(content: bytes) -> str:
    names = (name for mark, name in _BOMS if content.startswith(mark))
    return content.decode(next(names, "latin-1"))
