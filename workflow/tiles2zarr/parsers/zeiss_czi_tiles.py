"""The tiles of a CZI file to planes at places.

Positions come from the file's own pixel coordinates, which all scenes and mosaic tiles
share, moved to where the stage was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.containers import ZEISS_AXES, ZEISS_PIXELS, zeiss_key
from tiles2zarr.parsers.container_records import (
    ContainerChannel,
    ContainerImage,
    Place,
    colour_channels,
    plane_table,
)
from tiles2zarr.parsers.zeiss_czi_findings import (
    find_extra_axes,
    find_overlaps,
    find_unequal_sides,
)
from tiles2zarr.parsers.zeiss_czi_metadata import CziMetadata, CziScene

_EXTRA = ZEISS_AXES[5:]
"""Axes with no place in an image: block, view, phase, illumination, rotation."""
_NO_SCENE = CziScene("", None, None)
Box = tuple[int, int, int, int, int]
"""Mosaic tile, x, y, width, height."""


@dataclass(frozen=True)
class CziTile:
    """An entry of a file's directory: indices by axis, place in pixels, pixel type.

    ``mosaic`` is the number of the mosaic tile, nothing where there is none.
    """

    coordinates: Mapping[str, int]
    mosaic: int | None
    x: int
    y: int
    width: int
    height: int
    pixels: str


def make_image(
    name: str, tiles: Sequence[CziTile], metadata: CziMetadata
) -> ContainerImage:
    """Return a file's planes, numbered as their reader does, and its scenes.

    Args:
        name: Name of the file.
        tiles: Its directory.
        metadata: Its XML.

    Raises:
        ParserError: A pixel type is unknown.
    """
    ordered = sorted(tiles, key=lambda tile: zeiss_key(_with_mosaic(tile)))
    _check_pixels(name, ordered)
    samples = np.asarray([ZEISS_PIXELS[tile.pixels][1] for tile in ordered], int)
    first = np.cumsum(samples) - samples
    extra = [any(t.coordinates.get(a, 0) for a in _EXTRA) for t in ordered]
    keep = np.flatnonzero(~np.asarray(extra, dtype=bool))
    chosen = [ordered[number] for number in keep]
    places, numbers = _places(chosen, metadata)
    channels, starts = _channels(chosen, metadata)
    planes = _planes(chosen, numbers, first[keep], samples[keep], starts, metadata)
    left = [t.coordinates for t, e in zip(ordered, extra, strict=True) if e]
    return ContainerImage(
        file=name,
        title="",
        channels=tuple(channels),
        places=tuple(places),
        planes=plane_table(planes, name),
        pixel_um=metadata.sizes_um[0],
        z_um=metadata.z_um,
        t_s=metadata.t_s,
        start_ms=metadata.start_ms,
        findings=(
            *find_extra_axes(name, left, _EXTRA),
            *find_unequal_sides(name, metadata),
            *find_overlaps(name, places, metadata.sizes_um[0] or 1.0),
        ),
    )


def _check_pixels(name: str, tiles: Sequence[CziTile]) -> None:
    """Check that the pixel types can be read."""
    unknown = [tile.pixels for tile in tiles if tile.pixels not in ZEISS_PIXELS]
    if unknown:
        raise ParserError(
            f"{name}: its pixels are of the type {unknown[0]}, expected one of "
            f"{', '.join(ZEISS_PIXELS)}. Export it with one of these types."
        )


def _with_mosaic(tile: CziTile) -> dict[str, int]:
    return {**tile.coordinates, "M": tile.mosaic or 0}


def _places(
    tiles: Sequence[CziTile], metadata: CziMetadata
) -> tuple[list[Place], list[int]]:
    """Return the distinct places, and for each tile the number of its place."""
    boxes: dict[int, dict[Box, int]] = {}
    keys = []
    for tile in tiles:
        box = (tile.mosaic or 0, tile.x, tile.y, tile.width, tile.height)
        scene = tile.coordinates.get("S", 0)
        known = boxes.setdefault(scene, {})
        keys.append((scene, known.setdefault(box, len(known))))
    size = metadata.sizes_um[0] or 1.0
    shift = _stage_shift(boxes, metadata, size)
    places: list[Place] = []
    starts: dict[int, int] = {}
    for number, (scene, known) in enumerate(boxes.items()):
        starts[scene] = len(places)
        about = metadata.scenes.get(scene, _NO_SCENE)
        numbered = len({box[0] for box in known}) == len(known)
        for index, (mosaic, x, y, width, height) in enumerate(known):
            tile_number = mosaic if numbered else index
            places.append(
                Place(
                    scene=about.name,
                    number=number,
                    tile=tile_number if len(known) > 1 else None,
                    well=about.well,
                    x_um=x * size + shift[0],
                    y_um=y * size + shift[1],
                    width=width,
                    height=height,
                )
            )
    return places, [starts[scene] + index for scene, index in keys]


def _stage_shift(
    boxes: Mapping[int, Mapping[Box, int]],
    metadata: CziMetadata,
    size: float,
) -> tuple[float, float]:
    """Return how far the stage's coordinates are from the file's own, micrometer.

    The scenes tell their centres on the stage. If they do not agree with each other to
    a tile's length, nothing is shifted: the file's coordinates are right in any case.
    """
    shifts, lengths = [], []
    for scene, known in boxes.items():
        centre = metadata.scenes.get(scene, _NO_SCENE).centre_um
        if centre is None:
            continue
        corners = np.asarray(list(known), dtype=float)[:, 1:] * size
        low = corners[:, :2].min(axis=0)
        high = (corners[:, :2] + corners[:, 2:]).max(axis=0)
        shifts.append(np.asarray(centre) - (low + high) / 2)
        lengths.append(corners[:, 2:].min())
    if not shifts or np.ptp(shifts, axis=0).max() > min(lengths):
        return 0.0, 0.0
    x, y = np.median(shifts, axis=0)
    return float(x), float(y)


def _channels(
    tiles: Sequence[CziTile], metadata: CziMetadata
) -> tuple[list[ContainerChannel], dict[int, int]]:
    """Return the acquired channels, and where those of each ``C`` begin."""
    samples: dict[int, int] = {}
    for tile in tiles:
        c = tile.coordinates.get("C", 0)
        samples[c] = max(samples.get(c, 1), ZEISS_PIXELS[tile.pixels][1])
    channels: list[ContainerChannel] = []
    starts: dict[int, int] = {}
    for c in sorted(samples):
        starts[c] = len(channels)
        known = metadata.channels.get(c, ContainerChannel(f"channel_{c}"))
        channels += colour_channels(known, samples[c], alone=len(samples) == 1)
    return channels, starts


def _planes(
    tiles: Sequence[CziTile],
    places: Sequence[int],
    first: NDArray[np.int64],
    samples: NDArray[np.int64],
    starts: Mapping[int, int],
    metadata: CziMetadata,
) -> dict[str, object]:
    """Return the columns of the plane table, one row per sample of a tile."""
    indices = {
        axis: np.asarray([t.coordinates.get(axis, 0) for t in tiles], dtype=np.int64)
        for axis in "TCZ"
    }
    rows = np.repeat(np.arange(len(tiles)), samples)
    sample = np.arange(len(rows)) - np.repeat(np.cumsum(samples) - samples, samples)
    begin = np.asarray([starts[c] for c in indices["C"].tolist()], dtype=np.int64)
    exposure = [metadata.exposures_s.get(c, nan) for c in indices["C"].tolist()]
    heights = np.full(len(tiles), nan)
    if metadata.z_start_um is not None and metadata.z_um is not None:
        heights = metadata.z_start_um + indices["Z"] * metadata.z_um
    times = indices["T"] * (nan if metadata.t_s is None else metadata.t_s)
    return {
        "plane": first[rows] + sample,
        "place": np.asarray(places, dtype=np.int64)[rows],
        "t": indices["T"][rows],
        "c": begin[rows] + sample,
        "z": indices["Z"][rows],
        "z_um": heights[rows],
        "time_s": times[rows],
        "exposure_s": np.asarray(exposure, dtype=float)[rows],
    }
