"""How a plate came about: config, software, inputs, and what each image is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiles2zarr.checkpoints import digest
from tiles2zarr.errors import StoreError
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.documents import (
    Documents,
    Version,
    read_attributes,
    stored_version,
    write_attributes,
)
from tiles2zarr.versions import package_versions

GROUP = "tiles2zarr"
"""Group of a plate whose attributes hold the provenance of all who wrote into it.

A group and no file: readers that list a plate's members warn of files."""
PIXEL_PACKAGES = ("imagecodecs", "numpy", "tifffile")
"""What reads sources and encodes chunks."""
TABLE_PACKAGES = ("ngio", "numpy", "pandas", "pyarrow", "pydantic", "zarr")
"""What makes tables and metadata."""

_MANNERS = {
    "writing": (
        "overwrite_mode",
        "writer_mode",
        "images_per_job",
        "dask",
        "track_sources",
    ),
    "report": ("enabled",),
    "verify": ("deep", "manifest", "certificate"),
}
"""Keys of the config, by section, that do not decide what is in a plate."""


@dataclass(frozen=True)
class Origin:
    """What the provenance says of one image."""

    entry: Mapping[str, object]
    """Digests of its chunks, of what decided them, and of its sources."""
    software: Mapping[str, str]
    """Versions of the packages that made it."""


def origin_of(receipt: Receipt, content: str) -> Origin:
    """Return what the provenance says of an image.

    Args:
        receipt: The image's receipt.
        content: Digest over all its chunks.
    """
    sources = receipt.sources
    # pixels' digests are in the receipts, and lost where one was adopted
    rows = [sources.file, sources.size]
    entry = {
        "content": content,
        "pixels": receipt.pixels,
        "software": digest(receipt.software)[:12],
        "sources": {
            "files": len(sources.file),
            "bytes": sum(size for size in sources.size if size > 0),
            "names_and_sizes": digest({"sources": rows}),
        },
    }
    return Origin(entry, receipt.software)


def describe_provenance(
    config: Mapping[str, object],
    inputs: list[object],
    origins: Mapping[str, Origin],
) -> dict[str, object]:
    """Return the provenance of a plate as JSON values; the same for the same plate.

    Args:
        config: The config with every default filled in.
        inputs: What was read, an entry per acquisition.
        origins: What each written image was made from.
    """
    images = {image: dict(origin.entry) for image, origin in sorted(origins.items())}
    software = {
        str(origin.entry["software"]): dict(origin.software)
        for origin in origins.values()
    }
    return {
        "schema": 1,
        "config": dict(config),
        "inputs": inputs,
        "images": images,
        "software": {
            "images": software,
            "tables": package_versions(TABLE_PACKAGES),
        },
    }


def write_provenance(
    store: Documents, owner: str, provenance: Mapping[str, object], version: Version
) -> bool:
    """Put the provenance into the plate, beside that of others who wrote into it.

    Without the keys of the config that decide only how a run goes about it: a plate
    is not touched when one of these changes.

    Raises:
        StoreError: The store refused, or is of another version.
    """
    config = dict(_part(provenance, "config"))
    for key, names in _MANNERS.items():
        section = _part(config, key)
        kept = {name: section[name] for name in section if name not in names}
        config[key] = kept
    stored = {**provenance, "config": {k: v for k, v in config.items() if v != {}}}
    return write_attributes(store, GROUP, {owner: stored}, version)


def read_software(store: Documents, owner: str, image: str) -> dict[str, str]:
    """Return the versions that made an image, by the plate's provenance; else none."""
    version = stored_version(store, GROUP)
    try:
        known: object = read_attributes(store, GROUP, version) if version else None
        provenance = _part(known, owner)
        key = _part(_part(provenance, "images"), image).get("software")
        images = _part(_part(provenance, "software"), "images")
        software = _part(images, str(key))
    except StoreError:
        return {}
    return {str(name): str(found) for name, found in software.items()}


def _part(value: object, key: str) -> Mapping[str, object]:
    part = value.get(key) if isinstance(value, Mapping) else None
    return part if isinstance(part, Mapping) else {}
