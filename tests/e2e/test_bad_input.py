"""Bad input: one message that says what and how to mend it, an exit code, no harm."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import RunSnakemake
from tests.e2e.bad_inputs import (
    TILE,
    Spoil,
    absent,
    cell,
    column,
    conditions,
    content,
    folder,
    folder_for_table,
    foreign_plate,
    image_paths,
    link,
    no_table,
    output_file,
    output_link,
    pickled,
    pipe,
    pixels,
    rows,
    text,
)
from tests.e2e.ended import finished, run, surroundings
from tests.rules.plate import IMAGES, Plate, config

B04 = "B/04/0: raw/B04_F1_c0.tif cannot be read: "
AGAIN = (
    "Copy the file again from the instrument, or leave it out: take its row out of "
    "the table, or filter by path_regex."
)
NAME = (
    "must be 1 to 100 letters, digits or '._ -', beginning with a letter or digit and "
    "not ending in a space or dot"
)
POSITION = "expected a number between -1e+09 and 1e+09"
EMPTY = "nearly all of it empty: 'B04_F1_c0.tif' of field 'F1' starts at"
SINGLE = (
    "or set registration.tiling_mode: no_tiling to make each field an image of its own."
)


@dataclass(frozen=True)
class Case:
    """Something wrong, and what must be said of it."""

    spoil: Spoil
    faults: tuple[str, ...]
    sections: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def nothing(plate: Plate) -> None:
    """Leave the plate as it is: the config is what is wrong."""


def case(spoil: Spoil, *faults: str, **sections: Mapping[str, object]) -> Case:
    """Return a case; sections are laid over the config."""
    return Case(spoil, faults, sections)


FILES = {
    "truncated": case(
        content(lambda raw: raw[:-100]),
        f"{B04}it is cut short: 2096 bytes expected, 1996 found. {AGAIN}",
    ),
    "header cut": case(
        content(lambda raw: raw[:40]),
        f"{B04}it is no intact TIFF file (TiffFileError: corrupted IFD structure). "
        f"{AGAIN}",
    ),
    "empty": case(content(lambda _: b""), f"{B04}it is empty (0 bytes). {AGAIN}"),
    "text": case(
        content(lambda _: b"hello world"),
        f"{B04}it is no TIFF file, it begins with b'hello wo'. {AGAIN}",
    ),
    "png": case(
        content(lambda _: b"\x89PNG\r\n\x1a\n" + bytes(99)),
        f"{B04}its extension says TIFF, its content is PNG. Rename the file.",
    ),
    "folder": case(
        folder, f"{B04}it is a folder, expected an image file. Correct the path."
    ),
    "pipe": case(
        pipe, f"{B04}it is a device or a pipe, expected a file. Correct the path."
    ),
    "absent": case(
        absent,
        f"{B04}there is no such file. Correct the path in the table (relative to its "
        "folder), or copy the file.",
    ),
    "dead link": case(
        link("nowhere.tif"),
        f"{B04}it is a symbolic link to nowhere.tif, which does not exist. Mount or "
        "copy the link's target.",
    ),
    "link to itself": case(
        link("B04_F1_c0.tif"),
        f"{B04}too many levels of symbolic links. Correct the path.",
    ),
    "endless device": case(
        link("/dev/zero"),
        f"{B04}it is a device or a pipe, expected a file. Correct the path.",
    ),
    "rows and columns swapped": case(
        pixels(TILE[::-1]),
        "B/04/0: B04_F1_c0.tif holds 40 x 24 pixels (rows x columns), the table "
        "declares 24 x 40. Correct length_y and length_x, or the file.",
    ),
    "another pixel type": case(
        pixels(TILE, "uint8"),
        "B/04/0: B04_F1_c0.tif holds uint8 pixels but B04_F1_c1.tif uint16. Make them "
        "one pixel type, or set writing.mixed_dtype to promote.",
    ),
    "complex pixels": case(
        pixels(TILE, "complex64"),
        f"{B04}its pixel type is complex64, expected one of uint8 uint16 uint32 int8 "
        "int16 int32 float32 float64. Save the image in one of these types.",
    ),
    "colour": case(
        pixels((*TILE, 3), photometric="rgb"),
        "B/04/0: B04_F1_c0.tif is a colour image (3 samples per pixel), but the tiles "
        "are declared as single channels with start_c above 0. Save the channels as "
        "grey images, or leave start_c out to get red, green and blue as channels.",
    ),
    "three pages": case(
        pixels((3, *TILE), photometric="minisblack"),
        "B/04/0: B04_F1_c0.tif holds 3 planes, the tiles declare 1. Correct length_z, "
        "length_c or length_t, or the file.",
    ),
    "pages beyond the file": case(
        rows(
            lambda table: [
                row | {"length_z": 1 + 3 * (n == 4)} for n, row in enumerate(table)
            ]
        ),
        "B/04/0: B04_F1_c0.tif holds 1 planes, the tiles declare 4. Correct length_z, "
        "length_c or length_t, or the file.",
    ),
    "pickle": case(
        pickled,
        "B/04/0: raw/a.npy cannot be read: its array holds Python objects (a pickle), "
        "which are never loaded. Save an array of numbers.",
    ),
    "another data type than declared": case(
        pixels(TILE, "uint8"),
        "B/04/0: B04_F1_c0.tif holds uint8 pixels, details.data_type declares uint16. "
        "Correct data_type, or leave it out.",
        acquisition={"details": {"pixelsize": 0.5, "data_type": "uint16"}},
    ),
}
"""Faults of one file: its image is left out, the others are made."""

UPWARDS = "/".join([".."] * 16)
"""Past the root from any folder of tests."""
PLACES = {
    "upwards": case(
        cell("file_path", f"{UPWARDS}/etc/passwd"),
        f"B/04/0: raw/{UPWARDS}/etc/passwd cannot be read: its extension '' is "
        "none of btf stk tf2 tf8 tif tiff png jpg jpeg bmp npy czi lif nd2 and it "
        "begins with b'root:x:0', which is not TIFF. Convert it, or give a custom "
        "loader.",
    ),
    "absolute": case(
        cell("file_path", "/etc/hostname"),
        r"re:B/04/0: /etc/hostname cannot be read: its extension '' is none of .*",
    ),
    "below a file": case(
        cell("file_path", "B04_F1_c1.tif/x.tif"),
        "B/04/0: raw/B04_F1_c1.tif/x.tif cannot be read: not a directory. Correct the "
        "path.",
    ),
    "too long": case(
        cell("file_path", "n" * 300 + ".tif"),
        f"B/04/0: raw/{'n' * 300}.tif cannot be read: file name too long. Correct the "
        "path.",
    ),
    "unknown protocol": case(
        cell("file_path", "nosuch://a.tif"),
        "B/04/0: nosuch://a.tif cannot be read: Protocol not known: "
        "nosuch. Check the URL, the network, the credentials and `storage_options`.",
    ),
    "two files for one plane": case(
        rows(lambda table: [*table, table[4] | {"file_path": "B03_F1_c0.tif"}]),
        "B/04/0: B04: 'B04_F1_c0.tif' and 'B03_F1_c0.tif' (table rows 5 and 13, field "
        "'F1', channel 0, plane 0, time point 0) stand for one place. Delete one of "
        "the rows, or correct start_z, start_c or start_t.",
    ),
    "x slipped": case(
        cell("start_x", 9e8, count=2),
        "B/04/0: image B/04/0 would be 1 x 2 x 1 x 24 x 1894736840 pixels (t, c, z, y, "
        f"x), 0.165 TiB at 16 bit, and {EMPTY} x 1894736800. Correct its start_x, "
        f"{SINGLE}",
    ),
    "x and y slipped": case(
        rows(
            lambda table: [
                row | ({"start_x": 5e5, "start_y": 5e5} if n in (4, 5) else {})
                for n, row in enumerate(table)
            ]
        ),
        "B/04/0: image B/04/0 would be 1 x 2 x 1 x 1000024 x 1000002 pixels (t, c, z, "
        f"y, x), 3.64 TiB at 16 bit, and {EMPTY} y 1000000. Correct its start_y, "
        f"{SINGLE}",
    ),
    "z slipped": case(
        cell("start_z", 1e8),
        "B/04/0: image B/04/0 would be 1 x 2 x 100000001 x 24 x 80 pixels (t, c, z, y, "
        f"x), 0.698 TiB at 16 bit, and {EMPTY} z 100000000. Correct its start_z, "
        f"{SINGLE}",
    ),
    "t slipped": case(
        cell("start_t", 1e9),
        "B/04/0: image B/04/0 would be 1000000001 x 2 x 1 x 24 x 80 pixels (t, c, z, "
        f"y, x), 6.98 TiB at 16 bit, and {EMPTY} t 1000000000. Correct its start_t, "
        f"{SINGLE}",
    ),
    "one tile of a field elsewhere": case(
        cell("start_x", 1e8),
        "B/04/0: image B/04/0: tiles of field 'F1' lie up to 2e+08 px apart, more than "
        "a tenth of a tile: one name seems to stand for many places. Give each place a "
        "fov_name of its own, or set registration.align_xy: false to keep the "
        "positions.",
    ),
    "length of terabytes": case(
        cell("length_x", 10**8),
        "B/04/0: B04_F1_c0.tif holds 24 x 40 pixels (rows x columns), the table "
        "declares 24 x 100000000. Correct length_y and length_x, or the file.",
    ),
    "well is a file": case(
        output_file("out/P1.zarr/B/04"),
        "B/04/0: out/P1.zarr/B/04/.0.lock cannot be written: File exists (EEXIST). A "
        "part of this path is a file or a dead link: move it away and run again.",
    ),
    "image of others": case(
        output_file("out/P1.zarr/B/04/0/notes.txt"),
        "B/04/0: out/P1.zarr/B/04/0 exists and was not made by this config. Nothing "
        "was touched: set writing.overwrite_mode to overwrite to replace it, choose "
        "another output, or take it over: `tiles2zarr verify --adopt`.",
    ),
}
"""Faults of one image's rows or place: it is left out, the others are made."""

TABLES = {
    "NaN": case(
        cell("start_x", "nan"),
        f"start_x is empty ('nan') in table row 5, {POSITION}. Fill it in.",
    ),
    "infinite": case(
        cell("start_x", "-inf"),
        f"start_x is '-inf' in table row 5, {POSITION}. Correct it.",
    ),
    "huge": case(
        cell("start_y", "1e300"),
        f"start_y is '1e300' in table row 5, {POSITION}. Correct it.",
    ),
    "word among numbers": case(
        cell("start_x", "left", count=3),
        f"start_x is 'left' in table rows 5, 6, 7, {POSITION}. Correct it.",
    ),
    "decimal comma": case(
        cell("start_x", "1,5"),
        f"start_x is '1,5' in table row 5, {POSITION}. Write decimals with a point.",
    ),
    "no length": case(
        cell("length_y", 0),
        "length_y is '0' in table row 5, expected a number above 0, up to 1e+09. "
        "Correct it.",
    ),
    "part of a pixel": case(
        cell("length_x", 12.5),
        "length_x is 12.5 in table row 5, expected a whole number of pixels. Correct "
        "it, or details.length_x_coo.",
    ),
    "channel below 0": case(
        cell("start_c", -1),
        "start_c is '-1' in table row 5, expected a whole number from 0. Correct it.",
    ),
    "misspelt column": case(
        text(lambda t: t.replace("start_x", "strat_x")),
        "the required columns start_x (is 'strat_x' meant?) are missing; present are "
        "file_path, row, column, fov_name, strat_x, start_y, start_c, length_x, "
        "length_y. Add or rename columns.",
    ),
    "another case": case(
        text(lambda t: t.replace("start_c", "Start_C")),
        "column 'Start_C' is nearly 'start_c'. Rename or delete it.",
    ),
    "column twice": case(
        text(lambda t: t.replace("start_y", "start_x")),
        "column 'start_x' stands 2 times in the header. Keep one.",
    ),
    "reserved column": case(
        column("well"),
        "column 'well' is reserved for the tables of the result. Rename or delete it. "
        "Give wells in row and column.",
    ),
    "plate and single images": case(
        column("image_path"),
        "it has row (plate) and image_path (single images). Delete one or the other.",
    ),
    "empty table": case(
        text(lambda _: " \n\n"), "it is empty. Give a table with a header and rows."
    ),
    "header only": case(
        text(lambda t: t.splitlines()[0]),
        "it has a header but no rows. Add one row per tile or well.",
    ),
    "UTF-16": case(
        text(lambda t: t.encode("utf-16")),
        "it is UTF-16 text. Save it as CSV UTF-8.",
    ),
    "Latin-1": case(
        text(lambda t: t.encode("latin-1")),
        "line 9 is not UTF-8 text (byte 0xfc). Save it as CSV UTF-8.",
    ),
    "zero byte": case(
        text(lambda t: t.replace("F1_c0", "F1\0c0")),
        "line 2 holds a zero byte: it is no text. Save it as CSV UTF-8.",
    ),
    "cells beyond the header": case(
        text(lambda t: t + "a,b,c,d,e,f,g,h,i,j\n"),
        "Expected 9 fields in line 14, saw 10 (the header is line 1). Give every row "
        "as many cells as the header, and quote texts that hold the delimiter.",
    ),
    "quote left open": case(
        text(lambda t: t + '"open\n'),
        "EOF inside string starting at row 13 (the header is line 1). Give every row "
        "as many cells as the header, and quote texts that hold the delimiter.",
    ),
    "no table": case(
        no_table, "there is no such file. Correct the path in the config."
    ),
    "folder for a table": case(
        folder_for_table, "it is a folder. Give the path of the table in it."
    ),
    "row leads upwards": case(
        cell("row", "../../B"),
        "row '../../B' is neither letters (A..AV) nor a number from 1 in table row 5. "
        "Correct it.",
    ),
    "column leads upwards": case(
        cell("column", "../3"),
        "column '../3' is not a whole number from 1 in table row 5. Correct it.",
    ),
    "field leads upwards": case(
        cell("fov_name", "../../../etc"),
        "fov_name '../../../etc' leads out of its folder in table row 5. Correct it.",
    ),
    "field is absolute": case(
        cell("fov_name", "/etc"),
        "fov_name '/etc' leads out of its folder in table row 5. Correct it.",
    ),
    "image path leads upwards": case(
        image_paths("a/../../b"),
        f"image_path 'a/../../b': name '..' {NAME} in table row 5. Correct it.",
    ),
    "image path is absolute": case(
        image_paths("/tmp/b"),
        f"image_path '/tmp/b': name '' {NAME} in table row 5. Correct it.",
    ),
    "image path of another system": case(
        image_paths("a\\..\\b"),
        f"image_path 'a\\\\..\\\\b': name 'a\\\\..\\\\b' {NAME} in table row 5. "
        "Correct it.",
    ),
    "image paths of one folder": case(
        image_paths("b3"),
        "image_path 'B3' and 'b3' differ in upper and lower case only. Rename one: not "
        "every disk tells them apart.",
    ),
    "well of conditions leads upwards": case(
        conditions("well,drug\n../../B03,x\n"),
        "well '../../B03' is not letters and a number like 'B03' in table row 1. "
        "Correct it.",
    ),
    "condition twice": case(
        conditions("well,drug,drug\nB03,x,y\n"),
        "column 'drug' stands 2 times in the header. Keep one.",
    ),
    "empty conditions": case(
        conditions(""), "it is empty. Give a table with a header and rows."
    ),
    "conditions of nothing": case(
        conditions("drug\nx\n"),
        "it says of no row what it is for. Add row and column, or well ('B03'), or "
        "image_path.",
    ),
    "plate leads upwards": case(
        nothing,
        f"plate.name: name '../../evil' {NAME}",
        plate={"name": "../../evil"},
    ),
    "plate is absolute": case(
        nothing, f"plate.name: name '/evil' {NAME}", plate={"name": "/evil"}
    ),
    "level leads upwards": case(
        nothing,
        f"omezarr.level_names[0]: name '../0' {NAME}",
        omezarr={"level_names": ["../0", "1"]},
    ),
    "acquisition leads upwards": case(
        nothing,
        "acquisitions[0].id: expected a whole number, got '../1'",
        acquisition={"id": "../1"},
    ),
    "table backend leads upwards": case(
        nothing,
        "omezarr.table_backend: expected one of csv, anndata, json, parquet, got "
        "'../x'",
        omezarr={"table_backend": "../x"},
    ),
}
"""Faults of a table or the config: nothing is made."""

OUTPUTS = {
    "output is a file": case(
        output_file("out"),
        *(
            f"{image}: out/P1.zarr/{image[:4]}/.0.lock cannot be written: Not a "
            "directory (ENOTDIR). A part of this path is a file: move it away and run "
            "again."
            for image in IMAGES
        ),
    ),
    "output is a dead link": case(
        output_link("gone/away"),
        *(
            f"{image}: out/P1.zarr/{image[:4]}/.0.lock cannot be written: File exists "
            "(EEXIST). A part of this path is a file or a dead link: move it away and "
            "run again."
            for image in IMAGES
        ),
    ),
    "output is a link to itself": case(
        output_link("out"),
        *(
            f"{image}: out/P1.zarr/zarr.json cannot be written: Too many levels of "
            "symbolic links (ELOOP). A part of this path is a link to itself: remove "
            "it and run again."
            for image in IMAGES
        ),
    ),
    "state is a file": case(
        output_file("results"),
        "results/P1 cannot be written: Not a directory (ENOTDIR). A part of this path "
        "is a file: move it away and run again.",
    ),
}
"""Something in the way of all images."""


def check(told: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Compare faults with what must be said, word by word (``re:`` by pattern)."""
    assert len(told) == len(expected), told
    for one, wanted in zip(told, expected, strict=True):
        if wanted.startswith("re:"):
            assert re.fullmatch(wanted.removeprefix("re:"), one)
        else:
            assert one == wanted


@pytest.fixture
def fresh(tmp_path: Path) -> Plate:
    """Return the tiny plate before any run, in a folder with a file beside it."""
    (tmp_path / "beside.txt").write_text("not ours")
    plate = Plate(tmp_path / "work")
    plate.write()
    return plate


def end(plate: Plate, wrong: Case) -> tuple[str, ...]:
    """Convert the spoilt plate; return the faults once nothing else was touched."""
    wrong.spoil(plate)
    root = plate.work.parent
    before = surroundings(root)
    ended = run(plate.work, config(**wrong.sections))
    assert ended.code == 1
    assert surroundings(root) == before
    return ended.faults


@pytest.mark.parametrize("wrong", (FILES | PLACES).values(), ids=FILES | PLACES)
def test_a_bad_image_costs_only_itself(fresh: Plate, wrong: Case) -> None:
    """Its fault is told, the exit code is 1, and the two other wells are a plate."""
    check(end(fresh, wrong), wrong.faults)
    assert finished(fresh) == ["B/03/0", "C/03/0"]


@pytest.mark.parametrize("wrong", TABLES.values(), ids=TABLES)
def test_a_bad_table_ends_the_run_before_anything_is_made(
    fresh: Plate, wrong: Case
) -> None:
    """All faults are told, the exit code is 1, and there is no output."""
    check(end(fresh, wrong), wrong.faults)
    assert not (fresh.work / "out").exists()


@pytest.mark.parametrize("wrong", OUTPUTS.values(), ids=OUTPUTS)
def test_nothing_is_made_past_what_is_in_the_way(fresh: Plate, wrong: Case) -> None:
    """What stands in the output's place is told, left alone, and nothing is listed."""
    wrong.spoil(fresh)
    before = surroundings(fresh.work.parent)
    ended = run(fresh.work, config())
    assert ended.code == 1
    check(ended.faults, wrong.faults)
    assert surroundings(fresh.work.parent) == before
    assert not fresh.store.exists()


def test_a_foreign_plate_is_not_touched(fresh: Plate) -> None:
    """Every image says so, and not a byte of the plate differs."""
    foreign_plate(fresh)
    before = fresh.files()
    ended = run(fresh.work, config())
    assert ended.code == 1
    check(
        ended.faults,
        tuple(
            f"{image}: out/P1.zarr exists and was not made by this config. Nothing was "
            "touched: set writing.overwrite_mode to extend to add to it, to overwrite "
            "to replace it, or choose another output or plate name."
            for image in IMAGES
        ),
    )
    assert ended.message.startswith("3 of 3 images are not written. Mend the causes")
    assert fresh.files() == before


GOOD = {
    "byte order mark": text(lambda t: t.encode("utf-8-sig")),
    "semicolons": text(lambda t: t.replace(",", ";")),
    "tabs": text(lambda t: t.replace(",", "\t")),
    "line ends of a Mac": text(lambda t: t.replace("\r\n", "\n").replace("\n", "\r")),
    "blank rows and columns": text(
        lambda t: "".join(f"{line},,\n" for line in t.splitlines()) + ",,,,,,,,,,\n"
    ),
    "a row twice": rows(lambda table: [*table, table[0]]),
}


@pytest.mark.parametrize("spoil", GOOD.values(), ids=GOOD)
def test_what_is_only_odd_is_read(fresh: Plate, spoil: Spoil) -> None:
    """Spellings of one table make one plate."""
    spoil(fresh)
    assert run(fresh.work, config()).code == 0
    assert finished(fresh) == list(IMAGES)


@pytest.mark.full
def test_columns_that_a_backend_cannot_keep(fresh: Plate) -> None:
    """A slash in a condition's name is fine in CSV; AnnData makes keys of names."""
    column("dose/ml")(fresh)
    ended = run(fresh.work, config(omezarr={"table_backend": "anndata"}))
    assert (ended.code, ended.message) == (
        1,
        "column 'dose/ml' of condition_table cannot be kept by the table backend "
        "anndata: its names may not hold '/' and not be '_index'. Rename the column, "
        "or set omezarr.table_backend to csv.",
    )
    assert run(fresh.work, config()).code == 0
    assert finished(fresh) == list(IMAGES)


@pytest.mark.full
@pytest.mark.parametrize(
    "name", ["truncated", "z slipped", "colour", "field leads upwards"]
)
def test_the_workflow_says_the_same(
    fresh: Plate, name: str, run_snakemake: RunSnakemake
) -> None:
    """Through Snakemake the fault stands on a line of its own, without a traceback."""
    wrong = (FILES | PLACES | TABLES)[name]
    wrong.spoil(fresh)
    result = run_snakemake(fresh.work, config(**wrong.sections), check=False)
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert f"  - {wrong.faults[0]}\n" in output
    assert "Traceback" not in output
    listed = [] if name in TABLES else ["B/03/0", "C/03/0"]
    assert finished(fresh) == listed
