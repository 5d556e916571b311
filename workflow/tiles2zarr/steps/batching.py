"""Which images share a job: fixed blocks of the plate, so a new well changes one."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Literal

from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.well import MAX_ROWS, column_index, row_index, row_name

BATCH_BYTES = 4 * 10**9
"""Source pixels of a batch: minutes of work, little lost by a crash."""
BATCH_IMAGES = 64
"""Images of a batch: the start of a process costs as much as some small images."""


def choose_block(
    images: Sequence[TiledImage],
    bytes_of: Mapping[str, int],
    images_per_job: int | Literal["auto"],
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return rows and columns of the plate per batch, and the first row and column.

    For single images the number of batches and 0.

    Args:
        images: All images of the first plan.
        bytes_of: Source bytes by image id.
        images_per_job: From the config.
    """
    mean = sum(bytes_of.values()) / len(images) or 1
    wanted = images_per_job
    if wanted == "auto":
        wanted = int(max(1, min(BATCH_IMAGES, BATCH_BYTES // mean)))
    places = [i.collection for i in images if isinstance(i.collection, ImageInPlate)]
    if not places:
        return (math.ceil(len(images) / wanted), 0), (0, 0)
    wells = {(row_index(place.row), place.column - 1) for place in places}
    first = min(row for row, _ in wells), min(column for _, column in wells)
    across = max(column for _, column in wells) - first[1] + 1
    per_well = max(1, round(len(images) / len(wells)))
    columns = max(1, wanted // per_well)
    if columns < across:
        return (1, columns), first
    return (max(1, columns // across), across), first


def batch_name(
    image: TiledImage, block: tuple[int, int], first: tuple[int, int]
) -> str:
    """Return the name of the batch an image belongs to, whatever else there is.

    Args:
        image: The image.
        block: Rows and columns of the plate per batch.
        first: Row and column, 0-based, that blocks are counted from.
    """
    place = image.collection
    rows, columns = block
    if not isinstance(place, ImageInPlate):
        digest = hashlib.sha256(image.image.encode()).digest()
        return f"images-{int.from_bytes(digest[:8], 'big') % max(1, rows):03d}"
    row = (row_index(place.row) - first[0]) // rows * rows + first[0]
    column = (column_index(place.column) - first[1]) // columns * columns + first[1]
    name = row_name(max(0, row))
    if rows > 1:
        name += f"-{row_name(min(row + rows, MAX_ROWS) - 1)}"
    last = f"-{column + columns:02d}" if columns > 1 else ""
    return f"{name}_{max(0, column) + 1:02d}{last}"


def single_name(image: str) -> str:
    """Return the batch of an image, by its id, that has a job of its own."""
    return image.replace("/", "_").replace(" ", ".")
