"""Figures of the channels of an image, from those of its planes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import ChannelStats
from tiles2zarr.pixels.planes import PlaneKey
from tiles2zarr.pixels.quality import GRID, Blocks, PlaneFigures


@dataclass(frozen=True)
class _Measured:
    """One plane's place in the image and its figures."""

    t: int
    c: int
    z: int
    figures: PlaneFigures


def with_quality(
    image: RegisteredImage,
    channels: tuple[ChannelStats, ...],
    figures: Mapping[PlaneKey, PlaneFigures],
    first: int = 0,
) -> tuple[ChannelStats, ...]:
    """Return the channels with what was measured of their planes, in whatever order.

    Planes before the time point ``first`` are left out.
    """
    by_channel: dict[int, list[_Measured]] = defaultdict(list)
    for plane in _planes(image, figures):
        if plane.t >= first:
            by_channel[plane.c].append(plane)
    return tuple(
        _complete(channel, by_channel[number], image.shape)
        for number, channel in enumerate(channels)
    )


def _planes(
    image: RegisteredImage, figures: Mapping[PlaneKey, PlaneFigures]
) -> Iterable[_Measured]:
    boxes = image.boxes
    for row, file in enumerate(boxes.file):
        sizes = boxes.len_t[row], boxes.len_c[row], boxes.len_z[row]
        first = boxes.t[row], boxes.c[row], boxes.z[row]
        for number, offset in enumerate(np.ndindex(*sizes)):
            found = figures.get((file, boxes.plane[row] + number))
            if found is not None:
                t, c, z = (a + b for a, b in zip(first, offset, strict=True))
                yield _Measured(t, c, z, found)


def _complete(
    channel: ChannelStats, planes: list[_Measured], shape: tuple[int, ...]
) -> ChannelStats:
    if not planes:
        return channel
    blocks = _alike([plane.figures.blocks for plane in planes])
    means = blocks.mean(axis=1)
    # the median: what lies in single tiles does not count
    light = np.median(blocks, axis=0)
    focus = [plane.figures.focus for plane in planes]
    by_z = _means([plane.z for plane in planes], focus)
    return channel.replace(
        mean=_rounded(float(means.mean())),
        background=_rounded(float(np.percentile(blocks, 10, axis=1).mean())),
        vignetting=vignetting(light),
        light=tuple(map(_rounded, light)) if light.size > 1 else (),
        focus=max(by_z.values()),
        z_mean=_profile([plane.z for plane in planes], means, shape[2]),
        z_focus=_profile([plane.z for plane in planes], focus, shape[2]),
        t_mean=_profile([plane.t for plane in planes], means, shape[0]),
    )


def _alike(blocks: list[tuple[float, ...]]) -> Blocks:
    """Return blocks as rows; where planes differ in blocks, each one's mean instead."""
    if len({len(row) for row in blocks}) > 1:
        blocks = [(float(np.mean(row)),) for row in blocks]
    return np.asarray(blocks, dtype=np.float64)


def vignetting(light: Blocks) -> float | None:
    """Return the corners of a field over its middle, 1 where light is even."""
    if light.size != GRID * GRID:
        return None
    field = light.reshape(GRID, GRID)
    middle = GRID // 2
    centre = float(field[middle - 1 : middle + 1, middle - 1 : middle + 1].mean())
    corners = float(field[[0, 0, -1, -1], [0, -1, 0, -1]].mean())
    return _rounded(corners / centre) if centre > 0 else None


def _profile(
    places: list[int], values: Iterable[float], length: int
) -> tuple[float | None, ...]:
    """Return the mean per plane or time point, nothing where there is only one."""
    if length < 2:
        return ()
    means = _means(places, values)
    return tuple(means.get(place) for place in range(length))


def _means(places: list[int], values: Iterable[float]) -> dict[int, float]:
    groups: dict[int, list[float]] = defaultdict(list)
    for place, value in zip(places, values, strict=True):
        groups[place].append(float(value))
    return {place: _rounded(float(np.mean(group))) for place, group in groups.items()}


def _rounded(value: float) -> float:
    """Return five digits: what is left does not depend on the order of adding."""
    return float(f"{value:.5g}")
