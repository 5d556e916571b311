"""Harmony measurements of the versions 5 and 7, with their truth."""

from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

from tests.formats.made_truth import HEIGHT, WIDTH, Truth


def _tag(name: str, value: object, unit: str = "") -> str:
    return (
        f"<{name}{f' Unit={chr(34)}{unit}{chr(34)}' if unit else ''}>{value}</{name}>"
    )


def _channel(number: int, name: str, nm: int) -> str:
    return (
        _tag("ChannelName", name)
        + _tag("ImageResolutionX", "5.97E-07", "m")
        + _tag("ImageResolutionY", "5.97E-07", "m")
        + _tag("ImageSizeX", WIDTH)
        + _tag("ImageSizeY", HEIGHT)
        + _tag("MaxIntensity", 65535)
        + _tag("MainExcitationWavelength", nm - 80, "nm")
        + _tag("MainEmissionWavelength", nm, "nm")
        + _tag("ExposureTime", 0.1 * number, "s")
        + _tag("OrientationMatrix", "[[0.99,0,0,0],[0,-0.99,0,0],[0,0,1.33,0]]")
    )


SIX = (
    ("HOECHST 33342", 456),
    ("Alexa 488", 522),
    ("Alexa 568", 599),
    ("Alexa 647", 706),
    ("mCherry", 610),
    ("Brightfield", 740),
)


def harmony_5(folder: Path) -> Truth:
    """V5: six channels with heights of their own, 2 x 2 fields, one plane failed."""
    labels = [name for name, _ in SIX]
    wells = {"C05": (3, 5), "P24": (16, 24)}
    truth = Truth(
        "operetta",
        "Cells 5",
        (16, 24),
        0.597,
        dict.fromkeys(wells, labels),
        findings={"failed_planes": 1},
    )
    images = []
    for well, (row, column) in wells.items():
        for number, (down, right) in enumerate([(0, 0), (0, 1), (1, 1), (1, 0)], 1):
            for channel, (name, nm) in enumerate(SIX, 1):
                file = (
                    f"r{row:02d}c{column:02d}f{number:02d}p01-ch{channel}sk1fk1fl1.tiff"
                )
                bad = (well, number, channel) == ("P24", 3, 5)
                place = (0, channel - 1, 0, down * HEIGHT, right * WIDTH)
                if not bad:
                    truth.add(folder / "Images" / file, well, place)
                images.append(
                    '<Image Version="1">'
                    + _tag("id", f"{row:02d}{column:02d}K1F{number}P1R{channel}")
                    + _tag("State", "Failed" if bad else "Ok")
                    + _tag("URL", "" if bad else file)
                    + _tag("Row", row)
                    + _tag("Col", column)
                    + _tag("FieldID", number)
                    + _tag("PlaneID", 1)
                    + _tag("TimepointID", 0)
                    + _tag("ChannelID", channel)
                    + _tag("FlimID", 1)
                    + _tag("ImageType", "Signal")
                    + _tag("AcquisitionType", "NipkowConfocal")
                    + _channel(channel, name, nm)
                    + _tag("PositionX", f"{(right - 0.5) * WIDTH * 0.597:.3f}E-06", "m")
                    + _tag("PositionY", f"{(0.5 - down) * HEIGHT * 0.597:.3f}E-06", "m")
                    + _tag("PositionZ", f"{-6 + 1.5 * channel}E-06", "m")
                    + _tag("AbsPositionZ", f"{0.135 + 1e-6 * number}", "m")
                    + _tag("MeasurementTimeOffset", f"{number + 0.1 * channel}", "s")
                    + _tag("AbsTime", "2023-01-19T10:19:26.58+01:00")
                    + "</Image>"
                )
    _harmony(
        folder,
        "http://www.perkinelmer.com/PEHH/HarmonyV5",
        "Index.idx.xml",
        "Cells 5",
        "",
        images,
    )
    return truth


def harmony_7(folder: Path) -> Truth:
    """V7: namespace of a GUID, entries of maps in any order, time points from 1."""
    truth = Truth(
        "operetta",
        "Plate 7",
        (8, 12),
        0.597,
        {"B02": ["Alexa 488", "HOECHST 33342"], "B03": ["Alexa 488", "HOECHST 33342"]},
        z_um=0.8,
    )
    names = {2: ("Alexa 488", 522), 7: ("HOECHST 33342", 456)}
    maps = "".join(
        "<Map>"
        + "".join(
            f'<Entry ChannelID="{number}">'
            + (_tag("ChannelName", names[number][0]) if first else "")
            + (
                ""
                if first
                else _channel(number, "", names[number][1]).replace(
                    "<ChannelName></ChannelName>", ""
                )
            )
            + "</Entry>"
            for number in order
        )
        + "</Map>"
        for first, order in ((False, (7, 2)), (True, (2, 7)))
    )
    images = []
    for column in (3, 2):
        for time in (2, 1):
            for channel in (7, 2):
                for plane in (2, 1, 3):
                    file = (
                        f"r02c{column:02d}f01p{plane:02d}-ch{channel}t{time:02d}.tiff"
                    )
                    place = (time - 1, (2, 7).index(channel), plane - 1, 0, 0)
                    truth.add(folder / "Images" / file, f"B{column:02d}", place)
                    images.append(
                        '<Image Version="1">'
                        + _tag("id", file)
                        + _tag("State", "Ok")
                        + _tag("URL", file)
                        + _tag("Row", 2)
                        + _tag("Col", column)
                        + _tag("FieldID", 1)
                        + _tag("PlaneID", plane)
                        + _tag("TimepointID", time)
                        + _tag("ChannelID", channel)
                        + _tag("FlimID", 1)
                        + _tag("ImageType", "Signal")
                        + _tag("PositionX", "0", "m")
                        + _tag("PositionY", "0", "m")
                        + _tag("PositionZ", f"{0.8 * plane + 3 * channel:.2f}E-06", "m")
                        + _tag("AbsPositionZ", "0.1345", "m")
                        + _tag("MeasurementTimeOffset", 600 * (time - 1), "s")
                        + _tag("AbsTime", f"2023-05-0{time}T10:00:00+01:00")
                        + "</Image>"
                    )
    _harmony(
        folder,
        "43B2A954-E3C3-47E1-B392-6635266B0DD3/HarmonyV7",
        "Index.xml",
        "Plate 7",
        maps,
        images,
    )
    return truth


def _harmony(
    folder: Path, space: str, index: str, name: str, maps: str, images: Iterable[str]
) -> None:
    rows, columns = (16, 24) if "V5" in space else (8, 12)
    (folder / "Images" / index).write_text(
        f'\ufeff<?xml version="1.0" encoding="utf-8"?>'
        f'<EvaluationInputData xmlns="{space}"'
        ' Version="1"><User>x</User><InstrumentType>Phenix</InstrumentType>'
        "<Plates><Plate>"
        + _tag("PlateID", escape(name))
        + _tag("Name", escape(name))
        + _tag("PlateTypeName", "p")
        + _tag("PlateRows", rows)
        + _tag("PlateColumns", columns)
        + f"</Plate></Plates><Maps>{maps}</Maps><Images>{''.join(images)}</Images>"
        "</EvaluationInputData>",
        encoding="utf-8",
    )
