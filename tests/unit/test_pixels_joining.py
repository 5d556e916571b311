"""Figures of a channel that grew along time, by hand."""

from tiles2zarr.models.receipt import ChannelStats, Histogram
from tiles2zarr.pixels.joining import join_figures


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
