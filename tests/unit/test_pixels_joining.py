"""Figures of a channel that grew along time, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.models.receipt import ChannelStats, Histogram
from tiles2zarr.pixels.joining import join_figures
from tiles2zarr.pixels.stats import BINS, ChannelFigures, make_histogram


def part(start: float, t_mean: tuple[float | None, ...], mean: float) -> ChannelStats:
    """Return figures of four samples from ``start`` on, one a bin."""
    return ChannelStats(
        histogram=Histogram(start=start, width=1, counts=(1, 1, 1, 1)),
        minimum=start,
        maximum=start + 3,
        mean=mean,
        focus=mean / 10,
        light=(mean, mean + 2),
        t_mean=t_mean,
    )


def test_figures_of_a_grown_channel() -> None:
    """Two old time points of mean 10 and one of 40 have the mean 20; the rest joins."""
    old = part(8, (8.0, 12.0), 10.0)
    new = part(40, (None, None, 40.0), 40.0)
    found = join_figures(old, new, "uint16", 2 / 3)
    assert found.mean == 20.0
    assert found.light == (20.0, 22.0)
    assert found.focus == 2.0
    assert found.t_mean == (8.0, 12.0, 40.0)
    assert (found.minimum, found.maximum) == (8, 43)
    assert sum(found.histogram.counts) == 8


def test_first_time_point_has_the_mean_of_the_whole() -> None:
    """One time point keeps no profile: its mean takes its place when more come."""
    found = join_figures(part(8, (), 10.0), part(40, (None, 40.0), 40.0), "uint8", 0.5)
    assert found.t_mean == (10.0, 40.0)


def figures_of(dtype: str, *planes: list[float]) -> ChannelStats:
    """Return the figures of planes of one row."""
    channel = ChannelFigures(np.dtype(dtype), 2)
    for values in planes:
        channel.add(np.array([values], dtype=dtype), None)
    return channel.figures()


WHOLE = st.integers(0, 2**16 - 1)
REAL = st.floats(-1e6, 1e6, width=32)


@pytest.mark.parametrize(
    ("dtype", "value"), [("uint16", WHOLE), ("uint32", WHOLE), ("float32", REAL)]
)
@given(draw=st.data())
def test_histogram_is_that_of_one_go(
    dtype: str, value: st.SearchStrategy[float], draw: st.DataObject
) -> None:
    """However values come in two parts, their bins and counts are those of all."""
    old, new = (draw.draw(st.lists(value, min_size=1, max_size=9)) for _ in range(2))
    found = join_figures(figures_of(dtype, old), figures_of(dtype, new), dtype, 0.5)
    wanted = figures_of(dtype, old, new)
    assert found.histogram == wanted.histogram
    assert (found.minimum, found.maximum) == (wanted.minimum, wanted.maximum)


@pytest.mark.parametrize(
    ("low", "high", "start", "width", "bins"),
    [
        pytest.param(7, 4102, 7, 1, 4096, id="one-wide"),
        pytest.param(7, 4103, 6, 2, 2049, id="two-wide"),
        pytest.param(0, 65535, 0, 16, 4096, id="all-of-uint16"),
        pytest.param(-5, -5, -5, 1, 1, id="one-value"),
    ],
)
def test_bins_of_whole_numbers(
    low: int, high: int, start: int, width: int, bins: int
) -> None:
    """Bins are a power of two wide and begin at its multiples."""
    values = np.unique([low, high]).astype(float)
    found = make_histogram(values, np.ones(values.size, dtype=np.int64), whole=True)
    assert (found.start, found.width, len(found.counts)) == (start, width, bins)


@given(low=REAL, high=REAL)
def test_bins_are_as_many_as_allowed(low: float, high: float) -> None:
    """Values of any range fill no more than the bins there are, and half of them."""
    low, high = min(low, high), max(low, high)
    values = np.unique([low, high]).astype(float)
    found = make_histogram(values, np.ones(values.size, dtype=np.int64), whole=False)
    assert BINS // 2 <= len(found.counts) <= BINS or low == high
    assert sum(found.counts) == values.size
