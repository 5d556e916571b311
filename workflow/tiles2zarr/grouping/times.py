"""Kinetics saved as one folder per read: the reads joined along t."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TypeAlias

import pandas as pd

from tiles2zarr.models.acquisition import AcquisitionDetails

Table: TypeAlias = pd.DataFrame
"""Tiles, one row each; see ``parsers.records``."""


def join_reads(
    tables: Sequence[Table],
    starts: Sequence[int | None],
    details: AcquisitionDetails,
) -> tuple[Table, float | None]:
    """Return the tiles of all reads, each read's time points after the last one's.

    Args:
        tables: The tiles of each read.
        starts: When each read began, epoch milliseconds, where known.
        details: Say whether ``t`` and ``len_t`` are time points or seconds.

    Returns:
        The tiles, and the median distance of the reads in seconds where all are known.
    """
    parts, first = [], 0.0
    # lengths in the unit of starts, or seconds and time points would be added up
    counted = (details.start_t_coo == "pixel", details.length_t_coo == "pixel")
    step = {
        (True, False): 1 / details.t_spacing,
        (False, True): details.t_spacing,
    }.get(counted, 1.0)
    origin = starts[0]
    for table, start in zip(tables, starts, strict=True):
        begun = table["t"].min() if len(table) else 0.0
        shift = 0.0
        if origin is not None and start is not None:
            shift = (start - origin) / 1000
        parts.append(
            table.assign(t=table["t"] - begun + first, time_s=table["time_s"] + shift)
        )
        length = (
            (table["t"] + table["len_t"] * step).max() - begun if len(table) else 0.0
        )
        first += float(length)
    known = [start for start in starts if start is not None]
    steps = [(b - a) / 1000 for a, b in pairwise(known)]
    told = len(known) == len(starts) and steps and min(steps) > 0
    return pd.concat(parts, ignore_index=True), median(steps) if told else None
