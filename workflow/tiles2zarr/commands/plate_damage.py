"""What is amiss with the metadata and tables of a plate."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tiles2zarr.checkpoints import read_json_if_there
from tiles2zarr.commands.plates import Plate
from tiles2zarr.commands.table_damage import is_there, value_faults
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.models.well import (
    PlateLayout,
    column_index,
    column_name,
    parse_well,
    row_index,
    row_name,
    smallest_layout,
)
from tiles2zarr.ngff.documents import Version, read_attributes, stored_version
from tiles2zarr.ngff.mark import KEY, is_of_others
from tiles2zarr.ngff.plate import PlateDescription
from tiles2zarr.ngff.plate_groups import read_plate
from tiles2zarr.ngff.provenance import GROUP
from tiles2zarr.steps.output import open_store, plate_owner
from tiles2zarr.stores.base import Store

_PLACE = {"row", "column", "well", "acquisition", "path_in_well", "fov_name"}
"""Columns of a plate's condition table that are no conditions."""


@dataclass(frozen=True)
class Foreign:
    """An image in a plate that another config or tool added (``extend``)."""

    plate: str
    image: str


def plate_faults(
    plate: Plate,
    plan: Plan,
    images: Collection[ImageInPlate],
    owner: str,
    *,
    read: bool,
) -> Iterator[tuple[str, str] | Foreign]:
    """Yield what is amiss, each with the image or plate it is about.

    Images that others added to a plate of ours are no fault, and come as `Foreign`.
    The plate is then as large as they need, with rows in its tables that are not known
    here.

    Args:
        plate: The plate.
        plan: What was to be made.
        images: The images that are written, all of them and no others must be listed.
        owner: Our id.
        read: Compare the values in the plate's tables too.
    """
    for name in sorted({image.plate_name for image in images}):
        store = open_store(plate.output, plate.storage).below(f"{name}.zarr")
        members = {i.image: i for i in images if i.plate_name == name}
        extend = plate.config.writing.overwrite_mode == "extend"
        try:
            found = read_plate(store, store.requests)
            if found is None:
                yield f"{name}.zarr", "the metadata of the plate are missing"
                continue
            if not extend and plate_owner(store, "") != owner:
                yield f"{name}.zarr", "carries no mark of this config"
            for fault in _provenance_faults(store, found[1], owner):
                yield f"{name}.zarr", fault
            others = set()
            if not extend:
                unknown = {image.image for image in found[0].images} - members.keys()
                others = {i for i in unknown if is_of_others(store, i, owner)}
                yield from (Foreign(name, image) for image in sorted(others))
            known = members.keys() | others
            yield from _listing(store, found[0], members, known, extend=extend)
            shared = extend or bool(others)
            layout = _layout(plate, plan, members.values())
            names = [(f"{name}.zarr", fault) for fault in physical_faults(store)]
            yield from names or _extent(name, found[0].layout, layout, shared=shared)
            values = read and not shared
            for fault in _table_faults(store, found[1], plate, members, values):
                yield f"{name}.zarr", fault
        except StoreError as error:
            yield f"{name}.zarr", str(error)


def _provenance_faults(store: Store, version: Version, owner: str) -> Iterator[str]:
    """Yield that what the plate's mark points to is not there."""
    mark = (read_attributes(store, "", version) or {}).get(KEY)
    if not isinstance(mark, dict) or mark.get("owner") != owner:
        return
    held = read_attributes(store, GROUP, version) or {}
    if mark.get("provenance") == GROUP and owner not in held:
        yield "the provenance of the plate is missing"


def _listing(
    store: Store,
    found: PlateDescription,
    members: Mapping[str, ImageInPlate],
    known: Collection[str],
    *,
    extend: bool,
) -> Iterator[tuple[str, str]]:
    listed = {image.image: image.acquisition for image in found.images}
    for image in sorted(members.keys() - listed.keys()):
        yield image, "is not listed in the plate"
    for image in sorted(listed.keys() - known):
        if not extend:
            yield image, "is listed in the plate but is not one of its images"
        elif stored_version(store, image) is None:
            yield image, "is listed in the plate but is not there"
    for image in sorted(listed.keys() & members.keys()):
        if listed[image] != members[image].acquisition:
            yield (
                image,
                f"is listed with acquisition {listed[image]}, "
                f"expected {members[image].acquisition}",
            )


def physical_faults(store: Store) -> Iterator[str]:
    """Yield physical rows and columns that the plate's metadata leave out.

    All from A and 01 on must be listed, whether they hold wells or not.
    """
    version = stored_version(store, "")
    attributes = read_attributes(store, "", version) if version else None
    ome = (attributes or {}).get("ome", attributes)
    plate = ome.get("plate") if isinstance(ome, dict) else None
    content = plate if isinstance(plate, dict) else {}
    for key, name in (("rows", row_name), ("columns", column_name)):
        entries = content.get(key)
        entries = entries if isinstance(entries, list) else []
        found = [e.get("name") if isinstance(e, dict) else None for e in entries]
        wells = content.get("wells")
        used = _last_used(wells if isinstance(wells, list) else [], key)
        wanted = [name(index) for index in range(max(len(found), used + 1))]
        lost = [one for one in wanted if one not in found]
        if lost:
            yield f"{key} are not all listed: {', '.join(lost[:5])} is left out"
        elif found != wanted:
            yield f"{key} are not listed in their order from {name(0)} on"


def _last_used(wells: list[object], key: str) -> int:
    """Return the largest row or column index of the wells, -1 without wells."""
    index = {"rows": "rowIndex", "columns": "columnIndex"}[key]
    values = [well.get(index) for well in wells if isinstance(well, dict)]
    return max((value for value in values if isinstance(value, int)), default=-1)


def _layout(plate: Plate, plan: Plan, images: Iterable[ImageInPlate]) -> PlateLayout:
    """Return the layout the plate must have: declared, the vendor's, or guessed."""
    declared = plate.config.plate.layout if plate.config.plate else None
    known = declared or plan.layout
    if known is not None:
        return known
    wells = [(row_index(image.row), column_index(image.column)) for image in images]
    wells += [parse_well(entry.well) for entry in plan.images.values() if entry.well]
    return smallest_layout(wells)


def _extent(
    name: str, found: PlateLayout, wanted: PlateLayout, *, shared: bool
) -> Iterator[tuple[str, str]]:
    smaller = found.rows < wanted.rows or found.columns < wanted.columns
    if smaller or (found != wanted and not shared):
        yield (
            f"{name}.zarr",
            f"lists {found.rows} rows and {found.columns} columns, expected "
            f"{wanted.rows} and {wanted.columns}",
        )


def _table_faults(
    store: Store, version: Version, plate: Plate, images: Iterable[str], values: bool
) -> Iterator[str]:
    """Yield tables of the plate that are not there or hold other values."""
    marks = [mark for image in sorted(images) if (mark := _tabled(plate, image))]
    conditions = [row for mark in marks for row in mark.conditions]
    fovs = [row for mark in marks for row in mark.fovs]
    wanted = set()
    if any(row.keys() - _PLACE for row in conditions):
        wanted.add("condition_table")
    if fovs:
        wanted.add("FOV_table")
    listed = (read_attributes(store, "tables", version) or {}).get("tables")
    for table in sorted(wanted):
        if not is_there(store, listed, table):
            yield f"{table} of the plate is missing"
        elif values:
            from tiles2zarr.ngff.tables import sorted_plate_tables

            known = sorted_plate_tables(conditions, fovs)
            for one in known:
                if one.name == table:
                    yield from value_faults(store, one, version)


def _tabled(plate: Plate, image: str) -> Tabled | None:
    """Return the mark of an image's tables; a damaged one is made again by a run."""
    try:
        return read_json_if_there(plate.state.tabled(image), Tabled)
    except Tiles2ZarrError:
        return None
