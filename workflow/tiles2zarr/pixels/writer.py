"""Write an image depth-first: every chunk is made once and nothing is read back.

Each level-0 chunk is filled from the tiles that cover it, encoded, written, and halved
into its parent; a parent leaves when its existing children are in. Threads take chunks
from one list; no two touch a chunk. Memory is bounded by the chunks in flight, one open
chunk per level and thread (four where a chunk edge is odd) and the decoded planes that
later chunks still need, whatever the size of the image.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.config.omezarr import Compressor
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.pixels.codecs import make_codec
from tiles2zarr.pixels.coverage import Coverage, Leaf, Piece
from tiles2zarr.pixels.halve import halve
from tiles2zarr.pixels.harvest import Harvest
from tiles2zarr.pixels.layout import LevelLayout, Shape
from tiles2zarr.pixels.planes import Planes
from tiles2zarr.pixels.prefetch import prefetch_of
from tiles2zarr.pixels.shards import LevelOutput, parents
from tiles2zarr.pixels.stats import ChannelFigures
from tiles2zarr.stores.base import Store

Block = NDArray[np.generic]


@dataclass(frozen=True)
class WriteTask:
    """How one image is written; may be sent to another process."""

    image: RegisteredImage
    """What to write."""
    layouts: tuple[LevelLayout, ...]
    """Its levels, largest first."""
    compressor: Compressor
    """Encodes the chunks."""
    version: str
    """OME-Zarr version."""
    store: Store
    """The image group."""
    storage: Mapping[str, object]
    """Options of the sources' file system."""
    tolerant: bool = False
    """Leave holes where files cannot be decoded, instead of failing."""
    measured: int = 0
    """First time points whose figures are known: written if need be, not counted."""


@dataclass
class _Parent:
    """A chunk of a coarser level that still waits for children."""

    waiting: int
    pixels: Block | None = None
    children: dict[Shape, Block] = field(default_factory=dict)


class ImageWriter:
    """Writes the chunks of one image, or of a part of it, into a store."""

    def __init__(
        self, task: WriteTask, coverage: Coverage, planes: int, budget: int
    ) -> None:
        """Lay out the work; nothing is read or written yet.

        Args:
            task: What to write and where.
            coverage: The level-0 chunks to write, all of the image or a part whose
                parents are no other part's.
            planes: Planes of a channel in the whole image; decides how they are
                sampled.
            budget: Bytes of decoded planes kept for chunks to come.
        """
        image = task.image
        self.layouts = task.layouts
        self.store = task.store
        self.dtype = np.dtype(image.dtype)
        self.codec = make_codec(task.compressor, self.dtype)
        self.coverage = coverage
        self._measured = task.measured
        self.planes = Planes(
            image,
            coverage.uses,
            budget,
            task.storage,
            tolerant=task.tolerant,
            measured=True,
            prefetch=prefetch_of(image, coverage.uses, task.storage),
        )
        touched = {index for index, _ in coverage.leaves}
        self.outputs: list[LevelOutput] = []
        self._parents: list[dict[Shape, _Parent]] = []
        for number, layout in enumerate(self.layouts):
            counts = parents(touched, layout) if number else dict.fromkeys(touched, 0)
            touched = set(counts)
            output = LevelOutput(layout, self.store, task.version, touched)
            self.outputs.append(output)
            self._parents.append({i: _Parent(count) for i, count in counts.items()})
        self._figures = [ChannelFigures(self.dtype, planes) for _ in image.channels]
        self._lock = threading.Lock()

    def write(self, threads: int) -> Harvest:
        """Write the chunks of all levels; returns when all are flushed.

        Raises:
            SourceError: A tile cannot be read or is not what was registered.
            StoreError: The output cannot be written.
        """
        leaves = iter(self.coverage.leaves)
        try:
            if threads == 1 or len(self.coverage.leaves) == 1:
                self._work(leaves, threading.Event())
            else:
                self._work_together(leaves, threads)
        finally:
            self.planes.end()
        self.store.flush()
        return Harvest(
            objects=tuple(output.written for output in self.outputs),
            samples=tuple(figures.samples for figures in self._figures),
            digests=self.planes.digests,
            planes=self.planes.figures,
            unreadable=self.planes.unreadable,
        )

    def _work_together(self, leaves: Iterator[Leaf], threads: int) -> None:
        stop = threading.Event()
        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(self._work, leaves, stop) for _ in range(threads)]
            for future in futures:
                future.result()

    def _work(self, leaves: Iterator[Leaf], stop: threading.Event) -> None:
        """Take chunk after chunk until there are no more or another thread failed."""
        try:
            while not stop.is_set():
                with self._lock:
                    leaf = next(leaves, None)
                if leaf is None:
                    return
                self._leaf(*leaf)
        except BaseException:
            stop.set()
            raise
        finally:
            self.planes.close()

    def _leaf(self, index: Shape, pieces: tuple[Piece, ...]) -> None:
        filled = self._fill(index, pieces)
        if filled is None:
            self._emit(0, index, None)
            return
        block, acquired = filled
        times, channels, planes, rows, columns = self._inside(0, index)
        new = max(0, self._measured - index[0] * self.layouts[0].chunk[0])
        for c in range(channels):
            figures = self._figures[index[1] * self.layouts[0].chunk[1] + c]
            for t, z in product(range(new, times), range(planes)):
                mask = None if acquired is None else acquired[t, c, z]
                plane = block[t, c, z, :rows, :columns]
                figures.add(plane, None if mask is None else mask[:rows, :columns])
        self._emit(0, index, block)

    def _fill(
        self, index: Shape, pieces: tuple[Piece, ...]
    ) -> tuple[Block, NDArray[np.bool_] | None] | None:
        """Return a chunk's pixels, and where they were acquired unless everywhere.

        A chunk of which no piece can be read is ``None``.
        """
        layout = self.layouts[0]
        origin = [i * k for i, k in zip(index, layout.chunk, strict=True)]
        if len(pieces) == 1 and self._is_chunk(pieces[0], origin):
            plane = self.planes.take(pieces[0].key, pieces[0].size)
            if plane is None:
                return None
            return plane.astype(self.dtype, copy=False).reshape(layout.chunk), None
        block = np.zeros(layout.chunk, dtype=self.dtype)
        acquired = np.zeros(layout.chunk, dtype=bool)
        for piece in pieces:
            plane = self.planes.take(piece.key, piece.size)
            if plane is None:
                continue
            top, left = piece.y - origin[3], piece.x - origin[4]
            rows = slice(max(0, top), min(layout.chunk[3], top + piece.size[0]))
            columns = slice(max(0, left), min(layout.chunk[4], left + piece.size[1]))
            place = (piece.t - origin[0], piece.c - origin[1], piece.z - origin[2])
            block[(*place, rows, columns)] = plane[
                rows.start - top : rows.stop - top,
                columns.start - left : columns.stop - left,
            ]
            acquired[(*place, rows, columns)] = True
        if not acquired.any():
            return None
        inside = tuple(slice(length) for length in self._inside(0, index))
        whole = bool(acquired[inside].all())
        return block, None if whole else acquired

    def _is_chunk(self, piece: Piece, origin: list[int]) -> bool:
        chunk = self.layouts[0].chunk
        return (
            chunk == (1, 1, 1, *piece.size)
            and piece.y == origin[3]
            and piece.x == origin[4]
        )

    def _emit(self, level: int, index: Shape, block: Block | None) -> None:
        """Write a finished chunk, then every parent that it completes.

        ``None`` is a chunk without a pixel that could be read: it is left out.
        """
        self._put(level, index, block)
        while level + 1 < len(self.layouts):
            above = (*index[:3], index[3] // 2, index[4] // 2)
            parent = self._lift(level, index, above, block)
            if parent is None:
                return
            block = parent.pixels
            if parent.children:
                block = self._halve_together(level, above, parent.children)
            level, index = level + 1, above
            self._put(level, index, block)

    def _put(self, level: int, index: Shape, block: Block | None) -> None:
        encoded = None if block is None else self.codec.encode(block)
        self.outputs[level].put(index, encoded)

    def _lift(
        self, level: int, index: Shape, above: Shape, block: Block | None
    ) -> _Parent | None:
        """Halve a chunk into its parent; return the parent if this completes it."""
        parent = self._parents[level + 1].get(above)
        if parent is None:
            return None
        if block is not None:
            self._add(level, index, block, parent)
        with self._lock:
            parent.waiting -= 1
            if parent.waiting:
                return None
            del self._parents[level + 1][above]
        return parent

    def _add(self, level: int, index: Shape, block: Block, parent: _Parent) -> None:
        odd = self._straddles(level)
        with self._lock:
            if odd:
                parent.children[index] = block
            elif parent.pixels is None:
                parent.pixels = np.zeros(self.layouts[level + 1].chunk, self.dtype)
        if not odd and parent.pixels is not None:
            self._halve_quarter(level, index, block, parent.pixels)

    def _straddles(self, level: int) -> bool:
        """Say whether 2x2 windows of this level reach over chunk borders."""
        layout = self.layouts[level]
        pairs = zip(layout.grid[3:], layout.chunk[3:], strict=True)
        return any(count > 1 and edge % 2 == 1 for count, edge in pairs)

    def _halve_quarter(
        self, level: int, index: Shape, block: Block, parent: Block
    ) -> None:
        edge_y, edge_x = self.layouts[level].chunk[3:]
        rows, columns = self._inside(level, index)[3:]
        top = index[3] % 2 * (edge_y // 2)
        left = index[4] % 2 * (edge_x // 2)
        out = parent[..., top : top + rows // 2, left : left + columns // 2]
        halve(block[..., :rows, :columns], out)

    def _halve_together(
        self, level: int, above: Shape, children: dict[Shape, Block]
    ) -> Block:
        """Return a parent from its children laid side by side, in any order."""
        child, layout = self.layouts[level], self.layouts[level + 1]
        edge_y, edge_x = child.chunk[3:]
        wide = np.zeros((*child.chunk[:3], 2 * edge_y, 2 * edge_x), dtype=self.dtype)
        for index, block in children.items():
            top, left = index[3] % 2 * edge_y, index[4] % 2 * edge_x
            wide[..., top : top + edge_y, left : left + edge_x] = block
        rows, columns = self._inside(level + 1, above)[3:]
        pixels = np.zeros(layout.chunk, dtype=self.dtype)
        halve(wide[..., : 2 * rows, : 2 * columns], pixels[..., :rows, :columns])
        return pixels

    def _inside(self, level: int, index: Shape) -> Shape:
        """Return the lengths of the part of a chunk that lies in the array."""
        layout = self.layouts[level]
        t, c, z, y, x = (
            min(edge, length - position * edge)
            for edge, length, position in zip(
                layout.chunk, layout.shape, index, strict=True
            )
        )
        return (t, c, z, y, x)
