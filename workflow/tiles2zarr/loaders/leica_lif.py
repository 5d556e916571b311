"""Leica LIF: the images of a project, frame by frame."""

import math
from dataclasses import dataclass
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
)
from tiles2zarr.models.containers import leica_axes

if TYPE_CHECKING:
    from liffile import LifFile, LifImageABC
    from numpy.typing import NDArray


@dataclass(frozen=True)
class _Image:
    """One image: its first plane, axes with lengths, samples and shape of a frame."""

    first: int
    image: "LifImageABC"
    axes: tuple[str, ...]
    lengths: tuple[int, ...]
    frame: tuple[str, ...]
    samples: int
    run: Run


class LifSource(ClosingSource):
    """The planes of a LIF file, in the order of ``models.containers.leica_axes``.

    Only the file's description is read when it is opened.
    """

    def __init__(self, name: str, handle: BinaryIO) -> None:
        """Read the description.

        Args:
            name: The file, for messages.
            handle: The open file.

        Raises:
            SourceError: Not an intact LIF file, or liffile is not installed.
        """
        with needing(name, "liffile", "lif"):
            from liffile import LifFile
        self._name = name
        self._handle = handle
        self._kept = KeptFrame()
        with decoding(name, "LIF"):
            self._file: LifFile = LifFile(handle)
            self._images = _read_images(self._file)
        planes = sum(math.prod(i.lengths) * i.samples for i in self._images)
        runs = [image.run for image in self._images]
        self._header = container_header(name, runs, planes)

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        return self._header

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._handle.close()

    def read(self, plane: int) -> "NDArray[np.generic]":
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: The plane is not there, of a type that cannot be written, or it
                cannot be decoded.
        """
        check_plane(self._name, self._header, plane)
        image = next(i for i in reversed(self._images) if i.first <= plane)
        dtype = check_dtype(self._name, image.run.dtype)
        frame, sample = divmod(plane - image.first, image.samples)
        with decoding(self._name, "LIF"):
            pixels = self._kept.get(plane - sample, lambda: _read_frame(image, frame))
            return np.array(pixels[:, :, sample], dtype=dtype, order="C")


def _read_images(file: "LifFile") -> list[_Image]:
    """Return the images that have planes, in the order of the file."""
    images: list[_Image] = []
    first = 0
    for image in file.images:
        if image.is_flim:
            continue
        try:
            sizes, frame = dict(image.sizes), tuple(image.frames.frame_dims)
            dtype = np.dtype(image.dtype).newbyteorder("=").name
        except ValueError:  # channels of several pixel types, which the parser reports
            continue
        axes = leica_axes(tuple(sizes), frame)
        if axes is None:
            continue
        lengths = tuple(sizes[axis] for axis in axes)
        samples = int(sizes["S"]) if "S" in frame else 1
        run = Run(first, sizes["Y"], sizes["X"], dtype)
        images.append(_Image(first, image, axes, lengths, frame, samples, run))
        first += math.prod(lengths) * samples
    return images


def _read_frame(image: _Image, number: int) -> "NDArray[np.generic]":
    """Return a frame as (y, x, sample)."""
    index = np.unravel_index(number, image.lengths) if image.lengths else ()
    chosen = {a: int(i) for a, i in zip(image.axes, index, strict=True)}
    pixels: NDArray[np.generic] = image.image.frame(**chosen)
    if "S" not in image.frame:
        pixels = pixels[..., np.newaxis]
    order = [(*image.frame, "S").index(axis) for axis in "YXS"]
    return pixels.transpose(order)
