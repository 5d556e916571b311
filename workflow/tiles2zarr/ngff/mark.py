"""Our mark on a group: who made it, from what, and how much must be there."""

from pydantic import ValidationError

from tiles2zarr.models.base import Frozen
from tiles2zarr.ngff.documents import (
    Documents,
    ReadOnce,
    read_attributes,
    stored_version,
)

KEY = "tiles2zarr"
"""Attribute that carries the mark."""


class Mark(Frozen):
    """``attributes.tiles2zarr`` of an image group, written last."""

    owner: str
    """Id of the config's results folder that made the image."""
    pixels: str
    """Fingerprint of everything that decides the arrays."""
    metadata: str
    """Fingerprint of everything else."""
    geometry: str
    """Fingerprint of shape, scale and boxes."""
    content: str
    """Digest over keys, sizes and hashes of all chunks."""
    chunks: int
    """Chunk or shard objects of all levels."""
    bytes: int
    """Their size together."""


def read_mark(store: Documents, group: str = "") -> Mark | None:
    """Return the mark of a group, ``None`` if it has none of this form."""
    store = ReadOnce(store)
    version = stored_version(store, group)
    attributes = read_attributes(store, group, version) if version else None
    raw = (attributes or {}).get(KEY)
    try:
        return Mark.model_validate(raw)
    except ValidationError:
        return None


def is_of_others(store: Documents, image: str, owner: str) -> bool:
    """Say whether an image is there that does not carry the mark of an owner."""
    if not level_names(store, image):
        return False
    mark = read_mark(store, image)
    return mark is None or mark.owner != owner


def axes_of(store: Documents, group: str = "") -> str:
    """Return the axes an image group's metadata list, ``czyx``; empty without any."""
    entries = [
        axis
        for scale in _multiscales(store, group)[:1]
        if isinstance(axes := scale.get("axes"), list)
        for axis in axes
    ]
    return "".join(str(a.get("name")) for a in entries if isinstance(a, dict))


def level_names(store: Documents, group: str = "") -> tuple[str, ...]:
    """Return the first path part of every level an image group's metadata list."""
    lists = [entry.get("datasets") for entry in _multiscales(store, group)]
    paths = [
        dataset.get("path")
        for datasets in lists
        if isinstance(datasets, list)
        for dataset in datasets
        if isinstance(dataset, dict)
    ]
    return tuple(p.split("/")[0] for p in paths if isinstance(p, str))


def _multiscales(store: Documents, group: str) -> list[dict[str, object]]:
    store = ReadOnce(store)
    version = stored_version(store, group)
    attributes = read_attributes(store, group, version) if version else None
    ome = (attributes or {}).get("ome", attributes)
    multiscales = ome.get("multiscales") if isinstance(ome, dict) else None
    if not isinstance(multiscales, list):
        return []
    return [entry for entry in multiscales if isinstance(entry, dict)]
