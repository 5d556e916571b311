"""Figures of planes and channels, on pictures whose figures are known."""

import numpy as np
import pytest

from tests.unit.ngff_samples import sample_image
from tiles2zarr.models.receipt import ChannelStats, Histogram
from tiles2zarr.pixels.profiles import vignetting, with_quality
from tiles2zarr.pixels.quality import (
    GRID,
    PlaneFigures,
    block_means,
    measure_plane,
    sharpness,
)

EMPTY = ChannelStats(
    histogram=Histogram(start=0, width=1, counts=(0,)), minimum=0, maximum=0
)


def _stripes(period: int) -> np.ndarray:
    """Return columns of bright and dark bands, ``period`` columns each, 96 x 240."""
    line = 100 + 50 * (np.arange(240) // period % 2)
    return np.tile(line, (96, 1)).astype(np.uint16)


def test_blocks_of_a_gradient() -> None:
    """Columns 0..79 in eight blocks of ten have means 4.5, 14.5 ... in every row."""
    plane = np.tile(np.arange(80, dtype=np.uint16), (24, 1))
    means = block_means(plane)
    assert means.shape == (GRID, GRID)
    np.testing.assert_allclose(means, np.tile(np.arange(4.5, 80, 10), (GRID, 1)))


def test_blocks_of_rows() -> None:
    """A plane with one value per band of rows has that value in each row of blocks."""
    bands = np.repeat(np.arange(8, dtype=np.uint8), 5)
    means = block_means(np.tile(bands[:, None], (1, 17)))
    np.testing.assert_array_equal(means, np.tile(np.arange(8.0)[:, None], (1, GRID)))


def test_tiny_plane_is_one_block() -> None:
    """A plane smaller than the grid has its mean as its only block."""
    assert block_means(np.array([[1, 2], [3, 6]])).tolist() == [[3.0]]


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["nan", "inf"])
def test_values_without_end_are_not_measured(bad: float) -> None:
    """A plane of which a block holds no number has no figures."""
    plane = np.full((16, 16), bad, dtype=np.float32)
    assert measure_plane(plane) is None


def _spots(radius: int, noise: float) -> np.ndarray:
    """Return 60 discs of a radius, all of the same light, under camera noise."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:96, :240]
    plane = np.full((96, 240), 100.0)
    for top, left in rng.uniform((0, 0), (96, 240), (60, 2)):
        plane += 3000 / radius**2 * (np.hypot(y - top, x - left) < radius)
    return plane + noise * rng.standard_normal(plane.shape)


def test_sharpness_orders_flat_noise_blurred_sharp() -> None:
    """Flat is 0, noise is near 0, and the same light spread wide is less sharp."""
    noise = np.random.default_rng(1).poisson(400, (96, 240)).astype(np.uint16)
    blurred, sharp = _spots(16, 5), _spots(3, 5)
    assert sharpness(np.full((96, 240), 7, np.uint16)) == 0
    assert abs(sharpness(noise)) < 0.02
    assert 0 < 3 * sharpness(blurred) < sharpness(sharp)


def test_sharpness_of_stripes_by_hand() -> None:
    """Bands of 4: lag 1 is unlike at 1 of 4 places, lag 2 at 2: 0.5 - 0 = 0.5."""
    assert sharpness(_stripes(4)[:, :192]) == pytest.approx(0.5, abs=0.01)


def test_narrow_plane_has_no_sharpness() -> None:
    """Two columns have no second neighbour."""
    assert sharpness(np.array([[1, 5], [2, 9]], dtype=np.uint16)) == 0


def test_vignetting_is_corners_over_middle() -> None:
    """Corners at 60 around a middle of 80 are 0.75."""
    field = np.full((GRID, GRID), 70.0)
    field[3:5, 3:5] = 80
    field[[0, 0, -1, -1], [0, -1, 0, -1]] = 60
    assert vignetting(field.ravel()) == 0.75
    assert vignetting(np.ones(3)) is None
    assert vignetting(np.zeros(GRID * GRID)) is None


def test_profiles_over_planes_and_time() -> None:
    """Means stand at their plane and time point; what was not read is absent."""
    image = sample_image()
    image = image.replace(shape=(3, 2, 2, *image.shape[3:]))
    boxes = image.boxes
    one = {name: (getattr(boxes, name)[0],) * 3 for name in type(boxes).model_fields}
    one |= {"file": ("a", "b", "c"), "plane": (0, 0, 0), "t": (0, 0, 2), "c": (1, 1, 1)}
    one |= {"z": (0, 1, 0), "len_t": (1,) * 3, "len_c": (1,) * 3, "len_z": (1,) * 3}
    image = image.replace(boxes=boxes.replace(**one))
    values = {"a": (10.0, 0.1), "b": (20.0, 0.4), "c": (60.0, 0.2)}
    figures = {
        (file, 0): PlaneFigures((mean - 5, mean + 5), focus)
        for file, (mean, focus) in values.items()
    }
    first, second = with_quality(image, (EMPTY, EMPTY), figures)
    assert first == EMPTY
    assert second.mean == 30
    assert second.background == 26
    assert second.z_mean == (35, 20)
    assert second.z_focus == (0.15, 0.4)
    assert second.focus == 0.4
    assert second.t_mean == (15, None, 60)
    assert second.light == (15, 25)
