"""Files with several pages: each page becomes a tile of its own."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.pattern_header import FileHeader
from tiles2zarr.parsers.pattern_ome import Order
from tiles2zarr.parsers.pattern_text import Pattern

_PARTS = {"c": "channel", "z": "z", "t": "t"}


def expand_pages(
    tiles: pd.DataFrame, headers: Mapping[int, FileHeader], pattern: Pattern
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return one row per page with its ``plane`` in the file, and findings.

    The pages run along the axes the tags tell; without such tags along z, or along t
    where the file names tell z.

    Args:
        tiles: One row per file with ``c``, ``z`` and ``t``.
        headers: Header of one file by channel ``c``; files of one channel are alike.
        pattern: The pattern, whose parts are no axes of the pages.

    Raises:
        ParserError: Pages run along an axis that is in the file names too.
    """
    if all(header.pages == 1 for header in headers.values()):
        return tiles.assign(plane=0), []
    parts, guessed = [], 0
    for c, header in headers.items():
        files = tiles[tiles["c"] == c]
        order = header.tags.order or ()
        if header.pages > 1 and not order:
            order = _guess(str(files["file"].iloc[0]), header, pattern)
            guessed += len(files)
        parts.append(_expand(files, header, _checked(files, order, pattern)))
    findings = [_finding(guessed, pattern)] if guessed else []
    return pd.concat(parts, ignore_index=True), findings


def _guess(file: str, header: FileHeader, pattern: Pattern) -> Order:
    """Return the axis of pages that no tag explains."""
    for axis in ("z", "t"):
        if axis not in pattern.names:
            return ((axis, header.pages),)
    raise ParserError(
        f"{file} holds {header.pages} pages, expected one: the pattern "
        f"{pattern.text!r} tells z and t of every file. Take {{z}} out where the pages "
        "are planes, {t} where they are time points."
    )


def _checked(files: pd.DataFrame, order: Order, pattern: Pattern) -> Order:
    """Return the axes longer than 1.

    Raises:
        ParserError: The file names tell one of them too.
    """
    order = tuple((axis, length) for axis, length in order if length > 1)
    for axis, length in order:
        if _PARTS[axis] in pattern.names:
            raise ParserError(
                f"{files['file'].iloc[0]} holds {length} pages along {axis}, and the "
                f"pattern {pattern.text!r} tells {{{_PARTS[axis]}}} as well. Take "
                f"{{{_PARTS[axis]}}} out of the pattern (write {{_}} there), or split "
                "the files."
            )
    return order


def _expand(files: pd.DataFrame, header: FileHeader, order: Order) -> pd.DataFrame:
    """Return every file once per page."""
    pages = header.pages
    page = np.tile(np.arange(pages), len(files))
    rows = files.loc[files.index.repeat(pages)]
    columns = {"plane": page * header.samples}
    rest = page if header.tags.pages is None else np.array(header.tags.pages)[page]
    for axis, length in order:
        columns[axis] = rows[axis].to_numpy() + rest % length
        rest = rest // length
    return rows.assign(**columns)


def _finding(files: int, pattern: Pattern) -> Finding:
    axis = "planes" if "z" not in pattern.names else "time points"
    message = (
        f"{files} files hold several pages and no tag says what they are; they are "
        f"taken for {axis} in the order of the file. Split the files if they are not."
    )
    return Finding(
        code="pages_guessed", severity="warning", message=message, count=files
    )
