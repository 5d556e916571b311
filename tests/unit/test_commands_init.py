"""A commented config for a folder of tiles."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml

from tiles2zarr.__main__ import main
from tiles2zarr.commands.gaps import find_gaps
from tiles2zarr.commands.init import init
from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.parsers.peek import plate_name


def load(text: str) -> Config:
    """Return the one config in a text."""
    (config,) = load_configs(yaml.safe_load(text), plate_name).values()
    return config


def plate(folder: Path, *names: str) -> str:
    """Write a small TIFF at every name; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        tifffile.imwrite(folder / name, np.zeros((6, 9), np.uint8))
    return str(folder)


def test_known_format(tmp_path: Path) -> None:
    """The format found and the folder's name stand in the config."""
    folder = tmp_path / "Plate 7"
    folder.mkdir()
    (folder / "Index.idx.xml").write_text("<Data><Plates/></Data>")
    text = init(str(folder))
    config = load(text)
    assert config.plate is not None
    assert (config.name, config.plate.name) == ("Plate 7", "Plate 7")
    (acquisition,) = config.acquisitions
    assert acquisition.format == "operetta"
    assert acquisition.path == (str(folder),)
    assert text.startswith(f"# Config for {folder}\n")
    assert "pattern" not in text


def test_name_in_the_metadata(tmp_path: Path) -> None:
    """The vendor's name of the plate comes before the folder's, cleaned."""
    folder = tmp_path / "run"
    folder.mkdir()
    plates = "<Plates><Plate><Name>Zelle #7</Name></Plate></Plates>"
    (folder / "Index.idx.xml").write_text(f"<Data>{plates}</Data>")
    assert load(init(str(folder))).name == "Zelle _7"


def test_proposed_pattern(tmp_path: Path) -> None:
    """Without a format there is a pattern, its parts in words, and more hints."""
    names = [f"P9 {w}_f{s}_c1.tif" for w in ("B03", "C11") for s in range(1, 7)]
    text = init(plate(tmp_path / "raw", *names))
    (acquisition,) = load(text).acquisitions
    assert acquisition.format == "pattern"
    assert acquisition.options.pattern == "{plate} {well}_f{field:d}_c{channel:d}.tif"
    assert load(text).name == "P9"
    comments = [
        "      # 12 of 12 images match; please check the parts:",
        "      #   plate: plate, always P9",
        "      #   well: well, 2 values: B03, C11",
        "      #   field: field of view, 6 values: 1, 2, 3, 4 ...",
        "      #   channel: channel, always 1",
        "      # FILL IN: how the 6 fields of a well lie, one of the next lines; "
        "nothing is converted without",
        "      # grid: {rows: 2, columns: 3, order: row, overlap: 0.0}",
    ]
    assert "\n".join(comments[:5]) in text
    assert "\n".join(comments[5:]) in text


def test_proposed_pattern_converts(tmp_path: Path) -> None:
    """The config reads the folder once the proposed grid is no comment any more."""
    names = [f"{w}_f{s}.tif" for w in ("B03", "C11") for s in range(1, 7)]
    text = init(plate(tmp_path / "raw", *names)).replace("# grid:", "grid:")
    (acquisition,) = load(text).acquisitions
    options = acquisition.options.model_dump(mode="json", exclude_none=True)
    parsed = parse_acquisition(acquisition.path[0], acquisition.format, options, {})
    assert len(parsed.table) == 12
    assert sorted(set(zip(parsed.table["x"], parsed.table["y"], strict=True))) == [
        (x, y) for x in (0.0, 9.0, 18.0) for y in (0.0, 6.0)
    ]


def test_one_field_needs_no_hint(tmp_path: Path) -> None:
    """One field per well has no hint on positions, and the folder names the plate."""
    text = init(plate(tmp_path / "raw", "B03.tif", "C11.tif"))
    assert "# grid:" not in text
    assert load(text).name == "raw"


def test_planes_alike_are_told(tmp_path: Path) -> None:
    """A pattern that takes several files for one plane says so."""
    names = [f"B03_s1_{n:03d}q{n}.tif" for n in range(13)]
    assert "Several files are the same plane by it" in init(plate(tmp_path, *names))


@pytest.mark.parametrize(
    "name",
    ['a "b" \\ #c: {d}', "ünïcode 漢字", "on", "010", "x\u2028y\x07", "it's 5 %"],
)
def test_any_folder_name(tmp_path: Path, name: str) -> None:
    """Whatever a folder is called, the YAML loads and holds its path."""
    folder = plate(tmp_path / name, "B03.tif")
    assert load(init(folder)).acquisitions[0].path == (folder,)


def test_example_keys_are_valid(tmp_path: Path) -> None:
    """Every commented key of the acquisition is one that the config knows."""
    text = init(plate(tmp_path / "raw", "B03_s1.tif", "B03_s2.tif"))
    skip = (
        "please check",
        "FILL IN",
        "order: row,",
        "positions:",
        "field",
        "well",
    )
    lines = [
        line.replace("# ", "", 1)
        if line.lstrip().startswith("# ") and not any(word in line for word in skip)
        else line
        for line in text.splitlines()[4:]
    ]
    config = load("\n".join(lines).replace("pixelsize:", "pixelsize: 0.65"))
    assert config.acquisitions[0].details.pixelsize == 0.65
    assert config.acquisitions[0].details.z_spacing == 2.0
    assert config.omezarr.num_levels == 5


def test_what_the_files_do_not_tell(tmp_path: Path) -> None:
    """Plain TIFFs in two planes: pixel size, distance and places are to be filled in.

    Blank they load as not given.
    """
    names = [f"{w}_f{s}_z{z}.tif" for w in ("B03", "C11") for s in "12" for z in "12"]
    text = init(plate(tmp_path / "raw", *names))
    assert load(text).acquisitions[0].details.pixelsize is None
    assert [
        (text.splitlines()[gap.line - 1].split("#")[0].strip(), gap.text)
        for gap in find_gaps(text)
    ] == [
        (
            "",
            "how the 2 fields of a well lie, one of the next lines; nothing is "
            "converted without",
        ),
        ("pixelsize:", "size of a pixel, micrometer; left blank, 1 is taken"),
        ("z_spacing:", "distance of two planes, micrometer; left blank, 1 is taken"),
    ]
    one = init(plate(tmp_path / "one", "B03_z1.tif", "C11_z1.tif"))
    assert [gap.text.split(",")[0] for gap in find_gaps(one)] == ["size of a pixel"]


def test_what_the_tags_tell(tmp_path: Path) -> None:
    """20,000 pixels per centimetre are 0.5 micrometer: shown, and nothing to fill in.

    A first file that is damaged does not matter.
    """
    folder = tmp_path / "raw"
    plate(folder, "B02.tif")
    (folder / "B02.tif").write_bytes(b"II*\0")
    for name in ("B03.tif", "C11.tif"):
        tifffile.imwrite(
            folder / name,
            np.zeros((6, 9), np.uint8),
            resolution=(20000, 20000),
            resolutionunit="CENTIMETER",
        )
    text = init(str(folder))
    assert "    #   pixelsize: 0.5        # micrometer, as the files say\n" in text
    assert find_gaps(text) == ()


@pytest.mark.parametrize(
    ("tagged", "heights", "wanted"),
    [
        pytest.param(False, (0, 0), ["size of a pixel"], id="plain"),
        pytest.param(True, (0, 0), [], id="tagged"),
        pytest.param(True, (0, 3), ["distance of two planes"], id="stack"),
    ],
)
def test_tile_table(
    tagged: bool, heights: tuple[int, int], wanted: list[str], tmp_path: Path
) -> None:
    """A tile table tells no pixel size: the tags of its files do, or nobody."""
    resolution = {"resolution": (20000, 20000), "resolutionunit": "CENTIMETER"}
    rows = ["file_path,row,column,fov_name,start_x,start_y,start_z,length_x,length_y"]
    for number, height in enumerate(heights):
        pixels = np.zeros((6, 9), np.uint8)
        tifffile.imwrite(
            tmp_path / f"{number}.tif", pixels, **resolution if tagged else {}
        )
        rows.append(f"{number}.tif,B,{number + 1},F1,0,0,{height},9,6")
    table = tmp_path / "tiles.csv"
    table.write_text("\n".join(rows))
    gaps = find_gaps(init(str(table)))
    assert [gap.text.split(",")[0] for gap in gaps] == wanted


def test_what_to_fill_in_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`init -o` names the lines to fill in; with --json they are a list."""
    folder, file = plate(tmp_path / "raw", "B03.tif", "C11.tif"), tmp_path / "my.yaml"
    assert main(["init", folder, "-o", str(file)]) == 0
    first, gap, following = capsys.readouterr().out.splitlines()
    assert first.endswith("look through it, and fill in what the files do not tell:")
    number, text = gap.removeprefix("  line ").split(": ", 1)
    assert "pixelsize:" in file.read_text().splitlines()[int(number) - 1]
    assert following == f"next: tiles2zarr check --configfile {file}"
    main(["init", folder, "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["to_fill_in"] == [{"line": int(number), "text": text}]


def test_nothing_is_recognised(tmp_path: Path) -> None:
    """A folder without format and wells is an error that says what could be given."""
    folder = plate(tmp_path / "raw", "img1.tif", "img2.tif")
    with pytest.raises(ParserError) as caught:
        init(folder)
    assert str(caught.value) == (
        f"{folder} is of no format that is recognised, and its file names tell no "
        "wells (img1.tif, img2.tif). Give the folder that holds the images, or a tile "
        "table (CSV with file_path, row, column, fov_name, start_x, start_y, length_x, "
        "length_y)."
    )


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is an error naming it."""
    with pytest.raises(ParserError, match="nowhere is not there"):
        init(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("yokogawa/cv8000-minimal", "cellvoyager"),
        ("revvity/operetta-sonata-2f", "operetta"),
        ("imagexpress/9987_Plate_3433", "imagexpress"),
        ("scanr/scanr-3.3-1w", "scanr"),
    ],
)
def test_real_plates(real_data: Path, folder: str, found: str) -> None:
    """Real plates get configs of their format that load."""
    config = load(init(str(real_data / folder)))
    assert config.acquisitions[0].format == found
