"""The table of images of an HCS.ai experiment: the ``.csv`` file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError, TableError
from tiles2zarr.models.well import column_index, parse_well, row_index
from tiles2zarr.sheets import Sheet, read_sheet

LIMIT = 1e9
"""Largest position, micrometer."""
TIME_LIMIT = 1e13
"""Largest time: leaves room for milliseconds since 1970."""
_NAMES: Mapping[str, Sequence[str]] = {
    "file": ("imagefilename", "filename", "imagefile", "file", "imagepath", "filepath"),
    "folder": ("imagesubfolderpath", "subfolderpath", "subfolder", "folder"),
    "well": ("well", "wellname"),
    "row": ("row", "wellrow"),
    "column": ("column", "col", "wellcolumn"),
    "site": ("field", "fieldindex", "site"),
    "wave": ("wavelength", "wavelengthindex", "channel"),
    "time_point": ("timepoint", "timepointindex", "time"),
    "step": ("zindex", "z", "zstep", "zslice"),
    "x": ("fieldoffsetpointx", "fieldoffsetx"),
    "y": ("fieldoffsetpointy", "fieldoffsety"),
    "x_um": ("positionxum", "positionx"),
    "y_um": ("positionyum", "positiony"),
    "z_um": ("positionzum", "positionz"),
    "time": ("timestampsec", "timestamp"),
    "exposure_ms": ("exposuretimems", "exposurems"),
    "width": ("imagesizexpx", "imagesizex"),
    "height": ("imagesizeypx", "imagesizey"),
    "filter": ("excitationemissionfilter", "emissionfilter"),
    "checksum": ("checksum",),
    "darkest": ("minintensity",),
    "brightest": ("maxintensity",),
    "mean": ("meanintensity",),
}
"""Columns by what they mean; names without case, blanks and signs."""
_REQUIRED = ("file", "site", "wave")
_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_MISSING = -1


@dataclass(frozen=True)
class _Columns:
    """The columns of a table by what they mean, with the faults they hold."""

    source: str
    sheet: Sheet
    names: Mapping[str, str]

    def fault(
        self, meaning: str, wrong: NDArray[np.bool_], expected: str
    ) -> ParserError:
        """Return an error that names the file, the column, the row and the cell."""
        place = int(wrong.argmax())
        name = self.names[meaning]
        return ParserError(
            f"{self.source}, row {self.sheet.rows[place]}, column {name}: it is "
            f"{self.sheet.texts(name)[place]!r}, expected {expected}. Copy or export "
            "the file again from the instrument."
        )

    def numbers(
        self, meaning: str, required: bool = False, limit: float = LIMIT
    ) -> NDArray[np.float64]:
        """Return a column of numbers, NaN where it is empty or absent."""
        if meaning not in self.names:
            return np.full(len(self.sheet.rows), np.nan)
        numbers, bad = self.sheet.numbers(self.names[meaning])
        wrong = bad | (np.abs(np.nan_to_num(numbers)) > limit) | np.isinf(numbers)
        if required:
            wrong |= np.isnan(numbers)
        if wrong.any():
            raise self.fault(meaning, wrong, "a number")
        return numbers

    def whole(self, meaning: str) -> NDArray[np.int64]:
        """Return a column of whole numbers, zeros where it is absent."""
        if meaning not in self.names:
            return np.zeros(len(self.sheet.rows), dtype=np.int64)
        numbers = self.numbers(meaning, required=True)
        wrong = (numbers != np.rint(numbers)) | (numbers < 0) | (numbers > 1e6)
        if wrong.any():
            raise self.fault(meaning, wrong, "a whole number from 0")
        return numbers.astype(np.int64)

    def texts(self, meaning: str) -> NDArray[np.object_]:
        """Return a column of texts, ``""`` where it is absent."""
        if meaning not in self.names:
            return np.full(len(self.sheet.rows), "", dtype=object)
        return self.sheet.texts(self.names[meaning])

    def wells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return rows and columns of the plate, from 0."""
        if {"row", "column"} <= set(self.names):
            return self._indices("row"), self._indices("column")
        codes, names = pd.factorize(self.texts("well"))
        wells = np.full((len(names), 2), _MISSING)
        for number, name in enumerate(names):
            try:
                wells[number] = parse_well(str(name))
            except ValueError as error:
                expected = f"a well ({error})"
                raise self.fault("well", codes == number, expected) from error
        rows, columns = wells[codes].T
        return rows, columns

    def _indices(self, meaning: str) -> NDArray[np.int64]:
        index = row_index if meaning == "row" else column_index
        codes, names = pd.factorize(self.texts(meaning))
        indices = np.full(len(names), _MISSING)
        for number, name in enumerate(names):
            try:
                indices[number] = index(str(name))
            except ValueError as error:
                expected = f"a {meaning} of a plate ({error})"
                raise self.fault(meaning, codes == number, expected) from error
        return indices[codes]


def read_images(path: str, storage: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Return the images of an experiment, one row each, in file order.

    Columns: ``row``, ``column`` (from 0), ``site``, ``wave``, ``time_point``, ``step``
    (as written), ``file`` (relative to the experiment), ``x``, ``y`` (micrometer: from
    the centre of the well, else of the stage), ``z_um``, ``time`` (second),
    ``exposure_s``, ``width``, ``height`` (pixel), NaN where not told, ``filter``,
    ``mark`` (what pixels are told apart by, ``""`` where nothing tells) and ``number``
    (of the row, from 1).

    Args:
        path: The ``.csv`` file or its URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: It cannot be read, or columns or cells are absent or wrong.
    """
    columns = _read_columns(path, storage)
    rows, numbers = columns.wells()
    x, y = ("x", "y") if {"x", "y"} <= set(columns.names) else ("x_um", "y_um")
    return pd.DataFrame(
        {
            "row": rows,
            "column": numbers,
            "site": columns.whole("site"),
            "wave": columns.whole("wave"),
            "time_point": columns.whole("time_point"),
            "step": columns.whole("step"),
            "file": _files(columns),
            "x": columns.numbers(x, required=True),
            "y": columns.numbers(y, required=True),
            "z_um": columns.numbers("z_um"),
            "time": columns.numbers("time", limit=TIME_LIMIT),
            "exposure_s": columns.numbers("exposure_ms") / 1000,
            "width": columns.numbers("width"),
            "height": columns.numbers("height"),
            "filter": columns.texts("filter"),
            "mark": _marks(columns),
            "number": columns.sheet.rows,
        }
    )


def _read_columns(path: str, storage: Mapping[str, object] | None) -> _Columns:
    try:
        sheet = read_sheet(path, "table of images", storage)
    except TableError as error:
        raise ParserError(
            f"{path}: {error.faults[0]} Copy it again from the instrument."
        ) from error
    return _Columns(path, sheet, _find_columns(path, list(sheet.columns)))


def _find_columns(path: str, present: Sequence[str]) -> dict[str, str]:
    """Return the columns' names by what they mean."""
    plain = {re.sub("[^a-z0-9]", "", name.casefold()): name for name in present}
    found = {
        meaning: next(plain[name] for name in names if name in plain)
        for meaning, names in _NAMES.items()
        if any(name in plain for name in names)
    }
    lacking = [_NAMES[meaning][0] for meaning in _REQUIRED if meaning not in found]
    if not {"row", "column"} <= set(found) and "well" not in found:
        lacking.append("row and column")
    if not ({"x", "y"} <= set(found) or {"x_um", "y_um"} <= set(found)):
        lacking.append("fieldoffsetpointx and fieldoffsetpointy")
    if lacking:
        raise ParserError(
            f"{path}, header: it has no column for {', '.join(lacking)}; present are "
            f"{', '.join(present)}. Copy or export the file again from the instrument."
        )
    return found


def _marks(columns: _Columns) -> NDArray[np.object_]:
    """Return checksums, else all intensities, as text; ``""`` where not told."""
    sums = columns.texts("checksum")
    parts = [columns.texts(name) for name in ("darkest", "brightest", "mean")]
    told = np.logical_and.reduce([part != "" for part in parts])
    joined = parts[0] + " " + parts[1] + " " + parts[2]
    marks: NDArray[np.object_] = np.where(sums != "", sums, np.where(told, joined, ""))
    return marks


def _files(columns: _Columns) -> list[str]:
    """Return the files relative to the experiment.

    Raises:
        ParserError: A cell is empty, or leads out of the experiment.
    """
    pairs = zip(columns.texts("folder"), columns.texts("file"), strict=True)
    files = []
    for folder, name in pairs:
        parts = f"{folder}/{name}".replace("\\", "/").split("/")
        files.append("/".join(part for part in parts if part not in ("", ".")))
    empty = columns.texts("file") == ""
    if empty.any():
        raise columns.fault("file", empty, "the name of a file")
    outside = np.array([_OUTSIDE.search(file) is not None for file in files])
    if outside.any():
        raise columns.fault("file", outside, "a file in the experiment's folder")
    return files
