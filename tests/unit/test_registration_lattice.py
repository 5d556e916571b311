"""Lines, pitches and lattices: what a grid is, and where its fields go."""

import numpy as np
import pytest

from tests.unit.registration_samples import (
    COLUMNS,
    ROWS,
    Tile,
    convert,
    corners,
    corners_of,
    details,
    grid,
    image,
    options,
    tile,
)
from tiles2zarr.registration.fields import Fields, fields_of
from tiles2zarr.registration.grid import grid_targets, stand_on
from tiles2zarr.registration.lattice import (
    Lattice,
    find_common_lattice,
    find_lattice,
)
from tiles2zarr.registration.lines import (
    find_lines,
    fit_pitch,
    indices,
    line_width,
    misfits,
    multiples,
)
from tiles2zarr.registration.stage import stage_tiles

IMAGES = ("B/03/0", "C/01/0")


def _fields(*images: list[Tile]) -> Fields:
    wells = ("B03", "C01", "D07")
    return fields_of(
        stage_tiles([image(t, well) for t, well in zip(images, wells, strict=False)])
    )


def _lattice(*images: list[Tile], max_gap: float = 0.1) -> Lattice | str:
    return find_lattice(_fields(*images), IMAGES, 1.0, max_gap)


@pytest.mark.parametrize(
    ("tolerance", "tile_px", "width"),
    [
        ("auto", (20, 30), 1.0),
        ("auto", (2160, 2560), 43.2),
        ("auto", (2560, 2160), 43.2),
        (0, (2160, 2560), 0.0),
        (7.5, (20, 30), 7.5),
    ],
)
def test_auto_tolerance_is_a_pixel_or_a_fiftieth_of_the_tile(
    tolerance: object, tile_px: tuple[int, int], width: float
) -> None:
    """The larger of 1 px and 2 % of the shorter side, unless a number is given."""
    assert line_width(options(tiling_tolerance=tolerance), tile_px) == width


def test_lines_are_clusters_of_starts_in_each_image() -> None:
    """Starts within the tolerance of the first are a line; images are apart."""
    starts = np.array([21.0, 0.5, 0.0, 20.0, 1.5, 0.25])
    owner = np.array([0, 0, 0, 0, 0, 1])
    lines = find_lines(starts, owner, 1.0)
    assert lines.label.tolist() == [2, 0, 0, 2, 1, 3]
    assert lines.position.tolist() == [0.25, 1.5, 20.5, 0.25]
    assert lines.image.tolist() == [0, 0, 0, 1]
    steps, image_of_step = lines.steps()
    assert steps.tolist() == [1.25, 19.0]
    assert image_of_step.tolist() == [0, 0]
    assert lines.first_position().tolist() == [0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("apart", "tolerance", "count"),
    [
        (0.0005, 0.0, 1),
        (0.01, 0.0, 2),
        (1.0, 1.0, 1),
        (1.0 + 1e-9, 1.0, 1),
        (1.01, 1.0, 2),
    ],
)
def test_a_start_exactly_the_tolerance_away_is_in_the_line(
    apart: float, tolerance: float, count: int
) -> None:
    """Floating noise must not decide about a jitter of exactly the tolerance."""
    lines = find_lines(np.array([5.0, 5.0 + apart]), np.zeros(2, np.int64), tolerance)
    assert len(lines.position) == count


@pytest.mark.parametrize(
    ("steps", "tolerance", "pitch"),
    [
        ([30.0], 1.0, 30.0),
        ([27.0, 54.0, 27.0], 1.0, 27.0),
        ([54.0, 81.0], 1.0, None),
        ([29.0, 31.0], 1.0, 30.0),
        ([31.0, 29.0, 31.0], 1.0, 30.0),
        ([31.0, 29.0, 31.0], 0.5, None),
        ([31.0, 29.0, 31.0], 0.0, None),
        ([30.0, 45.0], 1.0, None),
        ([30.0, 301.0], 1.0, 3040 / 101),
    ],
)
def test_every_step_is_a_multiple_of_the_pitch(
    steps: list[float], tolerance: float, pitch: float | None
) -> None:
    """The pitch fits all steps within the tolerance, or there is none."""
    found = fit_pitch(np.array(steps), tolerance)
    assert found == (None if pitch is None else pytest.approx(pitch, abs=1e-3))


def test_a_long_gap_does_not_add_the_pitch_error_up() -> None:
    """One step of 60 lines beside steps of 29 and 31 px: the pitch is 30, not 29."""
    found = fit_pitch(np.array([29.0, 31.0, 60.0, 1800.0]), 1.0)
    assert found == pytest.approx(30.0, abs=0.02)


def test_a_pitch_may_be_guessed() -> None:
    """With a first guess, steps of 2 and 3 lines are multiples of what none shows."""
    assert fit_pitch(np.array([60.0, 90.0]), 1.0, 30.5) == pytest.approx(30.0)


def test_multiples_and_misfits() -> None:
    """A step is at least one pitch; beyond the tolerance it misses its multiple."""
    steps = np.array([1.0, 30.0, 44.0, 46.0, 61.0])
    assert multiples(steps, 30.0).tolist() == [1, 1, 1, 2, 2]
    assert misfits(steps, 30.0, 1.0).tolist() == [True, False, True, True, False]


def test_line_numbers_count_lost_lines() -> None:
    """Lines are numbered in pitches, in each image from its own first line."""
    starts = np.array([0.0, 29.0, 91.0, 5.0, 65.0])
    lines = find_lines(starts, np.array([0, 0, 0, 1, 1]), 1.0)
    assert indices(lines, 30.0).tolist() == [0, 1, 3, 0, 2]


@pytest.mark.parametrize(
    ("tiles", "pitch", "several"),
    [
        (grid(2, 3, (18, 27)), (18, 27), (True, True)),
        (grid(1, 3, (18, 27)), (20, 27), (False, True)),
        (grid(3, 1, (18, 27)), (18, 30), (True, False)),
        (grid(2, 2, (25, 33)), (25, 33), (True, True)),
    ],
    ids=["overlap", "one row", "one column", "gaps"],
)
def test_pitch_of_a_grid(
    tiles: list[Tile], pitch: tuple[float, float], several: tuple[bool, bool]
) -> None:
    """The pitch is the distance of lines; with one line the tile's length."""
    assert _lattice(tiles) == Lattice(pitch, several)


def test_widest_gap_counts_only_axes_with_neighbours() -> None:
    """A gap is a part of the tile's length, an overlap is below 0."""
    assert Lattice((18, 33), (True, True)).widest_gap((20, 30)) == pytest.approx(0.1)
    assert Lattice((18, 33), (True, False)).widest_gap((20, 30)) == pytest.approx(-0.1)
    assert Lattice((18, 33), (False, False)).widest_gap((20, 30)) == 0


def test_the_pitch_comes_from_all_images() -> None:
    """An image that lost every second column stands on the lattice of the others."""
    full = grid(1, 5, (18, 27))
    thin = grid(1, 5, (18, 27), without=[(0, 1), (0, 3)])
    assert _lattice(full, thin) == Lattice((20, 27), (False, True))
    assert _lattice(thin) == Lattice((20, 54), (False, True))


def test_a_line_that_every_image_lost() -> None:
    """Rows 0 and 2 are left, columns touch: the columns tell what one row was."""
    tiles = grid(3, 2, without=[(1, 0), (1, 1)])
    assert _lattice(tiles) == Lattice((20, 30), (True, True))
    turned = grid(2, 3, without=[(0, 1), (1, 1)])
    assert _lattice(turned) == Lattice((20, 30), (True, True))


def test_a_wide_pitch_is_no_lost_line_if_max_gap_allows_it() -> None:
    """With max_gap 1 a step of two tiles is a gap of its own."""
    tiles = grid(3, 2, without=[(1, 0), (1, 1)])
    assert _lattice(tiles, max_gap=1.0) == Lattice((40, 30), (True, True))


BRICK = [
    tile(f"r{row}c{column}", row * ROWS, column * COLUMNS + row % 2 * 15)
    for row in range(3)
    for column in range(2)
]
"""Every second row is shifted by half a tile."""


@pytest.mark.parametrize(
    ("tiles", "sentence"),
    [
        (
            BRICK,
            "no two fields of a column are one step (20 px) of the rows apart, as in "
            "bricks or diagonals",
        ),
        (
            [tile(str(n), n * ROWS, n * COLUMNS) for n in range(3)],
            "no two fields of a column are one step (20 px) of the rows apart, as in "
            "bricks or diagonals",
        ),
        (
            [tile("a"), tile("b", 0, 30), tile("c", 0, 75)],
            "in image B/03/0 columns of fields lie 45 px apart, which is no multiple "
            "of the smallest step of 30 px (tolerance 1 px)",
        ),
        (
            [tile("a"), tile("b", 20, 0), tile("c", 53, 0)],
            "in image B/03/0 rows of fields lie 33 px apart, which is no multiple of "
            "the smallest step of 20 px (tolerance 1 px)",
        ),
        (
            [tile("a"), tile("b", 3, 30)],
            "in image B/03/0 rows of fields lie 3 px apart, far less than a tile of "
            "20 px (tolerance 1 px)",
        ),
        (
            [tile("a"), tile("b", 20, 0), tile("c", 0, 5)],
            "in image B/03/0 columns of fields lie 5 px apart, far less than a tile of "
            "30 px (tolerance 1 px)",
        ),
        (
            [*grid(2, 2), tile("again", 0.5, 0.5)],
            "in image B/03/0 fields 'r0c0' and 'again' stand at the same place (within "
            "the tolerance of 1 px)",
        ),
    ],
    ids=["brick", "diagonal", "column off", "row off", "row jitter", "column", "twice"],
)
def test_w3_what_is_not_a_grid_is_told(tiles: list[Tile], sentence: str) -> None:
    """Bricks, diagonals and odd steps are no lattice; a sentence says why."""
    assert _lattice(tiles) == sentence


def test_the_sentence_names_the_image_that_is_off() -> None:
    """Of two images the second has a step of 45 px."""
    assert _lattice(grid(1, 3), [tile("a"), tile("b", 0, 30), tile("c", 0, 75)]) == (
        "in image C/01/0 columns of fields lie 45 px apart, which is no multiple of "
        "the smallest step of 30 px (tolerance 1 px)"
    )


def test_common_lattice_is_that_of_most_images() -> None:
    """Two images of pitch 27 outvote one of pitch 33, also where only they fit."""
    two = grid(2, 3, (18, 27))
    odd = grid(2, 3, (18, 33))
    fields = _fields(odd, two, two)
    images = (*IMAGES, "D/07/0")
    assert isinstance(find_lattice(fields, images, 1.0, 0.1), str)
    found = find_common_lattice(fields, images, 1.0, 0.1)
    assert found == Lattice((18, 27), (True, True))


def test_common_lattice_of_images_without_any() -> None:
    """If no image forms a grid, the sentence of all together is told."""
    assert find_common_lattice(_fields(BRICK, BRICK), IMAGES, 1.0, 0.1) == _lattice(
        BRICK
    )


def test_nodes_and_faults_of_each_image() -> None:
    """An image that fits gets its nodes, another one a sentence."""
    good = grid(2, 3, (18, 27), start=(5, 7), without=[(0, 1), (1, 1)])
    nodes = stand_on(_fields(good, BRICK), (18, 27), 1.0)
    assert nodes.row[:4].tolist() == [0, 0, 1, 1]
    assert nodes.column[:4].tolist() == [0, 2, 0, 2]
    assert nodes.first_y[:4].tolist() == [5] * 4
    assert nodes.first_x[:4].tolist() == [7] * 4
    assert nodes.faults == {
        1: "two neighbouring rows of fields lie 20 px apart, which is no multiple of "
        "the pitch of 18 px (tolerance 1 px)"
    }
    columns = stand_on(_fields(BRICK), (20, 27), 1.0).faults[0]
    assert columns == (
        "two neighbouring columns of fields lie 15 px apart, which is no multiple of "
        "the pitch of 27 px (tolerance 1 px)"
    )


@pytest.mark.parametrize(
    ("anchor", "y", "x"),
    [
        ("image", [0, 20], [0, 60]),
        ("well", [20, 40], [60, 120]),
        ("keep", [18, 38], [54, 114]),
    ],
)
def test_targets_are_line_numbers_times_the_tile(
    anchor: str, y: list[int], x: list[int]
) -> None:
    """Lines count from the image's first, from the well's, or the first one stays."""
    tiles = [tile("a", 17.6, 54.5), tile("b", 35.6, 108.5)]
    fields = _fields(tiles)
    nodes = stand_on(fields, (18, 27), 1.0)
    found = grid_targets(fields, nodes, (18, 27), anchor)
    assert (found[0].tolist(), found[1].tolist()) == (y, x)


@pytest.mark.parametrize("noise", [-1e-9, 0, 1e-9])
def test_a_kept_first_line_rounds_like_any_box(noise: float) -> None:
    """57.5 goes to 58 and 3.5 to 4, whatever noise a division left on it."""
    fields = _fields([tile("a", 57.5 + noise, 3.5 + noise), tile("b", 57.5, 30.5)])
    nodes = stand_on(fields, (20, 27), 1.0)
    y, x = grid_targets(fields, nodes, (20, 27), "keep")
    assert (y.tolist(), x.tolist()) == ([58, 58], [4, 34])


def test_w2_one_row_with_a_pixel_of_jitter_is_one_row() -> None:
    """Three fields in a row, 1 px up and down, make 20 x 90 px, not two rows."""
    registered = convert(
        [image([tile("a", 0, 0), tile("b", 1, 30), tile("c", 0, 59)])]
    ).only
    assert registered.shape == (1, 1, 1, 20, 90)
    assert corners(registered) == {"a": (0, 0), "b": (0, 30), "c": (0, 60)}


def test_w2_one_column_with_a_pixel_of_jitter_is_one_column() -> None:
    """Three fields in a column, 1 px left and right, make 60 x 30 px."""
    registered = convert(
        [image([tile("a", 0, 1), tile("b", 20, 0), tile("c", 41, 1)])]
    ).only
    assert registered.shape == (1, 1, 1, 60, 30)
    assert corners(registered) == {"a": (0, 0), "b": (20, 0), "c": (40, 0)}


@pytest.mark.parametrize("offset", [0.0, 12345.678, -99999.123, 3.3333])
@pytest.mark.parametrize("pixelsize", [0.5, 0.65, 0.108, 1 / 3])
def test_w2_a_line_to_and_fro_is_a_grid(offset: float, pixelsize: float) -> None:
    """Steps of 31, 29 and 31 px are a pitch of 30 within 1 px, at any stage offset."""
    places = ((0, 0), (1, 31), (0, 60), (1, 91))
    tiles = [tile(str(n), offset + y, offset + x) for n, (y, x) in enumerate(places)]
    known = details(pixelsize=pixelsize)
    converted = convert([image(tiles, known=known)], tiling_mode="snap_to_grid")
    assert corners(converted.only) == {str(n): (0, 30 * n) for n in range(4)}


@pytest.mark.parametrize(
    "lost",
    [
        [(1, column) for column in range(4)],
        [(row, 2) for row in range(3)],
        [(1, 1), (2, 3)],
    ],
    ids=["row", "column", "fields"],
)
def test_the_same_field_lands_at_the_same_place_in_every_well(
    lost: list[tuple[int, int]],
) -> None:
    """A row, column or field lost inside one well leaves the others where they were."""
    full, thin = grid(3, 4, (18, 27)), grid(3, 4, (18, 27), without=lost)
    converted = convert([image(full), image(thin, "C01")])
    assert corners(converted.images["B/03/0"]) == corners_of(3, 4)
    assert corners(converted.images["C/01/0"]) == corners_of(3, 4, lost)
    assert converted.images["C/01/0"].shape == (1, 1, 1, 60, 120)


def test_a_lost_first_line_is_the_images_own() -> None:
    """Without its first row and column a well begins at its own first line."""
    lost = [(0, n) for n in range(4)] + [(n, 0) for n in range(3)]
    thin = grid(3, 4, (18, 27), without=lost)
    converted = convert([image(grid(3, 4, (18, 27))), image(thin, "C01")])
    assert corners(converted.images["C/01/0"]) == {
        "r1c1": (0, 0),
        "r1c2": (0, 30),
        "r1c3": (0, 60),
        "r2c1": (20, 0),
        "r2c2": (20, 30),
        "r2c3": (20, 60),
    }


def test_p3_ten_thousand_fields_are_one_grid() -> None:
    """100 x 100 fields in any order are found and closed edge to edge."""
    tiles = grid(100, 100, (18, 27), start=(-5000.5, 777.7))
    shuffled = [tiles[n] for n in np.random.default_rng(3).permutation(len(tiles))]
    converted = convert([image(shuffled)])
    assert converted.decision.tiling.kind == "snap_to_grid"
    assert converted.only.shape == (1, 1, 1, 2000, 3000)
    assert corners(converted.only) == corners_of(100, 100)
