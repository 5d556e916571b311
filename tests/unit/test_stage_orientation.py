"""Two stage orientations one after the other are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.models.acquisition import StageOrientation

Point = tuple[float, float]
orientations = st.builds(
    StageOrientation, flip_x=st.booleans(), flip_y=st.booleans(), swap_xy=st.booleans()
)
values = st.floats(-1e6, 1e6)


def _applied(orientation: StageOrientation, point: Point) -> Point:
    """Return (x, y) after the swap and then the flips."""
    x, y = (point[1], point[0]) if orientation.swap_xy else point
    return (-x if orientation.flip_x else x, -y if orientation.flip_y else y)


@given(orientations, orientations, values, values)
def test_then_does_what_both_do(
    one: StageOrientation, other: StageOrientation, x: float, y: float
) -> None:
    """A point lands where the first and then the second orientation put it."""
    expected = _applied(other, _applied(one, (x, y)))
    assert _applied(one.then(other), (x, y)) == expected


@given(orientations, orientations, orientations)
def test_then_is_associative(
    one: StageOrientation, two: StageOrientation, three: StageOrientation
) -> None:
    """It does not matter which two of three are taken together first."""
    assert one.then(two).then(three) == one.then(two.then(three))


@given(orientations)
def test_nothing_is_neutral(one: StageOrientation) -> None:
    """The orientation that does nothing changes no other, before or after it."""
    nothing = StageOrientation()
    assert one.then(nothing) == one
    assert nothing.then(one) == one


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"flip_x": True}, {"flip_x": True}, {}),
        ({"flip_x": True}, {"swap_xy": True}, {"swap_xy": True, "flip_y": True}),
        ({"swap_xy": True}, {"flip_x": True}, {"swap_xy": True, "flip_x": True}),
        ({"swap_xy": True}, {"swap_xy": True}, {}),
        (
            {"swap_xy": True, "flip_x": True},
            {"swap_xy": True, "flip_x": True},
            {"flip_x": True, "flip_y": True},
        ),
    ],
    ids=["twice", "flip-swap", "swap-flip", "swap-swap", "quarter-turns"],
)
def test_by_hand(
    one: dict[str, bool], other: dict[str, bool], expected: dict[str, bool]
) -> None:
    """(2, 5) flipped in x is (-2, 5), swapped (5, -2): the flip is one of y then."""
    composed = StageOrientation(**one).then(StageOrientation(**other))
    assert composed == StageOrientation(**expected)
