"""A small valid measurement of every format, and the files of it that are spoilt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from tests.rules.plate import WELLS, table_rows, write_csv
from tests.unit import cellvoyager_samples as cellvoyager
from tests.unit.container_samples import (
    CziTile,
    LifImage,
    czi_xml,
    position_loop,
    stack_loop,
    write_czi,
    write_lif,
    write_nd2,
)
from tests.unit.imagexpress_samples import plan_text, write_plan, write_plane
from tests.unit.operetta_samples import Sample, image_fields

HEIGHT, WIDTH = 4, 6
OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


@dataclass(frozen=True)
class Measurement:
    """What a parser is given: a path, and the files whose content it reads."""

    path: Path
    files: tuple[Path, ...]


def _tile_table(folder: Path) -> Measurement:
    write_csv(folder / "tiles.csv", table_rows(*WELLS))
    return Measurement(folder / "tiles.csv", (folder / "tiles.csv",))


def _cellvoyager(folder: Path) -> Measurement:
    records = [
        cellvoyager.image(well, field, z, ch)
        for well in ((2, 3), (3, 4))
        for field in (1, 2)
        for z in (1, 2)
        for ch in (1, 2)
    ]
    records.append(cellvoyager.error())
    cellvoyager.write_measurement(folder, records, mes=cellvoyager.protocol())
    names = ("MeasurementData.mlf", "MeasurementDetail.mrf", "run.mes")
    return Measurement(folder, tuple(folder / name for name in names))


def _operetta(folder: Path) -> Measurement:
    images = [
        image_fields(row=r, column=c, field_id=f, plane=p, channel=n)
        for r, c in ((2, 3), (3, 4))
        for f in (1, 2)
        for p in (1, 2)
        for n in ("1", "2")
    ]
    Sample(images, "V6").write(folder)
    return Measurement(folder, (folder / "Images/Index.xml",))


def _imagexpress(folder: Path) -> Measurement:
    write_plan(folder / "P.HTD", plan_text([(0, 1), (1, 2)], sites=[True, True]))
    files = []
    for well in ("A02", "B03"):
        for site in (1, 2):
            files.append(folder / f"P_{well}_s{site}.TIF")
            write_plane(files[-1], x=3.0 * site)
    return Measurement(folder, (folder / "P.HTD", files[0]))


def _ome(plate: str, names: list[str], key: str = "{}") -> str:
    images = "".join(
        f'<Image ID="Image:{key.format(n)}" Name="Well {n}, Position 1">'
        f'<Pixels ID="Pixels:{key.format(n)}" '
        'DimensionOrder="XYCZT" Type="uint16" PhysicalSizeX="0.5" PhysicalSizeY="0.5" '
        f'SizeX="{WIDTH}" SizeY="{HEIGHT}" SizeC="1" SizeZ="1" SizeT="1">'
        f'<Channel ID="Channel:{n}:0" Name="DAPI"/><TiffData IFD="0"><UUID '
        f'FileName="{name}">urn:uuid:{n}</UUID></TiffData>'
        f'<Plane TheC="0" TheZ="0" TheT="0" PositionX="{3 * n}" PositionY="1" '
        'DeltaT="1.5" ExposureTime="0.1"/></Pixels></Image>'
        for n, name in enumerate(names, start=1)
    )
    return f'<?xml version="1.0"?><OME xmlns="{OME}">{plate}{images}</OME>'


def _write_tile(path: Path) -> None:
    pixels = np.zeros((HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(path, pixels, description="", metadata=None)


def _scanr(folder: Path) -> Measurement:
    (folder / "data").mkdir()
    names = [f"X--W{n:05d}--P00001--Z00000--T00000--DAPI.tif" for n in (1, 2)]
    for name in names:
        _write_tile(folder / "data" / name)
    index = folder / "data/metadata.ome.xml"
    index.write_text(_ome("", names, "W{}P1"))
    return Measurement(folder, (index,))


PLATE = (
    '<Plate ID="Plate:0" Name="P" Rows="4" Columns="6">'
    '<Well ID="Well:0" Row="1" Column="2"><WellSample ID="WellSample:0" Index="0" '
    'PositionX="1" PositionY="2"><ImageRef ID="Image:1"/></WellSample></Well>'
    '<Well ID="Well:1" Row="2" Column="3"><WellSample ID="WellSample:1" Index="1">'
    '<ImageRef ID="Image:2"/></WellSample></Well></Plate>'
)


def _companion(folder: Path) -> Measurement:
    names = ["a.tif", "b.tif"]
    for name in names:
        _write_tile(folder / name)
    index = folder / "plate.companion.ome"
    index.write_text(_ome(PLATE, names))
    return Measurement(index, (index,))


def _ome_tiff(folder: Path) -> Measurement:
    path = folder / "a.ome.tif"
    description = _ome(PLATE, ["a.ome.tif", "a.ome.tif"])
    pixels = np.zeros((HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(path, pixels, description=description, metadata=None)
    return Measurement(folder, (path,))


def _pattern(folder: Path) -> Measurement:
    for well in ("B03", "C04"):
        for field in (1, 2):
            _write_tile(folder / f"{well}_f{field}.tif")
    table = folder / "positions.csv"
    table.write_text("field,x,y\n1,0.0,0.0\n2,3.0,0.0\n")
    return Measurement(folder, (table, folder / "B03_f1.tif"))


def _czi(folder: Path) -> Measurement:
    pixels = np.ones((HEIGHT, WIDTH), np.uint16)
    tiles = [CziTile(s, (9 * s, 0), {"C": 0}, pixels) for s in (0, 1)]
    scenes = "".join(
        f'<Scene Index="{s}" Name="{name}"/>' for s, name in enumerate(("B3", "C4"))
    )
    image = f"<Dimensions><S><Scenes>{scenes}</Scenes></S></Dimensions>"
    path = write_czi(folder / "a.czi", tiles, czi_xml(image))
    return Measurement(path, (path,))


def _nd2(folder: Path) -> Measurement:
    frames = np.ones((4, HEIGHT, WIDTH, 1), np.uint16)
    wells = [("A01_0000", 10.0, 20.0, 5.0), ("B12_0001", 110.0, 25.0, 5.0)]
    loops = [position_loop(wells), stack_loop(2, 2.0)]
    path = write_nd2(folder / "a.nd2", frames, loops, names=("DAPI",))
    return Measurement(path, (path,))


def _lif(folder: Path) -> Measurement:
    stack = np.ones((2, HEIGHT, WIDTH), np.uint16)
    tree = {f"P/{well}": [LifImage("R1", stack, "CYX")] for well in ("A/1", "B/12")}
    path = write_lif(folder / "a.lif", tree)
    return Measurement(path, (path,))


MAKERS: dict[str, Callable[[Path], Measurement]] = {
    "tile_table": _tile_table,
    "cellvoyager": _cellvoyager,
    "operetta": _operetta,
    "imagexpress": _imagexpress,
    "scanr": _scanr,
    "ome_xml": _companion,
    "ome_tiff": _ome_tiff,
    "pattern": _pattern,
    "czi": _czi,
    "nd2": _nd2,
    "lif": _lif,
}
"""Formats to what makes a measurement of them (``ome_tiff`` is read as ome_xml)."""
EXTRAS = {"czi": "pylibCZIrw", "nd2": "nd2", "lif": "liffile"}
"""Formats that need a package of their own."""
OPTIONS: dict[str, dict[str, object]] = {
    "pattern": {
        "pattern": "{well}_f{field}.tif",
        "positions": "positions.csv",
    }
}
