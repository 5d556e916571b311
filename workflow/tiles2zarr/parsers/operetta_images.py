"""The images of a Harmony index as columns, beside what the index says of the plate."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS
from tiles2zarr.parsers.operetta_index import Item, RawImage, iter_index
from tiles2zarr.parsers.operetta_scan import UnusualLayoutError, scan_index
from tiles2zarr.parsers.operetta_values import (
    MAX_CHANNEL,
    MAX_PIXELS,
    UNKNOWN,
    Block,
    convert_whole,
    read_whole,
)
from tiles2zarr.parsers.xml import Element

ROOT = "EvaluationInputData"
BLOCK = 500
"""Images converted at a time: bounds the texts held."""
_WHOLE: Mapping[str, tuple[str, int, int, bool]] = {
    "Row": ("row", 1, MAX_ROWS, True),
    "Col": ("column", 1, MAX_COLUMNS, True),
    "FieldID": ("field", 0, 1_000_000, True),
    "PlaneID": ("plane", 0, 1_000_000, True),
    "TimepointID": ("time_point", 0, 1_000_000, True),
    "ChannelID": ("ch", 0, MAX_CHANNEL, True),
    "ImageSizeX": ("width", 1, MAX_PIXELS, False),
    "ImageSizeY": ("height", 1, MAX_PIXELS, False),
}
"""Element to its column, smallest and largest value, whether planes need it."""
_NUMBERS: Mapping[str, tuple[str, bool]] = {
    "PositionX": ("x_um", True),
    "PositionY": ("y_um", True),
    "PositionZ": ("z_um", False),
    "AbsPositionZ": ("abs_z_um", False),
    "MeasurementTimeOffset": ("offset_s", False),
    "ImageResolutionX": ("pixel_x_um", False),
    "ImageResolutionY": ("pixel_y_um", False),
    "ExposureTime": ("exposure_s", False),
    "MainExcitationWavelength": ("excitation_nm", False),
    "MainEmissionWavelength": ("emission_nm", False),
    "MaxIntensity": ("max_intensity", False),
}
"""Element to its column, whether planes need it."""
_TEXTS: Mapping[str, str] = {
    "URL": "url",
    "State": "state",
    "FlimID": "flim",
    "ImageType": "kind",
    "ChannelName": "name",
    "ChannelColor": "color",
    "OrientationMatrix": "orientation",
}


@dataclass(frozen=True)
class Index:
    """A Harmony index.

    Args:
        source: The file, for messages.
        root: Its root element with attributes only.
        images: One row per image (``read_index`` tells the columns).
        plates: The elements ``Plate``.
        entries: The elements ``Entry`` of the maps.
        instrument: Type of the instrument.
    """

    source: str
    root: Element
    images: pd.DataFrame
    plates: tuple[Element, ...]
    entries: tuple[Element, ...]
    instrument: str | None


def read_index(path: str, storage: Mapping[str, object] | None = None) -> Index:
    """Return the content of an index, its images in file order.

    Columns: ``number`` (from 1), ``ok`` (bool: not reported as failed), ``row`` and
    ``column`` (from 0), ``field``, ``plane``, ``time_point``, ``ch``, ``width``,
    ``height`` (``UNKNOWN`` where not given), lengths in micrometer, times in seconds,
    wavelengths in nanometer (NaN where not given), ``time`` (second of the epoch or
    NaN), ``page`` (in the file, from 0) and texts (``""`` where not given).

    Args:
        path: The index file or its URL.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file is damaged or of another kind, or an image lacks a value
            or has an impossible one.
    """
    try:
        return _collect(path, scan_index(path, storage))
    except UnusualLayoutError:
        return _collect(path, iter_index(path, storage))


def parse_time(text: str) -> float:
    """Return an ISO 8601 time as seconds of the epoch; no time zone is taken as UTC.

    Raises:
        ValueError: Not such a time.
    """
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is {text!r}, not a time") from error


def _collect(path: str, items: Iterator[Item]) -> Index:
    """Return the items of an index by kind, images as columns.

    Raises:
        ParserError: There is no image, or the root is another.
    """
    parts: list[dict[str, npt.NDArray[np.generic]]] = []
    elements: list[Element] = []
    block: list[RawImage] = []
    for item in items:
        if isinstance(item, Element):
            if not elements and item.name != ROOT:
                raise item.fault(
                    f"the root element should be {ROOT}",
                    "Give the measurement as Harmony exported it.",
                )
            elements.append(item)
            continue
        block.append(item)
        if len(block) == BLOCK:
            parts.append(_columns(Block(path, block)))
            block = []
    if block:
        parts.append(_columns(Block(path, block)))
    if not parts:
        raise ParserError(
            f"{path} holds no Image. The measurement was stopped before its first "
            "image, or the file is incomplete; export it again."
        )
    named: dict[str, list[Element]] = {}
    for element in elements:
        named.setdefault(element.name, []).append(element)
    entries = tuple(named.get("Entry", ()))
    return Index(
        source=path,
        root=elements[0],
        images=_with_kinds(_joined(parts), entries),
        plates=tuple(named.get("Plate", ())),
        entries=entries,
        instrument=next((e.text for e in named.get("InstrumentType", ())), "") or None,
    )


def _joined(parts: Sequence[Mapping[str, npt.NDArray[np.generic]]]) -> pd.DataFrame:
    images = pd.DataFrame(
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    )
    return images.assign(
        row=images["row"].where(images["row"] == UNKNOWN, images["row"] - 1),
        column=images["column"].where(
            images["column"] == UNKNOWN, images["column"] - 1
        ),
    )


def _with_kinds(images: pd.DataFrame, entries: Iterable[Element]) -> pd.DataFrame:
    """Return the images with the map's type of image for those that tell none."""
    kinds = {
        read_whole(entry, "ChannelID", 0, MAX_CHANNEL): kind
        for entry in entries
        if (kind := entry.get("ImageType"))
    }
    if not kinds:
        return images
    of_channel = images["ch"].map(kinds).fillna("")
    return images.assign(kind=images["kind"].where(images["kind"] != "", of_channel))


def _columns(block: Block) -> dict[str, npt.NDArray[np.generic]]:
    """Return images as typed columns; rows and columns of the plate count from 1.

    Raises:
        ParserError: A value is not what it should be, or absent.
    """
    columns: dict[str, npt.NDArray[np.generic]] = {
        "number": np.array([image.number for image in block.images], dtype=np.int64),
        "ok": block.ok,
    }
    for element, (column, lowest, highest, required) in _WHOLE.items():
        columns[column] = block.whole(element, lowest, highest, required)
    for element, (column, required) in _NUMBERS.items():
        columns[column] = block.numbers(element, required)
    for element, column in _TEXTS.items():
        columns[column] = _shared(block.texts(element))
    columns["page"] = _pages(block)
    columns["time"] = _times(block)
    return columns


def _shared(texts: Iterable[str]) -> npt.NDArray[np.object_]:
    """Return texts of which equal ones are one object."""
    known: dict[str, str] = {}
    return np.array([known.setdefault(text, text) for text in texts], dtype=object)


def _pages(block: Block) -> npt.NDArray[np.int64]:
    """Return the index of each plane in its file.

    Raises:
        ParserError: It is not a whole number.
    """
    pages = []
    for row, image in enumerate(block.images):
        try:
            page = image.page.strip()
            pages.append(0 if page in ("", "0") else convert_whole(page, 0, 10**9))
        except ValueError as error:
            raise block.fault(row, f"URL BufferNo {error}") from error
    return np.array(pages, dtype=np.int64)


def _times(block: Block) -> npt.NDArray[np.float64]:
    """Return when each plane was acquired, second of the epoch, NaN where not given.

    Raises:
        ParserError: It is not a time.
    """
    times = []
    for row, text in enumerate(block.texts("AbsTime")):
        try:
            times.append(parse_time(text) if text else nan)
        except ValueError as error:
            raise block.fault(row, f"AbsTime {error}") from error
    return np.array(times, dtype=np.float64)
