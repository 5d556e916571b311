"""Harmony measurements written by hand, as the versions 4 to 7 write them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tiles2zarr.parsers.operetta import parse
from tiles2zarr.parsers.records import ParsedAcquisition

NAMESPACES = {
    "V4": "http://www.perkinelmer.com/PEHH/HarmonyV4",
    "V5": "http://www.perkinelmer.com/PEHH/HarmonyV5",
    "V6": "http://www.perkinelmer.com/PEHH/HarmonyV6",
    "V7": "43B2A954-E3C3-47E1-B392-6635266B0DD3/HarmonyV7",
}
INDICES = {
    "V4": "Index.xml",
    "V5": "Index.idx.xml",
    "V6": "Index.xml",
    "V7": "Index.xml",
}
CHANNEL_FIELDS = (
    "ChannelName",
    "ImageResolutionX",
    "ImageResolutionY",
    "ImageSizeX",
    "ImageSizeY",
    "MaxIntensity",
    "MainExcitationWavelength",
    "MainEmissionWavelength",
    "ExposureTime",
    "OrientationMatrix",
)
UNITS = {
    "ImageResolutionX": "m",
    "ImageResolutionY": "m",
    "PositionX": "m",
    "PositionY": "m",
    "PositionZ": "m",
    "AbsPositionZ": "m",
    "MeasurementTimeOffset": "s",
    "MainExcitationWavelength": "nm",
    "MainEmissionWavelength": "nm",
    "ExposureTime": "s",
}
CHANNELS: Mapping[str, tuple[str, str, str, str]] = {
    "1": ("HOECHST 33342", "375", "456", "0.2"),
    "2": ("Alexa 488", "488", "522", "0.04"),
}
"""Name, excitation, emission and exposure by id."""
MATRIX = "[[1.00145,0,0,-1.5],[0,-1.00145,0,20.4],[0,0,1.33,-9.8]]"

Fields = dict[str, str]


def image_fields(
    *,
    row: int = 2,
    column: int = 3,
    field_id: int = 1,
    plane: int = 1,
    time: int = 0,
    channel: str = "1",
    **changes: str,
) -> Fields:
    """Return the elements of an image, 12 x 8 pixels of 0.5 um, in its usual order.

    Field 1 lies at (-3, 2) um, each next field 6 um to the right.
    """
    name, excitation, emission, exposure = CHANNELS.get(channel, ("X", "500", "", "1"))
    fields = {
        "id": f"{row:02d}{column:02d}K{time}F{field_id}P{plane}R{channel}",
        "State": "Ok",
        "URL": f"r{row:02d}c{column:02d}f{field_id:02d}p{plane:02d}"
        f"-ch{channel}sk{time}fk1fl1.tiff",
        "Row": str(row),
        "Col": str(column),
        "FieldID": str(field_id),
        "PlaneID": str(plane),
        "TimepointID": str(time),
        "ChannelID": channel,
        "FlimID": "1",
        "ChannelName": name,
        "ImageType": "Signal",
        "ImageResolutionX": "5E-07",
        "ImageResolutionY": "5E-07",
        "ImageSizeX": "12",
        "ImageSizeY": "8",
        "MaxIntensity": "65535",
        "PositionX": f"{-9 + 6 * field_id}E-06",
        "PositionY": "2E-06",
        "PositionZ": f"{2 * plane + 0.25 * int(channel)}E-06",
        "AbsPositionZ": "0.1375",
        "MeasurementTimeOffset": "0",
        "AbsTime": "2022-12-19T10:19:26.58+01:00",
        "MainExcitationWavelength": excitation,
        "MainEmissionWavelength": emission,
        "ExposureTime": exposure,
        "OrientationMatrix": MATRIX,
    }
    return fields | changes


@dataclass
class Sample:
    """A measurement to be written.

    Args:
        images: The elements of each image.
        version: V4, V5, V6 or V7; V6 and V7 describe channels in maps.
        maps: Further map entries as XML.
        plate: Elements of the plate.
        units: Unit by element.
        url: The start of each element URL.
    """

    images: list[Fields]
    version: str = "V5"
    maps: str = ""
    plate: Fields = field(
        default_factory=lambda: {
            "PlateID": "P-17",
            "MeasurementStartTime": "2022-12-19T10:18:52.2439831+01:00",
            "Name": "drug plate",
            "PlateTypeName": "96 wells",
            "PlateRows": "8",
            "PlateColumns": "12",
        }
    )
    units: Mapping[str, str] = field(default_factory=lambda: UNITS)
    url: str = "<URL>"

    @property
    def index(self) -> str:
        """Return the text of the index."""
        in_maps = self.version in ("V6", "V7")
        maps = self.maps
        if in_maps:
            maps += _maps(self.images, self.units)
        hidden = CHANNEL_FIELDS if in_maps else ()
        shown = ({k: v for k, v in i.items() if k not in hidden} for i in self.images)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<EvaluationInputData Version="1" xmlns="{NAMESPACES[self.version]}">\n'
            "  <User>someone</User>\n"
            "  <InstrumentType>Phenix</InstrumentType>\n"
            f"  <Plates>\n    <Plate>{_elements(self.plate, {})}</Plate>\n  </Plates>\n"
            f"  <Maps>{maps}</Maps>\n"
            "  <Images>\n"
            + "".join(
                f'    <Image Version="1">{_elements(fields, self.units, self.url)}'
                "\n    </Image>\n"
                for fields in shown
            )
            + "  </Images>\n</EvaluationInputData>\n"
        )

    def write(self, folder: Path, *, files: Iterable[str] | None = None) -> Path:
        """Write the measurement with empty image files; return the plate's folder."""
        (folder / "Images").mkdir(parents=True, exist_ok=True)
        index = folder / "Images" / INDICES[self.version]
        index.write_text("\ufeff" + self.index, encoding="utf-8")
        names = [i.get("URL", "") for i in self.images] if files is None else files
        for name in filter(None, names):
            (folder / "Images" / name).touch()
        return folder

    def parse(self, folder: Path, **options: object) -> ParsedAcquisition:
        """Write the measurement and return what the parser makes of it."""
        return parse(str(self.write(folder)), options)


def _elements(fields: Fields, units: Mapping[str, str], url: str = "<URL>") -> str:
    lines = []
    for name, text in fields.items():
        start = f'<{name} Unit="{units[name]}">' if name in units else f"<{name}>"
        start = url if name == "URL" else start
        lines.append(f"\n      {start}{text}</{name}>")
    return "".join(lines)


def _maps(images: list[Fields], units: Mapping[str, str]) -> str:
    """Return two maps with the entries in reverse order, names apart from sizes."""
    by_channel = {fields["ChannelID"]: fields for fields in images}
    parts = (CHANNEL_FIELDS[:1], CHANNEL_FIELDS[1:])
    return "".join(
        "<Map>"
        + "".join(
            f'<Entry ChannelID="{channel}">'
            + _elements({n: fields[n] for n in names if n in fields}, units)
            + "</Entry>"
            for channel, fields in sorted(by_channel.items(), reverse=True)
        )
        + "</Map>"
        for names in parts
    )
