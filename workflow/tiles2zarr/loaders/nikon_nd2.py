"""Nikon ND2: frames of positions, time points and planes, one at a time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tiles2zarr.loaders.containers import KeptFrame, container_header, needing
from tiles2zarr.loaders.source import (
    ClosingSource,
    Header,
    Run,
    check_dtype,
    check_plane,
    decoding,
    unreadable,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Nd2Source(ClosingSource):
    """The planes of an ND2 file, as numbered by ``models.containers.NIKON_COMPONENTS``.

    Only the file's directory and metadata are read when it is opened.
    """

    def __init__(self, name: str, handle: BinaryIO) -> None:
        """Read the directory.

        Args:
            name: The file, for messages.
            handle: The open file.

        Raises:
            SourceError: Not an intact ND2 file, or nd2 is not installed.
        """
        with needing(name, "nd2", "nd2"):
            from nd2 import ND2File
        self._name = name
        self._handle = handle
        self._kept = KeptFrame()
        with decoding(name, "ND2"):
            self._file: ND2File = ND2File(handle)
            opened = False
            try:
                self._header = self._read_header()
                opened = True
            finally:
                if not opened:
                    self._file.close()

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        return self._header

    def close(self) -> None:
        """Close the file."""
        self._kept = KeptFrame()  # it may be a view of the mapped file
        self._file.close()
        self._handle.close()

    def read(self, plane: int) -> "NDArray[np.generic]":
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: The plane is not there or cannot be decoded.
        """
        check_plane(self._name, self._header, plane)
        frame, component = divmod(plane, self._channels * self._samples)
        channel, sample = divmod(component, self._samples)
        with decoding(self._name, "ND2"):
            pixels = self._kept.get(frame, lambda: self._read_frame(frame))
            chosen = pixels[channel, :, :, sample]
            return np.array(chosen, dtype=self._header.dtype, order="C")

    def _read_header(self) -> Header:
        about = self._file.attributes
        self._channels = int(about.channelCount or 1)
        self._samples = int(about.componentCount) // self._channels
        dtype = check_dtype(self._name, np.dtype(self._file.dtype).name)
        shape = (int(about.heightPx), int(about.widthPx or 0))
        planes = int(about.sequenceCount) * self._channels * self._samples
        runs = [Run(0, *shape, dtype)] if planes and all(shape) else []
        return container_header(self._name, runs, planes)

    def _read_frame(self, frame: int) -> "NDArray[np.generic]":
        """Return a frame as (channel, y, x, sample)."""
        self._check_written(frame)
        pixels: NDArray[np.generic] = self._file.read_frame(frame)
        y, x = self._header.y, self._header.x
        return pixels.reshape(self._channels, y, x, self._samples)

    def _check_written(self, frame: int) -> None:
        """Check that a frame is in the file's directory.

        The library returns zeros for one that is not, which would pass for pixels.
        """
        offsets = getattr(getattr(self._file, "_rdr", None), "_frame_offsets", None)
        if not isinstance(offsets, Mapping):
            return
        self._handle.seek(0, 2)
        if offsets.get(frame, self._handle.tell()) >= self._handle.tell():
            raise unreadable(self._name, f"its frame {frame} was never written")
