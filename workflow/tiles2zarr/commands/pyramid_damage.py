"""Whether each level of an image is the 2x2 mean of the one before."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from tiles2zarr.commands.chunks import Block, LevelChunks, level_chunks
from tiles2zarr.commands.plates import count
from tiles2zarr.commands.threads import work_through
from tiles2zarr.models.receipt import LevelReceipt
from tiles2zarr.pixels.halve import halve
from tiles2zarr.pixels.layout import Shape
from tiles2zarr.stores.base import Store


def pyramid_faults(
    store: Store, levels: Sequence[LevelReceipt], axes: str, threads: int
) -> Iterator[str]:
    """Yield levels that are not the 2x2 means of the level before.

    Memory: a chunk, the region of the finer level below it, and its objects, per
    thread.

    Raises:
        StoreError: A header or an object is damaged; to be told before.
    """
    for finer, level in pairwise(levels):
        fine = level_chunks(store, finer.path, axes)
        coarse = level_chunks(store, level.path, axes)
        held = frozenset(level.chunks.key)
        parents = {
            above
            for key in finer.chunks.key
            for index in fine.indices(key)
            if _inside(above := _parent(index), coarse.layout.grid)
        }
        wanted = sorted(parents.union(*map(coarse.indices, held)))
        differs = partial(_is_no_mean, store, fine, coarse, held)
        found = work_through(wanted, differs, threads)
        bad = [index for index, wrong in zip(wanted, found, strict=True) if wrong]
        if bad:
            what = "is no mean" if len(bad) == 1 else "are no means"
            yield (
                f"level {level.path}: {count(len(bad), 'chunk')} {what} of level "
                f"{finer.path} ({coarse.key(bad[0])})"
            )


def _parent(index: Shape) -> Shape:
    t, c, z, y, x = index
    return (t, c, z, y // 2, x // 2)


def _inside(index: Shape, grid: Shape) -> bool:
    return all(i < n for i, n in zip(index, grid, strict=True))


def _is_no_mean(
    store: Store,
    fine: LevelChunks,
    coarse: LevelChunks,
    held: frozenset[str],
    index: Shape,
) -> bool:
    layout = coarse.layout
    start = [i * edge for i, edge in zip(index, layout.chunk, strict=True)]
    stop = [
        min(first + edge, length)
        for first, edge, length in zip(start, layout.chunk, layout.shape, strict=True)
    ]
    lengths = tuple(last - first for first, last in zip(start, stop, strict=True))
    block = None
    key = coarse.key(index)
    if key in held:
        block = coarse.chunk(store.get(f"{layout.path}/{key}") or b"", index)
    found = np.zeros(lengths, coarse.dtype)
    if block is not None:
        found = block[tuple(slice(length) for length in lengths)]
    below = fine.region(
        store,
        [*start[:3], 2 * start[3], 2 * start[4]],
        [*stop[:3], 2 * stop[3], 2 * stop[4]],
    )
    wanted: Block = np.zeros(lengths, below.dtype)
    halve(below, wanted)
    return not np.array_equal(wanted, found, equal_nan=wanted.dtype.kind == "f")
