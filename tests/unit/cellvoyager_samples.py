"""A CellVoyager folder written by hand: 8 x 12 wells, tiles of 200 x 100 pixels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.records import ParsedAcquisition

NAMESPACE = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0"'
PIXEL_UM = 0.5
TILE_PX = (200, 100)
"""Width and height of a tile."""


def attributes(values: Mapping[str, object]) -> str:
    """Return the attributes of an element."""
    return "".join(f' bts:{name}="{value}"' for name, value in values.items())


def image(
    well: tuple[int, int] = (2, 3),
    field: int = 1,
    z: int = 1,
    ch: int = 1,
    t: int = 1,
    *,
    timeline: int = 1,
    action: int = 1,
    xy: tuple[float, float] = (-50.0, 25.0),
    name: str | None = None,
    **others: object,
) -> str:
    """Return an image record; ``well`` is row and column from 1."""
    values = {
        "Type": "IMG",
        "Time": f"2024-05-31T09:{t:02d}:{z:02d}.000+02:00",
        "Row": well[0],
        "Column": well[1],
        "TimePoint": t,
        "FieldIndex": field,
        "ZIndex": z,
        "TimelineIndex": timeline,
        "ActionIndex": action,
        "Action": "3D",
        "X": xy[0],
        "Y": xy[1],
        "Z": 2.5 * (z - 1),
        "Ch": ch,
    }
    written = name or (
        f"W{well[0]}-{well[1]}_T{t}F{field}L{timeline}A{action}Z{z}C{ch}.tif"
    )
    return record(values | others, written)


def error(text: str = "AF Error", **values: object) -> str:
    """Return an error record of well B03 with these attributes more."""
    return record({"Type": "ERR", "Row": 2, "Column": 3} | values, text)


def record(values: Mapping[str, object], text: str) -> str:
    """Return one record with these attributes."""
    name = "bts:MeasurementRecord"
    return f"<{name}{attributes(values)}>{text}</{name}>"


def channel(number: int, **changes: object) -> str:
    """Return a channel of the detail file."""
    values = {
        "Ch": number,
        "HorizontalPixelDimension": PIXEL_UM,
        "VerticalPixelDimension": PIXEL_UM,
        "HorizontalPixels": TILE_PX[0],
        "VerticalPixels": TILE_PX[1],
    }
    return f"<bts:MeasurementChannel{attributes(values | changes)}/>"


def detail(channels: Sequence[str], **changes: object) -> str:
    """Return a detail file with these channels."""
    values = {
        "Version": "1.0",
        "Title": "Run 7",
        "BeginTime": "1970-01-01T00:00:01+00:00",
        "EndTime": "1970-01-01T00:00:03.5+00:00",
        "MeasurementSettingFileName": "run.mes",
        "RowCount": 8,
        "ColumnCount": 12,
    }
    plate = '<bts:MeasurementSamplePlate bts:Name="P7" bts:WellPlateFileName="P7.wpi"/>'
    return (
        f"<bts:MeasurementDetail {NAMESPACE}{attributes(values | changes)}>{plate}"
        f"{''.join(channels)}</bts:MeasurementDetail>"
    )


def protocol(*channels: Mapping[str, object], wells: str = "") -> str:
    """Return a .mes with these channels, all lit by the laser of 488 nm."""
    light = "<bts:LightSourceName>L2</bts:LightSourceName>"
    listed = "".join(
        f"<bts:Channel{attributes(values)}>{light}</bts:Channel>" for values in channels
    )
    return (
        f'<bts:MeasurementSetting {NAMESPACE} bts:Version="1.0">{wells}'
        '<bts:LightSourceList><bts:LightSource bts:Name="L2" bts:WaveLength="488"/>'
        f"</bts:LightSourceList><bts:ChannelList>{listed}</bts:ChannelList>"
        "</bts:MeasurementSetting>"
    )


def index(records: Sequence[str]) -> str:
    """Return an index of these records."""
    lines = "\n".join(records)
    return (
        f'<bts:MeasurementData {NAMESPACE} bts:Version="1.0">\n{lines}\n'
        "</bts:MeasurementData>"
    )


def write_measurement(
    folder: Path,
    records: Sequence[str],
    *,
    mrf: str | None = None,
    mes: str | None = None,
    files: Sequence[str] | None = None,
) -> Path:
    """Write a measurement and return its folder.

    Args:
        folder: Made if it is not there.
        records: Records of the index.
        mrf: Detail file; left out, it has channels 1 to 4.
        mes: Protocol, if any.
        files: Image files to make, empty; left out, those the records name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MeasurementData.mlf").write_text(index(records), encoding="utf-8")
    mrf = detail([channel(number) for number in range(1, 5)]) if mrf is None else mrf
    (folder / "MeasurementDetail.mrf").write_text("\ufeff" + mrf, encoding="utf-8")
    if mes is not None:
        (folder / "run.mes").write_text("\ufeff" + mes, encoding="utf-8")
    if files is None:
        listed = [r for r in records if 'Type="IMG"' in r]
        files = [r.partition(">")[2].partition("<")[0] for r in listed]
    for name in files:
        file = folder / name.replace("\\", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


def finding(parsed: ParsedAcquisition, code: str) -> Finding:
    """Return the only finding with this code."""
    (found,) = (f for f in parsed.findings if f.code == code)
    return found


def codes(parsed: ParsedAcquisition) -> set[str]:
    """Return the codes of all findings."""
    return {found.code for found in parsed.findings}
