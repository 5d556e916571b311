"""The pixels of an image compared with its sources, bit by bit, chunk by chunk."""

import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.commands.chunks import LevelChunks
from tiles2zarr.commands.plates import count
from tiles2zarr.errors import StoreError
from tiles2zarr.filesystems import local_path
from tiles2zarr.loaders import resolve
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.pixels.coverage import Piece, cover
from tiles2zarr.pixels.layout import Shape
from tiles2zarr.pixels.planes import Planes, file_digests

Block = NDArray[np.generic]
HOLE = "it could not be read when the image was written, its planes are holes"


@dataclass(frozen=True)
class Tally:
    """Pixels of one plane, by how they fared; their sum is the plane's."""

    equal: int = 0
    """In the store as they are in the source."""
    hidden: int = 0
    """Under a tile further down the table, which wins: not in the store."""
    differing: int = 0
    """Not in the store as they are in the source."""
    unknown: int = 0
    """Not compared: the source could not be read."""


@dataclass(frozen=True)
class Compared:
    """How an image fared against its sources."""

    planes: Mapping[Piece, Tally]
    """Every acquired plane, in the order of its place in the image."""
    changed: tuple[str, ...] = ()
    """Files whose pixels are no longer those that the image was written from."""
    uncompared: Mapping[str, str] | None = None
    """File, or nothing for the whole image, to why it could not be compared."""
    strays: int = 0
    """Pixels outside all tiles that are not empty."""

    def faults(self) -> Iterator[str]:
        """Yield what differs in the store though the sources are as they were."""
        known = set(self.changed)
        bad = {
            piece: tally.differing
            for piece, tally in self.planes.items()
            if tally.differing and piece.key[0] not in known
        }
        for piece, pixels in list(bad.items())[:1]:
            file, plane = piece.key
            what = "1 plane differs" if len(bad) == 1 else f"{len(bad)} planes differ"
            yield (
                f"{what} from the source ({file}, plane {plane}, in t {piece.t}, "
                f"c {piece.c}, z {piece.z}: {count(pixels, 'pixel')})"
            )
        if self.strays:
            yield f"{count(self.strays, 'pixel')} outside all tiles are not empty"

    @property
    def equal(self) -> bool:
        """Say whether every plane was compared and nothing differs."""
        return not (self.uncompared or self.changed or self.strays) and all(
            not (tally.differing or tally.unknown) for tally in self.planes.values()
        )


class Comparison:
    """Compares the chunks of level 0 as they come, from any thread.

    Memory: the chunk and a plane per thread, and at most ``budget`` bytes of planes
    that other chunks still need.
    """

    def __init__(
        self,
        image: RegisteredImage,
        receipt: Receipt,
        level: LevelChunks,
        storage: Mapping[str, object],
        budget: int,
        dropped: Collection[str] = (),
    ) -> None:
        """Lay out what must be where; nothing is read yet.

        Args:
            image: What was to be written.
            receipt: What was written.
            level: Level 0.
            storage: Options of the sources' file system.
            budget: Bytes of planes that may be kept.
            dropped: Files that were left out when the image was registered.

        Raises:
            StoreError: Level 0 has not the shape or type of the registered image.
        """
        layout = level.layout
        self._dtype = np.dtype(image.dtype)
        found = f"{_text(layout.shape)} of {level.dtype.name}"
        wanted = f"{_text(image.shape)} of {self._dtype.name}"
        if found != wanted:
            raise StoreError(f"level {layout.path} is {found}, expected {wanted}")
        coverage = cover(image, layout)
        self.layout = layout
        self._image = image
        self._receipt = receipt
        self._pieces = dict(coverage.leaves)
        self._holes = frozenset({*receipt.unreadable, *dropped})
        self._planes = Planes(image, coverage.uses, budget, storage, tolerant=True)
        pieces = (piece for _, found in coverage.leaves for piece in found)
        self._tallies = dict.fromkeys(sorted(set(pieces), key=_place), Tally())
        self._strays = 0
        self._lock = threading.Lock()

    @property
    def touched(self) -> frozenset[Shape]:
        """The chunks that hold acquired pixels."""
        return frozenset(self._pieces)

    def compare(self, index: Shape, block: Block | None) -> None:
        """Compare one chunk; ``None`` is one that was not written, which is empty."""
        pieces = self._pieces.get(index, ())
        start = [i * edge for i, edge in zip(index, self.layout.chunk, strict=True)]
        lengths = [
            min(edge, total - first)
            for edge, total, first in zip(
                self.layout.chunk, self.layout.shape, start, strict=True
            )
        ]
        if block is None:
            block = np.zeros(lengths, self._dtype)
        found = block[tuple(slice(length) for length in lengths)]
        if len(pieces) == 1 and self._compare_whole(pieces[0], start, found):
            return
        wanted = np.zeros(lengths, self._dtype)
        owner = np.zeros(lengths, np.int32)
        sizes = []
        for number, piece in enumerate(pieces, 1):
            where, part = _overlap(piece, start, lengths)
            sizes.append(owner[where].size)
            if piece.key[0] in self._holes:
                continue
            plane = self._planes.take(piece.key, piece.size)
            owner[where] = number if plane is not None else -number
            if plane is not None:
                wanted[where] = plane[part]
        differs = _bits(wanted, self._dtype) != _bits(found, self._dtype)
        self._count(pieces, sizes, owner, differs)

    def _compare_whole(self, piece: Piece, start: list[int], found: Block) -> bool:
        """Compare a chunk that is one plane; say whether it is, and is equal."""
        if found.shape != (1, 1, 1, *piece.size) or piece.key[0] in self._holes:
            return False
        if (piece.y, piece.x) != (start[3], start[4]):
            return False
        plane = self._planes.take(piece.key, piece.size)
        if plane is None:
            return False
        bits = _bits(found[0, 0, 0], self._dtype)
        if not np.array_equal(_bits(plane, self._dtype), bits):
            return False
        with self._lock:
            self._tallies[piece] = Tally(equal=plane.size)
        return True

    def close(self) -> None:
        """Close the files this thread opened."""
        self._planes.close()

    def result(self) -> Compared:
        """Return how all planes fared, when all chunks were compared."""
        lost = {file: why for (file, _), why in self._planes.unreadable.items()}
        uncompared = {
            file: lost.get(file, HOLE) for file in sorted({*lost, *self._holes})
        }
        sizes = {piece: piece.size[0] * piece.size[1] for piece in self._tallies}
        # chunks that are damaged were never compared
        planes = {
            piece: replace(tally, unknown=sizes[piece] - _known(tally))
            for piece, tally in self._tallies.items()
        }
        return Compared(planes, self._changed(), uncompared, self._strays)

    def _changed(self) -> tuple[str, ...]:
        """Return the files, read in whole, whose pixels are not the receipt's."""
        unread = {p.key[0] for p in self._tallies if p.key not in self._planes.digests}
        now = file_digests(self._planes.digests)
        sources = self._receipt.sources
        return tuple(
            file
            for file, digest in zip(sources.file, sources.digest, strict=True)
            if digest and file not in unread and now.get(file, digest) != digest
        )

    def is_absent(self, file: str) -> bool:
        """Say whether a source is not there, so that nobody can compare it."""
        path = local_path(resolve(self._image.resource, file))
        if path is None:
            return True
        try:
            with open(path, "rb"):
                return False
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False

    def _count(
        self,
        pieces: tuple[Piece, ...],
        sizes: list[int],
        owner: NDArray[np.int32],
        differs: NDArray[np.bool_],
    ) -> None:
        bins = len(pieces) + 1
        visible = np.bincount(owner[owner >= 0].ravel(), minlength=bins)
        wrong = np.bincount(owner[differs & (owner >= 0)].ravel(), minlength=bins)
        unknown = np.bincount(-owner[owner < 0].ravel(), minlength=bins)
        with self._lock:
            self._strays += int(wrong[0])
            for number, (piece, size) in enumerate(zip(pieces, sizes, strict=True), 1):
                if piece.key[0] in self._holes:
                    continue
                seen = int(visible[number]), int(wrong[number]), int(unknown[number])
                old = self._tallies[piece]
                self._tallies[piece] = Tally(
                    equal=old.equal + seen[0] - seen[1],
                    hidden=old.hidden + size - seen[0] - seen[2],
                    differing=old.differing + seen[1],
                )


def _known(tally: Tally) -> int:
    return tally.equal + tally.hidden + tally.differing


def _overlap(
    piece: Piece, start: list[int], lengths: list[int]
) -> tuple[tuple[int | slice, ...], tuple[slice, slice]]:
    """Return where a piece lies in a chunk, and which part of its plane that is."""
    top, left = piece.y - start[3], piece.x - start[4]
    rows = slice(max(0, top), min(lengths[3], top + piece.size[0]))
    columns = slice(max(0, left), min(lengths[4], left + piece.size[1]))
    part = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    place = (piece.t - start[0], piece.c - start[1], piece.z - start[2])
    return (*place, rows, columns), part


def _bits(pixels: Block, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    """Return pixels of the image's type as bits: NaN equals NaN, 0.0 is not -0.0."""
    whole = np.ascontiguousarray(pixels, dtype=dtype)
    return whole.view(f"u{dtype.itemsize}")


def _place(piece: Piece) -> tuple[tuple[int, ...], tuple[str, int]]:
    return (piece.t, piece.c, piece.z, piece.y, piece.x), piece.key


def _text(shape: Shape) -> str:
    return " x ".join(map(str, shape))
