"""Slices pasted together in memory, later ones over earlier ones."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.api.loaders import planes_in_file
from tiles2zarr.api.roi import PixelSize, Roi
from tiles2zarr.errors import SourceError
from tiles2zarr.geometry import Shape
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.registration.checks import check_axes
from tiles2zarr.registration.stage import Ints, round_px

if TYPE_CHECKING:
    from dask.array.core import Array

    from tiles2zarr.api.loaders import ImageLoaderInterface

Pixels = NDArray[np.generic]


class Slice(Protocol):
    """A tile inside an image."""

    @property
    def roi(self) -> Roi:
        """Where it lies."""

    @property
    def image_loader(self) -> "ImageLoaderInterface":
        """How it is read."""

    @property
    def shape(self) -> Shape:
        """Extent in (t, c, z, y, x)."""

    def load_data(
        self, *, axes: Sequence[str] = AXES, resource: str | None = None
    ) -> Pixels:
        """Return its pixels."""


class Pasted(Protocol):
    """An image or field of view."""

    @property
    def regions(self) -> Sequence[Slice]:
        """Its slices."""

    @property
    def axes(self) -> Sequence[str]:
        """Its axes."""

    @property
    def pixel_size(self) -> PixelSize:
        """Its spacings."""

    @property
    def data_type(self) -> str | None:
        """Its pixel type, where known."""

    @property
    def resource(self) -> str:
        """Base folder or URL of its loaders."""


def find_starts(regions: Sequence[Slice], size: PixelSize) -> Ints:
    """Return (slices, 5) first indices in (t, c, z, y, x), the smallest of each 0."""
    spacing = np.array([size.along(axis) for axis in AXES])
    world = [[region.roi.get(axis).start for axis in AXES] for region in regions]
    starts = round_px(np.array(world) / spacing)
    first: Ints = starts - starts.min(axis=0)
    return first


def full_shape(regions: Sequence[Slice], size: PixelSize) -> Shape:
    """Return the (t, c, z, y, x) extent of slices together."""
    lengths = np.array([region.shape for region in regions])
    t, c, z, y, x = (find_starts(regions, size) + lengths).max(axis=0).tolist()
    return t, c, z, y, x


def shape_of(
    name: str, regions: Sequence[Slice], size: PixelSize, axes: Sequence[str]
) -> tuple[int, ...]:
    """Return the extent of slices together along ``axes``, pixels.

    Raises:
        RegistrationError: An axis that is left out is longer than 1.
    """
    shape = full_shape(regions, size)
    check_axes(name, "".join(axes), shape)
    return tuple(n for axis, n in zip(AXES, shape, strict=True) if axis in axes)


def paste(pasted: Pasted, resource: str | None) -> Pixels:
    """Return the pixels of all slices together; 0 where there are none.

    Raises:
        SourceError: A slice cannot be read, or is of another pixel type.
    """
    resource = pasted.resource if resource is None else resource
    size, regions = pasted.pixel_size, pasted.regions
    kept = shape_of(regions[0].roi.name, regions, size, pasted.axes)
    dtype = _dtype(pasted, resource)
    pixels: Pixels = np.zeros(full_shape(regions, size), dtype)
    for region, start in zip(regions, find_starts(regions, size).tolist(), strict=True):
        loaded = region.load_data(resource=resource)
        _check_dtype(region, loaded, dtype)
        stop = (a + n for a, n in zip(start, region.shape, strict=True))
        pixels[tuple(map(slice, start, stop))] = loaded
    return pixels.reshape(kept)


def paste_lazily(
    pasted: Pasted, resource: str | None, chunks: tuple[int, ...] | None
) -> "Array":
    """Return a Dask array that pastes a plane when it is needed.

    Raises:
        SourceError: No pixel type is known and the first slice cannot be read.
    """
    import dask.array
    from dask.delayed import delayed

    resource = pasted.resource if resource is None else resource
    size, regions = pasted.pixel_size, pasted.regions
    kept = shape_of(regions[0].roi.name, regions, size, pasted.axes)
    dtype = _dtype(pasted, resource)
    starts, shape = find_starts(regions, size), full_shape(regions, size)
    make = delayed(_plane, pure=True)
    planes = [
        dask.array.from_delayed(  # type: ignore[no-untyped-call]
            make(regions, starts, (t, c, z), shape[3:], dtype, resource),
            shape[3:],
            dtype,
        )
        for t, c, z in np.ndindex(*shape[:3])
    ]
    stack: Array = dask.array.stack(planes).reshape(kept)  # type: ignore[no-untyped-call]
    if chunks is not None:
        stack = stack.rechunk(chunks)  # type: ignore[no-untyped-call]
    return stack


def _plane(
    regions: Sequence[Slice],
    starts: Ints,
    index: tuple[int, int, int],
    size: tuple[int, int],
    dtype: np.dtype[np.generic],
    resource: str,
) -> Pixels:
    """Return one plane of an image with everything that lies in it."""
    pixels: Pixels = np.zeros(size, dtype)
    for region, start in zip(regions, starts.tolist(), strict=True):
        inside = [i - a for i, a in zip(index, start[:3], strict=True)]
        lengths = (region.shape[0], region.shape[1], region.shape[2])
        if any(not 0 <= i < n for i, n in zip(inside, lengths, strict=True)):
            continue
        number = (inside[0] * lengths[1] + inside[1]) * lengths[2] + inside[2]
        order = planes_in_file(region.image_loader, lengths, resource)
        loaded = region.image_loader.load_plane(order[number], resource, len(order))
        _check_dtype(region, loaded, dtype)
        y, x = start[3:]
        pixels[y : y + region.shape[3], x : x + region.shape[4]] = loaded
    return pixels


def _dtype(pasted: Pasted, resource: str) -> np.dtype[np.generic]:
    known = pasted.data_type
    first = pasted.regions[0].image_loader
    return np.dtype(known or first.find_data_type(resource))


def _check_dtype(region: Slice, loaded: Pixels, dtype: np.dtype[np.generic]) -> None:
    if not np.can_cast(loaded.dtype, dtype):
        raise SourceError(
            f"{region.image_loader!r} holds {loaded.dtype} pixels, the image is "
            f"{dtype}. Make the files one pixel type, or declare data_type."
        )
