"""Tiles inside an image, one by one and as fields of view."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from tiles2zarr.api.loaders import AnyLoader, planes_in_file
from tiles2zarr.api.pasting import paste, paste_lazily, shape_of
from tiles2zarr.api.roi import PixelSize, Roi, union_roi
from tiles2zarr.api.tile import Tile
from tiles2zarr.errors import SourceError
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.models.base import Frozen

if TYPE_CHECKING:
    import numpy as np
    from dask.array.core import Array
    from numpy.typing import NDArray

    Pixels = NDArray[np.generic]


class TileSlice(Frozen):
    """A tile inside an image; the smallest thing that can be read."""

    roi: Roi
    """Where it lies, world units."""
    image_loader: AnyLoader
    """How it is read."""
    shape: tuple[int, int, int, int, int]
    """Extent in (t, c, z, y, x), whole pixels, planes, channels and time points."""

    @classmethod
    def from_tile(cls, tile: Tile) -> Self:
        """Return the slice of a tile, at its stage position after swap and flips.

        Raises:
            TableError: A length is not a whole number of pixels or planes.
        """
        from tiles2zarr.api.columns import group_by_image
        from tiles2zarr.api.internal import slice_rois, slice_shapes

        images = group_by_image([tile], no_tiling=False, resource="").images
        image = images[0].image
        return cls(
            roi=slice_rois(image)[0],
            image_loader=tile.image_loader,
            shape=slice_shapes(image)[0],
        )

    def load_data(
        self, *, axes: Sequence[str] = AXES, resource: str | None = None
    ) -> "Pixels":
        """Return the pixels with the given axes.

        Raises:
            SourceError: They cannot be read, are not of the declared shape, or an axis
                that is left out is longer than 1.
        """
        pixels = self.image_loader.load_data(resource)
        size, count = pixels.shape[-2:], 1
        for length in pixels.shape[:-2]:
            count *= length
        t, c, z, y, x = self.shape
        if size != (y, x) or count != t * c * z:
            raise SourceError(
                f"{self.image_loader!r} loaded the shape {pixels.shape}, the tile of "
                f"field {self.roi.name!r} declares {self.shape} (t, c, z, y, x). "
                "Correct the tile's lengths, or the file."
            )
        lost = [
            a for a, n in zip(AXES, self.shape, strict=True) if n > 1 and a not in axes
        ]
        if lost:
            raise SourceError(
                f"The tile of field {self.roi.name!r} has {self.shape} (t, c, z, y, x) "
                f"pixels and cannot be given without {lost[0]}. Add it to the axes."
            )
        kept = [n for a, n in zip(AXES, self.shape, strict=True) if a in axes]
        order = planes_in_file(self.image_loader, (t, c, z), resource)
        return pixels.reshape(-1, y, x)[list(order)].reshape(kept)


class TileFOVGroup(Frozen):
    """All slices of one field of view of one image."""

    fov_name: str
    """Field of view."""
    regions: tuple[TileSlice, ...]
    """Its slices, in table order."""
    axes: tuple[str, ...]
    """Axes of the image."""
    pixel_size: PixelSize
    """Spacings of the image."""
    data_type: str | None = None
    """Pixel type of the image, where known."""
    resource: str = ""
    """Base folder or URL of the loaders."""

    def shape(self) -> tuple[int, ...]:
        """Return the extent along the axes, pixels."""
        return shape_of(self.fov_name, self.regions, self.pixel_size, self.axes)

    def roi(self) -> Roi:
        """Return the smallest region that holds all slices, world units."""
        return union_roi(self.fov_name, (region.roi for region in self.regions))

    def ref_slice(self) -> TileSlice:
        """Return the first slice in table order, which places the field."""
        return self.regions[0]

    def load_data(self, resource: str | None = None) -> "Pixels":
        """Return the pixels of the field; 0 where there are none.

        Raises:
            SourceError: A slice cannot be read or is not as declared.
        """
        return paste(self, resource)

    def load_data_dask(
        self,
        resource: str | None = None,
        chunks: tuple[int, ...] | None = None,
    ) -> "Array":
        """Return the pixels as a Dask array that reads planes when they are needed."""
        return paste_lazily(self, resource, chunks)
