"""Plates written by hand as the instruments write them, with their truth.

Every plane has pixels of its own, so a plane in a wrong place cannot pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

HEIGHT, WIDTH = 20, 30
"""Pixels of a tile."""
Place = tuple[int, int, int, int, int]
"""Time point, channel, plane, first row and column of pixels."""


@dataclass
class Truth:
    """What a plate must become.

    Args:
        format: Short name of its format.
        name: Name of the plate.
        layout: Rows and columns.
        pixel_um: Edge of a pixel.
        z_um: Distance of planes.
        labels: Channels by well.
        planes: Place and pixels by well.
        findings: Codes with their counts, of everything that is reported.
        path: Where it is, below the folder.
        options: What the config adds to the acquisition.
    """

    format: str
    name: str
    layout: tuple[int, int]
    pixel_um: float
    labels: Mapping[str, Sequence[str]]
    z_um: float = 1.0
    planes: dict[str, list[tuple[Place, NDArray[np.uint16]]]] = field(
        default_factory=dict
    )
    findings: Mapping[str, int] = field(default_factory=dict)
    path: str = ""
    options: Mapping[str, object] = field(default_factory=dict)

    def expected(self, well: str) -> NDArray[np.uint16]:
        """Return the pixels of a well over (t, c, z, y, x)."""
        planes = self.planes[well]
        last = np.max([place for place, _ in planes], axis=0)
        shape = last + np.array([1, 1, 1, HEIGHT, WIDTH])
        image = np.zeros(shape, dtype=np.uint16)
        for (t, c, z, y, x), pixels in planes:
            image[t, c, z, y : y + HEIGHT, x : x + WIDTH] = pixels
        return image

    def add(
        self, path: Path, well: str, place: Place, description: str = ""
    ) -> NDArray[np.uint16]:
        """Write a plane with pixels of its own and note where it must come out."""
        planes = self.planes.setdefault(well, [])
        pixels = write(path, description)
        planes.append((place, pixels))
        return pixels


def write(path: Path, description: str = "", seed: str = "") -> NDArray[np.uint16]:
    """Write a plane of random pixels, seeded by its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(list((seed or str(path.name)).encode()))
    pixels = random.integers(1, 60000, (HEIGHT, WIDTH), dtype=np.uint16)
    tifffile.imwrite(path, pixels, description=description, metadata=None)
    return pixels
