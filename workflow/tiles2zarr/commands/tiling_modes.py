"""What each tiling mode would make of an acquisition: images, canvas, stored bytes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tiles2zarr.config.omezarr import Chunks
from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.geometry import level_count
from tiles2zarr.models.decisions import (
    GridTiling,
    InplaceTiling,
    NoTiling,
    Tiling,
)
from tiles2zarr.models.image import TiledImage
from tiles2zarr.pixels.layout import chunk_shape
from tiles2zarr.registration.decision import decide
from tiles2zarr.registration.placement import Placement, extents, place
from tiles2zarr.registration.positions import Positions, find_positions
from tiles2zarr.registration.stage import Ints, StageTiles


@dataclass(frozen=True)
class Mode:
    """One tiling mode."""

    name: str
    """As in ``registration.tiling_mode``."""
    images: int = 0
    """How many images it makes."""
    canvas: tuple[int, int] = (0, 0)
    """The commonest (y, x), pixel."""
    stored_bytes: int = 0
    """Bytes of all levels in chunks that acquired pixels touch, before compression."""
    fault: str | None = None
    """Why the mode does not suit all images."""


def compare_modes(
    images: Sequence[TiledImage],
    chosen: Tiling,
    options: Registration,
    origins: Mapping[str, tuple[float, float]],
    chunks: Chunks,
    levels: int,
) -> Iterator[Mode]:
    """Yield what inplace, snap_to_grid and no_tiling would make of an acquisition.

    Where fields are images of their own already only that is known.

    Args:
        images: All images of the acquisition.
        chosen: The tiling that was decided.
        options: The ``registration`` section of the config.
        origins: (y, x) of each well, micrometer.
        chunks: Chunking from the config.
        levels: Pyramid levels asked for.
    """
    alone = isinstance(chosen, NoTiling)
    found = find_positions(images, options, origins, no_tiling=alone)
    itemsize = np.dtype(images[0].dtype or "uint16").itemsize
    tile = int(found.tiles.len_y[0]), int(found.tiles.len_x[0])
    chunk, _ = chunk_shape(chunks, tile, itemsize)
    sizes = _Sizes(chunk[2:], itemsize, levels)
    staying = place(found.tiles, InplaceTiling(), found.anchored)
    if not alone:
        yield _mode("inplace", found, staying, sizes)
        grid = chosen if isinstance(chosen, GridTiling) else _grid(images, options)
        yield _mode(
            "snap_to_grid", found, place(found.tiles, grid, found.anchored), sizes
        )
    yield _fields_alone(found.tiles, staying, sizes)


def _grid(images: Sequence[TiledImage], options: Registration) -> Tiling:
    asked = options.replace(tiling_mode=TilingMode.SNAP_TO_GRID)
    decision, _ = decide(images, asked, num_levels=1, uniform=False, requested="")
    return decision.tiling


@dataclass(frozen=True)
class _Sizes:
    """How planes become bytes."""

    chunk: Sequence[int]
    """Planes, rows and columns."""
    itemsize: int
    levels: int

    def stored(self, pixels: int, canvas: tuple[int, int]) -> int:
        """Return bytes of all levels: each has a quarter of the one before."""
        levels = level_count(*canvas, self.levels)
        return round(
            sum(pixels * self.itemsize / 4.0**level for level in range(levels))
        )


def _mode(name: str, found: Positions, placement: Placement, sizes: _Sizes) -> Mode:
    tiles = found.tiles
    shapes = extents(tiles, placement)
    if placement.faults:
        first = placement.faults[min(placement.faults)]
        return Mode(name, images=tiles.images, fault=first)
    canvas = _commonest(shapes[:, 2:])
    pixels = _touched_pixels(tiles, placement, shapes, sizes.chunk)
    return Mode(name, tiles.images, canvas, sizes.stored(pixels, canvas))


def _fields_alone(tiles: StageTiles, staying: Placement, sizes: _Sizes) -> Mode:
    """Return the mode in which each field of view is an image."""
    bounds = np.zeros((tiles.fields, 4), dtype=np.int64)
    far = np.iinfo(np.int64).max
    bounds[:, :2] = far
    for axis, (start, length) in enumerate(
        ((staying.y, tiles.len_y), (staying.x, tiles.len_x))
    ):
        np.minimum.at(bounds[:, axis], tiles.field, start)
        np.maximum.at(bounds[:, axis + 2], tiles.field, start + length)
    canvases = bounds[:, 2:] - bounds[:, :2]
    planes = np.stack([tiles.field, tiles.c, staying.z, staying.t], axis=1)
    _, first = np.unique(planes, axis=0, return_index=True)
    depth = (tiles.len_z * tiles.len_c * tiles.len_t)[first]
    pixels = int((canvases.prod(axis=1)[tiles.field[first]] * depth).sum())
    canvas = _commonest(canvases)
    return Mode("no_tiling", tiles.fields, canvas, sizes.stored(pixels, canvas))


def _commonest(canvases: Ints) -> tuple[int, int]:
    counts = Counter((int(y), int(x)) for y, x in canvases.tolist())
    return max(counts, key=lambda canvas: (counts[canvas], canvas))


def _touched_pixels(
    tiles: StageTiles, placement: Placement, shapes: Ints, chunk: Sequence[int]
) -> int:
    """Return the level-0 pixels of all chunks that a tile touches, cut at the canvas.

    Tiles of several channels or time points count for each of them; along z a chunk
    holds all its planes.
    """
    z0, z1 = placement.z // chunk[0], (placement.z + tiles.len_z - 1) // chunk[0]
    y0, y1 = placement.y // chunk[1], (placement.y + tiles.len_y - 1) // chunk[1]
    x0, x1 = placement.x // chunk[2], (placement.x + tiles.len_x - 1) // chunk[2]
    owner = np.stack([tiles.image, placement.t, tiles.c], axis=1)
    found = []
    for dz in range(int((z1 - z0).max()) + 1):
        for dy in range(int((y1 - y0).max()) + 1):
            for dx in range(int((x1 - x0).max()) + 1):
                there = (z0 + dz <= z1) & (y0 + dy <= y1) & (x0 + dx <= x1)
                index = np.stack([z0 + dz, y0 + dy, x0 + dx], axis=1)
                depth = (tiles.len_t * tiles.len_c)[:, None]
                found.append(np.hstack([owner, index, depth])[there])
    touched = np.unique(np.concatenate(found), axis=0)
    lengths = [
        np.clip(shapes[touched[:, 0], axis] - touched[:, axis + 2] * size, 0, size)
        for axis, size in zip((1, 2, 3), chunk, strict=True)
    ]
    return int((np.prod(lengths, axis=0) * touched[:, 6]).sum())
