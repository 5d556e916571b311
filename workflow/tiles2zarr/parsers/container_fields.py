"""Where the stacks of containers (CZI, ND2, LIF) go, and the names of their fields."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.container_records import ContainerImage, Place

_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")
_LENGTH = 90
"""Characters of a name; up to 100 may be written."""


@dataclass(frozen=True)
class Field:
    """A place with its image's number, where it goes, and its name there."""

    image: int
    place: Place
    target: str
    fov: str


def name_fields(
    images: Sequence[ContainerImage], in_plate: bool, *, as_fields: bool
) -> list[Field]:
    """Return all places with their targets and field names, unique in a target."""
    names = _image_names(images, as_fields=as_fields) if not in_plate else {}
    scenes: dict[str, dict[tuple[int, int], int]] = {}
    fields = []
    for number, image in enumerate(images):
        for place in image.places:
            key = (number, place.number)
            target = str(place.well) if in_plate else names[key]
            known = scenes.setdefault(target, {})
            scene = known.setdefault(key, len(known)) + 1
            fov = f"{scene}" if place.tile is None else f"S{scene}M{place.tile}"
            fields.append(Field(number, place, target, fov))
    return fields


def _image_names(
    images: Sequence[ContainerImage], *, as_fields: bool
) -> dict[tuple[int, int], str]:
    """Return the name of the single image of each scene, by image and scene number.

    The file's name, and the scene's if it has one; its number if the file holds several
    without. So a name does not depend on which scenes are chosen.
    """
    counts: dict[str, set[tuple[int, int]]] = {}
    for number, image in enumerate(images):
        for place in image.places:
            counts.setdefault(image.file, set()).add((number, place.number))
    names: dict[tuple[int, int], str] = {}
    joined: dict[str, str] = {}
    for number, image in enumerate(images):
        stem = image.file.rpartition(".")[0] or image.file
        for place in image.places:
            key = (number, place.number)
            if key in names:
                continue
            if as_fields:
                taken = set(joined.values())
                if image.file not in joined:
                    joined[image.file] = _safe_name(stem, taken)
                names[key] = joined[image.file]
                continue
            several = len(counts[image.file]) > 1
            scene = place.scene or (str(place.number + 1) if several else "")
            text = f"{stem}_{scene}" if scene else stem
            names[key] = _safe_name(text, set(names.values()))
    return names


def _safe_name(text: str, taken: set[str]) -> str:
    """Return a name that may be part of a path and is not taken."""
    folded = {name.casefold() for name in taken}
    safe = _UNSAFE.sub("_", text).lstrip("._ -")[:_LENGTH].rstrip(" .") or "image"
    name, count = safe, 1
    while name.casefold() in folded:
        count += 1
        name = f"{safe}_{count}"
    return name


def find_unplaced(fields: Sequence[Field]) -> list[Finding]:
    """Return a finding on images of several fields without positions."""
    counts: dict[str, int] = {}
    for item in fields:
        counts[item.target] = counts.get(item.target, 0) + 1
    bare = [f for f in fields if isnan(f.place.x_um) and counts[f.target] > 1]
    if not bare:
        return []
    message = (
        f"{len(bare)} fields of images with several have no stage position and would "
        "lie on top of each other at 0. Set registration.tiling_mode to no_tiling."
    )
    return [Finding(code="positions_unknown", message=message, count=len(bare))]
