"""Files that hold a whole acquisition: CZI, ND2 and LIF, read plane by plane.

Each format is read by a library of its own, imported when the first file is opened.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from tiles2zarr.filesystems import local_path
from tiles2zarr.loaders.source import Header, PlaneSource, Run, unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXTENSIONS: Mapping[str, str] = {"czi": "CZI", "lif": "LIF", "nd2": "ND2"}
"""Formats by extension, which is the name of the extra that reads them too."""


def open_container(name: str, handle: BinaryIO, suffix: str) -> PlaneSource:
    """Return the reader of a file.

    Args:
        name: The file, for messages.
        handle: The open file; the reader closes it.
        suffix: Its extension, one of ``EXTENSIONS``.

    Raises:
        SourceError: The file is damaged, or the library that reads it is not installed.
    """
    if suffix == "czi":
        from tiles2zarr.loaders.zeiss_czi import CziSource

        path = local_path(name)
        if path is None:
            raise unreadable(
                name,
                "CZI files can be read from a local disk only",
                "Copy it to a disk.",
            )
        handle.close()
        return CziSource(name, path)
    if suffix == "nd2":
        from tiles2zarr.loaders.nikon_nd2 import Nd2Source

        return Nd2Source(name, handle)
    from tiles2zarr.loaders.leica_lif import LifSource

    return LifSource(name, handle)


@contextmanager
def needing(name: str, library: str, extra: str) -> Iterator[None]:
    """Turn a failed import within into an error that says what to install.

    Args:
        name: The file that is to be read.
        library: The library.
        extra: The extra of this package that brings it.

    Raises:
        SourceError: The library cannot be imported.
    """
    try:
        yield
    except ImportError as error:
        raise unreadable(
            name,
            f"the library {library} cannot be imported ({error})",
            f"Install it with `pip install tiles2zarr[{extra}]`.",
        ) from error


class KeptFrame:
    """The last frame read: several planes come from one."""

    def __init__(self) -> None:
        """Keep nothing."""
        self._key: int | None = None
        self._pixels: NDArray[np.generic] | None = None

    def get(
        self, key: int, read: "Callable[[], NDArray[np.generic]]"
    ) -> "NDArray[np.generic]":
        """Return the frame of this key, read anew unless it was the last one."""
        if self._pixels is None or self._key != key:
            self._pixels = read()
            self._key = key
        return self._pixels


def container_header(name: str, runs: Sequence[Run], planes: int) -> Header:
    """Return the header of a file whose planes differ.

    Args:
        name: The file, for messages.
        runs: Planes that are alike, in order.
        planes: All planes.

    Raises:
        SourceError: There are none.
    """
    if not runs:
        raise unreadable(name, "it holds no planes", "Take it out of the folder.")
    first = runs[0]
    return Header(planes, first.y, first.x, first.dtype, runs=tuple(runs))


def runs_of(planes: Sequence[tuple[int, int, str]]) -> list[Run]:
    """Return the runs of planes given as (rows, columns, pixel type) each."""
    runs: list[Run] = []
    for number, shape in enumerate(planes):
        if not runs or (runs[-1].y, runs[-1].x, runs[-1].dtype) != shape:
            runs.append(Run(number, *shape))
    return runs
