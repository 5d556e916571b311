"""Which image a tile belongs to: a well, or a single image's path."""

from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS, well_name

ImageKey: TypeAlias = tuple[int, int] | str
"""An image within its acquisition: 0-based (row, column), or ``image_path``."""


def image_codes(table: pd.DataFrame) -> tuple[NDArray[np.int64], list[ImageKey]]:
    """Return a number per tile, and the image each number stands for.

    Wells come first, by row and column, then single images by path.
    """
    paths, names = pd.factorize(table["image_path"], sort=True)
    wells = table["row"] * MAX_COLUMNS + table["column"]
    well = wells.fillna(-1).to_numpy(np.int64)
    single = paths >= 0
    code, values = pd.factorize(
        np.where(single, MAX_ROWS * MAX_COLUMNS + paths, well), sort=True
    )
    keys: list[ImageKey] = []
    for value in values.tolist():
        if value >= MAX_ROWS * MAX_COLUMNS:
            keys.append(str(names[value - MAX_ROWS * MAX_COLUMNS]))
        else:
            row, column = divmod(value, MAX_COLUMNS)
            keys.append((row, column))
    return code.astype(np.int64), keys


def place_name(key: ImageKey) -> str:
    """Return an image's well or path, for messages."""
    return key if isinstance(key, str) else well_name(*key)
