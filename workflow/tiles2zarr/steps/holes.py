"""Planes that could not be decoded, in the plane table of their image."""

from itertools import product

from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import HoleColumns

Place = tuple[str, int, int, int]
"""Field of view, time point, channel and plane in the image."""


def with_holes(image: RegisteredImage, holes: HoleColumns) -> RegisteredImage:
    """Return the image with ``error`` as the status of the planes in ``holes``.

    Args:
        image: The image as it was registered, when only headers had been read.
        holes: Planes of its files that could not be decoded.
    """
    if not holes.file:
        return image
    lost = _places(image, set(zip(holes.file, holes.plane, strict=True)))
    planes = image.planes
    places = zip(planes.fov, planes.t, planes.c, planes.z, strict=True)
    status = tuple(
        "error" if known == "ok" and place in lost else known
        for place, known in zip(places, planes.status, strict=True)
    )
    return image.replace(planes=planes.replace(status=status))


def _places(image: RegisteredImage, holes: set[tuple[str, int]]) -> set[Place]:
    """Return where in the image the planes of files would be."""
    boxes = image.boxes
    files = {file for file, _ in holes}
    found: set[Place] = set()
    for row, file in enumerate(boxes.file):
        if file not in files:
            continue
        lengths = boxes.len_t[row], boxes.len_c[row], boxes.len_z[row]
        for number, (t, c, z) in enumerate(product(*map(range, lengths))):
            if (file, boxes.plane[row] + number) in holes:
                start = boxes.t[row] + t, boxes.c[row] + c, boxes.z[row] + z
                found.add((boxes.fov[row], *start))
    return found
