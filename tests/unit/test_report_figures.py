"""Figures of a channel from its receipt, and how they are written."""

import pytest

from tiles2zarr.models.receipt import ChannelStats, Histogram
from tiles2zarr.report.figures import channel_figures, mean_figures, number, percent

HISTOGRAM = Histogram(start=10, width=1, counts=(2, 0, 96, 2))
"""Twice 10, 96 times 12, twice 13."""
STATS = ChannelStats(
    histogram=HISTOGRAM,
    minimum=10,
    maximum=13,
    saturated=0.02,
    background=10.5,
    z_mean=(10.0, 14.0, 12.0),
    z_focus=(0.1, None, 0.3),
    t_mean=(20.0, 15.0),
)


def test_figures_by_hand() -> None:
    """Percentiles, ranges and changes are those one counts by hand."""
    found = channel_figures(STATS)
    assert (found["p1"], found["p50"], found["p99"]) == (10, 12, 13)
    assert found["mean"] == pytest.approx((20 + 96 * 12 + 26) / 100)
    assert found["z_best"] == 3
    assert found["z_range"] == pytest.approx(4 / 12)
    assert found["t_range"] == pytest.approx(5 / 17.5)
    assert found["t_change"] == -0.25
    assert found["saturated"] == 0.02
    assert "vignetting" not in found
    assert "focus" not in found


def test_wide_bins_count_by_their_middle() -> None:
    """Bins of 4 from 0 stand for 2 and 6."""
    wide = Histogram(start=0, width=4, counts=(1, 1))
    found = channel_figures(STATS.replace(histogram=wide))
    assert (found["p1"], found["p99"], found["mean"]) == (2, 6, 4)


def test_empty_channel_has_no_figures_of_pixels() -> None:
    """A channel without samples has no mean and no percentiles."""
    empty = ChannelStats(
        histogram=Histogram(start=0, width=1, counts=(0,)), minimum=0, maximum=0
    )
    assert channel_figures(empty) == {"saturated": 0}


def test_mean_over_images_of_a_well() -> None:
    """A figure that one image lacks is the mean of the others."""
    assert mean_figures([{"a": 1.0, "b": 4.0}, {"a": 3.0}]) == {"a": 2, "b": 4}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12345.6, "12,346"),
        (3.14159, "3.14"),
        (0.034149, "0.0341"),
        (-7, "\u22127"),
        (5.0, "5"),
    ],
)
def test_numbers_for_people(value: float, text: str) -> None:
    """Three digits, thousands apart, a real minus."""
    assert number(value) == text


def test_percentages() -> None:
    """A share of a tenth is 10 %."""
    assert percent(0.1) == "10 %"
