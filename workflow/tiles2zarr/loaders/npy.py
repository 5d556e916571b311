"""NumPy's ``.npy`` files: arrays whose last two axes are y and x."""

import io
import math
import threading
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.loaders.source import (
    ClosingSource,
    Header,
    check_dtype,
    check_plane,
    decoding,
    unreadable,
)

_PARSING = threading.Lock()
"""Headers are Python expressions, which threads at the same time make Python before
3.11.8 and 3.12.2 fail at with a SystemError (python/cpython#106905)."""


class NpySource(ClosingSource):
    """The planes of an ``.npy`` file: leading axes are counted through, last fastest.

    The file is mapped into memory, never unpickled.
    """

    def __init__(self, name: str, handle: BinaryIO, path: str | None) -> None:
        """Read the header.

        Args:
            name: The file, for messages.
            handle: The open file.
            path: Its path if it is local.

        Raises:
            SourceError: Not an intact array of numbers with at least two axes.
        """
        self._name = name
        self._handle = handle
        with decoding(name, "NumPy (.npy)"), _PARSING:
            self._pixels = _load(name, handle, path)
        if self._pixels.ndim < 2 or 0 in self._pixels.shape:
            raise unreadable(
                name,
                f"its array has the shape {self._pixels.shape}, expected (y, x) with "
                "any number of axes before",
                "Save planes of at least one pixel.",
            )
        dtype = check_dtype(name, self._pixels.dtype.name)
        *leading, y, x = self._pixels.shape
        self._leading = tuple(leading)
        self._header = Header(math.prod(leading), y, x, dtype)

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        return self._header

    def close(self) -> None:
        """Close the file."""
        self._pixels = np.empty((0, 0))
        self._handle.close()

    def read(self, plane: int) -> NDArray[np.generic]:
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: There is no such plane.
        """
        check_plane(self._name, self._header, plane)
        index = np.unravel_index(plane, self._leading) if self._leading else ()
        return np.array(self._pixels[index], dtype=self._header.dtype, order="C")


def _load(name: str, handle: BinaryIO, path: str | None) -> NDArray[np.generic]:
    """Return the array, mapped if the file is local."""
    magic = handle.read(6)
    handle.seek(0)
    if magic != b"\x93NUMPY":
        raise unreadable(name, f"it begins with {magic!r}, expected b'\\x93NUMPY'")
    _check_plain(name, handle)
    if path is None:
        array: NDArray[np.generic] = np.load(
            io.BytesIO(handle.read()), allow_pickle=False
        )
        return array
    mapped: NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped


def _check_plain(name: str, handle: BinaryIO) -> None:
    """Refuse Python objects, which only unpickling could read.

    Raises:
        SourceError: The array holds them.
    """
    version = np.lib.format.read_magic(handle)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    dtype = read(handle)[2] if read is not None else np.dtype("u1")
    handle.seek(0)
    if dtype.hasobject:
        raise unreadable(
            name,
            "its array holds Python objects (a pickle), which are never loaded",
            "Save an array of numbers.",
        )
