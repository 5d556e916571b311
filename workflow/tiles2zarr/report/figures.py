"""The figures shown per channel: what they are called, and how they are found."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tiles2zarr.models.receipt import ChannelStats, Histogram


@dataclass(frozen=True)
class Figure:
    """One figure of a channel."""

    key: str
    title: str
    note: str
    """What it is and how to read it, in one sentence."""
    percent: bool = False
    """Shown as a percentage."""
    mapped: bool = True
    """Drawn on the page; else in the table of figures alone."""


FIGURES = (
    Figure("mean", "Mean", "Of all pixels as they were read, in grey values."),
    Figure("p1", "1st percentile", "Of the acquired pixels.", mapped=False),
    Figure("p50", "Median", "Of the acquired pixels.", mapped=False),
    Figure("p99", "99th percentile", "Of the acquired pixels, in grey values."),
    Figure(
        "saturated",
        "Saturation",
        "Share of pixels at the largest value the pixel type holds.",
        percent=True,
    ),
    Figure(
        "background",
        "Background",
        "The darkest tenth of blocks of each tile, averaged; in grey values.",
    ),
    Figure(
        "focus",
        "Sharpness",
        "How fast neighbouring pixels stop being alike, at the sharpest plane; near 0 "
        "for flat and for out-of-focus tiles.",
    ),
    Figure(
        "vignetting",
        "Even light",
        "Corners of the usual tile over its middle; 100\u00a0% is even light.",
        percent=True,
    ),
    Figure("z_best", "Sharpest plane", "Number of the sharpest plane, from 1."),
    Figure(
        "z_range",
        "Range over z",
        "Brightest minus darkest plane, over the mean.",
        percent=True,
    ),
    Figure(
        "t_range",
        "Range over time",
        "Brightest minus darkest time point, over the mean.",
        percent=True,
    ),
    Figure(
        "t_change",
        "Change over time",
        "Last minus first time point, over the first: bleaching is below 0.",
        percent=True,
    ),
)
"""In the order of the page. Low percentiles follow the background, the median the mean:
maps of them would show the same twice."""


def channel_figures(stats: ChannelStats) -> dict[str, float]:
    """Return the figures of a channel by key; what was not measured is absent."""
    low, median, high = percentiles(stats.histogram, (0.01, 0.5, 0.99))
    found: dict[str, float | None] = {
        "mean": stats.mean if stats.mean is not None else histogram_mean(stats),
        "p1": low,
        "p50": median,
        "p99": high,
        "saturated": stats.saturated,
        "background": stats.background,
        "focus": stats.focus,
        "vignetting": stats.vignetting,
        "z_best": _highest(stats.z_focus),
        "z_range": _range(stats.z_mean),
        "t_range": _range(stats.t_mean),
        "t_change": _change(stats.t_mean),
    }
    return {key: value for key, value in found.items() if value is not None}


def percentiles(histogram: Histogram, shares: tuple[float, ...]) -> list[float | None]:
    """Return the values below which the shares of the samples lie, to half a bin."""
    counts = np.asarray(histogram.counts, dtype=np.int64)
    total = np.cumsum(counts)
    if not total.size or total[-1] == 0:
        return [None] * len(shares)
    places = np.searchsorted(total, np.asarray(shares) * total[-1], side="left")
    return [_middle(histogram, int(place)) for place in places]


def histogram_mean(stats: ChannelStats) -> float | None:
    """Return the mean of the samples, ``None`` where there are none."""
    counts = np.asarray(stats.histogram.counts, dtype=np.float64)
    if counts.sum() == 0:
        return None
    values = [_middle(stats.histogram, place) for place in range(counts.size)]
    return float(np.average(values, weights=counts))


def _middle(histogram: Histogram, place: int) -> float:
    # a bin of width 1 holds one whole number, its start
    half = 0 if histogram.width == 1 else histogram.width / 2
    return histogram.start + place * histogram.width + half


def _highest(profile: tuple[float | None, ...]) -> float | None:
    known = [
        (value, -place) for place, value in enumerate(profile) if value is not None
    ]
    return float(1 - max(known)[1]) if known else None


def _range(profile: tuple[float | None, ...]) -> float | None:
    known = [value for value in profile if value is not None]
    mean = float(np.mean(known)) if known else 0.0
    return (max(known) - min(known)) / mean if mean > 0 else None


def _change(profile: tuple[float | None, ...]) -> float | None:
    known = [value for value in profile if value is not None]
    return (known[-1] - known[0]) / known[0] if known and known[0] > 0 else None


def written(value: float, figure: Figure) -> str:
    """Return a figure for people: ``1,240``, ``0.034``, ``12.5 %``."""
    return percent(value) if figure.percent else number(value)


def percent(share: float) -> str:
    """Return a share as a percentage with three digits at most."""
    return f"{number(100 * share)} %"


def number(value: float) -> str:
    """Return a number with three digits, whole ones in full: ``1,240``, ``0.0341``."""
    if value == 0:
        return "0"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}".replace("-", "\u2212")
    digits = f"{value:.3g}"
    if "e" in digits:
        return digits.replace("-", "\u2212")
    return digits.replace("-", "\u2212")


def mean_figures(channels: list[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each figure over the images of a well that have it."""
    keys = dict.fromkeys(key for figures in channels for key in figures)
    return {key: float(np.mean([f[key] for f in channels if key in f])) for key in keys}
