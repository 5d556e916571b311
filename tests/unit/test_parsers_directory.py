"""Folders as people have them: with what other computers leave in them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cellvoyager_samples import image as record
from tests.unit.cellvoyager_samples import write_measurement
from tests.unit.imagexpress_samples import plan_text, write_plan, write_plane
from tests.unit.operetta_samples import Sample, image_fields
from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.directory import list_directory
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.parsers.peek import detect, plate_name

MACOS = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"
"""How a file begins in which macOS keeps attributes of the one beside it."""


def _imagexpress(folder: Path) -> None:
    write_plan(folder / "P.HTD", plan_text([(0, 1)]))
    write_plane(folder / "TimePoint_1/P_A02_s1_w1.TIF")


def _operetta(folder: Path) -> None:
    Sample([image_fields()]).write(folder)
    (folder / "Assaylayout").mkdir()
    (folder / "Assaylayout/Drugs.xml").write_text("<AssayLayout/>")


def _cellvoyager(folder: Path) -> None:
    write_measurement(folder, [record()])


WINDOWS = (
    "It is a path of Windows; give the folder under which this computer has it, such "
    "as /mnt/..."
)


@pytest.mark.parametrize(
    ("path", "shown", "cure"),
    [
        ("Rohdaten", "Rohdaten", "Correct the path; Rohdaten Müller is there."),
        ("Messung/tiff", "Messung/tiff", "Correct the path; it starts in {here}."),
        ("/nowhere/tiff", "/nowhere/tiff", "Correct the path."),
        ("D:\\raw", "D:\\raw", WINDOWS),
        ("\\\\server\\raw", "\\\\server\\raw", WINDOWS),
        (
            "D:\test",
            "'D:\\test'",
            "It holds a control character, as a backslash in double quotes makes: "
            "write / or take single quotes.",
        ),
    ],
    ids=["alike", "relative", "absolute", "drive", "share", "tab"],
)
def test_nothing_at_a_path(
    path: str, shown: str, cure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that leads nowhere is told with what was probably meant."""
    monkeypatch.chdir(tmp_path)
    Path("Rohdaten Müller").mkdir()
    with pytest.raises(ParserError) as caught:
        list_directory(path)
    assert str(caught.value) == (
        f"{shown} is not there. {cure.format(here=Path.cwd())}"
    )


@pytest.mark.parametrize("write", [_imagexpress, _operetta, _cellvoyager])
def test_files_of_macos_are_not_taken_for_the_instruments(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """A plate that was on a Mac's disk is the same as before."""
    write(tmp_path)
    before = parse_acquisition(str(tmp_path), "auto", {}, {})
    for file in [f for f in tmp_path.rglob("*") if f.is_file()]:
        (file.parent / f"._{file.name}").write_bytes(MACOS)
    after = parse_acquisition(str(tmp_path), "auto", {}, {})
    assert len(after.table) == 1
    assert after.table.equals(before.table)
    assert after.findings == before.findings


def test_a_listing_leaves_out_files_of_macos_alone(tmp_path: Path) -> None:
    """Other names that begin with a dot, and folders, are listed."""
    for name in ("._a.tif", "a.tif", ".b", "_.c"):
        (tmp_path / name).touch()
    (tmp_path / "._inner").mkdir()
    listed = list_directory(str(tmp_path))
    assert listed is not None
    assert listed.files == (".b", "_.c", "a.tif")
    assert listed.folders == ("._inner",)


def test_images_behind_many_folders_of_results(tmp_path: Path) -> None:
    """The folder of the images is the last of a plate's with twenty evaluations."""
    Sample([image_fields()]).write(tmp_path)
    for number in range(20):
        (tmp_path / f"Evaluation{number}").mkdir()
    assert detect(str(tmp_path)) == "operetta"
    assert plate_name(str(tmp_path), "auto") == plate_name(str(tmp_path), "operetta")


@pytest.mark.parametrize("well", ["A01", "P24", "Z01", "AA01", "AF48", "p24"])
def test_wells_of_all_plates_are_recognised(tmp_path: Path, well: str) -> None:
    """Names of a plate of 1536 wells tell the format as those of 96 do."""
    (tmp_path / f"Screen_{well}_s1_w1.TIF").touch()
    assert detect(str(tmp_path)) == "imagexpress"


@pytest.mark.parametrize("write", [_imagexpress, _operetta, _cellvoyager])
def test_another_acquisition_in_the_folder_is_told(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """A second export in the folder of the first is left out, with a word on it."""
    write(tmp_path)
    before = parse_acquisition(str(tmp_path), "auto", {}, {})
    write(tmp_path / "old/export 1")
    parsed = parse_acquisition(str(tmp_path), "auto", {}, {})
    assert parsed.table.equals(before.table)
    found = next(f for f in parsed.findings if f.code == "other_acquisitions")
    (place,) = found.files
    assert place in (f"{tmp_path}/old/export 1", f"{tmp_path}/old/export 1/Images")
    assert found.message == (
        f"1 folders in {tmp_path} hold an acquisition of their own, which is left out: "
        f"{place}. List it as an acquisition to convert it too."
    )


def test_steps_of_a_plate_are_no_acquisitions(tmp_path: Path) -> None:
    """MetaXpress copies the plan into the folders of time points and steps."""
    for folder in ("", "TimePoint_1", "TimePoint_1/ZStep_0", "TimePoint_1/ZStep_1"):
        write_plan(tmp_path / folder / "P.HTD", plan_text([(0, 1)]))
    write_plane(tmp_path / "TimePoint_1/ZStep_1/P_A02_s1_w1.TIF")
    parsed = parse_acquisition(str(tmp_path), "auto", {}, {})
    assert parsed.findings == ()


@pytest.mark.parametrize(
    ("write", "index", "name"),
    [
        (_imagexpress, "P.HTD", "P"),
        (_operetta, "Images/Index.idx.xml", "drug plate"),
        (_cellvoyager, "MeasurementData.mlf", "P7"),
    ],
)
def test_an_index_as_path_has_the_name_of_its_plate(
    tmp_path: Path, write: Callable[[Path], None], index: str, name: str
) -> None:
    """The plate is called the same whether its folder or its index is given."""
    write(tmp_path)
    assert plate_name(str(tmp_path), "auto") == name
    assert plate_name(str(tmp_path / index), "auto") == name
