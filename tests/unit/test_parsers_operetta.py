"""Harmony measurements to tiles: versions, positions, planes, times, failures."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.operetta_samples import CHANNELS, MATRIX, Fields, Sample, image_fields
from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import ChannelInfo, StageOrientation
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.operetta import parse
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

VERSIONS = ("V4", "V5", "V6", "V7")


def _two_by_two(**changes: str) -> list[Fields]:
    """Return two fields of two channels of two planes each, channel 2 first."""
    return [
        image_fields(field_id=f, plane=p, channel=c, **changes)
        for f in (1, 2)
        for c in ("2", "1")
        for p in (1, 2)
    ]


def _found(parsed: ParsedAcquisition, code: str) -> Finding:
    return next(finding for finding in parsed.findings if finding.code == code)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_gives_the_same_tiles(tmp_path: Path, version: str) -> None:
    """V4 to V7 differ in where values stand, not in what becomes of them."""
    start = 1 if version == "V7" else 0
    images = [i | {"TimepointID": str(start)} for i in _two_by_two()]
    parsed = Sample(images, version).parse(tmp_path)
    check_table(parsed.table, parsed.attributes, "operetta")
    table = parsed.table
    assert table["file"].tolist() == [
        f"r02c03f0{f}p0{p}-ch{c}sk0fk1fl1.tiff"
        for f in (1, 2)
        for c in (1, 2)
        for p in (1, 2)
    ]
    assert set(zip(table["row"], table["column"], strict=True)) == {(1, 2)}
    assert table["fov"].tolist() == ["1"] * 4 + ["2"] * 4
    assert table["x"].tolist() == [-3.0] * 4 + [3.0] * 4
    assert table["y"].tolist() == [2.0] * 8
    assert table["c"].tolist() == [0, 0, 1, 1] * 2
    assert table["z"].tolist() == [0.0, 1.0] * 4
    assert table["t"].tolist() == [0.0] * 8
    assert table["z_um"].tolist() == [2.25, 4.25, 2.5, 4.5] * 2
    assert table["len_x"].tolist() == [12.0] * 8
    assert table["len_y"].tolist() == [8.0] * 8
    assert table["exposure_s"].tolist() == [0.2, 0.2, 0.04, 0.04] * 2
    assert table["source_row"].tolist() == [3, 4, 1, 2, 7, 8, 5, 6]
    assert parsed.findings == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_details(tmp_path: Path, version: str) -> None:
    """Pixel size, spacing, channels and plate are those of the metadata."""
    parsed = Sample(_two_by_two(), version).parse(tmp_path)
    details = parsed.details
    assert details.pixelsize == pytest.approx(0.5)
    assert details.z_spacing == 2.0
    assert (details.start_x_coo, details.start_z_coo) == ("world", "pixel")
    assert details.start_t_coo == "pixel"
    assert details.axes is None
    assert details.channels == (
        ChannelInfo(channel_label="HOECHST 33342", wavelength_id="375/456"),
        ChannelInfo(channel_label="Alexa 488", wavelength_id="488/522"),
    )
    assert details.stage_corrections == StageOrientation(flip_y=True)
    assert parsed.channel_ids == ("1", "2")
    assert parsed.plate_name == "drug plate"
    assert parsed.layout == PlateLayout(rows=8, columns=12)
    assert parsed.description == f"Phenix, Harmony{version}, 96 wells"
    # 2022-12-19 is day 19345 of the epoch; 10:18:52 +01:00 is 09:18:52 UTC
    start = 19345 * 86400 + 9 * 3600 + 18 * 60 + 52
    assert parsed.start_time == start * 1000 + 244
    assert parsed.end_time == (start + 34) * 1000 + 580
    assert parsed.extras["channels"] == {
        channel: {
            "image_type": "Signal",
            "orientation_matrix": MATRIX,
            "excitation_nm": float(CHANNELS[channel][1]),
            "emission_nm": float(CHANNELS[channel][2]),
            "max_intensity": 65535.0,
        }
        for channel in ("1", "2")
    }


def test_real_plate(real_data: Path) -> None:
    """The Sonata plate has two touching fields of 1080 pixels in well C03."""
    parsed = parse(str(real_data / "revvity/operetta-sonata-2f"))
    check_table(parsed.table, parsed.attributes, "operetta")
    table = parsed.table
    assert table["file"].tolist() == [
        "r03c03f01p01-ch1sk1fk1fl1.tiff",
        "r03c03f02p01-ch1sk1fk1fl1.tiff",
    ]
    assert table["x"].tolist() == [-645.814, 645.814]
    assert table["y"].tolist() == [645.814, 645.814]
    assert set(zip(table["row"], table["column"], strict=True)) == {(2, 2)}
    assert (1291.628 / parsed.details.pixelsize) == pytest.approx(1080.0, abs=1e-3)
    assert parsed.details.stage_corrections == StageOrientation(flip_y=True)
    assert parsed.plate_name == "Test_Sample_BALL"
    assert parsed.layout == PlateLayout(rows=16, columns=24)
    assert parsed.conditions is not None
    assert parsed.conditions.to_dict("list") == {
        "row": [2],
        "column": [2],
        "Compound": [None],
    }
    profile = parsed.extras["flatfield"]["1"]["Background"]["Profile"]
    assert profile["Coefficients"][1] == [-0.0165, 0.0298]
    assert profile["Dims"] == [1080, 1080]
    assert parsed.findings == ()


@pytest.mark.parametrize("place", ["", "Images", "Images/Index.idx.xml"])
def test_path_may_be_plate_images_or_index(tmp_path: Path, place: str) -> None:
    """The plate's folder, its images' folder and the index name one measurement."""
    layout = tmp_path / "Assaylayout"
    layout.mkdir()
    (layout / "a.xml").write_text(
        "<AssayLayout><Layer><Name>drug</Name><Well><Row>2</Row><Col>3</Col>"
        "<Value>x</Value></Well></Layer></AssayLayout>"
    )
    Sample(_two_by_two()).write(tmp_path)
    parsed = parse(f"{tmp_path / place}/" if not place else str(tmp_path / place))
    assert len(parsed.table) == 8
    assert parsed.resource == str(tmp_path / "Images")
    assert parsed.conditions is not None
    assert parsed.conditions["drug"].tolist() == ["x"]


def test_units_are_read(tmp_path: Path) -> None:
    """Millimetres, micrometres, milliseconds and no unit at all are told apart."""
    images = [image_fields(PositionX="-0.003", PositionY="2", ExposureTime="40")]
    sample = Sample(images)
    units = dict(sample.units) | {
        "PositionX": "mm",
        "PositionY": "\u00b5m",
        "ExposureTime": "ms",
    }
    del units["PositionZ"]
    row = replace(sample, units=units).parse(tmp_path).table.iloc[0]
    assert (row["x"], row["y"]) == (-3.0, 2.0)
    assert row["exposure_s"] == 0.04
    assert row["z_um"] == 2.25


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("[[1,0,0,0],[0,-1,0,0],[0,0,1,0]]", StageOrientation(flip_y=True)),
        ("[[1,0,0,0],[0,1,0,0],[0,0,1,0]]", StageOrientation()),
        ("[[-1,0,0,0],[0,-1,0,0]]", StageOrientation(flip_x=True, flip_y=True)),
        ("[[0,1,0,0],[-1,0.01,0,0]]", StageOrientation(swap_xy=True, flip_y=True)),
        ("", StageOrientation(flip_y=True)),
    ],
    ids=["usual", "y down", "both", "turned", "none"],
)
def test_orientation_matrix_tells_the_flips(
    tmp_path: Path, matrix: str, expected: StageOrientation
) -> None:
    """The signs of the matrix become flips; without one, y points up."""
    parsed = Sample([image_fields(OrientationMatrix=matrix)]).parse(tmp_path)
    assert parsed.details.stage_corrections == expected
    assert parsed.table["y"].tolist() == [2.0]


def test_different_orientations_are_told(tmp_path: Path) -> None:
    """Channels whose matrices point to different sides are a finding."""
    images = [
        image_fields(channel="1"),
        image_fields(channel="2", OrientationMatrix="[[-1,0],[0,-1]]"),
    ]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.details.stage_corrections == StageOrientation(flip_y=True)
    assert "channel 1" in _found(parsed, "orientations_differ").message


@pytest.mark.parametrize("ids", [(0, 1, 2), (1, 2, 3), (2, 5, 9)])
def test_time_points_are_compacted(tmp_path: Path, ids: tuple[int, int, int]) -> None:
    """Time points count from 0 without gaps, whatever the first is called."""
    images = [
        image_fields(time=t, MeasurementTimeOffset=str(7.5 + 90 * n))
        for n, t in enumerate(ids)
    ]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.table["t"].tolist() == [0.0, 1.0, 2.0]
    assert parsed.table["time_s"].tolist() == [0.0, 90.0, 180.0]
    assert parsed.details.t_spacing == 90.0


def test_time_of_day_stands_in_for_offsets(tmp_path: Path) -> None:
    """Without any MeasurementTimeOffset, AbsTime gives the times, over time zones."""
    images = [
        image_fields(field_id=1, AbsTime="2022-12-19T10:00:00+01:00"),
        image_fields(field_id=2, AbsTime="2022-12-19T09:00:02.5Z"),
    ]
    for image in images:
        del image["MeasurementTimeOffset"]
    assert Sample(images).parse(tmp_path).table["time_s"].tolist() == [0.0, 2.5]


def test_planes_count_by_their_id(tmp_path: Path) -> None:
    """Stacks begin at 0 in each channel; heights differ per channel and field."""
    images = [
        image_fields(plane=p, channel="1", PositionZ=f"{3 * p}E-06") for p in (3, 4, 6)
    ] + [
        image_fields(plane=p, channel="2", PositionZ=f"{50 + 3 * p}E-06")
        for p in (5, 6)
    ]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.table["z"].tolist() == [0.0, 1.0, 3.0, 0.0, 1.0]
    assert parsed.details.z_spacing == 3.0


def test_single_plane_keeps_its_place_beside_stacks(tmp_path: Path) -> None:
    """A channel with plane 2 only sits at the second plane of the others."""
    images = [image_fields(plane=p, channel="1") for p in (1, 2, 3)]
    images.append(image_fields(plane=2, channel="2"))
    assert Sample(images).parse(tmp_path).table["z"].tolist() == [0.0, 1.0, 2.0, 1.0]


def test_no_spacing_is_invented(tmp_path: Path) -> None:
    """Channels of one plane each at other heights give no z spacing."""
    images = [image_fields(channel=c, PositionZ=f"{c}E-06") for c in ("1", "2")]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.details.z_spacing == 1.0
    assert parsed.table["z"].tolist() == [0.0, 0.0]
    assert parsed.table["z_um"].tolist() == [1.0, 2.0]


def test_channel_identity_is_kept(tmp_path: Path) -> None:
    """Channels 3, 4 and 1 without 2 stay three channels, each with its id and name."""
    images = [
        image_fields(channel=c, column=n + 1, ChannelName=f"dye {c}")
        for n, c in enumerate("341")
    ]
    parsed = Sample(images, "V7", maps='<Map><Entry ChannelID="2"/></Map>').parse(
        tmp_path
    )
    assert parsed.channel_ids == ("1", "3", "4")
    labels = [channel.channel_label for channel in parsed.details.channels or ()]
    assert labels == ["dye 1", "dye 3", "dye 4"]
    assert parsed.table["column"].tolist() == [0, 1, 2]
    assert parsed.table["c"].tolist() == [1, 2, 0]


def test_pages_of_multi_plane_files(tmp_path: Path) -> None:
    """The attribute BufferNo of URL is the plane's index in its file."""
    images = [image_fields(plane=p, URL="all.tiff") for p in (1, 2)]
    sample = Sample(images, "V4", url='<URL BufferNo="7">')
    table = sample.parse(tmp_path).table
    assert table["plane"].tolist() == [7, 7]
    assert table["file"].tolist() == ["all.tiff", "all.tiff"]


def test_failed_planes_are_errors(tmp_path: Path) -> None:
    """A State other than Ok makes a hole at its place, counted in one finding."""
    images = _two_by_two()
    bare = ("Row", "Col", "FieldID", "PlaneID", "TimepointID", "ChannelID")
    images[3] = {name: images[3][name] for name in bare} | {"State": "ReadError"}
    parsed = Sample(images).parse(tmp_path)
    check_table(parsed.table, parsed.attributes, "operetta")
    failed = parsed.table[parsed.table["status"] == "error"]
    row = failed.iloc[0]
    assert len(failed) == 1
    assert (row["file"], row["fov"], row["c"], row["z"]) == ("", "1", 0, 1.0)
    assert (row["x"], row["y"], row["source_row"]) == (-3.0, 2.0, 4)
    finding = _found(parsed, "failed_planes")
    assert finding.message == (
        "1 planes failed at the instrument and are holes (State ReadError), e.g. in "
        "well B03."
    )
    assert (finding.count, finding.wells, finding.rows) == (1, ("B03",), (4,))


def test_failures_without_a_place_are_counted(tmp_path: Path) -> None:
    """A failed image of unknown field, or of a channel never acquired, is no tile."""
    images = [
        image_fields(),
        image_fields(State="Error", FieldID=""),
        image_fields(State="Error", channel="2", Row="", Col=""),
        image_fields(State="Error", channel="2"),
    ]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.table["source_row"].tolist() == [1]
    assert parsed.channel_ids == ("1",)
    assert _found(parsed, "failed_records").count == 3


def test_planes_without_a_file_are_missing(tmp_path: Path) -> None:
    """An image that is Ok and names no file was planned and not acquired."""
    images = [image_fields(), image_fields(plane=2, URL="")]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.table["status"].tolist() == ["ok", "missing"]
    assert _found(parsed, "planes_not_acquired").count == 1


def test_repeated_planes_are_told(tmp_path: Path) -> None:
    """Of two images of one place the later is taken, over a failure in any order."""
    images = [
        image_fields(URL="a.tiff"),
        image_fields(URL="b.tiff"),
        image_fields(State="Error"),
    ]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.table["file"].tolist() == ["b.tiff"]
    assert _found(parsed, "repeated_planes").files == ("a.tiff",)


def test_flim_images_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """Two FLIM ids of one channel are two channels."""
    images = [image_fields(FlimID=n, URL=f"fl{n}.tiff") for n in ("1", "2")]
    parsed = Sample(images).parse(tmp_path)
    assert parsed.table["c"].tolist() == [0, 1]
    assert parsed.channel_ids == ("1 FLIM 1", "1 FLIM 2")


@pytest.mark.parametrize(
    ("choice", "files"),
    [
        ("auto", ["a.tiff", "b.tiff"]),
        ("keep", ["a.tiff", "b.tiff"]),
        ("drop", ["a.tiff", "b.tiff"]),
        ("only", ["mip.tiff"]),
    ],
)
def test_projections_are_never_planes(
    tmp_path: Path, choice: str, files: list[str]
) -> None:
    """Images of a projection type are left out, or taken alone."""
    images = [
        image_fields(plane=1, URL="a.tiff"),
        image_fields(plane=2, URL="b.tiff"),
        image_fields(plane=1, URL="mip.tiff", ImageType="MaximumProjection"),
    ]
    parsed = Sample(images).parse(tmp_path, projections=choice)
    assert parsed.table["file"].tolist() == files
    codes = [finding.code for finding in parsed.findings]
    assert codes == ([] if choice == "only" else ["projections_left_out"])


def test_projections_alone_are_taken(tmp_path: Path) -> None:
    """Where there are projections only, auto takes them."""
    images = [image_fields(ImageType="MaximumProjection")]
    parsed = Sample(images).parse(tmp_path)
    assert len(parsed.table) == 1


def test_wells_outside_the_plate_are_told(tmp_path: Path) -> None:
    """A layout that does not hold the wells is not taken."""
    parsed = Sample([image_fields(row=9)]).parse(tmp_path)
    assert parsed.layout is None
    assert "hold well I03" in _found(parsed, "layout_contradicted").message


def test_rows_come_by_well_time_field_channel_and_plane(tmp_path: Path) -> None:
    """The order of the table does not depend on the order of the index."""
    images = [
        image_fields(row=r, time=t, field_id=f, channel=c, plane=p)
        for p in (2, 1)
        for c in ("2", "1")
        for f in (10, 9)
        for t in (1, 0)
        for r in (3, 2)
    ]
    table = Sample(images).parse(tmp_path).table
    keys = [
        (row, t, int(fov), c, z)
        for row, t, fov, c, z in zip(
            table["row"], table["t"], table["fov"], table["c"], table["z"], strict=True
        )
    ]
    assert keys == sorted(keys)
    assert len(set(keys)) == 32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"projection": "drop"},
            "option 'projection' is unknown to the format operetta, known is "
            "'projections'. Delete it.",
        ),
        (
            {"projections": "all"},
            "option projections is 'all', expected one of auto, keep, drop, only. "
            "Correct it.",
        ),
    ],
    ids=["name", "value"],
)
def test_options_are_checked(options: dict[str, object], message: str) -> None:
    """An unknown option or value is an error before anything is read."""
    with pytest.raises(ParserError) as caught:
        parse("/nowhere", options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "choice", "message"),
    [
        ("Signal", "only", "holds planes only, and option projections is 'only': no "),
        ("MaxProjection", "drop", "holds projections only, and option projections is "),
    ],
    ids=["no projections", "no planes"],
)
def test_nothing_of_the_kind_asked_for(
    tmp_path: Path, kind: str, choice: str, message: str
) -> None:
    """Where nothing is left of what the option asks for, that is an error."""
    with pytest.raises(ParserError, match=message):
        Sample([image_fields(ImageType=kind)]).parse(tmp_path, projections=choice)


def test_maps_may_tell_the_type_of_image(tmp_path: Path) -> None:
    """The ImageType of a map counts for images that tell none."""
    images = [image_fields(ImageType=""), image_fields(channel="2", ImageType="")]
    maps = (
        '<Map><Entry ChannelID="2"><ImageType>MipProjection</ImageType></Entry></Map>'
    )
    parsed = Sample(images, "V6", maps=maps).parse(tmp_path)
    assert parsed.channel_ids == ("1", "2")
    found = _found(parsed, "projections_taken")
    assert found.message == (
        "1 projections are taken beside the planes of others: channel 2 has no planes."
    )


def test_colours_are_kept(tmp_path: Path) -> None:
    """ChannelColor is a number of alpha, red, green and blue."""
    green = str(0xFF00FF00)
    parsed = Sample([image_fields(ChannelColor=green)]).parse(tmp_path)
    assert parsed.details.channels == (
        ChannelInfo(
            channel_label="HOECHST 33342", wavelength_id="375/456", color="00FF00"
        ),
    )


def test_times_of_a_plate_that_tells_none(tmp_path: Path) -> None:
    """Without MeasurementStartTime the first plane begins the measurement."""
    images = [image_fields(plane=n, AbsTime=f"1970-01-01T00:00:0{n}Z") for n in (5, 3)]
    sample = replace(Sample(images), plate={"Name": "P"})
    parsed = sample.parse(tmp_path)
    assert (parsed.start_time, parsed.end_time) == (3000, 5000)
    assert parsed.layout is None


def test_index_of_several_plates_is_told(tmp_path: Path) -> None:
    """Images do not tell their plate, so an index of two plates is a finding."""
    sample = Sample([image_fields()])
    folder = sample.write(tmp_path)
    text = sample.index.replace("</Plate>", "</Plate><Plate><Name>Q</Name></Plate>")
    (folder / "Images/Index.idx.xml").write_text(text, encoding="utf-8")
    parsed = parse(str(folder))
    assert parsed.plate_name == "drug plate"
    assert _found(parsed, "several_plates").count == 2
