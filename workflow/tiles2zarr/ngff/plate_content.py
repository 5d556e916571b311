"""What the documents of plates and wells hold, taken out and put in; checked names."""

import re
from collections.abc import Mapping

from tiles2zarr.errors import StoreError
from tiles2zarr.models.well import column_index, row_index
from tiles2zarr.ngff.documents import Attributes, Version


def versioned(
    key: str, content: Mapping[str, object], version: Version
) -> dict[str, object]:
    """Return the attributes of a group that hold ``content`` below ``key``."""
    if version == "0.4":
        return {key: content}
    return {"ome": {"version": version, key: content}}


def content_of(
    attributes: Attributes, key: str, version: Version
) -> Mapping[str, object] | None:
    """Return what the attributes of a group hold below ``key``, ``None`` if nothing."""
    if version == "0.5":
        ome = attributes.get("ome")
        attributes = ome if isinstance(ome, Mapping) else {}
    content = attributes.get(key)
    return content if isinstance(content, Mapping) else None


def objects_in(content: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """Return a list of objects, empty if it is not there.

    Raises:
        TypeError: It is something else.
    """
    entries = content.get(key, [])
    if not isinstance(entries, list):
        raise TypeError(f"{key} is not a list")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise TypeError(f"{key} holds {entry!r}")
    return entries


def damaged(error: Exception) -> StoreError:
    """Return the error on metadata that are not those of a plate."""
    return StoreError(
        f"the plate metadata in the output are not valid: {error!r}. Repair them, or "
        "choose another output."
    )


def row_of(name: str) -> int:
    """Return the index of a row named as ours are.

    Raises:
        StoreError: New images would not fall into the same wells.
    """
    if not re.fullmatch("[A-Z]{1,2}", name):
        raise _foreign_names("row", name, "A")
    return row_index(name)


def column_of(name: str) -> int:
    """Return the index of a column named as ours are.

    Raises:
        StoreError: New images would not fall into the same wells.
    """
    if not re.fullmatch("[0-9]{2}", name):
        raise _foreign_names("column", name, "01")
    return column_index(name)


def _foreign_names(kind: str, name: str, ours: str) -> StoreError:
    return StoreError(
        f"the plate in the output names a {kind} {name!r}, expected names like "
        f"{ours!r}: new images would not fall into the same wells. Write into a new "
        "plate."
    )
