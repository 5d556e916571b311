"""The plate as an RO-Crate: what repositories index, as one JSON-LD document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr import __version__
from tiles2zarr.config.archive import Archive
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.ngff.documents import dump_json

CRATE = "ro-crate-metadata.json"
"""Name of the document at the root of the plate."""
SOFTWARE = "#tiles2zarr"
"""Id of this package in the document, by which a crate of ours is known."""
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
NO_LICENSE = "not stated"
Entity = dict[str, object]


@dataclass(frozen=True)
class ArchivedImage:
    """An image as archives are told of it."""

    image: RegisteredImage
    octets: int
    """Bytes of its chunks."""


def ro_crate(
    name: str,
    images: Sequence[ArchivedImage],
    roots: Iterable[str],
    facts: Archive,
    day: str | None,
) -> bytes:
    """Return ``ro-crate-metadata.json`` of a plate, the same for the same plate.

    Source: https://www.researchobject.org/ro-crate/1.1/

    Args:
        name: Name of the plate.
        images: Its images, by id.
        roots: Where the sources were.
        facts: What the config says of the data set.
        day: Day of the newest source, for want of a day of publication.
    """
    parts = [_image(one) for one in images]
    if facts.ome_xml:
        parts.append(_ome_xml())
    inputs: list[Entity] = [
        {"@id": f"#input-{number}", "@type": "Thing", "name": root}
        for number, root in enumerate(dict.fromkeys(roots))
    ]
    root = _root(name, images, parts, facts, day)
    graph = [_descriptor(), root, *parts, *_conversion(inputs), *inputs]
    if facts.license and "://" in facts.license:
        graph.append(
            {"@id": facts.license, "@type": "CreativeWork", "name": facts.license}
        )
    return dump_json({"@context": CONTEXT, "@graph": graph}) + b"\n"


def _descriptor() -> Entity:
    return {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": PROFILE},
    }


def _root(
    name: str,
    images: Sequence[ArchivedImage],
    parts: Sequence[Entity],
    facts: Archive,
    day: str | None,
) -> Entity:
    wells = {one.image.image.rpartition("/")[0] for one in images}
    title = facts.title or name
    known = facts.license or NO_LICENSE
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": facts.description
        or f"OME-Zarr plate {name}: {len(wells)} wells, {len(images)} images.",
        "license": {"@id": known} if "://" in known else known,
        "hasPart": [{"@id": part["@id"]} for part in parts],
    }
    published = facts.published or day
    return root | ({"datePublished": published} if published else {})


def _image(one: ArchivedImage) -> Entity:
    image = one.image
    shape = " x ".join(map(str, image.shape))
    t, z, y, x = image.pixel_size
    sizes = {"t": (t, "second"), "z": (z, "micrometer")}
    sizes |= {"y": (y, "micrometer"), "x": (x, "micrometer")}
    return {
        "@id": f"{image.image}/",
        "@type": "Dataset",
        "name": image.name,
        "description": f"{shape} (t, c, z, y, x) pixels of {image.dtype}; spacing "
        + ", ".join(f"{axis} {size:g} {unit}" for axis, (size, unit) in sizes.items()),
        "variableMeasured": [channel.channel_label for channel in image.channels],
        "contentSize": str(one.octets),
        "encodingFormat": "application/vnd+zarr",
    }


def _ome_xml() -> Entity:
    return {
        "@id": "OME/METADATA.ome.xml",
        "@type": "File",
        "name": "OME-XML of the plate and its images",
        "encodingFormat": "application/xml",
    }


def _conversion(inputs: Sequence[Mapping[str, object]]) -> list[Entity]:
    return [
        {
            "@id": "#conversion",
            "@type": "CreateAction",
            "name": "Conversion of microscope tiles to OME-Zarr",
            "instrument": {"@id": SOFTWARE},
            "object": [{"@id": one["@id"]} for one in inputs],
            "result": {"@id": "./"},
        },
        {
            "@id": SOFTWARE,
            "@type": "SoftwareApplication",
            "name": "tiles2zarr",
            "version": __version__,
        },
    ]
