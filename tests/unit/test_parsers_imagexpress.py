"""ImageXpress plates: exported with a plan, and as the database keeps them."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.imagexpress_samples import (
    HEIGHT,
    PIXEL_UM,
    START,
    WIDTH,
    plan_text,
    write_plan,
    write_plane,
)
from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.imagexpress import parse
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

EXPORT = "imagexpress/9987_Plate_3433"
DATABASE = "imagexpress/db-single-channel"
GUID = "0E4018FA-9ABC-4DEF-8123-0123456789AB"


def _parse(path: Path, projections: str = "auto") -> ParsedAcquisition:
    parsed = parse(str(path), {"projections": projections})
    check_table(parsed.table, parsed.attributes, "imagexpress")
    return parsed


def _finding(parsed: ParsedAcquisition, code: str) -> Finding:
    found = [finding for finding in parsed.findings if finding.code == code]
    assert len(found) == 1, [finding.code for finding in parsed.findings]
    return found[0]


def _codes(parsed: ParsedAcquisition) -> set[str]:
    return {finding.code for finding in parsed.findings}


def _labels(parsed: ParsedAcquisition) -> list[str]:
    return [channel.channel_label for channel in parsed.details.channels or ()]


def _slots(table: pd.DataFrame) -> list[tuple[int, int, int]]:
    """Return the (t, c, z) of a table's rows."""
    return [tuple(map(int, row)) for row in table[["t", "c", "z"]].to_numpy()]


def test_exported_plate_has_planes_without_the_projection(real_data: Path) -> None:
    """The folder ZStep_0 holds projections, so 24 of 32 files are tiles."""
    parsed = _parse(real_data / EXPORT)
    table = parsed.table
    assert len(table) == 24
    assert _finding(parsed, "projections_left_out").count == 8
    assert sorted({*zip(table["row"], table["column"], strict=True)}) == [
        (1, 1),
        (1, 2),
    ]
    assert table["file"].iloc[0] == "TimePoint_1/ZStep_1/9987_B02_s1_w1.TIF"
    assert _slots(table[:6]) == [(0, c, z) for c in (0, 1) for z in (0, 1, 2)]
    b03 = table[table["column"] == 2]
    assert b03.groupby("fov")["x"].unique().to_dict() == {"s1": [31985], "s2": [32300]}
    assert set(table["y"]) == {19885.0}
    assert table["z_um"][:3].tolist() == [9986.58, 9989.6, 9992.62]
    assert table["time_s"][:3].tolist() == pytest.approx([0, 0.25, 0.488])
    assert set(table["exposure_s"]) == {0.1}
    assert set(table["len_x"]) == set(table["len_y"]) == {256.0}


def test_exported_plate_tells_its_metadata(real_data: Path) -> None:
    """Plan and tags tell layout, names, wavelengths, pixel size and spacing."""
    parsed = _parse(real_data / EXPORT)
    details = parsed.details
    assert (details.pixelsize, details.z_spacing) == (
        1.3672,
        pytest.approx(3.01, abs=0.01),
    )
    assert (details.start_z_coo, details.start_t_coo) == ("pixel", "pixel")
    assert not details.stage_corrections.flip_y
    assert _labels(parsed) == ["DAPI", "FITC"]
    assert [c.wavelength_id for c in details.channels or ()] == ["452", "520"]
    assert parsed.channel_ids == ("w1", "w2")
    assert parsed.layout == PlateLayout(rows=8, columns=12)
    assert parsed.plate_name == "9987"
    assert parsed.description == "1t-2w-2s-2c-3z DAPI: 3z + MIP FITC: 3z + MIP"


@pytest.mark.parametrize(
    "inner",
    ["9987.HTD", "TimePoint_1", "TimePoint_1/9987.HTD"],
    ids=["plan", "t", "tp"],
)
def test_path_may_be_the_plan_or_a_folder_of_the_plate(
    real_data: Path, inner: str
) -> None:
    """The plan, a time point's folder, and the copy of the plan in it all do."""
    parsed = _parse(real_data / EXPORT / inner)
    assert len(parsed.table) == 24
    assert parsed.plate_name == "9987"


def test_projections_only(real_data: Path) -> None:
    """The option ``only`` takes the projections, one plane each."""
    parsed = _parse(real_data / EXPORT, "only")
    assert len(parsed.table) == 8
    assert set(parsed.table["z"]) == {0.0}
    assert parsed.table["file"].str.contains("ZStep_0").all()
    assert parsed.details.z_spacing == 1.0
    assert _finding(parsed, "planes_left_out").count == 24


def test_database_plate(real_data: Path) -> None:
    """Without plan, with GUIDs in names, the planes lie in ZStep_1 and ZStep_2."""
    parsed = _parse(real_data / DATABASE)
    table = parsed.table
    assert len(table) == 8
    assert _finding(parsed, "thumbnails").count == 12
    assert _finding(parsed, "projections_left_out").count == 4
    assert sorted({*zip(table["row"], table["column"], strict=True)}) == [
        (4, 6),
        (4, 7),
    ]
    assert table["fov"].tolist() == ["s1", "s1", "s2", "s2"] * 2
    assert table["z_um"][:2].tolist() == [9318.24, 9323.18]
    assert parsed.details.z_spacing == pytest.approx(4.95, abs=0.02)
    assert parsed.details.pixelsize == 1.3668
    assert (_labels(parsed), parsed.layout) == (["FITC_05"], None)
    assert parsed.plate_name == "Projection-Mix"
    assert parsed.resource.endswith("db-single-channel/2023-02-21/1334")


def test_several_plates_are_refused(real_data: Path) -> None:
    """A folder of two plates is not one acquisition."""
    with pytest.raises(
        ParserError, match=r"9987_Plate_3433, .*/1334\. Give the folder"
    ):
        parse(str(real_data / "imagexpress"))


def test_wells_and_planes_of_the_plan_that_are_not_on_disk(tmp_path: Path) -> None:
    """A stopped acquisition: absent wells and planes are findings, not tiles."""
    planned = [(0, 0), (0, 1), (1, 2)]
    write_plan(
        tmp_path / "P.HTD", plan_text(planned, sites=[True, False, True], steps=2)
    )
    for well, column, sites in (("A01", 0, (1, 2)), ("B03", 2, (1,))):
        for site in sites:
            for step in (1, 2):
                file = tmp_path / f"TimePoint_1/ZStep_{step}/P_{well}_s{site}_w1.TIF"
                write_plane(file, x=9000 * column + 3 * site, z=10 + step, second=step)
    parsed = _parse(tmp_path)
    assert len(parsed.table) == 6
    absent = _finding(parsed, "wells_not_acquired")
    assert (absent.count, absent.wells) == (1, ("A02",))
    missing = _finding(parsed, "missing_planes")
    assert (missing.count, missing.wells) == (2, ("B03",))
    assert "planes_not_acquired" not in _codes(parsed)
    assert parsed.layout == PlateLayout(rows=2, columns=3)
    assert parsed.description == "µ plate"


def test_what_no_well_has_was_not_acquired(tmp_path: Path) -> None:
    """A wavelength and time points that are absent everywhere are no losses."""
    text = plan_text([(1, 2)], waves=("DAPI", "FITC"), times=3)
    write_plan(tmp_path / "P.HTD", text)
    for time in (1, 2):
        write_plane(tmp_path / f"TimePoint_{time}/P_B03_w1.TIF", second=60 * time)
    parsed = _parse(tmp_path)
    finding = _finding(parsed, "planes_not_acquired")
    assert finding.count == 1 + 3
    assert "(w1: 1, w2: 3)" in finding.message
    assert _codes(parsed) == {"planes_not_acquired"}
    assert parsed.channel_ids == ("w1",)


def test_images_that_the_plan_does_not_list_are_tiles(tmp_path: Path) -> None:
    """What is on disk counts, whatever the plan says."""
    write_plan(tmp_path / "P.HTD", plan_text([(0, 0)]))
    for well in ("A01", "B02"):
        write_plane(tmp_path / f"TimePoint_1/P_{well}.TIF")
    parsed = _parse(tmp_path)
    assert len(parsed.table) == 2
    assert _finding(parsed, "unplanned_images").count == 1


def test_four_channels_of_one_name_stay_apart(tmp_path: Path) -> None:
    """Wavelengths of one name are channels of their own, told apart by number."""
    for wave in (1, 2, 3, 4):
        file = tmp_path / f"P_B03_s1_w{wave}.TIF"
        write_plane(file, setting="Cy5", exposure=f"{wave} s", second=wave)
    parsed = _parse(tmp_path)
    assert _labels(parsed) == ["Cy5"] * 4
    assert [c.wavelength_id for c in parsed.details.channels or ()] == [
        "w1",
        "w2",
        "w3",
        "w4",
    ]
    assert parsed.table["c"].tolist() == [0, 1, 2, 3]
    assert parsed.table["exposure_s"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_channels_without_the_second_keep_their_names(tmp_path: Path) -> None:
    """Wavelengths 1, 3 and 4 are three channels with their own ids."""
    write_plan(
        tmp_path / "P.HTD", plan_text([(1, 2)], waves=("DAPI", "FITC", "Cy3", "Cy5"))
    )
    for wave in (4, 1, 3):
        write_plane(
            tmp_path / f"TimePoint_1/P_B03_w{wave}.TIF", setting="", second=wave
        )
    parsed = _parse(tmp_path)
    assert _labels(parsed) == ["DAPI", "Cy3", "Cy5"]
    assert parsed.channel_ids == ("w1", "w3", "w4")


def test_stage_y_grows_downwards(tmp_path: Path) -> None:
    """Sites that overlap vertically keep their y: the lower one has the larger."""
    for site, y in ((1, 500.0), (2, 501.8)):
        write_plane(tmp_path / f"P_A02_s{site}_w1.TIF", x=70.0, y=y, second=site)
    parsed = _parse(tmp_path)
    assert parsed.table["y"].tolist() == [500.0, 501.8]
    assert not parsed.details.stage_corrections.flip_y
    assert tuple(parsed.table[["len_y", "len_x"]].to_numpy()[0]) == (HEIGHT, WIDTH)
    assert HEIGHT * PIXEL_UM > 1.8


def test_time_series(tmp_path: Path) -> None:
    """Time points count from 0, their distance is measured in seconds."""
    for time in (2, 3, 5):
        write_plane(tmp_path / f"TimePoint_{time}/P_A02_w1.TIF", second=90.0 * time)
    parsed = _parse(tmp_path)
    assert parsed.table["t"].tolist() == [0, 1, 3]
    assert parsed.table["time_s"].tolist() == [0.0, 90.0, 270.0]
    assert parsed.details.t_spacing == 90.0
    assert parsed.start_time == round((START.timestamp() + 180) * 1000)
    assert parsed.end_time == round((START.timestamp() + 450) * 1000)


def _fill(folder: Path, wells: tuple[str, ...] = ("A02", "B03")) -> None:
    """Write a series of 6 time points and 4 wavelengths, filled up with copies.

    w1 is acquired always, w2 at the first time point, w3 at the first and last, w4 at
    every third.
    """
    acquired = {1: (1, 2, 3, 4, 5, 6), 2: (1,), 3: (1, 6), 4: (1, 4)}
    for number, well in enumerate(wells):
        for wave, times in acquired.items():
            for time in range(1, 7):
                last = max(t for t in times if t <= time)
                write_plane(
                    folder / f"TimePoint_{time}/P_{well}_s1_w{wave}.TIF",
                    x=9000.0 * number,
                    z=100 + wave / 10,
                    second=1000 * number + 60 * last + wave,
                    setting=f"dye {wave}",
                    wavelength=400 + wave,
                )


FILLED = [
    *((t, c) for t in (0,) for c in (0, 1, 2, 3)),
    *((t, 0) for t in (1, 2)),
    *((3, c) for c in (0, 3)),
    (4, 0),
    *((5, c) for c in (0, 2)),
]
"""The (t, c) that ``_fill`` acquires in a well, in paste order."""


def test_copies_in_time_are_left_out(tmp_path: Path) -> None:
    """A wavelength acquired at some time points only has a plane at these alone."""
    _fill(tmp_path)
    parsed = _parse(tmp_path)
    assert [(t, c) for t, c, _ in _slots(parsed.table)] == FILLED * 2
    finding = _finding(parsed, "filled_copies")
    assert finding.count == 2 * (24 - 11)
    assert "10 of w2, 8 of w3, 8 of w4" in finding.message


def test_copies_in_z_are_left_out(tmp_path: Path) -> None:
    """A stack, a projection only, and a single plane, all exported with every step."""
    text = plan_text([(1, 2)], waves=("stack", "mip", "flat"), steps=3)
    write_plan(tmp_path / "P.HTD", text)
    for step in (0, 1, 2, 3):
        where = tmp_path / f"TimePoint_1/ZStep_{step}"
        method = "" if step else "Maximum"
        z = 100 + 2 * step if step else 103
        second = max(step, 1)
        write_plane(where / "P_B03_w1.TIF", z=z, second=second, projection=method)
        write_plane(where / "P_B03_w2.TIF", z=103, second=10, projection="Maximum")
        write_plane(where / "P_B03_w3.TIF", z=110, second=20)
    parsed = _parse(tmp_path)
    table = parsed.table
    assert _slots(table) == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0), (0, 2, 0)]
    assert table["file"].tolist()[3:] == [
        "TimePoint_1/ZStep_0/P_B03_w2.TIF",
        "TimePoint_1/ZStep_1/P_B03_w3.TIF",
    ]
    assert parsed.details.z_spacing == 2.0
    assert _finding(parsed, "filled_copies").count == 6
    assert _finding(parsed, "projections_left_out").count == 1
    assert _finding(parsed, "projections_taken").count == 1
    assert "missing_planes" not in _codes(parsed)


@pytest.mark.parametrize(("choice", "channels"), [("drop", "w1 w3"), ("only", "w1 w2")])
def test_projections_of_mixed_plates(
    tmp_path: Path, choice: str, channels: str
) -> None:
    """Database layout: the root holds projections, and planes of what has no stack."""
    for step in (1, 2):
        where = tmp_path / f"day/12/ZStep_{step}/Mix_B03_s1_w1{GUID}.tif"
        write_plane(where, z=step, second=step)
    for wave, method in ((1, "Maximum"), (2, "Maximum"), (3, "")):
        where = tmp_path / f"day/12/Mix_B03_s1_w{wave}{GUID}.tif"
        write_plane(where, z=5 * wave, second=wave, projection=method)
    assert _parse(tmp_path, choice).channel_ids == tuple(channels.split())
    assert _parse(tmp_path).channel_ids == ("w1", "w2", "w3")


def test_equal_times_in_a_stack_are_no_copies(tmp_path: Path) -> None:
    """Planes of one time and different z, as a fast camera takes them, all stay."""
    for step in (1, 2, 3):
        write_plane(tmp_path / f"ZStep_{step}/P_B03_w1.TIF", z=10.0 * step)
    parsed = _parse(tmp_path)
    assert parsed.table["z"].tolist() == [0, 1, 2]
    assert parsed.details.z_spacing == 10.0
    assert not parsed.findings


def test_a_lost_step_leaves_a_hole(tmp_path: Path) -> None:
    """The second plane of a field stays the second when the first file is lost."""
    for site, steps in ((1, (1, 2)), (2, (2,))):
        for step in steps:
            file = tmp_path / f"ZStep_{step}/P_B03_s{site}_w1.TIF"
            write_plane(file, x=3.0 * site, z=10.0 * step, second=10 * site + step)
    assert _parse(tmp_path).table["z"].tolist() == [0, 1, 1]


def test_reimaged_fields_keep_the_later_image(tmp_path: Path) -> None:
    """Of two files of one plane in a database, the last acquired is taken."""
    later, sooner = GUID, f"F{GUID[1:]}"
    write_plane(tmp_path / f"P_B03_s1_w1{later}.tif", second=500)
    write_plane(tmp_path / f"P_B03_s1_w1{sooner}.tif", second=1)
    parsed = _parse(tmp_path)
    assert parsed.table["file"].tolist() == [f"P_B03_s1_w1{later}.tif"]
    assert _finding(parsed, "repeated_planes").count == 1


def test_a_damaged_header_takes_its_place_from_other_wells(tmp_path: Path) -> None:
    """The distance of two sites is that of another well, and a finding says so."""
    for column, x in ((1, 0.0), (2, 9000.0)):
        for site in (1, 2):
            file = tmp_path / f"P_B{column:02d}_s{site}_w1.TIF"
            write_plane(file, x=x + 2.5 * site, y=7.0 * site, second=site + x)
    (tmp_path / "P_B02_s2_w1.TIF").write_bytes(b"II*\0" + bytes(20))
    parsed = _parse(tmp_path)
    assert parsed.table["x"].tolist() == [2.5, 5.0, 9002.5, 9005.0]
    assert parsed.table["y"].tolist() == [7.0, 14.0, 7.0, 14.0]
    assert _finding(parsed, "positions_estimated").count == 1
    assert _finding(parsed, "unreadable_headers").files == ("P_B02_s2_w1.TIF",)
    assert np.isnan(parsed.table["z_um"].iloc[3])


def test_files_without_any_place_are_reported(tmp_path: Path) -> None:
    """A damaged file of the only field of its kind cannot be placed."""
    write_plane(tmp_path / "P_B03_s1_w1.TIF")
    (tmp_path / "P_B03_s2_w1.TIF").write_bytes(b"")
    parsed = _parse(tmp_path)
    assert len(parsed.table) == 1
    finding = _finding(parsed, "unplaced_files")
    assert (finding.severity, finding.files) == ("error", ("P_B03_s2_w1.TIF",))


def test_other_files_are_counted(tmp_path: Path) -> None:
    """Images of another name, documents and unknown folders are one finding."""
    write_plan(tmp_path / "P.HTD", plan_text([(1, 2)]))
    write_plane(tmp_path / "TimePoint_1/P_B03_w1.TIF")
    write_plane(tmp_path / "TimePoint_1/Q_B03_w1.TIF")
    write_plane(tmp_path / "export/P_B03_w1.TIF")
    (tmp_path / "notes.txt").write_text("fixed on Monday")
    finding = _finding(_parse(tmp_path), "other_files")
    assert finding.count == 3
    assert finding.message == (
        "3 files that are no images of this plate are left out (2 .tif, 1 .txt)."
    )


def test_unknown_pixel_size_is_a_finding(tmp_path: Path) -> None:
    """Without calibration a pixel is a micrometer, and the report says so."""
    write_plane(tmp_path / "P_B03_w1.TIF", pixel_um=None)
    parsed = _parse(tmp_path)
    assert parsed.details.pixelsize == 1.0
    assert _finding(parsed, "pixel_size_unknown").severity == "warning"


def test_two_pixel_sizes_are_refused(tmp_path: Path) -> None:
    """Channels with different binning do not fit into one acquisition."""
    write_plane(tmp_path / "P_B03_w1.TIF", pixel_um=0.5)
    write_plane(tmp_path / "P_B03_w2.TIF", pixel_um=1.0)
    with pytest.raises(ParserError) as error:
        parse(str(tmp_path))
    assert str(error.value) == (
        f"{tmp_path} holds images of several pixel sizes: 0.5 micrometer in "
        "P_B03_w1.TIF, 1 in P_B03_w2.TIF. Convert them as two acquisitions, each with "
        "a channel filter."
    )


@pytest.mark.parametrize(
    "tags",
    [{"description": "ImageJ=1.53"}, {"x": None, "y": None}],
    ids=["no tags", "no position"],
)
def test_wells_of_one_site_need_no_position(
    tmp_path: Path, tags: dict[str, object]
) -> None:
    """Without a stage position, the only site of each well is at 0, which is told."""
    for name in ("P_B03_w1.TIF", "P_B03_w2.TIF", "P_A01_w1.TIF"):
        write_plane(tmp_path / name, **tags)
    parsed = _parse(tmp_path)
    rows = parsed.table[["row", "column", "c", "x", "y", "len_x", "len_y"]]
    assert rows.to_numpy().tolist() == [
        [0, 0, 0, 0, 0, WIDTH, HEIGHT],
        [1, 2, 0, 0, 0, WIDTH, HEIGHT],
        [1, 2, 1, 0, 0, WIDTH, HEIGHT],
    ]
    assert "positions_unknown" in _codes(parsed)
    # the tags that are there tell the pixel size
    assert ("pixel_size_unknown" in _codes(parsed)) == ("description" in tags)


def test_sites_without_positions_are_refused(tmp_path: Path) -> None:
    """Two sites of a well need positions; one file's tags cannot tell both."""
    for site in (1, 2):
        write_plane(tmp_path / f"P_B03_s{site}_w1.TIF", description="ImageJ=1.53")
    with pytest.raises(ParserError) as error:
        parse(str(tmp_path))
    assert str(error.value) == (
        f"{tmp_path}: no image tells its stage position (tags stage-position-x and "
        "stage-position-y), and wells have several sites. Take the files as MetaXpress "
        "wrote them, or give the positions with format: pattern (option grid or "
        "positions)."
    )


def test_a_file_without_tags_among_others(tmp_path: Path) -> None:
    """What it does not tell is taken from its field, and it is named."""
    write_plane(tmp_path / "P_B03_w1.TIF", x=30.0, y=7.0)
    write_plane(tmp_path / "P_B03_w2.TIF", description="ImageJ=1.53")
    parsed = _parse(tmp_path)
    assert parsed.table[["x", "y"]].to_numpy().tolist() == [[30.0, 7.0]] * 2
    found = next(f for f in parsed.findings if f.code == "unreadable_headers")
    assert found.message.startswith(
        f"1 headers cannot be read, e.g. {tmp_path}/P_B03_w2.TIF: its ImageDescription "
        "holds no MetaSeries tags"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"projection": "only"},
            "option 'projection' is unknown to the format imagexpress, known is "
            "'projections'. Delete it.",
        ),
        (
            {"projections": "max"},
            "option projections is 'max', expected one of auto, keep, drop, only. "
            "Correct it.",
        ),
    ],
    ids=["name", "value"],
)
def test_options_are_checked(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    """An option that is misspelt is an error, not a default."""
    with pytest.raises(ParserError) as error:
        parse(str(tmp_path), options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("choice", "method", "lacked"),
    [("drop", "Maximum", "planes"), ("only", "", "projections")],
)
def test_nothing_of_the_kind_asked_for(
    tmp_path: Path, choice: str, method: str, lacked: str
) -> None:
    """A choice that leaves nothing is an error that names the cure."""
    write_plane(tmp_path / "P_B03_w1.TIF", projection=method)
    with pytest.raises(
        ParserError, match=f"no {lacked} are left. Set projections to auto"
    ):
        parse(str(tmp_path), {"projections": choice})


def test_two_plans_in_one_folder(tmp_path: Path) -> None:
    """Two plates exported into one folder are told apart by the plan given as path."""
    for name in ("P", "Q"):
        write_plan(tmp_path / f"{name}.HTD", plan_text([(1, 2)]))
        write_plane(tmp_path / f"TimePoint_1/{name}_B03_w1.TIF")
    with pytest.raises(ParserError) as error:
        parse(str(tmp_path))
    assert str(error.value) == (
        f"{tmp_path} holds 2 plans (P.HTD, Q.HTD), expected one. Give one of them as "
        "path."
    )
    parsed = _parse(tmp_path / "Q.HTD")
    assert parsed.table["file"].tolist() == ["TimePoint_1/Q_B03_w1.TIF"]
    assert _finding(parsed, "other_files").files == ("TimePoint_1/P_B03_w1.TIF",)


def test_no_plate(tmp_path: Path) -> None:
    """A folder of other things is no plate."""
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(ParserError, match=r"found: none\. Give the folder"):
        parse(str(tmp_path))


def test_a_url_is_read_like_a_folder(real_data: Path) -> None:
    """Listing and headers come through fsspec for URLs."""
    local = parse(str(real_data / DATABASE))
    remote = parse(f"file://{real_data / DATABASE}")
    pd.testing.assert_frame_equal(remote.table, local.table)


def test_parsing_twice_gives_the_same(real_data: Path, tmp_path: Path) -> None:
    """A copy of the plate elsewhere parses to the same table."""
    shutil.copytree(real_data / EXPORT, tmp_path / "copy")
    first, second = parse(str(real_data / EXPORT)), parse(str(tmp_path / "copy"))
    pd.testing.assert_frame_equal(first.table, second.table)
    assert first.findings == second.findings
