"""Tiles grouped into images: names, units, channels, planes that stand there twice."""

import time
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tiles2zarr.errors import TableError
from tiles2zarr.grouping import PlaneCheck, check_planes, fov_suffix, group_tiles
from tiles2zarr.grouping.units import to_world
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.image import ConditionRow, TiledImage
from tiles2zarr.models.loader import CustomLoader, FileLoader
from tiles2zarr.parsers.records import build_table, empty_table

DETAILS = AcquisitionDetails(pixelsize=0.5, z_spacing=2.0, t_spacing=30.0)


def _table(*tiles: Mapping[str, object]) -> pd.DataFrame:
    """Return a table of tiles in well B03, 30 columns by 20 rows of pixels."""
    base = {"file": "a.tif", "fov": "1", "row": 1, "column": 2, "x": 0.0, "y": 0.0}
    base |= {"len_x": 30.0, "len_y": 20.0}
    rows = [base | dict(tile) for tile in tiles]
    names = {name for row in rows for name in row}
    if any("image_path" in row for row in rows):
        names |= {"row", "column"}
    columns = {name: [row.get(name, _default(name)) for row in rows] for name in names}
    return build_table(columns)


def _default(name: str) -> object:
    return {"z": 0.0, "t": 0.0, "c": 0, "plane": 0, "status": "ok"}.get(
        name, None if name == "image_path" else 1
    )


def _single(path: str, **tile: object) -> dict[str, object]:
    return {"row": pd.NA, "column": pd.NA, "image_path": path} | tile


def _group(table: pd.DataFrame, **options: object) -> list[TiledImage]:
    """Return the images of acquisition 3 of plate P; the table must stay as it is."""
    before = table.copy(deep=True)
    known: dict[str, object] = {"acquisition": 3, "resource": "raw", "plate_name": "P"}
    details = options.pop("details", DETAILS)
    images = group_tiles(table, details, **(known | options))  # type: ignore[arg-type]
    assert_frame_equal(table, before)
    return images


def test_one_image_per_well_in_the_order_of_names() -> None:
    """Images are sorted by id, their tiles keep the order of the table."""
    table = _table(
        {"file": "1", "row": 2, "column": 0},
        {"file": "2", "row": 1, "column": 10},
        {"file": "3", "row": 1, "column": 1},
        {"file": "4", "row": 2, "column": 0, "fov": "2"},
        {"file": "5", "row": 31, "column": 47},
    )
    images = _group(table)
    assert {image.image: image.tiles.file for image in images} == {
        "AF/48/3": ("5",),
        "B/02/3": ("3",),
        "B/11/3": ("2",),
        "C/01/3": ("1", "4"),
    }
    assert [image.image for image in images] == [
        "AF/48/3",
        "B/02/3",
        "B/11/3",
        "C/01/3",
    ]
    assert {image.acquisition_id for image in images} == {3}
    assert {image.resource for image in images} == {"raw"}
    assert images[0].collection.path == "P.zarr/AF/48/3"
    assert images[0].loader == FileLoader()


def test_single_images_by_path() -> None:
    """Tiles of one image_path are one image."""
    table = _table(_single("b/x"), _single("a"), _single("b/x", fov="2"))
    images = _group(table, plate_name=None)
    assert [(image.image, len(image.tiles)) for image in images] == [
        ("a", 1),
        ("b/x", 2),
    ]


def test_loader_and_conditions_are_passed_on() -> None:
    """An image carries its loader and its own condition rows."""
    loader = CustomLoader(function="my:read")
    rows = (ConditionRow(values={"drug": "DMSO"}),)
    conditions = {(1, 2): rows, (7, 11): (ConditionRow(values={"drug": "x"}),)}
    images = _group(_table({}, {"row": 4}), loader=loader, conditions=conditions)
    assert [image.conditions for image in images] == [rows, ()]
    assert [image.loader for image in images] == [loader, loader]


def test_wells_need_a_plate() -> None:
    """Without a plate's name a well has no place."""
    with pytest.raises(TableError) as error:
        _group(_table({}), plate_name=None)
    assert error.value.faults == (
        "well B03 has no plate. Give plate.name in the config.",
    )


def test_no_tiles_no_images() -> None:
    """An empty table makes no images."""
    assert _group(empty_table()) == []
    assert check_planes(empty_table(), DETAILS).faults == {}


@pytest.mark.parametrize(
    ("fov", "suffix"),
    [
        ("FOV", "FOV"),
        ("f12", "f12"),
        ("1", "F1"),
        ("007", "F007"),
        ("2b", "F2b"),
        ("FOV_1", "FOV1051880"),
        ("F1", "F1deae2d"),
        ("1-2", "F12412a47"),
        ("../x", "xd6b96a"),
        ("ä", "F33e6d7"),
        ("x" * 60, "x" * 40 + "42f2d9"),
    ],
)
def test_w14_w15_fields_as_ends_of_a_path(fov: str, suffix: str) -> None:
    """Numbers get an F, changed names six digits of the sha256 of the original."""
    assert fov_suffix(fov) == suffix


@given(st.text(min_size=1, max_size=50))
def test_w15_a_fields_name_is_letters_and_digits(fov: str) -> None:
    """Whatever a field is called, the end of its path stays in the well."""
    suffix = fov_suffix(fov)
    assert suffix.isascii()
    assert suffix.isalnum()
    assert suffix[0].isalpha()
    assert len(suffix) <= 47


@given(st.lists(st.text("aF1_ ./", min_size=1, max_size=4), unique=True, max_size=30))
def test_different_fields_have_different_names(fovs: list[str]) -> None:
    """No two fields share an image, whatever characters had to go."""
    assert len({fov_suffix(fov) for fov in fovs}) == len(fovs)


def test_w14_no_tiling_makes_an_image_per_field() -> None:
    """Fields 1 and 2 become images 3F1 and 3F2; conditions of others stay out."""
    table = _table({"file": "1"}, {"file": "2", "fov": "2"}, {"file": "3", "c": 1})
    conditions = {
        (1, 2): (
            ConditionRow(values={"d": 0}),
            ConditionRow(fov="1", values={"d": 1}),
            ConditionRow(fov="2", values={"d": 2}),
        )
    }
    images = _group(table, no_tiling=True, conditions=conditions)
    assert [image.image for image in images] == ["B/03/3F1", "B/03/3F2"]
    assert [image.tiles.file for image in images] == [("1", "3"), ("2",)]
    assert [[row.values["d"] for row in image.conditions] for image in images] == [
        [0, 1],
        [0, 2],
    ]
    assert {row.fov for image in images for row in image.conditions} == {None}


def test_no_tiling_of_single_images() -> None:
    """The field's name follows the path after an underscore."""
    table = _table(_single("a/b"), _single("a/b", fov="x y"))
    names = [image.image for image in _group(table, no_tiling=True, plate_name=None)]
    assert names[0] == "a/b_F1"
    assert names[1].startswith("a/b_xy")


def test_names_that_differ_in_case_are_refused() -> None:
    """Fields ``a`` and ``A`` would be one file on some disks."""
    with pytest.raises(TableError) as error:
        _group(_table({"fov": "a"}, {"fov": "A"}, {"fov": "b"}), no_tiling=True)
    assert error.value.faults == (
        "image 'B/03/3a' (fields a) has the name of another one. Rename the field or "
        "image_path; upper and lower case are not told apart.",
        "image 'B/03/3A' (fields A) has the name of another one. Rename the field or "
        "image_path; upper and lower case are not told apart.",
    )


def test_channels_are_named() -> None:
    """Channels without names are channel_0 ... up to the last one of any tile."""
    images = _group(_table({"c": 2}, {"c": 0, "len_c": 2, "row": 5}))
    for image in images:
        labels = [channel.channel_label for channel in image.acquisition.channels or ()]
        assert labels == ["channel_0", "channel_1", "channel_2"]


def test_a_channel_beyond_the_named_ones() -> None:
    """A tile's channel must be one of the acquisition's."""
    details = DETAILS.replace(channels=(ChannelInfo(channel_label="DAPI"),))
    table = _table({}, {"file": "b.tif", "len_c": 2}, {"file": "c.tif", "c": 1})
    with pytest.raises(TableError) as error:
        _group(table, details=details)
    assert error.value.faults == (
        "channel 1 (from 0) of 'b.tif' (table row 2) and of 1 more tiles is none of "
        "the 1 channels of details.channels. Add it there, or correct start_c.",
    )


def test_positions_become_micrometer_and_second() -> None:
    """Starts in pixels are multiplied by their spacing, world starts stay."""
    details = DETAILS.replace(
        start_x_coo="pixel", start_z_coo="pixel", start_t_coo="pixel"
    )
    table = _table({"x": 10.0, "y": 7.0, "z": 3.0, "t": 2.0})
    (image,) = _group(table, details=details)
    tiles = image.tiles
    assert (tiles.x, tiles.y, tiles.z, tiles.t) == ((5.0,), (7.0,), (6.0,), (60.0,))
    assert (tiles.len_x, tiles.len_y) == ((30,), (20,))


def test_lengths_in_micrometer_become_pixels() -> None:
    """15 micrometer at 0.5 are 30 pixels; decimal noise does not matter."""
    details = DETAILS.replace(
        length_x_coo="world", length_y_coo="world", length_z_coo="world"
    )
    table = _table({"len_x": 15.0, "len_y": 10.0004, "len_z": 8.0})
    (image,) = _group(table, details=details)
    assert (image.tiles.len_x, image.tiles.len_y) == ((30,), (20,))
    assert image.tiles.len_z == (4,)


def test_lengths_that_are_not_whole() -> None:
    """All axes are checked, and every row is named."""
    table = _table({"len_y": 20.5}, {"len_x": 30.25}, {"len_x": 0.25, "len_y": 1.5})
    with pytest.raises(TableError) as error:
        to_world(table, DETAILS)
    assert error.value.faults == (
        "length_x is 30.25 in table rows 2, 3, expected a whole number of pixels. "
        "Correct it, or details.length_x_coo.",
        "length_y is 20.5 in table rows 1, 3, expected a whole number of pixels. "
        "Correct it, or details.length_y_coo.",
    )
    with pytest.raises(TableError) as error:
        to_world(_table({"len_z": 5.0}), DETAILS.replace(length_z_coo="world"))
    assert error.value.faults == (
        "length_z is 5 in table row 1 (2.5 planes), expected a whole number of planes. "
        "Correct it, or details.length_z_coo and the spacing.",
    )


def test_optional_columns_are_left_out_where_empty() -> None:
    """Times that only one image has are kept there, with nulls for the other tiles."""
    table = _table({"time_s": 1.5}, {"time_s": None}, {"row": 4, "time_s": None})
    first, second = _group(table)
    assert first.tiles.time_s == (1.5, None)
    assert second.tiles.time_s is None
    assert first.tiles.z_um is None


def _check(
    *tiles: Mapping[str, object], details: AcquisitionDetails = DETAILS
) -> PlaneCheck:
    table = _table(*tiles)
    before = table.copy(deep=True)
    checked = check_planes(table, details)
    assert_frame_equal(table, before)
    return checked


def test_planes_of_their_own_are_no_fault() -> None:
    """Another channel, plane, time point, field, well or image is another place."""
    checked = _check(
        {},
        {"file": "b", "c": 1},
        {"file": "c", "z": 2.0},
        {"file": "d", "t": 30.0},
        {"file": "e", "fov": "2"},
        {"file": "f", "row": 2},
        {"file": "g", "column": 3},
    )
    assert len(checked.table) == 7
    assert (checked.faults, checked.findings) == ({}, ())


def test_w19_two_files_for_one_place_are_a_fault() -> None:
    """The image of the two files is named with both; the other image is made."""
    checked = _check({}, {"file": "b.tif"}, {"file": "c.tif", "row": 4})
    assert checked.faults == {
        (1, 2): "B03: 'a.tif' and 'b.tif' (table rows 1 and 2, field '1', channel 0, "
        "plane 0, time point 0) stand for one place. Delete one of the rows, or "
        "correct start_z, start_c or start_t."
    }
    assert len(checked.table) == 3


def test_w19_the_same_plane_twice_is_left_out_and_told() -> None:
    """A row that repeats another one changes nothing, and is counted."""
    checked = _check(
        {}, {"file": "b", "c": 1}, {}, {"row": 4}, {"row": 4, "z": 1e-9}, {}
    )
    assert checked.faults == {}
    assert checked.table["source_row"].tolist() == [1, 2, 4]
    (finding,) = checked.findings
    assert finding.code == "duplicate_planes"
    assert finding.count == 3
    assert finding.rows == (3, 5, 6)
    assert finding.wells == ("B03", "E03")
    assert finding.message == (
        "3 rows repeat a plane of a file that stands in the table already, at the same "
        "place. They were left out."
    )


def test_w19_duplicates_of_single_images() -> None:
    """Images of their own are named by their path."""
    checked = _check(_single("a"), _single("a"), _single("b"), _single("b", file="x"))
    assert [finding.images for finding in checked.findings] == [("a",)]
    assert list(checked.faults) == ["b"]
    assert checked.faults["b"].startswith("b: 'a.tif' and 'x' (table rows 3 and 4")


def test_other_planes_of_one_file_are_two_sources() -> None:
    """Planes 0 and 1 of a file cannot both be plane 0 of the image."""
    checked = _check({}, {"plane": 1})
    assert list(checked.faults) == [(1, 2)]
    assert _check({}, {"plane": 1, "z": 2.0}).faults == {}


def test_planes_inside_tiles_are_compared() -> None:
    """A stack of 3 planes and a single plane at the second of them meet."""
    checked = _check({"len_z": 3.0}, {"file": "b", "z": 2.0})
    assert (
        "channel 0, plane 1, time point 0) stand for one place."
        in (checked.faults[(1, 2)])
    )
    assert _check({"len_z": 3.0}, {"file": "b", "z": 6.0}).faults == {}


def test_w19_a_tile_that_repeats_in_part_is_kept() -> None:
    """Planes 2 and 3 of a file repeat plane 2 only: plane 3 must not be lost."""
    stack = {"len_z": 3.0}
    part = _check(stack, {"plane": 2, "z": 4.0, "len_z": 2.0})
    assert (part.faults, part.findings, len(part.table)) == ({}, (), 2)
    whole = _check(stack, {"plane": 1, "z": 2.0, "len_z": 2.0})
    assert whole.faults == {}
    assert whole.table["source_row"].tolist() == [1]


def test_channels_inside_tiles_are_compared() -> None:
    """A tile of two channels holds both."""
    checked = _check({"len_c": 2}, {"file": "b", "c": 1})
    assert "channel 1, plane 0" in checked.faults[(1, 2)]


def test_planes_without_pixels_do_not_count() -> None:
    """A plane that failed and was taken again is one plane."""
    for status in ("missing", "error"):
        checked = _check({"status": status}, {"file": "b"})
        assert (checked.faults, len(checked.table)) == ({}, 2)


def test_plane_numbers_taken_for_micrometers() -> None:
    """Starts 0, 1, 2 at a spacing of 10 fall on one plane: say what they look like."""
    details = DETAILS.replace(z_spacing=10)
    checked = _check(
        *({"file": f"{z}.tif", "z": float(z)} for z in range(3)), details=details
    )
    assert checked.faults == {
        (1, 2): "B03: start_z 0 and 1 of '0.tif' and '1.tif' (table rows 1 and 2, "
        "field '1', channel 0) fall on one plane with z_spacing 10; and 1 more. "
        "start_z looks like plane numbers: set details.start_z_coo: pixel, or correct "
        "details.z_spacing."
    }
    assert (
        _check({}, {"z": 1.0}, details=details.replace(start_z_coo="pixel")).faults
        == {}
    )


def test_time_points_taken_for_seconds() -> None:
    """The same for time, and for numbers that are not whole."""
    checked = _check({}, {"file": "b", "t": 1.0})
    assert checked.faults[(1, 2)].endswith(
        "fall on one time point with t_spacing 30. start_t looks like time point "
        "numbers: set details.start_t_coo: pixel, or correct details.t_spacing."
    )
    details = DETAILS.replace(start_z_coo="pixel")
    checked = _check({}, {"file": "b", "z": 0.25}, details=details)
    assert checked.faults[(1, 2)].endswith(
        "fall on one plane. Give whole plane numbers, or set details.start_z_coo: "
        "world."
    )


def test_w20_spacings_within_tolerance() -> None:
    """Planes at 0, 2.0000001 and 3.9999999 are planes 0, 1, 2 of spacing 2."""
    starts = (0.0, 2.0000001, 3.9999999)
    tiles = [
        {"file": f"{c}{z}", "c": c, "z": z + c * 1e-7} for c in (0, 1) for z in starts
    ]
    checked = _check(*tiles)
    assert (checked.faults, checked.findings, len(checked.table)) == ({}, (), 6)
    twice = _check(*tiles, {"file": "again", "z": 2.0})
    assert (
        "channel 0, plane 1, time point 0) stand for one place"
        in (twice.faults[(1, 2)])
    )


def test_places_are_left_to_registration() -> None:
    """One field name for two positions is no duplicate here."""
    checked = _check({}, {"file": "b", "x": 14.0})
    assert (checked.faults, checked.findings) == ({}, ())


def test_p2_20000_tiles_in_under_a_second() -> None:
    """A plate of 384 wells with 20,000 tiles is checked and grouped in 1 CPU-second."""
    tiles = np.arange(20_000)
    table = build_table(
        {
            "file": [f"{tile}.tif" for tile in tiles],
            "fov": (tiles // 4 % 13).astype(str),
            "row": tiles // 52 // 24,
            "column": tiles // 52 % 24,
            "c": tiles % 4,
            "x": tiles // 4 % 13 * 15.0,
            "y": 0.0,
            "len_x": 30.0,
            "len_y": 20.0,
        }
    )
    start = time.process_time()
    checked = check_planes(table, DETAILS)
    images = group_tiles(
        checked.table, DETAILS, acquisition=0, resource="", plate_name="P"
    )
    assert time.process_time() - start < 1
    assert (checked.faults, checked.findings) == ({}, ())
    assert len(images) == 385
    assert sum(len(image.tiles) for image in images) == 20_000


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_change_the_images(order: list[int]) -> None:
    """Shuffled rows give the same images with the same tiles."""
    tiles = [
        {"file": f"{n}", "row": n % 2, "column": n // 4, "x": 15.0 * n}
        for n in range(6)
    ]
    images = _group(_table(*(tiles[n] for n in order)))
    assert [image.image for image in images] == ["A/01/3", "A/02/3", "B/01/3", "B/02/3"]
    assert [sorted(image.tiles.file) for image in images] == [
        ["0", "2"],
        ["4"],
        ["1", "3"],
        ["5"],
    ]
