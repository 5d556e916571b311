"""Contrast windows from histograms of acquired level-0 pixels."""

import math
from collections.abc import Hashable, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.models.base import Frozen
from tiles2zarr.models.receipt import Histogram

LOW, HIGH = 0.001, 0.999
"""Shares of the pixels that are darker than the window's start and its end."""
MOST_BINS = 2**17
"""Bins of a merged histogram; images far apart get wider ones."""
Counts = NDArray[np.int64]
Key = TypeVar("Key", bound=Hashable)


class Window(Frozen):
    """Contrast of one channel, as the omero metadata show it."""

    min: float
    """Smallest value the slider offers."""
    max: float
    """Largest value the slider offers."""
    start: float
    """Value shown as black."""
    end: float
    """Value shown at full brightness; always above ``start``."""


def merge_by_channel(samples: Iterable[tuple[Key, Histogram]]) -> dict[Key, Histogram]:
    """Return one histogram per key of all its samples; empty ones are left out.

    Keys are what is to share a window, e.g. (acquisition, wavelength id). Bins that
    line up are added. Otherwise the widest bins are used and each bin's samples go
    where its middle lies, so a value is off by at most half a bin. A single bin holds
    one value, its start, and never widens the others. Reads ``samples`` once and holds
    one histogram of at most about ``MOST_BINS`` bins per key.
    """
    merged: dict[Key, tuple[Histogram, Counts]] = {}
    for key, histogram in samples:
        counts = np.asarray(histogram.counts, dtype=np.int64)
        if not counts.any():
            continue
        old = merged.get(key)
        merged[key] = (histogram, counts) if old is None else _add(old, histogram)
    return {
        key: histogram.replace(counts=tuple(counts.tolist()))
        for key, (histogram, counts) in merged.items()
    }


def _add(old: tuple[Histogram, Counts], new: Histogram) -> tuple[Histogram, Counts]:
    """Return the grid (its own counts stay empty) and the counts of the sum."""
    grid, counts = old
    added = np.asarray(new.counts, dtype=np.int64)
    fine = min(grid.width, new.width)
    if len(counts) == len(added) == 1 and grid.start != new.start:
        fine = min(fine, abs(grid.start - new.start))
    grid = grid if len(counts) > 1 else grid.replace(width=fine)
    new = new if len(added) > 1 else new.replace(width=fine)
    width = max(grid.width, new.width)
    # the grid of the wider bins stays, so that its samples keep their exact place
    anchor = grid.start if grid.width >= new.width else new.start
    ends = (_value(grid, len(counts)), _value(new, len(added)))
    span = max(ends) - min(grid.start, new.start)
    width *= max(1, math.ceil(span / width / MOST_BINS))
    parts = [_rebin(grid, counts, anchor, width), _rebin(new, added, anchor, width)]
    first = min(start for start, _ in parts)
    total = np.zeros(max(start + len(part) for start, part in parts) - first, np.int64)
    for start, part in parts:
        total[start - first : start - first + len(part)] += part
    start_value = anchor + first * width
    return Histogram(start=start_value, width=width, counts=()), total


def _rebin(
    histogram: Histogram, counts: Counts, anchor: float, width: float
) -> tuple[int, Counts]:
    """Return the index of the first bin on the grid, and the counts from there on."""
    middle = histogram.start + histogram.width / 2
    if histogram.width == width:
        return math.floor((middle - anchor) / width), counts
    middles = middle + histogram.width * np.arange(len(counts))
    bins = np.floor((middles - anchor) / width).astype(np.int64)
    rebinned = np.zeros(int(bins[-1] - bins[0]) + 1, np.int64)
    np.add.at(rebinned, bins - bins[0], counts)
    return int(bins[0]), rebinned


def contrast_window(histogram: Histogram | None, dtype: str) -> Window:
    """Return the window of a channel: the 0.1 and 99.9 percentiles of its pixels.

    Args:
        histogram: Samples of the channel, merged over its images; ``None`` or without
            samples gives the full range.
        dtype: Pixel type. Integers offer the type's range (uint8 0 to 255), floats the
            range of the samples.
    """
    integer = np.issubdtype(np.dtype(dtype), np.integer)
    counts = np.asarray(histogram.counts if histogram else (), dtype=np.int64)
    if histogram is None or not counts.any():
        low, high = _limits(dtype) if integer else (0.0, 1.0)
        return Window(min=low, max=high, start=low, end=high)
    total = np.cumsum(counts)
    first = int(np.searchsorted(total, LOW * total[-1], side="right"))
    last = int(np.searchsorted(total, HIGH * total[-1], side="left"))
    # the bin [v, v + 1) of an integer holds v only; a wider one is shown whole
    reach = 0 if integer and histogram.width == 1 else 1
    start, end = _value(histogram, first), _value(histogram, last + reach)
    if integer:
        return _fitted(start, end, *_limits(dtype), step=1.0)
    filled = np.flatnonzero(counts)
    lowest, highest = int(filled[0]), int(filled[-1]) + 1
    smallest, largest = _value(histogram, lowest), _value(histogram, highest)
    # bins finer than the numbers at that height would leave start and end the same
    step = max(histogram.width, 1e-6 * abs(largest))
    return _fitted(start, end, min(smallest, largest - step), largest, step=step)


def _value(histogram: Histogram, edge: int) -> float:
    return histogram.start + edge * histogram.width


def _limits(dtype: str) -> tuple[float, float]:
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)


def _fitted(
    start: float, end: float, smallest: float, largest: float, *, step: float
) -> Window:
    """Return the window within its limits, opened by a step where it is empty."""
    start = min(max(start, smallest), largest - step)
    # the sum may round to just above the largest value
    end = min(max(end, start + step), largest)
    return Window(min=smallest, max=largest, start=start, end=end)
