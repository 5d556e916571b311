"""One position per field of view, and the origin of each image (rules 2 and 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tiles2zarr.config.registration import Registration
from tiles2zarr.registration.stage import (
    NOISE_PX,
    Bools,
    Floats,
    StageTiles,
    least,
    most,
    same_rows,
)

SPREAD_LIMIT = 0.1
"""Largest spread of a field's tiles that is taken as stage noise, of the tile."""


@dataclass(frozen=True)
class Aligned:
    """Tiles after alignment and removal of offsets."""

    tiles: StageTiles
    faults: Mapping[int, str]
    """Image to the sentence saying why its tiles cannot be placed."""
    spread: Floats
    """How far the tiles of each field lay apart before alignment, pixel."""


@dataclass(frozen=True)
class Anchors:
    """What becomes 0 along each axis."""

    xy: str
    """``image`` (smallest start), ``well`` (the given origins) or ``keep``."""
    z: str
    """``image``, ``fov`` or ``keep``."""
    t: str
    """``image`` or ``keep``."""


def anchors(options: Registration, *, no_tiling: bool) -> Anchors:
    """Return what becomes 0 along each axis.

    An image of No Tiling holds one field and carries its position as translation, so
    x, y and z always begin at the field: else the position would count twice.
    """
    offsets = options.offsets
    if no_tiling:
        return Anchors("image", "image", offsets.t)
    return Anchors(offsets.xy, offsets.z, offsets.t)


def align(tiles: StageTiles, options: Registration) -> Aligned:
    """Return tiles with one x,y per field, and z and t of each field from its own 0.

    The position of a field is that of its first tile in table order.
    """
    tiles, faults = _finite(tiles)
    spread = _spread(tiles)
    if options.align_xy:
        faults = _many_places(tiles, spread) | faults
        first = tiles.first[tiles.field]
        tiles = replace(tiles, y=tiles.y[first], x=tiles.x[first])
    if options.align_z:
        tiles = replace(tiles, z=_from_own_start(tiles.z, tiles))
    if options.align_t:
        tiles = replace(tiles, t=_from_own_start(tiles.t, tiles))
    return Aligned(tiles=tiles, faults=faults, spread=np.maximum(*spread))


def remove_offsets(
    tiles: StageTiles, anchored: Anchors, origins: tuple[Floats, Floats] | None
) -> StageTiles:
    """Return tiles whose starts count from the anchors.

    Args:
        tiles: Aligned tiles.
        anchored: What becomes 0.
        origins: (y, x) per image, pixel; needed for ``xy: well``.
    """
    y, x, z, t = tiles.y, tiles.x, tiles.z, tiles.t
    if anchored.xy == "image":
        y, x = _from_image_start(y, tiles), _from_image_start(x, tiles)
    elif anchored.xy == "well" and origins is not None:
        y, x = y - origins[0][tiles.image], x - origins[1][tiles.image]
    if anchored.z == "image":
        z = _from_image_start(z, tiles)
    elif anchored.z == "fov":
        z = _from_own_start(z, tiles)
    if anchored.t == "image":
        t = _from_image_start(t, tiles)
    return replace(tiles, y=y, x=x, z=z, t=t)


def _from_image_start(values: Floats, tiles: StageTiles) -> Floats:
    return values - least(values, tiles.image, tiles.images)[tiles.image]


def _from_own_start(values: Floats, tiles: StageTiles) -> Floats:
    return values - least(values, tiles.field, tiles.fields)[tiles.field]


def _spread(tiles: StageTiles) -> tuple[Floats, Floats]:
    """Return how far the tiles of each field lie apart in y and in x, pixel."""
    y, x = (
        most(values, tiles.field, tiles.fields)
        - least(values, tiles.field, tiles.fields)
        for values in (tiles.y, tiles.x)
    )
    return y, x


def _finite(tiles: StageTiles) -> tuple[StageTiles, dict[int, str]]:
    """Return tiles with 0 for positions that are no number, and a fault per image."""
    columns = (tiles.y, tiles.x, tiles.z, tiles.t)
    bad = ~np.logical_and.reduce([np.isfinite(values) for values in columns])
    faults = {
        int(image): "it has no tiles. Look at the filters and the tile table."
        for image in np.setdiff1d(np.arange(tiles.images), tiles.image)
    }
    for tile in np.flatnonzero(bad):
        name = tiles.field_name[tiles.field[tile]]
        faults.setdefault(
            int(tiles.image[tile]),
            f"a tile of field {name!r} has no finite position (x, y, z, t). Give every "
            "tile of the table a number for each start.",
        )
    if not bad.any():
        return tiles, faults
    y, x, z, t = (np.where(bad, 0.0, values) for values in columns)
    return replace(tiles, y=y, x=x, z=z, t=t), faults


def _many_places(tiles: StageTiles, spread: tuple[Floats, Floats]) -> dict[int, str]:
    """Return a fault per image in which one field name stands for several places."""
    wide = (spread[0] > SPREAD_LIMIT * tiles.len_y[tiles.first] + NOISE_PX) | (
        spread[1] > SPREAD_LIMIT * tiles.len_x[tiles.first] + NOISE_PX
    )
    farthest = np.maximum(*spread)
    faults: dict[int, str] = {}
    for field in np.flatnonzero(_repeated(tiles, farthest) | wide):
        reason = "more than a tenth of a tile: one name seems to stand for many places"
        if not wide[field]:
            reason = "among them the same channel, plane and time point twice"
        faults.setdefault(
            int(tiles.field_image[field]),
            f"tiles of field {tiles.field_name[field]!r} lie up to "
            f"{farthest[field]:.6g} px apart, {reason}. Give each place a fov_name of "
            "its own, or set registration.align_xy: false to keep the positions.",
        )
    return faults


def _repeated(tiles: StageTiles, spread: Floats) -> Bools:
    """Say which fields have one (c, z, t) at two places."""
    found = np.zeros(tiles.fields, dtype=np.bool_)
    some = np.flatnonzero(spread[tiles.field] > NOISE_PX)
    if not some.size:
        return found
    field = tiles.field[some]
    z, t = np.round(tiles.z[some], 6), np.round(tiles.t[some], 6)
    group = same_rows(field, tiles.c[some], z, t)
    groups = int(group.max()) + 1
    for values in (tiles.y[some], tiles.x[some]):
        apart = most(values, group, groups) - least(values, group, groups)
        found[field[apart[group] > NOISE_PX]] = True
    return found
