"""What is amiss with the tables of an image."""

from collections.abc import Iterator, Mapping

from tiles2zarr.commands.plates import count
from tiles2zarr.errors import StoreError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.documents import Version, read_attributes, stored_version
from tiles2zarr.stores.base import Store


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
        objects = {
            key.removeprefix(f"tables/{name}/"): key
            for key, _ in store.sizes(f"tables/{name}")
        }
        there = isinstance(listed, list) and name in listed and len(objects) > 1
        if not there:
            yield f"{name} is missing"
        elif deep:
            yield from _row_faults(store, name, objects, rows, version)


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
    keys: Mapping[str, str],
    rows: int | None,
    version: Version,
) -> Iterator[str]:
    from tiles2zarr.ngff.tables_backends import parse_table  # ngio: seconds to import

    objects = {short: store.get(key) or b"" for short, key in keys.items()}
    try:
        found = len(parse_table(objects, version))
    except (KeyError, TypeError, ValueError, OSError, StoreError) as error:
        yield f"{name} cannot be read ({error})"
        return
    if rows is not None and found != rows:
        yield f"{name} has {count(found, 'row')}, expected {rows}"
