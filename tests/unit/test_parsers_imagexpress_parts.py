"""The parts that read an ImageXpress plate: names, plan, tags, and which headers."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.imagexpress_samples import (
    HEIGHT,
    START,
    WIDTH,
    metaseries,
    plan_text,
    write_plan,
    write_plane,
)
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.parsers.directory import list_directory
from tiles2zarr.parsers.imagexpress import parse
from tiles2zarr.parsers.imagexpress_header import read_tags
from tiles2zarr.parsers.imagexpress_names import ImageName, read_name
from tiles2zarr.parsers.imagexpress_plan import read_plan
from tiles2zarr.parsers.imagexpress_plate import parse_plate
from tiles2zarr.parsers.imagexpress_samples import Limits
from tiles2zarr.parsers.records import ParsedAcquisition

GUID = "17654C10-92F1-4DFD-98AA-6A01BBD77557"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("9987_B02_s1_w2.TIF", ("9987", 1, 1, 1, 2, False)),
        ("P_E08.tif", ("P", 4, 7, 1, 1, False)),
        (f"P-Mix_E08_s1{GUID}.tif", ("P-Mix", 4, 7, 1, 1, False)),
        (f"P_E08_s12{GUID}.tif", ("P", 4, 7, 12, 1, False)),
        (f"P_E08_w3{GUID}.tif", ("P", 4, 7, 1, 3, False)),
        (f"P_E08{GUID}.tif", ("P", 4, 7, 1, 1, False)),
        (f"P_E08_s2_thumb{GUID}.tif", ("P", 4, 7, 2, 1, True)),
        ("P_A01_B02_s12_w10.tiff", ("P_A01", 1, 1, 12, 10, False)),
        ("P_AF48_s1_w1.TIF", ("P", 31, 47, 1, 1, False)),
        ("p_b02_s1_w1.tif", ("p", 1, 1, 1, 1, False)),
        ("a b_s1_w1.TIF", None),
        ("a b_s12_w1.TIF", None),
        ("P_ZZ99_s1.tif", None),
        ("P_B02_s1_w1.png", None),
        ("P_B02_s99999999_w1.tif", None),
        (f"P_E08_s{GUID}.tif", None),
    ],
)
def test_file_names(name: str, expected: tuple[object, ...] | None) -> None:
    """Well, site and wavelength are told apart from plate names and GUIDs."""
    found = read_name(name)
    assert found == (None if expected is None else ImageName(*expected))  # type: ignore[arg-type]


def test_plan(tmp_path: Path) -> None:
    """A plan tells plate, wells, sites, wavelengths, steps and time points."""
    text = plan_text(
        [(0, 2), (1, 0)],
        sites=[True, False, True],
        waves=("DAPI", "Cy5, far"),
        steps=4,
        times=7,
    )
    write_plan(tmp_path / "P.HTD", text)
    plan = read_plan(str(tmp_path / "P.HTD"))
    assert (plan.rows, plan.columns) == (2, 3)
    assert plan.wells == {(0, 2), (1, 0)}
    assert (plan.grid, plan.selected) == ((1, 3), (1, 3))
    assert plan.waves == ("DAPI", "Cy5, far")
    assert (plan.steps, plan.times) == (4, 7)
    assert plan.description == "µ plate"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"XWells", 3',
            '"XWells", many',
            "line 6, XWells: it is 'many', expected a whole number of 1..72",
        ),
        (
            '"YWells", 2\r\n',
            "",
            "YWells: it is not given, expected a whole number of 1..48",
        ),
        (
            '"WellsSelection2", FALSE, ',
            '"WellsSelection2", ',
            "line 9, WellsSelection2: it has 2 values (FALSE, TRUE ...), expected 3 of "
            "TRUE or FALSE",
        ),
        (
            '"ZSeries", FALSE',
            '"ZSeries", PERHAPS',
            "line 4, ZSeries: it has 1 values (PERHAPS ...), expected 1 of TRUE or "
            "FALSE",
        ),
    ],
    ids=["text", "absent", "short", "flag"],
)
def test_faults_of_a_plan(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A wrong setting is named with its line."""
    path = tmp_path / "P.HTD"
    text = plan_text([(1, 2)])
    assert old in text
    write_plan(path, text.replace(old, new))
    with pytest.raises(ParserError) as error:
        read_plan(str(path))
    assert str(error.value) == (
        f"{path}, {message}. Copy the file again from the instrument; the folders "
        "TimePoint_ and ZStep_ may hold copies of it."
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"', "").encode("latin-1"),
        lambda text: text.replace("Version 1.0", '"Version 1.0"').encode("latin-1"),
        lambda text: text.replace(", ", ",").replace("\r\n", ",\n").encode("latin-1"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
    ],
    ids=["no quotes", "quoted version", "commas", "mark", "UTF-16"],
)
def test_plans_as_other_programs_save_them(
    tmp_path: Path, change: Callable[[str], bytes]
) -> None:
    """Quotation marks, blanks, commas at the end and encodings do not matter."""
    text = plan_text([(0, 2), (1, 0)], sites=[True, False, True], waves=("a", "b c"))
    write_plan(tmp_path / "P.HTD", text)
    (tmp_path / "Q.HTD").write_bytes(change(text))
    plan, again = (read_plan(str(tmp_path / f"{n}.HTD")) for n in "PQ")
    assert replace(again, source=plan.source) == plan


def test_a_plan_of_one_site_selects_none(tmp_path: Path) -> None:
    """Where sites are not selected, all are planned."""
    text = plan_text([(0, 2)], sites=[True])
    write_plan(tmp_path / "P.HTD", text.replace('"SiteSelection1", TRUE\r\n', ""))
    assert read_plan(str(tmp_path / "P.HTD")).selected == (1,)


def test_a_plate_with_an_unusable_plan(tmp_path: Path) -> None:
    """The images are converted all the same; what only the plan tells is not known."""
    write_plan(tmp_path / "P.HTD", plan_text([(1, 2)])[:100])
    write_plane(tmp_path / "P_B03_w1.TIF")
    parsed = parse(str(tmp_path))
    assert (len(parsed.table), parsed.layout, parsed.plate_name) == (1, None, "P")
    (found,) = parsed.findings
    assert (found.code, found.severity) == ("plan_unusable", "warning")
    assert found.message.startswith(f"{tmp_path}/P.HTD, EndFile: the file ends before")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"HTSInfoFile", Version 2.0\r\n"EndFile"', "HTSInfoFile: found 'Version 2.0'"),
        ("", "HTSInfoFile: found 'nothing', expected Version 1.0"),
        ('"HTSInfoFile", Version 1.0\r\n"XWells", 3', "EndFile: the file ends before"),
    ],
    ids=["version", "empty", "cut"],
)
def test_unknown_and_cut_plans(tmp_path: Path, text: str, message: str) -> None:
    """Another version or a plan that is cut short is an error."""
    write_plan(tmp_path / "P.HTD", text)
    with pytest.raises(ParserError, match=message):
        read_plan(str(tmp_path / "P.HTD"))


def test_tags_of_a_plane(tmp_path: Path) -> None:
    """The header tells where, when and how a plane was taken."""
    path = tmp_path / "a.tif"
    write_plane(
        path, x=-1.5, y=2.25, z=9.75, second=0.125, setting="Cy & 5", projection="Sum"
    )
    tags = read_tags(str(path))
    assert (tags.width, tags.height, tags.size) == (WIDTH, HEIGHT, path.stat().st_size)
    assert (tags.x_um, tags.y_um, tags.z_um) == (-1.5, 2.25, 9.75)
    assert tags.time == START.timestamp() + 0.125
    assert (tags.pixel_um, tags.exposure_s) == (0.5, 0.02)
    assert (tags.wavelength_nm, tags.setting) == (452, "Cy & 5")
    assert tags.projection == "Sum"


@pytest.mark.parametrize("method", ["None", "", "off"])
def test_no_projection(tmp_path: Path, method: str) -> None:
    """A method that says none marks a plane."""
    write_plane(tmp_path / "a.tif", projection=method)
    assert read_tags(str(tmp_path / "a.tif")).projection == ""


def test_tags_that_say_nothing(tmp_path: Path) -> None:
    """Values that are no numbers, times or lengths are unknown, not zero."""
    text = metaseries(exposure="long").replace("2024", "year")
    text = text.replace("'100.0'", "'nan'").replace('"100.0"', '"nan"')
    write_plane(tmp_path / "a.tif", description=text)
    tags = read_tags(str(tmp_path / "a.tif"))
    assert np.isnan([tags.z_um, tags.time, tags.exposure_s]).all()


def test_tags_in_latin_1(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 in a name do not spoil the rest."""
    text = metaseries(setting="Gr\u00fcn", x=3.0)
    write_plane(tmp_path / "a.tif", description=text.encode("latin-1"))
    tags = read_tags(str(tmp_path / "a.tif"))
    assert (tags.setting, tags.x_um) == ("Gr\u00fcn", 3.0)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("<MetaData><prop id='a'", "line 1: not well-formed XML"),
        ("<!DOCTYPE a><MetaData/>", "document type or entity is declared"),
    ],
    ids=["cut", "entity"],
)
def test_damaged_tags(tmp_path: Path, description: str, message: str) -> None:
    """Tags that are cut short or unsafe are an error."""
    write_plane(tmp_path / "a.tif", description=description)
    with pytest.raises(ParserError, match=message):
        read_tags(str(tmp_path / "a.tif"))


def test_a_file_without_tags(tmp_path: Path) -> None:
    """Another description tells nothing; the size of the image is known."""
    write_plane(tmp_path / "a.tif", description="nothing")
    tags = read_tags(str(tmp_path / "a.tif"))
    assert (tags.told, tags.width, tags.height) == (False, WIDTH, HEIGHT)
    assert np.isnan([tags.x_um, tags.pixel_um]).all()


def _made_plate(folder: Path, copies_from: int | None = None) -> None:
    """Write 3 wells x 2 sites x 2 wavelengths x 3 steps (and 2 copies of w2)."""
    for number, well in enumerate(("A02", "B01", "B03")):
        for site in (1, 2):
            for wave in (1, 2):
                for step in (1, 2, 3):
                    copied = wave == 2 and copies_from is not None
                    taken = copies_from if copied and copies_from else step
                    write_plane(
                        folder / f"ZStep_{step}/P_{well}_s{site}_w{wave}.TIF",
                        x=9000.0 * number + 2.5 * site,
                        y=100.0 - site,
                        z=50 * number + 2 * taken + wave / 4,
                        second=1000 * number + 100 * site + 10 * wave + taken,
                    )


def _sampled(folder: Path, limits: Limits) -> ParsedAcquisition:
    listing = list_directory(str(folder))
    assert listing is not None
    return parse_plate(listing, "auto", limits=limits)


def test_few_headers_place_all_planes(tmp_path: Path) -> None:
    """With one header per field, positions and heights are those of all headers."""
    _made_plate(tmp_path)
    whole, few = parse(str(tmp_path)), _sampled(tmp_path, Limits(few=0))
    assert len(few.table) == 36
    for name in ("file", "x", "y", "z", "t", "c", "z_um"):
        assert few.table[name].tolist() == whole.table[name].tolist(), name
    assert few.details == whole.details
    # of w1 and w2 the six planes of one field, and one plane of five other fields
    assert int(few.table["time_s"].notna().sum()) == 6 + 5
    assert [f.code for f in few.findings] == ["heights_estimated"]
    assert few.findings[0].count == 25
    assert (whole.end_time is None, few.end_time is None) == (False, True)


def test_fields_beyond_the_limit_are_placed_by_one_well(tmp_path: Path) -> None:
    """With one header per well, the other fields lie as in the first well."""
    _made_plate(tmp_path)
    whole, few = parse(str(tmp_path)), _sampled(tmp_path, Limits(few=0, most=2))
    assert few.table["x"].tolist() == whole.table["x"].tolist()
    assert few.table["y"].tolist() == whole.table["y"].tolist()
    finding = next(f for f in few.findings if f.code == "positions_estimated")
    assert finding.count == 2


@pytest.mark.parametrize("most", [1000, 13], ids=["all wells", "some wells"])
def test_copies_are_found_by_few_headers(tmp_path: Path, most: int) -> None:
    """The copies of one field lead to those of all, checked or extrapolated."""
    _made_plate(tmp_path, copies_from=1)
    few = _sampled(tmp_path, Limits(few=0, most=most))
    assert len(few.table) == 3 * 2 * (3 + 1)
    assert few.table.groupby("c").size().tolist() == [18, 6]
    assert next(f for f in few.findings if f.code == "filled_copies").count == 12


def test_wells_that_disagree_are_read_whole(tmp_path: Path) -> None:
    """A well with real planes where others have copies keeps its planes."""
    _made_plate(tmp_path, copies_from=1)
    for step in (1, 2, 3):
        for site in (1, 2):
            write_plane(
                tmp_path / f"ZStep_{step}/P_B03_s{site}_w2.TIF",
                x=18000 + 2.5 * site,
                y=100.0 - site,
                z=100 + 2 * step,
                second=5000 + 100 * site + step,
            )
    few = _sampled(tmp_path, Limits(few=0, most=13))
    assert few.table[few.table["c"] == 1].groupby("column").size().tolist() == [2, 2, 6]


def test_long_series_are_sampled_at_their_edges(tmp_path: Path) -> None:
    """Copies are found also if not all planes of the field are looked at first."""
    for time in (1, 2, 3, 4):
        for step in (1, 2):
            taken = 1 if time < 3 else 3
            write_plane(
                tmp_path / f"TimePoint_{time}/ZStep_{step}/P_B03_w1.TIF",
                z=2 * step,
                second=100 * taken + step,
            )
    few = _sampled(tmp_path, Limits(few=0, of_wave=3))
    assert few.table[["t", "z"]].to_numpy().tolist() == [[0, 0], [0, 1], [2, 0], [2, 1]]


def test_damaged_files_end_in_a_plate(tmp_path: Path) -> None:
    """Whatever bytes are cut or changed in plan or image, the others make a plate."""
    text = plan_text([(1, 2)], sites=[True, True], steps=2).encode("latin-1")
    for site in (1, 2):
        write_plane(tmp_path / f"ZStep_1/P_B03_s{site}_w1.TIF", second=site)
    image = tmp_path / "ZStep_1/P_B03_s1_w1.TIF"
    sound = image.read_bytes()
    random_bytes = random.Random(5)
    plan = tmp_path / "P.HTD"
    outcomes = set()
    for content, path in ((text, plan), (sound, image)):
        for round_number in range(60):
            changed = bytearray(content)
            if round_number % 3 == 0:
                del changed[random_bytes.randrange(len(changed)) :]
            for _ in range(round_number % 3 * 4):
                place = random_bytes.randrange(len(changed))
                changed[place] = random_bytes.randrange(256)
            plan.write_bytes(text)
            image.write_bytes(sound)
            path.write_bytes(changed)
            try:
                outcomes.add(type(parse(str(tmp_path))).__name__)
            except Tiles2ZarrError as error:
                outcomes.add(type(error).__name__)
    assert outcomes == {"ParsedAcquisition"}
