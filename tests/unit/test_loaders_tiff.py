"""TIFF files of many makes give the pixels that were saved."""

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from tiles2zarr.errors import SourceError
from tiles2zarr.loaders import Header, open_source, probe
from tiles2zarr.models.loader import FileLoader

Pixels = NDArray[np.generic]
FILE = FileLoader()
FIX = (
    "Copy the file again from the instrument, or leave it out: take its row out of "
    "the table, or filter by path_regex."
)


def _ramp(shape: tuple[int, ...], dtype: str = "uint16") -> Pixels:
    """Return 0, 1, 2 ... in the given shape; no two rows or columns are alike."""
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape).astype(dtype)


def _planes(path: Path) -> tuple[Header, list[Pixels]]:
    """Return header and all planes, having checked that ``probe`` says the same."""
    with open_source(path.name, str(path.parent), FILE) as source:
        header = source.header
        planes = [source.read(plane) for plane in range(header.planes)]
    assert probe(path.name, str(path.parent), FILE) == header
    for plane in planes:
        assert plane.flags.c_contiguous
        assert plane.flags.writeable
        assert plane.dtype.isnative
        assert plane.shape == (header.y, header.x)
        assert plane.dtype == header.dtype
    return header, planes


def _refused(path: Path) -> str:
    """Return why a file cannot be read, by ``probe`` or at the first plane."""
    with pytest.raises(SourceError) as error:
        _planes(path)
    assert str(error.value).startswith(f"{path} cannot be read: ")
    return str(error.value).removeprefix(f"{path} cannot be read: ")


KINDS: dict[str, dict[str, object]] = {
    "plain": {},
    "bigtiff": {"bigtiff": True},
    "big-endian": {"byteorder": ">"},
    "big-endian bigtiff": {"byteorder": ">", "bigtiff": True},
    "lzw": {"compression": "lzw", "predictor": True},
    "deflate": {"compression": "adobe_deflate"},
    "old deflate": {"compression": "deflate"},
    "big-endian deflate": {"compression": "adobe_deflate", "byteorder": ">"},
    "zstd": {"compression": "zstd"},
    "packbits": {"compression": "packbits"},
    "tiled": {"tile": (16, 32)},
    "tiled lzw": {"tile": (16, 32), "compression": "lzw"},
    "tiled big-endian": {"tile": (16, 32), "byteorder": ">"},
    "strips": {"rowsperstrip": 7},
    "strips deflate": {"rowsperstrip": 7, "compression": "adobe_deflate"},
    "strips big-endian": {"rowsperstrip": 7, "byteorder": ">"},
    "white is zero": {"photometric": "miniswhite"},
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_one_plane(tmp_path: Path, kind: dict[str, object]) -> None:
    """Byte order, codec, tiles and strips do not change the pixels."""
    pixels = _ramp((45, 70))
    tifffile.imwrite(tmp_path / "a.tif", pixels, **kind)
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(1, 45, 70, "uint16")
    np.testing.assert_array_equal(planes[0], pixels)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_pages_are_planes(tmp_path: Path, kind: dict[str, object]) -> None:
    """A file of three pages has three planes in their order, in any dialect."""
    pixels = _ramp((3, 20, 33))
    with tifffile.TiffWriter(
        tmp_path / "a.tif",
        bigtiff=bool(kind.get("bigtiff")),
        byteorder=kind.get("byteorder"),
    ) as writer:
        rest = {k: v for k, v in kind.items() if k not in ("bigtiff", "byteorder")}
        for page in pixels:
            writer.write(page, contiguous=False, **rest)
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(3, 20, 33, "uint16")
    np.testing.assert_array_equal(planes, pixels)


@pytest.mark.parametrize(
    "dtype",
    ["uint8", "uint16", "uint32", "int8", "int16", "int32", "float32", "float64"],
)
@pytest.mark.parametrize("byteorder", ["<", ">"], ids=["little", "big"])
def test_pixel_types(tmp_path: Path, dtype: str, byteorder: str) -> None:
    """Every type that can be written is read in native byte order."""
    pixels = (_ramp((5, 7), "int64") - 9).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, byteorder=byteorder)
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(1, 5, 7, dtype)
    np.testing.assert_array_equal(planes[0], pixels)


@pytest.mark.parametrize(
    "metadata",
    [
        {"imagej": True, "metadata": {"axes": "TZCYX"}},
        {"ome": True, "metadata": {"axes": "TZCYX"}},
        {"metadata": None},
        {},
    ],
    ids=["imagej", "ome", "bare", "shaped"],
)
def test_series_are_read_page_by_page(
    tmp_path: Path, metadata: dict[str, object]
) -> None:
    """What the metadata say of axes does not change the order of the pages."""
    pixels = _ramp((2, 3, 2, 9, 14))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", **metadata)
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(12, 9, 14, "uint16")
    np.testing.assert_array_equal(planes, pixels.reshape(12, 9, 14))


def test_an_imagej_stack_with_one_page_for_all(tmp_path: Path) -> None:
    """ImageJ writes large stacks as one page with the planes one after another."""
    pixels = _ramp((4, 9, 14))
    description = b"ImageJ=1.54f\nimages=4\nslices=4\n\0"
    _write_page(tmp_path / "a.tif", pixels, (9, 14), [(270, 2, description)])
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(4, 9, 14, "uint16")
    np.testing.assert_array_equal(planes, pixels)


def test_a_metamorph_stack(tmp_path: Path) -> None:
    """A ``.stk`` has one page, and one entry of its UIC2 tag per plane."""
    pixels = _ramp((3, 9, 14))
    stk = [(33628, 4, b"\0" * 8), (33629, 5, b"\1\0\0\0" * 12)]
    _write_page(tmp_path / "a.stk", pixels, (9, 14), stk)
    header, planes = _planes(tmp_path / "a.stk")
    assert header == Header(3, 9, 14, "uint16")
    np.testing.assert_array_equal(planes, pixels)


def _write_page(
    path: Path,
    pixels: Pixels,
    shape: tuple[int, int],
    more: list[tuple[int, int, bytes]],
) -> None:
    """Write a little-endian file with one page and all pixels behind it."""
    size = {2: 1, 4: 4, 5: 8}
    tags: list[tuple[int, int, int, bytes]] = [
        (256, 4, 1, struct.pack("<I", shape[1])),
        (257, 4, 1, struct.pack("<I", shape[0])),
        (258, 4, 1, struct.pack("<I", 16)),
        (259, 4, 1, struct.pack("<I", 1)),
        (262, 4, 1, struct.pack("<I", 1)),
        (277, 4, 1, struct.pack("<I", 1)),
        (278, 4, 1, struct.pack("<I", shape[0])),
        (279, 4, 1, struct.pack("<I", shape[0] * shape[1] * 2)),
    ]
    for code, kind, value in more:
        # the UIC2 tag counts planes, of six numbers each
        count = 3 if code == 33629 else len(value) // size[kind]
        value = value * 2 if code == 33629 else value
        tags.append((code, kind, count, value))
    start = 8 + 2 + 12 * (len(tags) + 1) + 4
    extra = b""
    entries = b""
    for code, kind, count, value in sorted([*tags, (273, 4, 1, b"")]):
        if code == 273:
            place = start + sum(len(v) for *_, v in tags if len(v) > 4)
            entries += struct.pack("<HHII", 273, 4, 1, place)
        elif len(value) > 4:
            entries += struct.pack("<HHII", code, kind, count, start + len(extra))
            extra += value
        else:
            entries += struct.pack("<HHI", code, kind, count) + value.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<IH", 8, len(tags) + 1)
    path.write_bytes(head + entries + b"\0" * 4 + extra + pixels.tobytes())


COLOURS: dict[str, dict[str, object]] = {
    "chunky": {"planarconfig": "contig"},
    "chunky lzw": {"planarconfig": "contig", "compression": "lzw"},
    "chunky tiled": {"planarconfig": "contig", "tile": (16, 32)},
    "chunky big-endian": {"planarconfig": "contig", "byteorder": ">"},
    "planar": {"planarconfig": "separate"},
    "planar deflate": {"planarconfig": "separate", "compression": "adobe_deflate"},
    "planar big-endian": {"planarconfig": "separate", "byteorder": ">"},
}


@pytest.mark.parametrize("kind", COLOURS.values(), ids=COLOURS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("pages", [1, 2], ids=["one page", "two pages"])
def test_w19_colours_become_planes(
    tmp_path: Path, kind: dict[str, object], dtype: str, pages: int
) -> None:
    """RGB pages have three planes each: red, green, blue, then those of the next."""
    pixels = _ramp((pages, 3, 20, 33), dtype)
    planar = kind["planarconfig"] == "separate"
    saved = pixels if planar else np.moveaxis(pixels, 1, -1)
    order = kind.get("byteorder")
    with tifffile.TiffWriter(tmp_path / "a.tif", byteorder=order) as writer:
        rest = {key: value for key, value in kind.items() if key != "byteorder"}
        for page in saved:
            writer.write(page, photometric="rgb", contiguous=False, **rest)
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(3 * pages, 20, 33, dtype, samples=3)
    np.testing.assert_array_equal(planes, pixels.reshape(-1, 20, 33))


@pytest.mark.parametrize("planar", [False, True], ids=["chunky", "planar"])
def test_transparency_is_dropped(tmp_path: Path, planar: bool) -> None:
    """The fourth sample of RGBA and the second of grey with alpha are no channels."""
    for samples, kept in ((4, 3), (2, 1)):
        pixels = _ramp((samples, 20, 33), "uint8")
        tifffile.imwrite(
            tmp_path / "a.tif",
            pixels if planar else np.moveaxis(pixels, 0, -1),
            photometric="rgb" if kept == 3 else "minisblack",
            planarconfig="separate" if planar else "contig",
            extrasamples=["unassalpha"],
        )
        header, planes = _planes(tmp_path / "a.tif")
        assert header == Header(kept, 20, 33, "uint8", samples=kept)
        np.testing.assert_array_equal(planes, pixels[:kept])


def test_a_grey_ramp_palette_is_intensities(tmp_path: Path) -> None:
    """ImageJ saves 8-bit images with a palette that shows value i as grey i."""
    pixels = _ramp((5, 7), "uint8")
    grey = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="palette", colormap=grey)
    header, planes = _planes(tmp_path / "a.tif")
    assert header == Header(1, 5, 7, "uint8")
    np.testing.assert_array_equal(planes[0], pixels)


def test_palette_numbers_are_no_intensities(tmp_path: Path) -> None:
    """A palette of colours is refused: its numbers say nothing of brightness."""
    colours = np.random.default_rng(0).integers(0, 65535, (3, 256), dtype=np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif",
        _ramp((5, 7), "uint8"),
        photometric="palette",
        colormap=colours,
    )
    assert _refused(tmp_path / "a.tif") == (
        "its pixels are numbers of palette colours, expected intensities. Save it as "
        "grey values or RGB."
    )


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("bool", "bool"),
        ("uint64", "uint64"),
        ("float16", "float16"),
        ("complex64",) * 2,
    ],
)
def test_pixel_types_that_cannot_be_written(
    tmp_path: Path, dtype: str, name: str
) -> None:
    """Other pixel types are told with those that can be."""
    tifffile.imwrite(tmp_path / "a.tif", np.ones((5, 7), dtype))
    assert _refused(tmp_path / "a.tif") == (
        f"its pixel type is {name}, expected one of uint8 uint16 uint32 int8 int16 "
        "int32 float32 float64. Save the image in one of these types."
    )


def test_other_colour_models_are_refused(tmp_path: Path) -> None:
    """CMYK samples are no channels of light."""
    pixels = _ramp((5, 7, 4), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="separated")
    assert _refused(tmp_path / "a.tif") == (
        "its pixels are SEPARATED, expected grey values or RGB. Save it as grey values "
        "or RGB."
    )


def test_a_volume_in_one_page_is_refused(tmp_path: Path) -> None:
    """A page of several planes is told, not read as its first plane."""
    tifffile.imwrite(
        tmp_path / "a.tif",
        _ramp((4, 16, 32)),
        photometric="minisblack",
        volumetric=True,
        tile=(4, 16, 16),
    )
    assert _refused(tmp_path / "a.tif") == (
        "a page holds a volume of 4 planes. Save it with one plane per page."
    )


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (np.zeros((7, 5), np.uint16), r"page 1 is (7, 5) uint16"),
        (np.zeros((5, 7), np.uint8), r"page 1 is (5, 7) uint8"),
    ],
    ids=["shape", "type"],
)
def test_pages_must_be_alike(tmp_path: Path, other: Pixels, found: str) -> None:
    """A page of another shape or type is told; the first plane can be read."""
    first = _ramp((5, 7))
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(first)
        writer.write(other)
    with open_source("a.tif", str(tmp_path), FILE) as source:
        np.testing.assert_array_equal(source.read(0), first)
        with pytest.raises(SourceError) as error:
            source.read(1)
    assert str(error.value) == (
        f"{tmp_path}/a.tif cannot be read: {found}, the first page (5, 7) uint16. "
        "Split the file, or list only the pages that are alike."
    )


@pytest.mark.parametrize("plane", [-1, 2, 99])
def test_a_plane_that_is_not_there(tmp_path: Path, plane: int) -> None:
    """Planes are counted from 0 and never from the end."""
    tifffile.imwrite(tmp_path / "a.tif", _ramp((2, 5, 7)), photometric="minisblack")
    with (
        open_source("a.tif", str(tmp_path), FILE) as source,
        pytest.raises(SourceError) as error,
    ):
        source.read(plane)
    assert str(error.value) == (
        f"{tmp_path}/a.tif cannot be read: plane {plane} (from 0) was asked for, the "
        "file holds 2. Correct the lengths in the table, or take the row out."
    )


def test_planes_can_be_read_in_any_order(tmp_path: Path) -> None:
    """Each plane is fresh: changing one does not change the next reading of it."""
    pixels = _ramp((2, 3, 5, 7), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(pixels, 1, -1), photometric="rgb")
    with open_source("a.tif", str(tmp_path), FILE) as source:
        for plane in (5, 0, 4, 4, 1, 0):
            read = source.read(plane)
            np.testing.assert_array_equal(read, pixels.reshape(6, 5, 7)[plane])
            read.fill(0)


def _saved(**kind: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, _ramp((45, 70)), **kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    "kind",
    [{}, {"compression": "lzw"}, {"tile": (16, 32)}, {"byteorder": ">"}],
    ids=["plain", "lzw", "tiled", "big-endian"],
)
def test_a_file_cut_short_is_refused(tmp_path: Path, kind: dict[str, object]) -> None:
    """Wherever a file ends too early, it is told, and no pixel is made up."""
    whole = _saved(**kind)
    for stop in (5, 8, 20, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        (tmp_path / "a.tif").write_bytes(whole[:stop])
        assert _refused(tmp_path / "a.tif").endswith(FIX)


def test_a_file_that_lacks_its_last_byte_is_refused_by_its_header(
    tmp_path: Path,
) -> None:
    """The header alone tells that pixels are absent, with both numbers."""
    whole = _saved()
    (tmp_path / "a.tif").write_bytes(whole[:-1])
    with pytest.raises(SourceError, match=r"it is cut short: \d+ bytes expected"):
        probe("a.tif", str(tmp_path), FILE)


def test_pixels_that_were_never_written(tmp_path: Path) -> None:
    """A strip without a place in the file is not read as zeros."""
    whole = bytearray(_saved(rowsperstrip=9, metadata=None, compression="lzw"))
    with tifffile.TiffFile(io.BytesIO(bytes(whole))) as tiff:
        tag = tiff.pages.first.tags["StripByteCounts"]
        struct.pack_into("<H", whole, tag.valueoffset, 0)
    (tmp_path / "a.tif").write_bytes(whole)
    assert _refused(tmp_path / "a.tif") == (
        f"parts of its pixels were never written. {FIX}"
    )


def test_damaged_pixels(tmp_path: Path) -> None:
    """Compressed pixels that cannot be decoded are told with what the codec said."""
    whole = bytearray(_saved(compression="zstd"))
    with tifffile.TiffFile(io.BytesIO(bytes(whole))) as tiff:
        start = tiff.pages.first.dataoffsets[0]
    whole[start : start + 40] = b"\xaa" * 40
    (tmp_path / "a.tif").write_bytes(whole)
    assert probe("a.tif", str(tmp_path), FILE) == Header(1, 45, 70, "uint16")
    assert _refused(tmp_path / "a.tif").startswith("it is no intact TIFF file (Zstd")


@pytest.mark.parametrize("seed", range(30))
def test_flipped_bytes_never_escape_as_other_errors(tmp_path: Path, seed: int) -> None:
    """A damaged header gives pixels or a ``SourceError``, nothing else."""
    rng = np.random.default_rng(seed)
    whole = bytearray(_saved(compression="lzw", rowsperstrip=9))
    for spot in rng.integers(4, 300, 6):
        whole[spot] = rng.integers(256)
    (tmp_path / "a.tif").write_bytes(whole)
    with contextlib.suppress(SourceError):
        _planes(tmp_path / "a.tif")
