"""The 2x2 mean: how one pyramid level is made from the one before."""

import sys

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.generic]
STRIP_ROWS = 64
"""Rows summed at a time: the intermediate sums of a camera row stay in the cache."""


def halve(block: Block, out: Block) -> None:
    """Write the 2x2 mean of ``block`` over its last two axes into ``out``.

    An odd last row or column is dropped: ``out`` has floor(n/2) rows and columns.
    Integers are rounded half up (floor(mean + 0.5), also below zero), floats are plain
    means, summed in double precision.
    """
    rows, columns = out.shape[-2] * 2, out.shape[-1] * 2
    even = block[..., :rows, :columns]
    if even.size == 0:
        return
    kind = block.dtype
    if kind in (np.uint8, np.uint16) and sys.byteorder == "little":
        _halve_pairs(even, out)
    elif kind.kind == "f":
        np.multiply(_sum4(even, np.float64), 0.25, out=out, casting="same_kind")
    else:
        wide = np.uint64 if kind.kind == "u" else np.int64
        total = np.add(_sum4(even, wide), wide(2))
        np.right_shift(total, wide(2), out=total)
        np.copyto(out, total, casting="same_kind")


def _sum4(even: Block, wide: type[np.generic]) -> Block:
    rows = np.add(even[..., 0::2, :], even[..., 1::2, :], dtype=wide)
    return np.add(rows[..., 0::2], rows[..., 1::2])


def _halve_pairs(even: Block, out: Block) -> None:
    """Read two neighbouring columns as the halves of one integer of twice the size.

    Strided reads cost three times as much: this way all passes are contiguous, and
    strips of rows keep the sums in the cache. The largest sum, 4 * 65535 + 2, fits.
    """
    bits = 8 * even.dtype.itemsize
    pair = np.uint16 if bits == 8 else np.uint32
    mask, shift, two = pair(2**bits - 1), pair(bits), pair(2)
    width = even.shape[-1] // 2
    left, right = np.empty((2, STRIP_ROWS, width), dtype=pair)
    sums = np.empty((STRIP_ROWS // 2, width), dtype=pair)
    for index in np.ndindex(even.shape[:-2]):
        pairs, target = even[index].view(pair), out[index]
        for top in range(0, len(pairs), STRIP_ROWS):
            strip = pairs[top : top + STRIP_ROWS]
            low, high = left[: len(strip)], right[: len(strip)]
            total = sums[: len(strip) // 2]
            np.bitwise_and(strip, mask, out=low)
            np.right_shift(strip, shift, out=high)
            np.add(low, high, out=low)
            np.add(low[0::2], low[1::2], out=total)
            np.add(total, two, out=total)
            np.right_shift(total, two, out=total)
            target[top // 2 : top // 2 + len(total)] = total
