"""One image from stage positions to boxes, fields, planes and findings."""

import pytest

from tests.unit.registration_samples import (
    COLUMNS,
    ROWS,
    Tile,
    channels,
    corners,
    corners_of,
    decided,
    details,
    grid,
    image,
    options,
    tile,
)
from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.decisions import (
    AcquisitionDecision,
    CornerTiling,
    GridTiling,
    InplaceTiling,
    NoTiling,
)
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.loader import CustomLoader
from tiles2zarr.registration import register_image
from tiles2zarr.registration.channels import number_channels

INPLACE = InplaceTiling()
BRICK = [
    tile(f"r{row}c{column}", row * ROWS, column * COLUMNS + row % 2 * 15)
    for row in range(3)
    for column in range(2)
]


def _register(
    tiles: list[Tile],
    decision: AcquisitionDecision | None = None,
    *,
    known: object = None,
    **changes: object,
) -> RegisteredImage:
    return register_image(
        image(tiles, known=known),  # type: ignore[arg-type]
        decision or decided(),
        options(**changes),
        dtype="uint16",
    )


def _message(
    tiles: list[Tile], decision: AcquisitionDecision | None = None, **more: object
) -> str:
    with pytest.raises(RegistrationError) as error:
        _register(tiles, decision, **more)  # type: ignore[arg-type]
    return str(error.value)


def _finding(code: str, message: str, **more: object) -> Finding:
    return Finding.model_validate(
        {"code": code, "message": message, "images": ("B/03/0",), **more}
    )


def test_everything_of_an_image() -> None:
    """An image carries over what it was given and has its boxes in table order."""
    known = details(channels=channels(3))
    loader = CustomLoader(function="mine:read")
    tiles = [
        tile("b", 18, 0, c=2, z=3, plane=7),
        tile("a", 0, 0, c=0, z=2),
        tile("b", 18, 0, c=0, z=2),
    ]
    source = image(tiles, known=known, resource="raw", loader=loader)
    decision = decided(GridTiling(pitch=(18, 30), tolerance=1.0), levels=3)
    found = register_image(source, decision, options(), dtype="uint16")
    assert found.collection == source.collection
    assert (found.image, found.name) == ("B/03/0", "P B03 0")
    assert (found.resource, found.loader, found.dtype) == ("raw", loader, "uint16")
    assert (found.axes, found.levels) == ("czyx", 3)
    assert found.shape == (1, 2, 2, 40, 30)
    assert found.tile_shape == (ROWS, COLUMNS)
    assert found.pixel_size == (30, 2, 0.5, 0.5)
    assert found.translation is None
    assert [channel.channel_label for channel in found.channels] == ["ch0", "ch2"]
    boxes = found.boxes
    assert boxes.file == ("b_c2_z3_t0.0.tif", "a_c0_z2_t0.0.tif", "b_c0_z2_t0.0.tif")
    assert boxes.plane == (7, 0, 0)
    assert boxes.fov == ("b", "a", "b")
    assert (boxes.t, boxes.c, boxes.z) == ((0, 0, 0), (1, 0, 0), (1, 0, 0))
    assert (boxes.y, boxes.x) == ((20, 0, 20), (0, 0, 0))
    assert (boxes.len_y, boxes.len_x) == ((ROWS,) * 3, (COLUMNS,) * 3)
    assert boxes.len_t == boxes.len_c == boxes.len_z == (1, 1, 1)
    assert (found.key, found.sources.file) == ("", ())


def test_fields_are_unions_of_their_tiles() -> None:
    """A field spans its tiles in t, z, y, x and keeps the stage's smallest position."""
    tiles = [
        tile("a", 100, 40, z=4, t=1),
        tile("a", 100, 40, z=2, len_z=2, t=1),
        tile("b", 100, 70, z=2, t=0, len_t=3, len_z=5),
    ]
    found = _register(
        tiles, decided(INPLACE, axes="tczyx"), known=details(axes="tczyx")
    )
    first, second = found.fovs
    assert (first.name, first.start, first.shape) == (
        "a",
        (1, 0, 0, 0),
        (1, 3, ROWS, COLUMNS),
    )
    assert (first.y_original, first.x_original, first.z_original) == (50, 20, 4)
    assert (second.name, second.start, second.shape) == (
        "b",
        (0, 0, 0, 30),
        (3, 5, ROWS, COLUMNS),
    )
    assert (second.y_original, second.x_original, second.z_original) == (50, 35, 4)
    assert found.shape == (3, 1, 5, ROWS, 2 * COLUMNS)


def test_original_positions_are_those_before_swap_and_flips() -> None:
    """The field's table holds what the stage said, whatever was made of it."""
    turned = StageOrientation(swap_xy=True, flip_x=True)
    found = _register([tile("a", 8, 3)], known=details(stage_corrections=turned))
    (field,) = found.fovs
    assert (field.y_original, field.x_original) == (4, 1.5)


def test_measured_heights_are_the_original_z() -> None:
    """Where z counts planes the stage's heights are kept; gaps take the smallest."""
    tiles = [
        tile("a", 0, 0, z=0, z_um=812.5),
        tile("a", 0, 0, z=1, z_um=None),
        tile("b", 0, 30, z=0, z_um=900.0),
    ]
    found = _register(tiles)
    assert [field.z_original for field in found.fovs] == [812.5, 900]
    assert found.planes.z_um == (812.5, 2.0, 900)
    blank = _register([one | {"z_um": None} for one in tiles])
    assert [field.z_original for field in blank.fovs] == [0, 0]


def test_planes_of_a_tile_run_z_first_then_channel_then_time() -> None:
    """A tile of 2 time points, 2 channels and 2 planes has eight rows in that order."""
    stack = tile(
        "a",
        4,
        6,
        c=1,
        z=3,
        len_t=2,
        len_c=2,
        len_z=2,
        file="s.tif",
        time_s=1.5,
        exposure_s=0.25,
    )
    known = details(channels=channels(3), axes="tczyx")
    planes = _register([stack], decided(axes="tczyx"), known=known).planes
    assert planes.t == (0, 0, 0, 0, 1, 1, 1, 1)
    assert planes.c == (0, 0, 1, 1, 0, 0, 1, 1)
    assert planes.z == (0, 1, 0, 1, 0, 1, 0, 1)
    assert planes.z_um == (6, 8) * 4
    assert set(planes.y_um) == {2}
    assert set(planes.x_um) == {3}
    assert set(planes.time_s) == {1.5}
    assert set(planes.exposure_s) == {0.25}
    assert set(planes.file) == {"s.tif"}
    assert set(planes.fov) == {"a"}


def test_planes_without_pixels_have_rows_but_no_boxes() -> None:
    """Missing and failed planes count for extent, channels and fields."""
    known = details(channels=channels(3))
    tiles = [
        tile("a"),
        tile("a", c=2, status="missing", file=""),
        tile("b", 0, 30, z=2, status="error", file="broken.tif"),
    ]
    found = _register(tiles, known=known)
    assert found.shape == (1, 2, 3, 20, 60)
    assert found.boxes.fov == ("a",)
    assert [field.name for field in found.fovs] == ["a", "b"]
    assert found.planes.status == ("ok", "missing", "error")
    assert found.planes.file == ("a_c0_z0.0_t0.0.tif", "", "")
    assert found.planes.c == (0, 1, 0)
    assert found.planes.time_s == found.planes.exposure_s == (None, None, None)


@pytest.mark.parametrize(
    ("starts", "lengths", "labels", "numbers"),
    [
        ((0, 1, 2, 3), 1, ("ch0", "ch1", "ch2", "ch3"), (0, 1, 2, 3)),
        ((3, 1), 1, ("ch1", "ch3"), (1, 0)),
        ((2,), 1, ("ch2",), (0,)),
        ((0, 2), 2, ("ch0", "ch1", "ch2", "ch3"), (0, 2)),
        ((2,), 2, ("ch2", "ch3"), (0,)),
    ],
)
def test_channels_are_compacted(
    starts: tuple[int, ...],
    lengths: int,
    labels: tuple[str, ...],
    numbers: tuple[int, ...],
) -> None:
    """Channels without a tile leave no hole; the rest keep order and metadata."""
    tiles = [tile("a", c=start, len_c=lengths) for start in starts]
    found = _register(tiles, known=details(channels=channels(4)))
    assert tuple(channel.channel_label for channel in found.channels) == labels
    assert found.boxes.c == numbers
    assert found.shape[1] == len(labels)


@pytest.mark.parametrize(
    ("start", "length", "wrong"), [(2, 1, 2), (1, 2, 2), (-1, 1, -1)]
)
def test_channels_must_be_listed(start: int, length: int, wrong: int) -> None:
    """A channel the acquisition does not list is an error with its cure."""
    tiles = [tile("a", c=start, len_c=length)]
    assert _message(tiles, known=details(channels=channels(2))) == (
        f"image B/03/0: a tile has channel {wrong}, but the acquisition lists 2 "
        "channels (0 to 1). Correct start_c and length_c, or list every channel in "
        "details.channels."
    )


def test_uniform_channels_are_those_decided() -> None:
    """With decided channels all are there; one that was not decided is an error."""
    assert number_channels("B/03/0", [2, 0], None) == (0, 2)
    assert number_channels("B/03/0", [2], (0, 2, 5)) == (0, 2, 5)
    with pytest.raises(RegistrationError) as error:
        number_channels("B/03/0", [2, 4, 3], (0, 2))
    assert str(error.value) == (
        "image B/03/0 has channel 3, but plate.uniform gives all images of its "
        "acquisition the channels 0, 2. Set registration.redecide: true to decide anew "
        "with this image."
    )


@pytest.mark.parametrize(
    ("one", "other", "coordinates", "cure"),
    [
        (
            {"z": 0.1},
            {"z": 0.3},
            {},
            "start_z looks like plane numbers: set details.start_z_coo: pixel, or "
            "correct details.z_spacing.",
        ),
        (
            {"z": 0.1},
            {"z": 0.3},
            {"start_z_coo": "pixel"},
            "Give whole plane numbers in start_z.",
        ),
        (
            {"t": 0.1},
            {"t": 0.3},
            {},
            "start_t looks like time point numbers: set details.start_t_coo: pixel, or "
            "correct details.t_spacing.",
        ),
        (
            {"t": 0.1},
            {"t": 0.3},
            {"start_t_coo": "pixel"},
            "Give whole time point numbers in start_t.",
        ),
        ({}, {}, {}, "Delete one of them, or correct start_z, start_c or start_t."),
    ],
    ids=["z", "z numbers", "t", "t numbers", "twice"],
)
def test_planes_on_one_another_are_an_error(
    one: dict[str, object],
    other: dict[str, object],
    coordinates: dict[str, object],
    cure: str,
) -> None:
    """Two files of a field on one plane are both named, with what is likely wrong."""
    known = details(channels=channels(2), axes="tczyx", **coordinates)
    tiles = [
        tile("a", c=0),
        tile("a", c=1, file="one.tif", **one),
        tile("a", c=1, file="two.tif", **other),
    ]
    assert _message(tiles, decided(axes="tczyx"), known=known) == (
        "image B/03/0: 'one.tif' and 'two.tif' of field 'a' fall on one plane (t 0, "
        f"channel 1, z 0). {cure}"
    )


def test_fields_may_lie_on_one_another_and_holes_on_anything() -> None:
    """Overlap between fields is no error, nor is a missing plane listed twice."""
    tiles = [tile("a"), tile("b", 0, 10), tile("a", status="missing", file="")]
    found = _register(tiles, decided(INPLACE))
    assert found.boxes.fov == ("a", "b")
    assert found.boxes.x == (0, 10)


@pytest.mark.parametrize(
    ("axes", "more", "message"),
    [
        (
            "cyx",
            {"z": 2.0},
            "image B/03/0 has 3 planes, but the axes cyx leave out z. Set "
            "details.axes: czyx,",
        ),
        (
            "zyx",
            {"c": 1},
            "image B/03/0 has 2 channels, but the axes zyx leave out c. Set "
            "details.axes: czyx,",
        ),
        (
            "cyx",
            {"t": 1.0},
            "image B/03/0 has 2 time points, but the axes cyx leave out t. Set "
            "details.axes: tcyx,",
        ),
    ],
    ids=["z", "c", "t"],
)
def test_an_axis_that_is_left_out_has_one_entry(
    axes: str, more: dict[str, object], message: str
) -> None:
    """Planes that the axes have no room for would be lost: an error."""
    tiles = [tile("a"), tile("a", **more)]
    known = details(channels=channels(2))
    assert _message(tiles, decided(axes=axes), known=known) == (
        f"{message} or filter the tiles (and set registration.redecide: true if an "
        "earlier run decided the axes)."
    )


def test_a_grid_tells_how_far_fields_moved() -> None:
    """Overlaps of 2 rows and 3 columns close: the last field moves 2 and 6 px.

    The distance told is that of the report, the root of 2 x 2 + 6 x 6.
    """
    found = _register(
        grid(2, 3, (18, 27)), decided(GridTiling(pitch=(18, 27), tolerance=1.0))
    )
    assert {field.name: field.moved_px for field in found.fovs} == {
        "r0c0": (0, 0),
        "r0c1": (0, 3),
        "r0c2": (0, 6),
        "r1c0": (2, 0),
        "r1c1": (2, 3),
        "r1c2": (2, 6),
    }
    assert found.findings == (
        _finding(
            "tiles_moved",
            "5 of 6 fields of view were moved to close the grid, the farthest by "
            "6.325 px; their stage positions stand in FOV_ROI_table.",
            severity="info",
            count=5,
        ),
    )


def test_closed_gaps_are_told() -> None:
    """Gaps of 2 rows and 3 columns are closed, with the widest named."""
    found = _register(
        grid(2, 2, (22, 33)), decided(GridTiling(pitch=(22, 33), tolerance=1.0))
    )
    assert corners(found) == corners_of(2, 2)
    assert found.findings[1:] == (
        _finding(
            "gaps_closed",
            "Gaps of 3 px between neighbouring fields were closed. Set "
            "registration.tiling_mode: inplace to keep them.",
        ),
    )
    row = _register(grid(1, 1), decided(GridTiling(pitch=(22, 33), tolerance=1.0)))
    assert row.findings == ()


@pytest.mark.parametrize("mode", ["auto", "snap_to_grid"])
def test_a_new_image_that_does_not_fit_the_kept_grid(mode: str) -> None:
    """Under auto it stays in place with a finding; an asked grid is an error."""
    why = (
        "two neighbouring columns of fields lie 15 px apart, which is no multiple of "
        "the pitch of 27 px (tolerance 1 px)"
    )
    decision = decided(GridTiling(pitch=(20, 27), tolerance=1.0))
    if mode == "snap_to_grid":
        assert _message(BRICK, decision, tiling_mode=mode) == (
            f"image B/03/0 cannot be tiled by snap_to_grid: {why}. Correct the "
            "positions, raise tiling_tolerance, or set registration.tiling_mode: auto "
            "or inplace."
        )
        return
    found = _register(BRICK, decision)
    assert corners(found) == {one["fov"]: (one["y"], one["x"]) for one in BRICK}
    assert found.findings == (
        _finding(
            "tiling_changed",
            "The acquisition was placed by snap_to_grid, but this image does not fit: "
            f"{why}. Its tiles stay where the stage was; set registration.redecide: "
            "true to decide anew for all images.",
        ),
    )


@pytest.mark.parametrize(
    ("tiling", "kind"),
    [
        (GridTiling(pitch=(20, 30), tolerance=1.0), "snap_to_grid"),
        (CornerTiling(), "snap_to_corners"),
    ],
)
def test_tiles_of_two_sizes_have_no_lattice(tiling: object, kind: str) -> None:
    """Under auto such an image stays in place, else it is an error."""
    tiles = [tile("a"), tile("b", 0, 33, len_x=28)]
    why = "its tiles are 20 x 30 px and 20 x 28 px (field 'b')"
    found = _register(tiles, decided(tiling))
    assert corners(found) == {"a": (0, 0), "b": (0, 33)}
    assert [finding.code for finding in found.findings] == ["tiling_changed"]
    assert _message(tiles, decided(tiling), tiling_mode=kind) == (
        f"image B/03/0 cannot be tiled by {kind}: {why}. Correct the positions, raise "
        "tiling_tolerance, or set registration.tiling_mode: auto or inplace."
    )


def test_a_grid_that_was_asked_for_but_not_found() -> None:
    """Images of several fields fail, an image of one field is written."""
    decision = decided(GridTiling(pitch=(0, 0), tolerance=1.0))
    assert _message(grid(1, 2), decision, tiling_mode="snap_to_grid") == (
        "image B/03/0 cannot be tiled by snap_to_grid: the fields of its acquisition "
        "form no grid. Correct the positions, raise tiling_tolerance, or set "
        "registration.tiling_mode: auto or inplace."
    )
    assert _register([tile("a", 7)], decision, tiling_mode="snap_to_grid").shape == (
        1,
        1,
        1,
        20,
        30,
    )


def test_inplace_keeps_overlap_in_table_order() -> None:
    """Tiles stay where the stage was; the later row is pasted later."""
    tiles = [tile("b", 0, 20), tile("a", 0, 0)]
    found = _register(tiles, decided(INPLACE))
    assert found.boxes.fov == ("b", "a")
    assert found.boxes.x == (20, 0)
    assert found.shape == (1, 1, 1, 20, 50)
    assert found.findings == ()


def test_tiles_of_a_field_that_were_left_apart_keep_their_distance() -> None:
    """Without align_xy the grid moves a field as a whole, never below 0."""
    tiles = [
        tile("a", 0, 1),
        tile("a", 0, 0, c=1),
        tile("b", 0, 28),
        tile("b", 0, 28, c=1),
    ]
    found = _register(
        tiles,
        decided(GridTiling(pitch=(20, 27), tolerance=1.0)),
        known=details(channels=channels(2)),
        align_xy=False,
    )
    assert found.boxes.x == (1, 0, 31, 31)
    assert found.shape == (1, 2, 1, 20, 61)


def test_uniform_canvas_and_an_image_beyond_it() -> None:
    """A smaller image gets the canvas; a larger one keeps its size with a finding."""
    decision = decided(canvas=(1, 1, 2, 40, 60), channels=(0,))
    small = _register(grid(1, 1), decision)
    assert small.shape == (1, 1, 2, 40, 60)
    assert small.findings == ()
    large = _register(grid(1, 3), decision)
    assert large.shape == (1, 1, 2, 40, 90)
    assert large.findings == (
        _finding(
            "canvas_exceeded",
            "The image is larger than the canvas (1, 1, 2, 40, 60) decided for all "
            "images (t, c, z, y, x) and keeps its own size, so the plate is not "
            "uniform. Set registration.redecide: true to decide anew.",
        ),
    )


def test_a_small_new_image_has_fewer_levels() -> None:
    """20 rows allow five levels of the seven decided for larger images."""
    found = _register([tile("a")], decided(levels=7))
    assert found.levels == 5
    assert found.findings == (
        _finding(
            "fewer_levels",
            "The image of 20 x 30 px has 5 pyramid levels, the others of its "
            "acquisition 7.",
        ),
    )


@pytest.mark.parametrize(
    ("turned", "translation"),
    [
        ({}, (6.0, 50.0, 20.0)),
        ({"flip_y": True}, (6.0, -50.0, 20.0)),
        ({"swap_xy": True}, (6.0, 20.0, 50.0)),
        ({"swap_xy": True, "flip_x": True}, (6.0, 20.0, -50.0)),
    ],
    ids=str,
)
@pytest.mark.parametrize("xy", ["image", "well", "keep"])
@pytest.mark.parametrize("z", ["image", "fov", "keep"])
def test_no_tiling_carries_the_position_as_translation(
    turned: dict[str, bool], translation: tuple[float, ...], xy: str, z: str
) -> None:
    """The field begins at 0 and its (z, y, x) is that after swap and flips."""
    known = details(stage_corrections=StageOrientation(**turned), channels=channels(2))
    tiles = [tile("7", 100, 40, z=4), tile("7", 100, 40, z=3, c=1)]
    source = image(tiles, known=known, suffix="F7")
    found = register_image(
        source,
        decided(NoTiling()),
        options(tiling_mode="no_tiling", offsets={"xy": xy, "z": z}),
        dtype="uint16",
        well_origin=(-300.0, -400.0),
    )
    assert found.image == "B/03/0F7"
    assert found.name == "P B03 0 7"
    assert found.translation == translation
    assert found.shape == (1, 2, 2, ROWS, COLUMNS)
    assert (found.boxes.y, found.boxes.x, found.boxes.z) == ((0, 0), (0, 0), (1, 0))


def test_no_tiling_translation_is_the_smallest_of_the_fields_tiles() -> None:
    """Of tiles a little apart the minimum is told, though the first one places."""
    known = details(channels=channels(2))
    found = _register(
        [tile("a", 11, 40), tile("a", 10, 42, c=1)], decided(NoTiling()), known=known
    )
    assert found.translation == (0, 5, 20)
    assert found.boxes.y == (0, 0)


def test_name_of_a_single_image() -> None:
    """An image outside of a plate is named by the end of its path."""
    found = register_image(
        image([tile("a")], "day 1/left"), decided(), options(), dtype="uint8"
    )
    assert (found.image, found.name, found.dtype) == ("day 1/left", "left", "uint8")


def test_w20_spacings_that_nearly_agree() -> None:
    """Planes at 1.0000001 micrometer steps are the planes of a spacing of 1."""
    known = details(z_spacing=1.0)
    tiles = [tile("a", z=n * 1.0000001) for n in range(400)]
    assert _register(tiles, known=known).boxes.z == tuple(range(400))


def test_well_origin_of_a_lone_image_is_its_own() -> None:
    """Without a given origin, offsets.xy: well counts from the image's corner."""
    tiles = [tile("a", 100, 200), tile("b", 100, 230)]
    found = _register(tiles, offsets={"xy": "well"})
    assert corners(found) == {"a": (0, 0), "b": (0, 30)}
