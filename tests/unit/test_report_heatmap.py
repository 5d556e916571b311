"""Heatmaps: frames of plates, scales, and cells where the wells are."""

import re

import pytest

from tiles2zarr.models.well import PlateLayout
from tiles2zarr.report.figures import number
from tiles2zarr.report.frame import Frame, plate_frame, singles_frame
from tiles2zarr.report.heatmap import Scale, draw_heatmap, grid_of, scale_of
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


def test_few_wells_are_drawn_large() -> None:
    """B03, B04 and D03 of 384 wells: the frame is B03 to D04, names and places too."""
    layout = PlateLayout(rows=16, columns=24)
    frame = plate_frame(layout, [(1, 2), (1, 3), (3, 2)])
    assert (frame.rows, frame.columns, frame.plate) == (3, 2, (16, 24))
    assert frame.corners == ("B03", "D04")
    assert frame.row_names() == ("B", "C", "D")
    assert frame.column_names() == ("03", "04")
    assert frame.places == ((1, 2), (1, 3), (2, 2), (2, 3), (3, 2), (3, 3))
    assert [frame.drawn(place) for place in frame.places[::3]] == [(0, 0), (1, 1)]
    grid = grid_of(frame)
    assert grid.corner((3, 2)) == (grid.left, grid.top + 2 * grid.cell)


@pytest.mark.parametrize(
    ("layout", "used", "drawn"),
    [
        pytest.param((8, 12), [(0, 0), (3, 5)], (4, 6), id="quarter"),
        pytest.param((8, 12), [(0, 0), (4, 5)], (8, 12), id="more-than-half-the-rows"),
        pytest.param((8, 12), [(0, 0), (3, 6)], (8, 12), id="more-than-half-across"),
        pytest.param((4, 6), [(0, 0)], (4, 6), id="24-wells"),
        pytest.param((8, 12), [], (8, 12), id="none"),
    ],
)
def test_part_or_whole(
    layout: tuple[int, int], used: list[tuple[int, int]], drawn: tuple[int, int]
) -> None:
    """A plate is drawn whole unless no more than half of rows and columns are used."""
    rows, columns = layout
    frame = plate_frame(PlateLayout(rows=rows, columns=columns), used)
    assert (frame.rows, frame.columns) == drawn


def test_outlier_of_a_part() -> None:
    """The frame of an outlier stands around its well, though the plate begins at C05.

    Its line is thin enough to leave the colour of a small cell.
    """
    frame = Frame(4, 5, first=(2, 4), plate=(16, 24))
    values = {place: 100.0 + place[0] + 2 * place[1] for place in frame.places}
    values = {p: v + 0.1 * ((p[0] * 5 + p[1] * 3) % 7) for p, v in values.items()}
    values[4, 6] = 900.0
    picture, effects, _ = draw_heatmap(frame, values, {}, str, "map")
    assert effects is not None
    assert effects.outliers == ((2, 2),)
    grid = grid_of(frame)
    x, y = grid.corner((4, 6))
    assert f'<rect x="{x + 0.2:g}" y="{y + 0.2:g}"' in picture
    assert 'stroke-width="1.8" class="ring"' in picture
    small, _, _ = draw_heatmap(frame, values, {}, str, "map", width=30)
    assert 'stroke-width="0.84" class="ring"' in small


def test_frame_grows_for_wells_outside() -> None:
    """A well beyond the layout makes the frame larger; single images get a grid."""
    frame = plate_frame(PlateLayout(rows=8, columns=12), [(0, 11), (9, 3)])
    assert (frame.rows, frame.columns) == (10, 12)
    assert frame.name((9, 3)) == "J04"
    singles = singles_frame(("a/x", "b", "c"))
    assert (singles.rows, singles.columns) == (1, 3)
    assert singles.name((0, 2)) == "c"
    assert singles_frame(()).places == ((0, 0),)
