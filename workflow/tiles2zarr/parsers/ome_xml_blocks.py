"""The ``TiffData`` blocks of OME-XML: which page of which file every plane is."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.ome_xml_images import ImageRecord
from tiles2zarr.parsers.ome_xml_index import RawColumns
from tiles2zarr.parsers.ome_xml_values import LARGEST, read_integers

Ints = NDArray[np.int64]
CountPages = Callable[[str, str], int | None]
"""Number of pages of the file with a name and UUID, nothing where it is not there."""
MOST_PLANES = 4 * LARGEST
"""Most planes of one document (memory)."""
_OMITTED = -1


def strides(images: Sequence[ImageRecord]) -> dict[str, Ints]:
    """Return how many planes one step along C, Z and T is, per image."""
    steps: dict[str, list[int]] = {axis: [] for axis in "CZT"}
    for image in images:
        step = 1
        for axis in image.order[2:]:
            steps[axis].append(step)
            step *= image.sizes[axis]
    return {axis: np.array(values, dtype=np.int64) for axis, values in steps.items()}


def place_indices(
    columns: RawColumns, images: Sequence[ImageRecord], prefix: str
) -> Ints:
    """Return the number of each element's plane in its image, in the order of files.

    Args:
        columns: ``Plane`` or ``TiffData`` elements.
        images: The images of the document.
        prefix: ``The`` or ``First``: attributes are ``TheC`` and so on.

    Raises:
        ParserError: An index is absent or beyond the image's size.
    """
    owner = np.array(columns.images, dtype=np.int64)
    place = np.zeros(len(columns), dtype=np.int64)
    default = None if prefix == "The" else 0
    steps = strides(images)
    for axis in "CZT":
        index = read_integers(columns, prefix + axis, default)
        sizes = np.array([image.sizes[axis] for image in images], dtype=np.int64)
        beyond = np.flatnonzero(index >= sizes[owner])
        if beyond.size:
            row = int(beyond[0])
            image = images[owner[row]]
            raise columns.fault(
                row,
                f"{prefix}{axis} is {index[row]}, but {image.id} has "
                f"{image.sizes[axis]} along {axis} (counted from 0)",
            )
        place += index * steps[axis][owner]
    return place


def expand_blocks(
    blocks: RawColumns, images: Sequence[ImageRecord], count_pages: CountPages
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return one row per plane that is in a file, in the order of the blocks.

    Columns: ``image`` (number in the document), ``place`` (number of the plane in its
    image, in the order of files), ``page`` (index of the page in its file) and
    ``block`` (number of the element). A block without ``PlaneCount`` is one page if it
    names the page (``IFD``), else all pages of its file, up to the first plane of the
    next block.

    Args:
        blocks: The elements.
        images: The images of the document.
        count_pages: Asked where the document does not tell how long a block is.

    Raises:
        ParserError: An attribute has an impossible value.
    """
    owner = np.array(blocks.images, dtype=np.int64)
    first = place_indices(blocks, images, "First")
    page = read_integers(blocks, "IFD", 0)
    total = np.array([image.planes for image in images], dtype=np.int64)
    room = total[owner] - first
    counted = _counts(blocks, first, room, count_pages)
    count = np.minimum(counted, room)
    if count.sum() > MOST_PLANES:
        raise ParserError(
            f"{blocks.source} describes {count.sum()} planes, more than {MOST_PLANES}. "
            "Split it, or correct its sizes."
        )
    block = np.repeat(np.arange(len(blocks)), count)
    step = np.arange(block.size) - np.repeat(np.cumsum(count) - count, count)
    planes = pd.DataFrame(
        {
            "image": owner[block],
            "place": first[block] + step,
            "page": page[block] + step,
            "block": block,
        }
    )
    return planes, _beyond(blocks, counted, room)


def _counts(
    blocks: RawColumns, first: Ints, room: Ints, count_pages: CountPages
) -> Ints:
    """Return how many planes each block has."""
    count = read_integers(blocks, "PlaneCount", _OMITTED)
    named = np.array([bool(text.strip()) for text in blocks.texts["IFD"]], dtype=bool)
    count[(count == _OMITTED) & named] = 1
    gap = _gaps(np.array(blocks.images, dtype=np.int64), first, room)
    for row in np.flatnonzero(count == _OMITTED):
        count[row] = gap[row]
        if gap[row] > 1:
            name = blocks.texts["FileName"][row], blocks.texts["UUID"][row]
            count[row] = min(gap[row], count_pages(*name) or gap[row])
    return count


def _gaps(owner: Ints, first: Ints, room: Ints) -> Ints:
    """Return how many planes there are up to the next block of the image, at least 1.

    Blocks that begin at one plane have the same gap.
    """
    order = np.lexsort((first, owner))
    gap = room.copy()
    last = (_OMITTED, _OMITTED, 0)
    for row in order[::-1]:
        image, start = int(owner[row]), int(first[row])
        if last[0] == image:
            gap[row] = last[2] if last[1] == start else last[1] - start
        last = (image, start, int(gap[row]))
    return gap


def _beyond(blocks: RawColumns, count: Ints, room: Ints) -> list[Finding]:
    """Return a finding on blocks longer than their image has planes."""
    longer = np.flatnonzero(count > room)
    if not longer.size:
        return []
    row = int(longer[0])
    message = (
        f"{longer.size} TiffData blocks of {blocks.source} have more planes than their "
        f"image has room for, e.g. line {blocks.lines[row]}: {count[row]} planes, "
        f"{room[row]} of them in the image; the rest is left out."
    )
    return [Finding(code="planes_left_out", message=message, count=longer.size)]


def read_places(planes: pd.DataFrame, images: Sequence[ImageRecord]) -> dict[str, Ints]:
    """Return C, Z and T (from 0) of planes with ``image`` and ``place``."""
    owner = planes["image"].to_numpy()
    steps = strides(images)
    sizes = {
        axis: np.array([image.sizes[axis] for image in images], dtype=np.int64)
        for axis in "CZT"
    }
    place = planes["place"].to_numpy()
    return {axis: place // steps[axis][owner] % sizes[axis][owner] for axis in "CZT"}
