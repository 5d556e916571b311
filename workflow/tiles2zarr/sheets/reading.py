"""Sheets out of CSV, TSV and Parquet files."""

import codecs
import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TypeAlias

import numpy as np
import pandas as pd

from tiles2zarr.errors import TableError
from tiles2zarr.filesystems import explain_remote, read_object, remote_errors
from tiles2zarr.sheets.sheet import Sheet

Column: TypeAlias = "pd.Series[str]"
_DELIMITERS = (",", ";", "\t")
_LONGEST_HEADER = 100_000
"""Characters in which the delimiter is looked for."""


def read_sheet(path: str, what: str, storage: Mapping[str, object] | None) -> Sheet:
    """Read a table from a local file or URL.

    The delimiter of a CSV is found from its header (comma, semicolon, tab).

    Args:
        path: The table; ``.parquet`` is Parquet, ``.tsv`` has tabs, all else is CSV.
        what: What it is, e.g. ``"tile table"``, for messages.
        storage: Options for the URL's file system.

    Raises:
        TableError: It cannot be read, or has no header, no rows, or a column twice.
    """
    title = f"{what} {path}"
    content = _read_bytes(path, title, storage or {})
    if PurePosixPath(path).suffix.lower() in (".parquet", ".pq"):
        names, cells = _read_parquet(content, title)
    else:
        names, cells = _read_text(content, title, path)
    faults = [
        f"column {name!r} stands {names.count(name)} times in the header. Keep one."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if "" in names:
        faults.append(
            f"column {names.index('') + 1} has no name in the header. Name it, or "
            "delete it."
        )
    if len(cells) == 0 or len(cells[0]) == 0:
        faults.append("it has a header but no rows. Add one row per tile or well.")
    if faults:
        raise TableError(title, faults)
    rows = cells[0].index.to_numpy(dtype=np.int64)
    return Sheet(title, dict(zip(names, cells, strict=True)), rows)


def _read_bytes(path: str, title: str, storage: Mapping[str, object]) -> bytes:
    """Return a file's bytes."""
    try:
        if "://" in path and not path.startswith("file://"):
            content = read_object(path, storage)
        else:
            content = Path(path.removeprefix("file://")).read_bytes()
    except FileNotFoundError as error:
        raise TableError(
            title, ["there is no such file. Correct the path in the config."]
        ) from error
    except IsADirectoryError as error:
        raise TableError(
            title, ["it is a folder. Give the path of the table in it."]
        ) from error
    except remote_errors(ValueError, ImportError) as error:
        why = explain_remote(error) if "://" in path else error
        raise TableError(
            title, [f"it cannot be read: {why}. Check path and access rights."]
        ) from error
    if not content.strip():
        raise TableError(title, ["it is empty. Give a table with a header and rows."])
    return content


def _read_parquet(content: bytes, title: str) -> tuple[list[str], list[Column]]:
    """Return names and columns of a Parquet file, in their own types."""
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError, ImportError) as error:
        raise TableError(
            title, [f"it is no intact Parquet file ({error}). Save it again."]
        ) from error
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    frame = frame.dropna(how="all")
    names = [str(name).strip() for name in frame.columns]
    return names, [frame.iloc[:, number] for number in range(len(names))]


def _read_text(content: bytes, title: str, path: str) -> tuple[list[str], list[Column]]:
    """Return names and columns of a CSV or TSV file, all cells as text."""
    text = _decode(content, title).lstrip("\r\n")
    tabs = PurePosixPath(path).suffix.lower() == ".tsv"
    try:
        cells = pd.read_csv(
            io.StringIO(text),
            sep="\t" if tabs else _delimiter(text),
            header=None,
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise TableError(
            title,
            [
                f"{reason} (the header is line 1). Give every row as many cells as the "
                "header, and quote texts that hold the delimiter."
            ],
        ) from error
    index = pd.RangeIndex(1, len(cells))
    # column by column: pandas would copy the whole table for any other operation
    columns = [
        pd.Series(cells[number].to_numpy()[1:], index, dtype=object) for number in cells
    ]
    names = [str(name).strip() for name in cells.iloc[0]]
    return _without_blanks(names, columns)


def _without_blanks(
    names: list[str], columns: list[Column]
) -> tuple[list[str], list[Column]]:
    """Leave out rows without content, and columns without name and content.

    Spreadsheets leave both at the end of a table.
    """
    filled = np.zeros(len(columns[0]), dtype=bool)
    kept = []
    for name, column in zip(names, columns, strict=True):
        if name == "" or not filled.all():  # mostly, the first column is full
            cells = ((column != "") & column.notna()).to_numpy()
            filled |= cells
            if name == "" and not cells.any():
                continue
        kept.append((name, column))
    return [name for name, _ in kept], [
        column if filled.all() else column[filled] for _, column in kept
    ]


def _decode(content: bytes, title: str) -> str:
    """Return UTF-8 text, with or without a byte order mark."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TableError(title, ["it is UTF-16 text. Save it as CSV UTF-8."])
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise TableError(
            title,
            [f"line {line} holds a zero byte: it is no text. Save it as CSV UTF-8."],
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TableError(
            title,
            [
                f"line {line} is not UTF-8 text (byte {content[error.start]:#04x}). "
                "Save it as CSV UTF-8."
            ],
        ) from error


def _delimiter(text: str) -> str:
    """Return the delimiter that parts the header into the most names."""
    # some programs end lines with \r alone; csv refuses fields longer than this
    header = re.split("[\r\n]", text[:_LONGEST_HEADER], maxsplit=1)[0]
    counts = {
        delimiter: len(next(csv.reader([header], delimiter=delimiter), []))
        for delimiter in _DELIMITERS
    }
    return max(_DELIMITERS, key=lambda delimiter: counts[delimiter])
