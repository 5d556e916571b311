"""What is decided once per acquisition: tiling, axes, levels, channels, canvas."""

import math

import pytest

from tests.unit.registration_samples import (
    COLUMNS,
    ROWS,
    Converted,
    Tile,
    channels,
    convert,
    corners,
    corners_of,
    details,
    grid,
    image,
    options,
    tile,
)
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import (
    CornerTiling,
    GridTiling,
    InplaceTiling,
    NoTiling,
)
from tiles2zarr.models.finding import Finding
from tiles2zarr.registration import decide, expected_shapes
from tiles2zarr.registration.uneven import find_uneven

BRICK = [
    tile(f"r{row}c{column}", row * ROWS, column * COLUMNS + row % 2 * 15)
    for row in range(3)
    for column in range(2)
]
LOOSE = [tile("a"), tile("b", 3, 33), tile("c", 24, 4)]
"""No grid (rows 3 px apart), but every field is near its corner."""
FAR = [tile("a"), tile("b", 0, 5000), tile("c", 5000, 0), tile("d", 5000, 5000)]
MIXED = [tile("a"), tile("b", 0, 30, len_x=28)]


def _finding(code: str, message: str, **more: object) -> Finding:
    return Finding.model_validate({"code": code, "message": message, **more})


def _unplaceable(sentence: str) -> Finding:
    return _finding(
        "unplaceable_images",
        f"1 images cannot be placed and will not be written; C/01/0: {sentence}",
        severity="error",
        images=("C/01/0",),
    )


def _decide(*tables: list[Tile], known: object = None, **changes: object) -> Converted:
    """Decide without registering: images that cannot be placed are only told."""
    wells = ("B03", "C01", "D07")
    images = [
        image(tiles, well, known=known)  # type: ignore[arg-type]
        for tiles, well in zip(tables, wells, strict=False)
    ]
    decision, findings = decide(
        images, options(**changes), num_levels=1, uniform=False, requested="key"
    )
    assert decision.requested == "key"
    return Converted(decision, findings, {})


@pytest.mark.parametrize(
    ("tiles", "pitch"),
    [
        (grid(2, 3), (20, 30)),
        (grid(2, 3, (18, 27)), (18, 27)),
        (grid(2, 3, (22, 33)), (22, 33)),
        (grid(1, 4, (18, 27)), (20, 27)),
        (grid(4, 1, (18, 27)), (18, 30)),
        ([tile("a")], (20, 30)),
    ],
    ids=["touching", "overlap", "gap of a tenth", "one row", "one column", "one field"],
)
def test_auto_takes_a_grid_where_fields_stand_on_one(
    tiles: list[Tile], pitch: tuple[float, float]
) -> None:
    """Overlaps and gaps up to max_gap close edge to edge, without a finding."""
    converted = convert([image(tiles)])
    assert converted.decision.tiling == GridTiling(pitch=pitch, tolerance=1.0)
    assert converted.findings == ()
    rows = {t["y"] for t in tiles}
    columns = {t["x"] for t in tiles}
    assert converted.only.shape[3:] == (20 * len(rows), 30 * len(columns))


def test_the_reason_for_a_grid() -> None:
    """The decision says for people what was found."""
    assert _decide(grid(2, 3, (18, 27.5))).decision.reason == (
        "fields stand on a grid of 18 x 27.5 px (y, x) with tiles of 20 x 30 px"
    )
    assert _decide([tile("a")], [tile("b", 7)]).decision.reason == (
        "every image has one field of view"
    )


def test_w3_fields_far_apart_stay_where_they_are() -> None:
    """Fields 5000 px apart are not glued: gaps are real, and a finding says so."""
    converted = convert([image(FAR)])
    assert converted.decision.tiling == InplaceTiling()
    assert corners(converted.only) == {t["fov"]: (t["y"], t["x"]) for t in FAR}
    assert converted.only.shape == (1, 1, 1, 5020, 5030)
    assert converted.findings == (
        _finding(
            "sparse_fields",
            "Tiles stay where the stage was: fields stand on a grid but up to 24900% "
            "of a tile apart, more than max_gap (10%). Set registration.tiling_mode: "
            "snap_to_grid, or raise max_gap, to put them edge to edge.",
            severity="info",
            count=4,
        ),
    )
    assert all(field.moved_px == (0, 0) for field in converted.only.fovs)


@pytest.mark.parametrize(
    ("gap", "max_gap", "kind"),
    [
        (3.0, 0.1, "snap_to_grid"),
        (4.0, 0.1, "inplace"),
        (6.0, 0.2, "snap_to_grid"),
        (1.0, 0, "inplace"),
        (0.0, 0, "snap_to_grid"),
        (30.0, 1, "snap_to_grid"),
    ],
)
@pytest.mark.parametrize("start", [0.0, 12345.678])
@pytest.mark.parametrize("pixelsize", [0.5, 0.65])
def test_max_gap_is_a_part_of_the_tile(
    gap: float, max_gap: float, kind: str, start: float, pixelsize: float
) -> None:
    """Gaps of exactly max_gap are closed, wider ones stay."""
    tiles = grid(2, 3, (20, 30 + gap), start=(start, start))
    known = details(pixelsize=pixelsize)
    converted = convert([image(tiles, known=known)], max_gap=max_gap)
    assert converted.decision.tiling.kind == kind
    assert converted.codes == (["sparse_fields"] if kind == "inplace" else [])


def test_snap_to_grid_closes_any_gap() -> None:
    """Asked for, a grid of fields 5000 px apart is put edge to edge."""
    converted = convert([image(FAR)], tiling_mode="snap_to_grid")
    assert corners(converted.only) == {
        "a": (0, 0),
        "b": (0, 30),
        "c": (20, 0),
        "d": (20, 30),
    }
    assert converted.decision.reason == (
        "fields stand on a grid of 5000 x 5000 px (y, x) with tiles of 20 x 30 px, "
        "asked for by registration.tiling_mode"
    )


def test_w3_a_brick_stays_and_is_told_why() -> None:
    """A brick is no grid, and corners would shift neighbours by half a tile."""
    converted = convert([image(BRICK)])
    assert converted.decision.tiling == InplaceTiling()
    assert corners(converted.only) == {t["fov"]: (t["y"], t["x"]) for t in BRICK}
    why = (
        "no grid: no two fields of a column are one step (20 px) of the rows apart, as "
        "in bricks or diagonals; no corners: in image B/03/0 corners would shift "
        "fields 'r0c0' and 'r1c0' against each other by 0.5 tile lengths"
    )
    assert converted.decision.reason == why
    assert converted.findings == (
        _finding("no_grid", f"Tiles are placed by inplace: {why}.", severity="info"),
    )


def test_auto_takes_corners_where_they_distort_nothing() -> None:
    """Fields that form no grid but lie near their corners go there."""
    converted = convert([image(LOOSE)])
    assert converted.decision.tiling == CornerTiling()
    assert corners(converted.only) == {"a": (0, 0), "b": (0, 30), "c": (20, 0)}
    why = (
        "no grid: in image B/03/0 rows of fields lie 3 px apart, far less "
        "than a tile of 20 px (tolerance 1 px)"
    )
    assert converted.findings == (
        _finding(
            "no_grid", f"Tiles are placed by snap_to_corners: {why}.", severity="info"
        ),
    )


def test_a_field_far_from_all_others_is_sparse() -> None:
    """Without a grid, a lone field 3 tiles away keeps its place."""
    tiles = [*LOOSE, tile("far", 80, 0)]
    converted = convert([image(tiles)])
    assert converted.decision.tiling == InplaceTiling()
    assert corners(converted.only) == {t["fov"]: (t["y"], t["x"]) for t in tiles}
    (finding,) = converted.findings
    assert finding.code == "sparse_fields"
    assert finding.count == 4
    assert "field 'far' is 2.8 tile lengths from the nearest" in finding.message


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        (
            (grid(2, 2), MIXED),
            "in image C/01/0 its tiles are 20 x 30 px and 20 x 28 px (field 'b')",
        ),
        (
            (
                grid(1, 2),
                [tile("a", len_x=28), tile("b", 0, 28, len_x=28)],
            ),
            "images differ in tile size (20 x 28 px, 20 x 30 px)",
        ),
    ],
    ids=["in an image", "between images"],
)
def test_tiles_of_two_sizes_stay(tables: tuple[list[Tile], ...], why: str) -> None:
    """Without one tile size there is no lattice: the tiles stay."""
    converted = _decide(*tables)
    assert converted.decision.tiling == InplaceTiling()
    assert converted.decision.reason == why
    assert converted.findings[0] == _finding(
        "no_grid", f"Tiles are placed by inplace: {why}.", severity="info"
    )
    assert converted.codes[1:] == ["uneven_shape"]


def test_one_brick_keeps_all_wells_of_an_acquisition() -> None:
    """The tiling is decided for all images together, not well by well."""
    converted = convert([image(grid(2, 2, (18, 27))), image(BRICK, "C01")])
    assert converted.decision.tiling == InplaceTiling()
    assert corners(converted.images["B/03/0"]) == {
        "r0c0": (0, 0),
        "r0c1": (0, 27),
        "r1c0": (18, 0),
        "r1c1": (18, 27),
    }


@pytest.mark.parametrize(
    ("mode", "tiling", "reason"),
    [
        (
            "snap_to_corners",
            CornerTiling(),
            "corners, asked for by registration.tiling_mode",
        ),
        ("inplace", InplaceTiling(), "inplace, asked for by registration.tiling_mode"),
        ("no_tiling", NoTiling(), "no tiling, asked for by registration.tiling_mode"),
        (
            "snap_to_grid",
            GridTiling(pitch=(20, 30), tolerance=1.0),
            "fields stand on a grid of 20 x 30 px (y, x) with tiles of 20 x 30 px, "
            "asked for by registration.tiling_mode",
        ),
    ],
)
def test_what_is_asked_for_is_taken(mode: str, tiling: object, reason: str) -> None:
    """A mode other than auto is the decision."""
    found = _decide(grid(2, 2), tiling_mode=mode)
    assert (found.decision.tiling, found.decision.reason) == (tiling, reason)
    assert found.findings == ()


def test_an_asked_grid_leaves_out_what_does_not_fit() -> None:
    """A brick among grids is told and fails alone; the others keep their pitch."""
    found = _decide(grid(2, 3, (18, 27)), BRICK, tiling_mode="snap_to_grid")
    assert found.decision.tiling == GridTiling(pitch=(18, 27), tolerance=1.0)
    assert found.findings == (
        _unplaceable(
            "two neighbouring rows of fields lie 20 px apart, which is no multiple of "
            "the pitch of 18 px (tolerance 1 px)"
        ),
    )


def test_an_asked_grid_that_no_image_has() -> None:
    """Without any grid every image of several fields is told; lone ones go on."""
    found = _decide([tile("a")], BRICK, tiling_mode="snap_to_grid")
    assert found.decision.tiling == GridTiling(pitch=(0, 0), tolerance=1.0)
    assert found.decision.reason == (
        "no grid: no two fields of a column are one step (20 px) of the rows apart, as "
        "in bricks or diagonals"
    )
    assert found.findings[0] == _unplaceable(
        "the fields of its acquisition form no grid"
    )


@pytest.mark.parametrize(
    ("tiles", "sentence"),
    [
        (
            [tile("a", c=7)],
            "a tile has channel 7, but the acquisition lists 2 channels (0 to 1). "
            "Correct start_c and length_c, or list every channel in details.channels.",
        ),
        ([], "it has no tiles. Look at the filters and the tile table."),
        (
            [tile("a"), tile("b", math.nan)],
            "a tile of field 'b' has no finite position (x, y, z, t). Give every tile "
            "of the table a number for each start.",
        ),
        (
            [tile("a"), tile("a", 0, 40)],
            "tiles of field 'a' lie up to 40 px apart, more than a tenth of a tile: "
            "one name seems to stand for many places. Give each place a fov_name of "
            "its own, or set registration.align_xy: false to keep the positions.",
        ),
    ],
    ids=["channel", "no tiles", "no number", "many places"],
)
@pytest.mark.parametrize("offsets", ["image", "well", "keep"])
def test_images_that_cannot_be_placed_are_told(
    tiles: list[Tile], sentence: str, offsets: str
) -> None:
    """Such an image costs no other one: the decision is made without it."""
    found = _decide(
        grid(2, 3, (18, 27), start=(500, 700)),
        tiles,
        known=details(channels=channels(2)),
        offsets={"xy": offsets},
    )
    assert found.decision.tiling == GridTiling(pitch=(18, 27), tolerance=1.0)
    assert found.findings == (_unplaceable(sentence),)


def test_the_first_fault_of_an_image_is_the_one_that_is_told() -> None:
    """A missing position counts as 0, before the well's origin: not told as that."""
    tiles = [tile("a", 900, 900), tile("b", math.nan, 930)]
    found = _decide(grid(1, 2), tiles, offsets={"xy": "well"})
    (finding,) = found.findings
    assert finding.message.endswith(
        "C/01/0: a tile of field 'b' has no finite position (x, y, z, t). Give every "
        "tile of the table a number for each start."
    )


def test_positions_before_zero_are_told() -> None:
    """With kept positions a negative start is that image's own fault."""
    found = _decide(grid(1, 2), [tile("a", -5, 0)], offsets={"xy": "keep"})
    assert found.findings == (
        _unplaceable(
            "field 'a' starts at y = -5 px, but offsets.xy: keep needs starts from 0. "
            "Set registration.offsets.xy: image."
        ),
    )


def test_no_image_can_be_placed() -> None:
    """A decision is made all the same; everything is told."""
    found = _decide([], [])
    assert found.decision.tiling == InplaceTiling()
    assert found.decision.reason == "no image could be aligned"
    assert (found.decision.axes, found.decision.levels) == ("czyx", 1)
    assert found.findings[0].count == 2


@pytest.mark.parametrize(
    ("axes", "times", "expected"),
    [
        (None, 1, "czyx"),
        (None, 2, "tczyx"),
        ("tczyx", 1, "tczyx"),
        ("yx", 1, "yx"),
        ("cyx", 1, "cyx"),
    ],
)
def test_axes_of_an_acquisition(axes: str | None, times: int, expected: str) -> None:
    """Time is an axis if one image has time points, unless axes were asked for."""
    known = details(axes=axes)
    series = [tile("a", t=n) for n in range(times)]
    converted = convert(
        [image([tile("a")], known=known), image(series, "C01", known=known)]
    )
    assert converted.decision.axes == expected
    assert {one.axes for one in converted.images.values()} == {expected}


@pytest.mark.parametrize(("wanted", "levels"), [(1, 1), (3, 3), (5, 5), (6, 5), (9, 5)])
def test_levels_are_what_the_smallest_image_allows(wanted: int, levels: int) -> None:
    """20 rows are halved to 10, 5, 2 and 1: five levels, for the larger image too."""
    converted = convert(
        [image(grid(4, 4)), image([tile("a")], "C01")], num_levels=wanted
    )
    assert converted.decision.levels == levels
    assert {one.levels for one in converted.images.values()} == {levels}


def _two_wells() -> list:
    known = details(channels=channels(4))
    many = [*grid(2, 3), tile("r0c0", c=3, z=1)]
    few = [tile("x", c=1), tile("x", c=1, z=4), tile("x", c=1, z=5)]
    return [image(many, known=known), image(few, "C01", known=known)]


def test_images_of_an_acquisition_that_differ() -> None:
    """Channels, planes and size each have their finding, naming the odd images."""
    converted = convert(_two_wells())
    assert converted.decision.canvas is None
    assert converted.decision.channels is None
    assert converted.images["B/03/0"].shape == (1, 2, 2, 40, 90)
    assert converted.images["C/01/0"].shape == (1, 1, 6, 20, 30)
    ending = (
        ", so viewers will not open the plate as a whole. Set plate.uniform: true to "
        "give all images the same channels and extent."
    )
    start = "1 images differ from the others of their acquisition in "
    assert converted.findings == tuple(
        _finding(code, f"{start}{what}{ending}", images=("C/01/0",))
        for code, what in (
            ("uneven_channels", "channels"),
            ("uneven_z", "number of z planes"),
            ("uneven_shape", "time points, height or width"),
        )
    )


def test_uniform_gives_all_images_one_canvas_and_all_channels() -> None:
    """The union of channels and extents: what was not acquired holds no box."""
    converted = convert(_two_wells(), uniform=True)
    assert converted.findings == ()
    assert converted.decision.channels == (0, 1, 3)
    assert converted.decision.canvas == (1, 3, 6, 40, 90)
    first, second = converted.images.values()
    assert first.shape == second.shape == (1, 3, 6, 40, 90)
    labels = ["ch0", "ch1", "ch3"]
    assert [channel.channel_label for channel in first.channels] == labels
    assert [channel.channel_label for channel in second.channels] == labels
    assert first.boxes.c == (0, 0, 0, 0, 0, 0, 2)
    assert second.boxes.c == (1, 1, 1)
    assert second.boxes.z == (0, 4, 5)


def test_uniform_leaves_out_images_that_cannot_be_placed() -> None:
    """A broken image does not widen the canvas of the others."""
    images = [image(grid(2, 2)), image([tile("a"), tile("a", 900, 900)], "C01")]
    decision, findings = decide(
        images, options(), num_levels=1, uniform=True, requested=""
    )
    assert decision.canvas == (1, 1, 1, 40, 60)
    assert [finding.code for finding in findings] == ["unplaceable_images"]


def test_single_images_need_not_be_alike() -> None:
    """Images outside of plates are never opened as one: no finding."""
    converted = convert([image(grid(1, 2), "one/x"), image([tile("a")], "two")])
    assert converted.findings == ()
    assert list(converted.images) == ["one/x", "two"]


def test_uneven_images_are_those_unlike_most() -> None:
    """Of three images the two alike are the rule; five examples are shown of many."""
    shapes = [(1, 1, 1, 9, 8), (1, 1, 2, 9, 8), (1, 1, 2, 9, 8)]
    (one,) = find_uneven(["a", "b", "c"], shapes, [{0}] * 3)
    assert (one.code, one.images) == ("uneven_z", ("a",))
    names = [str(n) for n in range(16)]
    sizes = [(1, 1, 1, 9, 8)] * 9 + [(n, 1, 1, 9, 8) for n in range(2, 9)]
    (many,) = find_uneven(names, sizes, [{0}] * 16)
    assert (many.code, many.count) == ("uneven_shape", 7)
    assert many.images == ("9", "10", "11", "12", "13")
    assert find_uneven([], [], []) == []


@pytest.mark.parametrize("uniform", [False, True], ids=["own", "uniform"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tiling_mode": "inplace"},
        {"tiling_mode": "snap_to_corners"},
        {"offsets": {"xy": "keep"}},
        {"offsets": {"z": "fov"}},
    ],
    ids=str,
)
def test_expected_shapes_are_those_of_the_registered_images(
    changes: dict[str, object], uniform: bool
) -> None:
    """The plan tells the shape that register finds."""
    images = _two_wells()
    converted = convert(images, uniform=uniform, **changes)
    expected = expected_shapes(images, converted.decision, options(**changes))
    assert expected == {n: one.shape for n, one in converted.images.items()}


def test_expected_shape_of_an_image_that_cannot_be_placed() -> None:
    """Without tiles an image counts as one pixel, so that a plan can be made."""
    images = [image(grid(1, 2)), image([], "C01")]
    decision, _ = decide(images, options(), num_levels=1, uniform=False, requested="")
    assert expected_shapes(images, decision, options()) == {
        "B/03/0": (1, 1, 1, 20, 60),
        "C/01/0": (1, 1, 1, 1, 1),
    }


def test_no_tiling_decides_by_each_field() -> None:
    """An image of one field has its size, whatever the others are."""
    images = [
        image([tile("a", 100, 200)], suffix="a"),
        image([tile("b", 500, 900)], suffix="b"),
    ]
    converted = convert(images, tiling_mode="no_tiling")
    assert converted.decision.tiling == NoTiling()
    assert {one.shape for one in converted.images.values()} == {(1, 1, 1, 20, 30)}
    assert isinstance(images[0].collection, ImageInPlate)


def test_deciding_twice_gives_the_same() -> None:
    """The same images give the same decision and findings, and stay as they were."""
    images = _two_wells()
    before = [one.model_dump_json() for one in images]
    one, other = (
        decide(images, options(), num_levels=5, uniform=True, requested="k")
        for _ in range(2)
    )
    assert one == other
    assert [image.model_dump_json() for image in images] == before


def test_corners_of_the_samples() -> None:
    """The hand-made truth of the samples is the grid it stands for."""
    assert corners_of(2, 2, [(0, 1)]) == {
        "r0c0": (0, 0),
        "r1c0": (20, 0),
        "r1c1": (20, 30),
    }
