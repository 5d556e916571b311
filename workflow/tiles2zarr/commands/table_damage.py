"""What is amiss with the tables of an image."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tiles2zarr.commands.plates import count
from tiles2zarr.errors import StoreError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.documents import Version, read_attributes, stored_version
from tiles2zarr.stores.base import Store

if TYPE_CHECKING:  # pandas: half a second to import
    from tiles2zarr.ngff.tables_frames import NamedTable, Row

_DOCUMENTS = {".zgroup", ".zattrs", "zarr.json"}


def table_faults(store: Store, image: RegisteredImage, *, read: bool) -> Iterator[str]:
    """Yield tables that are not there or, with ``read``, hold other values."""
    version = stored_version(store, "")
    if version is None:
        return
    try:
        listed = (read_attributes(store, "tables", version) or {}).get("tables")
    except StoreError as error:
        yield f"its tables are damaged: {error}"
        return
    wanted: tuple[NamedTable, ...] = ()
    if read:
        from tiles2zarr.ngff.tables_frames import image_tables

        wanted = image_tables(image)
    known = {table.name: table for table in wanted}
    for name in _expected_tables(image):
        if not is_there(store, listed, name):
            yield f"{name} is missing"
        elif name in known:
            yield from value_faults(store, known[name], version)


def is_there(store: Store, listed: object, name: str) -> bool:
    """Say whether the table is listed and its group holds more than its documents."""
    if not isinstance(listed, list) or name not in listed:
        return False
    return not _objects(store, name).keys() <= _DOCUMENTS


def _objects(store: Store, name: str) -> dict[str, str]:
    """Return the keys of a table's objects by their key below the table's group."""
    group = f"tables/{name}"
    return {key.removeprefix(f"{group}/"): key for key, _ in store.sizes(group)}


def _expected_tables(image: RegisteredImage) -> tuple[str, ...]:
    """Return the names of the tables the image must have."""
    names = ["FOV_ROI_table", "well_ROI_table"]
    if any(row.values for row in image.conditions):
        names.append("condition_table")
    if image.planes.fov:
        names.append("plane_table")
    return tuple(names)


def value_faults(store: Store, table: "NamedTable", version: Version) -> Iterator[str]:
    """Yield how the rows of a table in the store differ from those it must have."""
    from tiles2zarr.ngff.tables_backends import (
        parse_table,
        render_table,
        stored_backend,
    )

    keys = _objects(store, table.name).items()
    objects = {short: store.get(key) or b"" for short, key in keys}
    try:
        found = [_plain(row) for row in parse_table(objects, version)]
        backend = stored_backend(objects, version)
    except (KeyError, TypeError, ValueError, OSError, StoreError) as error:
        yield f"{table.name} cannot be read ({error})"
        return
    # through the same backend: CSV knows no types, JSON no order
    rendered = render_table(table, backend, version)
    wanted = [_plain(row) for row in parse_table(rendered, version)]
    if len(found) != len(wanted):
        yield f"{table.name} has {count(len(found), 'row')}, expected {len(wanted)}"
        return
    for number, (row, right) in enumerate(zip(found, wanted, strict=True), 1):
        names = [n for n in {**right, **row} if row.get(n) != right.get(n)]
        if names:
            yield (
                f"{table.name} was changed (row {number}, {names[0]}: "
                f"{row.get(names[0])!r}, expected {right.get(names[0])!r})"
            )
            return


def _plain(row: "Row") -> dict[str, object]:
    """Return a row in which NaN equals NaN."""
    return {name: None if value != value else value for name, value in row.items()}
