"""Attributes of a plate and its wells, derived from the images that are there."""

from collections import Counter
from collections.abc import Iterable
from typing import Self

from pydantic import Field

from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import (
    PlateLayout,
    column_index,
    column_name,
    row_index,
    row_name,
    well_name,
)
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.plate_content import versioned


class PlateImage(Frozen):
    """An image that is in a plate's store, ours or foreign."""

    row: int = Field(ge=0)
    """Index of the row, from 0."""
    column: int = Field(ge=0)
    """Index of the column, from 0."""
    path: str
    """Path of the image in the well."""
    acquisition: int = Field(default=0, ge=0)
    """Number of the acquisition."""

    @classmethod
    def of(cls, image: ImageInPlate) -> Self:
        """Return the entry of an image of ours."""
        return cls(
            row=row_index(image.row),
            column=column_index(image.column),
            path=image.image.rpartition("/")[2],
            acquisition=image.acquisition,
        )

    @property
    def well(self) -> str:
        """Path of the well in the plate, ``B/03``."""
        return f"{row_name(self.row)}/{column_name(self.column)}"

    @property
    def image(self) -> str:
        """Path of the image in the plate, ``B/03/0``."""
        return f"{self.well}/{self.path}"


class PlateDescription(Frozen):
    """What the metadata of a plate say."""

    name: str
    """Name of the plate."""
    layout: PlateLayout
    """Physical rows and columns, also those without wells."""
    acquisitions: tuple[AcquisitionEntry, ...]
    """The acquisitions; one that images name but is missing here is added bare."""
    images: tuple[PlateImage, ...]
    """The images that are complete."""

    @property
    def wells(self) -> tuple[tuple[int, int], ...]:
        """(row, column) indices of the wells that hold images, sorted."""
        return tuple(sorted({(image.row, image.column) for image in self.images}))

    def images_by_well(self) -> dict[str, list[PlateImage]]:
        """Return the images of each well that holds any, by its path, sorted."""
        found: dict[str, list[PlateImage]] = {}
        for image in self.images:
            found.setdefault(image.well, []).append(image)
        return dict(sorted(found.items()))


def describe_plate(
    name: str,
    layout: PlateLayout,
    acquisitions: Iterable[AcquisitionEntry],
    images: Iterable[ImageInPlate],
) -> PlateDescription:
    """Return the description of a plate with the given images."""
    return PlateDescription(
        name=name,
        layout=layout,
        acquisitions=tuple(acquisitions),
        images=tuple(PlateImage.of(image) for image in images),
    )


def plate_attributes(plate: PlateDescription, version: Version) -> dict[str, object]:
    """Return the attributes of the plate's group.

    The version stands in the plate itself too, as readers of 0.4 expect it; 0.5 has
    moved it up to ``ome``, but ome-zarr-models still asks for it here.

    All physical rows and columns are listed, wells sorted by row and column with
    0-based indices. ``field_count`` is the largest number of images of one acquisition
    in a well, ``maximumfieldcount`` the same per acquisition.

    Raises:
        StoreError: A well lies outside the layout, or an image is listed twice.
    """
    _check(plate)
    fields = _field_counts(plate)
    content: dict[str, object] = {
        "name": plate.name,
        "version": version,
        "rows": [{"name": row_name(row)} for row in range(plate.layout.rows)],
        "columns": [{"name": column_name(c)} for c in range(plate.layout.columns)],
        "wells": [
            {
                "path": f"{row_name(row)}/{column_name(column)}",
                "rowIndex": row,
                "columnIndex": column,
            }
            for row, column in plate.wells
        ],
        "acquisitions": [
            _acquisition(entry, fields.get(entry.id)) for entry in _acquisitions(plate)
        ],
    }
    if fields:
        content["field_count"] = max(fields.values())
    return versioned("plate", content, version)


def well_attributes(
    images: Iterable[PlateImage], version: Version
) -> dict[str, object]:
    """Return the attributes of the group of a well that holds the images.

    Images are sorted by acquisition and path.
    """
    places = sorted((image.acquisition, image.path) for image in images)
    content: dict[str, object] = {
        "version": version,
        "images": [{"path": path, "acquisition": number} for number, path in places],
    }
    return versioned("well", content, version)


def outside_layout(
    plate: str, well: tuple[int, int], layout: PlateLayout
) -> StoreError:
    """Return the error on a well, by 0-based row and column, that a plate lacks."""
    return StoreError(
        f"plate {plate} has well {well_name(*well)}, but its layout has {layout.rows} "
        f"rows and {layout.columns} columns. Set plate.layout to the plate that was "
        "used."
    )


def _check(plate: PlateDescription) -> None:
    outside = [w for w in plate.wells if not plate.layout.holds(*w)]
    if outside:
        raise outside_layout(plate.name, outside[0], plate.layout)
    twice = [key for key, count in Counter(plate.images).items() if count > 1]
    paths = Counter(image.image for image in plate.images)
    clash = [path for path, count in paths.items() if count > 1]
    if twice or clash:
        raise StoreError(
            f"plate {plate.name} lists image {clash[0]} twice. Give every acquisition "
            "an id of its own."
        )


def _field_counts(plate: PlateDescription) -> dict[int, int]:
    """Return the largest number of images in a well per acquisition."""
    counts = Counter((i.acquisition, i.row, i.column) for i in plate.images)
    largest: dict[int, int] = {}
    for (acquisition, _, _), count in counts.items():
        largest[acquisition] = max(largest.get(acquisition, 0), count)
    return largest


def _acquisitions(plate: PlateDescription) -> list[AcquisitionEntry]:
    entries = {entry.id: entry for entry in plate.acquisitions}
    for image in plate.images:
        entries.setdefault(image.acquisition, AcquisitionEntry(id=image.acquisition))
    return [entries[number] for number in sorted(entries)]


def _acquisition(entry: AcquisitionEntry, fields: int | None) -> dict[str, object]:
    optional = {
        "maximumfieldcount": fields,
        "description": entry.description,
        "starttime": entry.start_time,
        "endtime": entry.end_time,
    }
    named = {"id": entry.id, "name": entry.name or str(entry.id)}
    return named | {key: value for key, value in optional.items() if value is not None}


def merge_plates(old: PlateDescription, new: PlateDescription) -> PlateDescription:
    """Return the plate after ``new`` was added to ``old`` (overwrite mode extend).

    The layout is the larger one in both directions, the name is that of ``new``, and
    what ``new`` leaves open about an acquisition is taken from ``old``.

    Raises:
        StoreError: Both hold an image at one path, under different acquisitions.
    """
    images = {image.image: image for image in old.images}
    for image in new.images:
        known = images.setdefault(image.image, image)
        if known.acquisition != image.acquisition:
            raise StoreError(
                f"image {image.image} of plate {old.name} belongs to acquisition "
                f"{known.acquisition}, the config writes acquisition "
                f"{image.acquisition} there. Give the new acquisition an id whose "
                "image path is free."
            )
    entries = {entry.id: entry for entry in old.acquisitions}
    for entry in new.acquisitions:
        told = entry.model_dump(exclude_none=True)
        known_entry = entries.get(entry.id, entry)
        entries[entry.id] = known_entry.replace(**told)
    return PlateDescription(
        name=new.name,
        layout=PlateLayout(
            rows=max(old.layout.rows, new.layout.rows),
            columns=max(old.layout.columns, new.layout.columns),
        ),
        acquisitions=tuple(entries[number] for number in sorted(entries)),
        images=tuple(images.values()),
    )
