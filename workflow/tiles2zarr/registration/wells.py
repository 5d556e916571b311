"""Wells with several acquisitions: their common origin, and whether cycles overlay."""

from collections.abc import Sequence

import numpy as np

from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration.stage import least, stage_tiles


def well_of(image: TiledImage) -> str:
    """Return the well of an image, or the path of a single image."""
    collection = image.collection
    if isinstance(collection, ImageInPlate):
        return collection.well
    return collection.image_path


def well_origins(
    images: Sequence[TiledImage], *, align_xy: bool = True
) -> dict[str, tuple[float, float]]:
    """Return the smallest (y, x) of each well over all its acquisitions, micrometer.

    Positions are taken after swap and flips, and with ``align_xy`` of each field's
    first tile only, as registration places them.

    Args:
        images: Images of all acquisitions.
        align_xy: The option of the ``registration`` section.
    """
    tiles = stage_tiles(images)
    names = dict.fromkeys(map(well_of, images))
    wells = {well: code for code, well in enumerate(names)}
    code = np.array([wells[well_of(image)] for image in images], dtype=np.int64)
    chosen = tiles.first if align_xy else np.arange(tiles.image.size)
    owner = code[tiles.image[chosen]]
    # Images with such positions are refused one by one; the well's others go on.
    finite = np.isfinite(tiles.y_um[chosen]) & np.isfinite(tiles.x_um[chosen])
    chosen, owner = chosen[finite], owner[finite]
    y = least(tiles.y_um[chosen], owner, len(wells))
    x = least(tiles.x_um[chosen], owner, len(wells))
    return {
        well: (float(y[i]), float(x[i])) if np.isfinite(y[i]) else (0.0, 0.0)
        for well, i in wells.items()
    }
