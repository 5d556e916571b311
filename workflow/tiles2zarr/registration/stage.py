"""Tiles of one or of many images as arrays, in pixels, after swap and flips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from tiles2zarr.models.image import TiledImage

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NOISE_PX = 1e-3
"""Positions this close are the same: stage positions pass through decimal text and
through a division by the pixel size."""


@dataclass(frozen=True)
class StageTiles:
    """Tiles in table order; ``image`` and ``field`` say whose they are.

    A field is one field of view of one image. ``y`` and ``x`` are pixels, ``z`` planes
    and ``t`` time points, all with fractions; lengths are whole.
    """

    images: int
    image: Ints
    field: Ints
    y: Floats
    x: Floats
    z: Floats
    t: Floats
    c: Ints
    len_y: Ints
    len_x: Ints
    len_z: Ints
    len_t: Ints
    len_c: Ints
    y_um: Floats
    x_um: Floats
    field_name: tuple[str, ...]
    field_image: Ints
    first: Ints
    """Index of each field's first tile in table order."""

    @property
    def fields(self) -> int:
        """Number of fields."""
        return len(self.field_name)


def stage_tiles(images: Sequence[TiledImage]) -> StageTiles:
    """Return the tiles of ``images`` one after the other.

    ``swap_xy`` exchanges the positions, then the flips negate them. Lengths are those
    of the tile columns, which hold the shape of the files: pixels are never transposed.
    """
    tiles = [image.tiles for image in images]
    owner = np.repeat(np.arange(len(tiles)), [len(columns) for columns in tiles])

    def ints(name: str) -> Ints:
        values = chain.from_iterable(getattr(columns, name) for columns in tiles)
        return np.fromiter(values, np.int64, owner.size)

    def floats(name: str) -> Floats:
        values = chain.from_iterable(getattr(columns, name) for columns in tiles)
        return np.fromiter(values, np.float64, owner.size)

    details = [image.acquisition for image in images]
    y_um, x_um = _orient(floats("y"), floats("x"), images, owner)
    pixel = np.array([known.pixelsize for known in details])[owner]
    field, names, field_image = _fields(images)
    return StageTiles(
        images=len(tiles),
        image=owner,
        field=field,
        y=y_um / pixel,
        x=x_um / pixel,
        z=floats("z") / np.array([known.z_spacing for known in details])[owner],
        t=floats("t") / np.array([known.t_spacing for known in details])[owner],
        c=ints("c"),
        len_y=ints("len_y"),
        len_x=ints("len_x"),
        len_z=ints("len_z"),
        len_t=ints("len_t"),
        len_c=ints("len_c"),
        y_um=y_um,
        x_um=x_um,
        field_name=names,
        field_image=field_image,
        first=np.unique(field, return_index=True)[1],
    )


def _orient(
    y: Floats, x: Floats, images: Sequence[TiledImage], owner: Ints
) -> tuple[Floats, Floats]:
    stages = [image.acquisition.stage_corrections for image in images]

    def flags(values: Iterable[bool]) -> Bools:
        return np.fromiter(values, np.bool_, len(stages))[owner]

    swap = flags(stage.swap_xy for stage in stages)
    y, x = np.where(swap, x, y), np.where(swap, y, x)
    y = np.where(flags(stage.flip_y for stage in stages), -y, y)
    x = np.where(flags(stage.flip_x for stage in stages), -x, x)
    return y, x


def _fields(images: Sequence[TiledImage]) -> tuple[Ints, tuple[str, ...], Ints]:
    codes: dict[tuple[int, str], int] = {}
    field = [
        codes.setdefault((number, name), len(codes))
        for number, image in enumerate(images)
        for name in image.tiles.fov
    ]
    owners = [number for number, _ in codes]
    return (
        np.array(field, dtype=np.int64),
        tuple(name for _, name in codes),
        np.array(owners, dtype=np.int64),
    )


def least(values: Floats, group: Ints, groups: int) -> Floats:
    """Return the smallest value of each group (infinity for an empty one)."""
    found = np.full(groups, np.inf)
    np.minimum.at(found, group, values)
    return found


def most(values: Floats, group: Ints, groups: int) -> Floats:
    """Return the largest value of each group (minus infinity for an empty one)."""
    found = np.full(groups, -np.inf)
    np.maximum.at(found, group, values)
    return found


def same_rows(*columns: Floats | Ints) -> Ints:
    """Return a number per entry, equal where all ``columns`` are equal."""
    order = np.lexsort(columns)
    changes = np.zeros(order.size, dtype=np.int64)
    for column in columns:
        changes[1:] |= column[order][1:] != column[order][:-1]
    group = np.empty(order.size, dtype=np.int64)
    group[order] = np.cumsum(changes)
    return group


def round_px(values: Floats) -> Ints:
    """Return whole pixels, ties to the even one.

    A box is placed by its start and keeps the length of its file: with whole lengths
    that is the rounding of both end points, without a box that gains or loses a pixel
    on a tie. Positions are first cut to a millionth of a pixel, far below any stage, so
    that 57.4999999999 from a division is the tie it was meant to be, in every well.
    """
    return np.rint(np.round(values, 6)).astype(np.int64)
