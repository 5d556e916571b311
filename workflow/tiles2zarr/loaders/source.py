"""What every reader of pixels offers, whatever the format."""

import struct
import sys
import tokenize
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from tiles2zarr.errors import SourceError
from tiles2zarr.models.acquisition import DataTypeEnum

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.generic]

UNKNOWN_PLANES = sys.maxsize
"""``Header.planes`` of a custom loader: its function does not say."""
FIX = (
    "Copy the file again from the instrument, or leave it out: take its row out of "
    "the table, or filter by path_regex."
)
"""How to mend a damaged file."""

_READ_ERRORS: tuple[type[BaseException], ...] = (
    OSError,  # the system, Pillow
    ValueError,  # tifffile (TiffFileError), numpy, Pillow, fsspec
    TypeError,  # tifffile, on tags of another type than usual
    KeyError,
    IndexError,
    AttributeError,
    ArithmeticError,  # tifffile, on lengths of 0 and absurd ones
    MemoryError,  # shapes out of a damaged header
    RuntimeError,  # imagecodecs
    EOFError,
    ImportError,  # an optional codec or file system that is not installed
    SyntaxError,  # Pillow, on damaged chunks
    tokenize.TokenError,  # numpy, on damaged headers
    struct.error,
    zlib.error,
)
"""What the libraries raise on files that are damaged, foreign or out of reach."""
_REMOTE_ERRORS = {
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "aiohttp": ("ClientError",),
}
"""Errors behind fsspec that are none of the above, by module."""


@dataclass(frozen=True)
class Run:
    """Planes one after another that are alike.

    Args:
        first: Number of the first one; it ends where the next run begins.
        y: Rows, pixel.
        x: Columns, pixel.
        dtype: Pixel type in native byte order.
    """

    first: int
    y: int
    x: int
    dtype: str


@dataclass(frozen=True)
class Header:
    """What a file says of its planes; they are all alike, or there are ``runs``.

    Args:
        planes: How many planes ``read`` takes: pages times ``samples``.
        y: Rows, pixel.
        x: Columns, pixel.
        dtype: Pixel type in native byte order, e.g. ``uint16``.
        samples: Samples per pixel of a page: 1, or 3 for colours (transparency is
            dropped). Plane ``page * samples + sample`` is that sample of the page.
        runs: Of a file that holds a whole acquisition: its planes that are alike, in
            order; ``y``, ``x`` and ``dtype`` are those of the first run. Empty for
            files of one image.
    """

    planes: int
    y: int
    x: int
    dtype: str
    samples: int = 1
    runs: tuple[Run, ...] = ()

    def at(self, plane: int) -> "Header":
        """Return the header with shape and pixel type of this plane."""
        index = bisect_right(self.runs, plane, key=lambda run: run.first) - 1
        if index < 1:
            return self
        run = self.runs[index]
        return replace(self, y=run.y, x=run.x, dtype=run.dtype)


class PlaneSource(Protocol):
    """An open file of planes; to be used by one thread at a time."""

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        ...

    def read(self, plane: int) -> "Plane":
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: The plane is not there or cannot be decoded.
        """
        ...

    def close(self) -> None:
        """Close the file."""
        ...

    def __enter__(self) -> Self:
        """Return the source."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        ...


class ClosingSource:
    """The context manager that the readers share."""

    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()


def unreadable(name: str, why: str, fix: str = FIX) -> SourceError:
    """Return the error of a file whose pixels cannot be had."""
    return SourceError(f"{name} cannot be read: {why.rstrip('. ')}. {fix}")


def check_plane(name: str, header: Header, plane: int) -> None:
    """Check that the file holds the plane.

    Raises:
        SourceError: It does not.
    """
    if not 0 <= plane < header.planes:
        raise unreadable(
            name,
            f"plane {plane} (from 0) was asked for, the file holds {header.planes}",
            "Correct the lengths in the table, or take the row out.",
        )


def check_dtype(name: str, dtype: str) -> str:
    """Return the name of a pixel type that can be written.

    Raises:
        SourceError: It is none of ``DataTypeEnum``.
    """
    if dtype not in set(DataTypeEnum):
        known = " ".join(DataTypeEnum)
        raise unreadable(
            name,
            f"its pixel type is {dtype}, expected one of {known}",
            "Save the image in one of these types.",
        )
    return dtype


def read_errors() -> tuple[type[BaseException], ...]:
    """Return all that reading may raise; of libraries only if they are imported."""
    errors = list(_READ_ERRORS)
    for module, names in _REMOTE_ERRORS.items():
        if module in sys.modules:
            errors += [getattr(sys.modules[module], name) for name in names]
    return tuple(errors)


@contextmanager
def decoding(name: str, kind: str) -> Iterator[None]:
    """Turn what the libraries raise within into one ``SourceError``.

    Args:
        name: The file, for the message.
        kind: The format it is read as, e.g. ``"TIFF"``.

    Raises:
        SourceError: Anything of ``read_errors`` was raised.
    """
    try:
        yield
    except read_errors() as error:
        text = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        raise unreadable(
            name, f"it is no intact {kind} file ({type(error).__name__}: {text})"
        ) from error
