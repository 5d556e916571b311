"""One region of an acquisition, as a row of a tile table describes it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from tiles2zarr.api.loaders import AnyLoader
from tiles2zarr.api.places import AnyCollection
from tiles2zarr.api.roi import Roi
from tiles2zarr.models.acquisition import AcquisitionDetails, Text
from tiles2zarr.models.base import Frozen, Scalar


def _columns(value: object) -> object:
    """Take one value for a list of one."""
    if not isinstance(value, Mapping):
        return value
    return {
        key: item if isinstance(item, list | tuple) else (item,)
        for key, item in value.items()
    }


Attributes = Annotated[dict[str, tuple[Scalar, ...]], BeforeValidator(_columns)]
"""Conditions: one value per row of the condition table, mostly one."""


class Tile(Frozen):
    """One region of an acquisition; units as the acquisition's details say."""

    fov_name: Text
    """Field of view."""
    start_x: float = Field(allow_inf_nan=False)
    """Stage x of the first column."""
    start_y: float = Field(allow_inf_nan=False)
    """Stage y of the first row."""
    start_z: float = Field(default=0.0, allow_inf_nan=False)
    """Position of the first plane."""
    start_c: int = Field(default=0, ge=0)
    """First channel, an index into the details' channels."""
    start_t: float = Field(default=0.0, allow_inf_nan=False)
    """Time of the first time point."""
    length_x: float = Field(gt=0, allow_inf_nan=False)
    """Width."""
    length_y: float = Field(gt=0, allow_inf_nan=False)
    """Height."""
    length_z: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Depth."""
    length_c: int = Field(default=1, ge=1)
    """Channels."""
    length_t: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Duration."""
    collection: AnyCollection
    """Where the tile's image goes."""
    image_loader: AnyLoader
    """How its pixels are read."""
    acquisition_details: AcquisitionDetails = AcquisitionDetails()
    """Spacings, units, axes, channels, orientation."""
    attributes: Attributes = Field(default={})
    """Conditions of the tile."""

    def to_roi(self) -> Roi:
        """Return the tile in world units, after swap and flips of the stage.

        Raises:
            TableError: A length is not a whole number of pixels or planes.
        """
        from tiles2zarr.api.columns import group_by_image
        from tiles2zarr.api.internal import slice_rois

        images = group_by_image([self], no_tiling=False, resource="").images
        return slice_rois(images[0].image)[0]

    def find_data_type(self, resource: str | None = None) -> str:
        """Return the declared pixel type, else that of the pixels.

        Raises:
            SourceError: The pixels cannot be read.
        """
        declared = self.acquisition_details.data_type
        if declared is not None:
            return declared.value
        return self.image_loader.find_data_type(resource)
