"""Which tiling an acquisition gets, from the positions of all its images (rule 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.models.decisions import (
    CornerTiling,
    GridTiling,
    InplaceTiling,
    NoTiling,
    Tiling,
)
from tiles2zarr.models.finding import Finding
from tiles2zarr.registration.corners import object_to_corners
from tiles2zarr.registration.fields import Fields
from tiles2zarr.registration.lattice import (
    Lattice,
    find_common_lattice,
    find_lattice,
)
from tiles2zarr.registration.lines import line_width

ASKED = "asked for by registration.tiling_mode"
NO_PITCH = (0.0, 0.0)
"""Pitch of a grid that was asked for but not found: its images fail in register."""


@dataclass(frozen=True)
class Choice:
    """A tiling, why, and what is worth telling about it."""

    tiling: Tiling
    reason: str
    findings: tuple[Finding, ...] = ()


def choose_tiling(
    fields: Fields, mixed: dict[int, str], images: Sequence[str], options: Registration
) -> Choice:
    """Return the tiling of an acquisition.

    Args:
        fields: Fields of the images that could be aligned, offsets removed.
        mixed: Image to the sentence saying that its tiles differ in size.
        images: Image ids.
        options: The ``registration`` section of the config.
    """
    match options.tiling_mode:
        case TilingMode.INPLACE:
            return Choice(InplaceTiling(), f"inplace, {ASKED}")
        case TilingMode.NO_TILING:
            return Choice(NoTiling(), f"no tiling, {ASKED}")
        case TilingMode.SNAP_TO_CORNERS:
            return Choice(CornerTiling(), f"corners, {ASKED}")
        case TilingMode.SNAP_TO_GRID:
            return _asked_grid(fields, images, options)
        case TilingMode.AUTO:
            return _automatic(fields, mixed, images, options)


def _automatic(
    fields: Fields, mixed: dict[int, str], images: Sequence[str], options: Registration
) -> Choice:
    some = fields.take(np.flatnonzero(fields.crowd > 1))
    if not len(some):
        return _alone(fields, options)
    if mixed:
        image = min(mixed)
        return _stay(f"in image {images[image]} {mixed[image]}")
    sizes = np.unique(np.stack([some.rows, some.columns]), axis=1)
    if sizes.shape[1] > 1:
        (rows, more_rows), (columns, more_columns) = sizes[:, :2].tolist()
        return _stay(
            f"images differ in tile size ({rows} x {columns} px, {more_rows} x "
            f"{more_columns} px)"
        )
    width = line_width(options, some.tile)
    lattice = find_lattice(some, images, width, options.max_gap)
    if isinstance(lattice, str):
        return _no_grid(some, lattice, images, options)
    gap = lattice.widest_gap(some.tile)
    if gap > options.max_gap + 1e-9:
        return _sparse(
            f"fields stand on a grid but up to {gap:.0%} of a tile apart, more than "
            f"max_gap ({options.max_gap:.0%})",
            some,
        )
    return Choice(
        GridTiling(pitch=lattice.pitch, tolerance=width), _describe(lattice, some.tile)
    )


def _alone(fields: Fields, options: Registration) -> Choice:
    if not len(fields):
        return Choice(InplaceTiling(), "no image could be aligned")
    rows, columns = fields.tile
    return Choice(
        GridTiling(
            pitch=(float(rows), float(columns)),
            tolerance=line_width(options, fields.tile),
        ),
        "every image has one field of view",
    )


def _describe(lattice: Lattice, tile: tuple[int, int]) -> str:
    return (
        f"fields stand on a grid of {lattice.pitch[0]:.6g} x {lattice.pitch[1]:.6g} px "
        f"(y, x) with tiles of {tile[0]} x {tile[1]} px"
    )


def _no_grid(
    fields: Fields, sentence: str, images: Sequence[str], options: Registration
) -> Choice:
    """Return corners if they distort no image, else inplace."""
    why = f"no grid: {sentence}"
    for image, places in fields.by_image():
        objection = object_to_corners(fields.take(places), options.max_gap)
        if objection is None:
            continue
        why = f"{why}; no corners: in image {images[image]} {objection.sentence}"
        return _sparse(why, fields) if objection.sparse else _stay(why)
    return Choice(CornerTiling(), why, (_told("snap_to_corners", why),))


def _stay(why: str) -> Choice:
    return Choice(InplaceTiling(), why, (_told("inplace", why),))


def _told(tiling: str, why: str) -> Finding:
    return Finding(
        code="no_grid",
        severity="info",
        message=f"Tiles are placed by {tiling}: {why}.",
    )


def _sparse(why: str, fields: Fields) -> Choice:
    finding = Finding(
        code="sparse_fields",
        severity="info",
        message=f"Tiles stay where the stage was: {why}. Set registration.tiling_mode: "
        "snap_to_grid, or raise max_gap, to put them edge to edge.",
        count=len(fields),
    )
    return Choice(InplaceTiling(), why, (finding,))


def _asked_grid(fields: Fields, images: Sequence[str], options: Registration) -> Choice:
    """Return the grid of the images that form one; the others fail in register."""
    some = fields.take(np.flatnonzero(fields.crowd > 1))
    if not len(some):
        return _alone(fields, options)
    _, size, count = np.unique(
        np.stack([some.rows, some.columns]),
        axis=1,
        return_inverse=True,
        return_counts=True,
    )
    some = some.take(np.flatnonzero(size.reshape(-1) == count.argmax()))
    width = line_width(options, some.tile)
    lattice = find_common_lattice(some, images, width, options.max_gap)
    if isinstance(lattice, str):
        no_grid = GridTiling(pitch=NO_PITCH, tolerance=width)
        return Choice(no_grid, f"no grid: {lattice}")
    tiling = GridTiling(pitch=lattice.pitch, tolerance=width)
    return Choice(tiling, f"{_describe(lattice, some.tile)}, {ASKED}")
