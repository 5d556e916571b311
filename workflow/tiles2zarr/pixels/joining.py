"""Figures of a channel from those of two parts of it, an old one and a later one."""

from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.models.receipt import ChannelStats
from tiles2zarr.pixels.stats import make_histogram

Figure = float | None


def join_figures(
    old: ChannelStats, new: ChannelStats, dtype: str, share: float
) -> ChannelStats:
    """Return the figures of two parts of a channel, the later one along t.

    Args:
        old: Figures of one part.
        new: Figures of the other, as part of the whole: ``t_mean`` has a place for
            every time point.
        dtype: Pixel type.
        share: The first part's share of the planes, for means.
    """
    parts = [part for part in (old, new) if any(part.histogram.counts)]
    if len(parts) < 2:
        return parts[0] if parts else new
    whole = np.dtype(dtype).kind in "iu"
    values, weights = zip(*(_bins(part, whole) for part in parts), strict=True)
    sizes = [float(part.sum()) for part in weights]
    saturated = np.average([old.saturated, new.saturated], weights=sizes)
    before = old.t_mean or (old.mean,)
    z_focus = tuple(
        _mean(*pair, share) for pair in zip_longest(old.z_focus, new.z_focus)
    )
    known = [value for value in z_focus if value is not None]
    return ChannelStats(
        histogram=make_histogram(
            np.concatenate(values), np.concatenate(weights), whole
        ),
        minimum=min(old.minimum, new.minimum),
        maximum=max(old.maximum, new.maximum),
        saturated=round(float(saturated), 6),
        mean=_mean(old.mean, new.mean, share),
        background=_mean(old.background, new.background, share),
        vignetting=_mean(old.vignetting, new.vignetting, share),
        light=_light(old.light, new.light, share),
        focus=max(known) if known else _mean(old.focus, new.focus, share),
        z_mean=tuple(
            _mean(*pair, share) for pair in zip_longest(old.z_mean, new.z_mean)
        ),
        z_focus=z_focus,
        t_mean=tuple(
            first if later is None else later
            for first, later in zip_longest(before, new.t_mean)
        ),
    )


def _mean(old: Figure, new: Figure, share: float) -> Figure:
    if old is None or new is None:
        return new if old is None else old
    return round(old * share + new * (1 - share), 6)


def _light(
    old: tuple[float, ...], new: tuple[float, ...], share: float
) -> tuple[float, ...]:
    if len(old) != len(new):
        return new or old
    pairs = zip(old, new, strict=True)
    return tuple(round(a * share + b * (1 - share), 6) for a, b in pairs)


def _bins(
    part: ChannelStats, whole: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the middles of a histogram's bins, within its values, and their counts."""
    found = part.histogram
    counts = np.array(found.counts, dtype=np.int64)
    used = np.flatnonzero(counts)
    middles = found.start + (used + 0.5) * found.width - 0.5 * whole
    middles = np.floor(middles) if whole else middles
    middles[0] = part.minimum
    middles[-1] = part.maximum
    return middles.astype(np.float64), counts[used]
