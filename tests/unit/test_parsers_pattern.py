"""Plates and images whose file names tell everything."""

from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.pattern import parse
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

PATTERN = "{plate}_{well}_s{field:d}_w{channel:d}_z{z:d}_t{t:d}.tif"
WAYS = (
    "Give options.grid: {rows: 3, columns: 3, order: row_snake, overlap: 0.1}, or "
    "options.positions: a CSV with field, x and y (micrometer), or files whose TIFF "
    "tags hold the stage position (MetaSeries or OME-XML)."
)
Y, X = 6, 9


def write(folder: Path, names: Iterable[str], pages: int = 1, **tags: object) -> str:
    """Write a file of 6 x 9 pixels at each name; return the folder."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((pages, Y, X), dtype=np.uint16)
        tifffile.imwrite(
            path, pixels if pages > 1 else pixels[0], photometric="minisblack", **tags
        )
    return str(folder)


def staged(x: float, y: float) -> str:
    """Return MetaSeries metadata with a stage position and pixels of 0.5 micrometer."""
    values = {
        "spatial-calibration-x": 0.5,
        "stage-position-x": x,
        "stage-position-y": y,
    }
    props = "".join(
        f'<prop id="{key}" type="float" value="{value}"/>'
        for key, value in values.items()
    )
    return f"<MetaData><PlaneInfo>{props}</PlaneInfo></MetaData>"


def rows(parsed: ParsedAcquisition, *names: str) -> list[tuple[object, ...]]:
    """Return some columns of the table, row by row."""
    check_table(parsed.table, parsed.attributes, "pattern")
    return [*parsed.table[list(names)].itertuples(index=False, name=None)]


def find(parsed: ParsedAcquisition, code: str) -> Finding:
    """Return the only finding with a code."""
    (finding,) = [f for f in parsed.findings if f.code == code]
    return finding


def test_all_parts(tmp_path: Path) -> None:
    """Tiles come by well, time point, field, channel and plane, fields as numbers."""
    names = [
        f"P1_{well}_s{s}_w{w}_z{z}_t{t}.tif"
        for well in ("B03", "A11")
        for s in (10, 2)
        for w in (3, 1)
        for z in (1, 2)
        for t in (4, 5)
    ]
    grid = {"rows": 2, "columns": 5}
    parsed = parse(write(tmp_path, names), {"pattern": PATTERN, "grid": grid})
    found = rows(parsed, "row", "column", "t", "fov", "c", "z", "file")
    assert found == [
        (r, k, t - 4.0, str(s), c, z - 1.0, f"P1_{well}_s{s}_w{w}_z{z}_t{t}.tif")
        for r, k, well in ((0, 10, "A11"), (1, 2, "B03"))
        for t in (4, 5)
        for s in (2, 10)
        for c, w in enumerate((1, 3))
        for z in (1, 2)
    ]
    assert parsed.plate_name == "P1"
    assert parsed.resource == str(tmp_path)
    assert parsed.channel_ids == ("1", "3")
    labels = [c.channel_label for c in parsed.details.channels or ()]
    assert labels == ["channel_1", "channel_3"]
    assert set(rows(parsed, "len_x", "len_y", "status")) == {(9.0, 6.0, "ok")}
    assert parsed.details.start_z_coo == parsed.details.start_t_coo == "pixel"


def test_rows_and_columns_apart(tmp_path: Path) -> None:
    """Rows are letters or numbers from 1, columns numbers from 1, indices from 0."""
    folder = write(tmp_path, ["AF12.tif", "b3.tif"])
    parsed = parse(folder, {"pattern": "{row:[A-Za-z]+}{column:d}.tif"})
    assert rows(parsed, "file", "row", "column") == [
        ("b3.tif", 1, 2),
        ("AF12.tif", 31, 11),
    ]
    assert parsed.plate_name is None
    assert parsed.details.channels is None


@pytest.mark.parametrize("well", ["B03", "b3", "B - 3", "B_03"])
def test_spellings_of_a_well(tmp_path: Path, well: str) -> None:
    """Wells are read in any usual spelling."""
    folder = write(tmp_path, [f"x{well}.tif"])
    parsed = parse(folder, {"pattern": "x{well:[A-Za-z]+[ _-]*[0-9]+}.tif"})
    assert rows(parsed, "row", "column") == [(1, 2)]


def test_folders_are_part_of_the_name(tmp_path: Path) -> None:
    """Parts may stand in folder names, and files keep their path."""
    names = [f"TimePoint_{t}/B03_s1.tif" for t in (1, 2, 10)]
    options = {"pattern": "TimePoint_{t:d}/{well}_s{field:d}.tif"}
    parsed = parse(write(tmp_path, names), options)
    assert rows(parsed, "t", "file") == [
        (0.0, "TimePoint_1/B03_s1.tif"),
        (1.0, "TimePoint_2/B03_s1.tif"),
        (9.0, "TimePoint_10/B03_s1.tif"),
    ]


def test_folders_that_the_pattern_does_not_name(tmp_path: Path) -> None:
    """Files in folders are found by their names where nothing matches from the top."""
    folder = write(tmp_path, ["run 1/images/B03.tif", "run 1/images/B04.tif"])
    parsed = parse(folder, {"pattern": "{well}.tif"})
    assert [file for (file,) in rows(parsed, "file")] == [
        "run 1/images/B03.tif",
        "run 1/images/B04.tif",
    ]
    assert find(parsed, "pattern_in_folders").message == (
        "All 2 files of the pattern lie in 1 folders that it does not name, e.g. run "
        "1/images/B03.tif; it was held against the ends of the paths."
    )


def test_single_images(tmp_path: Path) -> None:
    """With image_path there are images and no wells."""
    folder = write(tmp_path, ["brain_2_GFP.tif", "brain_10_GFP.tif"])
    parsed = parse(folder, {"pattern": "{image_path}_{channel}.tif"})
    assert rows(parsed, "image_path", "c") == [("brain_2", 0), ("brain_10", 0)]
    assert parsed.table["row"].isna().all()
    assert [c.channel_label for c in parsed.details.channels or ()] == ["GFP"]


def test_text_channels_and_attributes(tmp_path: Path) -> None:
    """Text names channels in natural order; other parts are attributes."""
    names = ["DMSO/5/B03_s1_GFP.tif", "DMSO/5/B03_s1_A10.tif", "DMSO/5/B03_s1_A9.tif"]
    options = {"pattern": "{drug}/{dose:d}/{well}_s{field:d}_{channel}.tif"}
    parsed = parse(write(tmp_path, names), options)
    assert parsed.attributes == ("drug", "dose")
    assert rows(parsed, "c", "drug", "dose") == [(c, "DMSO", 5) for c in range(3)]
    assert parsed.channel_ids == ("A9", "A10", "GFP")
    labels = [c.channel_label for c in parsed.details.channels or ()]
    assert labels == ["A9", "A10", "GFP"]


def test_channels_keep_their_identity(tmp_path: Path) -> None:
    """Channels 3, 4 and 1 are three channels with their ids, whatever a well has."""
    names = ["A01_w3.tif", "A01_w1.tif", "B02_w4.tif"]
    parsed = parse(write(tmp_path, names), {"pattern": "{well}_w{channel:d}.tif"})
    assert parsed.channel_ids == ("1", "3", "4")
    assert rows(parsed, "file", "c") == [
        ("A01_w1.tif", 0),
        ("A01_w3.tif", 1),
        ("B02_w4.tif", 2),
    ]


def test_one_plane_beside_stacks(tmp_path: Path) -> None:
    """A single plane sits at its own number; an absent plane leaves a hole."""
    names = ["A01_c1_z1.tif", "A01_c1_z2.tif", "A01_c1_z4.tif", "A01_c2_z2.tif"]
    options = {"pattern": "{well}_c{channel:d}_z{z:d}.tif"}
    parsed = parse(write(tmp_path, names), options)
    assert rows(parsed, "c", "z") == [(0, 0.0), (0, 1.0), (0, 3.0), (1, 1.0)]
    message = find(parsed, "z_spacing_unknown").message
    assert message == (
        "The tags of A01_c1_z1.tif do not tell the distance of planes: 1 micrometer is "
        "taken unless details.z_spacing is set."
    )


def test_numbers_in_steps(tmp_path: Path) -> None:
    """Planes 0, 5 and 15 are planes 0, 1 and 3, and that is said."""
    names = [f"A01_z{z}.tif" for z in (0, 5, 15)]
    parsed = parse(write(tmp_path, names), {"pattern": "{well}_z{z:d}.tif"})
    assert rows(parsed, "z") == [(0.0,), (1.0,), (3.0,)]
    assert find(parsed, "z_numbers_apart").message == (
        "The numbers z in the file names lie 5 or a multiple apart; planes are counted "
        "one by one. Nothing to do, unless planes between them should be there."
    )


def test_one_field_needs_no_positions(tmp_path: Path) -> None:
    """One field per well lies at 0, 0, whatever its number."""
    parsed = parse(
        write(tmp_path, ["A01_s3.tif", "B02_s7.tif"]),
        {"pattern": "{well}_s{field:d}.tif"},
    )
    assert rows(parsed, "fov", "x", "y") == [("3", 0.0, 0.0), ("7", 0.0, 0.0)]


def test_pixel_size_from_a_tag(tmp_path: Path) -> None:
    """20,000 pixels per centimetre are 0.5 micrometer, without a finding."""
    folder = write(
        tmp_path, ["A01.tif"], resolution=(20000, 20000), resolutionunit="CENTIMETER"
    )
    parsed = parse(folder, {"pattern": "{well}.tif"})
    assert parsed.details.pixelsize == pytest.approx(0.5)
    assert parsed.findings == ()


def test_unknown_pixel_size_is_a_finding(tmp_path: Path) -> None:
    """Without a tag the pixel size is 1 micrometer, and that is said."""
    parsed = parse(write(tmp_path, ["A01.tif"]), {"pattern": "{well}.tif"})
    assert parsed.details.pixelsize == 1.0
    finding = find(parsed, "pixel_size_unknown")
    assert finding.severity == "warning"
    assert finding.message == (
        "The tags of A01.tif do not tell the pixel size: 1 micrometer is taken unless "
        "details.pixelsize is set."
    )


def test_positions_from_tags(tmp_path: Path) -> None:
    """Stage positions come from the tags of one file per field and well."""
    for number, well in enumerate(("B03", "C11")):
        for s in (1, 2):
            for w in (1, 2):
                name = f"{well}_s{s}_w{w}.tif"
                text = staged(100 * number + s, -10 * s)
                write(tmp_path, [name], metadata=None, description=text)
    parsed = parse(str(tmp_path), {"pattern": "{well}_s{field:d}_w{channel:d}.tif"})
    assert parsed.details.start_x_coo == parsed.details.start_y_coo == "world"
    assert parsed.details.pixelsize == 0.5
    assert rows(parsed, "row", "fov", "x", "y") == [
        (row, str(s), 100.0 * number + s, -10.0 * s)
        for number, row in enumerate((1, 2))
        for s in (1, 2)
        for _ in range(2)
    ]


@pytest.mark.parametrize("order", ["tags", "none"])
def test_fields_without_positions(tmp_path: Path, order: str) -> None:
    """Fields without positions are an error that tells the three ways."""
    if order == "tags":
        text = staged(1, 2)
        write(tmp_path, ["B03_s1.tif"], metadata=None, description=text)
        reason = "B03_s2.tif: its tags hold no stage position, those of B03_s1.tif do. "
    else:
        write(tmp_path, ["B03_s1.tif"])
        reason = (
            "2 fields lie in one image, and their positions are not known: the tags of "
            "B03_s1.tif hold none. "
        )
    write(tmp_path, ["B03_s2.tif"])
    with pytest.raises(ParserError) as caught:
        parse(str(tmp_path), {"pattern": "{well}_s{field:d}.tif"})
    assert str(caught.value) == reason + WAYS


def test_fields_at_one_place(tmp_path: Path) -> None:
    """Tags that put two fields of a well at one place are no positions."""
    names = ["B03_s1.tif", "B03_s2.tif"]
    write(tmp_path, names, metadata=None, description=staged(5, 7))
    with pytest.raises(ParserError) as caught:
        parse(str(tmp_path), {"pattern": "{well}_s{field:d}.tif"})
    assert str(caught.value) == (
        "B03_s2.tif: its tags put field 2 at (5, 7) micrometer, where another field of "
        f"the image lies. {WAYS}"
    )


def test_two_files_of_one_plane(tmp_path: Path) -> None:
    """Two files with all parts alike are an error naming both."""
    folder = write(tmp_path, ["a/B03_s1_w2.tif", "b/B03_s01_w2.tif", "a/B03_s2_w2.tif"])
    pattern = "{_}/{well}_s{field:d}_w{channel:d}.tif"
    with pytest.raises(ParserError) as caught:
        parse(folder, {"pattern": pattern})
    assert str(caught.value) == (
        f"pattern {pattern!r}: a/B03_s1_w2.tif and b/B03_s01_w2.tif are the same plane "
        "(well B03, field 01, channel 2); 1 files are so. Name the part that tells "
        "them apart {field}, {channel}, {z} or {t}, or let the pattern match one of "
        "them only."
    )


def test_nothing_matches(tmp_path: Path) -> None:
    """No match is an error with the pattern and three names."""
    folder = write(tmp_path, [f"img{n}.tif" for n in range(5)])
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(ParserError) as caught:
        parse(folder, {"pattern": "{well}.tif"})
    assert str(caught.value) == (
        f"No file in {folder} matches the pattern '{{well}}.tif'; it holds img0.tif, "
        "img1.tif, img2.tif. Write the pattern for such names, from the folder on, "
        "ending included (`tiles2zarr init FOLDER` proposes one)."
    )


def test_files_that_do_not_match_are_counted(tmp_path: Path) -> None:
    """Other files are one finding; hidden files and stores do not count."""
    folder = write(tmp_path, ["B03.tif", "thumbs/B03_thumb.tif", "P.zarr/B04.tif"])
    for name in ("notes.txt", ".DS_Store", "._B03.tif"):
        (tmp_path / name).write_text("")
    finding = find(parse(folder, {"pattern": "{well}.tif"}), "unmatched_files")
    assert (finding.count, finding.severity) == (2, "warning")
    assert finding.files == ("thumbs/B03_thumb.tif",)
    assert finding.message == (
        "2 of 3 files do not match the pattern '{well}.tif' and are left out, 1 images "
        "among them, e.g. thumbs/B03_thumb.tif."
    )


def test_damaged_first_file(tmp_path: Path) -> None:
    """The shape comes from the next file where the first is damaged."""
    folder = write(tmp_path, ["A01.tif", "A02.tif"])
    (tmp_path / "A01.tif").write_bytes(b"II*\0")
    parsed = parse(folder, {"pattern": "{well}.tif"})
    assert rows(parsed, "file", "len_x", "len_y") == [
        ("A01.tif", 9.0, 6.0),
        ("A02.tif", 9.0, 6.0),
    ]


def test_pages_are_planes(tmp_path: Path) -> None:
    """Pages that no tag explains are planes, beside a channel with one page."""
    folder = write(tmp_path, ["A01_w1.tif"], pages=3, metadata=None)
    write(tmp_path, ["A01_w2.tif"])
    parsed = parse(folder, {"pattern": "{well}_w{channel:d}.tif"})
    assert rows(parsed, "file", "plane", "c", "z") == [
        ("A01_w1.tif", 0, 0, 0.0),
        ("A01_w1.tif", 1, 0, 1.0),
        ("A01_w1.tif", 2, 0, 2.0),
        ("A01_w2.tif", 0, 1, 0.0),
    ]
    assert find(parsed, "pages_guessed").message == (
        "1 files hold several pages and no tag says what they are; they are taken for "
        "planes in the order of the file. Split the files if they are not."
    )


def test_hyperstacks(tmp_path: Path) -> None:
    """The pages of an ImageJ hyperstack are channels, planes and time points."""
    pixels = np.zeros((2, 3, 2, Y, X), dtype=np.uint16)
    axes = {"axes": "TZCYX", "unit": "um", "spacing": 1.5}
    path = tmp_path / "A01.tif"
    tifffile.imwrite(path, pixels, imagej=True, resolution=(4, 4), metadata=axes)
    parsed = parse(str(tmp_path), {"pattern": "{well}.tif"})
    assert rows(parsed, "t", "c", "z", "plane") == [
        (float(t), c, float(z), c + 2 * z + 6 * t)
        for t in range(2)
        for c in range(2)
        for z in range(3)
    ]
    assert (parsed.details.pixelsize, parsed.details.z_spacing) == (0.25, 1.5)


@pytest.mark.parametrize(
    ("imagej", "message"),
    [
        pytest.param(
            True,
            "A01_z1_t1.tif holds 3 pages along z, and the pattern {pattern!r} tells "
            "{z} as well. Take {z} out of the pattern (write {_} there), or split the "
            "files.",
            id="told",
        ),
        pytest.param(
            False,
            "A01_z1_t1.tif holds 3 pages, expected one: the pattern {pattern!r} tells "
            "z and t of every file. Take {z} out where the pages are planes, {t} where "
            "they are time points.",
            id="untold",
        ),
    ],
)
def test_pages_and_names_tell_the_same(
    tmp_path: Path, imagej: bool, message: str
) -> None:
    """Planes in the pages and in the names are an error."""
    pattern = "{well}_z{z:d}_t{t:d}.tif"
    pixels = np.zeros((3, Y, X), dtype=np.uint16)
    metadata = {"axes": "ZYX"} if imagej else None
    tifffile.imwrite(
        tmp_path / "A01_z1_t1.tif",
        pixels,
        imagej=imagej,
        metadata=metadata,
        photometric="minisblack",
    )
    with pytest.raises(ParserError) as caught:
        parse(str(tmp_path), {"pattern": pattern})
    assert str(caught.value) == message.replace("{pattern!r}", repr(pattern))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {},
            "The format pattern needs the option pattern. Give it, e.g. "
            "'{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif'.",
            id="none",
        ),
        pytest.param(
            {"pattern": "{well}.tif", "gird": 1},
            "Option 'gird' is unknown to the format pattern. Known are pattern, grid, "
            "positions, projections.",
            id="unknown",
        ),
        pytest.param(
            {
                "pattern": "{well}.tif",
                "grid": {"rows": 2, "columns": 3},
                "positions": "p.csv",
            },
            "The options grid and positions both say where the fields lie. Keep one.",
            id="both",
        ),
        pytest.param(
            {"pattern": "{well}.tif", "projections": "only"},
            "projections: only was asked for, and file names do not tell projections "
            "apart. Take it out, and write the pattern so that it matches those files.",
            id="projections",
        ),
        pytest.param(
            {"pattern": "{well}.tif", "grid": {"rows": 0, "columns": 3}},
            "The options of format pattern cannot be used: grid.rows: expected at "
            "least 1, got 0. Correct them in the acquisition's options.",
            id="grid",
        ),
    ],
)
def test_options(tmp_path: Path, options: dict[str, object], message: str) -> None:
    """Options that are unknown, absent or contradict each other are an error."""
    with pytest.raises(ParserError) as caught:
        parse(write(tmp_path, ["B03.tif"]), options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("pattern", "name", "message"),
    [
        pytest.param(
            "{row:[A-Z]+}{column:d}.tif",
            "ZZ1.tif",
            "ZZ1.tif: part {row} of the pattern: row 'ZZ' is outside A..AV (1..48). "
            "Mend the pattern so that {row} takes the right text, or so that this file "
            "does not match.",
            id="row",
        ),
        pytest.param(
            "{well}_z{z:[0-9.]+}.tif",
            "B03_z1.5.tif",
            "B03_z1.5.tif: part {z} of the pattern: '1.5' is not a whole number. Mend "
            "the pattern so that {z} takes the right text, or so that this file does "
            "not match.",
            id="z",
        ),
        pytest.param(
            "{image_path}.tif",
            "a#1.tif",
            "a#1.tif: part {image_path} of the pattern: name 'a#1' must be 1 to 100 "
            "letters, digits or '._ -', beginning with a letter or digit and not "
            "ending in a space or dot. Mend the pattern so that {image_path} takes the "
            "right text, or so that this file does not match.",
            id="image-path",
        ),
    ],
)
def test_texts_that_cannot_be_read(
    tmp_path: Path, pattern: str, name: str, message: str
) -> None:
    """A text that is no well, number or name is an error naming file and part."""
    with pytest.raises(ParserError) as caught:
        parse(write(tmp_path, [name]), {"pattern": pattern})
    assert str(caught.value) == message


def test_two_plates(tmp_path: Path) -> None:
    """Two plates in one folder are an error naming both."""
    folder = write(tmp_path, ["P1_A01.tif", "P2_A02.tif"])
    with pytest.raises(ParserError) as caught:
        parse(folder, {"pattern": "{plate}_{well}.tif"})
    assert str(caught.value) == (
        "pattern '{plate}_{well}.tif': {plate} is 'P1' in P1_A01.tif and 'P2' in "
        "P2_A02.tif, expected one plate. Write the plate's name into the pattern in "
        "place of {plate}, one config per plate."
    )


@pytest.mark.parametrize(
    "make", [lambda p: p / "nowhere", lambda p: p / "B03.tif"], ids=["absent", "file"]
)
def test_no_folder(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """A path that is no folder is an error naming it."""
    write(tmp_path, ["B03.tif"])
    path = str(make(tmp_path))
    with pytest.raises(ParserError) as caught:
        parse(path, {"pattern": "{well}.tif"})
    assert str(caught.value).startswith(path)


def test_urls(tmp_path: Path) -> None:
    """A folder behind a URL is read as a local one."""
    folder = write(tmp_path, ["B03_s1.tif", "in/B03_s2.tif"])
    parsed = parse(f"file://{folder}", {"pattern": "{well}_s{field:d}.tif"})
    assert parsed.resource == f"file://{folder}"
    assert rows(parsed, "file", "len_x") == [("B03_s1.tif", 9.0)]


def test_only_needed_headers_are_read(tmp_path: Path) -> None:
    """With a grid, one header per channel is read; all other files may be anything."""
    folder = write(tmp_path, ["A01_s1_w1.tif", "A01_s1_w2.tif"])
    for well, s in product(("A01", "P11"), range(2, 200)):
        (tmp_path / f"{well}_s{s}_w1.tif").write_bytes(b"")
    options = {
        "pattern": "{well}_s{field:d}_w{channel:d}.tif",
        "grid": {"rows": 10, "columns": 20},
    }
    assert len(parse(folder, options).table) == 2 + 2 * 198


def test_real_plate(real_data: Path) -> None:
    """An ImageXpress export is read by its names as by its metadata."""
    options = {
        "pattern": "TimePoint_{t:d}/ZStep_{z:d}/{plate}_{well}_s{field:d}_w{channel:d}"
        ".tif"
    }
    parsed = parse(str(real_data / "imagexpress/9987_Plate_3433"), options)
    assert parsed.plate_name == "9987"
    assert len(parsed.table) == 32
    assert set(rows(parsed, "row", "column")) == {(1, 1), (1, 2)}
    assert parsed.details.pixelsize == pytest.approx(1.3672)
    places = set(rows(parsed, "row", "column", "fov", "x", "y"))
    assert len(places) == 4
