"""What is odd about a CZI file."""

from collections.abc import Mapping, Sequence

import numpy as np

from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.container_records import Place, left_out
from tiles2zarr.parsers.zeiss_czi_metadata import CziMetadata

SQUARE_TOLERANCE = 1e-3
"""Relative difference of a pixel's width and height that is rounding."""


def find_extra_axes(
    name: str, tiles: Sequence[Mapping[str, int]], axes: Sequence[str]
) -> list[Finding]:
    """Return a finding on tiles that are left out.

    Args:
        name: Name of the file.
        tiles: Indices by axis of the tiles left out.
        axes: Axes that an image does not have.
    """
    if not tiles:
        return []
    found = {f"{a}={tile[a]}" for tile in tiles for a in axes if tile.get(a, 0)}
    what = "indices along axes that images do not have (phase, illumination ...)"
    finding = left_out("extra_dimensions", what, name, sorted(found))
    return [finding.replace(count=len(tiles))]


def find_unequal_sides(name: str, metadata: CziMetadata) -> list[Finding]:
    """Return a finding on pixels that are not square."""
    width, height = metadata.sizes_um
    if not width or not height or abs(width - height) <= SQUARE_TOLERANCE * width:
        return []
    message = (
        f"{name}: pixels are {width:g} micrometer wide and {height:g} high; the width "
        "is taken for both. Set details.pixelsize."
    )
    return [Finding(code="pixels_not_square", message=message, files=(name,))]


def find_overlaps(name: str, places: Sequence[Place], size: float) -> list[Finding]:
    """Return a finding on mosaic tiles that lie partly over others of their scene.

    Args:
        name: Name of the file.
        places: Tiles of all scenes.
        size: Size of a pixel, as in the places' coordinates.
    """
    scenes: dict[int, list[tuple[float, float, float, float]]] = {}
    for p in places:
        x, y = p.x_um / size, p.y_um / size
        scenes.setdefault(p.number, []).append((x, y, x + p.width, y + p.height))
    count = 0
    for boxes in scenes.values():
        left, top, right, bottom = np.asarray(boxes).T
        for x0, y0, x1, y1 in boxes:
            wide = np.minimum(right, x1) - np.maximum(left, x0) > 0.5
            high = np.minimum(bottom, y1) - np.maximum(top, y0) > 0.5
            count += int((wide & high).sum() > 1)
    if count == 0:
        return []
    message = (
        f"{name}: {count} mosaic tiles overlap others of their scene. Where they do, "
        "the pixels of the later tile stand in both, as in the microscope's own view."
    )
    return [
        Finding(
            code="mosaic_overlap",
            severity="info",
            message=message,
            count=count,
            files=(name,),
        )
    ]
