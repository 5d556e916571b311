"""What becomes one OME-Zarr image, as Python users see it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from tiles2zarr.api.conditions import add_rows, rows_of
from tiles2zarr.api.pasting import full_shape, paste, paste_lazily, shape_of
from tiles2zarr.api.places import AnyCollection, path_of
from tiles2zarr.api.roi import PixelSize, Roi, same_spacing, union_roi
from tiles2zarr.api.slices import TileFOVGroup, TileSlice
from tiles2zarr.api.tile import Tile
from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.base import Frozen, Scalar
from tiles2zarr.models.decisions import AcquisitionDecision
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import ConditionRow
from tiles2zarr.ngff.colors import display_channels

if TYPE_CHECKING:
    import numpy as np
    from dask.array.core import Array
    from numpy.typing import NDArray

    Pixels = NDArray[np.generic]


class TiledImage(Frozen):
    """What becomes one OME-Zarr image: slices and everything known of them.

    Methods that change an image return another one.
    """

    regions: tuple[TileSlice, ...] = Field(min_length=1)
    """The slices, in table order; later ones win where they overlap."""
    collection: AnyCollection
    """Where the image goes."""
    acquisition_details: AcquisitionDetails
    """Spacings, axes and channels; the orientation is in the slices already."""
    name: str | None = None
    """Name viewers show, known after registration."""
    data_type: str | None = None
    """Pixel type of the first file, ``None`` if it cannot be read."""
    translation: tuple[float, float, float] | None = None
    """Position of the image in (z, y, x), micrometer (No Tiling, registered)."""
    conditions: tuple[ConditionRow, ...] = ()
    """Rows of the condition table, for the image or for each field of view."""
    resource: str = ""
    """Base folder or URL of the loaders."""
    decision: AcquisitionDecision | None = None
    """What was decided with all images of the acquisition in sight."""
    well_origin: tuple[float, float] | None = None
    """(y, x) all acquisitions of the well count from, micrometer."""
    registered: bool = False
    """Whether the slices lie on whole pixels counted from the image's origin."""
    fault: str | None = None
    """Why the image cannot be made, if its tiles say so already."""
    findings: tuple[Finding, ...] = ()
    """What registration noticed."""

    @model_validator(mode="before")
    @classmethod
    def _attributes(cls, value: object) -> object:
        """Take ``attributes`` for the rows of the condition table."""
        if not isinstance(value, Mapping) or "attributes" not in value:
            return value
        rest = {key: item for key, item in value.items() if key != "attributes"}
        return {**rest, "conditions": rows_of(value["attributes"])}

    @property
    def slices(self) -> tuple[TileSlice, ...]:
        """The slices, in table order."""
        return self.regions

    @property
    def path(self) -> str:
        """Path of the image below the output folder."""
        return path_of(self.collection)

    @property
    def pixelsize(self) -> float:
        """Size of a pixel in x and y, micrometer."""
        return self.acquisition_details.pixelsize

    @property
    def z_spacing(self) -> float:
        """Distance of two z planes, micrometer."""
        return self.acquisition_details.z_spacing

    @property
    def t_spacing(self) -> float:
        """Time between two time points, second."""
        return self.acquisition_details.t_spacing

    @property
    def pixel_size(self) -> PixelSize:
        """Spacing along every axis."""
        xy = self.pixelsize
        return PixelSize(x=xy, y=xy, z=self.z_spacing, t=self.t_spacing)

    @property
    def channels(self) -> tuple[ChannelInfo, ...]:
        """The channels slices may have."""
        return self.acquisition_details.channels or ()

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes of the image; czyx, and t for time series, where nothing is stated."""
        decided = self.decision.axes if self.decision else None
        stated = self.acquisition_details.axes or decided
        if stated is None:
            series = full_shape(self.regions, self.pixel_size)[0] > 1
            stated = "tczyx" if series else "czyx"
        return tuple(stated)

    @property
    def attributes(self) -> dict[str, tuple[Scalar, ...]]:
        """The conditions by column, one value per row of the condition table."""
        names = dict.fromkeys(name for row in self.conditions for name in row.values)
        return {n: tuple(row.values.get(n) for row in self.conditions) for n in names}

    def group_by_fov(self) -> tuple[TileFOVGroup, ...]:
        """Return the fields of view in order of first appearance."""
        groups: dict[str, list[TileSlice]] = {}
        for region in self.regions:
            groups.setdefault(region.roi.name, []).append(region)
        return tuple(
            TileFOVGroup(
                fov_name=name,
                regions=tuple(regions),
                axes=self.axes,
                pixel_size=self.pixel_size,
                data_type=self.data_type,
                resource=self.resource,
            )
            for name, regions in groups.items()
        )

    def shape(self) -> tuple[int, ...]:
        """Return the extent of all slices along the axes, pixels."""
        return shape_of(self.path, self.regions, self.pixel_size, self.axes)

    def roi(self) -> Roi:
        """Return the smallest region that holds all slices, world units."""
        return union_roi(self.path, (region.roi for region in self.regions))

    def load_data(self, resource: str | None = None) -> "Pixels":
        """Return the pixels of the slices where they lie now; 0 where there are none.

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

    def add_tile(self, tile: Tile) -> Self:
        """Return the image with one more tile, which comes last.

        Raises:
            RegistrationError: The image is registered already, or collection, channels,
                axes or spacings of the tile are others (spacings within 0.001 %).
            TableError: A length of the tile is not whole.
        """
        if self.registered:
            raise RegistrationError(
                f"{self.path} is registered: its slices no longer lie at stage "
                "positions. Add tiles before registration."
            )
        self._check_fits(tile)
        added = TileSlice.from_tile(tile)
        return self.replace(
            regions=(*self.regions, added), conditions=self._rows_with(tile)
        )

    def _rows_with(self, tile: Tile) -> tuple[ConditionRow, ...]:
        fields = dict.fromkeys(region.roi.name for region in self.regions)
        added = rows_of(tile.attributes)
        return add_rows(self.conditions, tuple(fields), tile.fov_name, added)

    def _check_fits(self, tile: Tile) -> None:
        own, other = self.acquisition_details, tile.acquisition_details
        if path_of(tile.collection) != self.path:
            raise self._unlike(tile, "path", path_of(tile.collection), self.path)
        if other.channels and display_channels(other.channels) != self.channels:
            labels = [channel.channel_label for channel in other.channels]
            expected = [channel.channel_label for channel in self.channels]
            if labels == expected:
                raise self._unlike(tile, "channels", other.channels, self.channels)
            raise self._unlike(tile, "channels", labels, expected)
        if tile.start_c + tile.length_c > len(self.channels):
            last = tile.start_c + tile.length_c - 1
            raise self._unlike(tile, "channel", last, f"0 to {len(self.channels) - 1}")
        if other.axes != own.axes:
            raise self._unlike(tile, "axes", other.axes, own.axes)
        for name in ("pixelsize", "z_spacing", "t_spacing"):
            found, mine = getattr(other, name), getattr(own, name)
            if not same_spacing(found, mine):
                raise self._unlike(tile, name, found, mine)

    def _unlike(
        self, tile: Tile, what: str, found: object, expected: object
    ) -> RegistrationError:
        return RegistrationError(
            f"The tile of field {tile.fov_name!r} cannot be added to {self.path}: its "
            f"{what} is {found}, expected {expected}. Correct the tile, or make an "
            "image of its own of it."
        )
