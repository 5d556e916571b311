"""From aligned positions to whole pixels: tiling, rounding, extent of each image."""

from dataclasses import dataclass

import numpy as np

from tiles2zarr.models.decisions import (
    CornerTiling,
    GridTiling,
    InplaceTiling,
    NoTiling,
    Tiling,
)
from tiles2zarr.registration.alignment import Anchors
from tiles2zarr.registration.corners import corner_targets
from tiles2zarr.registration.fields import Fields, fields_of, mixed_sizes
from tiles2zarr.registration.grid import grid_targets, stand_on
from tiles2zarr.registration.stage import Floats, Ints, StageTiles, least, round_px

NO_LATTICE = "the fields of its acquisition form no grid"
"""The fault of images under a grid tiling of pitch 0: no lattice was found."""


@dataclass(frozen=True)
class Placement:
    """Tiles in whole pixels, planes and time points; entries as in the tiles."""

    y: Ints
    x: Ints
    z: Ints
    t: Ints
    moved_y: Floats
    """How far tiling moved each field down, pixel."""
    moved_x: Floats
    """How far tiling moved each field right, pixel."""
    faults: dict[int, str]
    """Image to why the tiling does not suit it, and the cure."""


def place(tiles: StageTiles, tiling: Tiling, anchored: Anchors) -> Placement:
    """Return where every tile goes.

    Tiling moves a field as a whole; tiles of a field that were left apart keep their
    distances. Images with faults stay where the stage was.

    Args:
        tiles: Aligned tiles, offsets removed.
        tiling: The acquisition's tiling.
        anchored: What is 0 along each axis.
    """
    fields = fields_of(tiles)
    y, x, faults = _targets(fields, mixed_sizes(tiles, fields), tiling, anchored.xy)
    moved_y, moved_x = y - fields.y, x - fields.x
    final_y, final_x = tiles.y + moved_y[tiles.field], tiles.x + moved_x[tiles.field]
    if anchored.xy == "image":
        # A tile left of its field's first tile may have passed the image's edge.
        final_y = final_y - least(final_y, tiles.image, tiles.images)[tiles.image]
        final_x = final_x - least(final_x, tiles.image, tiles.images)[tiles.image]
    return Placement(
        y=round_px(final_y),
        x=round_px(final_x),
        z=round_px(tiles.z),
        t=round_px(tiles.t),
        moved_y=moved_y,
        moved_x=moved_x,
        faults=faults,
    )


def extents(tiles: StageTiles, placement: Placement) -> Ints:
    """Return the (t, z, y, x) shape that holds the tiles of each image."""
    shapes = np.zeros((tiles.images, 4), dtype=np.int64)
    for axis, (start, length) in enumerate(
        (
            (placement.t, tiles.len_t),
            (placement.z, tiles.len_z),
            (placement.y, tiles.len_y),
            (placement.x, tiles.len_x),
        )
    ):
        np.maximum.at(shapes[:, axis], tiles.image, start + length)
    return shapes


def negative_starts(
    tiles: StageTiles, placement: Placement, anchored: Anchors
) -> dict[int, str]:
    """Return a sentence per image that has tiles before 0."""
    faults: dict[int, str] = {}
    for axis, key, mode in (
        ("y", "xy", anchored.xy),
        ("x", "xy", anchored.xy),
        ("z", "z", anchored.z),
        ("t", "t", anchored.t),
    ):
        starts = getattr(placement, axis)
        for tile in np.flatnonzero(starts < 0):
            faults.setdefault(
                int(tiles.image[tile]),
                f"field {tiles.field_name[tiles.field[tile]]!r} starts at {axis} = "
                f"{starts[tile]} px, but offsets.{key}: {mode} needs starts from 0. "
                f"Set registration.offsets.{key}: image.",
            )
    return faults


def _targets(
    fields: Fields, mixed: dict[int, str], tiling: Tiling, anchor: str
) -> tuple[Floats, Floats, dict[int, str]]:
    """Return the new (y, x) of each field, and a fault per image that stays."""
    if not len(fields):
        return fields.y, fields.x, {}
    match tiling:
        case GridTiling():
            return _edge_to_edge(fields, mixed, tiling, anchor)
        case CornerTiling():
            return _to_corners(fields, mixed, anchor)
        case InplaceTiling() | NoTiling():
            return fields.y, fields.x, {}


def _edge_to_edge(
    fields: Fields, mixed: dict[int, str], tiling: GridTiling, anchor: str
) -> tuple[Floats, Floats, dict[int, str]]:
    if min(tiling.pitch) <= 0:
        several = np.unique(fields.image[fields.crowd > 1]).tolist()
        return fields.y, fields.x, dict.fromkeys(several, NO_LATTICE)
    nodes = stand_on(fields, tiling.pitch, tiling.tolerance)
    y, x = grid_targets(fields, nodes, tiling.pitch, anchor)
    faults = nodes.faults | mixed
    stays = np.isin(fields.image, list(faults))
    return np.where(stays, fields.y, y), np.where(stays, fields.x, x), faults


def _to_corners(
    fields: Fields, mixed: dict[int, str], anchor: str
) -> tuple[Floats, Floats, dict[int, str]]:
    y, x = fields.y.copy(), fields.x.copy()
    for image, places in fields.by_image():
        if image not in mixed:
            y[places], x[places] = corner_targets(fields.take(places), anchor)
    return y, x, mixed
