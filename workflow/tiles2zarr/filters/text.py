"""Filters by regular expression, on paths and names of fields of view."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.well import column_name, row_name


def match_path(table: pd.DataFrame, regex: str, acquisition: int) -> NDArray[np.bool_]:
    """Say which tiles have ``regex`` in the path of their file or of their image.

    The image's path is ``B/03/0``, or the ``image_path`` of a single image.
    """
    pattern = re.compile(regex)
    return _found(table["file"], pattern) | _found(
        image_paths(table, acquisition), pattern
    )


def match_fov_name(table: pd.DataFrame, regex: str) -> NDArray[np.bool_]:
    """Say which tiles have ``regex`` in the name of their field of view."""
    return _found(table["fov"], re.compile(regex))


def image_paths(table: pd.DataFrame, acquisition: int) -> "pd.Series[str]":
    """Return the path of each tile's image below its plate."""
    places = table[["row", "column"]].drop_duplicates().dropna()
    names = pd.Series(
        [
            f"{row_name(int(row))}/{column_name(int(column))}/{acquisition}"
            for row, column in zip(places["row"], places["column"], strict=True)
        ],
        index=pd.MultiIndex.from_frame(places),
        dtype=object,
    )
    wells = pd.MultiIndex.from_frame(table[["row", "column"]])
    in_plate = pd.Series(names.reindex(wells).to_numpy(), table.index, dtype=object)
    return in_plate.where(table["image_path"].isna(), table["image_path"])


def _found(texts: "pd.Series[str]", pattern: re.Pattern[str]) -> NDArray[np.bool_]:
    """Search each distinct text once."""
    codes, unique = pd.factorize(texts)
    found = [pattern.search(str(text)) is not None for text in unique]
    return np.array([*found, False], dtype=bool)[codes]
