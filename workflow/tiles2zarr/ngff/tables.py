"""Writing the tables of images and plates into their groups."""

from collections.abc import Collection, Iterable, Mapping

from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.well import column_index, column_name, row_index, row_name
from tiles2zarr.ngff.documents import (
    Documents,
    ReadOnce,
    Version,
    join,
    read_attributes,
    write_attributes,
)
from tiles2zarr.ngff.tables_backends import (
    Backend,
    Objects,
    parse_table,
    render_table,
)
from tiles2zarr.ngff.tables_frames import (
    IMAGE_TABLES,
    PLATE_TABLES,
    NamedTable,
    PlateRows,
    Row,
    image_tables,
    place_of,
    plate_tables,
)
from tiles2zarr.ngff.tables_insert import insert_rows
from tiles2zarr.stores.base import Store


def write_image_tables(
    store: Store,
    group: str,
    image: RegisteredImage,
    *,
    version: Version,
    backend: Backend = "csv",
) -> bool:
    """Write the tables of an image and say whether anything changed.

    ``FOV_ROI_table``, ``well_ROI_table``, ``condition_table`` (with conditions only)
    and ``plane_table``; one of these that is no longer wanted is removed, tables of
    others stay. Equal tables are not written again.

    Args:
        store: Where the image is.
        group: Key of the image's group in the store; ``""`` is the store's root.
        image: The image.
        version: OME-Zarr version of the image.
        backend: How the tables are kept.

    Raises:
        StoreError: The store refused, or is of another version.
    """
    tables = image_tables(image)
    return _write_tables(store, group, tables, IMAGE_TABLES, version, backend)


def write_plate_tables(
    store: Store,
    rows: Iterable[PlateRows],
    *,
    version: Version,
    backend: Backend = "csv",
    kept: Collection[str] = (),
) -> bool:
    """Write the tables of a plate and say whether anything changed.

    Args:
        store: Rooted at the plate.
        rows: What each image adds (``tables_frames.plate_rows``).
        version: OME-Zarr version of the plate.
        backend: How the tables are kept.
        kept: Ids of images in the plate that ``rows`` does not hold (overwrite mode
            extend): their rows are taken over from the tables that are there.

    Raises:
        StoreError: The store refused, is of another version, or an old table that is
            to be taken over cannot be read.
    """
    given = tuple(rows)
    others = set(kept) - {part.image for part in given}
    conditions = [row for part in given for row in part.conditions]
    fovs = [row for part in given for row in part.fovs]
    if others:
        conditions += _old_rows(store, "condition_table", others, version)
        fovs += _old_rows(store, "FOV_table", others, version)
    tables = sorted_plate_tables(conditions, fovs)
    return _write_tables(store, "", tables, PLATE_TABLES, version, backend)


def add_plate_rows(
    store: Store, part: PlateRows, *, version: Version, backend: Backend = "csv"
) -> bool:
    """Put the rows of one image into the tables of its plate, in place of its old ones.

    For plates that are filled image by image. Into a CSV the rows are put at their
    place, which costs nearly the same in tables of any length; other tables are
    written anew.

    Returns:
        Whether anything changed.

    Raises:
        StoreError: As ``write_plate_tables``.
    """
    longer = _longer_csv(store, part, version) if str(backend) == "csv" else None
    if longer is not None:
        changed = {key: data for key, data in longer.items() if store.get(key) != data}
        for key, data in changed.items():
            store.put(key, data)
        return bool(changed)
    conditions = _old_rows(store, "condition_table", {part.image}, version, others=True)
    fovs = _old_rows(store, "FOV_table", {part.image}, version, others=True)
    tables = sorted_plate_tables([*part.conditions, *conditions], [*part.fovs, *fovs])
    return _write_tables(store, "", tables, PLATE_TABLES, version, backend)


def _longer_csv(
    store: Store, part: PlateRows, version: Version
) -> dict[str, bytes] | None:
    """Return the CSV of the plate's tables with the rows of an image, by key.

    ``None`` where a table is not there or has to be written anew.
    """
    listed = _listed(store, "tables", version)
    needed = {table.name for table in plate_tables(part.conditions, part.fovs)}
    where = part.conditions[0]
    longer: dict[str, bytes] = {}
    for name, rows in zip(PLATE_TABLES, (part.conditions, part.fovs), strict=True):
        if name not in listed and name not in needed:
            continue
        key = join(join("tables", name), "table.csv")
        content = store.get(key)
        data = insert_rows(content, where, rows) if content is not None else None
        if data is None:
            return None
        longer[key] = data
    return longer


def sorted_plate_tables(
    conditions: Iterable[Row], fovs: Iterable[Row]
) -> tuple[NamedTable, ...]:
    """Return the tables of a plate, rows in the order of the plate's images."""
    return plate_tables(sorted(conditions, key=place_of), sorted(fovs, key=place_of))


def _old_rows(
    store: Store,
    name: str,
    images: Collection[str],
    version: Version,
    *,
    others: bool = False,
) -> list[Row]:
    """Return the rows of a plate table that belong to the images, or to all others."""
    objects = _stored(store, join("tables", name))
    if name not in _listed(store, "tables", version) or not objects:
        return []
    try:
        rows = [_with_place(row) for row in parse_table(objects, version)]
    except (KeyError, ValueError) as error:
        raise StoreError(
            f"the rows of {name} in the output cannot be told apart by image "
            f"({error}), expected the columns row, column and path_in_well. Remove the "
            "table or write into a new plate."
        ) from error
    return [row for row in rows if (_image(row) in images) is not others]


def _with_place(row: Row) -> Row:
    """Return a row that says where its image is as ours do.

    Rows of the plate's table may come from other programs: columns as text, no well.
    """
    row_letter = row_name(row_index(str(row["row"])))
    column = column_index(str(row["column"]))
    where: dict[str, Scalar] = {
        "row": row_letter,
        "column": column + 1,
        "well": row_letter + column_name(column),
        "acquisition": int(row.get("acquisition") or 0),
        "path_in_well": str(row["path_in_well"]),
    }
    return where | {key: value for key, value in row.items() if key not in where}


def _image(row: Row) -> str:
    column = column_name(column_index(str(row["column"])))
    return f"{row['row']}/{column}/{row['path_in_well']}"


def _write_tables(
    store: Store,
    group: str,
    tables: Iterable[NamedTable],
    owned: Collection[str],
    version: Version,
    backend: Backend,
) -> bool:
    """Bring our tables below ``<group>/tables`` up to date.

    A table is visible when the list in the attributes of ``tables`` names it. A listed
    table of which one object changes has it replaced in one step: rows taken over from
    it are nowhere else. Others that change are taken off that list first and put back
    when they are complete, so a half-written table is never seen, whatever the backend
    and whenever we die.
    """
    home = join(group, "tables")
    rendered = {table.name: render_table(table, backend, version) for table in tables}
    documents = ReadOnce(store)
    listed = _listed(documents, home, version)
    present = set(store.children(home))
    stale = {
        name
        for name, objects in rendered.items()
        if name in present and not _matches(store, join(home, name), objects)
    }
    swaps = {
        name: key
        for name in stale & set(listed)
        if (key := _only_change(store, join(home, name), rendered[name]))
    }
    for name, key in sorted(swaps.items()):
        store.put(join(join(home, name), key), rendered[name][key])
    stale -= swaps.keys()
    gone = {name for name in owned if name in present and name not in rendered}
    missing = rendered.keys() - present
    if (stale | gone | missing) & set(listed):
        rest = [name for name in listed if name not in stale | gone | missing]
        write_attributes(documents, home, {"tables": rest}, version)
    for name in sorted(stale | gone):
        store.delete(join(home, name))
    for name in sorted(stale | missing):
        for key, data in rendered[name].items():
            store.put_chunk(join(join(home, name), key), data)
    store.flush()
    final = [name for name in listed if name in rendered or name not in owned]
    final += [name for name in rendered if name not in final]
    listing_changed = write_attributes(documents, home, {"tables": final}, version)
    return listing_changed or bool(stale | gone | missing or swaps)


def _listed(store: Documents, home: str, version: Version) -> list[str]:
    attributes = read_attributes(store, home, version) or {}
    names = attributes.get("tables", [])
    return [str(name) for name in names] if isinstance(names, list) else []


def _matches(store: Store, group: str, objects: Objects) -> bool:
    return all(store.get(join(group, key)) == data for key, data in objects.items())


def _only_change(store: Store, group: str, objects: Objects) -> str | None:
    """Return the key of the one object in which a table differs from its new state."""
    stored = _stored(store, group)
    changed = [key for key in objects if stored.get(key) != objects[key]]
    return changed[0] if stored.keys() == objects.keys() and len(changed) == 1 else None


def _stored(store: Store, group: str) -> Mapping[str, bytes]:
    keys = [key for key, _ in store.sizes(group)]
    found = {key.removeprefix(f"{group}/"): store.get(key) for key in sorted(keys)}
    return {key: data for key, data in found.items() if data is not None}
