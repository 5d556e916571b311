"""Pictures of written images, each from a small level of its pyramid."""

import logging
from collections.abc import Mapping

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import Buffer, default_buffer_prototype
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata
from zarr.storage import MemoryStore

from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.report.facts import ChannelFacts, Contrast, ImageFacts, Stored
from tiles2zarr.report.frame import Place
from tiles2zarr.report.palette import GREYS
from tiles2zarr.report.pictures import (
    Sheet,
    Tile,
    assemble,
    blend,
    cell_size,
    encode_all,
    expose,
    picture_size,
    shrink,
    together,
    usual_aspect,
)
from tiles2zarr.report.view import Part, View
from tiles2zarr.stores.base import Store

LOG = logging.getLogger("tiles2zarr")
BUDGET = 4_500_000
"""Bytes of all sheets together, before they become text, which adds a third."""
LARGE = 2**26
"""Pixels of a channel's stack above which its middle plane alone is read."""
UNREADABLE = (
    ArithmeticError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What zarr and the codecs raise on damaged arrays."""
Array = zarr.Array[ArrayV2Metadata] | zarr.Array[ArrayV3Metadata]
Pictures = Mapping[str, Tile]
"""By channel label; the empty label is all channels in their colours."""


class _Objects(dict[str, Buffer]):
    """The objects of a store, each read when zarr asks for it."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def __missing__(self, key: str) -> Buffer:
        raw = self._store.get(key)
        if raw is None:
            raise KeyError(key)
        return default_buffer_prototype().buffer.from_bytes(raw)


def make_sheets(view: View, output: Store) -> tuple[tuple[Sheet, ...], dict[str, str]]:
    """Return the contact sheets of all plates, and the images that are not on them.

    Per acquisition one sheet of all channels in their colours, then one per channel in
    grey; the grey one alone if there is one channel. What cannot be read leaves its
    place blank.
    """
    drawn: list[tuple[Part, str, Tile]] = []
    unseen: dict[str, str] = {}
    for part in view.parts():
        aspect = usual_aspect([image.shape[3:] for image in part.images])
        cell = cell_size(part.frame, aspect)
        pictures = _pictures(view, part, output, cell, unseen)
        labels = part.labels if len(part.labels) == 1 else ("", *part.labels)
        for label in labels if pictures else ():
            tiles = {p: found[label] for p, found in pictures.items() if label in found}
            drawn.append((part, label, assemble(part.frame, cell, tiles)))
    files = encode_all([sheet for _, _, sheet in drawn], BUDGET) if drawn else []
    sheets = [
        Sheet(
            group=part.group,
            acquisition=part.acquisition.id,
            label=label,
            size=(pixels.shape[1], pixels.shape[0]),
            data=data,
        )
        for (part, label, pixels), data in zip(drawn, files, strict=True)
    ]
    return tuple(sheets), unseen


def _pictures(
    view: View,
    part: Part,
    output: Store,
    cell: tuple[int, int],
    unseen: dict[str, str],
) -> dict[Place, Pictures]:
    """Return the pictures of each well, noting in ``unseen`` what cannot be read."""
    found: dict[Place, Pictures] = {}
    for place, images in part.by_place.items():
        room = picture_size(cell, len(images), named=bool(part.frame.singles))
        several: list[Pictures] = []
        for image in images:
            if image.standing != "written" or image.stored is None:
                continue
            try:
                several.append(_picture(view, image, image.stored, output, room))
            except (Tiles2ZarrError, *UNREADABLE) as error:
                LOG.warning("no picture of %s: %s", image.image, error)
                unseen[image.image] = f"{type(error).__name__}: {error}"
        labels = dict.fromkeys(label for pictures in several for label in pictures)
        if several:
            found[place] = {
                label: together([p[label] for p in several if label in p])
                for label in labels
            }
    return found


def _picture(
    view: View,
    image: ImageFacts,
    stored: Stored,
    output: Store,
    room: tuple[int, int],
) -> Pictures:
    """Return an image's channels in grey, and all of them in their colours."""
    objects = MemoryStore(_Objects(output.below(image.path)))
    level = fitting_level(stored, room)
    array = zarr.open_array(objects, path=level, mode="r")
    if not isinstance(array.shape, tuple) or len(array.shape) != len(image.axes):
        raise StoreError(f"level {level} has {array.ndim} axes, not {image.axes}")
    shown: dict[str, Tile] = {}
    for number, channel in enumerate(image.channels):
        plane = _plane(array, image, number, channel, room)
        contrast = view.facts.contrast.get(
            (image.acquisition, channel.label), Contrast(0, 1)
        )
        shown[channel.label] = expose(shrink(plane, room), contrast)
    dyed = [c for c in image.channels if c.color not in GREYS]
    colored = [(shown[c.label], c.color) for c in dyed]
    mixed = colored or [(shown[c.label], "FFFFFF") for c in image.channels[:1]]
    return {"": blend(mixed), **shown}


def fitting_level(stored: Stored, room: tuple[int, int]) -> str:
    """Return the smallest level that fills a height or a width, else the largest.

    A smaller one would be blurred by what it is stretched.
    """
    large = [
        path
        for path, shape in stored.levels.items()
        if shape[-2] >= room[0] or shape[-1] >= room[1]
    ]
    return large[-1] if large else next(iter(stored.levels))


def _plane(
    array: Array,
    image: ImageFacts,
    number: int,
    channel: ChannelFacts,
    room: tuple[int, int],
) -> NDArray[np.generic]:
    """Return one plane (y, x) of a channel: first time point, brightest or middle z.

    A level that is far larger than the picture is read in steps, chunk by chunk.
    """
    lengths = dict(zip(image.axes, array.shape, strict=True))
    depth = lengths.get("z", 1)
    step = max(1, min(lengths["y"] // (4 * room[0]), lengths["x"] // (4 * room[1])))
    pixels = depth * lengths["y"] * lengths["x"] // step**2
    middle = channel.color in GREYS or pixels > LARGE
    places: dict[str, int | slice] = {
        "t": 0,
        "c": number,
        "z": depth // 2 if middle else slice(None),
        "y": slice(None, None, step),
        "x": slice(None, None, step),
    }
    found = np.asarray(array[tuple(places[axis] for axis in image.axes)])
    return found.max(axis=0) if found.ndim == 3 else found
