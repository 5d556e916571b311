"""Facts of the real plates, and their planes read without the package.

The facts were counted by hand in the vendors' files; where planes are and what they
hold is read with the standard library, tifffile and Pillow alone.
"""

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.generic]


@dataclass(frozen=True)
class Plane:
    """One plane as the vendor's files describe it."""

    path: Path
    """The file with its pixels."""
    well: str
    """Name of the well, ``B03``."""
    field: str
    """Name of the field of view."""
    channel: int
    """Vendor's number of the channel."""
    z: int
    """Vendor's number of the plane in the stack."""
    t: int
    """Vendor's number of the time point."""
    stage_um: tuple[float, float, float]
    """Stage position (x, y, z), micrometer."""


@dataclass(frozen=True)
class Channel:
    """A channel as it must come out."""

    number: int
    """Vendor's number."""
    label: str
    """Name in the metadata of the vendor."""
    wavelength: str
    """Its ``wavelength_id``."""
    color: str
    """Display colour, ``RRGGBB``."""


@dataclass(frozen=True)
class RealPlate:
    """What a plate must become."""

    folder: str
    """Path below the folder of real plates."""
    format: str
    """Short name of its format."""
    name: str
    """Name of the plate that comes out."""
    read: Callable[[Path], list[Plane]]
    """Reads its planes from the folder."""
    wells: tuple[str, ...]
    """Wells with images."""
    grid: Mapping[str, tuple[int, int]]
    """Field of view to its (row, column) in the image, row 0 on top."""
    channels: tuple[Channel, ...]
    """Channels in their order."""
    tile_px: tuple[int, int]
    """Height and width of a tile."""
    scale_um: tuple[float, float]
    """Step between planes, and edge of a pixel."""
    layout: tuple[int, int]
    """Rows and columns of the plate."""
    first: tuple[int, int] = (1, 1)
    """The first (z, t) in the vendor's numbers."""
    depth: int = 1
    """Planes of a stack."""
    declared: Mapping[str, object] = field(default_factory=dict)
    """What the config says of the plate."""
    findings: Mapping[str, int] = field(default_factory=dict)
    """Code to count of everything the run reports."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Return the (c, z, y, x) shape of every image."""
        rows = 1 + max(row for row, _ in self.grid.values())
        columns = 1 + max(column for _, column in self.grid.values())
        height, width = rows * self.tile_px[0], columns * self.tile_px[1]
        return len(self.channels), self.depth, height, width

    @property
    def tiles(self) -> int:
        """Return how many planes the plate has."""
        each = len(self.grid) * len(self.channels) * self.depth
        return len(self.wells) * each

    def place(self, plane: Plane) -> tuple[int | slice, ...]:
        """Return where a plane must be in its image, over (c, z, y, x)."""
        numbers = [channel.number for channel in self.channels]
        row, column = self.grid[plane.field]
        height, width = self.tile_px
        return (
            numbers.index(plane.channel),
            plane.z - self.first[0],
            slice(row * height, (row + 1) * height),
            slice(column * width, (column + 1) * width),
        )

    def config(self, data: Path, output: Path, **changes: object) -> dict[str, object]:
        """Return a config that converts the plate into ``output``.

        Args:
            data: Folder of real plates.
            output: Where the store goes.
            **changes: Laid over the acquisition.
        """
        acquisition = {"path": str(data / self.folder), "format": self.format}
        config: dict[str, object] = {
            "output": str(output),
            "acquisitions": [acquisition | changes],
        }
        return config | ({"plate": dict(self.declared)} if self.declared else {})


def image_of(well: str) -> str:
    """Return the image id of a well in a plate of one acquisition."""
    return f"{well[0]}/{well[1:]}/0"


def read_pixels(path: Path) -> Pixels:
    """Return the pixels of a file."""
    if path.suffix == ".png":
        with Image.open(path) as picture:
            return np.asarray(picture).astype(np.uint16)
    return tifffile.imread(path)


def cellvoyager_planes(folder: Path) -> list[Plane]:
    """Return the planes of ``MeasurementData.mlf``."""
    (index,) = folder.rglob("MeasurementData.mlf")
    planes = []
    for element in ET.parse(index).getroot():
        record = {key.rpartition("}")[2]: value for key, value in element.items()}
        assert record["Type"] == "IMG"
        x, y, z = (float(record[axis]) for axis in "XYZ")
        planes.append(
            Plane(
                index.parent / str(element.text),
                f"{chr(64 + int(record['Row']))}{int(record['Column']):02d}",
                record["FieldIndex"],
                int(record["Ch"]),
                int(record["ZIndex"]),
                int(record["TimePoint"]),
                (x, y, z),
            )
        )
    return planes


def operetta_planes(folder: Path) -> list[Plane]:
    """Return the planes of ``Index.idx.xml``."""
    index = folder / "Images/Index.idx.xml"
    root = ET.parse(index).getroot()
    space = root.tag.removesuffix("EvaluationInputData")
    planes = []
    for image in root.iterfind(f"{space}Images/{space}Image"):
        tags = {tag.tag.removeprefix(space): str(tag.text) for tag in image}
        x, y, z = (round(float(tags[f"Position{axis}"]) * 1e6, 6) for axis in "XYZ")
        planes.append(
            Plane(
                index.parent / tags["URL"],
                f"{chr(64 + int(tags['Row']))}{int(tags['Col']):02d}",
                tags["FieldID"],
                int(tags["ChannelID"]),
                int(tags["PlaneID"]),
                int(tags["TimepointID"]),
                (x, y, z),
            )
        )
    return planes


_MOLECULAR_DEVICES = re.compile(
    r"_(?P<well>[A-P]\d\d)_(?P<field>s\d)(_w(?P<channel>\d))?[^_]*$"
)


def imagexpress_planes(folder: Path, projections: bool = False) -> list[Plane]:
    """Return the planes in folders ``ZStep_n``, or the projections."""
    planes = []
    for path in sorted(folder.rglob("*.[tT][iI][fF]")):
        step = path.parent.name.removeprefix("ZStep_")
        number = int(step) if step.isdigit() and "ZStep" in path.parent.name else 0
        match = _MOLECULAR_DEVICES.search(path.name)
        if "_thumb" in path.name or projections == (number > 0):
            continue
        assert match is not None, path
        with tifffile.TiffFile(path) as tiff:
            tags = tiff.metaseries_metadata["PlaneInfo"]
        keys = ("stage-position-x", "stage-position-y", "z-position")
        x, y, z = (tags[key] for key in keys)
        channel = int(match["channel"] or 1)
        planes.append(
            Plane(path, match["well"], match["field"], channel, number, 1, (x, y, z))
        )
    return planes


def world_planes(folder: Path) -> list[Plane]:
    """Return the planes of ``world.csv``, which made the pixels; it knows no z."""
    with (folder / "world.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    planes = []
    for row in rows:
        (path,) = folder.rglob(row["file"])
        place = float(row["stage_x_um"]), float(row["stage_y_um"]), np.nan
        well = f"{row['well'][0]}{int(row['well'][1:]):02d}"
        name = row["field"].rpartition("P")[2]
        number = int(row["ch"]), int(row["z"]), int(row["t"])
        planes.append(Plane(path, well, name, *number, place))
    return planes


SIDE_BY_SIDE = (0, 0), (0, 1)
"""Two fields in a row."""
TWO_BY_TWO = tuple(product((0, 1), (0, 1)))
"""Four fields, in reading order."""
CYCLE_1 = "20200812-CardiomyocyteDifferentiation14-Cycle1"

REAL_PNG = RealPlate(
    folder="yokogawa/cv7000-hipsc-real-png",
    format="cellvoyager",
    name=CYCLE_1,
    read=cellvoyager_planes,
    wells=("B03",),
    grid=dict(zip("12", SIDE_BY_SIDE, strict=True)),
    channels=(Channel(1, "BP445-45", "445", "0000FF"),),
    tile_px=(2160, 2560),
    scale_um=(1.0, 0.1625),
    layout=(8, 12),
    findings={"channels_unnamed": 1},
)
CV8000 = RealPlate(
    folder="yokogawa/cv8000-minimal",
    format="cellvoyager",
    name="CV8000",
    read=cellvoyager_planes,
    wells=("D08", "E03", "F08"),
    grid=dict(zip("1234", TWO_BY_TWO, strict=True)),
    channels=(Channel(1, "405", "405", "002FFF"), Channel(2, "488", "488", "00FFA1")),
    tile_px=(2000, 2000),
    scale_um=(3.0, 0.325),
    layout=(16, 24),
    depth=4,
    declared={"name": "CV8000", "layout": 384},
    findings={"other_files": 8},
)
CV7000 = RealPlate(
    folder="yokogawa/cv7000-hipsc-2x2",
    format="cellvoyager",
    name=CYCLE_1,
    read=world_planes,
    wells=("B03",),
    # FieldIndex counts 1 to 4; the names of the files keep F001, F002, F009, F010
    grid=dict(zip("1234", TWO_BY_TWO, strict=True)),
    channels=(
        Channel(1, "BP445-45", "445", "0000FF"),
        Channel(2, "BP675-30", "675", "FF00FF"),
        Channel(3, "BP525-50", "525", "00FF00"),
    ),
    tile_px=(270, 320),
    scale_um=(1.0, 1.3),
    layout=(8, 12),
    first=(1, 2),
    depth=4,
    findings={"channels_unnamed": 3, "other_files": 3},
)
OPERETTA = RealPlate(
    folder="revvity/operetta-sonata-2f",
    format="operetta",
    name="Test_Sample_BALL",
    read=operetta_planes,
    wells=("C03",),
    grid=dict(zip("12", SIDE_BY_SIDE, strict=True)),
    channels=(Channel(1, "Fluorescein (FITC)", "475/525", "00FF00"),),
    tile_px=(1080, 1080),
    scale_um=(1.0, 1.1959521619135234),
    layout=(16, 24),
    first=(1, 0),
)
IMAGEXPRESS = RealPlate(
    folder="imagexpress/9987_Plate_3433",
    format="imagexpress",
    name="9987",
    read=imagexpress_planes,
    wells=("B02", "B03"),
    grid=dict(zip(("s1", "s2"), SIDE_BY_SIDE, strict=True)),
    channels=(
        Channel(1, "DAPI", "452", "0000FF"),
        Channel(2, "FITC", "520", "00FF00"),
    ),
    tile_px=(256, 256),
    # z steps within one channel and field are 2.98 to 3.02
    scale_um=(3.01, 1.3672),
    layout=(8, 12),
    depth=3,
    findings={"projections_left_out": 8, "tiles_moved": 2},
)
DATABASE = RealPlate(
    folder="imagexpress/db-single-channel",
    format="imagexpress",
    name="db-single-channel",
    read=imagexpress_planes,
    wells=("E07", "E08"),
    grid=dict(zip(("s1", "s2"), SIDE_BY_SIDE, strict=True)),
    channels=(Channel(1, "FITC_05", "536", "00FF00"),),
    tile_px=(512, 512),
    scale_um=(4.95, 1.3668),
    layout=(8, 12),
    depth=2,
    findings={"layout_guessed": 1, "projections_left_out": 4, "thumbnails": 12},
)
SCANR = RealPlate(
    folder="scanr/scanr-3.3-1w",
    format="scanr",
    name="scanr-3.3-1w",
    read=world_planes,
    wells=("B02",),
    grid={"1": (0, 0)},
    channels=(Channel(1, "405 nm #1", "405", "0000FF"),),
    tile_px=(2048, 2048),
    scale_um=(1.0, 0.325),
    layout=(8, 12),
    first=(0, 0),
)
PLATES = (REAL_PNG, CV8000, CV7000, OPERETTA, IMAGEXPRESS, DATABASE, SCANR)
