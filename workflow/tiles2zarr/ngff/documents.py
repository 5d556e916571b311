"""Group metadata as the JSON objects they are stored in, zarr v2 and v3.

Written directly and in one step per object: zarr-python writes in place, and a reader
or a crash in the middle of that sees half a document.
"""

import json
from collections.abc import Mapping
from typing import Literal, Protocol

from tiles2zarr.config.omezarr import NgffVersion
from tiles2zarr.errors import StoreError

Version = NgffVersion | Literal["0.4", "0.5"]
"""OME-Zarr version; 0.4 is kept in zarr v2 groups, 0.5 in zarr v3 groups."""
Attributes = Mapping[str, object]


class Documents(Protocol):
    """Objects by key below one root, keys with ``/``; any store of ours is one."""

    def get(self, key: str) -> bytes | None:
        """Return the object, or ``None`` if there is none."""

    def put(self, key: str, data: bytes) -> None:
        """Replace the object in one step."""


class ReadOnce:
    """A store that is asked for each object once; to be used within one function.

    Behind a URL each look at a document is a request.
    """

    def __init__(self, store: Documents) -> None:
        """Read from ``store``."""
        self._store = store
        self._known: dict[str, bytes | None] = {}

    def get(self, key: str) -> bytes | None:
        """Return the object as it was at the first look."""
        if key not in self._known:
            self._known[key] = self._store.get(key)
        return self._known[key]

    def put(self, key: str, data: bytes) -> None:
        """Replace the object."""
        self._store.put(key, data)
        self._known[key] = data


def dump_json(value: object) -> bytes:
    """Return JSON in the order given, the same bytes for the same value.

    Raises:
        ValueError: A number is not finite, which JSON cannot say.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode()


def group_documents(attributes: Attributes, version: Version) -> dict[str, bytes]:
    """Return the objects of a group by name, in the order they must be written.

    The last one carries the attributes: without it the group is not finished.
    """
    if version == "0.5":
        node = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        return {"zarr.json": dump_json(node)}
    documents = {".zgroup": dump_json({"zarr_format": 2})}
    return documents | {".zattrs": dump_json(attributes)}


def join(group: str, name: str) -> str:
    """Return the key of an object in a group; the root group is ``""``."""
    return f"{group}/{name}" if group else name


def read_attributes(
    store: Documents, group: str, version: Version
) -> dict[str, object] | None:
    """Return the attributes of a group, or ``None`` where there is no such group.

    Raises:
        StoreError: The document is not what a group's document can be.
    """
    if version == "0.5":
        node = _read_object(store, join(group, "zarr.json"))
        if node is None:
            return None
        attributes = node.get("attributes", {})
        if node.get("node_type") != "group" or not isinstance(attributes, dict):
            raise StoreError(
                f"{join(group, 'zarr.json')} in the output is not the document of a "
                "group. Move whatever is there away and run again."
            )
        return attributes
    if store.get(join(group, ".zgroup")) is None:
        return None
    return _read_object(store, join(group, ".zattrs")) or {}


def _read_object(store: Documents, key: str) -> dict[str, object] | None:
    data = store.get(key)
    if data is None:
        return None
    try:
        value = json.loads(data)
    except ValueError as error:
        raise StoreError(
            f"{key} in the output is not valid JSON ({error}). "
            "Restore or remove the damaged store and run again."
        ) from error
    if not isinstance(value, dict):
        raise StoreError(
            f"{key} in the output holds {type(value).__name__}, expected an object. "
            "Restore or remove the damaged store and run again."
        )
    return value


def stored_version(store: Documents, group: str) -> Version | None:
    """Return the version a group is kept in, or ``None`` where there is no group."""
    if store.get(join(group, "zarr.json")) is not None:
        return "0.5"
    return "0.4" if store.get(join(group, ".zgroup")) is not None else None


def merge_attributes(
    old: Attributes, new: Attributes, *, remove: tuple[str, ...] = ()
) -> dict[str, object]:
    """Return the attributes of a group after an update.

    Keys of ``new`` come first and replace the old ones; what others wrote is kept,
    sorted behind them. Below ``ome`` (0.5) the same holds once more. ``remove`` names
    keys (below ``ome`` too) that go.
    """
    merged = dict(new)
    for key in sorted(old.keys() - new.keys()):
        merged[key] = old[key]
    ome, old_ome = merged.get("ome"), old.get("ome")
    if isinstance(ome, Mapping) and isinstance(old_ome, Mapping):
        others = sorted(old_ome.keys() - ome.keys())
        ome = {**ome, **{key: old_ome[key] for key in others}}
        merged["ome"] = {key: ome[key] for key in ome if key not in remove}
    return {key: value for key, value in merged.items() if key not in remove}


def write_attributes(
    store: Documents,
    group: str,
    attributes: Attributes,
    version: Version,
    *,
    remove: tuple[str, ...] = (),
) -> bool:
    """Make a group or update its attributes, and say whether anything changed.

    Foreign attributes stay (``merge_attributes``); an unchanged object is not written.

    Raises:
        StoreError: The group exists in the other version, or is damaged.
    """
    store = ReadOnce(store)
    stored = stored_version(store, group)
    if stored not in (None, version):
        raise StoreError(
            f"the group {group or 'at the root'!r} of the output is OME-Zarr {stored}, "
            f'the config asks for {version}. Set omezarr.ngff_version: "{stored}" or '
            "choose another output."
        )
    old = read_attributes(store, group, version) or {}
    merged = merge_attributes(old, attributes, remove=remove)
    changed = False
    for name, data in group_documents(merged, version).items():
        key = join(group, name)
        if stored is None or store.get(key) != data:
            store.put(key, data)
            changed = True
    return changed
