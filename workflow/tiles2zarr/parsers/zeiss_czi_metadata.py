"""The XML in a CZI file: sizes, channels, scenes with their wells, times."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite, nan

from tiles2zarr.models.well import column_index, row_index
from tiles2zarr.parsers.container_files import well_of
from tiles2zarr.parsers.container_records import (
    ContainerChannel,
    hex_color,
    positive,
)
from tiles2zarr.parsers.xml import Element
from tiles2zarr.parsers.xml_memory import read_text

_SCENE_WELL = re.compile(r"([A-Za-z]{1,2}[0-9]{1,2})-[0-9]+")
"""Name of a scene in a plate, like ``A1-1``; ``P1`` alone is a position, not a well."""
_MICRO = 1e6
_NANO = 1e-9


@dataclass(frozen=True)
class CziScene:
    """A scene: its name, its well, and its centre on the stage, micrometer."""

    name: str
    well: tuple[int, int] | None
    centre_um: tuple[float, float] | None


@dataclass(frozen=True)
class CziMetadata:
    """What the XML tells; see ``ContainerImage`` for the units.

    ``exposures_s`` has an entry per channel, NaN where not known; ``z_start_um`` is the
    height of the first plane; ``sizes_um`` are the sizes of a pixel in x and y.
    """

    sizes_um: tuple[float | None, float | None]
    z_um: float | None
    z_start_um: float | None
    t_s: float | None
    start_ms: int | None
    channels: Mapping[int, ContainerChannel]
    exposures_s: Mapping[int, float]
    scenes: Mapping[int, CziScene]


def read_metadata(xml: str, source: str) -> CziMetadata:
    """Return what the XML of a file tells.

    Args:
        xml: The document.
        source: Path of the file, for messages.

    Raises:
        ParserError: The XML is damaged.
    """
    root = read_text(xml.encode(), source)
    metadata = root.find("Metadata") or root
    image = _below(metadata, "Information", "Image") or Element("Image", {}, source, 0)
    dimensions = image.find("Dimensions") or Element("Dimensions", {}, source, 0)
    distances = {
        item.get("Id"): positive(_number(item, "Value"))
        for item in metadata.iter("Distance")
    }
    micro = {name: size * _MICRO for name, size in distances.items() if size}
    heights = _below(dimensions, "Z", "Positions", "Interval")
    times = _below(dimensions, "T", "Positions", "Interval")
    channels, exposures = _channels(metadata, dimensions)
    return CziMetadata(
        sizes_um=(micro.get("X"), micro.get("Y")),
        z_um=micro.get("Z"),
        z_start_um=_number(heights, "Start"),
        t_s=positive(_number(times, "Increment")),
        start_ms=_epoch_ms(image.get("AcquisitionDateAndTime")),
        channels=channels,
        exposures_s=exposures,
        scenes=_scenes(dimensions),
    )


def _below(element: Element | None, *names: str) -> Element | None:
    """Return the element at a path below another one, or nothing."""
    for name in names:
        element = None if element is None else element.find(name)
    return element


def _number(element: Element | None, name: str) -> float | None:
    """Return a finite number; nothing if it is absent or no number."""
    text = None if element is None else element.get(name)
    try:
        number = nan if text is None else float(text)
    except ValueError:
        number = nan
    return number if isfinite(number) else None


def _channels(
    metadata: Element, dimensions: Element
) -> tuple[dict[int, ContainerChannel], dict[int, float]]:
    """Return channels and exposures, second, by the number in ``Channel:0``."""
    shown = metadata.find("DisplaySetting") or Element("DisplaySetting", {}, "", 0)
    display = {item.get("Id"): item for item in shown.iter("Channel")}
    listed = dimensions.find("Channels")
    channels: dict[int, ContainerChannel] = {}
    exposures: dict[int, float] = {}
    for number, item in enumerate(listed.findall("Channel") if listed else ()):
        _, _, text = (item.get("Id") or "").partition(":")
        index = int(text) if re.fullmatch("[0-9]{1,4}", text) else number
        view = display.get(item.get("Id"))
        color = item.get("Color") or (view.get("Color") if view else None)
        name = item.get("Name") or (view.get("Name") if view else None)
        channels[index] = ContainerChannel(
            name or item.get("Fluor") or f"channel_{index}",
            positive(_number(item, "EmissionWavelength")),
            hex_color(color),
        )
        exposure = positive(_number(item, "ExposureTime"))
        exposures[index] = nan if exposure is None else exposure * _NANO
    return channels, exposures


def _scenes(dimensions: Element) -> dict[int, CziScene]:
    listed = _below(dimensions, "S", "Scenes")
    scenes: dict[int, CziScene] = {}
    for number, item in enumerate(listed.findall("Scene") if listed else ()):
        text = item.get("Index") or ""
        index = int(text) if re.fullmatch("[0-9]{1,6}", text) else number
        name = item.get("Name") or ""
        scenes[index] = CziScene(name, _well(item, name), _centre(item))
    return scenes


def _well(scene: Element, name: str) -> tuple[int, int] | None:
    """Return the well: of the array, else of the scene's name, else by its indices."""
    named = _SCENE_WELL.fullmatch(name)
    array = well_of(scene.get("ArrayName") or "")
    if array is not None or named is not None:
        return array or well_of(named[1] if named else "")
    shape = scene.find("Shape")
    row = shape.get("RowIndex") if shape else None
    column = shape.get("ColumnIndex") if shape else None
    try:
        return (row_index(row), column_index(column)) if row and column else None
    except ValueError:
        return None


def _centre(scene: Element) -> tuple[float, float] | None:
    parts = (scene.get("CenterPosition") or "").split(",")
    try:
        x, y = map(float, parts)
    except ValueError:
        return None
    return (x, y) if isfinite(x) and isfinite(y) else None


def _epoch_ms(text: str | None) -> int | None:
    """Return a moment as epoch milliseconds; without a time zone it is UTC."""
    # ZEN writes seven decimals, Python reads six
    cut = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text or "")
    try:
        moment = datetime.fromisoformat(cut)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None
