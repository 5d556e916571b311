"""Pyramid levels by hand and by property."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.geometry import Shape, level_count, level_shapes, union_shape

sides = st.integers(1, 5000)


@pytest.mark.parametrize(
    ("rows", "columns", "wanted", "count"),
    [
        (8, 8, 5, 4),
        (1, 16, 5, 1),
        (16, 1, 5, 1),
        (2, 3, 5, 2),
        (7, 100, 9, 3),
        (2160, 2560, 5, 5),
        (2160, 2560, 99, 12),
    ],
)
def test_w18_as_many_levels_as_fit(
    rows: int, columns: int, wanted: int, count: int
) -> None:
    """An 8 x 8 image is halved to 4, 2 and 1: four levels, however many are wanted."""
    assert level_count(rows, columns, wanted) == count


@given(sides, sides, st.integers(1, 20))
def test_levels_end_before_the_first_empty_one(
    rows: int, columns: int, wanted: int
) -> None:
    """The last level has pixels, and one more would have none or was not wanted."""
    count = level_count(rows, columns, wanted)
    assert 1 <= count <= wanted
    assert min(rows, columns) >> (count - 1) >= 1
    assert count == wanted or min(rows, columns) >> count == 0


@pytest.mark.parametrize(
    ("rows", "columns", "wanted"), [(0, 5, 1), (5, 0, 1), (5, 5, 0), (-1, 5, 1)]
)
def test_no_level_fits(rows: int, columns: int, wanted: int) -> None:
    """An empty plane has no level, and no level is not a pyramid."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  the message is compared
        level_count(rows, columns, wanted)
    assert str(error.value) == (f"no level fits {rows} x {columns} px, {wanted} wanted")


def test_level_shapes() -> None:
    """Only y and x are halved, and an odd last row or column is dropped."""
    assert level_shapes((2, 3, 5, 21, 30), 4) == (
        (2, 3, 5, 21, 30),
        (2, 3, 5, 10, 15),
        (2, 3, 5, 5, 7),
        (2, 3, 5, 2, 3),
    )
    assert level_shapes((4, 9), 1) == ((4, 9),)


@given(sides, sides, st.integers(1, 20))
def test_a_level_is_the_halved_level_before(
    rows: int, columns: int, wanted: int
) -> None:
    """Each level has floor(n / 2) rows and columns of the one before."""
    shapes = level_shapes((3, rows, columns), level_count(rows, columns, wanted))
    for (_, y, x), (c, half_y, half_x) in itertools.pairwise(shapes):
        assert (c, half_y, half_x) == (3, np.floor(y / 2), np.floor(x / 2))


def test_too_many_levels() -> None:
    """More levels than fit are an error, not empty arrays."""
    with pytest.raises(
        ValueError, match=r"^shape \(1, 4, 100\) cannot be halved 3 times$"
    ):
        level_shapes((1, 4, 100), 4)


def test_union_of_shapes() -> None:
    """The union is the largest length along each axis."""
    assert union_shape([(1, 2, 3, 40, 50), (2, 1, 3, 30, 60)]) == (2, 2, 3, 40, 60)
    with pytest.raises(ValueError, match=r"^no shape to take the union of$"):
        union_shape([])


five = st.tuples(*[st.integers(1, 100)] * 5)


@given(st.lists(five, min_size=1, max_size=6))
def test_the_union_holds_every_shape(shapes: list[Shape]) -> None:
    """It is numpy's maximum, whatever the order."""
    expected = tuple(np.array(shapes).max(axis=0).tolist())
    assert union_shape(shapes) == union_shape(reversed(shapes)) == expected
