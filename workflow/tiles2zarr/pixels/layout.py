"""Shapes, chunks and keys of every pyramid level; no pixels yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, prod

from tiles2zarr.config.omezarr import Chunks, MultipleShards
from tiles2zarr.models.acquisition import AXES

Shape = tuple[int, int, int, int, int]
"""Lengths in (t, c, z, y, x)."""
MAX_CHUNK_BYTES = 64 * 2**20
"""Largest chunk made from a field of view; Blosc itself ends at 2 GiB."""


@dataclass(frozen=True)
class LevelLayout:
    """One pyramid level: its array's shape, chunk and shard over (t, c, z, y, x)."""

    path: str
    axes: str
    shape: Shape
    chunk: Shape
    shard: Shape | None

    @property
    def grid(self) -> Shape:
        """Number of chunks along each axis."""
        return _five(ceil(s / c) for s, c in zip(self.shape, self.chunk, strict=True))

    @property
    def objects(self) -> int:
        """Number of objects (shards, else chunks) if every one is written."""
        unit = self.shard or self.chunk
        return prod(ceil(s / u) for s, u in zip(self.shape, unit, strict=True))

    def on_axes(self, values: Shape) -> tuple[int, ...]:
        """Return the entries of ``values`` for the axes that are written."""
        return tuple(values[AXES.index(axis)] for axis in self.axes)


def level_layouts(
    shape: Shape,
    axes: str,
    chunk: Shape,
    shard_factors: Shape | None,
    names: tuple[str, ...],
) -> tuple[LevelLayout, ...]:
    """Return the layouts of all levels, largest first.

    Each level has floor(n/2) rows and columns of the one before. Chunks are clipped to
    the level; a shard is a whole multiple of its chunk that covers no more than needed.
    """
    layouts = []
    t, c, z, y, x = shape
    for name in names:
        current = (t, c, z, y, x)
        clipped = _five(min(k, n) for k, n in zip(chunk, current, strict=True))
        shard = None
        if shard_factors is not None:
            shard = _five(
                k * min(factor, ceil(n / k))
                for k, factor, n in zip(clipped, shard_factors, current, strict=True)
            )
        layouts.append(LevelLayout(name, axes, current, clipped, shard))
        y, x = y // 2, x // 2
    return tuple(layouts)


def chunk_shape(
    config: Chunks, tile: tuple[int, int], itemsize: int
) -> tuple[Shape, bool]:
    """Return the chunk over (t, c, z, y, x) and whether it had to be made smaller.

    Args:
        config: Chunking from the config.
        tile: Rows and columns of a field of view.
        itemsize: Bytes per pixel.
    """
    planes = config.t_chunk * config.c_chunk * config.z_chunk
    y, x = (max(1, config.get_xy_chunk(length)) for length in tile)
    parts = 1
    while planes * ceil(y / parts) * ceil(x / parts) * itemsize > MAX_CHUNK_BYTES:
        parts += 1
    y, x = ceil(y / parts), ceil(x / parts)
    return (config.t_chunk, config.c_chunk, config.z_chunk, y, x), parts > 1


def shard_factors(config: MultipleShards | None) -> Shape | None:
    """Return how many chunks a shard holds along (t, c, z, y, x), ``None`` without."""
    if config is None:
        return None
    xy = config.xy_factor
    return (config.t_factor, config.c_factor, config.z_factor, xy, xy)


def _five(values: Iterable[int]) -> Shape:
    t, c, z, y, x = values
    return (t, c, z, y, x)
