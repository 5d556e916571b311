"""Which images of containers (CZI, ND2, LIF) make one acquisition, and if they may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.container_files import ContainerOptions
from tiles2zarr.parsers.container_records import ContainerImage, left_out

PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes that is rounding."""


@dataclass(frozen=True)
class Choice:
    """Images that make one acquisition; none is without places.

    Args:
        images: The images, in paste order.
        in_plate: All places are in wells; else none is.
        pixel_um: Size of a pixel, micrometer, where known.
        plate: Name of the plate, where known.
        findings: What was left out, or is not told.
    """

    images: tuple[ContainerImage, ...]
    in_plate: bool
    pixel_um: float | None
    plate: str | None
    findings: tuple[Finding, ...]


def choose_images(
    images: Sequence[ContainerImage],
    source: str,
    options: ContainerOptions,
    file_wells: Mapping[str, tuple[int, int]],
) -> Choice:
    """Return the images that were asked for; those in wells if there are any.

    Args:
        images: What the files hold.
        source: Their folder, for messages.
        options: What was asked.
        file_wells: Wells by file name, for files that tell none themselves.

    Raises:
        ParserError: Nothing is left, or the images differ in pixel size or plate.
    """
    chosen = [_choose(image, options) for image in images]
    if not any(image.places for image in chosen):
        names = [p.scene for image in images for p in image.places]
        shown = ", ".join(map(repr, dict.fromkeys(names[:SHOWN]))) or "none"
        raise ParserError(
            f"{source}: no image is left to convert (of {len(names)}: {shown}). "
            "Check option images, and what the files hold."
        )
    chosen = [_with_file_well(image, file_wells) for image in chosen]
    in_plate = any(place.well for image in chosen for place in image.places)
    findings: list[Finding] = []
    if in_plate:
        chosen, findings = _without_outsiders(chosen)
    chosen = [image for image in chosen if image.places]
    pixel_um, unknown = _pixel_size(chosen, source)
    return Choice(
        images=tuple(chosen),
        in_plate=in_plate,
        pixel_um=pixel_um,
        plate=_plate(chosen, source) if in_plate else None,
        findings=(*findings, *unknown, *_stage_findings(chosen)),
    )


def _choose(image: ContainerImage, options: ContainerOptions) -> ContainerImage:
    """Return an image with the scenes that were asked for."""
    pattern = options.images
    if pattern is None:
        return image
    keep = [pattern.search(place.scene) is not None for place in image.places]
    return _keep_places(image, keep)


def _keep_places(image: ContainerImage, keep: Sequence[bool]) -> ContainerImage:
    if all(keep):
        return image
    kept = np.asarray(keep, dtype=bool)
    planes = image.planes[kept[image.planes["place"].to_numpy()]]
    renumbered = np.cumsum(kept) - 1
    return replace(
        image,
        places=tuple(p for p, k in zip(image.places, keep, strict=True) if k),
        planes=planes.assign(place=renumbered[planes["place"].to_numpy()]),
    )


def _with_file_well(
    image: ContainerImage, wells: Mapping[str, tuple[int, int]]
) -> ContainerImage:
    well = wells.get(image.file)
    if well is None or any(place.well for place in image.places):
        return image
    return replace(image, places=tuple(replace(p, well=well) for p in image.places))


def _without_outsiders(
    images: Sequence[ContainerImage],
) -> tuple[list[ContainerImage], list[Finding]]:
    """Return the images without the places that are in no well, and findings."""
    kept, findings = [], []
    for image in images:
        keep = [place.well is not None for place in image.places]
        if not all(keep):
            names = [p.scene or image.file for p in image.places if p.well is None]
            what = "images or scenes are in no well, others are"
            unique = list(dict.fromkeys(names))
            findings.append(left_out("outside_wells", what, image.file, unique))
        kept.append(_keep_places(image, keep))
    return kept, findings


def _pixel_size(
    images: Sequence[ContainerImage], source: str
) -> tuple[float | None, list[Finding]]:
    """Return the one pixel size, micrometer.

    Raises:
        ParserError: There are several.
    """
    sizes = [image.pixel_um for image in images if image.pixel_um is not None]
    if not sizes:
        message = (
            f"{source}: the pixel size is not told, 1 micrometer is assumed. Set "
            "details.pixelsize."
        )
        return None, [Finding(code="pixel_size_unknown", message=message)]
    size = sizes[0]
    others = [
        image
        for image in images
        if image.pixel_um is not None
        and abs(image.pixel_um - size) > PIXEL_TOLERANCE * size
    ]
    if others:
        name = f"{others[0].file} {others[0].title}".strip()
        raise ParserError(
            f"{source}: {len(others)} of {len(images)} images have another pixel "
            f"size than the first one ({size:g} micrometer), e.g. {name} "
            f"({others[0].pixel_um:g}). Make one acquisition of each size, choosing "
            "with option images (a regular expression on the images' names)."
        )
    return size, []


def _plate(images: Sequence[ContainerImage], source: str) -> str | None:
    """Return the one name of a plate.

    Raises:
        ParserError: There are several.
    """
    names = list(dict.fromkeys(image.plate for image in images if image.plate))
    if len(names) > 1:
        raise ParserError(
            f"{source} holds {len(names)} plates: {', '.join(names[:SHOWN])}. Choose "
            "one with option images (a regular expression on the images' names)."
        )
    return names[0] if names else None


def _stage_findings(images: Sequence[ContainerImage]) -> list[Finding]:
    """Return a finding on stage axes that run differently."""
    other = [image for image in images if image.stage != images[0].stage]
    if not other:
        return []
    message = (
        f"{len(other)} images say that the stage's axes run otherwise than in "
        f"{images[0].file}, which counts for all. Check the seams of mosaics, and set "
        "stage_corrections."
    )
    files = tuple(dict.fromkeys(image.file for image in other))[:SHOWN]
    return [
        Finding(
            code="stage_axes_differ", message=message, count=len(other), files=files
        )
    ]
