"""PNG, JPEG and BMP: one page of grey or RGB pixels."""

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tiles2zarr.loaders.source import (
    ClosingSource,
    Header,
    check_plane,
    decoding,
    unreadable,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

_MODES = {
    "L": ("uint8", 1),
    "LA": ("uint8", 1),
    "P": ("uint8", 1),
    "RGB": ("uint8", 3),
    "RGBA": ("uint8", 3),
    "I;16": ("uint16", 1),
}
"""Pixel type and samples by Pillow's mode; transparency is dropped."""
_SAVE = "Save it with 8 or 16 bits per sample, as grey values or RGB."
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_GREY = (0, 4)
"""Colour types of a PNG that are grey, the second one with transparency."""


class RasterSource(ClosingSource):
    """The plane, or the three planes, of a PNG, JPEG or BMP file."""

    def __init__(self, name: str, handle: BinaryIO, kind: str) -> None:
        """Read the header.

        Args:
            name: The file, for messages.
            handle: The open file.
            kind: ``"PNG"``, ``"JPEG"`` or ``"BMP"``.

        Raises:
            SourceError: Not such a file, or not of grey or RGB pixels.
        """
        self._name = name
        self._handle = handle
        self._kind = kind
        self._pixels: NDArray[np.generic] | None = None
        with decoding(name, kind):
            image = _open(name, handle, kind)
            x, y = image.size
            bits, grey = _png_pixels(handle) if kind == "PNG" else (8, False)
            if image.mode not in _MODES or bits < 8:
                raise unreadable(
                    name,
                    f"its pixels are of mode {image.mode} with {bits} bits per sample",
                    _SAVE,
                )
            if image.mode == "P" and not _grey_ramp(image):
                raise unreadable(
                    name,
                    "its pixels are numbers of palette colours, expected intensities",
                    "Save it as grey values or RGB.",
                )
            dtype, samples = _MODES[image.mode]
        # Pillow halves 16-bit colours to 8 bits and fills absent rows with zeros
        self._by_libpng = kind == "PNG" and image.mode != "P"
        dtype = "uint16" if bits == 16 else dtype
        samples = 1 if grey else samples
        self._header = Header(samples, y, x, dtype, samples)

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        return self._header

    def close(self) -> None:
        """Close the file."""
        self._handle.close()

    def read(self, plane: int) -> "NDArray[np.generic]":
        """Return one plane as a fresh (y, x) array.

        Raises:
            SourceError: There is no such plane, or the file is damaged.
        """
        check_plane(self._name, self._header, plane)
        if self._pixels is None:
            with decoding(self._name, self._kind):
                self._pixels = self._decode()
        pixels = self._pixels
        if pixels.ndim == 2:
            self._pixels = None
            return pixels
        return np.ascontiguousarray(pixels[:, :, plane])

    def _decode(self) -> "NDArray[np.generic]":
        """Return all samples, (y, x) or (y, x, sample)."""
        self._handle.seek(0)
        content = self._handle.read()
        if self._kind == "PNG":
            _check_png(self._name, content)
        if self._by_libpng:
            import imagecodecs

            pixels = imagecodecs.png_decode(content)
        else:
            pixels = np.array(_open(self._name, io.BytesIO(content), self._kind))
        shape = (self._header.y, self._header.x)
        if pixels.shape[:2] != shape or pixels.dtype.name != self._header.dtype:
            raise unreadable(
                self._name,
                f"its header says {shape} {self._header.dtype}, its pixels are "
                f"{pixels.shape} {pixels.dtype}",
            )
        if pixels.ndim == 3 and self._header.samples == 1:
            return np.ascontiguousarray(pixels[:, :, 0])
        return pixels


def _open(name: str, handle: BinaryIO, kind: str) -> "Image":
    """Return the image with its header read, whatever other formats Pillow knows.

    Raises:
        SourceError: Its header says it is larger than Pillow reads.
    """
    from PIL import Image

    handle.seek(0)
    try:
        return Image.open(handle, formats=(kind,))
    except Image.DecompressionBombError as error:
        raise unreadable(name, str(error), "If it is that large, use TIFF.") from error


def _png_pixels(handle: BinaryIO) -> tuple[int, bool]:
    """Return bits per sample, and whether pixels are grey, from a PNG's first chunk."""
    handle.seek(24)
    bits, colours = handle.read(2)
    return bits, colours in _PNG_GREY


def _grey_ramp(image: "Image") -> bool:
    """Say whether a palette shows value i as grey i, so that numbers are intensities.

    ImageJ saves 8-bit images so.
    """
    palette = image.getpalette("RGB") or []
    return palette == [i for i in range(len(palette) // 3) for _ in range(3)]


def _check_png(name: str, content: bytes) -> None:
    """Check every chunk of a PNG file up to its end mark.

    Pillow leaves out the check of the last pixels' chunk: a damaged file would be read
    as other pixels.

    Raises:
        SourceError: A chunk is cut short or its checksum is wrong.
    """
    view = memoryview(content)
    start = len(_PNG_SIGNATURE)
    while start + 12 <= len(content):
        stop = start + 8 + int.from_bytes(view[start : start + 4], "big")
        expected = int.from_bytes(view[stop : stop + 4], "big")
        if stop + 4 > len(content):
            break
        if zlib.crc32(view[start + 4 : stop]) != expected:
            raise unreadable(name, f"the checksum of its bytes {start} to {stop} fails")
        if bytes(view[start + 4 : start + 8]) == b"IEND":
            return
        start = stop + 4
    raise unreadable(name, f"it is cut short: it ends after {len(content)} bytes")
