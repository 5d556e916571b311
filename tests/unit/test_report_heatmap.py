"""Heatmaps: frames of plates, scales, and cells where the wells are."""

import re

import pytest

from tiles2zarr.models.well import PlateLayout
from tiles2zarr.report.figures import number
from tiles2zarr.report.frame import Frame, plate_frame, singles_frame
from tiles2zarr.report.heatmap import Scale, draw_heatmap, scale_of
from tiles2zarr.report.palette import DIVERGING, ink_on, shade

FRAME = Frame(4, 6)
VALUES = {(1, 2): 10.0, (1, 3): 20.0, (2, 2): 30.0}


def test_cells_stand_at_their_wells() -> None:
    """36 units a cell from (22, 14): B03 is at 22 + 2 * 36, inset by a twentieth."""
    drawn, effects, scale = draw_heatmap(
        FRAME, VALUES, {(3, 5): "failed & gone"}, number, "map"
    )
    cells = dict(
        re.findall(r'<rect x="\S+" y="\S+"[^>]*fill="(\S+)"><title>(\w+): 20</t', drawn)
    )
    assert set(cells.values()) == {"B04"}
    assert '<rect x="95.8" y="51.8" width="32.4" height="32.4"' in drawn
    assert "<title>D06: failed &amp; gone</title>" in drawn
    assert effects is None
    assert (scale.low, scale.high) == (10, 30)
    assert drawn.count("M") == 4 * 6 - len(VALUES) - 1


def test_many_wells_share_paths() -> None:
    """1536 wells are drawn with one path per colour."""
    frame = Frame(32, 48)
    values = {(row, col): float(row) for row in range(32) for col in range(48)}
    drawn, _, _ = draw_heatmap(frame, values, {}, number, "map")
    assert len(drawn) < 60_000
    assert drawn.count("<path") == 32 + 1


def test_scale_leaves_far_values_out() -> None:
    """One of a hundred values does not stretch the scale; noise gets a wide one."""
    scale = scale_of([*(float(v) for v in range(100)), 1e6])
    assert (scale.low, scale.high) == (2, 98)
    calm = scale_of([100.0, 100.1])
    assert calm.high - calm.low == pytest.approx(4.0, rel=0.01)
    assert scale_of([7.0, 7.0]).share(7.0) == 0.5


def test_scale_of_doses() -> None:
    """On a logarithmic scale a tenth of 1 to 100 is its middle."""
    assert Scale(1, 100, log=True).share(10) == pytest.approx(0.5)


def test_colours() -> None:
    """Ends are those of the palette, lightness grows, ink stands out."""
    assert (shade(-1), shade(0), shade(1), shade(2)) == (
        "#440154",
        "#440154",
        "#fde725",
        "#fde725",
    )
    assert shade(0.5, DIVERGING) == "#f7f7f7"
    assert (ink_on("#440154"), ink_on("#fde725")) == ("#fff", "#000")


def test_frame_grows_for_wells_outside() -> None:
    """A well beyond the layout makes the frame larger; single images get a grid."""
    frame = plate_frame(PlateLayout(rows=8, columns=12), [(9, 3)])
    assert (frame.rows, frame.columns) == (10, 12)
    assert frame.name((9, 3)) == "J04"
    singles = singles_frame(("a/x", "b", "c"))
    assert (singles.rows, singles.columns) == (1, 3)
    assert singles.name((0, 2)) == "c"
    assert singles_frame(()).places == ((0, 0),)
