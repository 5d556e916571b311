"""ImageXpress HCS.ai: experiments of a protocol and a table of images."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.imagexpress import parse
from tiles2zarr.parsers.imagexpress_experiment_copies import drop_copies
from tiles2zarr.parsers.imagexpress_images import read_images
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

HEADER = (
    "Row,Column,Field,Wavelength,Timepoint,ZIndex,FieldOffsetPointX,FieldOffsetPointY,"
    "PositionZUm,TimeStampSec,ExposureTimeMs,ImageSizeXPx,ImageSizeYPx,"
    "ImageSubFolderPath,ImageFileName"
)
"""Columns as the instrument writes them."""


def _protocol(**changes: object) -> dict[str, object]:
    """Return a protocol of two wavelengths, pixels of 0.25 micrometer."""
    protocol: dict[str, object] = {
        "ObjectiveCalibration": {"PixelWidth": 0.25, "PixelHeight": 0.25},
        "Camera": {"Size": {"Width": 60, "Height": 40}},
        "Wavelengths": [
            {"Index": 0, "EmissionFilter": {"Name": "DAPI", "Wavelength": 447}},
            {"Index": 1, "EmissionFilter": {"Name": "Cy5", "Wavelength": 692.5}},
        ],
        "PlateMap": {
            "ZDimensionParameters": {"Step": 1.5},
            "TimeSchedule": {"Times": [{"Ms": 0}, {"Ms": 30000}]},
        },
    }
    return {
        "Version": "1.0",
        "ImageStack": {
            "PlateId": "Plate 7",
            "AutoLeadAcquisitionProtocol": protocol | changes,
        },
    }


Place = tuple[int, int, int, int, int, int]
"""Row, column (from 1), field, wavelength, time point, z index."""
SERIES: tuple[Place, ...] = tuple(
    (2, 3, field, wave, time, z)
    for time in (0, 1)
    for field in (1, 2)
    for wave in (0, 1)
    for z in (0, 1, 2)
)


def _rows(places: tuple[Place, ...]) -> list[str]:
    """Return the rows of places: fields 14 micrometer apart, planes 2, times 60 s."""
    rows = []
    for row, column, field, wave, time, z in places:
        name = f"f{field}w{wave}t{time}z{z}.tif"
        rows.append(
            f"{row},{column},{field},{wave},{time},{z},{-7 + 14 * (field - 1)},3.5,"
            f"{500 + 2 * z + wave},{1000 + 60 * time + z},{10 * (wave + 1)},60,40,"
            f"images\\B3,{name}"
        )
    return rows


def _experiment(
    folder: Path,
    places: tuple[Place, ...] = SERIES,
    *,
    header: str = HEADER,
    protocol: Mapping[str, object] | None = None,
) -> None:
    """Write an experiment with empty image files."""
    (folder / "images/B3").mkdir(parents=True)
    (folder / "a.jdce").write_text(json.dumps(protocol or _protocol()))
    rows = _rows(places)
    (folder / "a.csv").write_text("\n".join([header, *rows, ""]))
    for row in rows:
        (folder / "images/B3" / row.rpartition(",")[2]).write_bytes(b"")


def _parse(path: Path, projections: str = "auto") -> ParsedAcquisition:
    parsed = parse(str(path), {"projections": projections})
    check_table(parsed.table, parsed.attributes, "imagexpress")
    return parsed


def _finding(parsed: ParsedAcquisition, code: str) -> Finding:
    found = [finding for finding in parsed.findings if finding.code == code]
    assert len(found) == 1, [finding.code for finding in parsed.findings]
    return found[0]


def test_experiment(tmp_path: Path) -> None:
    """Protocol and table tell places, times, sizes, wavelengths and spacings."""
    _experiment(tmp_path / "experiment")
    parsed = _parse(tmp_path)
    table, details = parsed.table, parsed.details
    assert len(table) == 24
    assert set(zip(table["row"], table["column"], strict=True)) == {(1, 2)}
    assert table["file"].iloc[0] == "experiment/images/B3/f1w0t0z0.tif"
    order = table[["t", "fov", "c", "z"]].iloc[[0, 2, 3, 6, 12]].to_numpy().tolist()
    assert order == [
        [0, "s1", 0, 0],
        [0, "s1", 0, 2],
        [0, "s1", 1, 0],
        [0, "s2", 0, 0],
        [1, "s1", 0, 0],
    ]
    assert table.groupby("fov")["x"].unique().to_dict() == {"s1": [-7], "s2": [7]}
    assert set(table["y"]) == {3.5}
    assert set(zip(table["len_y"], table["len_x"], strict=True)) == {(40, 60)}
    assert table["z_um"][:4].tolist() == [500, 502, 504, 501]
    assert table["time_s"].iloc[[0, 1, 12]].tolist() == [0, 1, 60]
    assert table["exposure_s"].iloc[[0, 3]].tolist() == [0.01, 0.02]
    assert (details.pixelsize, details.z_spacing, details.t_spacing) == (0.25, 2, 60)
    assert not details.stage_corrections.flip_y
    channels = details.channels or ()
    assert [c.channel_label for c in channels] == ["DAPI", "Cy5"]
    assert [c.wavelength_id for c in channels] == ["447", "692.5"]
    assert parsed.channel_ids == ("0", "1")
    assert (parsed.plate_name, parsed.resource) == ("Plate 7", str(tmp_path))
    assert parsed.findings == ()


@pytest.mark.parametrize("inner", ["experiment", "experiment/a.jdce"])
def test_path_may_be_the_experiment_or_its_protocol(tmp_path: Path, inner: str) -> None:
    """The folder above, the experiment's folder and its files all do."""
    _experiment(tmp_path / "experiment")
    pd.testing.assert_frame_equal(
        _parse(tmp_path / inner).table, _parse(tmp_path).table
    )


def test_header_in_another_spelling(tmp_path: Path) -> None:
    """Case, blanks and signs in column names do not matter; well replaces row."""
    header = HEADER.replace("FieldOffsetPointX", "field offset-point x")
    _experiment(tmp_path / "experiment", header=header.replace("ZIndex", "Z_INDEX"))
    expected = _parse(tmp_path).table
    path = tmp_path / "experiment/a.csv"
    text = (
        path.read_text()
        .replace("Row,Column", "Well,Plate")
        .replace("\n2,3,", "\nB3,P,")
    )
    path.write_text(text)
    pd.testing.assert_frame_equal(_parse(tmp_path).table, expected)


def test_spacings_as_planned_where_none_was_measured(tmp_path: Path) -> None:
    """Without heights and times in the table, those of the protocol are taken."""
    header = HEADER.replace("PositionZUm", "a").replace("TimeStampSec", "b")
    _experiment(tmp_path / "experiment", header=header)
    parsed = _parse(tmp_path)
    assert (parsed.details.z_spacing, parsed.details.t_spacing) == (1.5, 30)
    assert parsed.table["z_um"].isna().all()


def test_no_spacing_is_invented(tmp_path: Path) -> None:
    """A single plane and time has spacing 1, whatever the protocol's step."""
    _experiment(tmp_path / "experiment", ((2, 3, 1, 0, 0, 0), (2, 3, 1, 1, 0, 4)))
    parsed = _parse(tmp_path)
    assert (parsed.details.z_spacing, parsed.details.t_spacing) == (1, 1)
    assert parsed.table["z"].tolist() == [0, 0]


def test_absent_and_other_files(tmp_path: Path) -> None:
    """Files that are listed only stay tiles, files on disk only are left out."""
    _experiment(tmp_path / "experiment")
    images = tmp_path / "experiment/images/B3"
    (images / "f1w0t0z0.tif").unlink()
    (images / "thumb.tif").write_bytes(b"")
    parsed = _parse(tmp_path)
    assert len(parsed.table) == 24
    missing = _finding(parsed, "missing_files")
    assert (missing.count, missing.severity) == (1, "error")
    assert missing.files == ("experiment/images/B3/f1w0t0z0.tif",)
    assert _finding(parsed, "other_files").count == 1


PROJECTED: tuple[Place, ...] = tuple(
    (2, 3, field, wave, 0, 0) for field in (1, 2) for wave in (0, 1)
)
STACKS: tuple[Place, ...] = tuple((2, 3, f, 0, 0, z) for f in (1, 2) for z in (0, 1, 2))


@pytest.mark.parametrize(
    ("choice", "folders", "tiles", "channels"),
    [
        ("auto", {"experiment", "experiment_z_stack"}, 6 + 2, 2),
        ("drop", {"experiment_z_stack"}, 6, 1),
        ("only", {"experiment"}, 4, 2),
    ],
)
def test_stacks_beside_projections(
    tmp_path: Path, choice: str, folders: set[str], tiles: int, channels: int
) -> None:
    """Stacks are taken, and what has no stack; projections are left out or alone."""
    _experiment(tmp_path / "experiment", PROJECTED)
    _experiment(tmp_path / "experiment_z_stack", STACKS)
    _experiment(tmp_path / "experiment_montage", PROJECTED[:1])
    parsed = _parse(tmp_path, choice)
    assert set(parsed.table["file"].str.split("/").str[0]) == folders
    assert len(parsed.table) == tiles
    assert len(parsed.channel_ids) == channels
    assert "stitched" in _finding(parsed, "montage_left_out").message
    left_out = "planes" if choice == "only" else "projections"
    assert (
        _finding(parsed, f"{left_out}_left_out").count
        == {
            "auto": 2,
            "drop": 4,
            "only": 6,
        }[choice]
    )


@pytest.mark.parametrize("tells", ["checksum", "intensities", "bytes"])
def test_copies_in_time_are_left_out(tmp_path: Path, tells: str) -> None:
    """Cy5, acquired at the first of three times, fills the others with copies."""
    columns = {
        "checksum": ",Checksum",
        "intensities": ",MinIntensity,MaxIntensity,MeanIntensity",
        "bytes": "",
    }[tells]
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "a.jdce").write_text(json.dumps(_protocol()))
    header = (
        "Row,Column,Field,Wavelength,Timepoint,ZIndex,FieldOffsetPointX,"
        "FieldOffsetPointY,PositionZUm,TimeStampSec,ImageSizeXPx,ImageSizeYPx,"
        "ImageFileName"
    )
    lines = [header + columns]
    for column in (3, 4):
        for time in (0, 1, 2):
            for wave in (0, 1):
                taken = time if wave == 0 else 0
                mark = {"checksum": f",s{column}{wave}{taken}", "bytes": ""}.get(
                    tells, f",{column},{100 + wave},{taken + 0.5}"
                )
                name = f"c{column}w{wave}t{time}.tif"
                (folder / name).write_bytes(bytes([column, wave, taken]))
                lines.append(
                    f"2,{column},1,{wave},{time},0,0,0,{500 + wave},"
                    f"{60 * taken + column},60,40,{name}{mark}"
                )
    (folder / "a.csv").write_text("\n".join([*lines, ""]))
    parsed = _parse(tmp_path)
    slots = parsed.table[["column", "t", "c"]].to_numpy().tolist()
    of_well = [[0, 0], [0, 1], [1, 0], [2, 0]]
    assert slots == [[column, *slot] for column in (2, 3) for slot in of_well]
    found = _finding(parsed, "filled_copies")
    assert found.count == 4
    assert "4 of wavelength 1" in found.message


def test_equal_times_and_heights_are_no_proof_of_a_copy(tmp_path: Path) -> None:
    """Planes of one time and height and other bytes stay; unread ones are told."""
    _experiment(tmp_path / "experiment", SERIES[:3])
    path = tmp_path / "experiment/a.csv"
    table = pd.read_csv(path).assign(PositionZUm=500, TimeStampSec=7)
    table.to_csv(path, index=False)
    for number, name in enumerate(table["ImageFileName"]):
        (tmp_path / "experiment/images/B3" / name).write_bytes(bytes([number]))
    assert _parse(tmp_path).table["z"].tolist() == [0, 1, 2]
    images = read_images(str(path))
    kept, found = drop_copies(images, str(path.parent), most_files=2)
    assert len(kept) == 3
    assert [(f.code, f.count) for f in found] == [("copies_suspected", 3)]


def test_a_montage_alone_is_taken(tmp_path: Path) -> None:
    """Where only the stitched image was kept, it is the acquisition."""
    _experiment(tmp_path / "experiment_montage", PROJECTED[:1])
    parsed = _parse(tmp_path)
    assert len(parsed.table) == 1
    assert _finding(parsed, "montage_taken").severity == "info"


def test_projections_that_are_not_there(tmp_path: Path) -> None:
    """Only projections of an experiment without stacks is an error."""
    _experiment(tmp_path / "experiment")
    with pytest.raises(ParserError) as error:
        parse(str(tmp_path), {"projections": "only"})
    assert str(error.value) == (
        f"{tmp_path} holds planes only, and option projections is 'only': no "
        "projections are left. Set projections to auto."
    )


def test_a_wavelength_the_protocol_does_not_name(tmp_path: Path) -> None:
    """An unknown wavelength is a channel of its own and a finding."""
    _experiment(tmp_path / "experiment", ((2, 3, 1, 0, 0, 0), (2, 3, 1, 5, 0, 0)))
    parsed = _parse(tmp_path)
    labels = [c.channel_label for c in parsed.details.channels or ()]
    assert labels == ["DAPI", "w5"]
    assert parsed.channel_ids == ("0", "5")
    assert _finding(parsed, "channels_unnamed").count == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "\n2,3,1,0,0,1,",
            "\n2,0,1,0,0,1,",
            "row 2, column Column: it is '0', expected a column of a plate (column '0' "
            "is outside 1..72)",
        ),
        (
            "\n2,3,1,0,0,1,-7",
            "\n2,3,1,0,0,1,left",
            "row 2, column FieldOffsetPointX: it is 'left', expected a number",
        ),
        (
            "\n2,3,1,0,0,1,",
            "\n2,3,1,0,0,,",
            "row 2, column ZIndex: it is '', expected a number",
        ),
        (
            "\n2,3,1,0,0,1,",
            "\n2,3,1,0.5,0,1,",
            "row 2, column Wavelength: it is '0.5', expected a whole number from 0",
        ),
        (
            "B3,f1w0t0z1.tif",
            "..\\..\\..,f1w0t0z1.tif",
            "row 2, column ImageFileName: it is 'f1w0t0z1.tif', expected a file in the "
            "experiment's folder",
        ),
    ],
    ids=["well", "text", "empty", "half", "outside"],
)
def test_faults_of_the_table(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A wrong cell is named with its row, column and what it holds."""
    _experiment(tmp_path / "experiment")
    path = tmp_path / "experiment/a.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ParserError) as error:
        parse(str(tmp_path))
    assert str(error.value) == (
        f"{path}, {message}. Copy or export the file again from the instrument."
    )


def test_absent_columns(tmp_path: Path) -> None:
    """All columns that are lacking are named at once."""
    _experiment(
        tmp_path / "experiment",
        header=HEADER.replace("Row", "a").replace("ImageFileName", "b"),
    )
    with pytest.raises(
        ParserError, match="no column for imagefilename, row and column; present are a,"
    ):
        parse(str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ObjectiveCalibration": {"PixelWidth": "x"}}, "PixelWidth: it is no number"),
        ({"Wavelengths": [{"Index": 1}, {"Index": 1}]}, "Index: 1 is not unique"),
    ],
    ids=["pixel", "index"],
)
def test_faults_of_the_protocol(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    """A wrong value is named with its place."""
    _experiment(tmp_path / "experiment", protocol=_protocol(**changes))
    with pytest.raises(ParserError, match=message):
        parse(str(tmp_path))


def test_the_table_named_like_the_protocol(tmp_path: Path) -> None:
    """Beside another table, as of results, it counts; the other is left out."""
    _experiment(tmp_path / "experiment")
    (tmp_path / "experiment/Results.csv").write_text("Well,Count\nB03,7\n")
    parsed = _parse(tmp_path)
    assert len(parsed.table) == 24
    assert _finding(parsed, "other_files").files == ("experiment/Results.csv",)


def test_two_tables_are_refused(tmp_path: Path) -> None:
    """Which of two tables of other names counts cannot be guessed."""
    _experiment(tmp_path / "experiment")
    (tmp_path / "experiment/a.csv").rename(tmp_path / "experiment/c.csv")
    (tmp_path / "experiment/b.csv").write_text(HEADER)
    with pytest.raises(
        ParserError, match=r"should hold one \.csv file, found: b\.csv, c"
    ):
        parse(str(tmp_path))


def test_two_experiments_of_one_kind_are_refused(tmp_path: Path) -> None:
    """Two experiments side by side are not one acquisition."""
    _experiment(tmp_path / "experiment")
    _experiment(tmp_path / "experiment_2")
    with pytest.raises(ParserError, match=r"experiment and experiment_2\. Give one"):
        parse(str(tmp_path))


def test_damaged_files_end_in_one_error_or_a_plate(tmp_path: Path) -> None:
    """Whatever bytes are cut or changed, no bare error comes out."""
    _experiment(tmp_path / "experiment")
    random_bytes = random.Random(3)
    outcomes = set()
    for name in ("a.csv", "a.jdce"):
        path = tmp_path / "experiment" / name
        sound = path.read_bytes()
        for round_number in range(90):
            changed = bytearray(sound)
            if round_number % 3 == 0:
                del changed[random_bytes.randrange(len(changed)) :]
            for _ in range(round_number % 3 * 3):
                place = random_bytes.randrange(max(1, len(changed)))
                changed[place] = random_bytes.randrange(256)
            path.write_bytes(changed)
            try:
                outcomes.add(type(parse(str(tmp_path))).__name__)
            except Tiles2ZarrError as error:
                outcomes.add(type(error).__name__)
        path.write_bytes(sound)
    assert outcomes == {"ParsedAcquisition", "ParserError"}
