"""Distances of planes and of time points, measured on the acquired planes."""

import numpy as np
import pandas as pd

DIGITS = 6
"""Decimals kept of a measured distance: beyond is noise of the division."""
_SERIES = ["row", "column", "fov", "c"]


def measure_z_spacing(planes: pd.DataFrame) -> float | None:
    """Return the distance of planes, micrometer, or nothing if no stack tells it.

    Each stack (one channel, field and time) gives its height by its number of steps,
    since single heights are rounded to a tenth of a micrometer; the median counts.
    Heights of different channels are never compared: they differ by focus offsets.

    Args:
        planes: Acquired planes with ``row``, ``column``, ``fov``, ``c``, ``t``, ``z``
            and ``z_um``.
    """
    return _median_step(planes, [*_SERIES, "t"], "z", "z_um")


def measure_t_spacing(planes: pd.DataFrame) -> float | None:
    """Return the distance of time points, second, or nothing if it is not known.

    Args:
        planes: As for ``measure_z_spacing``, with ``time`` in seconds.
    """
    ordered = planes.sort_values([*_SERIES, "t", "time"], kind="stable")
    series = ordered.drop_duplicates([*_SERIES, "t"])
    same = ~series.duplicated(_SERIES).to_numpy()
    with_gap = np.diff(series["t"].to_numpy())[~same[1:]]
    waits = np.diff(series["time"].to_numpy())[~same[1:]]
    return _positive_median(waits / with_gap)


def _median_step(
    planes: pd.DataFrame, series: list[str], index: str, place: str
) -> float | None:
    known = planes[planes[place].notna()].sort_values(index, kind="stable")
    stacks = known.groupby(series)[[index, place]].agg(["first", "last"])
    steps = (stacks[(index, "last")] - stacks[(index, "first")]).to_numpy(float)
    heights = (stacks[(place, "last")] - stacks[(place, "first")]).to_numpy(float)
    several = steps > 0
    return _positive_median(np.abs(heights[several]) / steps[several])


def _positive_median(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> float | None:
    """Return the median of the values that are known, if it is positive."""
    known = values[np.isfinite(values)]
    median = round(float(np.median(known)), DIGITS) if known.size else 0.0
    return median if median > 0 else None
