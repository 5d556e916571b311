"""What holds for all layouts: offsets, order, overlap, bounds, jitter, rounding."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.registration_samples import (
    COLUMNS,
    ROWS,
    Corner,
    Tile,
    channels,
    convert,
    corners,
    corners_of,
    details,
    grid,
    image,
    tile,
)
from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.image import RegisteredImage

MODES = ("auto", "snap_to_grid", "snap_to_corners", "inplace")
SNAPPING = ("snap_to_grid", "snap_to_corners")
offsets_px = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
"""The first example imports scipy; how long one takes is not what is tested."""
pixelsizes = st.sampled_from([0.5, 0.65, 0.325, 0.1625, 0.108, 1 / 3])


@st.composite
def lattices(draw: st.DrawFn) -> tuple[tuple[int, int], list[Corner]]:
    """Draw a grid of up to 5 x 6 fields with some lost, and which are left."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    nodes = list(itertools.product(range(rows), range(columns)))
    left = draw(st.lists(st.sampled_from(nodes), min_size=1, unique=True))
    return (rows, columns), sorted(left)


@st.composite
def layouts(draw: st.DrawFn) -> list[Tile]:
    """Draw up to six fields anywhere within 3 x 3 tiles, an eighth of a pixel exact."""
    places = st.tuples(
        st.integers(0, 8 * 3 * ROWS).map(lambda n: n / 8),
        st.integers(0, 8 * 3 * COLUMNS).map(lambda n: n / 8),
    )
    return [
        tile(f"f{n}", y, x)
        for n, (y, x) in enumerate(draw(st.lists(places, min_size=1, max_size=6)))
    ]


def _boxes(found: RegisteredImage) -> dict[str, tuple[int, int]]:
    places = zip(found.boxes.y, found.boxes.x, strict=True)
    return dict(zip(found.boxes.fov, places, strict=True))


def _overlapping(places: Iterable[Corner]) -> bool:
    return any(
        abs(one[0] - other[0]) < ROWS and abs(one[1] - other[1]) < COLUMNS
        for one, other in itertools.combinations(places, 2)
    )


def _shifted(tiles: list[Tile], y: float, x: float) -> list[Tile]:
    return [one | {"y": one["y"] + y, "x": one["x"] + x} for one in tiles]


def _outcome(tiles: list[Tile], mode: str, pixelsize: float) -> object:
    """Return tiling and boxes, or that the image cannot be tiled."""
    known = details(pixelsize=pixelsize)
    try:
        found = convert([image(tiles, known=known)], tiling_mode=mode)
    except RegistrationError:
        return "refused"
    return found.decision.tiling.kind, _boxes(found.only), found.only.shape


@given(layouts(), st.sampled_from(MODES), offsets_px, offsets_px, pixelsizes)
def test_a_constant_stage_offset_changes_no_box(
    tiles: list[Tile], mode: str, y: float, x: float, pixelsize: float
) -> None:
    """Wherever the stage has its origin, tiling and boxes are the same."""
    here = _outcome(tiles, mode, pixelsize)
    assert _outcome(_shifted(tiles, y, x), mode, pixelsize) == here
    assert _outcome(tiles, mode, 0.5) == here


@given(layouts(), st.sampled_from(MODES), st.randoms(use_true_random=False))
def test_w4_the_order_of_rows_changes_no_box(
    tiles: list[Tile], mode: str, order: random.Random
) -> None:
    """A permuted table gives every field the same box and the same reason."""
    shuffled = list(tiles)
    order.shuffle(shuffled)
    assert _outcome(shuffled, mode, 0.5) == _outcome(tiles, mode, 0.5)


@given(
    lattices(),
    st.sampled_from([(18, 27), (20, 30), (22, 33), (19.5, 28.25)]),
    st.randoms(use_true_random=False),
)
def test_a_permuted_grid_gives_the_same_boxes(
    lattice: tuple[tuple[int, int], list[Corner]],
    step: tuple[float, float],
    order: random.Random,
) -> None:
    """Fields of a grid with holes stay on their nodes in every order of the table."""
    (rows, columns), left = lattice
    full = grid(rows, columns, step)
    thin = [one for one in full if _node(one) in left]
    shuffled = list(thin)
    order.shuffle(shuffled)
    one, other = (
        convert([image(full), image(tiles, "C01")]).images["C/01/0"]
        for tiles in (thin, shuffled)
    )
    first = min(row for row, _ in left), min(column for _, column in left)
    truth = {
        f"r{row}c{column}": ((row - first[0]) * ROWS, (column - first[1]) * COLUMNS)
        for row, column in left
    }
    assert _boxes(one) == _boxes(other) == truth


def _node(one: Tile) -> Corner:
    row, column = str(one["fov"])[1:].split("c")
    return int(row), int(column)


@given(layouts(), st.sampled_from(SNAPPING))
def test_snapped_tiles_do_not_overlap(tiles: list[Tile], mode: str) -> None:
    """Whatever the layout, after snapping no two fields share a pixel."""
    found = _outcome(tiles, mode, 0.5)
    if found == "refused":
        assert mode == "snap_to_grid"
        return
    places = list(found[1].values())  # type: ignore[index]
    assert len(places) == len(tiles)
    assert not _overlapping(places)
    assert all(y % ROWS == 0 and x % COLUMNS == 0 for y, x in places)


@given(
    layouts(),
    st.sampled_from(MODES),
    st.sampled_from(["image", "well", "keep"]),
    st.booleans(),
)
def test_boxes_lie_in_the_image_and_fill_its_extent(
    tiles: list[Tile], mode: str, xy: str, align: bool
) -> None:
    """No box leaves the shape, and the shape is no larger than the boxes need."""
    known = details(channels=channels(2))
    doubled = [*tiles, *_shifted([one | {"c": 1, "file": "c1"} for one in tiles], 1, 1)]
    try:
        found = convert(
            [image(doubled, known=known)],
            tiling_mode=mode,
            offsets={"xy": xy},
            align_xy=align,
        ).only
    except RegistrationError:
        assert mode == "snap_to_grid"
        return
    boxes = found.boxes
    for axis, extent in zip("tczyx", found.shape, strict=True):
        starts = getattr(boxes, axis)
        ends = [
            a + n for a, n in zip(starts, getattr(boxes, f"len_{axis}"), strict=True)
        ]
        assert min(starts) >= 0
        assert max(ends) == extent
        if axis in "yx" and xy == "image":
            assert min(starts) == 0
    for field in found.fovs:
        assert all(start >= 0 for start in field.start)
    assert set(boxes.len_y) == {ROWS}
    assert set(boxes.len_x) == {COLUMNS}


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from([(18, 27), (20, 30), (21, 31)]),
    st.data(),
    offsets_px,
    pixelsizes,
)
def test_w2_jitter_within_the_tolerance_changes_no_box(
    rows: int,
    columns: int,
    step: tuple[float, float],
    data: st.DataObject,
    start: float,
    pixelsize: float,
) -> None:
    """Fields up to 1 px off their node, each in its own direction, go to that node."""
    off = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    tiles = [
        one
        | {
            "y": one["y"] + start + data.draw(off),
            "x": one["x"] + start + data.draw(off),
        }
        for one in grid(rows, columns, step)
    ]
    known = details(pixelsize=pixelsize)
    for mode in ("auto", "snap_to_grid"):
        found = convert([image(tiles, known=known)], tiling_mode=mode, max_gap=0.2)
        assert found.decision.tiling.kind == "snap_to_grid"
        assert corners(found.only) == corners_of(rows, columns)


@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 4000)), min_size=1, max_size=8
    ),
    offsets_px,
    pixelsizes,
)
def test_starts_round_half_to_even(
    quarters: list[tuple[int, int]], start: float, pixelsize: float
) -> None:
    """A place in quarters of a pixel goes to the nearest, ties to the even one."""
    tiles = [
        tile(f"f{n}", start + y / 4, start + x / 4) for n, (y, x) in enumerate(quarters)
    ]
    found = convert(
        [image(tiles, known=details(pixelsize=pixelsize))], tiling_mode="inplace"
    ).only
    first = min(y for y, _ in quarters), min(x for _, x in quarters)
    # Python rounds fractions half to even, without any floating noise.
    assert _boxes(found) == {
        f"f{n}": (round(Fraction(y - first[0], 4)), round(Fraction(x - first[1], 4)))
        for n, (y, x) in enumerate(quarters)
    }


@given(layouts(), st.booleans(), st.booleans(), st.booleans())
def test_w7_orientation_only_moves_tiles(
    tiles: list[Tile], swap: bool, flip_y: bool, flip_x: bool
) -> None:
    """Swapped and flipped positions land as if the stage had said so itself."""
    turned = []
    for one in tiles:
        y, x = (one["x"], one["y"]) if swap else (one["y"], one["x"])
        turned.append(one | {"y": -y if flip_y else y, "x": -x if flip_x else x})
    stage = StageOrientation(swap_xy=swap, flip_y=flip_y, flip_x=flip_x)
    by_option = convert([image(tiles, known=details(stage_corrections=stage))])
    by_hand = convert([image(turned)])
    assert by_option.decision == by_hand.decision
    assert by_option.only.boxes == by_hand.only.boxes


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True),
    st.integers(1, 3),
)
def test_channels_become_consecutive(present: list[int], length: int) -> None:
    """Numbers run from 0 without a hole, in the order of the acquisition's list."""
    known = details(channels=channels(9))
    tiles = [tile(f"f{n}", 0, 30 * n, c=n, len_c=length) for n in present]
    found = convert([image(tiles, known=known)]).only
    there = sorted({n + step for n in present for step in range(length)})
    assert [channel.channel_label for channel in found.channels] == [
        f"ch{n}" for n in there
    ]
    assert found.boxes.c == tuple(there.index(n) for n in present)
    assert found.shape[1] == len(there)


@given(layouts(), st.sampled_from(MODES))
def test_planes_and_boxes_tell_of_the_same_tiles(tiles: list[Tile], mode: str) -> None:
    """Every tile has a box and a plane, in table order, and every field one row."""
    found = _converted_or_none(tiles, mode)
    if found is None:
        return
    names = tuple(str(one["fov"]) for one in tiles)
    assert found.boxes.fov == found.planes.fov == names
    assert found.planes.y_um == tuple(one["y"] / 2 for one in tiles)
    assert found.planes.x_um == tuple(one["x"] / 2 for one in tiles)
    assert Counter(field.name for field in found.fovs) == Counter(names)
    for field, one in zip(found.fovs, tiles, strict=True):
        assert (field.y_original, field.x_original) == (one["y"] / 2, one["x"] / 2)


def _converted_or_none(tiles: list[Tile], mode: str) -> RegisteredImage | None:
    try:
        return convert([image(tiles)], tiling_mode=mode).only
    except RegistrationError:
        return None


@pytest.mark.parametrize("mode", MODES)
def test_one_field_is_the_image(mode: str) -> None:
    """A lone field fills its image under every tiling."""
    found = convert([image([tile("a", -77.7, 1e6)])], tiling_mode=mode).only
    assert found.shape == (1, 1, 1, ROWS, COLUMNS)
    assert corners(found) == {"a": (0, 0)}
