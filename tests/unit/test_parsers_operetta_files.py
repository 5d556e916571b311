"""The files of a Harmony measurement: found, absent, renamed, and no tiles at all."""

from pathlib import Path

import pytest

from tests.unit.operetta_samples import Sample, image_fields
from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.operetta import parse
from tiles2zarr.parsers.peek import detect, plate_name
from tiles2zarr.parsers.records import ParsedAcquisition

IMAGES = [image_fields(field_id=f) for f in (1, 2, 3)]
NAMES = [fields["URL"] for fields in IMAGES]


def _found(parsed: ParsedAcquisition, code: str) -> Finding:
    return next(finding for finding in parsed.findings if finding.code == code)


def test_listed_files_that_are_absent(tmp_path: Path) -> None:
    """A file that is listed and not there stays a tile and is a finding."""
    Sample(IMAGES).write(tmp_path, files=NAMES[:1])
    parsed = parse(str(tmp_path))
    assert parsed.table["status"].tolist() == ["ok"] * 3
    assert parsed.table["file"].tolist() == NAMES
    finding = _found(parsed, "missing_files")
    assert finding.message == (
        f"2 of 3 files that the index lists are not on disk, e.g. {NAMES[1]}. Copy "
        "them, or set writing.on_missing to report to go on without."
    )
    assert (finding.severity, finding.files) == ("error", tuple(NAMES[1:]))


def test_a_missing_file_of_two_planes_is_one_file(tmp_path: Path) -> None:
    """Missing files are counted as files, not as planes."""
    images = [image_fields(plane=p, URL="all.tiff") for p in (1, 2)]
    Sample(images).write(tmp_path, files=())
    assert _found(parse(str(tmp_path)), "missing_files").count == 1


def test_files_that_are_no_tiles(tmp_path: Path) -> None:
    """Thumbnails, unlisted images and other files are named and counted."""
    Sample(IMAGES).write(tmp_path)
    for name in (
        "Images/thumbs/r02c03f01p01-ch1sk0fk1fl1.tiff",
        "Images/r09c09f01p01-ch1sk1fk1fl1.tiff",
        "Images/Index.txt",
        "Evaluation1/PlateResults.xml",
        "readme.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    finding = _found(parse(str(tmp_path)), "other_files")
    assert finding.message == (
        f"5 files in {tmp_path} are no tiles of the index and are left out: 1 images "
        "that the index does not list, 3 other files, 1 thumbnails."
    )
    assert finding.files[0] == "Evaluation1/PlateResults.xml"


def test_a_thumbnail_never_stands_in_for_a_plane(tmp_path: Path) -> None:
    """A file of the right name in another folder is not the plane that is missing."""
    Sample(IMAGES).write(tmp_path, files=NAMES[1:])
    (tmp_path / "Images/thumbs").mkdir()
    (tmp_path / "Images/thumbs" / NAMES[0]).touch()
    parsed = parse(str(tmp_path))
    assert parsed.table["file"].tolist() == NAMES
    assert _found(parsed, "missing_files").files == (NAMES[0],)


@pytest.mark.parametrize(
    ("listed", "on_disk"),
    [
        ("A1.TIFF", "a1.tif"),
        ("Images/a1.tiff", "a1.tiff"),
        ("http://server/plate/a1.tiff", "a1.tiff"),
        ("C:\\data\\a1.tiff", "a1.tiff"),
        ("../elsewhere/a1.tiff", "a1.tiff"),
        ("a\u0308.tiff", "\u00e4.tiff"),
    ],
    ids=["case and ending", "folder", "url", "drive", "upwards", "letters"],
)
def test_files_of_another_name(tmp_path: Path, listed: str, on_disk: str) -> None:
    """A file is found under another case, ending or folder, and that is told."""
    Sample([image_fields(URL=listed)]).write(tmp_path, files=[on_disk])
    parsed = parse(str(tmp_path))
    assert parsed.table["file"].tolist() == [on_disk]
    assert [finding.code for finding in parsed.findings] == ["renamed_files"]
    assert listed.replace("\\", "/") in parsed.findings[0].message


def test_no_file_outside_the_folder_is_ever_read(tmp_path: Path) -> None:
    """A listed path that leads out and is not found is looked for in the folder."""
    Sample([image_fields(URL="../../secret.tiff")]).write(tmp_path / "p", files=())
    assert parse(str(tmp_path / "p")).table["file"].tolist() == ["secret.tiff"]


def test_files_in_folders_of_the_images(tmp_path: Path) -> None:
    """A listed path may lead into a folder beside the index."""
    (tmp_path / "Images/B03").mkdir(parents=True)
    parsed = Sample([image_fields(URL="B03/a.tiff")]).parse(tmp_path)
    assert parsed.table["file"].tolist() == ["B03/a.tiff"]
    assert parsed.findings == ()


def test_images_beside_the_index_without_a_plate_folder(tmp_path: Path) -> None:
    """An index in a folder of any name takes no look at the folder above."""
    Sample(IMAGES).write(tmp_path)
    (tmp_path / "Images").rename(tmp_path / "copied")
    (tmp_path / "other.txt").touch()
    parsed = parse(str(tmp_path / "copied"))
    assert parsed.table["file"].tolist() == NAMES
    assert parsed.findings == ()


def test_measurement_some_folders_below(tmp_path: Path) -> None:
    """The folder of an export is searched for its one measurement."""
    Sample(IMAGES).write(tmp_path / "export/plate__2022-Measurement 1")
    assert len(parse(str(tmp_path)).table) == 3


def test_several_measurements_are_an_error(tmp_path: Path) -> None:
    """Two measurements in a folder are named, none is chosen."""
    for name in ("a", "b"):
        Sample(IMAGES).write(tmp_path / name)
    with pytest.raises(ParserError) as caught:
        parse(str(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path} should hold one Index.idx.xml, Index.xml or Index.ref.xml; found "
        f"in: {tmp_path}/a/Images, {tmp_path}/b/Images. Give the plate's folder as "
        "path, the one that holds the folder Images, or, for a plate saved as one "
        "folder per read, list their folders as path with on_repeat: time."
    )


def test_no_measurement_is_an_error(tmp_path: Path) -> None:
    """A folder without an index is told apart from an empty measurement."""
    with pytest.raises(ParserError, match=r"found in: none\. Give"):
        parse(str(tmp_path))


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    """A path that is not there is named."""
    with pytest.raises(ParserError, match="nowhere is not there"):
        parse(str(tmp_path / "nowhere"))


def test_measurement_behind_a_url(tmp_path: Path) -> None:
    """A plate may lie behind a URL; its files stay relative to it."""
    Sample(IMAGES).write(tmp_path)
    parsed = parse(f"file://{tmp_path}")
    assert parsed.resource == f"file://{tmp_path}/Images"
    assert parsed.table["file"].tolist() == NAMES
    assert parsed.findings == ()


def test_an_index_above_its_images(tmp_path: Path) -> None:
    """Copied out of the folder Images, an index still finds its files there."""
    Sample(IMAGES).write(tmp_path)
    (tmp_path / "Images/Index.idx.xml").rename(tmp_path / "Index.idx.xml")
    for name in ("thumbs", "old"):
        (tmp_path / name).mkdir()
    (tmp_path / "thumbs" / NAMES[0]).touch()
    (tmp_path / "old" / NAMES[2]).touch()
    parsed = parse(str(tmp_path))
    # which of two images of one name is meant cannot be told
    files = [f"Images/{NAMES[0]}", f"Images/{NAMES[1]}", NAMES[2]]
    assert parsed.table["file"].tolist() == files
    assert _found(parsed, "missing_files").count == 1
    assert _found(parsed, "renamed_files").count == 2


def test_an_index_of_references(tmp_path: Path) -> None:
    """An archive may hold Index.ref.xml alone, written like the others."""
    Sample(IMAGES).write(tmp_path)
    (tmp_path / "Images/Index.idx.xml").rename(tmp_path / "Images/Index.ref.xml")
    assert detect(str(tmp_path)) == "operetta"
    assert plate_name(str(tmp_path), "auto") == "drug plate"
    assert parse(str(tmp_path)).table["file"].tolist() == NAMES


def test_damaged_files_beside_the_index(tmp_path: Path) -> None:
    """A layout or profiles that cannot be read cost conditions, not the plate."""
    Sample(IMAGES).write(tmp_path)
    for name in ("Assaylayout/drugs.xml", "FFC_Profile/profile.xml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("<cut")
    parsed = parse(str(tmp_path))
    assert (len(parsed.table), parsed.conditions) == (3, None)
    damaged = "line 1: not well-formed XML"
    conditions = _found(parsed, "conditions_unusable").message
    assert conditions.startswith(f"{tmp_path}/Assaylayout/drugs.xml, {damaged}")
    profiles = _found(parsed, "flatfield_unreadable").message
    assert f"{tmp_path}/FFC_Profile/profile.xml, {damaged}" in profiles
