"""PNG, JPEG and BMP files: the pixels that were saved, or an error."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tiles2zarr.errors import SourceError
from tiles2zarr.loaders import Header, open_source, probe
from tiles2zarr.models.loader import FileLoader

Pixels = NDArray[np.generic]
FILE = FileLoader()
FIX = (
    "Copy the file again from the instrument, or leave it out: take its row out of "
    "the table, or filter by path_regex."
)
SAVE = "Save it with 8 or 16 bits per sample, as grey values or RGB."


def _ramp(shape: tuple[int, ...], dtype: str = "uint8") -> Pixels:
    """Return 0, 1, 2 ... in the given shape; no two rows or columns are alike."""
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape).astype(dtype)


def _planes(path: Path) -> tuple[Header, list[Pixels]]:
    """Return header and all planes, having checked that ``probe`` says the same."""
    assert probe(path.name, str(path.parent), FILE).planes > 0
    with open_source(path.name, str(path.parent), FILE) as source:
        header = source.header
        planes = [source.read(plane) for plane in range(header.planes)]
        np.testing.assert_array_equal(source.read(0), planes[0])
    assert probe(path.name, str(path.parent), FILE) == header
    for plane in planes:
        assert plane.flags.c_contiguous
        assert plane.flags.writeable
        assert plane.shape == (header.y, header.x)
        assert plane.dtype == header.dtype
    return header, planes


def _refused(path: Path) -> str:
    """Return why a file cannot be read, by ``probe`` or at the first plane."""
    with pytest.raises(SourceError) as error:
        _planes(path)
    assert str(error.value).startswith(f"{path} cannot be read: ")
    return str(error.value).removeprefix(f"{path} cannot be read: ")


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.PNG"])
def test_grey_8_bit(tmp_path: Path, name: str) -> None:
    """An 8-bit file gives its values; the extension's case does not count."""
    pixels = _ramp((45, 70))
    Image.fromarray(pixels).save(tmp_path / name)
    header, planes = _planes(tmp_path / name)
    assert header == Header(1, 45, 70, "uint8")
    np.testing.assert_array_equal(planes[0], pixels)


def test_grey_16_bit_png(tmp_path: Path) -> None:
    """A 16-bit PNG gives all 16 bits, in native byte order."""
    pixels = _ramp((45, 70), "uint16") * 20
    Image.fromarray(pixels).save(tmp_path / "a.png")
    header, planes = _planes(tmp_path / "a.png")
    assert header == Header(1, 45, 70, "uint16")
    np.testing.assert_array_equal(planes[0], pixels)


@pytest.mark.parametrize("name", ["a.png", "a.bmp"])
def test_w19_colours_become_planes(tmp_path: Path, name: str) -> None:
    """Red, green and blue are planes 0, 1 and 2."""
    pixels = _ramp((20, 33, 3))
    Image.fromarray(pixels).save(tmp_path / name)
    header, planes = _planes(tmp_path / name)
    assert header == Header(3, 20, 33, "uint8", samples=3)
    np.testing.assert_array_equal(planes, np.moveaxis(pixels, -1, 0))


@pytest.mark.parametrize("samples", [2, 3, 4], ids=["grey+alpha", "rgb", "rgb+alpha"])
def test_16_bit_colours_keep_16_bits(tmp_path: Path, samples: int) -> None:
    """16-bit RGB is not halved to 8 bits, and transparency is dropped."""
    pixels = _ramp((20, 33, samples), "uint16") * 30
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    kept = 1 if samples == 2 else 3
    header, planes = _planes(tmp_path / "a.png")
    assert header == Header(kept, 20, 33, "uint16", samples=kept)
    np.testing.assert_array_equal(planes, np.moveaxis(pixels, -1, 0)[:kept])


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_dropped(tmp_path: Path, mode: str) -> None:
    """Alpha is no channel, and does not change the values."""
    samples = len(mode)
    pixels = _ramp((20, 33, samples))
    Image.fromarray(pixels, mode).save(tmp_path / "a.png")
    header, planes = _planes(tmp_path / "a.png")
    assert header.samples == samples - 1
    np.testing.assert_array_equal(planes, np.moveaxis(pixels, -1, 0)[:-1])


@pytest.mark.parametrize(
    ("shape", "transparent"),
    [((6, 10), 5), ((6, 10, 3), (1, 2, 3))],
    ids=["grey", "rgb"],
)
def test_a_transparent_value_stays_a_value(
    tmp_path: Path, shape: tuple[int, ...], transparent: object
) -> None:
    """A PNG may call one value or colour transparent; its pixels keep it."""
    pixels = _ramp(shape)
    Image.fromarray(pixels).save(tmp_path / "a.png", transparency=transparent)
    header, planes = _planes(tmp_path / "a.png")
    assert header.samples == (3 if len(shape) == 3 else 1)
    np.testing.assert_array_equal(np.stack(planes, -1).reshape(shape), pixels)


@pytest.mark.parametrize("name", ["a.jpg", "a.jpeg"])
def test_jpeg(tmp_path: Path, name: str) -> None:
    """A JPEG of one grey value gives it back; rows and columns are not exchanged."""
    Image.fromarray(np.full((20, 33), 77, np.uint8)).save(tmp_path / name)
    header, planes = _planes(tmp_path / name)
    assert header == Header(1, 20, 33, "uint8")
    np.testing.assert_array_equal(planes[0], np.full((20, 33), 77))


def test_colour_jpeg(tmp_path: Path) -> None:
    """A JPEG of one colour has three planes, of its red, green and blue."""
    pixels = np.full((20, 33, 3), (200, 100, 40), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=100, subsampling=0)
    header, planes = _planes(tmp_path / "a.jpg")
    assert header == Header(3, 20, 33, "uint8", samples=3)
    for plane, value in zip(planes, (200, 100, 40), strict=True):
        np.testing.assert_allclose(plane, value, atol=2)


def test_a_grey_ramp_palette_is_intensities(tmp_path: Path) -> None:
    """A palette that shows value i as grey i is no palette of colours."""
    pixels = _ramp((16, 16))
    image = Image.fromarray(pixels, "P")
    image.putpalette([value for value in range(256) for _ in "rgb"])
    image.save(tmp_path / "a.png")
    header, planes = _planes(tmp_path / "a.png")
    assert header == Header(1, 16, 16, "uint8")
    np.testing.assert_array_equal(planes[0], pixels)


def test_palette_numbers_are_no_intensities(tmp_path: Path) -> None:
    """A palette of colours is refused: its numbers say nothing of brightness."""
    image = Image.fromarray(_ramp((16, 16)), "P")
    image.putpalette([255 - value for value in range(256) for _ in "rgb"])
    image.save(tmp_path / "a.png")
    assert _refused(tmp_path / "a.png") == (
        "its pixels are numbers of palette colours, expected intensities. Save it as "
        "grey values or RGB."
    )


@pytest.mark.parametrize(
    ("mode", "name", "reason"),
    [
        ("1", "a.png", "its pixels are of mode 1 with 1 bits per sample"),
        ("1", "a.bmp", "its pixels are of mode 1 with 8 bits per sample"),
        ("CMYK", "a.jpg", "its pixels are of mode CMYK with 8 bits per sample"),
    ],
)
def test_other_pixels_are_refused(
    tmp_path: Path, mode: str, name: str, reason: str
) -> None:
    """Bits and printing inks are no intensities."""
    Image.new(mode, (33, 20)).save(tmp_path / name)
    assert _refused(tmp_path / name) == f"{reason}. {SAVE}"


def test_few_bits_are_refused(tmp_path: Path) -> None:
    """A PNG of 4 bits per sample is told, not stretched to 8."""
    _write_png(tmp_path / "a.png", 2, 1, 4, b"\0\x12")
    assert _refused(tmp_path / "a.png") == (
        f"its pixels are of mode L with 4 bits per sample. {SAVE}"
    )


def _write_png(path: Path, x: int, y: int, bits: int, rows: bytes) -> None:
    """Write a grey PNG of raw rows (each with its filter byte)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", x, y, bits, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_a_header_of_absurd_size(tmp_path: Path) -> None:
    """A header that promises 10 billion pixels is told before memory is asked for."""
    _write_png(tmp_path / "a.png", 100_000, 100_000, 8, b"\0")
    assert _refused(tmp_path / "a.png") == (
        "Image size (10000000000 pixels) exceeds limit of 178956970 pixels, could be "
        "decompression bomb DOS attack. If it is that large, use TIFF."
    )


def test_fewer_rows_than_the_header_says(tmp_path: Path) -> None:
    """Rows that are not in the file are not made up."""
    _write_png(tmp_path / "a.png", 2, 3, 8, b"\0\x01\x02")
    assert _refused(tmp_path / "a.png") == (
        f"it is no intact PNG file (PngError: Not enough image data). {FIX}"
    )


def test_a_plane_that_is_not_there(tmp_path: Path) -> None:
    """A grey file has one plane."""
    Image.fromarray(_ramp((20, 33))).save(tmp_path / "a.png")
    with (
        open_source("a.png", str(tmp_path), FILE) as source,
        pytest.raises(SourceError) as error,
    ):
        source.read(1)
    assert str(error.value) == (
        f"{tmp_path}/a.png cannot be read: plane 1 (from 0) was asked for, the file "
        "holds 1. Correct the lengths in the table, or take the row out."
    )


def _saved(kind: str, pixels: Pixels) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp"])
@pytest.mark.parametrize("colours", [False, True], ids=["grey", "rgb"])
def test_a_file_cut_short_is_refused(tmp_path: Path, kind: str, colours: bool) -> None:
    """Wherever a file ends too early, it is told, and no pixel is made up."""
    rng = np.random.default_rng(0)
    shape = (45, 70, 3) if colours else (45, 70)
    whole = _saved(kind, rng.integers(0, 255, shape, np.uint8))
    path = tmp_path / f"a.{kind}"
    for stop in (4, 9, 30, len(whole) // 2, len(whole) - 9):
        path.write_bytes(whole[:stop])
        assert _refused(path).endswith(FIX)


def test_a_flipped_bit_in_the_pixels_of_a_png(tmp_path: Path) -> None:
    """The checksum of every chunk is checked, that of the last pixels too."""
    whole = bytearray(_saved("png", _ramp((45, 70))))
    start = whole.index(b"IDAT") - 4
    length = int.from_bytes(whole[start : start + 4], "big")
    whole[start + 8 + length - 1] ^= 1
    (tmp_path / "a.png").write_bytes(whole)
    assert _refused(tmp_path / "a.png") == (
        f"the checksum of its bytes {start} to {start + 8 + length} fails. {FIX}"
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp"])
@pytest.mark.filterwarnings("ignore:Image size")
def test_flipped_bytes_never_escape_as_other_errors(
    tmp_path: Path, kind: str, seed: int
) -> None:
    """A damaged header gives pixels or a ``SourceError``, nothing else."""
    rng = np.random.default_rng(seed)
    whole = bytearray(_saved(kind, _ramp((45, 70))))
    for spot in rng.integers(4, 60, 4):
        whole[spot] = rng.integers(256)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(whole)
    with (
        contextlib.suppress(SourceError),
        open_source(path.name, str(tmp_path), FILE) as source,
    ):
        source.read(0)
