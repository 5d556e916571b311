"""The header of an image file: size, pages, and what its tags say of the stage."""

import logging
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.pattern_tags import NO_TAGS, Tags, read_tags
from tiles2zarr.parsers.xml import open_binary

if TYPE_CHECKING:
    from tifffile import TiffFile

_RASTERS = (".png", ".jpg", ".jpeg", ".bmp")
_UIC2_TAG = 33629
"""MetaMorph's tag with one entry per plane of a stack."""
_FAULTS = (
    OSError,  # the system, Pillow
    ValueError,  # tifffile (TiffFileError), numpy, fsspec
    TypeError,  # tifffile, on tags of another type than usual
    LookupError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    EOFError,
    ImportError,  # a file system that is not installed
    SyntaxError,  # Pillow, on damaged chunks
    struct.error,
    zlib.error,
)
"""What the libraries raise on files that are damaged, foreign or out of reach."""


@dataclass(frozen=True)
class FileHeader:
    """What one image file tells without its pixels.

    Args:
        y: Rows, pixel.
        x: Columns, pixel.
        pages: Planes in the file; colours of one page count as one.
        samples: Colours per page.
        tags: What its tags say.
    """

    y: int
    x: int
    pages: int = 1
    samples: int = 1
    tags: Tags = NO_TAGS


def read_header(path: str, storage: Mapping[str, object] | None = None) -> FileHeader:
    """Return the header of a TIFF, PNG, JPEG, BMP or npy file.

    Args:
        path: File or URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: It cannot be opened, or is no intact image.
    """
    try:
        with open_binary(path, storage) as handle:
            if path.lower().endswith(_RASTERS):
                return _raster(handle)
            if path.lower().endswith(".npy"):
                return _npy(handle)
            return _tiff(handle, path)
    except _FAULTS as error:
        raise ParserError(
            f"{path} cannot be read as an image: {type(error).__name__}: {error}. Copy "
            "it again from the instrument, or write the pattern so that it does not "
            "match."
        ) from error


def _raster(handle: BinaryIO) -> FileHeader:
    from PIL import Image

    with Image.open(handle) as image:
        x, y = image.size
        bands = image.getbands()
    return FileHeader(y, x, samples=3 if bands[:3] == ("R", "G", "B") else 1)


def _npy(handle: BinaryIO) -> FileHeader:
    from numpy.lib import format as npy

    version = npy.read_magic(handle)
    read = npy.read_array_header_1_0 if version[0] == 1 else npy.read_array_header_2_0
    shape, _, _ = read(handle)
    if len(shape) < 2:
        raise ValueError(f"an array of shape {shape} is no image")
    pages = 1
    for length in shape[:-2]:
        pages *= length
    return FileHeader(shape[-2], shape[-1], pages)


def _tiff(handle: BinaryIO, path: str) -> FileHeader:
    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
    import tifffile

    with tifffile.TiffFile(handle, name=path) as tiff:
        if len(tiff.pages) == 0:
            raise ValueError("it is a TIFF file without pages")
        separate, _, y, x, contiguous = tiff.pages.first.shaped
        if 0 in (y, x):
            raise ValueError(f"its first page has the shape {(y, x)}")
        samples = 3 if separate * contiguous >= 3 else 1
        pages = _pages(tiff)
        return FileHeader(y, x, pages, samples, read_tags(tiff, path, pages))


def _pages(tiff: "TiffFile") -> int:
    """Return how many planes the file holds.

    MetaMorph (.stk) and ImageJ beyond 4 GB write one page and the planes one after
    another.
    """
    page, pages = tiff.pages.first, len(tiff.pages)
    if pages > 1 or not page.is_final:
        return pages
    if page.is_stk:
        tag = page.tags.get(_UIC2_TAG)
        return 1 if tag is None else int(tag.count)
    if page.is_imagej and tiff.imagej_metadata:
        return max(1, int(tiff.imagej_metadata.get("images", 1)))
    return pages
