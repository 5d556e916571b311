"""What a CellVoyager measurement says beside its records: sizes, channels, plate.

``MeasurementDetail.mrf`` holds pixel and tile sizes per channel and the names of the
other files; the ``.mes`` protocol names the channels; ``.wpi`` and ``.wpp`` describe
the plate. The ``.mrf`` lists all configured channels, not those acquired, and its
totals are of the whole run.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tiles2zarr.parsers.cellvoyager_index import check_root
from tiles2zarr.parsers.cellvoyager_records import parse_time
from tiles2zarr.parsers.xml import Element, read_xml

_COLOR = re.compile(r"#(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")


@dataclass(frozen=True)
class Frame:
    """How one channel is recorded."""

    width: int
    """Columns, pixel."""
    height: int
    """Rows, pixel."""
    pixel_um: tuple[float, float]
    """Size of a pixel in x and y, micrometer."""
    shading: str | None
    """Name of the shading correction image."""


@dataclass(frozen=True)
class Detail:
    """The ``.mrf``."""

    source: str
    """The file, for messages."""
    version: str | None
    """Version of its schema."""
    frames: Mapping[int, Frame]
    """By channel number."""
    plate_name: str | None
    title: str | None
    settings_file: str | None
    """Name of the ``.mes``."""
    plate_file: str | None
    """Name of the ``.wpi``."""
    product_file: str | None
    """Name of the ``.wpp``."""
    rows: int | None
    """Rows of the plate."""
    columns: int | None
    """Columns of the plate."""
    start_time: int | None
    """Epoch milliseconds."""
    end_time: int | None
    """Epoch milliseconds."""
    system: str | None
    """Instrument and release, e.g. ``"CV8000 R2.06.03"``."""


@dataclass(frozen=True)
class ChannelSetting:
    """One channel of the ``.mes``."""

    name: str | None
    """Target, else fluorophore, else emission filter."""
    wavelengths: tuple[str, ...]
    """Excitation, nanometer; none for lamps."""
    color: str | None
    """Six hex digits."""
    exposure_s: float | None
    """Exposure time, second."""
    objective: str | None


@dataclass(frozen=True)
class Protocol:
    """The ``.mes``: channels by number, and the wells that were to be imaged."""

    channels: Mapping[int, ChannelSetting]
    wells: frozenset[tuple[int, int]]
    """Row and column, from 0; empty if not told."""


@dataclass(frozen=True)
class Plate:
    """The ``.wpi`` or ``.wpp``."""

    name: str | None
    description: str | None
    rows: int | None
    columns: int | None


def read_detail(path: str, storage: Mapping[str, object] | None = None) -> Detail:
    """Return what the ``.mrf`` says.

    Raises:
        ParserError: It cannot be read, or lacks sizes.
    """
    root = read_xml(path, storage)
    check_root(root, "MeasurementDetail")
    plate = root.find("MeasurementSamplePlate")
    system = [root.get("TargetSystem"), root.get("ReleaseNumber")]
    return Detail(
        source=path,
        version=root.get("Version"),
        frames={
            channel.integer("Ch"): _frame(channel)
            for channel in root.findall("MeasurementChannel")
        },
        plate_name=plate.get("Name") if plate else None,
        title=root.get("Title"),
        settings_file=root.get("MeasurementSettingFileName"),
        plate_file=plate.get("WellPlateFileName") if plate else None,
        product_file=plate.get("WellPlateProductFileName") if plate else None,
        rows=_optional_integer(root, "RowCount"),
        columns=_optional_integer(root, "ColumnCount"),
        start_time=_milliseconds(root, "BeginTime"),
        end_time=_milliseconds(root, "EndTime"),
        system=" ".join(filter(None, system)) or None,
    )


def read_protocol(path: str, storage: Mapping[str, object] | None = None) -> Protocol:
    """Return what the ``.mes`` says of channels and wells.

    Raises:
        ParserError: It cannot be read, or a value is not what it should be.
    """
    root = read_xml(path, storage)
    if root.name != "MeasurementSetting":
        raise root.fault("the root element should be MeasurementSetting")
    sources = {
        source.require("Name"): source.get("WaveLength")
        for source in root.iter("LightSource")
    }
    channels = {
        channel.integer("Ch"): _setting(channel, sources)
        for channel in root.iter("Channel")
    }
    wells = frozenset(
        (well.integer("Row") - 1, well.integer("Column") - 1)
        for well in root.iter("TargetWell")
        if well.text.lower() == "true"
    )
    return Protocol(channels=channels, wells=wells)


def read_plate(path: str, storage: Mapping[str, object] | None = None) -> Plate:
    """Return what a ``.wpi`` or ``.wpp`` says.

    Raises:
        ParserError: It cannot be read.
    """
    root = read_xml(path, storage)
    return Plate(
        name=root.get("Name"),
        description=root.get("Description"),
        rows=_optional_integer(root, "Rows"),
        columns=_optional_integer(root, "Columns"),
    )


def _frame(channel: Element) -> Frame:
    """Return the sizes of a channel.

    Raises:
        ParserError: A size is not given or not positive.
    """
    sizes = channel.integer("HorizontalPixels"), channel.integer("VerticalPixels")
    pixel = (
        channel.number("HorizontalPixelDimension"),
        channel.number("VerticalPixelDimension"),
    )
    if min(*sizes, *pixel) <= 0:
        raise channel.fault(
            f"tile size {sizes} pixel and pixel size {pixel} um must be positive"
        )
    return Frame(*sizes, pixel, channel.get("ShadingCorrectionSource"))


def _setting(channel: Element, sources: Mapping[str, str | None]) -> ChannelSetting:
    """Return the name, colour, exposure and light of a channel.

    Raises:
        ParserError: The colour or exposure time is not what it should be.
    """
    color = channel.get("Color")
    match = _COLOR.fullmatch(color or "")
    if color is not None and match is None:
        raise channel.fault(f"Color is {color!r}, expected #AARRGGBB")
    lights = [light.text for light in channel.findall("LightSourceName")]
    wavelengths = [sources.get(light) or "0" for light in lights]
    exposure = channel.get("ExposureTime")
    return ChannelSetting(
        name=channel.get("Target")
        or channel.get("Fluorophore")
        or channel.get("Acquisition"),
        wavelengths=tuple(wave for wave in wavelengths if wave != "0"),
        color=match[1].upper() if match else None,
        exposure_s=channel.number("ExposureTime") / 1000 if exposure else None,
        objective=channel.get("Objective"),
    )


def _optional_integer(element: Element, name: str) -> int | None:
    """Return a whole number, or nothing where it is not given.

    Raises:
        ParserError: It is given, but not a whole number.
    """
    return None if element.get(name) is None else element.integer(name)


def _milliseconds(element: Element, name: str) -> int | None:
    """Return a time as epoch milliseconds, or nothing where it is not given.

    Raises:
        ParserError: It is given, but not a time.
    """
    text = element.get(name)
    if text is None:
        return None
    try:
        return round(parse_time(text) * 1000)
    except ValueError as error:
        raise element.fault(f"{name} is {text!r}, not a time") from error
