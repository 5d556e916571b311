"""One image of a LIF file as a record, read with the library liffile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

import numpy as np

from tiles2zarr.models.acquisition import (
    DataTypeEnum,
    DefaultColors,
    StageOrientation,
)
from tiles2zarr.models.containers import leica_axes
from tiles2zarr.parsers.container_records import ContainerChannel, positive

if TYPE_CHECKING:
    from liffile import LifImageABC

_MICRO = 1e6
_UNITS: Mapping[str, float] = {"m": _MICRO, "µm": 1.0, "um": 1.0, "nm": 1e-3}
_DESCRIPTION = "./Data/Image/ImageDescription"
_AS_IMAGE = StageOrientation()
_DIMENSIONS = {"X": 1, "Y": 2, "Z": 3, "T": 4}


@dataclass(frozen=True)
class LifRecord:
    """What a file tells of an image.

    Args:
        path: Names of folders and the image, ``Plate/A/1/R1``.
        axes: Axes over which planes are counted, slowest first; nothing if the image
            has no planes that can be written, for the reason ``why``.
        sizes: Lengths of all axes.
        planes: How many planes the reader counts for the image.
        samples: Samples per pixel: 1, or 3 for colours.
        channels: Channels, of grey images one per index.
        why: Why the image has no planes; ``""`` if it has.
        pixel_um: Size of a pixel, micrometer, where known.
        z_um: Distance of planes, micrometer, where known.
        t_s: Distance of time points, second, where known.
        z_start_um: Height of the first plane, micrometer, where known.
        tiles_um: Stage x and y of each mosaic tile (one if there is no mosaic),
            micrometer.
        stage: How the stage's axes run along the image's.
        start_ms: Start, epoch milliseconds, where known.
    """

    path: str
    axes: tuple[str, ...]
    sizes: Mapping[str, int]
    planes: int
    samples: int
    channels: tuple[ContainerChannel, ...]
    why: str = ""
    pixel_um: float | None = None
    z_um: float | None = None
    t_s: float | None = None
    z_start_um: float | None = None
    tiles_um: tuple[tuple[float, float], ...] = ()
    stage: StageOrientation = _AS_IMAGE
    start_ms: int | None = None


def read_image(image: "LifImageABC") -> LifRecord:
    """Return the record of an image; pixels are not read."""
    if image.is_flim:
        return _without_planes(image.path, "photon counts over time, no intensities")
    try:
        sizes, frame = dict(image.sizes), tuple(image.frames.frame_dims)
        dtype = np.dtype(image.dtype).newbyteorder("=").name
    except ValueError as error:
        return _without_planes(image.path, str(error))
    axes = leica_axes(tuple(sizes), frame)
    if axes is None:
        return _without_planes(image.path, f"its frames run along {'-'.join(frame)}")
    samples = int(sizes["S"]) if "S" in frame else 1
    planes = int(np.prod([sizes[axis] for axis in axes] or [1])) * samples
    if dtype not in set(DataTypeEnum):
        why = f"pixels of the type {dtype}, which OME-Zarr viewers do not read"
        return _without_planes(image.path, why, planes)
    element: Element = image.xml_element
    steps = {axis: _step(element, number) for axis, number in _DIMENSIONS.items()}
    tiles, stage = _tiles(image)
    times = image.timestamps
    return LifRecord(
        path=image.path,
        axes=axes,
        sizes=sizes,
        planes=planes,
        samples=samples,
        channels=_channels(element, sizes.get("C", 1), samples),
        pixel_um=steps["X"][1],
        z_um=steps["Z"][1],
        t_s=steps["T"][1],
        z_start_um=steps["Z"][0],
        tiles_um=tiles,
        stage=stage,
        start_ms=int(times[0].astype(np.int64))
        if times is not None and len(times)
        else None,
    )


def _without_planes(path: str, why: str, planes: int = 0) -> LifRecord:
    return LifRecord(path, (), {}, planes, 1, (), why)


def _step(element: Element, number: int) -> tuple[float | None, float | None]:
    """Return origin and step of a dimension: micrometer, time in second."""
    for item in element.findall(f"{_DESCRIPTION}/Dimensions/DimensionDescription"):
        if item.get("DimID") != str(number):
            continue
        count = int(item.get("NumberOfElements", "1"))
        factor = 1.0 if number == _DIMENSIONS["T"] else _UNITS.get(item.get("Unit", ""))
        if factor is None or count < 2:
            return None, None
        origin = _number(item, "Origin") * factor
        step = abs(_number(item, "Length")) * factor / (count - 1)
        return origin if isfinite(origin) else None, positive(step)
    return None, None


def _number(element: Element, name: str) -> float:
    """Return a number, NaN if it is absent or no number."""
    try:
        return float(element.get(name, "nan"))
    except ValueError:
        return nan


def _channels(
    element: Element, count: int, samples: int
) -> tuple[ContainerChannel, ...]:
    """Return the channels by dye, else by look-up table, else by number."""
    listed = element.findall(f"{_DESCRIPTION}/Channels/ChannelDescription")
    listed.sort(key=lambda item: int(item.get("BytesInc", "0")))
    channels = []
    for number in range(count):
        at = number * samples
        item = listed[at] if at < len(listed) else None
        table = "" if item is None else item.get("LUTName", "")
        dye = "" if item is None else _property(item, "DyeName")
        color = DefaultColors.__members__.get(table.upper())
        name = dye or table or f"channel_{number}"
        channels.append(ContainerChannel(name, None, color.value if color else None))
    return tuple(channels)


def _property(item: Element, key: str) -> str:
    """Return a channel's property: a pair of elements Key and Value."""
    for entry in item.findall("./ChannelProperty"):
        if (entry.findtext("Key") or "").strip() == key:
            return (entry.findtext("Value") or "").strip()
    return ""


def _tiles(
    image: "LifImageABC",
) -> tuple[tuple[tuple[float, float], ...], StageOrientation]:
    """Return stage positions, micrometer, and the direction of the axes."""
    scan = image.tilescan
    if scan is not None:
        places = tuple(
            (float(tile["pos_x"]) * _MICRO, float(tile["pos_y"]) * _MICRO)
            for tile in scan.tiles
        )
        stage = StageOrientation(
            flip_x=bool(scan.flip_x),
            flip_y=bool(scan.flip_y),
            swap_xy=bool(scan.swap_xy),
        )
        return places, stage
    for settings in image.xml_element.iter():
        if re.fullmatch(r"ATL\w+SettingDefinition", settings.tag):
            x, y = _number(settings, "StagePosX"), _number(settings, "StagePosY")
            if isfinite(x) and isfinite(y):
                return ((x * _MICRO, y * _MICRO),), StageOrientation()
    return (), StageOrientation()
