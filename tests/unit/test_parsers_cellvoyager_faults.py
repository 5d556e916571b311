"""CellVoyager measurements that are incomplete, damaged or report failures."""

import random
import unicodedata
from pathlib import Path

import pytest

from tests.unit.cellvoyager_samples import (
    channel,
    codes,
    detail,
    error,
    finding,
    image,
    protocol,
    write_measurement,
)
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.parsers.cellvoyager import parse
from tiles2zarr.parsers.records import ParsedAcquisition

DAPI = protocol({"Ch": 1, "Target": "DAPI", "Color": "#FF0000FF"})
PLACE: dict[str, object] = {
    "FieldIndex": 1,
    "TimePoint": 1,
    "TimelineIndex": 1,
    "ActionIndex": 1,
    "ZIndex": 2,
    "Ch": 1,
}


def parse_records(
    folder: Path, records: list[str], **more: object
) -> ParsedAcquisition:
    """Return what a measurement of these records, channel 1 being DAPI, comes to."""
    made = write_measurement(folder, records, mes=DAPI, **more)
    return parse(str(made))


def test_failed_plane_with_known_place(tmp_path: Path) -> None:
    """A failure that tells its place is a row of status error, where it would lie."""
    parsed = parse_records(tmp_path, [image(z=1), error(**PLACE), image(z=3)])
    row = parsed.table.iloc[1]
    assert list(parsed.table["status"]) == ["ok", "error", "ok"]
    assert (row["file"], row["fov"], row["z"], row["c"]) == ("", "1", 1, 0)
    assert (row["x"], row["y"], row["source_row"]) == (-50.0, 25.0, 2)
    found = finding(parsed, "failed_planes")
    assert found.message == (
        "1 planes failed at the instrument and are holes (AF Error), e.g. in well B03."
    )
    assert (found.count, found.rows, found.wells) == (1, (2,), ("B03",))


@pytest.mark.parametrize("left_out", ["TimelineIndex", "ActionIndex"])
def test_failed_plane_of_an_only_channel(tmp_path: Path, left_out: str) -> None:
    """Without its action or timeline, it belongs to the only channel of its number."""
    place = {key: value for key, value in PLACE.items() if key != left_out}
    parsed = parse_records(tmp_path, [image(), error(**place)])
    assert list(parsed.table["status"]) == ["ok", "error"]


@pytest.mark.parametrize("left_out", ["FieldIndex", "TimePoint", "ZIndex", "Ch"])
def test_failure_without_place(tmp_path: Path, left_out: str) -> None:
    """A failure that does not tell field, time, plane or channel is only counted."""
    place = {key: value for key, value in PLACE.items() if key != left_out}
    parsed = parse_records(tmp_path, [image(), error(**place), error(**place)])
    assert list(parsed.table["status"]) == ["ok"]
    assert finding(parsed, "failed_records").count == 2


@pytest.mark.parametrize(
    "changes", [{"Ch": 3}, {"FieldIndex": 9}], ids=["channel", "field"]
)
def test_failure_where_nothing_was_acquired(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    """A channel or field that only failed has no name or position: it is counted."""
    parsed = parse_records(tmp_path, [image(), error(**(PLACE | changes))])
    assert len(parsed.table) == 1
    assert finding(parsed, "failed_records").count == 1


def test_failed_field_takes_its_place_from_other_wells(tmp_path: Path) -> None:
    """A field that failed in its well lies where it lies in the other wells."""
    records = [image(), image((3, 3), field=2, xy=(50.0, 25.0), z=2)]
    parsed = parse_records(tmp_path, [*records, error(**(PLACE | {"FieldIndex": 2}))])
    failed = parsed.table[parsed.table["status"] == "error"].iloc[0]
    assert (failed["row"], failed["fov"]) == (1, "2")
    assert (failed["x"], failed["y"]) == (50.0, 25.0)


def test_failure_before_a_success(tmp_path: Path) -> None:
    """A plane that failed and was acquired all the same is whole."""
    parsed = parse_records(tmp_path, [image(z=2), error(**PLACE)])
    assert list(parsed.table["status"]) == ["ok"]
    assert codes(parsed) == {"failed_planes_repeated"}


def test_errors_only(tmp_path: Path) -> None:
    """A measurement in which nothing was acquired is an error."""
    with pytest.raises(ParserError, match="holds errors only, no image was acquired"):
        parse_records(tmp_path, [error()])


def test_files_that_are_absent(tmp_path: Path) -> None:
    """A listed file that is not on disk stays a tile, with a finding."""
    parsed = parse_records(
        tmp_path, [image(name="a.tif"), image(z=2, name="b.tif")], files=["a.tif"]
    )
    assert list(parsed.table["status"]) == ["ok", "ok"]
    found = finding(parsed, "missing_files")
    assert (found.count, found.files, found.severity) == (1, ("b.tif",), "error")


def test_files_converted_to_png(tmp_path: Path) -> None:
    """Where the index says .tif and the disk holds .png, the .png is taken."""
    parsed = parse_records(tmp_path, [image(name="a #1.tif")], files=["a #1.png"])
    assert list(parsed.table["file"]) == ["a #1.png"]
    assert codes(parsed) == {"renamed_files"}


def test_names_in_another_form_of_the_same_letters(tmp_path: Path) -> None:
    """A name whose umlaut came apart on a copy is found."""
    apart = unicodedata.normalize("NFD", "Prüfung.tif")
    parsed = parse_records(tmp_path, [image(name="Prüfung.tif")], files=[apart])
    assert list(parsed.table["file"]) == [apart]


def test_other_files_are_counted_by_kind(tmp_path: Path) -> None:
    """Corrections, thumbnails and images without a record are no tiles."""
    files = ["a.tif", "SC_1.tif", "DC_1.tif", "DC_2.tif", "thumb/a.tif", "b.tif"]
    parsed = parse_records(tmp_path, [image(name="a.tif")], files=files)
    assert finding(parsed, "other_files").message.endswith(
        "2 dark corrections (DC_), 1 images that no record lists, 1 shading "
        "corrections (SC_), 1 thumbnails."
    )


@pytest.mark.parametrize("name", ["../a.tif", "/a.tif", "C:\\data\\a.tif"])
def test_paths_of_the_instruments_computer(tmp_path: Path, name: str) -> None:
    """Of a listed path that leads out of the folder, the name alone counts."""
    (tmp_path / "a.tif").touch()
    records = [image(name=name), image(z=2, name="b.tif")]
    parsed = parse_records(tmp_path / "run", records, files=["a.tif", "b.tif"])
    assert parsed.table["file"].tolist() == ["a.tif", "b.tif"]
    assert codes(parsed) == set()


@pytest.mark.parametrize(
    ("listed", "there"),
    [("{}", "TIF/{}"), ("Image/{}", "{}"), ("Image/{}", "pictures/{}")],
    ids=["into a folder", "out of it", "renamed folder"],
)
def test_files_that_were_moved(tmp_path: Path, listed: str, there: str) -> None:
    """A file is found by its name where nothing else has that name."""
    records = [image(z=z, name=listed.format(f"{z}.tif")) for z in (1, 2)]
    files = [there.format(f"{z}.tif") for z in (1, 2)]
    parsed = parse_records(tmp_path, records, files=[*files, "Thumbs/1.tif"])
    assert parsed.table["file"].tolist() == files
    assert finding(parsed, "renamed_files").count == 2
    assert finding(parsed, "other_files").message.endswith("left out: 1 thumbnails.")


@pytest.mark.parametrize(
    ("listed", "there"),
    [
        (["Image/1.tif"], ["Projection/1.tif"]),
        (["Image/1.tif"], ["a/1.tif", "b/1.tif"]),
        (["Image/1.tif", "Other/1.tif"], ["1.tif"]),
    ],
    ids=["a projection", "two files", "two records"],
)
def test_moved_files_that_are_not_told_apart(
    tmp_path: Path, listed: list[str], there: list[str]
) -> None:
    """Where a name may mean another image, the file is absent."""
    records = [image(z=z, name=name) for z, name in enumerate(listed, 1)]
    parsed = parse_records(tmp_path, records, files=there)
    assert finding(parsed, "missing_files").count == len(listed)


def test_a_failure_without_a_well(tmp_path: Path) -> None:
    """A failure of the whole plate does not cost the plate."""
    failed = error("Plate not found").replace(' bts:Row="2" bts:Column="3"', "")
    parsed = parse_records(tmp_path, [image(), failed])
    found = finding(parsed, "failed_records")
    assert found.message == (
        "1 failures at the instrument do not tell one plane (field, channel, z and "
        "time) (Plate not found)."
    )
    assert (len(parsed.table), found.wells, found.rows) == (1, (), (2,))


def test_records_of_an_unknown_type(tmp_path: Path) -> None:
    """What is neither image nor error is counted and left out."""
    parsed = parse_records(tmp_path, [image(), image(z=2, Type="MOV", Row="B")])
    found = finding(parsed, "unknown_records")
    assert found.message == (
        "1 records are of types that are not known ('MOV') and are left out, e.g. "
        "record 2: 'W2-3_T1F1L1A1Z2C1.tif'."
    )
    assert (len(parsed.table), found.rows) == (1, (2,))


def test_folder_without_index(tmp_path: Path) -> None:
    """A folder without index says what it should hold."""
    with pytest.raises(ParserError) as caught:
        parse(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path} should hold one MeasurementData.mlf, in it or in a folder below; "
        "found: none. Give the folder of one measurement as path."
    )


def test_two_measurements_below(tmp_path: Path) -> None:
    """A folder of two measurements is refused, naming both."""
    for name in ("a", "b"):
        write_measurement(tmp_path / name, [image()])
    with pytest.raises(ParserError, match=f"found: {tmp_path}/a, {tmp_path}/b"):
        parse(str(tmp_path))


def test_folder_without_detail(tmp_path: Path) -> None:
    """Without .mrf there are no sizes: an error."""
    write_measurement(tmp_path, [image()])
    (tmp_path / "MeasurementDetail.mrf").unlink()
    with pytest.raises(ParserError, match=r"holds no MeasurementDetail\.mrf"):
        parse(str(tmp_path))


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (image(Row="B"), "Row is 'B', expected a whole number of 1..48"),
        (image(X="1e13"), "X is '1e13', expected a number up to 1e+12"),
        (image(Y="nan"), "Y is 'nan', expected a number up to 1e+12"),
        (image(Time="noon"), "Time is 'noon', expected a time like"),
        (image(name=" "), "it names no file"),
    ],
    ids=["row", "x", "y", "time", "file"],
)
def test_values_that_cannot_be(tmp_path: Path, record: str, message: str) -> None:
    """A value that no record can have is an error naming file, line and record."""
    folder = write_measurement(tmp_path, [image(), record], files=[])
    with pytest.raises(ParserError) as caught:
        parse(str(folder))
    place = f"{folder}/MeasurementData.mlf, line 3, element MeasurementRecord 2: "
    assert str(caught.value).startswith(place + message)


def test_attribute_that_is_not_given(tmp_path: Path) -> None:
    """A plane without a field is an error naming the attribute."""
    record = image().replace(' bts:FieldIndex="1"', "")
    folder = write_measurement(tmp_path, [record])
    with pytest.raises(ParserError, match="attribute FieldIndex is not given"):
        parse(str(folder))


@pytest.mark.parametrize(
    ("version", "told"), [(' bts:Version="2.1"', "2.1"), ("", "none")]
)
def test_unknown_version(tmp_path: Path, version: str, told: str) -> None:
    """Metadata of another version, with more in it, are read, and it is told."""
    folder = write_measurement(tmp_path, [image(Novel="7"), "<bts:Other/>"], mes=DAPI)
    for file in folder.glob("Measurement*"):
        text = file.read_text(encoding="utf-8-sig")
        file.write_text(text.replace(' bts:Version="1.0"', version))
    parsed = parse(str(folder))
    assert len(parsed.table) == 1
    assert finding(parsed, "version_unknown").message == (
        f"{folder}/MeasurementDetail.mrf is of schema version {told}, known is 1.0; it "
        "is read as such. Compare wells, fields and channels with the measurement."
    )


def test_documents_beside_the_index_that_are_damaged(tmp_path: Path) -> None:
    """A protocol or plate file that cannot be read costs names, not the plate."""
    folder = write_measurement(tmp_path, [image()], mes="<cut")
    (folder / "P7.wpi").write_text('<bts:WellPlate xmlns:bts="x" bts:Rows="many"/>')
    parsed = parse(str(folder))
    faults = [f.message for f in parsed.findings if f.code == "document_unusable"]
    assert [message.split(":")[0] for message in faults] == [
        f"{folder}/run.mes, line 1",
        f"{folder}/P7.wpi, line 1, element WellPlate",
    ]
    assert [c.channel_label for c in parsed.details.channels] == ["Ch1"]
    assert parsed.plate_name == "P7"


def _outcome(folder: Path) -> str:
    """Return whether a measurement was read or refused; a refusal names the place."""
    try:
        parse(str(folder))
    except Tiles2ZarrError as fault:
        return "refused" if str(folder) in str(fault) else str(fault)
    return "read"


def test_damaged_documents_give_one_error(tmp_path: Path) -> None:
    """Cut or changed at any place, a document is read or refused, never a crash."""
    records = [image(z=1), image(z=2, ch=2), error(**PLACE)]
    folder = write_measurement(
        tmp_path, records, mrf=detail([channel(1), channel(2)]), mes=DAPI
    )
    chance = random.Random(7)
    outcomes: set[str] = set()
    for name in ("MeasurementData.mlf", "MeasurementDetail.mrf", "run.mes"):
        whole = (folder / name).read_bytes()
        for step in range(0, len(whole), 11):
            garbled = bytearray(whole)
            garbled[step] = chance.choice(b"\0\xff<>\"'&19-eZ ")
            for content in (whole[:step], bytes(garbled)):
                (folder / name).write_bytes(content)
                outcomes.add(_outcome(folder))
        (folder / name).write_bytes(whole)
    assert outcomes == {"read", "refused"}


def test_a_time_that_is_nearly_one(tmp_path: Path) -> None:
    """Two points before the fraction, among good times, are told with the record."""
    times = ("09:01:02.000", "09:01:02..000")
    records = [image(z=z, Time=f"2024-05-31T{t}+02:00") for z, t in enumerate(times, 1)]
    with pytest.raises(ParserError) as caught:
        parse_records(tmp_path, records)
    assert "Time is '2024-05-31T09:01:02..000+02:00', expected a time like" in str(
        caught.value
    )
