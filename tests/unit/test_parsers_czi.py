"""CZI: scenes to wells or images, mosaics, pixels by the numbers of their planes."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from tests.unit.container_samples import (
    METADATA_POSITION,
    CziTile,
    czi_xml,
    write_czi,
)
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.loaders import open_source
from tiles2zarr.models.loader import FileLoader
from tiles2zarr.parsers.records import ParsedAcquisition, check_table
from tiles2zarr.parsers.zeiss_czi import parse
from tiles2zarr.parsers.zeiss_czi_metadata import read_metadata
from tiles2zarr.parsers.zeiss_czi_tiles import CziTile as DirectoryTile
from tiles2zarr.parsers.zeiss_czi_tiles import make_image

pytest.importorskip("pylibCZIrw", reason="the extra czi is not installed")

HEIGHT, WIDTH = 8, 10
SCALING = "".join(
    f'<Distance Id="{axis}"><Value>{size}</Value></Distance>'
    for axis, size in (("X", 5e-7), ("Y", 5e-7), ("Z", 2e-6))
)
CHANNELS = (
    '<Channels><Channel Id="Channel:0" Name="DAPI">'
    "<EmissionWavelength>461</EmissionWavelength><Color>#FF0000FF</Color>"
    "<ExposureTime>20000000</ExposureTime></Channel>"
    '<Channel Id="Channel:1" Name="GFP"/></Channels>'
)


def _scene(index: int, name: str, inner: str = "") -> str:
    return f'<Scene Index="{index}" Name="{name}">{inner}</Scene>'


def _xml(*scenes: str, times: str = "", heights: str = "") -> str:
    return czi_xml(
        "<AcquisitionDateAndTime>2024-01-02T03:04:05.1234567Z</AcquisitionDateAndTime>"
        f"<Dimensions>{CHANNELS}<S><Scenes>{''.join(scenes)}</Scenes></S>"
        f"<T><Positions><Interval>{times}</Interval></Positions></T>"
        f"<Z><Positions><Interval>{heights}</Interval></Positions></Z></Dimensions>",
        SCALING,
        '<Channel Id="Channel:1"><Color>#FF00FF00</Color></Channel>',
    )


def _tile(value: int, scene: int = 0, x: int = 0, y: int = 0, **plane: int) -> CziTile:
    return CziTile(scene, (x, y), plane, np.full((HEIGHT, WIDTH), value, np.uint16))


def _parse(path: Path, **options: object) -> ParsedAcquisition:
    parsed = parse(str(path), options)
    check_table(parsed.table, parsed.attributes, "czi")
    return parsed


def _rows(parsed: ParsedAcquisition, *columns: str) -> list[tuple[object, ...]]:
    return list(parsed.table[list(columns)].itertuples(index=False, name=None))


def _codes(parsed: ParsedAcquisition) -> dict[str, int]:
    return {finding.code: finding.count for finding in parsed.findings}


def _values(parsed: ParsedAcquisition) -> list[int]:
    """Return the one value of each row's pixels."""
    values = []
    for file, plane in _rows(parsed, "file", "plane"):
        with open_source(str(file), parsed.resource, FileLoader()) as source:
            pixels = source.read(int(str(plane)))
        assert np.unique(pixels).size == 1
        values.append(int(pixels[0, 0]))
    return values


def _plate(folder: Path) -> Path:
    """Write two wells of mosaics (2 tiles side by side), 2 channels, 3 planes."""
    tiles = [
        _tile(1000 * s + 100 * c + 10 * z + m, s, 200 * s + WIDTH * m, 6, C=c, Z=z)
        for z in range(3)
        for c in range(2)
        for s in range(2)
        for m in range(2)
    ]
    scenes = (
        _scene(
            0,
            "P1",
            "<ArrayName>B12</ArrayName><CenterPosition>1000,2000</CenterPosition>",
        ),
        _scene(1, "C3-1", "<CenterPosition>1100,2000</CenterPosition>"),
    )
    heights = "<Start>40</Start><Increment>2</Increment>"
    return write_czi(folder / "plate.czi", tiles, _xml(*scenes, heights=heights))


def test_scenes_are_wells(tmp_path: Path) -> None:
    """A scene's array, or its own name, tells the well; mosaic tiles are fields."""
    parsed = _parse(_plate(tmp_path))
    found = dict.fromkeys(_rows(parsed, "row", "column", "fov", "x", "y"))
    assert list(found) == [
        (1, 11, "S1M0", 995.0, 1998.0),
        (1, 11, "S1M1", 1000.0, 1998.0),
        (2, 2, "S1M0", 1095.0, 1998.0),
        (2, 2, "S1M1", 1100.0, 1998.0),
    ]
    assert set(_rows(parsed, "len_x", "len_y")) == {(10.0, 8.0)}
    assert parsed.findings == ()


def test_planes_are_found_by_their_numbers(tmp_path: Path) -> None:
    """The reader returns for each row's plane the pixels of its well, tile, c and z."""
    parsed = _parse(_plate(tmp_path))
    wanted = [
        1000 * (row == 2) + 100 * c + 10 * int(z) + int(str(fov)[-1])
        for row, c, z, fov in _rows(parsed, "row", "c", "z", "fov")
    ]
    assert _values(parsed) == wanted
    assert len(wanted) == 24


def test_metadata(tmp_path: Path) -> None:
    """Sizes, channels, heights, exposure and start are those of the file."""
    parsed = _parse(_plate(tmp_path))
    details = parsed.details
    assert (details.pixelsize, details.z_spacing) == (0.5, 2.0)
    assert details.channels is not None
    assert [(c.channel_label, c.wavelength_id, c.colors) for c in details.channels] == [
        ("DAPI", "461", "0000FF"),
        ("GFP", None, "00FF00"),
    ]
    assert dict(_rows(parsed, "z", "z_um")) == {0.0: 40.0, 1.0: 42.0, 2.0: 44.0}
    exposures = parsed.table[parsed.table["c"] == 0]["exposure_s"]
    assert exposures.tolist() == pytest.approx([0.02] * 12)
    assert parsed.start_time == 1704164645123  # 2024-01-02 03:04:05.123 UTC


def test_scenes_without_wells_are_images(tmp_path: Path) -> None:
    """Scenes of other names become single images, named by file and scene."""
    tiles = [_tile(7, 0, 0, 0, T=t) for t in range(2)] + [_tile(9, 1, 400, 0, T=0)]
    scenes = (_scene(0, "P1"), _scene(1, "left: top"))
    xml = _xml(*scenes, times="<Start>0</Start><Increment>30</Increment>")
    parsed = _parse(write_czi(tmp_path / "brain.czi", tiles, xml))
    assert _rows(parsed, "image_path", "fov", "t", "time_s") == [
        ("brain_P1", "1", 0.0, 0.0),
        ("brain_P1", "1", 1.0, 30.0),
        ("brain_left_ top", "1", 0.0, 0.0),
    ]
    assert parsed.details.t_spacing == 30.0
    assert _values(parsed) == [7, 7, 9]


def test_positions_may_be_fields_of_one_image(tmp_path: Path) -> None:
    """With positions: fields all scenes of a file are fields of one image."""
    tiles = [_tile(s, s, 20 * s, 40 * s) for s in range(2)]
    path = write_czi(tmp_path / "a.czi", tiles, _xml(_scene(0, "P1"), _scene(1, "P2")))
    parsed = _parse(path, positions="fields")
    assert _rows(parsed, "image_path", "fov", "x", "y") == [
        ("a", "1", 0.0, 0.0),
        ("a", "2", 10.0, 20.0),
    ]


def test_stage_is_not_used_if_scenes_disagree(tmp_path: Path) -> None:
    """Centres that do not fit the file's coordinates leave these as they are."""
    tiles = [_tile(s, s, 0, 400 * s) for s in range(2)]
    scenes = (
        _scene(0, "A1-1", "<CenterPosition>0,0</CenterPosition>"),
        _scene(1, "A2-1", "<CenterPosition>0,-200</CenterPosition>"),
    )
    parsed = _parse(write_czi(tmp_path / "a.czi", tiles, _xml(*scenes)))
    assert _rows(parsed, "x", "y") == [(0.0, 0.0), (0.0, 200.0)]


def test_overlapping_tiles(tmp_path: Path) -> None:
    """Where mosaic tiles overlap the later one's pixels stand in both, and it is said.

    Pasted in table order the mosaic is the same.
    """
    tiles = [_tile(1, 0, 0, 0), _tile(2, 0, 8, 0)]
    parsed = _parse(write_czi(tmp_path / "a.czi", tiles, _xml()))
    assert _codes(parsed) == {"mosaic_overlap": 2}
    with open_source("a.czi", parsed.resource, FileLoader()) as source:
        first, second = source.read(0), source.read(1)
    assert first[0].tolist() == [1] * 8 + [2] * 2
    assert second[0].tolist() == [2] * 10


def test_colour_becomes_three_channels(tmp_path: Path) -> None:
    """A colour image gives red, green and blue, which the file stores blue first."""
    blue_first = np.stack(
        [np.full((HEIGHT, WIDTH), v, np.uint8) for v in (30, 20, 10)], axis=-1
    )
    tile = CziTile(0, (0, 0), {}, blue_first)
    parsed = _parse(write_czi(tmp_path / "rgb.czi", [tile], czi_xml(scaling=SCALING)))
    assert parsed.details.channels is not None
    assert [c.channel_label for c in parsed.details.channels] == [
        "red",
        "green",
        "blue",
    ]
    assert _values(parsed) == [10, 20, 30]


def test_tiles_may_differ_in_size(tmp_path: Path) -> None:
    """The header tells the shape of each plane, the table that of each tile."""
    small = CziTile(1, (100, 0), {}, np.full((4, 6), 5, np.uint16))
    path = write_czi(
        tmp_path / "a.czi", [_tile(1), small], _xml(_scene(0, "x"), _scene(1, "y"))
    )
    parsed = _parse(path)
    assert _rows(parsed, "len_y", "len_x") == [(8.0, 10.0), (4.0, 6.0)]
    with open_source("a.czi", parsed.resource, FileLoader()) as source:
        header = source.header
        assert source.read(1).shape == (4, 6)
    shapes = [(header.at(plane).y, header.at(plane).x) for plane in range(2)]
    assert shapes == [(8, 10), (4, 6)]


def test_extra_axes_are_left_out() -> None:
    """Phases beyond the first have no place in an image; they keep their numbers."""
    tiles = [
        DirectoryTile({"C": c, "H": h}, None, 0, 0, WIDTH, HEIGHT, "Gray16")
        for h in range(3)
        for c in range(2)
    ]
    image = make_image("a.czi", tiles, read_metadata(czi_xml(), "a.czi"))
    assert [(f.code, f.count) for f in image.findings] == [("extra_dimensions", 4)]
    assert image.planes[["plane", "c"]].to_numpy().tolist() == [[0, 0], [3, 1]]


def test_unknown_pixels() -> None:
    """A pixel type that cannot be read is named with those that can."""
    tile = DirectoryTile({}, None, 0, 0, WIDTH, HEIGHT, "Gray64ComplexFloat")
    with pytest.raises(ParserError) as caught:
        make_image("a.czi", [tile], read_metadata(czi_xml(), "a.czi"))
    assert str(caught.value) == (
        "a.czi: its pixels are of the type Gray64ComplexFloat, expected one of Gray8, "
        "Gray16, Gray32Float, Bgr24, Bgr48, Bgr96Float. Export it with one of these "
        "types."
    )


def test_metadata_without_sizes() -> None:
    """A file that tells nothing has no sizes, channels or scenes."""
    metadata = read_metadata(czi_xml(), "a.czi")
    assert metadata.sizes_um == (None, None)
    assert (metadata.z_um, metadata.t_s, metadata.start_ms) == (None, None, None)
    assert metadata.channels == {}
    assert metadata.scenes == {}


@pytest.mark.parametrize(
    ("inner", "name", "well"),
    [
        ("<ArrayName>B2</ArrayName>", "P7", (1, 1)),
        ("", "AB48-3", (27, 47)),
        (
            "<Shape><RowIndex>2</RowIndex><ColumnIndex>5</ColumnIndex></Shape>",
            "",
            (1, 4),
        ),
        ("", "P1", None),
        ("<ArrayName>TR1x</ArrayName>", "Scene", None),
        ("<ArrayName>A0</ArrayName>", "A99-1", None),
    ],
    ids=["array", "name", "indices", "position", "no well", "outside"],
)
def test_well_of_a_scene(inner: str, name: str, well: tuple[int, int] | None) -> None:
    """The array's name counts first, then the scene's, then row and column."""
    xml = czi_xml(
        f"<Dimensions><S><Scenes>{_scene(0, name, inner)}</Scenes></S></Dimensions>"
    )
    assert read_metadata(xml, "a.czi").scenes[0].well == well


def test_damaged_xml(tmp_path: Path) -> None:
    """XML that is cut short is an error that names the file."""
    path = write_czi(tmp_path / "a.czi", [_tile(1)], _xml()[:-30])
    with pytest.raises(ParserError, match=r"a\.czi is no intact CZI file"):
        _parse(path)
    with pytest.raises(ParserError) as caught:
        read_metadata("<ImageDocument><Metadata></ImageDocument>", "a.czi")
    assert str(caught.value) == (
        "a.czi, line 1: not well-formed XML (mismatched tag). The file is damaged or "
        "incomplete; copy it again from the instrument."
    )


def test_foreign_file(tmp_path: Path) -> None:
    """Text with the ending .czi is told from a damaged file."""
    (tmp_path / "a.czi").write_text("not an image")
    with pytest.raises(ParserError) as caught:
        _parse(tmp_path / "a.czi")
    assert str(caught.value) == (
        f"{tmp_path}/a.czi is no CZI file, it begins with b'not an ima'. Copy it again "
        "from the instrument, or rename it."
    )


def test_cut_files_are_errors(tmp_path: Path) -> None:
    """A file cut at any place is an error of this package, or whole in what is read."""
    content = _plate(tmp_path).read_bytes()
    path = tmp_path / "cut.czi"
    for stop in range(0, len(content), len(content) // 40):
        path.write_bytes(content[:stop])
        with contextlib.suppress(Tiles2ZarrError):
            _parse(path)


def test_damaged_header_is_an_error(tmp_path: Path) -> None:
    """Wrong places in a file's header are errors of this package."""
    content = bytearray(_plate(tmp_path).read_bytes())
    path = tmp_path / "bad.czi"
    for place in range(METADATA_POSITION - 8, METADATA_POSITION + 8):
        changed = content.copy()
        changed[place] ^= 0x55
        path.write_bytes(bytes(changed))
        with contextlib.suppress(Tiles2ZarrError):
            _parse(path)
