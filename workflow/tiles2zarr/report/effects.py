"""Rows, columns and wells of a plate that stand out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float64]
"""Values over (row, column); NaN where there is none."""
FEWEST = 12
"""Wells below which nothing is said of effects and outliers."""
FAR = 5.0
"""Robust standard deviations from which a well is an outlier."""
CLEAR = 0.02
"""Least distance of an outlier, over the usual value: less is rounding."""
ROUNDS = 10
"""Sweeps of the median polish."""


@dataclass(frozen=True)
class Effects:
    """A plate as overall + row + column + rest, by medians."""

    overall: float
    """What a usual well has."""
    rows: NDArray[np.float64]
    """What each row adds; NaN for a row without values."""
    columns: NDArray[np.float64]
    """What each column adds; NaN for a column without values."""
    rest: Grid
    """What is left per well."""
    outliers: tuple[tuple[int, int], ...]
    """(row, column) of wells whose rest is far from all others."""
    noise: float
    """Robust standard deviation of the rest."""


def find_effects(values: Grid) -> Effects | None:
    """Return row and column effects by Tukey's median polish, and the outliers.

    Returns ``None`` where there are fewer than ``FEWEST`` values or a single row or
    column, of which nothing can be said.
    """
    known = np.isfinite(values)
    if (
        known.sum() < FEWEST
        or min(known.any(axis=1).sum(), known.any(axis=0).sum()) < 2
    ):
        return None
    rest = np.where(known, values, np.nan)
    rows, columns = np.zeros(values.shape[0]), np.zeros(values.shape[1])
    for _ in range(ROUNDS):
        step = _medians(rest, 1)
        rest, rows = rest - step[:, None], rows + step
        step = _medians(rest, 0)
        rest, columns = rest - step[None, :], columns + step
    full_rows, full_columns = known.any(axis=1), known.any(axis=0)
    base_rows = float(np.median(rows[full_rows]))
    base_columns = float(np.median(columns[full_columns]))
    noise = _spread(rest[known])
    overall = base_rows + base_columns
    least = max(FAR * noise, CLEAR * abs(overall))
    far = known & (np.abs(np.nan_to_num(rest)) > least) & (noise > 0)
    return Effects(
        overall=overall,
        rows=np.where(full_rows, rows - base_rows, np.nan),
        columns=np.where(full_columns, columns - base_columns, np.nan),
        rest=rest,
        outliers=tuple((int(row), int(column)) for row, column in np.argwhere(far)),
        noise=noise,
    )


def _medians(values: Grid, axis: int) -> NDArray[np.float64]:
    """Return medians of what is known, 0 for a line without values."""
    lines = values if axis == 1 else values.T
    return np.array(
        [
            float(np.median(line[np.isfinite(line)])) if np.isfinite(line).any() else 0
            for line in lines
        ]
    )


def _spread(rest: NDArray[np.float64]) -> float:
    """Return the standard deviation that outliers cannot change: 1.48 MAD.

    More than half of all values alike would make that 0: then the mean distance, which
    a few far values do change.
    """
    distance = np.abs(rest - np.median(rest))
    middle = 1.4826 * float(np.median(distance))
    return middle if middle > 0 else 1.2533 * float(distance.mean())
