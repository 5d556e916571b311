"""What the parser needs of a TIFF file: its description and its number of pages."""

import struct
from collections.abc import Mapping

import tifffile

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.xml import open_binary

TIFF = (".tif", ".tiff", ".tf2", ".tf8", ".btf")
"""Endings of TIFF files."""
DAMAGED = (
    tifffile.TiffFileError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    EOFError,
    struct.error,
)


def is_tiff(name: str) -> bool:
    """Say whether a name ends like that of a TIFF file."""
    return name.lower().endswith(TIFF)


def read_description(
    path: str, storage: Mapping[str, object] | None = None
) -> str | None:
    """Return the OME-XML in a TIFF file, or nothing if it holds none.

    Raises:
        ParserError: The file cannot be read.
    """
    try:
        with open_binary(path, storage) as handle, tifffile.TiffFile(handle) as tiff:
            description = tiff.pages.first.description
    except OSError as error:
        raise ParserError(
            f"{path} cannot be read: {error}. Check that it is there and readable."
        ) from error
    except DAMAGED as error:
        raise ParserError(
            f"{path} is not an intact TIFF file: {error}. Copy it again from the "
            "instrument."
        ) from error
    text = str(description).strip("\0 \t\r\n")
    return text if text.startswith("<") and "OME" in text[:2000] else None


def count_pages(path: str, storage: Mapping[str, object] | None = None) -> int | None:
    """Return the number of pages of a TIFF file, or nothing if it cannot be read.

    A file that cannot be read is reported when its pixels are wanted.
    """
    try:
        with open_binary(path, storage) as handle, tifffile.TiffFile(handle) as tiff:
            return len(tiff.pages)
    except (OSError, *DAMAGED):
        return None
