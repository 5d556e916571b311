"""Where the fields of a file-name pattern lie: a grid, a table, or the files' tags."""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.config.acquisition import Grid, GridOrder
from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import Coordinates
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import well_name
from tiles2zarr.parsers.pattern_header import FileHeader

Floats = NDArray[np.float64]
_THREADS = 4
"""Headers are small reads: more threads hide the latency of a file server."""
_FIELD = ["image", "field"]
_WAYS = (
    "Give options.grid: {rows: 3, columns: 3, order: row_snake, overlap: 0.1}, or "
    "options.positions: a CSV with field, x and y (micrometer), or files whose TIFF "
    "tags hold the stage position (MetaSeries or OME-XML)."
)


@dataclass(frozen=True)
class Positions:
    """Position of every tile.

    Args:
        x: Along image columns.
        y: Along image rows.
        z: Height of the field's first plane, micrometer; NaN where unknown.
        unit: Unit of x and y: ``world`` is micrometer.
        findings: What was noticed.
    """

    x: Floats
    y: Floats
    z: Floats
    unit: Coordinates
    findings: tuple[Finding, ...] = ()


def origin(tiles: pd.DataFrame) -> Positions | None:
    """Return position 0 for all tiles if every image has one field, else nothing."""
    if (tiles.groupby("image")["field"].nunique() > 1).any():
        return None
    zero = np.zeros(len(tiles))
    return Positions(zero, zero, np.full(len(tiles), np.nan), "pixel")


def from_grid(tiles: pd.DataFrame, grid: Grid, header: FileHeader) -> Positions:
    """Return positions on a grid, pixel; fields fill it in natural order.

    Numbers count from 0 if there is a field 0, else from 1, so that an absent field
    leaves its place free; other names count by their rank.

    Raises:
        ParserError: There are more fields than places.
    """
    place = _places(tiles, grid.rows * grid.columns, grid)
    by_row = grid.order in (GridOrder.ROW, GridOrder.ROW_SNAKE)
    line, along = divmod(place, grid.columns if by_row else grid.rows)
    if grid.order in (GridOrder.ROW_SNAKE, GridOrder.COLUMN_SNAKE):
        last = (grid.columns if by_row else grid.rows) - 1
        along = np.where(line % 2 == 1, last - along, along)
    row, column = (line, along) if by_row else (along, line)
    step = 1 - grid.overlap
    return Positions(
        column.astype(np.float64) * (header.x * step),
        row.astype(np.float64) * (header.y * step),
        np.full(len(tiles), np.nan),
        "pixel",
    )


def _places(tiles: pd.DataFrame, cells: int, grid: Grid) -> NDArray[np.int64]:
    """Return the place in the grid of every tile's field, from 0."""
    ranks = tiles["field"].to_numpy(np.int64)
    names = tiles["fov"].drop_duplicates()
    if names.str.fullmatch("[0-9]{1,15}").all():
        numbers = tiles["fov"].to_numpy().astype(np.int64)
        counted = numbers - min(1, int(numbers.min()))
        if counted.max() < cells:
            return counted
        if len(names) == cells:
            return ranks
        most = int(counted.argmax())
    elif len(names) <= cells:
        return ranks
    else:
        most = int(ranks.argmax())
    raise ParserError(
        f"{tiles['file'].iloc[most]}: field {tiles['fov'].iloc[most]} has no place in "
        f"the grid of {grid.rows} rows and {grid.columns} columns ({cells} places, "
        f"{len(names)} different fields). Correct options.grid, or filter by path."
    )


def from_tags(
    tiles: pd.DataFrame, first: FileHeader, read: Callable[[str], FileHeader]
) -> Positions:
    """Return the stage positions in the tags, micrometer, from one file per field.

    Args:
        tiles: One row per file.
        first: Header of one of the files: where it holds no position, none is read.
        read: Reads the header of a file.

    Raises:
        ParserError: The tags hold no positions, or the same for all fields of an image.
    """
    fields = tiles.drop_duplicates(_FIELD).reset_index(drop=True)
    if first.tags.x is None or first.tags.y is None:
        most = tiles.groupby("image")["field"].nunique().max()
        raise ParserError(
            f"{most} fields lie in one image, and their positions are not known: the "
            f"tags of {tiles['file'].iloc[0]} hold none. {_WAYS}"
        )
    with ThreadPoolExecutor(_THREADS) as pool:
        headers = list(pool.map(read, fields["file"]))
    for file, header in zip(fields["file"], headers, strict=True):
        if header.tags.x is None or header.tags.y is None:
            raise ParserError(
                f"{file}: its tags hold no stage position, those of "
                f"{tiles['file'].iloc[0]} do. {_WAYS}"
            )
    stage = pd.DataFrame(
        [(h.tags.x, h.tags.y, h.tags.z) for h in headers],
        columns=["x", "y", "z_um"],
        dtype="float64",
    )
    fields = pd.concat([fields[[*_FIELD, "file", "fov"]], stage], axis=1)
    _check_apart(fields)
    found = tiles[_FIELD].merge(fields, on=_FIELD, how="left")
    return Positions(
        found["x"].to_numpy(), found["y"].to_numpy(), found["z_um"].to_numpy(), "world"
    )


def _check_apart(fields: pd.DataFrame) -> None:
    """Check that fields of one image lie at different places."""
    same = fields.duplicated(["image", "x", "y"]).to_numpy()
    if same.any():
        second = fields.iloc[int(same.argmax())]
        raise ParserError(
            f"{second['file']}: its tags put field {second['fov']} at ({second['x']:g},"
            f" {second['y']:g}) micrometer, where another field of the image lies. "
            f"{_WAYS}"
        )


def where(tile: Mapping[Hashable, object]) -> str:
    """Return a tile's image in words, e.g. ``well B03``."""
    if "image_path" in tile:
        return f"image {tile['image_path']}"
    return f"well {well_name(int(str(tile['row'])), int(str(tile['column'])))}"
