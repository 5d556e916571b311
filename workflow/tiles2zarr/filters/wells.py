"""Filter by well."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.well import MAX_COLUMNS, parse_well, well_name


def match_wells(table: pd.DataFrame, wells: Sequence[str]) -> NDArray[np.bool_]:
    """Say which tiles lie in one of ``wells`` (``B3`` is ``B03``).

    Tiles of single images lie in none.
    """
    wanted = [
        row * MAX_COLUMNS + column for row, column in (parse_well(w) for w in wells)
    ]
    codes = table["row"] * MAX_COLUMNS + table["column"]
    return codes.isin(wanted).fillna(False).to_numpy(dtype=bool)


def well_names(table: pd.DataFrame) -> list[str]:
    """Return the wells of the tiles, in order of rows and columns."""
    places = table[["row", "column"]].dropna().drop_duplicates()
    pairs = sorted(zip(places["row"], places["column"], strict=True))
    return [well_name(int(row), int(column)) for row, column in pairs]
