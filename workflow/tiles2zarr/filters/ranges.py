"""Filters by range of z and of time."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def match_range(
    table: pd.DataFrame, axis: str, low: float | None, high: float | None
) -> NDArray[np.bool_]:
    """Say which tiles start between ``low`` and ``high``, both included.

    Args:
        table: The tiles.
        axis: ``"z"`` or ``"t"``.
        low: Smallest start, in the unit of the tile table's starts; ``None``: no limit.
        high: Largest start; ``None``: no limit.
    """
    start = table[axis].to_numpy()
    inside = np.ones(len(start), dtype=bool)
    if low is not None:
        inside &= start >= low
    if high is not None:
        inside &= start <= high
    return inside
