"""Planes of an OME-Zarr image as pictures, for the viewer page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

import imagecodecs
import numpy as np
import zarr
from numpy.typing import NDArray

from tiles2zarr.errors import StoreError
from tiles2zarr.ngff.documents import read_attributes, stored_version
from tiles2zarr.ngff.mark import level_names
from tiles2zarr.stores.local import LocalStore

TILE = 256
"""Rows and columns of a picture of the image viewer."""
THUMB = 128
"""Rows and columns a picture of the plate view has at most, if a level is small
enough."""


class Level(Protocol):
    """What is needed of a level's array."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths along the axes."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Pixel type."""

    def __getitem__(self, place: tuple[int | slice, ...]) -> object:
        """Return the pixels of a place."""


@dataclass(frozen=True)
class Channel:
    """How a channel is shown at first."""

    label: str
    color: str
    """Six hexadecimal digits."""
    start: float
    end: float
    """Pixel values shown as black and as the full colour."""
    active: bool = True


@dataclass(frozen=True)
class Picture:
    """What a picture shows."""

    level: int
    t: int
    z: int
    channels: Mapping[int, Channel]
    """The channels that are added up, by index."""


@dataclass(frozen=True)
class Image:
    """An image of a store."""

    arrays: tuple[Level, ...]
    """Levels, largest first."""
    axes: str
    channels: tuple[Channel, ...]
    scale: tuple[float, ...]
    """Spacing along the axes at level 0."""

    def length(self, axis: str, level: int = 0) -> int:
        """Return the length of an axis, 1 where it is not there."""
        shape = self.arrays[level].shape
        return shape[self.axes.index(axis)] if axis in self.axes else 1

    def facts(self) -> dict[str, object]:
        """Return what the page has to know."""
        levels = range(len(self.arrays))
        return {
            "sizes": [[self.length("y", n), self.length("x", n)] for n in levels],
            "t": self.length("t"),
            "z": self.length("z"),
            "tile": TILE,
            "dtype": str(self.arrays[0].dtype),
            "pixel_um": self.scale[self.axes.index("x")],
            "channels": [asdict(channel) for channel in self.channels],
        }


@lru_cache(maxsize=512)
def open_image(path: Path) -> Image:
    """Return an image of a store.

    Raises:
        StoreError: There is no image, or its metadata are not usable.
    """
    store = LocalStore(path)
    version = stored_version(store, "")
    attributes = read_attributes(store, "", version) if version else None
    content = (attributes or {}).get("ome", attributes)
    names = level_names(store)
    if not names or not isinstance(content, dict):
        raise StoreError(f"{path} is no OME-Zarr image.")
    try:
        arrays = tuple(zarr.open_array(str(path / name), mode="r") for name in names)
        multiscales = content["multiscales"][0]
        axes = "".join(axis["name"] for axis in multiscales["axes"])
        transforms = multiscales["datasets"][0]["coordinateTransformations"]
        scale = tuple(next(t["scale"] for t in transforms if t["type"] == "scale"))
        shown = _channels(content.get("omero"), arrays[0], axes)
    except (KeyError, IndexError, TypeError, ValueError, StopIteration) as error:
        raise StoreError(f"{path}: the image's metadata cannot be read.") from error
    return Image(arrays, axes, shown, scale)


def _channels(omero: object, array: Level, axes: str) -> tuple[Channel, ...]:
    count = array.shape[axes.index("c")] if "c" in axes else 1
    entries = omero.get("channels") if isinstance(omero, dict) else None
    if isinstance(entries, list) and len(entries) == count:
        return tuple(_channel(cast("dict[str, object]", entry)) for entry in entries)
    kind = array.dtype.kind
    top = float(np.iinfo(str(array.dtype)).max) if kind in "iu" else 1.0
    return tuple(Channel(f"channel_{n}", "FFFFFF", 0.0, top) for n in range(count))


def _channel(entry: Mapping[str, object]) -> Channel:
    window = cast("Mapping[str, float]", entry["window"])
    return Channel(
        label=str(entry.get("label", "")),
        color=str(entry.get("color", "FFFFFF")),
        start=float(window["start"]),
        end=float(window["end"]),
        active=bool(entry.get("active", True)),
    )


def thumbnail(image: Image, channels: Mapping[int, Channel]) -> bytes:
    """Return a PNG of the whole image, of the largest level that is small enough."""
    sizes = [max(image.length("y", n), image.length("x", n)) for n in _levels(image)]
    level = next((n for n, size in enumerate(sizes) if size <= THUMB), len(sizes) - 1)
    picture = Picture(level, 0, image.length("z") // 2, channels)
    step = -(-sizes[level] // THUMB)
    rows, columns = (slice(0, image.length(axis, level), step) for axis in "yx")
    return to_png(compose(image, picture, rows, columns))


def _levels(image: Image) -> range:
    return range(len(image.arrays))


def tile(image: Image, picture: Picture, row: int, column: int) -> bytes:
    """Return a PNG of one tile of a level.

    Raises:
        IndexError: There is no such tile, plane or level.
    """
    places = []
    for axis, number in zip("yx", (row, column), strict=True):
        length = image.length(axis, picture.level)
        if not 0 <= number * TILE < length:
            raise IndexError(f"no tile {row}, {column} on level {picture.level}")
        places.append(slice(number * TILE, min(length, (number + 1) * TILE)))
    return to_png(compose(image, picture, *places))


def compose(
    image: Image, picture: Picture, rows: slice, columns: slice
) -> NDArray[np.uint8]:
    """Return (y, x, 3) of the channels in their colours, added up.

    Raises:
        IndexError: There is no such plane or channel.
    """
    array = image.arrays[picture.level]
    found: NDArray[np.float32] | None = None
    for number, channel in picture.channels.items():
        planes = {"t": picture.t, "c": number, "z": picture.z}
        for axis, index in planes.items():
            if not 0 <= index < image.length(axis):
                raise IndexError(f"no {axis} {index}")
        place: dict[str, int | slice] = {**planes, "y": rows, "x": columns}
        plane = np.asarray(array[tuple(place[axis] for axis in image.axes)])
        span = max(channel.end - channel.start, 1e-12)
        light = np.clip((plane.astype(np.float32) - channel.start) / span, 0, 1)
        colored = light[..., None] * _rgb(channel.color)
        found = colored if found is None else found + colored
    if found is None:
        shape = [len(range(*part.indices(part.stop))) for part in (rows, columns)]
        return np.zeros((*shape, 3), np.uint8)
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def _rgb(color: str) -> NDArray[np.float32]:
    return np.array([int(color[n : n + 2], 16) for n in (0, 2, 4)], np.float32)


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG of (y, x, 3) pixels."""
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels), level=1))


def shown_channels(image: Image, text: str) -> dict[int, Channel]:
    """Return the channels a page asks for: ``0:158:245,2:0:99``; nothing is the usual.

    Raises:
        ValueError: Not of this form, or no such channel.
    """
    if not text:
        return {n: c for n, c in enumerate(image.channels) if c.active}
    found = {}
    for part in filter(None, text.split(",")):
        number, start, end = part.split(":")
        if not 0 <= int(number) < len(image.channels):
            raise ValueError(f"no channel {number}")
        usual = image.channels[int(number)]
        found[int(number)] = Channel(usual.label, usual.color, float(start), float(end))
    return found


def in_store(path: Path, images: Sequence[str]) -> Mapping[str, Path]:
    """Return where the images of a store are, by id; of an image itself, ``""``."""
    return {image: path / image for image in images} if images else {"": path}
