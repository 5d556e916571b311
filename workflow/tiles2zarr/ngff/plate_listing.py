"""One image added to what its plate and its well list, at a cost of its own."""

from collections import Counter
from collections.abc import Mapping

from tiles2zarr.errors import StoreError
from tiles2zarr.models.well import PlateLayout, row_name
from tiles2zarr.ngff.documents import (
    Documents,
    ReadOnce,
    Version,
    read_attributes,
    write_attributes,
)
from tiles2zarr.ngff.plate import PlateImage, outside_layout
from tiles2zarr.ngff.plate_content import (
    column_of,
    content_of,
    damaged,
    objects_in,
    row_of,
    versioned,
)

Content = Mapping[str, object]


def list_image(store: Documents, image: PlateImage, version: Version) -> bool:
    """List an image in its plate and its well and say whether anything changed.

    For plates that are filled image by image: besides the plate, only this well is
    read and written, and what others are listed stays as it is. Row and well come
    first and the plate last, so a plate never lists a well that cannot be opened. The
    counts of fields never fall here; ``write_plate`` counts anew.

    Args:
        store: Rooted at the plate.
        image: The image, which is complete.
        version: OME-Zarr version of the plate.

    Raises:
        StoreError: There is no plate, it has no such well, is damaged or refuses.
    """
    documents = ReadOnce(store)
    attributes = read_attributes(documents, "", version)
    plate = content_of(attributes or {}, "plate", version)
    if plate is None:
        raise StoreError(
            f"there is no plate to list image {image.image} in. Lay it out first."
        )
    try:
        numbers = [_number(entry["id"]) for entry in objects_in(plate, "acquisitions")]
        first = min(numbers, default=0)
        well = _well_with(image, _listed(documents, image.well, version), first)
        fields = Counter(_number(entry.get("acquisition", first)) for entry in well)
        listed = _plate_with(image, fields, plate)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(error) from error
    content = {"version": version, "images": well}
    changed = [
        write_attributes(documents, row_name(image.row), {}, version),
        write_attributes(
            documents, image.well, versioned("well", content, version), version
        ),
    ]
    if listed != plate:
        attributes = versioned("plate", listed, version)
        changed.append(write_attributes(documents, "", attributes, version))
    return any(changed)


def _listed(store: Documents, well: str, version: Version) -> list[Content]:
    attributes = read_attributes(store, well, version) or {}
    return objects_in(content_of(attributes, "well", version) or {}, "images")


def _well_with(image: PlateImage, listed: list[Content], first: int) -> list[Content]:
    """Return the images of a well with ours; one without a number is of ``first``."""
    others = [entry for entry in listed if entry["path"] != image.path]
    mine: Content = {"path": image.path, "acquisition": image.acquisition}
    return sorted(
        [*others, mine],
        key=lambda e: (_number(e.get("acquisition", first)), str(e["path"])),
    )


def _plate_with(image: PlateImage, fields: Counter[int], plate: Content) -> Content:
    """Return the content of the plate with the image's well and acquisition."""
    layout = PlateLayout(
        rows=len(objects_in(plate, "rows")), columns=len(objects_in(plate, "columns"))
    )
    if not layout.holds(image.row, image.column):
        name = str(plate.get("name", ""))
        raise outside_layout(name, (image.row, image.column), layout)
    count = fields[image.acquisition]
    return {
        **plate,
        "wells": _wells_with(image, objects_in(plate, "wells")),
        "acquisitions": _acquisitions_with(image.acquisition, count, plate),
        "field_count": max(_number(plate.get("field_count") or 0), *fields.values()),
    }


def _wells_with(image: PlateImage, wells: list[Content]) -> list[Content]:
    if any(well["path"] == image.well for well in wells):
        return wells
    mine: Content = {
        "path": image.well,
        "rowIndex": image.row,
        "columnIndex": image.column,
    }
    return sorted([*wells, mine], key=lambda well: _place(str(well["path"])))


def _place(well: str) -> tuple[int, int]:
    row, _, column = well.partition("/")
    return row_of(row), column_of(column)


def _acquisitions_with(number: int, count: int, plate: Content) -> list[Content]:
    """Return the acquisitions, ``number`` with at least ``count`` fields in a well."""
    entries = {
        _number(entry["id"]): entry for entry in objects_in(plate, "acquisitions")
    }
    known = entries.get(number, {"id": number, "name": str(number)})
    most = max(count, _number(known.get("maximumfieldcount") or 0))
    entries[number] = {**known, "maximumfieldcount": most}
    return [entries[number] for number in sorted(entries)]


def _number(value: object) -> int:
    return int(str(value))
