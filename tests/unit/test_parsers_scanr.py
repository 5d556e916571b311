"""ScanR: wells by number or name, y upwards, names where there are no metadata."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.records import ParsedAcquisition, check_table
from tiles2zarr.parsers.scanr import parse
from tiles2zarr.parsers.scanr_names import read_name, read_well_names
from tiles2zarr.parsers.scanr_wells import place_wells

WIDTH, HEIGHT = 6, 4
CHANNELS = ("405 nm #1", "BF")


def _file(well: int, position: int, z: int, t: int, channel: str, prefix: str) -> str:
    return f"{prefix}--W{well:05d}--P{position:05d}--Z{z:05d}--T{t:05d}--{channel}.tif"


def _image(
    well: int,
    position: int,
    xy: tuple[float, float] | None,
    *,
    prefix: str = "X",
    title: str = "",
    czt: tuple[int, int, int] = (1, 1, 1),
    skipped: Iterable[tuple[int, int, int]] = (),
) -> str:
    """Return an Image as ScanR writes it; planes in the order z, t, c."""
    key = f"W{well}P{position}"
    c, z, t = czt
    listed = [
        (n, k, m)
        for m in range(z)
        for k in range(t)
        for n in range(c)
        if (n, m, k) not in set(skipped)
    ]
    names = "".join(
        f'<Channel ID="Channel:{key}:{n}" Name="{CHANNELS[n]}"/>' for n in range(c)
    )
    blocks = "".join(
        f'<TiffData FirstC="{n}" FirstT="{k}" FirstZ="{m}"><UUID FileName="'
        f'{_file(well, position, m, k, CHANNELS[n], prefix)}">urn:uuid:0</UUID>'
        "</TiffData>\n"
        for n, k, m in listed
    )
    place = "" if xy is None else f'PositionX="{xy[0]}" PositionY="{xy[1]}" '
    planes = "".join(
        f'<Plane DeltaT="{4.5 + 10 * k}" ExposureTime="0.{n + 1}" {place}'
        f'PositionZ="{6000 + 2.5 * m + n}" TheC="{n}" TheT="{k}" TheZ="{m}"/>\n'
        for n, k, m in listed
    )
    return (
        f'<Image ID="Image:{key}" Name="Well {well}, Position {position}{title}">'
        f'<Pixels DimensionOrder="XYCTZ" ID="Pixels:{key}" PhysicalSizeX="0.5" '
        f'PhysicalSizeY="0.5" SizeC="{c}" SizeT="{t}" SizeX="{WIDTH}" SizeY="{HEIGHT}" '
        f'SizeZ="{z}" Type="uint16">{names}{blocks}{planes}</Pixels></Image>\n'
    )


def _metadata(*content: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
        '<OME Creator="Olympus, scanR 3.3.0" '
        'xmlns="http://www.openmicroscopy.org/Schemas/OME/2013-06">\n'
        + "".join(content)
        + "</OME>\n"
    )


def _acquisition(folder: Path, *content: str, files: Iterable[str] = ()) -> Path:
    (folder / "data").mkdir()
    (folder / "data/metadata.ome.xml").write_text(_metadata(*content))
    for file in files:
        (folder / "data" / file).touch()
    return folder


def _parse(path: Path, **options: object) -> ParsedAcquisition:
    parsed = parse(str(path), options)
    check_table(parsed.table, parsed.attributes, "scanr")
    return parsed


def _rows(parsed: ParsedAcquisition, *columns: str) -> list[tuple[object, ...]]:
    return list(parsed.table[list(columns)].itertuples(index=False, name=None))


def _codes(parsed: ParsedAcquisition) -> dict[str, int]:
    return {finding.code: finding.count for finding in parsed.findings}


def _write(path: Path, shape: tuple[int, ...] = (HEIGHT, WIDTH)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.zeros(shape, np.uint16), photometric="minisblack")


PATHS = ("", "data", "data/metadata.ome.xml")


@pytest.mark.parametrize("inner", PATHS, ids=["folder", "data", "file"])
def test_real_acquisition(real_data: Path, inner: str) -> None:
    """The real plate has one tile in well B2, with y pointing up."""
    folder = real_data / "scanr/scanr-3.3-1w/1w_1p_1c_1z_1t"
    parsed = _parse(folder / inner)
    assert parsed.resource == str(folder / "data")
    assert parsed.table.drop(columns=["image_path"]).to_dict("records") == [
        {
            "file": "B2--W00014--P00001--Z00000--T00000--405 nm #1.tif",
            "plane": 0,
            "row": 1,
            "column": 1,
            "fov": "1",
            "x": 100090.0,
            "y": 61827.0,
            "z": 0.0,
            "t": 0.0,
            "c": 0,
            "len_x": 2048.0,
            "len_y": 2048.0,
            "len_z": 1.0,
            "len_t": 1.0,
            "len_c": 1,
            "status": "ok",
            "z_um": 6275.29,
            "time_s": 0.0,
            "exposure_s": 0.1,
            "source_row": 1,
        }
    ]
    assert parsed.details.pixelsize == 0.325
    assert parsed.details.stage_corrections == StageOrientation(flip_y=True)
    assert [c.channel_label for c in parsed.details.channels or ()] == ["405 nm #1"]
    assert parsed.channel_ids == ("Channel:W14P1:0",)
    assert parsed.layout == PlateLayout(rows=8, columns=12)
    assert parsed.extras == {"instrument": "Olympus, scanR 3.3.0  (r4137)"}
    assert parsed.findings == ()


def test_wells_fields_channels_planes_and_times(tmp_path: Path) -> None:
    """Tiles come by well, time, field, channel and plane, at the stage's positions."""
    wells = [(14, " (B2)"), (3, " (A3)")]
    content = [
        _image(w, p, (100.0 * p, 7.0 * w), prefix="E", title=name, czt=(2, 2, 2))
        for w, name in wells
        for p in (1, 2)
    ]
    parsed = _parse(_acquisition(tmp_path, *content))
    assert _rows(parsed, "row", "column", "t", "fov", "c", "z") == [
        (row, column, t, fov, c, z)
        for row, column in [(1, 1), (0, 2)]
        for t in (0.0, 1.0)
        for fov in ("1", "2")
        for c in (0, 1)
        for z in (0.0, 1.0)
    ]
    last = parsed.table.iloc[-1]
    assert last["file"] == _file(3, 2, 1, 1, "BF", "E")
    assert (last["x"], last["y"], last["z_um"]) == (200.0, 21.0, 6003.5)
    assert (last["time_s"], last["exposure_s"]) == (10.0, 0.2)
    assert parsed.details.z_spacing == 2.5
    assert parsed.details.t_spacing == 10.0
    assert parsed.details.start_z_coo == "pixel"
    assert _codes(parsed) == {"missing_files": 32}


def test_planes_that_were_not_acquired_are_counted(tmp_path: Path) -> None:
    """Planes absent from the index are no tiles, one file stays one plane."""
    skipped = [(0, 1, 0), (0, 2, 0), (1, 2, 0)]
    image = _image(5, 1, (1, 1), czt=(2, 3, 1), skipped=skipped)
    files = [
        _file(5, 1, z, 0, CHANNELS[c], "X")
        for c in range(2)
        for z in range(3)
        if (c, z, 0) not in skipped
    ]
    folder = _acquisition(tmp_path, image, files=[*files, "x.dat", "thumb.tif"])
    for file in files:
        _write(folder / "data" / file)
    parsed = _parse(folder)
    assert _rows(parsed, "file", "plane", "c", "z") == [
        (_file(5, 1, 0, 0, CHANNELS[0], "X"), 0, 0, 0.0),
        (_file(5, 1, 0, 0, CHANNELS[1], "X"), 0, 1, 0.0),
        (_file(5, 1, 1, 0, CHANNELS[1], "X"), 0, 1, 1.0),
    ]
    assert _codes(parsed) == {
        "other_files": 2,
        "wells_guessed": 1,
        "planes_not_acquired": 3,
    }


PLATE_WELL = '<Well ID="Well:{}" Row="{}" Column="{}">{}</Well>'
SAMPLE = '<WellSample ID="S:{0}" Index="0"><ImageRef ID="Image:{0}"/></WellSample>'


@pytest.mark.parametrize(
    ("plate", "title", "prefix", "expected", "layout", "codes"),
    [
        (
            '<Plate ID="Plate:0" Rows="16" Columns="24"/>',
            "",
            "X",
            (0, 13),
            (16, 24),
            (),
        ),
        (
            '<Plate ID="Plate:0" Rows="16" Columns="24"/>',
            " (B2)",
            "X",
            (0, 13),
            (16, 24),
            ("wells_contradicted",),
        ),
        (
            '<Plate ID="Plate:0">'
            + PLATE_WELL.format(0, 2, 3, SAMPLE.format("W14P1"))
            + "</Plate>",
            "",
            "X",
            (2, 3),
            None,
            (),
        ),
        ("", " (B2)", "X", (1, 1), (8, 12), ()),
        ("", " (C2)", "X", (2, 1), (4, 6), ()),
        ("", " (D2)", "X", (3, 1), None, ()),
        ("", " (A14)", "X", (0, 13), None, ()),
        ("", "", "B2", (1, 1), (8, 12), ()),
        ("", "", "Name", (1, 1), None, ("wells_guessed",)),
    ],
    ids=[
        "plate columns",
        "plate columns against name",
        "plate wells",
        "title",
        "title of a plate of 24 wells",
        "title of no standard plate",
        "title in row A",
        "file name",
        "guessed",
    ],
)
def test_the_well_of_a_number(
    tmp_path: Path,
    plate: str,
    title: str,
    prefix: str,
    expected: tuple[int, int],
    layout: tuple[int, int] | None,
    codes: Sequence[str],
) -> None:
    """Well 14 is found by the plate, else by its name, else along rows of 12."""
    image = _image(14, 1, (1, 1), prefix=prefix, title=title)
    file = _file(14, 1, 0, 0, CHANNELS[0], prefix)
    parsed = _parse(_acquisition(tmp_path, image, plate, files=[file]))
    assert _rows(parsed, "row", "column") == [expected]
    found = parsed.layout and (parsed.layout.rows, parsed.layout.columns)
    assert found == layout
    assert tuple(_codes(parsed)) == codes


def test_wells_without_a_name_follow_the_named_ones(tmp_path: Path) -> None:
    """Names of two wells tell the columns of the plate, and so all other wells."""
    content = [
        _image(30, 1, (1, 1), title=" (B06)"),
        _image(51, 1, (1, 1)),
        _image(24, 1, (1, 1), title=" (A24)"),
    ]
    parsed = _parse(_acquisition(tmp_path, *content))
    assert _rows(parsed, "row", "column") == [(1, 5), (2, 2), (0, 23)]
    assert parsed.layout == PlateLayout(rows=16, columns=24)
    assert _codes(parsed) == {"missing_files": 3}


def test_guessed_wells_are_told(tmp_path: Path) -> None:
    """Where nothing tells the plate, 12 columns are a guess with a finding."""
    folder = _acquisition(tmp_path, _image(14, 1, (1, 1)), _image(12, 1, (1, 1)))
    guessed = _parse(folder).findings[1]
    assert guessed.message == (
        "Rows and columns of 2 wells are counted along rows of 12, because neither "
        "plate nor names tell them (well 12 is A12). On another plate than 96 wells "
        "that is wrong; use format: pattern there."
    )
    assert guessed.wells == ("A12", "B02")


@pytest.mark.parametrize(
    ("numbers", "told", "named", "message"),
    [
        (
            [0],
            {},
            {},
            "x: well number 0 is not on a plate of 8 rows and 12 columns. Correct the "
            "plate's columns in the metadata, or describe the names with format: "
            "pattern.",
        ),
        (
            [7, 5],
            {5: (0, 1), 7: (0, 1)},
            {},
            "x: wells number 5 and 7 are both A02. Correct the wells in the metadata, "
            "or describe the names with format: pattern.",
        ),
    ],
    ids=["no well", "one well twice"],
)
def test_impossible_wells(
    numbers: Sequence[int],
    told: Mapping[int, tuple[int, int]],
    named: Mapping[int, tuple[int, int]],
    message: str,
) -> None:
    """Two numbers are never one well, and a number is always on the plate."""
    with pytest.raises(ParserError) as caught:
        place_wells(numbers, told, named, None, "x")
    assert str(caught.value) == message


def test_names_that_are_not_those_of_wells() -> None:
    """An experiment called A1 is not the well of all its tiles."""
    assert read_well_names([(1, "A1"), (14, "B2"), (14, "b02"), (3, "C")]) == {
        1: (0, 0),
        14: (1, 1),
    }
    assert read_well_names([(1, "A1"), (2, "A1")]) == {}
    assert read_well_names([(1, "A1"), (1, "A2")]) == {}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "B2--W00014--P00001--Z00003--T00002--405 nm #1.tif",
            ("B2", 14, 1, 3, 2, "405 nm #1"),
        ),
        ("a--b--W1--P2--Z0--T0--x--y.TIFF", ("a--b", 1, 2, 0, 0, "x--y")),
        ("B2--W00014--P00001--Z00003--T00002.tif", None),
        ("B2--W00014--P00001--Z00003--T00002--DAPI.png", None),
        ("B2-W00014-P00001-Z00003-T00002-DAPI.tif", None),
    ],
)
def test_names_of_tiles(file: str, expected: tuple[object, ...] | None) -> None:
    """A name holds well, position, plane, time point and channel."""
    name = read_name(file)
    assert name == (None if expected is None else (file, *expected))


@pytest.mark.parametrize("inner", ["", "data"])
def test_names_alone(tmp_path: Path, inner: str) -> None:
    """Without metadata wells, planes, times and channels come from the names."""
    for prefix, well, position in [("B2", 14, 1), ("A3", 3, 7)]:
        for t in (4, 5):
            for channel in ("GFP", "DAPI"):
                for z in (1, 2):
                    name = _file(well, position, z, t, channel, prefix)
                    _write(tmp_path / inner / name)
    (tmp_path / inner / "overview.tif").touch()
    parsed = _parse(tmp_path)
    assert _rows(parsed, "row", "column", "fov", "t", "c", "z", "x", "y") == [
        (row, column, fov, t, c, z, 0.0, 0.0)
        for row, column, fov in [(0, 2, "7"), (1, 1, "1")]
        for t in (0.0, 1.0)
        for c in (0, 1)
        for z in (0.0, 1.0)
    ]
    assert parsed.table["file"][2] == _file(3, 7, 1, 4, "GFP", "A3")
    assert set(parsed.table["len_x"]) == {6.0}
    assert set(parsed.table["len_y"]) == {4.0}
    assert parsed.channel_ids == ("DAPI", "GFP")
    assert parsed.layout == PlateLayout(rows=8, columns=12)
    assert parsed.details.stage_corrections.flip_y
    assert [finding.message for finding in parsed.findings] == [
        f"1 files in {parsed.resource} are no tiles of the metadata and are left out "
        "(1 .tif), e.g. overview.tif.",
        f"{parsed.resource} holds no metadata.ome.xml, so the z spacing is not known "
        "and 1 micrometer is assumed. Set details.z_spacing.",
    ]


def test_a_tile_as_path_stands_for_its_folder(tmp_path: Path) -> None:
    """The path of a tile is read like its folder."""
    name = _file(14, 1, 0, 0, "BF", "B2")
    _write(tmp_path / name)
    assert _rows(_parse(tmp_path / name), "file", "row", "column") == [(name, 1, 1)]


def test_names_alone_tell_no_positions(tmp_path: Path) -> None:
    """Several fields in a well need positions, which no name holds."""
    for well, position in [(1, 1), (14, 1), (14, 2), (14, 3)]:
        _write(tmp_path / _file(well, position, 0, 0, "BF", "X"))
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} holds no metadata.ome.xml, and file names tell no positions: 1 "
        "wells have several fields, e.g. well 14 has 3. Copy metadata.ome.xml from the "
        "instrument, use format: pattern with a grid, or set the option "
        "without_positions to row to lay the fields side by side."
    )


def test_the_first_tile_must_be_readable(tmp_path: Path) -> None:
    """Without metadata the size of tiles comes from the first file."""
    path = tmp_path / _file(1, 1, 0, 0, "BF", "X")
    path.write_bytes(b"II*\0rubbish")
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value).startswith(f"{path} cannot be read: ")
    assert str(caught.value).endswith("copy it again from the instrument.")


def test_fields_without_positions(tmp_path: Path) -> None:
    """Metadata without positions are an error, or fields side by side if asked for."""
    folder = _acquisition(tmp_path, _image(14, 1, None), _image(14, 2, None))
    with pytest.raises(ParserError, match="well B02 has several fields, but their"):
        _parse(folder)
    parsed = _parse(folder, without_positions="row", projections="keep")
    assert _rows(parsed, "fov", "x", "y") == [("1", 0.0, 0.0), ("2", 3.0, 0.0)]


def test_other_options_are_refused(tmp_path: Path) -> None:
    """An option of another format is an error that lists the known ones."""
    with pytest.raises(ParserError) as caught:
        _parse(_acquisition(tmp_path, _image(1, 1, (1, 1))), plate="P1")
    assert str(caught.value) == (
        "option 'plate' is unknown to the format scanr; known: projections, "
        "without_positions. Correct or delete it."
    )


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    """A folder without metadata and tiles says what was expected."""
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} should hold metadata.ome.xml or tiles named like "
        "B2--W00014--P00001--Z00000--T00000--DAPI.tif, in it or in one folder below; "
        "found in: none. Give the folder of one acquisition as path."
    )


def test_ids_of_another_program(tmp_path: Path) -> None:
    """Image ids that do not tell the well are an error that names the other format."""
    image = _image(14, 1, (1, 1)).replace('"Image:W14P1"', '"Image:0"')
    folder = _acquisition(tmp_path, image)
    with pytest.raises(ParserError) as caught:
        _parse(folder)
    assert str(caught.value) == (
        f"{folder}/data/metadata.ome.xml, line 3, element Image: ID is 'Image:0', "
        "expected well and position like Image:W14P1. If another program wrote the "
        "file, use format: ome_xml."
    )


_FUZZED = _metadata(
    _image(14, 1, (1.5, 2), title=" (B2)", czt=(2, 2, 1)),
    _image(15, 2, (3, -2), title=" (B3)"),
    '<Plate ID="Plate:0" Rows="8" Columns="12"/>',
).encode()


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    at=st.integers(0, len(_FUZZED) - 1),
    cut=st.integers(0, 12),
    new=st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b"9" * 14, b"-1", b"1e308", b"", b'"', b"/>", b"\xff", b"nan"]
        ),
    ),
)
def test_damaged_metadata_give_one_error(
    tmp_path: Path, at: int, cut: int, new: bytes
) -> None:
    """Whatever is done to the bytes, the outcome is tiles or one of our errors."""
    path = tmp_path / "metadata.ome.xml"
    path.write_bytes(_FUZZED[:at] + new + _FUZZED[at + cut :])
    with contextlib.suppress(Tiles2ZarrError):
        assert len(_parse(path).table) > 0


@pytest.mark.parametrize("at", range(1, len(_FUZZED) - 8, 101))
def test_metadata_cut_short_are_damaged(tmp_path: Path, at: int) -> None:
    """A half-written index is one error that says so."""
    path = tmp_path / "metadata.ome.xml"
    path.write_bytes(_FUZZED[:at])
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert "not well-formed XML" in str(caught.value)


def test_an_acquisition_among_other_folders(tmp_path: Path) -> None:
    """The only acquisition below is found; two are named, with what to give."""
    name = _file(14, 1, 0, 0, "BF", "B2")
    for folder in ("b", "a/analysis", "a/exp/data"):
        (tmp_path / folder).mkdir(parents=True)
    tifffile.imwrite(tmp_path / "a/exp/data" / name, np.zeros((HEIGHT, WIDTH)))
    assert _parse(tmp_path).table["file"].tolist() == [name]
    (tmp_path / "b/data").mkdir()
    (tmp_path / "b" / name).touch()
    (tmp_path / "a" / name).touch()
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} should hold metadata.ome.xml or tiles named like "
        "B2--W00014--P00001--Z00000--T00000--DAPI.tif, in it or in one folder below; "
        f"found in: {tmp_path}/a, {tmp_path}/b. Give the folder of one acquisition as "
        "path, or, for a plate saved as one folder per read, list their folders as "
        "path with on_repeat: time."
    )
