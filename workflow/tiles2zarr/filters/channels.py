"""Filter by channel."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import TableError


def match_channels(
    table: pd.DataFrame, wanted: Sequence[str], channels: Sequence[str]
) -> NDArray[np.bool_]:
    """Say which tiles hold only channels whose label is wanted.

    Args:
        table: The tiles.
        wanted: Channel labels.
        channels: Labels of the acquisition's channels, by ``c``; beyond them, channels
            are named ``channel_0`` ...

    Raises:
        TableError: A tile of several channels holds wanted and other ones: tiles are
            taken whole.
    """
    first = table["c"].to_numpy()
    stop = first + table["len_c"].to_numpy()
    labels = channel_labels(int(stop.max(initial=0)), channels)
    counts = np.cumsum([0, *(label in set(wanted) for label in labels)])
    matching = counts[stop] - counts[first]
    partial = (matching > 0) & (matching < stop - first)
    if partial.any():
        row = int(partial.argmax())
        held = ", ".join(labels[first[row] : stop[row]])
        raise TableError(
            f"channel filter of {', '.join(wanted)}",
            [
                f"{table['file'].iloc[row]!r} (table row "
                f"{table['source_row'].iloc[row]}) holds the channels {held}, of which "
                "only some match. Name all channels of a tile, or none."
            ],
        )
    matched: NDArray[np.bool_] = matching > 0
    return matched


def channel_labels(count: int, channels: Sequence[str]) -> list[str]:
    """Return the labels of ``count`` channels, made up where none is given."""
    made_up = [f"channel_{index}" for index in range(len(channels), count)]
    return [*channels, *made_up]
