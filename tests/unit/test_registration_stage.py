"""From stage micrometers to pixels: swap, flips, alignment, offsets, rounding."""

import math

import numpy as np
import pytest

from tests.unit.registration_samples import (
    COLUMNS,
    ROWS,
    Tile,
    channels,
    convert,
    corners,
    decided,
    details,
    grid,
    image,
    options,
    tile,
)
from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.decisions import InplaceTiling
from tiles2zarr.registration.fields import fields_of, mixed_sizes
from tiles2zarr.registration.register import register_image
from tiles2zarr.registration.stage import (
    least,
    most,
    round_px,
    same_rows,
    stage_tiles,
)

TWO = details(channels=channels(2))


def _fails(tiles: list[Tile], known: object = None, **changes: object) -> str:
    """Return the message of an image that stays in place and cannot be registered."""
    with pytest.raises(RegistrationError) as error:
        register_image(
            image(tiles, known=known or TWO),  # type: ignore[arg-type]
            decided(InplaceTiling()),
            options(**changes),
            dtype="uint16",
        )
    return str(error.value)


def _starts(tiles: list[Tile], **changes: object) -> list[tuple[int, ...]]:
    """Return (t, c, z, y, x) of each box of the one image made of ``tiles``."""
    known = details(channels=channels(3), axes="tczyx")
    boxes = convert([image(tiles, known=known)], **changes).only.boxes
    return list(zip(boxes.t, boxes.c, boxes.z, boxes.y, boxes.x, strict=True))


@pytest.mark.parametrize(
    ("swap", "flip_y", "flip_x", "place"),
    [
        (False, False, False, (3.0, 10.0)),
        (False, True, False, (-3.0, 10.0)),
        (False, False, True, (3.0, -10.0)),
        (True, False, False, (10.0, 3.0)),
        (True, True, False, (-10.0, 3.0)),
        (True, False, True, (10.0, -3.0)),
        (True, True, True, (-10.0, -3.0)),
    ],
)
def test_swap_comes_before_the_flips(
    swap: bool, flip_y: bool, flip_x: bool, place: tuple[float, float]
) -> None:
    """Positions are exchanged, then negated; the shape of the files stays."""
    turned = StageOrientation(swap_xy=swap, flip_y=flip_y, flip_x=flip_x)
    tiles = stage_tiles(
        [image([tile(y=3, x=10)], known=details(stage_corrections=turned))]
    )
    assert (tiles.y[0], tiles.x[0]) == place
    assert (tiles.y_um[0], tiles.x_um[0]) == (place[0] / 2, place[1] / 2)
    assert (tiles.len_y[0], tiles.len_x[0]) == (ROWS, COLUMNS)


def test_every_image_keeps_its_own_orientation_and_spacing() -> None:
    """Images of several acquisitions are measured each by its own pixel and stage."""
    flipped = details(
        pixelsize=0.25, z_spacing=4, stage_corrections=StageOrientation(flip_x=True)
    )
    tiles = stage_tiles(
        [
            image([tile(y=1, x=2, z=3, t=4)]),
            image([tile("b", y=5, x=6, z=7, t=8)], known=flipped),
        ]
    )
    assert tiles.images == 2
    assert tiles.image.tolist() == [0, 1]
    assert tiles.y.tolist() == [1, 5]
    assert tiles.x.tolist() == [2, -6]
    assert tiles.x_um.tolist() == [1, -1.5]
    assert tiles.z.tolist() == [3, 7]
    assert tiles.t.tolist() == [4, 8]


def test_fields_are_numbered_by_first_appearance_in_each_image() -> None:
    """One name in two images is two fields, and a field stands at its first tile."""
    tiles = stage_tiles(
        [
            image([tile("b", 7, 1), tile("a", 8, 2), tile("b", 9, 3, c=1)], known=TWO),
            image([tile("b", 4, 5, len_y=11, len_x=12)], "C01"),
        ]
    )
    fields = fields_of(tiles)
    assert fields.name == ("b", "a", "b")
    assert fields.image.tolist() == [0, 0, 1]
    assert tiles.field.tolist() == [0, 1, 0, 2]
    assert tiles.first.tolist() == [0, 1, 3]
    assert fields.y.tolist() == [7, 8, 4]
    assert fields.x.tolist() == [1, 2, 5]
    assert fields.rows.tolist() == [ROWS, ROWS, 11]
    assert fields.columns.tolist() == [COLUMNS, COLUMNS, 12]
    assert fields.crowd.tolist() == [2, 2, 1]
    assert [(n, p.tolist()) for n, p in fields.by_image()] == [(0, [0, 1]), (1, [2])]


def test_tile_sizes_are_compared_within_images_of_several_fields() -> None:
    """A lone field may hold channels of two sizes, several fields may not."""
    tiles = stage_tiles(
        [
            image([tile("a"), tile("a", c=1, len_x=8)], known=TWO),
            image([tile("a"), tile("b", 0, COLUMNS, len_y=9)], "C01"),
        ]
    )
    assert mixed_sizes(tiles, fields_of(tiles)) == {
        1: "its tiles are 20 x 30 px and 9 x 30 px (field 'b')"
    }


def test_groups_of_values() -> None:
    """Smallest and largest per group; an empty group has none."""
    values, group = np.array([3.0, 1.0, 2.0]), np.array([0, 0, 2])
    assert least(values, group, 3).tolist() == [1, math.inf, 2]
    assert most(values, group, 3).tolist() == [3, -math.inf, 2]
    number = same_rows(np.array([5, 4, 5, 5]), np.array([1.0, 1.0, 1.0, 2.0]))
    assert number[0] == number[2]
    assert len({number[0], number[1], number[3]}) == 3


@pytest.mark.parametrize(
    ("place", "pixel"),
    [
        (0.5, 0),
        (1.5, 2),
        (2.5, 2),
        (3.5, 4),
        (-0.5, 0),
        (-1.5, -2),
        (0.49999, 0),
        (0.50001, 1),
        (57.4999999999, 58),
        (58.5000000001, 58),
    ],
)
def test_ties_round_to_the_even_pixel(place: float, pixel: int) -> None:
    """Half a pixel goes to the even one, also when a division left noise on it."""
    assert round_px(np.array([place])).tolist() == [pixel]


@pytest.mark.parametrize("pixelsize", [0.5, 0.65, 0.325, 0.1625, 1 / 3])
@pytest.mark.parametrize("start", [0.0, 12345.678, -99999.123])
def test_ends_of_boxes_round_half_to_even(pixelsize: float, start: float) -> None:
    """Boxes begin at the rounded start and keep the length of their files."""
    places = [0, 30.5, 61.5, 92.5, 123.25]
    tiles = [tile(f"{n}", start, start + x) for n, x in enumerate(places)]
    registered = convert(
        [image(tiles, known=details(pixelsize=pixelsize))], tiling_mode="inplace"
    ).only
    assert registered.boxes.x == (0, 30, 62, 92, 123)
    assert registered.boxes.len_x == (COLUMNS,) * 5
    assert registered.shape == (1, 1, 1, ROWS, 123 + COLUMNS)


def test_a_field_stands_where_its_first_tile_in_the_table_stands() -> None:
    """Tiles of a field share one place: that of the first, not the smallest."""
    tiles = [
        tile("a", 1, 0),
        tile("a", 0, 2, c=1),
        tile("b", 1, 31, c=1),
        tile("b", 2, 30),
    ]
    assert _starts(tiles, tiling_mode="inplace") == [
        (0, 0, 0, 0, 0),
        (0, 1, 0, 0, 0),
        (0, 1, 0, 0, 31),
        (0, 0, 0, 0, 31),
    ]
    assert _starts(tiles, tiling_mode="inplace", align_xy=False) == [
        (0, 0, 0, 1, 0),
        (0, 1, 0, 0, 2),
        (0, 1, 0, 1, 31),
        (0, 0, 0, 2, 30),
    ]


def test_small_spreads_of_a_field_are_told() -> None:
    """Tiles that were put at one place are a finding with the widest distance."""
    tiles = [tile("a"), tile("a", 1.5, 0.25, c=1), tile("b", 20), tile("b", 20, c=1)]
    (finding,) = convert([image(tiles, known=TWO)]).only.findings
    assert finding.code == "fields_aligned"
    assert finding.severity == "info"
    assert finding.count == 1
    assert finding.images == ("B/03/0",)
    assert finding.message == (
        "Tiles of 1 field of view lie up to 1.5 px apart (field 'a'); with "
        "registration.align_xy they are put at the first tile's place."
    )


@pytest.mark.parametrize(
    ("y", "x", "fits"),
    [(2, 0, True), (0, 3, True), (2.1, 0, False), (0, 3.1, False), (2.1, 3, False)],
)
@pytest.mark.parametrize("start", [0.0, 12345.678, -1234.567, 98.7654])
@pytest.mark.parametrize("pixelsize", [0.5, 0.65, 0.108])
def test_a_field_may_spread_over_a_tenth_of_its_tile(
    y: float, x: float, fits: bool, start: float, pixelsize: float
) -> None:
    """Exactly a tenth (2 of 20 rows, 3 of 30 columns) is noise, more is an error."""
    tiles = [tile("a", start, start), tile("a", start + y, start + x, c=1)]
    known = details(pixelsize=pixelsize, channels=channels(2))
    if fits:
        assert convert([image(tiles, known=known)]).only.shape == (1, 2, 1, 20, 30)
        return
    assert _fails(tiles, known) == (
        f"image B/03/0: tiles of field 'a' lie up to {max(y, x):g} px apart, more than "
        "a tenth of a tile: one name seems to stand for many places. Give each place a "
        "fov_name of its own, or set registration.align_xy: false to keep the "
        "positions."
    )


def test_one_plane_of_a_field_at_two_places_is_an_error() -> None:
    """The same channel, plane and time point twice is no noise, however near."""
    tiles = [tile("a"), tile("a", c=1), tile("a", 0, 0.5)]
    assert _fails(tiles) == (
        "image B/03/0: tiles of field 'a' lie up to 0.5 px apart, among them the same "
        "channel, plane and time point twice. Give each place a fov_name of its own, "
        "or set registration.align_xy: false to keep the positions."
    )
    kept = convert(
        [image([tile("a"), tile("a", 0, 40)])], align_xy=False, tiling_mode="inplace"
    )
    assert kept.only.boxes.x == (0, 40)


@pytest.mark.parametrize("axis", ["y", "x", "z", "t"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_positions_must_be_numbers(axis: str, value: float) -> None:
    """A start that is no finite number names the field that has it."""
    assert _fails([tile("a"), tile("b", 20) | {axis: value}]) == (
        "image B/03/0: a tile of field 'b' has no finite position (x, y, z, t). Give "
        "every tile of the table a number for each start."
    )


def test_an_image_without_tiles_is_an_error() -> None:
    """Nothing to place is told, with where to look."""
    assert _fails([]) == (
        "image B/03/0: it has no tiles. Look at the filters and the tile table."
    )


STACKS = [
    tile("a", 0, 0, z=5, t=3),
    tile("a", 0, 0, z=7, t=4),
    tile("b", 0, 30, z=2, t=6),
    tile("b", 0, 30, z=3, t=8),
]
"""Two fields whose stacks and time series begin at different z and t."""


@pytest.mark.parametrize(
    ("changes", "z", "t"),
    [
        ({}, (3, 5, 0, 1), (0, 1, 3, 5)),
        ({"align_z": True}, (0, 2, 0, 1), (0, 1, 3, 5)),
        ({"align_t": True}, (3, 5, 0, 1), (0, 1, 0, 2)),
        ({"align_z": True, "align_t": True}, (0, 2, 0, 1), (0, 1, 0, 2)),
        ({"offsets": {"z": "fov"}}, (0, 2, 0, 1), (0, 1, 3, 5)),
        ({"offsets": {"z": "keep"}}, (5, 7, 2, 3), (0, 1, 3, 5)),
        ({"offsets": {"t": "keep"}}, (3, 5, 0, 1), (3, 4, 6, 8)),
        ({"offsets": {"z": "keep"}, "align_z": True}, (0, 2, 0, 1), (0, 1, 3, 5)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_where_z_and_t_begin(
    changes: dict[str, object], z: tuple[int, ...], t: tuple[int, ...]
) -> None:
    """Stacks count from the image's start, the field's or 0; steps inside stay."""
    known = details(axes="tczyx")
    registered = convert([image(STACKS, known=known)], **changes).only
    assert registered.boxes.z == z
    assert registered.boxes.t == t
    assert registered.shape == (max(t) + 1, 1, max(z) + 1, ROWS, 2 * COLUMNS)


@pytest.mark.parametrize(
    ("xy", "place", "shape"),
    [
        ("image", {"a": (0, 0), "b": (2, 40)}, (22, 70)),
        ("well", {"a": (10, 3), "b": (12, 43)}, (32, 73)),
        ("keep", {"a": (17, 8), "b": (19, 48)}, (39, 78)),
    ],
)
def test_where_x_and_y_begin(
    xy: str, place: dict[str, tuple[int, int]], shape: tuple[int, int]
) -> None:
    """Starts count from the image's corner, from the well's, or as the stage had it."""
    tiles = [tile("a", 17, 8), tile("b", 19, 48)]
    registered = convert(
        [image(tiles)],
        tiling_mode="inplace",
        offsets={"xy": xy},
        origins={"B03": (3.5, 2.5)},
    ).only
    assert corners(registered) == place
    assert registered.shape[3:] == shape


@pytest.mark.parametrize(
    ("changes", "first", "message"),
    [
        (
            {"offsets": {"xy": "keep"}},
            {"y": -3},
            "field 'a' starts at y = -3 px, but offsets.xy: keep needs starts from 0. "
            "Set registration.offsets.xy: image.",
        ),
        (
            {"offsets": {"xy": "keep"}},
            {"x": -4},
            "field 'a' starts at x = -4 px, but offsets.xy: keep needs starts from 0. "
            "Set registration.offsets.xy: image.",
        ),
        (
            {"offsets": {"z": "keep"}},
            {"z": -2},
            "field 'a' starts at z = -2 px, but offsets.z: keep needs starts from 0. "
            "Set registration.offsets.z: image.",
        ),
        (
            {"offsets": {"t": "keep"}},
            {"t": -1},
            "field 'a' starts at t = -1 px, but offsets.t: keep needs starts from 0. "
            "Set registration.offsets.t: image.",
        ),
    ],
    ids=["y", "x", "z", "t"],
)
def test_kept_positions_must_not_be_negative(
    changes: dict[str, object], first: dict[str, object], message: str
) -> None:
    """An image has no pixels before 0: with ``keep`` that is an error with its cure."""
    found = _fails([tile("a") | first, tile("b", 40, 40)], **changes)
    assert found == f"image B/03/0: {message}"


def test_flipped_grid_runs_the_other_way() -> None:
    """With flip_x and flip_y the field at the largest x and y is the first."""
    both = StageOrientation(flip_x=True, flip_y=True)
    registered = convert(
        [image(grid(2, 3, (18, 27)), known=details(stage_corrections=both))]
    ).only
    assert corners(registered) == {
        "r0c0": (20, 60),
        "r0c1": (20, 30),
        "r0c2": (20, 0),
        "r1c0": (0, 60),
        "r1c1": (0, 30),
        "r1c2": (0, 0),
    }


@pytest.mark.parametrize("mode", ["auto", "snap_to_grid", "snap_to_corners", "inplace"])
def test_w7_swap_xy_with_non_square_tiles(mode: str) -> None:
    """Stage x runs along the rows: places are exchanged, tiles stay 20 x 30 px."""
    swapped = details(stage_corrections=StageOrientation(swap_xy=True))
    tiles = [
        tile(f"r{row}c{column}", column * COLUMNS, row * ROWS)
        for row in range(2)
        for column in range(3)
    ]
    registered = convert([image(tiles, known=swapped)], tiling_mode=mode).only
    assert registered.shape == (1, 1, 1, 2 * ROWS, 3 * COLUMNS)
    assert corners(registered) == {
        f"r{row}c{column}": (row * ROWS, column * COLUMNS)
        for row in range(2)
        for column in range(3)
    }
    first = registered.fovs[1]
    assert first.name == "r0c1"
    assert (first.y_original, first.x_original) == (COLUMNS / 2, 0)


def test_the_argument_is_not_changed() -> None:
    """Registering twice gives the same image and leaves the tiles as they were."""
    one = image(STACKS, known=details(axes="tczyx"))
    before = one.model_dump_json()
    assert convert([one]).only == convert([one]).only
    assert one.model_dump_json() == before
