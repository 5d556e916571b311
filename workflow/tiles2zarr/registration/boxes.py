"""Tiles in whole pixels as what the next steps need: boxes and fields of view."""

from dataclasses import dataclass

import numpy as np

from tiles2zarr.models.image import BoxColumns, FieldOfView, TiledImage
from tiles2zarr.registration.placement import Placement
from tiles2zarr.registration.stage import Ints, StageTiles


@dataclass(frozen=True)
class TileNumbers:
    """First indices and lengths of every tile, channels without holes."""

    start: Ints
    """(tiles, 5) first (t, c, z, y, x)."""
    length: Ints
    """(tiles, 5) extent in (t, c, z, y, x)."""


def number_tiles(
    tiles: StageTiles, placement: Placement, channels: tuple[int, ...]
) -> TileNumbers:
    """Return where every tile lies in the image.

    Args:
        tiles: The tiles of one image.
        placement: Their whole pixels, planes and time points.
        channels: The acquisition's channels in the order they get in the image.
    """
    c = np.searchsorted(np.array(channels, dtype=np.int64), tiles.c)
    starts = (placement.t, c, placement.z, placement.y, placement.x)
    lengths = (tiles.len_t, tiles.len_c, tiles.len_z, tiles.len_y, tiles.len_x)
    return TileNumbers(np.stack(starts, axis=1), np.stack(lengths, axis=1))


def make_boxes(image: TiledImage, numbers: TileNumbers) -> BoxColumns:
    """Return the boxes of the tiles with pixels, in table order."""
    tiles = image.tiles
    kept = np.flatnonzero([status == "ok" for status in tiles.status])
    rows = kept.tolist()
    start, length = numbers.start[kept].T.tolist(), numbers.length[kept].T.tolist()
    return BoxColumns(
        file=tuple(tiles.file[row] for row in rows),
        plane=tuple(tiles.plane[row] for row in rows),
        fov=tuple(tiles.fov[row] for row in rows),
        **{name: tuple(part) for name, part in zip("tczyx", start, strict=True)},
        **{f"len_{n}": tuple(part) for n, part in zip("tczyx", length, strict=True)},
    )


def fields_of_view(
    image: TiledImage, tiles: StageTiles, numbers: TileNumbers, placement: Placement
) -> tuple[FieldOfView, ...]:
    """Return the fields in order of first appearance, each the union of its tiles.

    Tiles without pixels count: a field has its size also where a plane failed. Stage
    positions are those of the table, before swap, flips and offsets.
    """
    space = [0, 2, 3, 4]
    first = np.full((tiles.fields, 4), np.iinfo(np.int64).max)
    last = np.zeros((tiles.fields, 4), dtype=np.int64)
    start = numbers.start[:, space]
    np.minimum.at(first, tiles.field, start)
    np.maximum.at(last, tiles.field, start + numbers.length[:, space])
    original = np.full((tiles.fields, 3), np.inf)
    columns = image.tiles
    z_um = columns.z if columns.z_um is None else _known(columns.z_um, columns.z)
    acquired = np.array([columns.x, columns.y, z_um], dtype=np.float64).T
    np.minimum.at(original, tiles.field, acquired)
    return tuple(
        FieldOfView(
            name=tiles.field_name[field],
            start=tuple(first[field].tolist()),
            shape=tuple((last[field] - first[field]).tolist()),
            x_original=float(original[field, 0]),
            y_original=float(original[field, 1]),
            z_original=float(original[field, 2]),
            moved_px=(
                round(float(placement.moved_y[field]), 6),
                round(float(placement.moved_x[field]), 6),
            ),
        )
        for field in range(tiles.fields)
    )


def _known(
    measured: tuple[float | None, ...], counted: tuple[float, ...]
) -> tuple[float, ...]:
    """Return the stage's z where it is known, else the position it was placed by."""
    if all(z is None for z in measured):
        return counted
    rest = min(z for z in measured if z is not None)
    return tuple(rest if z is None else z for z in measured)
