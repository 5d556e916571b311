"""Figures of a channel, gathered from the chunks while they are in memory."""

import math
import threading
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.models.receipt import ChannelStats, Histogram

Block = NDArray[np.generic]
SAMPLES = 2**16
"""Samples taken from a plane of a chunk; smaller planes are counted whole."""
KEPT = 2**22
"""Samples kept of a channel with values that cannot be counted in 65,536 bins."""
BINS = 4096
"""Bins of a histogram in a receipt."""


@dataclass
class Samples:
    """What was gathered of a channel; the same whatever the order it came in."""

    counts: NDArray[np.int64] | None = None
    values: list[Block] = field(default_factory=list)


class ChannelFigures:
    """Running figures of one channel of one image; safe to feed from threads."""

    def __init__(self, dtype: np.dtype[np.generic], planes: int) -> None:
        """Prepare for ``planes`` calls of ``add`` with pixels of ``dtype``."""
        self._dtype = dtype
        self._samples = SAMPLES
        self._found = Samples()
        if dtype in (np.uint8, np.uint16):
            self._found.counts = np.zeros(2 ** (8 * dtype.itemsize), dtype=np.int64)
        else:
            self._samples = max(256, min(SAMPLES, KEPT // max(1, planes)))
        self._lock = threading.Lock()

    def add(self, plane: Block, acquired: NDArray[np.bool_] | None) -> None:
        """Sample one (y, x) plane; ``acquired`` marks the pixels that tiles cover."""
        step = max(1, int(np.sqrt(plane.size / self._samples)))
        sample = plane[::step, ::step]
        values = sample[acquired[::step, ::step]] if acquired is not None else sample
        flat = values.ravel()
        total = self._found.counts
        counts = None if total is None else np.bincount(flat, minlength=total.size)
        found = Samples(
            counts=counts,
            values=[] if counts is not None else [flat[np.isfinite(flat)].copy()],
        )
        with self._lock:
            self.merge(found)

    @property
    def samples(self) -> Samples:
        """What was gathered so far, to be merged elsewhere."""
        return self._found

    def merge(self, other: Samples) -> None:
        """Take over what was gathered elsewhere (by one thread at a time)."""
        if self._found.counts is not None and other.counts is not None:
            self._found.counts += other.counts
        self._found.values.extend(other.values)

    def figures(self) -> ChannelStats:
        """Return the figures of everything added; an empty channel is all zero."""
        values, weights = self._weighted()
        if values.size == 0:
            empty = Histogram(start=0, width=1, counts=(0,))
            return ChannelStats(histogram=empty, minimum=0, maximum=0)
        whole = self._dtype.kind in "iu"
        top = float(np.iinfo(self._dtype.name).max) if whole else np.inf
        saturated = float(weights[values >= top].sum() / weights.sum())
        return ChannelStats(
            histogram=make_histogram(values, weights, whole),
            minimum=float(values.min()),
            maximum=float(values.max()),
            saturated=round(saturated, 6),
        )

    def _weighted(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        counts = self._found.counts
        if counts is not None:
            present = np.flatnonzero(counts)
            return present.astype(np.float64), counts[present]
        # threads add in any order: sorting makes the receipt the same every time
        parts = [part.astype(np.float64) for part in self._found.values]
        values = np.sort(np.concatenate(parts)) if parts else np.empty(0)
        return values, np.ones(values.size, dtype=np.int64)


def make_histogram(
    values: NDArray[np.float64], weights: NDArray[np.int64], whole: bool
) -> Histogram:
    """Return at most ``BINS`` equal bins; whole numbers get bins of whole width.

    Widths are powers of two and edges multiples of them, so that wider bins are made of
    narrower ones: values added later to a histogram give the one of all values.
    """
    low, high = float(values.min()), float(values.max())
    width = _bin_width(low, high, whole)
    # a single value stands for itself
    start = low if low == high else np.floor(low / width) * width
    bins = (np.floor(values / width) - np.floor(low / width)).astype(np.int64)
    counts = np.bincount(bins, weights=weights.astype(np.float64))
    return Histogram(
        start=start, width=width, counts=tuple(int(count) for count in counts)
    )


def _bin_width(low: float, high: float, whole: bool) -> float:
    """Return the smallest power of two that needs no more than ``BINS`` bins."""
    if low == high:
        return 1.0
    _, exponent = math.frexp(high / BINS - low / BINS)
    width = math.ldexp(1.0, exponent - 1)
    width = max(1.0, width) if whole else width
    while math.floor(high / width) - math.floor(low / width) >= BINS:
        width *= 2
    return width
