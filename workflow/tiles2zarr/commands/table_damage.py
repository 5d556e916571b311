"""What is amiss with the tables of an image."""

from collections.abc import Iterator

from tiles2zarr.commands.plates import count
from tiles2zarr.errors import StoreError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.documents import Version, read_attributes, stored_version
from tiles2zarr.stores.base import Store

_DOCUMENTS = {".zgroup", ".zattrs", "zarr.json"}


def table_faults(store: Store, image: RegisteredImage, *, deep: bool) -> Iterator[str]:
    """Yield tables that are not there or, with ``deep``, lost rows."""
    version = stored_version(store, "")
    if version is None:
        return
    try:
        listed = (read_attributes(store, "tables", version) or {}).get("tables")
    except StoreError as error:
        yield f"its tables are damaged: {error}"
        return
    for name, rows in _expected_tables(image).items():
        if not is_there(store, listed, name):
            yield f"{name} is missing"
        elif deep:
            yield from _row_faults(store, name, rows, version)


def is_there(store: Store, listed: object, name: str) -> bool:
    """Say whether the table is listed and its group holds more than its documents."""
    if not isinstance(listed, list) or name not in listed:
        return False
    return not _objects(store, name).keys() <= _DOCUMENTS


def _objects(store: Store, name: str) -> dict[str, str]:
    """Return the keys of a table's objects by their key below the table's group."""
    group = f"tables/{name}"
    return {key.removeprefix(f"{group}/"): key for key, _ in store.sizes(group)}


def _expected_tables(image: RegisteredImage) -> dict[str, int | None]:
    """Return the tables every image has, with their rows where these are known."""
    tables: dict[str, int | None] = {
        "FOV_ROI_table": len(image.fovs),
        "well_ROI_table": 1,
    }
    if any(row.values for row in image.conditions):
        tables["condition_table"] = None
    if image.planes.fov:
        tables["plane_table"] = len(image.planes.fov)
    return tables


def _row_faults(
    store: Store,
    name: str,
    rows: int | None,
    version: Version,
) -> Iterator[str]:
    from tiles2zarr.ngff.tables_backends import parse_table  # ngio: seconds to import

    keys = _objects(store, name).items()
    objects = {short: store.get(key) or b"" for short, key in keys}
    try:
        found = len(parse_table(objects, version))
    except (KeyError, TypeError, ValueError, OSError, StoreError) as error:
        yield f"{name} cannot be read ({error})"
        return
    if rows is not None and found != rows:
        yield f"{name} has {count(found, 'row')}, expected {rows}"
