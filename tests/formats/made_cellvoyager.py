"""CellVoyager and CQ3K measurements, with their truth."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from tests.formats.made_truth import HEIGHT, WIDTH, Truth, write

BTS = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0" bts:Version="1.0"'


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f' bts:{name}="{value}"' for name, value in values.items())


def _image(row: int, column: int, file: str, **values: object) -> str:
    given: dict[str, object] = {
        "Type": "IMG",
        "Time": "2020-08-12T12:19:03.108+02:00",
        "Row": row,
        "Column": column,
        "FieldIndex": 1,
        "TimePoint": 1,
        "TimelineIndex": 1,
        "ActionIndex": 1,
        "Action": "2D",
        "ZIndex": 1,
        "X": 0,
        "Y": 0,
        "Z": 0,
        "Ch": 1,
    }
    return (
        f"<bts:MeasurementRecord{_attributes(given | values)}>{escape(file)}"
        "</bts:MeasurementRecord>"
    )


def _cellvoyager(
    folder: Path,
    name: str,
    targets: Mapping[int, str],
    records: Iterable[str],
    layout: tuple[int, int] = (16, 24),
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows, columns = layout
    (folder / "MeasurementData.mlf").write_text(
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><bts:MeasurementData {BTS}>'
        f"{''.join(records)}</bts:MeasurementData>",
        encoding="utf-8",
    )
    size = {
        "HorizontalPixelDimension": 0.325,
        "VerticalPixelDimension": 0.325,
        "CameraNumber": 1,
        "InputBitDepth": 16,
        "InputLevel": 65535,
        "HorizontalPixels": WIDTH,
        "VerticalPixels": HEIGHT,
    }
    channels = "".join(
        f"<bts:MeasurementChannel{_attributes({'Ch': n} | size)}/>" for n in targets
    )
    (folder / "MeasurementDetail.mrf").write_text(
        f'\ufeff<bts:MeasurementDetail {BTS} bts:OperatorName="x" bts:Title="{name}"'
        f' bts:MeasurementSettingFileName="{name}.mes" bts:RowCount="{rows}"'
        f' bts:ColumnCount="{columns}"><bts:MeasurementSamplePlate bts:Name="{name}"'
        f' bts:WellPlateFileName="{name}.wpi" bts:WellPlateProductFileName="p.wpp"/>'
        f"{channels}</bts:MeasurementDetail>",
        encoding="utf-8",
    )
    (folder / f"{name}.wpi").write_text(
        f'\ufeff<bts:WellPlate {BTS} bts:Name="{name}" bts:Description=""/>',
        encoding="utf-8",
    )
    listed = "".join(
        f"<bts:Channel{_attributes({'Ch': n, 'Target': t, 'ExposureTime': 100})}>"
        "<bts:LightSourceName>L</bts:LightSourceName></bts:Channel>"
        for n, t in targets.items()
    )
    (folder / f"{name}.mes").write_text(
        f"\ufeff<bts:MeasurementSetting {BTS}><bts:LightSourceList><bts:LightSource"
        ' bts:Name="L" bts:WaveLength="0"/></bts:LightSourceList><bts:ChannelList>'
        f"{listed}</bts:ChannelList></bts:MeasurementSetting>",
        encoding="utf-8",
    )


FOUR = {1: "DAPI", 2: "GFP", 3: "RFP", 4: "Cy5"}


def sparse(folder: Path) -> Truth:
    """CV7000: every well has times and channels of its own."""
    sets = {
        (4, 6): [(1, 1), (1, 3), (2, 1), (3, 1), (3, 3)],
        (4, 7): [(2, 2), (3, 4)],
        (5, 6): [(3, 4)],
    }
    wells = {(4, 6): "D06", (4, 7): "D07", (5, 6): "E06"}
    truth = Truth(
        "cellvoyager",
        "sparse",
        (16, 24),
        0.325,
        {"D06": ["DAPI", "RFP"], "D07": ["GFP", "Cy5"], "E06": ["Cy5"]},
        findings={"uneven_channels": 2, "uneven_shape": 2},
    )
    records = []
    for (row, column), slots in sets.items():
        well = wells[row, column]
        present = sorted({c for _, c in slots})
        first = min(t for t, _ in slots)
        for t, c in slots:
            file = f"AssayPlate_{well}_T{t:04d}F001L01A01Z01C{c:02d}.tif"
            truth.add(folder / file, well, (t - first, present.index(c), 0, 0, 0))
            records.append(
                _image(
                    row,
                    column,
                    file,
                    TimePoint=t,
                    Ch=c,
                    Time=f"2020-08-12T1{t}:00:00.5+02:00",
                )
            )
    _cellvoyager(folder, "sparse", FOUR, records)
    return truth


def autofocus(folder: Path) -> Truth:
    """CV8000: 16 fields in one well, 12 in the other, where autofocus failed."""
    truth = Truth(
        "cellvoyager",
        "af",
        (16, 24),
        0.325,
        {"B03": ["DAPI", "GFP"], "H10": ["DAPI", "GFP"]},
        z_um=2.0,
        findings={"failed_records": 4, "uneven_shape": 1},
    )
    records = []
    for row, column, well in ((2, 3, "B03"), (8, 10, "H10")):
        for number in range(16):
            down, right = divmod(number, 4)
            if well == "H10" and number in (0, 1, 2, 3):
                records.append(
                    '<bts:MeasurementRecord bts:Time="2020-08-12T12:19:03.1+02:00"'
                    ' bts:Column="10" bts:Row="8" bts:TimePoint="1" bts:Type="ERR"'
                    ' bts:PartialTileIndex="1" bts:TimelineIndex="1">AF Error'
                    "</bts:MeasurementRecord>"
                )
                continue
            for c in (1, 2):
                for z in (1, 2):
                    file = f"P_{well}_T0001F{number + 1:03d}L01A01Z{z:02d}C{c:02d}.tif"
                    # the first row of H10 is lost, the image begins with the second
                    y = (down - (well == "H10")) * HEIGHT
                    place = (0, c - 1, z - 1, y, right * WIDTH)
                    truth.add(folder / file, well, place)
                    records.append(
                        _image(
                            row,
                            column,
                            file,
                            FieldIndex=number + 1,
                            Ch=c,
                            ZIndex=z,
                            Action="3D",
                            Z=2.0 * z,
                            X=(right - 1.5) * WIDTH * 0.325,
                            Y=(1.5 - down) * HEIGHT * 0.325,
                            PartialTileIndex=1,
                        )
                    )
    _cellvoyager(folder, "af", FOUR, records)
    return truth


def projected(folder: Path) -> Truth:
    """CV7000: maximum projections of the channels 3, 4 and 1, listed in that order."""
    truth = Truth(
        "cellvoyager",
        "mip",
        (16, 24),
        0.325,
        {"B03": ["DAPI", "RFP", "Cy5"]},
        findings={"projections_taken": 6},
    )
    records = []
    for c in (3, 4, 1):
        for number, right in ((1, 0), (2, 1)):
            file = f"mip_B03_T0001F{number:03d}L01A0{c}Z01C{c:02d}.tif"
            truth.add(
                folder / file, "B03", (0, (1, 3, 4).index(c), 0, 0, right * WIDTH)
            )
            records.append(
                _image(
                    2,
                    3,
                    file,
                    FieldIndex=number,
                    Ch=c,
                    ActionIndex=c,
                    Action="3D",
                    ZImageProcessing="Maximum",
                    X=(right - 0.5) * WIDTH * 0.325,
                    Y=-3.25,
                )
            )
    _cellvoyager(folder, "mip", FOUR, records)
    return truth


def cq3k(folder: Path) -> Truth:
    """CQ3K: slices of channel 1, their projection as channel 3; non-ASCII names."""
    truth = Truth(
        "cq3k",
        "Ubung u",
        (16, 24),
        0.325,
        {"B05": ["核", "BF"]},
        z_um=1.5,
        findings={"projections_left_out": 1, "projections_taken": 1},
    )
    records = []
    for z in (1, 2, 3):
        file = f"W0029F0001T0001Z{z:03d}C1.tif"
        truth.add(folder / "画像" / file, "B05", (0, 0, z - 1, 0, 0))
        records.append(
            _image(
                2,
                5,
                f"画像\\{file}",
                ZIndex=z,
                Z=1.5 * z,
                Action="3D",
                PartialTileIndex=1,
            )
        )
    write(folder / "Projection/W0029F0001T0001Z001C3.tif")
    records.append(
        _image(
            2,
            5,
            "Projection\\W0029F0001T0001Z001C3.tif",
            Ch=3,
            ZImageProcessing="Maximum",
            PartialTileIndex=1,
        )
    )
    truth.add(folder / "Projection/W0029F0001T0001Z001C4.tif", "B05", (0, 1, 0, 0, 0))
    records.append(
        _image(
            2,
            5,
            "Projection\\W0029F0001T0001Z001C4.tif",
            Ch=4,
            ZImageProcessing="Minimum",
            PartialTileIndex=1,
        )
    )
    _cellvoyager(folder, "Übung µ", {1: "核", 3: "核", 4: "BF"}, records)
    return truth
