"""Filter by the value of an attribute (a condition column of the tile table)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.base import Scalar


def match_attribute(
    table: pd.DataFrame, key: str, values: Sequence[Scalar]
) -> NDArray[np.bool_]:
    """Say which tiles have one of ``values`` in column ``key``; null matches blanks.

    Numbers match by value, also where one side is text (``5`` is ``"5"`` and 5.0); a
    truth value matches only itself.
    """
    codes, unique = pd.factorize(table[key])
    found = [any(same_value(cell, value) for value in values) for cell in unique]
    blank = any(value is None for value in values)
    return np.array([*found, blank], dtype=bool)[codes]


def same_value(cell: Scalar, value: Scalar) -> bool:
    """Say whether a cell that is not blank is ``value``."""
    if value is None:
        return False
    if isinstance(cell, bool) or isinstance(value, bool):
        return str(cell).lower() == str(value).lower()
    if isinstance(cell, str) and isinstance(value, str):
        return cell == value
    try:
        return float(cell or 0) == float(value)
    except ValueError:
        return False
