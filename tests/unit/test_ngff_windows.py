"""Contrast windows against numpy's percentiles."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tiles2zarr.models.receipt import Histogram
from tiles2zarr.ngff.windows import (
    MOST_BINS,
    Window,
    contrast_window,
    merge_by_channel,
)
from tiles2zarr.pixels.stats import ChannelFigures

Pixels = NDArray[np.generic]
DTYPES = ("uint8", "uint16", "int16", "float32")
HEIGHT, WIDTH = 200, 300


def merge_histograms(histograms: Iterable[Histogram]) -> Histogram | None:
    """Return one histogram of all samples of one channel."""
    return merge_by_channel((0, histogram) for histogram in histograms).get(0)


def sampled(*planes: Pixels) -> Histogram:
    """Return the histogram the write step makes of (y, x) planes."""
    figures = ChannelFigures(planes[0].dtype, len(planes))
    for plane in planes:
        figures.add(plane, None)
    return figures.figures().histogram


def counted(values: Pixels) -> Histogram:
    """Return a histogram of whole numbers with a bin for each."""
    low = int(values.min())
    bins = np.bincount(values.ravel().astype(np.int64) - low)
    return Histogram(start=low, width=1, counts=tuple(bins.tolist()))


def picture(dtype: str, seed: int = 0, scale: float = 1.0) -> Pixels:
    """Return a skewed picture with bright spots, of all of the type's usual range."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(2.0, 20.0 * scale, (HEIGHT, WIDTH))
    values[::40, ::50] *= 8
    if dtype == "int16":
        values -= 60 * scale
    if dtype == "float32":
        values /= 1000
    if dtype != "float32":
        limits = np.iinfo(dtype)
        values = np.clip(values, limits.min, limits.max)
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_w16_window_is_numpy_percentiles(dtype: str) -> None:
    """Start and end are the 0.1 and 99.9 percentiles of level 0, within a bin."""
    pixels = picture(dtype)
    histogram = sampled(pixels)
    window = contrast_window(histogram, dtype)
    low, high = np.percentile(pixels, (0.1, 99.9))
    assert abs(window.start - low) <= histogram.width
    assert abs(window.end - high) <= histogram.width


@pytest.mark.parametrize("dtype", DTYPES)
def test_window_over_a_plate_is_numpy_percentiles(dtype: str) -> None:
    """Wells of different brightness share the percentiles of all their pixels."""
    wells = [picture(dtype, seed=n, scale=1 + n) for n in range(3)]
    merged = merge_histograms(sampled(well) for well in wells)
    assert merged is not None
    assert sum(merged.counts) == 3 * HEIGHT * WIDTH
    window = contrast_window(merged, dtype)
    low, high = np.percentile(np.stack(wells), (0.1, 99.9))
    assert abs(window.start - low) <= 1.5 * merged.width
    assert abs(window.end - high) <= 1.5 * merged.width


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("uint8", 0, 255),
        ("uint16", 0, 65535),
        ("int8", -128, 127),
        ("int16", -32768, 32767),
        ("uint32", 0, 2**32 - 1),
        ("int32", -(2**31), 2**31 - 1),
    ],
)
def test_w16_limits_are_those_of_the_type(dtype: str, low: int, high: int) -> None:
    """The slider of uint8 ends at 255, never at 65535."""
    pixels = np.array([[1, 2, 3]], dtype=dtype)
    window = contrast_window(counted(pixels), dtype)
    assert (window.min, window.max) == (low, high)
    full = contrast_window(None, dtype)
    assert full == Window(min=low, max=high, start=low, end=high)


def test_float_limits_are_those_of_the_samples() -> None:
    """Floats have no range of their own: the slider spans what was acquired."""
    window = contrast_window(sampled(np.linspace(-2, 6, 80).reshape(8, 10)), "float64")
    # edges of bins: 8 in no more than 4096 bins of a power of two are 1/256 wide
    assert (window.min, window.max) == (-2, 6 + 1 / 256)
    assert contrast_window(None, "float32") == Window(min=0, max=1, start=0, end=1)


def test_percentiles_by_hand() -> None:
    """Of 1..1000, one value is darker than the start and one brighter than the end."""
    window = contrast_window(counted(np.arange(1, 1001)), "uint16")
    assert (window.start, window.end) == (2, 999)


def test_hot_pixel_does_not_count() -> None:
    """One saturated pixel in ten thousand leaves the window where it was."""
    pixels = np.full((100, 100), 10, dtype=np.uint16)
    pixels[:, 50:] = 200
    pixels[3, 4] = 65535
    window = contrast_window(sampled(pixels), "uint16")
    assert 0 <= window.start <= 10
    assert 200 <= window.end <= 200 + 17, "65,526 values share 4096 bins: 16 in each"


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("uint8", 0),
        ("uint8", 7),
        ("uint8", 255),
        ("uint16", 0),
        ("uint16", 65535),
        ("int16", -32768),
        ("int16", 32767),
        ("float32", 0.0),
        ("float32", -0.25),
        ("float32", 1e20),
        ("float64", -1e15),
    ],
)
def test_constant_image_has_an_open_window(dtype: str, value: float) -> None:
    """One value all over still gives start < end, inside the limits."""
    window = contrast_window(sampled(np.full((6, 9), value, dtype=dtype)), dtype)
    assert window.min <= window.start < window.end <= window.max


@pytest.mark.parametrize("counts", [(), (0,), (0, 0, 0)], ids=str)
def test_no_samples_give_the_full_range(counts: tuple[int, ...]) -> None:
    """An image of which nothing was acquired is shown over the whole range."""
    histogram = Histogram(start=3, width=1, counts=counts)
    assert contrast_window(histogram, "uint8") == contrast_window(None, "uint8")


@given(
    start=st.floats(-1e30, 1e30),
    width=st.floats(1e-300, 1e30),
    counts=st.lists(st.integers(0, 5), min_size=1, max_size=30),
)
def test_float_window_is_ordered(start: float, width: float, counts: list[int]) -> None:
    """Limits and ends stay in order for any histogram of floats, to the last bit."""
    histogram = Histogram(start=start, width=width, counts=tuple(counts))
    window = contrast_window(histogram, "float64")
    assert window.min <= window.start < window.end <= window.max


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60))
def test_integer_window_holds_the_percentiles(values: list[int]) -> None:
    """At least 99.8 % of the pixels lie inside the window, at both ends included."""
    pixels = np.array(values, dtype=np.uint8)
    window = contrast_window(counted(pixels), "uint8")
    assert 0 <= window.start < window.end <= 255
    outside = (pixels < window.start) | (pixels > window.end)
    assert outside.mean() <= 0.002


@given(st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=40), max_size=5))
def test_bins_that_line_up_are_added(images: list[list[int]]) -> None:
    """Merged counts are those of all pixels together, value for value."""
    merged = merge_histograms(counted(np.array(image)) for image in images)
    together = np.array([value for image in images for value in image])
    assert merged == (counted(together) if images else None)


def test_channels_are_merged_apart() -> None:
    """Each key gets the samples of its own images; empty ones give no key."""
    one = Histogram(start=5, width=1, counts=(2, 1))
    two = Histogram(start=7, width=1, counts=(4,))
    none = Histogram(start=0, width=1, counts=(0,))
    samples = [((0, "GFP"), one), ((1, "GFP"), two), ((0, "GFP"), two)]
    merged = merge_by_channel([*samples, ((0, "BF"), none)])
    assert merged == {
        (0, "GFP"): Histogram(start=5, width=1, counts=(2, 1, 4)),
        (1, "GFP"): two,
    }


def test_unequal_bins_keep_their_samples() -> None:
    """Samples of narrow bins go to the wide bin their middle lies in."""
    wide = Histogram(start=0, width=4, counts=(1, 0, 1))
    narrow = Histogram(start=3, width=1, counts=(5, 6, 7))
    merged = merge_histograms([narrow, wide])
    assert merged == Histogram(start=0, width=4, counts=(6, 13, 1))
    assert merge_histograms([wide, narrow]) == merged


def test_merged_order_does_not_matter() -> None:
    """The wells' order changes nothing about the window by more than a bin."""
    wells = [sampled(picture("uint16", n, 1 + 20 * n)) for n in range(4)]
    forward, backward = merge_histograms(wells), merge_histograms(wells[::-1])
    assert forward is not None
    assert backward is not None
    assert forward.width == backward.width
    a, b = (contrast_window(h, "uint16") for h in (forward, backward))
    assert abs(a.start - b.start) <= forward.width
    assert abs(a.end - b.end) <= forward.width


def test_blank_float_well_does_not_widen_the_bins() -> None:
    """An all-zero well leaves the plate's window of 0 to 0.01 as sharp as it was."""
    blank = np.zeros((6, 9), dtype=np.float32)
    dim = np.linspace(0, 0.01, 60_000, dtype=np.float32).reshape(HEIGHT, WIDTH)
    for wells in ([blank, dim], [dim, blank]):
        merged = merge_histograms(sampled(well) for well in wells)
        window = contrast_window(merged, "float32")
        assert window.end == pytest.approx(0.01, rel=0.01)


def test_two_constant_float_wells_are_told_apart() -> None:
    """Wells of 0.2 and 0.3 all over give a window from the one to the other."""
    wells = [np.full((6, 9), value, dtype=np.float64) for value in (0.2, 0.3)]
    window = contrast_window(merge_histograms(map(sampled, wells)), "float64")
    assert window.start == pytest.approx(0.2)
    assert 0.3 <= window.end <= 0.4 + 1e-9


@pytest.mark.parametrize("far", [1e9, 1e15])
def test_far_apart_images_take_little_memory(far: float) -> None:
    """Bins grow where images are far apart: their number is limited."""
    near = sampled(np.linspace(0, 1, 60, dtype=np.float64).reshape(6, 10))
    distant = sampled(np.full((6, 10), far))
    merged = merge_histograms([near, distant])
    assert merged is not None
    assert len(merged.counts) <= MOST_BINS + 2
    assert sum(merged.counts) == 120
    window = contrast_window(merged, "float64")
    assert window.end == pytest.approx(far, rel=1e-4)
