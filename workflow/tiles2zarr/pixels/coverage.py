"""Which tiles touch which chunks: the work list of an image, in depth-first order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.pixels.layout import LevelLayout, Shape
from tiles2zarr.pixels.planes import PlaneKey


@dataclass(frozen=True, slots=True)
class Piece:
    """One plane of one tile in one chunk: what to read and where it goes."""

    key: PlaneKey
    size: tuple[int, int]
    t: int
    c: int
    z: int
    y: int
    x: int


Leaf = tuple[Shape, tuple[Piece, ...]]
"""A level-0 chunk by its grid index, and what goes into it."""


@dataclass(frozen=True)
class Coverage:
    """The level-0 chunks that acquired pixels touch, with their pieces."""

    leaves: tuple[Leaf, ...]
    uses: dict[PlaneKey, int]

    def part(self, keep: Callable[[Shape], bool]) -> "Coverage":
        """Return the leaves whose index ``keep`` takes, with what they use."""
        return _coverage(tuple(leaf for leaf in self.leaves if keep(leaf[0])))


def cover(image: RegisteredImage, layout: LevelLayout) -> Coverage:
    """Return the touched chunks in depth-first order, pieces in paste order.

    Depth-first: all chunks below one chunk of a coarse level come together, so few
    parents are open at a time. The order is that of interleaved y and x bits.
    """
    chunks: dict[Shape, list[Piece]] = {}
    for row in range(len(image.boxes)):
        for piece in _planes(image, row):
            for index in _touched(piece, layout.chunk):
                chunks.setdefault(index, []).append(piece)
    order = sorted(chunks, key=_depth_first)
    return _coverage(tuple((index, tuple(chunks[index])) for index in order))


def _coverage(leaves: tuple[Leaf, ...]) -> Coverage:
    uses = Counter(piece.key for _, pieces in leaves for piece in pieces)
    return Coverage(leaves, dict(uses))


def _planes(image: RegisteredImage, row: int) -> list[Piece]:
    boxes = image.boxes
    lengths = boxes.len_t[row], boxes.len_c[row], boxes.len_z[row]
    return [
        Piece(
            key=(boxes.file[row], boxes.plane[row] + number),
            size=(boxes.len_y[row], boxes.len_x[row]),
            t=boxes.t[row] + t,
            c=boxes.c[row] + c,
            z=boxes.z[row] + z,
            y=boxes.y[row],
            x=boxes.x[row],
        )
        for number, (t, c, z) in enumerate(product(*map(range, lengths)))
    ]


def _touched(piece: Piece, chunk: Shape) -> list[Shape]:
    t, c, z = piece.t // chunk[0], piece.c // chunk[1], piece.z // chunk[2]
    rows = range(piece.y // chunk[3], (piece.y + piece.size[0] - 1) // chunk[3] + 1)
    columns = range(piece.x // chunk[4], (piece.x + piece.size[1] - 1) // chunk[4] + 1)
    return [(t, c, z, y, x) for y in rows for x in columns]


def _depth_first(index: Shape) -> tuple[int, int, int, int]:
    t, c, z, y, x = index
    return (t, c, z, _interleave(y, x))


def _interleave(y: int, x: int) -> int:
    code = 0
    for bit in range(max(y.bit_length(), x.bit_length())):
        code |= (x >> bit & 1) << (2 * bit) | (y >> bit & 1) << (2 * bit + 1)
    return code
