"""The text files of a CellVoyager measurement folder, as the instrument lays them out.

Element and attribute names are those of real CV7000 and CV8000 measurements; the
parser of the package is tested on such measurements, not on these files alone.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tiles2zarr.models.well import parse_well

_BTS = "http://www.yokogawa.co.jp/BTS/BTSSchema/1.0"


@dataclass(frozen=True)
class Channel:
    """How one channel was acquired."""

    number: int
    """Channel number, from 1."""
    name: str
    """What was stained, e.g. ``DAPI``."""
    color: str
    """Display colour, ``RRGGBB``."""
    laser: int
    """Excitation, nanometer."""
    filter: str
    """Emission filter, e.g. ``BP445/45``."""
    exposure_ms: int
    """Exposure time, millisecond."""


@dataclass(frozen=True)
class Record:
    """One plane of the measurement; indices are 1-based, as in the file."""

    file: str
    """File name."""
    well: str
    """Name of the well, e.g. ``B03``."""
    field: int
    """Field in the well."""
    z: int
    """Plane of the stack."""
    channel: int
    """Channel number."""
    x_um: float
    """Field centre from the well centre, to the right, micrometer."""
    y_um: float
    """Field centre from the well centre, upwards, micrometer."""
    z_um: float
    """Height above the first plane, micrometer."""
    time: datetime
    """Time of the exposure."""


@dataclass(frozen=True)
class Measurement:
    """What the setting and detail files say about the whole measurement."""

    title: str
    """Name of the measurement and of its plate."""
    rows: int
    """Physical rows of the plate."""
    columns: int
    """Physical columns of the plate."""
    width_px: int
    """Width of a tile."""
    height_px: int
    """Height of a tile."""
    pixel_um: float
    """Edge of a pixel, micrometer."""
    slice_um: float
    """Step between planes, micrometer."""
    channels: tuple[Channel, ...]
    """Channels, by number."""
    records: tuple[Record, ...]
    """Every plane, in the order of acquisition."""


def index_files(measurement: Measurement) -> dict[str, bytes]:
    """Return name and content of the four index files of a measurement folder."""
    title = measurement.title
    return {
        "MeasurementData.mlf": _file(_records(measurement.records), bom=False),
        "MeasurementDetail.mrf": _file(_detail(measurement)),
        f"{title}.mes": _file(_setting(measurement)),
        f"{title}.wpi": _file(_plate(measurement)),
    }


def _node(
    tag: str, attributes: Mapping[str, object], children: Iterable[ET.Element] = ()
) -> ET.Element:
    node = ET.Element(
        f"{{{_BTS}}}{tag}",
        {f"{{{_BTS}}}{name}": str(value) for name, value in attributes.items()},
    )
    node.extend(children)
    return node


def _text(tag: str, text: str, attributes: Mapping[str, object]) -> ET.Element:
    node = _node(tag, attributes)
    node.text = text
    return node


def _file(root: ET.Element, bom: bool = True) -> bytes:
    """Return the document as the instrument writes it: all but the mlf have a BOM."""
    ET.register_namespace("bts", _BTS)
    ET.indent(root)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    text = head + ET.tostring(root, encoding="unicode") + "\n"
    return text.encode("utf-8-sig" if bom else "utf-8")


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _records(records: Iterable[Record]) -> ET.Element:
    nodes = (
        _text(
            "MeasurementRecord",
            record.file,
            {
                "Type": "IMG",
                "Time": _time(record.time),
                "Column": parse_well(record.well)[1] + 1,
                "Row": parse_well(record.well)[0] + 1,
                "TimePoint": 1,
                "FieldIndex": record.field,
                "ZIndex": record.z,
                "TimelineIndex": 1,
                "ActionIndex": record.channel,
                "Action": "3D",
                "X": f"{record.x_um:.1f}",
                "Y": f"{record.y_um:.1f}",
                "Z": f"{record.z_um:.1f}",
                "Ch": record.channel,
            },
        )
        for record in records
    )
    return _node("MeasurementData", {"Version": "1.0"}, nodes)


def _detail(measurement: Measurement) -> ET.Element:
    records = measurement.records
    title = measurement.title
    plate = _node(
        "MeasurementSamplePlate",
        {"Name": title, "WellPlateFileName": f"{title}.wpi"},
    )
    channels = (
        _node(
            "MeasurementChannel",
            {
                "Ch": channel.number,
                "HorizontalPixelDimension": measurement.pixel_um,
                "VerticalPixelDimension": measurement.pixel_um,
                "CameraNumber": channel.number,
                "InputBitDepth": 16,
                "HorizontalPixels": measurement.width_px,
                "VerticalPixels": measurement.height_px,
            },
        )
        for channel in measurement.channels
    )
    attributes = {
        "Version": "1.0",
        "Title": title,
        "BeginTime": _time(records[0].time),
        "EndTime": _time(records[-1].time + timedelta(seconds=1)),
        "MeasurementSettingFileName": f"{title}.mes",
        "ColumnCount": measurement.columns,
        "RowCount": measurement.rows,
        "TimePointCount": 1,
        "FieldCount": max(record.field for record in records),
        "ZCount": max(record.z for record in records),
        "TargetSystem": "CV8000",
    }
    return _node("MeasurementDetail", attributes, [plate, *channels])


def _setting(measurement: Measurement) -> ET.Element:
    actions = (
        _node(
            "ActionAcquire3D",
            {"SliceLength": measurement.slice_um},
            [_text("Ch", str(channel.number), {})],
        )
        for channel in measurement.channels
    )
    timeline = _node(
        "Timeline",
        {"Name": "Time Line 1", "InitialTime": 0, "Interval": 0},
        [_node("ActionList", {"RunMode": "sequential"}, actions)],
    )
    lasers = (
        _node(
            "LightSource",
            {
                "Name": f"{channel.laser}nm",
                "Type": "Laser",
                "WaveLength": channel.laser,
            },
        )
        for channel in measurement.channels
    )
    parts = [
        _node("Timelapse", {}, [timeline]),
        _node("LightSourceList", {}, lasers),
        _node("ChannelList", {}, map(_channel, measurement.channels)),
    ]
    size = {"Columns": measurement.columns, "Rows": measurement.rows}
    return _node("MeasurementSetting", {"Version": "1.0", **size}, parts)


def _channel(channel: Channel) -> ET.Element:
    attributes = {
        "Ch": channel.number,
        "Target": channel.name,
        "Objective": "10x",
        "Magnification": 10,
        "Acquisition": channel.filter,
        "ExposureTime": channel.exposure_ms,
        "Binning": 1,
        "Color": f"#FF{channel.color}",
        "Kind": "ConfocalFluorescence",
        "Fluorophore": channel.name,
    }
    laser = _text("LightSourceName", f"{channel.laser}nm", {})
    return _node("Channel", attributes, [laser])


def _plate(measurement: Measurement) -> ET.Element:
    attributes = {
        "Version": "1.0",
        "Name": measurement.title,
        "Usage": "SamplePlate",
        "Columns": measurement.columns,
        "Rows": measurement.rows,
    }
    description = _text("Description", "Generated demo plate", {})
    return _node("WellPlate", attributes, [description])
