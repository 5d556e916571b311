"""Plates and images whose file names tell everything: format ``pattern``.

The pattern names the parts of a file's path, e.g.
``{plate}_{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif``; positions come from a
grid, a table or the tags, pixel size and shape from the header of the first file.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from pydantic import ValidationError

from tiles2zarr.config.acquisition import FormatOptions, Projections
from tiles2zarr.config.faults import faults_of
from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.pattern_files import list_tree, match_files
from tiles2zarr.parsers.pattern_header import FileHeader, read_header
from tiles2zarr.parsers.pattern_keys import Keys, plate_of, read_keys
from tiles2zarr.parsers.pattern_pages import expand_pages
from tiles2zarr.parsers.pattern_positions import (
    Positions,
    from_grid,
    from_tags,
    origin,
)
from tiles2zarr.parsers.pattern_table import from_table, position_file
from tiles2zarr.parsers.pattern_text import Pattern, compile_pattern
from tiles2zarr.parsers.records import ParsedAcquisition, build_table

_KNOWN = ("pattern", "grid", "positions", "projections")
_ORDER = ["image", "t", "field", "c", "z"]
_TRIES = 3
"""Files whose header is tried, so that one damaged file does not cost the plate."""


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of the files in and below a folder that the pattern matches.

    Planes and time points are counted from 0 by the numbers in the names. Files with
    several pages become several tiles.

    Args:
        path: Folder or URL the pattern counts from.
        options: ``pattern``, and ``grid`` or ``positions``.
        storage: Options of the URL's file system.

    Raises:
        ParserError: Options, file names or headers do not fit.
        TableError: The table of positions is wrong.
    """
    chosen = _read_options(options or {})
    pattern = compile_pattern(chosen.pattern or "")
    path = path.rstrip("/") or "/"
    table = position_file(chosen.positions, path) if chosen.positions else None
    files = [f for f in list_tree(path, storage) if join(path, f) != table]
    matched = match_files(pattern, files, path)
    keys = read_keys(pattern, matched)
    headers = _headers(keys.tiles, partial(_header, path, storage))
    first = headers[int(keys.tiles["c"].iloc[0])]
    positions = _positions(keys, chosen, table, first, path, storage)
    placed = keys.tiles.assign(x=positions.x, y=positions.y, height=positions.z)
    tiles, paged = expand_pages(placed, headers, pattern)
    tiles = tiles.sort_values(_ORDER, kind="stable", ignore_index=True)
    return ParsedAcquisition(
        table=_table(tiles, first, pattern),
        attributes=pattern.attributes,
        details=_details(keys, first, positions),
        channel_ids=keys.channel_ids,
        resource=path,
        plate_name=plate_of(pattern, matched),
        findings=(
            *matched.findings,
            *keys.findings,
            *paged,
            *positions.findings,
            *_unknown(tiles, first),
        ),
    )


def _read_options(options: Mapping[str, object]) -> FormatOptions:
    """Return the options, checked.

    Raises:
        ParserError: One is unknown or wrong, or there is no pattern.
    """
    try:
        chosen = FormatOptions.model_validate(dict(options))
    except ValidationError as error:
        told = "; ".join(f.line for f in faults_of(error))
        raise ParserError(
            f"The options of format pattern cannot be used: {told}. Correct them in "
            "the acquisition's options."
        ) from error
    unknown = [*chosen.other]
    if unknown:
        raise ParserError(
            f"Option {unknown[0]!r} is unknown to the format pattern. Known are "
            f"{', '.join(_KNOWN)}."
        )
    if chosen.pattern is None:
        raise ParserError(
            "The format pattern needs the option pattern. Give it, e.g. "
            "'{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif'."
        )
    if chosen.grid is not None and chosen.positions is not None:
        raise ParserError(
            "The options grid and positions both say where the fields lie. Keep one."
        )
    if chosen.projections is Projections.ONLY:
        raise ParserError(
            "projections: only was asked for, and file names do not tell projections "
            "apart. Take it out, and write the pattern so that it matches those files."
        )
    return chosen


def _header(path: str, storage: Mapping[str, object] | None, file: str) -> FileHeader:
    return read_header(join(path, file), storage)


def _headers(tiles: pd.DataFrame, read: partial[FileHeader]) -> dict[int, FileHeader]:
    """Return the header of one file by channel, channels in their order.

    Raises:
        ParserError: The first files of a channel cannot be read.
    """
    headers = {}
    for c, files in tiles.groupby("c", sort=True)["file"]:
        headers[int(str(c))] = _first_readable(list(files.iloc[:_TRIES]), read)
    return headers


def _first_readable(files: Sequence[str], read: partial[FileHeader]) -> FileHeader:
    fault: ParserError | None = None
    for file in files:
        try:
            return read(file)
        except ParserError as error:
            fault = fault or error
    assert fault is not None
    raise fault


def _positions(
    keys: Keys,
    chosen: FormatOptions,
    table: str | None,
    first: FileHeader,
    path: str,
    storage: Mapping[str, object] | None,
) -> Positions:
    """Return where the files' fields lie."""
    if table is not None:
        return from_table(keys.tiles, table, storage)
    if chosen.grid is not None:
        return from_grid(keys.tiles, chosen.grid, first)
    return origin(keys.tiles) or from_tags(
        keys.tiles, first, partial(_header, path, storage)
    )


def _table(tiles: pd.DataFrame, first: FileHeader, pattern: Pattern) -> pd.DataFrame:
    """Return the table of tiles."""
    names = ("file", "plane", "fov", "x", "y", "z", "t", "c")
    places = [name for name in ("row", "column", "image_path") if name in tiles]
    columns = {name: tiles[name] for name in (*names, *places, *pattern.attributes)}
    lowest = tiles.groupby(["image", "field"])["z"].transform("min")
    spacing = first.tags.z_spacing
    above = (tiles["z"] - lowest).astype(float)
    above = above * spacing if spacing else above.where(above == 0, np.nan)
    return build_table(
        {
            **columns,
            "len_x": float(first.x),
            "len_y": float(first.y),
            "z_um": tiles["height"] + above,
        },
        pattern.attributes,
    )


def _details(keys: Keys, first: FileHeader, positions: Positions) -> AcquisitionDetails:
    return AcquisitionDetails(
        pixelsize=first.tags.pixelsize or 1.0,
        z_spacing=first.tags.z_spacing or 1.0,
        start_x_coo=positions.unit,
        start_y_coo=positions.unit,
        start_z_coo="pixel",
        start_t_coo="pixel",
        channels=keys.channels,
    )


def _unknown(tiles: pd.DataFrame, first: FileHeader) -> list[Finding]:
    """Return findings on sizes that nothing tells."""
    file = str(tiles["file"].iloc[0])
    findings = []
    if first.tags.pixelsize is None:
        message = (
            f"The tags of {file} do not tell the pixel size: 1 micrometer is taken "
            "unless details.pixelsize is set."
        )
        findings.append(
            Finding(code="pixel_size_unknown", message=message, files=(file,))
        )
    if first.tags.z_spacing is None and tiles["z"].nunique() > 1:
        message = (
            f"The tags of {file} do not tell the distance of planes: 1 micrometer is "
            "taken unless details.z_spacing is set."
        )
        findings.append(
            Finding(code="z_spacing_unknown", message=message, files=(file,))
        )
    return findings
