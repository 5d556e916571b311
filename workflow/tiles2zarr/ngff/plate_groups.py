"""Reading and writing the groups of a plate: the plate, its rows and its wells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout, row_name
from tiles2zarr.ngff.documents import (
    Attributes,
    Documents,
    Version,
    read_attributes,
    stored_version,
    write_attributes,
)
from tiles2zarr.ngff.plate import (
    PlateDescription,
    PlateImage,
    plate_attributes,
    well_attributes,
)
from tiles2zarr.ngff.plate_content import (
    column_of,
    content_of,
    damaged,
    objects_in,
    row_of,
)

K = TypeVar("K")
T = TypeVar("T")


def write_plate(
    store: Documents,
    plate: PlateDescription,
    version: Version,
    *,
    mark: Attributes | None = None,
    threads: int = 1,
) -> bool:
    """Write the groups of a plate and say whether anything changed.

    Rows and wells come first and the plate last, so a plate never lists a well that
    cannot be opened. Wells that left the plate lose their well metadata; their images
    stay. Foreign attributes of all groups are kept.

    Args:
        store: Rooted at the plate.
        plate: What to write.
        version: OME-Zarr version.
        mark: Further attributes of the plate's group, e.g. who owns it.
        threads: Rows, then wells, that are written at the same time.

    Raises:
        StoreError: The plate's images do not fit it, or the store holds a plate of
            another version.
    """
    attributes = {**plate_attributes(plate, version), **(mark or {})}
    before = _listed_wells(read_attributes(store, "", version) or {}, version)
    wells = plate.images_by_well()

    def write_row(row: int) -> bool:
        return write_attributes(store, row_name(row), {}, version)

    def write_well(path: str) -> bool:
        content = well_attributes(wells[path], version)
        return write_attributes(store, path, content, version)

    def clear_well(path: str) -> bool:
        if read_attributes(store, path, version) is None:
            return False
        return write_attributes(store, path, {}, version, remove=("well",))

    rows = sorted({row for row, _ in plate.wells})
    changed = [
        *_each(write_row, rows, threads),
        *_each(write_well, list(wells), threads),
        write_attributes(store, "", attributes, version),
        *_each(clear_well, sorted(before - wells.keys()), threads),
    ]
    return any(changed)


def _each(call: Callable[[K], T], values: Sequence[K], threads: int) -> list[T]:
    """Return what ``call`` returns for each value, in order."""
    if threads == 1:
        return [call(value) for value in values]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, values))


def read_plate(
    store: Documents, threads: int = 1
) -> tuple[PlateDescription, Version] | None:
    """Return the plate in a store as described by its own metadata, and its version.

    Returns ``None`` where there is no plate. Rows and columns are the ones listed, so
    the layout of a plate that lists used ones only is a lower bound. An image without
    an acquisition belongs to the first one.

    Args:
        store: Rooted at the plate.
        threads: Wells that are read at the same time.

    Raises:
        StoreError: The metadata are damaged, or name rows and columns otherwise than
            ``A`` and ``01``, so that new images would not fall into the same wells.
    """
    version = stored_version(store, "")
    if version is None:
        return None
    plate = content_of(read_attributes(store, "", version) or {}, "plate", version)
    if plate is None:
        return None
    try:
        acquisitions = tuple(map(_entry, objects_in(plate, "acquisitions")))
        default = min((entry.id for entry in acquisitions), default=0)

        def read_well(path: str) -> list[PlateImage]:
            return _well_images(store, path, version, default)

        wells = _each(read_well, sorted(_paths(plate, "wells")), threads)
        images = [image for well in wells for image in well]
        description = PlateDescription(
            name=str(plate.get("name", "")),
            layout=_layout(plate, images),
            acquisitions=acquisitions,
            images=tuple(images),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(error) from error
    return description, version


def _paths(content: Mapping[str, object], key: str) -> list[str]:
    return [str(entry["path"]) for entry in objects_in(content, key)]


def _listed_wells(attributes: Attributes, version: Version) -> set[str]:
    plate = content_of(attributes, "plate", version)
    try:
        return set() if plate is None else set(_paths(plate, "wells"))
    except (KeyError, TypeError) as error:
        raise damaged(error) from error


def _entry(entry: Mapping[str, object]) -> AcquisitionEntry:
    return AcquisitionEntry.model_validate(
        {
            "id": entry["id"],
            "name": entry.get("name"),
            "description": entry.get("description"),
            "start_time": entry.get("starttime"),
            "end_time": entry.get("endtime"),
        }
    )


def _layout(plate: Mapping[str, object], images: Iterable[PlateImage]) -> PlateLayout:
    rows = [row_of(str(entry["name"])) for entry in objects_in(plate, "rows")]
    columns = [column_of(str(entry["name"])) for entry in objects_in(plate, "columns")]
    rows += [image.row for image in images]
    columns += [image.column for image in images]
    return PlateLayout(
        rows=max(rows, default=0) + 1, columns=max(columns, default=0) + 1
    )


def _well_images(
    store: Documents, path: str, version: Version, default: int
) -> list[PlateImage]:
    row, _, column = path.partition("/")
    indices = {"row": row_of(row), "column": column_of(column)}
    well = content_of(read_attributes(store, path, version) or {}, "well", version)
    if well is None:
        return []
    return [
        PlateImage.model_validate(
            indices
            | {
                "path": entry["path"],
                "acquisition": entry.get("acquisition", default),
            }
        )
        for entry in objects_in(well, "images")
    ]
