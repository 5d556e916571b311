"""The writer modes: one set of chunks, worked off in different ways.

All modes write the same bytes. They differ in what is kept in memory and in who does
the work: by FOV keeps decoded planes that later chunks need, up to a budget; by tile
keeps none and reads a tile again for every chunk it touches; in memory decodes every
plane of the image first; the Dask modes hand parts of the image to a Dask scheduler.
"""

from dataclasses import dataclass, replace
from importlib import import_module
from typing import Literal, Protocol, cast

import numpy as np

from tiles2zarr.pixels.codecs import make_codec
from tiles2zarr.pixels.coverage import Coverage, cover
from tiles2zarr.pixels.harvest import Harvest, WrittenPixels, combine
from tiles2zarr.pixels.headers import array_files
from tiles2zarr.pixels.writer import ImageWriter, WriteTask

Mode = Literal["by_fov", "by_tile", "in_memory", "by_fov_dask", "by_tile_dask"]
CACHE_BYTES = 64 * 2**20
"""Decoded planes that by FOV keeps for chunks to come, all threads together."""
PARTS_PER_WORKER = 4
"""Parts a Dask worker gets: enough for an even end, few enough to cost nothing."""
PartKey = tuple[int, int, int]
"""Place of a part along (t, c, z)."""


@dataclass(frozen=True)
class Way:
    """How the chunks of an image are worked off."""

    mode: Mode
    threads: int
    """Chunks worked on at the same time."""
    dask: str = "threads"
    """Scheduler of the Dask modes."""
    extensions: tuple[str, ...] = ()
    """Folders with the user's functions, for workers elsewhere."""
    connect_s: float = 30
    """How long a scheduler at an address is waited for, second."""


class _DaskWriters(Protocol):
    """The module that imports Dask."""

    def write_parts(
        self, task: WriteTask, parts: list[frozenset[PartKey]], budget: int, way: Way
    ) -> list[Harvest]:
        """Write the parts of an image on a Dask scheduler."""


def write_pixels(task: WriteTask, way: Way, first: int = 0) -> WrittenPixels:
    """Write headers and chunks of all levels of an image; return what was written.

    Args:
        task: What to write and where.
        way: How its chunks are worked off.
        first: Chunks (shards where there are) along t that stand already.

    Raises:
        SourceError: A tile cannot be read or is not what was registered.
        StoreError: The output cannot be written.
    """
    codec = make_codec(task.compressor, np.dtype(task.image.dtype))
    for layout in task.layouts:
        files = array_files(layout, np.dtype(task.image.dtype), codec, task.version)
        for key, data in files.items():
            task.store.put_chunk(key, data)
    budget = CACHE_BYTES if way.mode in ("by_fov", "by_fov_dask") else 0
    coverage = whole = cover(task.image, task.layouts[0])
    if first:
        coverage = whole.part(lambda index: _key(task, index)[0] >= first)
    if way.mode in ("by_fov_dask", "by_tile_dask"):
        dask = cast("_DaskWriters", import_module("tiles2zarr.pixels.dask_parts"))
        parts = _parts(task, coverage, PARTS_PER_WORKER * way.threads)
        harvests = dask.write_parts(task, parts, budget, way)
        task.store.flush()
    else:
        writer = ImageWriter(task, coverage, _planes(task, whole), budget)
        if way.mode == "in_memory":
            shapes = {p.key: p.size for _, pieces in coverage.leaves for p in pieces}
            writer.planes.load(shapes)
        harvests = [writer.write(way.threads)]
    return combine(task.image, task.layouts, harvests, task.measured)


def write_part(task: WriteTask, part: frozenset[PartKey], budget: int) -> Harvest:
    """Write the chunks of one part of an image, in one thread.

    Raises:
        SourceError: As `write_pixels`.
    """
    # a store of its own: parts in threads would end each other's wait for the disk
    task = replace(task, store=task.store.below(""))
    whole = cover(task.image, task.layouts[0])
    coverage = whole.part(lambda index: _key(task, index) in part)
    return ImageWriter(task, coverage, _planes(task, whole), budget).write(1)


def _planes(task: WriteTask, coverage: Coverage) -> int:
    return len(coverage.uses) // len(task.image.channels)


def _parts(
    task: WriteTask, coverage: Coverage, wanted: int
) -> list[frozenset[PartKey]]:
    """Return about ``wanted`` parts that share no chunk and no shard on any level.

    Levels halve y and x only: chunks of different t, c or z never meet.
    """
    keys = sorted({_key(task, index) for index, _ in coverage.leaves})
    count = max(1, min(wanted, len(keys)))
    return [frozenset(keys[number::count]) for number in range(count)]


def _key(task: WriteTask, index: tuple[int, ...]) -> PartKey:
    layout = task.layouts[0]
    edges = zip(
        index[:3], (layout.shard or layout.chunk)[:3], layout.chunk, strict=False
    )
    t, c, z = (position // (outer // inner) for position, outer, inner in edges)
    return t, c, z
