"""LIF: images of a project to wells or images, pixels by the numbers of planes."""

import contextlib
from pathlib import Path

import numpy as np
import pytest

from tests.unit.container_samples import LifImage, channel_xml, write_lif
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.loaders import open_source
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.loader import FileLoader
from tiles2zarr.parsers.leica_lif import parse
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

pytest.importorskip("liffile", reason="the extra lif is not installed")


def _pixels(*shape: int, start: int = 0, dtype: str = "uint16") -> np.ndarray:
    return np.arange(start, start + np.prod(shape)).astype(dtype).reshape(shape)


def _parse(path: Path, **options: object) -> ParsedAcquisition:
    parsed = parse(str(path), options)
    check_table(parsed.table, parsed.attributes, "lif")
    return parsed


def _rows(parsed: ParsedAcquisition, *columns: str) -> list[tuple[object, ...]]:
    return list(parsed.table[list(columns)].itertuples(index=False, name=None))


def _codes(parsed: ParsedAcquisition) -> dict[str, int]:
    return {finding.code: finding.count for finding in parsed.findings}


def _planes(parsed: ParsedAcquisition) -> list[np.ndarray]:
    file = str(parsed.table["file"].iloc[0])
    with open_source(file, parsed.resource, FileLoader()) as source:
        return [source.read(int(plane)) for plane in parsed.table["plane"]]


def _plate(folder: Path) -> tuple[Path, list[np.ndarray]]:
    """Write an overview, then two fields of A1 and one of B12: 2 channels, 3 planes."""
    stacks = [_pixels(2, 3, 4, 5, start=1000 * n) for n in range(3)]
    path = write_lif(
        folder / "project.lif",
        {
            "": [LifImage("overview", _pixels(6, 7, dtype="uint8"), "YX")],
            "Plate/A/1": [
                LifImage("R1", stacks[0], "CZYX"),
                LifImage("R2", stacks[1], "CZYX"),
            ],
            "Plate/B/12": [LifImage("R1", stacks[2], "CZYX")],
        },
    )
    return path, stacks


def test_images_are_fields_of_wells(tmp_path: Path) -> None:
    """Paths Plate/A/1/R1 make a plate; images beside it are left out and named."""
    parsed = _parse(_plate(tmp_path)[0])
    assert list(dict.fromkeys(_rows(parsed, "row", "column", "fov"))) == [
        (0, 0, "1"),
        (0, 0, "2"),
        (1, 11, "1"),
    ]
    assert parsed.plate_name == "Plate"
    assert _codes(parsed) == {"outside_wells": 1, "positions_unknown": 2}
    assert set(_rows(parsed, "len_x", "len_y")) == {(5.0, 4.0)}
    assert (parsed.details.pixelsize, parsed.details.z_spacing) == (0.5, 2.0)


def test_planes_are_found_by_their_numbers(tmp_path: Path) -> None:
    """The reader returns for each row's plane the pixels of its image, c and z."""
    path, stacks = _plate(tmp_path)
    parsed = _parse(path)
    wanted = {(0, "1"): stacks[0], (0, "2"): stacks[1], (1, "1"): stacks[2]}
    rows = _rows(parsed, "row", "fov", "c", "z")
    assert len(rows) == 18
    for (row, fov, c, z), pixels in zip(rows, _planes(parsed), strict=True):
        stack = wanted[int(str(row)), str(fov)]
        assert np.array_equal(pixels, stack[int(str(c)), int(float(str(z)))])


def test_images_may_be_chosen(tmp_path: Path) -> None:
    """Option images takes the images whose paths match; the rest is not looked at."""
    parsed = _parse(_plate(tmp_path)[0], images="^overview$")
    assert _rows(parsed, "image_path", "plane") == [("project_overview", 0)]
    assert np.array_equal(_planes(parsed)[0], _pixels(6, 7, dtype="uint8"))


def test_several_images_of_other_sizes(tmp_path: Path) -> None:
    """Images without wells are single images, each with its own shape."""
    path = write_lif(
        tmp_path / "a.lif",
        {
            "": [
                LifImage("one", _pixels(4, 5), "YX"),
                LifImage("two", _pixels(2, 6, 7), "TYX"),
            ]
        },
    )
    parsed = _parse(path)
    assert _rows(parsed, "image_path", "plane", "t", "time_s", "len_y", "len_x") == [
        ("a_one", 0, 0.0, pytest.approx(np.nan, nan_ok=True), 4.0, 5.0),
        ("a_two", 1, 0.0, 0.0, 6.0, 7.0),
        ("a_two", 2, 1.0, 30.0, 6.0, 7.0),
    ]
    assert [pixels.shape for pixels in _planes(parsed)] == [(4, 5), (6, 7), (6, 7)]


def test_mosaic_tiles(tmp_path: Path) -> None:
    """Tiles of a mosaic are fields at their stage positions, micrometer."""
    tiles = "".join(
        f'<Tile FieldX="{n}" FieldY="0" PosX="{0.001 + n * 2e-6}" PosY="0.002"/>'
        for n in range(3)
    )
    scan = f'<Attachment Name="TileScanInfo" FlipX="1">{tiles}</Attachment>'
    pixels = _pixels(3, 2, 4, 5)
    image = LifImage("scan", pixels, "MCYX", attachments=scan)
    parsed = _parse(write_lif(tmp_path / "a.lif", {"": [image]}))
    assert list(dict.fromkeys(_rows(parsed, "fov", "x", "y"))) == [
        ("S1M0", pytest.approx(1000.0), pytest.approx(2000.0)),
        ("S1M1", pytest.approx(1002.0), pytest.approx(2000.0)),
        ("S1M2", pytest.approx(1004.0), pytest.approx(2000.0)),
    ]
    assert parsed.details.stage_corrections == StageOrientation(flip_x=True)
    wanted = [pixels[m, c] for m in range(3) for c in range(2)]
    assert np.array_equal(_planes(parsed), wanted)
    assert _codes(parsed) == {}


def test_channels_by_dye_or_table(tmp_path: Path) -> None:
    """A dye names a channel, else the look-up table, which tells the colour too."""
    size = 4 * 5 * 2
    channels = channel_xml(0, table="Blue", dye="DAPI") + channel_xml(
        size, table="Green"
    )
    image = LifImage("a", _pixels(2, 4, 5), "CYX", channels=channels)
    parsed = _parse(write_lif(tmp_path / "a.lif", {"": [image]}))
    assert parsed.details.channels is not None
    assert [(c.channel_label, c.colors) for c in parsed.details.channels] == [
        ("DAPI", "0000FF"),
        ("Green", "00FF00"),
    ]


def test_colour_becomes_three_channels(tmp_path: Path) -> None:
    """A colour image gives red, green and blue."""
    pixels = _pixels(4, 5, 3, dtype="uint8")
    path = write_lif(tmp_path / "a.lif", {"": [LifImage("rgb", pixels, "YXS")]})
    parsed = _parse(path)
    assert _rows(parsed, "plane", "c") == [(0, 0), (1, 1), (2, 2)]
    assert np.array_equal(_planes(parsed), np.moveaxis(pixels, -1, 0))


def test_other_axes_are_left_out(tmp_path: Path) -> None:
    """Planes beyond the first along an axis that images lack are counted."""
    pixels = _pixels(3, 2, 4, 5)
    path = write_lif(tmp_path / "a.lif", {"": [LifImage("turn", pixels, "AZYX")]})
    parsed = _parse(path)
    assert _codes(parsed) == {"extra_dimensions": 4}
    assert np.array_equal(_planes(parsed), pixels[0])


def test_images_without_planes_are_named(tmp_path: Path) -> None:
    """A line scan over time has no planes; half floats cannot be written."""
    half = _pixels(4, 5, dtype="float16")
    path = write_lif(
        tmp_path / "a.lif",
        {
            "": [
                LifImage("line", _pixels(9, 5), "TX"),
                LifImage("half", half, "YX"),
                LifImage("good", _pixels(4, 5, start=7), "YX"),
            ]
        },
    )
    parsed = _parse(path)
    assert _codes(parsed) == {"images_without_planes": 2}
    assert _rows(parsed, "plane") == [(1,)]
    assert np.array_equal(_planes(parsed)[0], _pixels(4, 5, start=7))


def test_two_plates_are_refused(tmp_path: Path) -> None:
    """Wells of two plates would fall on each other."""
    image = LifImage("R1", _pixels(4, 5), "YX")
    path = write_lif(tmp_path / "a.lif", {"P1/A/1": [image], "P2/A/1": [image]})
    with pytest.raises(ParserError) as caught:
        _parse(path)
    assert str(caught.value) == (
        f"{tmp_path} holds 2 plates: P1, P2. Choose one with option images (a regular "
        "expression on the images' names)."
    )
    assert _parse(path, images="^P2/").plate_name == "P2"


def test_cut_files_are_errors(tmp_path: Path) -> None:
    """A file cut or changed at any place is parsed or an error of this package."""
    content = _plate(tmp_path)[0].read_bytes()
    path = tmp_path / "cut.lif"
    for stop in range(0, len(content), len(content) // 60):
        for bad in (
            content[:stop],
            content[:stop] + b"\x41" + content[stop + 1 :],
        ):
            path.write_bytes(bad)
            with contextlib.suppress(Tiles2ZarrError):
                parsed = _parse(path)
                _planes(parsed)
