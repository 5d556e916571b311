"""Row and column effects and outliers, on plates made of known parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.report.effects import find_effects


def _plate(noise: float = 0.0) -> np.ndarray:
    """Return 100 + row + column effects over 5 rows and 7 columns, under noise."""
    rows = np.array([0, 0, 0, 12, 0])
    columns = np.array([-9, 0, 0, 0, 0, 0, 30])
    rng = np.random.default_rng(2)
    plate = 100.0 + rows[:, None] + columns[None, :]
    return plate + noise * rng.standard_normal(plate.shape)


def test_parts_of_a_plate_are_found() -> None:
    """Row D adds 12, column 01 takes 9, column 07 adds 30, and nothing is left."""
    effects = find_effects(_plate())
    assert effects is not None
    assert effects.overall == 100
    assert effects.rows.tolist() == [0, 0, 0, 12, 0]
    assert effects.columns.tolist() == [-9, 0, 0, 0, 0, 0, 30]
    np.testing.assert_array_equal(effects.rest, 0)
    assert effects.outliers == ()


def test_well_far_off_is_an_outlier() -> None:
    """One well 40 above its row and column is found, the bright column is not."""
    plate = _plate(noise=1.0)
    plate[1, 2] += 40
    effects = find_effects(plate)
    assert effects is not None
    assert effects.outliers == ((1, 2),)


def test_empty_wells_have_no_part() -> None:
    """A row without values has no effect, and the others are as without it."""
    plate = np.full((6, 7), np.nan)
    plate[:5] = _plate()
    plate[0, 0] = np.nan
    effects = find_effects(plate)
    assert effects is not None
    assert np.isnan(effects.rows[5])
    assert effects.rows[3] == 12
    assert np.isnan(effects.rest[0, 0])


@pytest.mark.parametrize(
    "plate",
    [np.ones((2, 5)), np.ones((1, 24)), np.full((8, 12), np.nan)],
    ids=["few", "one-row", "none"],
)
def test_nothing_is_said_of_too_little(plate: np.ndarray) -> None:
    """Ten wells, one row or no values have neither effects nor outliers."""
    assert find_effects(plate) is None


@given(st.integers(-1000, 1000), st.integers(1, 50))
def test_shift_and_factor_change_no_outlier(shift: int, factor: int) -> None:
    """Row and column effects scale with the values and do not see an offset."""
    plain, moved = find_effects(_plate()), find_effects(_plate() * factor + shift)
    assert plain is not None
    assert moved is not None
    np.testing.assert_allclose(moved.rows, plain.rows * factor, atol=1e-6)
    np.testing.assert_allclose(moved.columns, plain.columns * factor, atol=1e-6)
