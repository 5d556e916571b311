"""Figures of planes as they were read: brightness over the field, and sharpness.

Measured on whole tiles while they are in memory, on a few lines and the middle of each:
a hundredth of the pixels of a camera frame.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.generic]
Blocks = NDArray[np.float64]
GRID = 8
"""Blocks along each edge of a plane."""
LINES = 4
"""Lines read of every row of blocks."""
FOCUS_EDGE = 192
"""Rows and columns of the part in which sharpness is measured."""


@dataclass(frozen=True)
class PlaneFigures:
    """What was measured of one plane."""

    blocks: tuple[float, ...]
    """Mean of each block, row by row."""
    focus: float
    """Sharpness; see `sharpness`."""


def measure_plane(plane: Plane) -> PlaneFigures | None:
    """Return the figures of one (y, x) plane, ``None`` where values are not finite."""
    blocks = block_means(plane)
    if not np.isfinite(blocks).all():
        return None
    return PlaneFigures(tuple(blocks.ravel().tolist()), sharpness(plane))


def block_means(plane: Plane) -> Blocks:
    """Return the means of ``GRID`` x ``GRID`` blocks, from some lines of each.

    A plane with fewer rows or columns than ``GRID`` is one block. Up to ``GRID - 1``
    columns at the right edge are left out where blocks do not come out even.
    """
    rows, columns = plane.shape
    if min(rows, columns) < GRID:
        whole: Blocks = plane.astype(np.float64).mean(keepdims=True)
        return whole
    count = GRID * min(LINES, rows // GRID)
    lines = plane[((2 * np.arange(count) + 1) * rows) // (2 * count)]
    even = columns - columns % GRID
    sums: Blocks = lines[:, :even].reshape(count, GRID, -1).mean(2, dtype=np.float32)
    means: Blocks = sums.reshape(GRID, -1, GRID).mean(axis=1, dtype=np.float64)
    return means


def sharpness(plane: Plane) -> float:
    """Return how fast neighbours stop being alike, in the middle of the plane.

    The drop of the autocorrelation between a distance of one and of two columns
    (Vollath's F4, 1987, over the variance). Camera noise is not like its neighbours at
    either distance and cancels: noise and flat planes give about 0, blurred planes
    little, sharp ones more.
    """
    top = max(0, (plane.shape[0] - FOCUS_EDGE) // 2)
    left = max(0, (plane.shape[1] - FOCUS_EDGE) // 2)
    part = plane[top : top + FOCUS_EDGE, left : left + FOCUS_EDGE].astype(np.float32)
    if part.shape[1] < 3:
        return 0.0
    part -= part.mean()
    here = part[:, :-2]
    variance = float(np.einsum("ij,ij->", here, here))
    if variance == 0 or not np.isfinite(variance):
        return 0.0
    steps = part[:, 1:-1] - part[:, 2:]
    return float(np.einsum("ij,ij->", here, steps)) / variance
