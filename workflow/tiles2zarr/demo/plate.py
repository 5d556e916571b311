"""The demo plate: three wells of a 24-well plate in a CellVoyager folder."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile

from tiles2zarr.demo.cellvoyager import Channel, Measurement, Record, index_files
from tiles2zarr.demo.scene import Culture, expose, grow

Frame = npt.NDArray[np.uint16]

TITLE = "demo"
TILE_PX = (270, 320)
"""Height and width of a tile."""
STEP_PX = (243, 288)
"""Step between fields: a tenth of a tile overlaps its neighbour."""
GRID = (2, 3)
"""Rows and columns of fields in a well."""
SCENE_PX = (
    TILE_PX[0] + (GRID[0] - 1) * STEP_PX[0],
    TILE_PX[1] + (GRID[1] - 1) * STEP_PX[1],
)
"""Height and width of all fields of a well together."""
PIXEL_UM = 0.65
SLICE_UM = 2.0
BLUR_PX = (1.6, 0.6, 2.4)
"""Blur of each plane of the stack; the second is in focus."""
CHANNELS = (
    Channel(1, "DAPI", "0000FF", 405, "BP445/45", 100),
    Channel(2, "GFP", "00FF00", 488, "BP525/50", 200),
)
WELLS = {
    "B03": Culture(cells=150, expression=1.0),
    "B04": Culture(cells=95, expression=1.7),
    "C03": Culture(cells=45, expression=0.5),
}
"""What grows in each well."""
_START = datetime(2026, 3, 2, 9, 15, tzinfo=timezone(timedelta(hours=1)))
_FRAME_TIME = timedelta(milliseconds=310)


def make_demo(out: Path, seed: int = 20260302) -> Measurement:
    """Write the demo plate into the folder ``out``, 19 MB, and return its index.

    Each plane is cut out of one picture of the whole well, noise included, so
    neighbouring tiles hold the same values where they overlap. The same seed gives the
    same bytes; a file that already holds them is left alone with its time, so a second
    call makes nothing new to convert.

    Args:
        out: The measurement folder; made if it is not there.
        seed: Start of the random numbers.
    """
    out.mkdir(parents=True, exist_ok=True)
    measurement = Measurement(
        title=TITLE,
        rows=4,
        columns=6,
        width_px=TILE_PX[1],
        height_px=TILE_PX[0],
        pixel_um=PIXEL_UM,
        slice_um=SLICE_UM,
        channels=CHANNELS,
        records=tuple(_records()),
    )
    for number, (well, culture) in enumerate(WELLS.items()):
        pictures = _pictures(culture, np.random.default_rng((seed, number)))
        for record in measurement.records:
            if record.well == well:
                picture = pictures[record.channel, record.z]
                _put(out / record.file, _tiff(_cut(picture, record.field)))
    for name, content in index_files(measurement).items():
        _put(out / name, content)
    return measurement


def corner_px(field: int) -> tuple[int, int]:
    """Return the top left pixel (y, x) of a field in its well; fields count from 1."""
    row, column = divmod(field - 1, GRID[1])
    return row * STEP_PX[0], column * STEP_PX[1]


def _records() -> Iterator[Record]:
    """Yield every plane in the order the instrument takes them: z runs fastest."""
    planes = (
        (well, field, channel.number, z)
        for well in WELLS
        for field in range(1, GRID[0] * GRID[1] + 1)
        for channel in CHANNELS
        for z in range(1, len(BLUR_PX) + 1)
    )
    for number, (well, field, channel, z) in enumerate(planes):
        top, left = corner_px(field)
        yield Record(
            file=f"{TITLE}_{well}_T0001F{field:03d}L01A{channel:02d}Z{z:02d}C{channel:02d}.tif",
            well=well,
            field=field,
            z=z,
            channel=channel,
            x_um=(left + TILE_PX[1] / 2 - SCENE_PX[1] / 2) * PIXEL_UM,
            y_um=(SCENE_PX[0] / 2 - top - TILE_PX[0] / 2) * PIXEL_UM,
            z_um=(z - 1) * SLICE_UM,
            time=_START + number * _FRAME_TIME,
        )


def _pictures(
    culture: Culture, rng: np.random.Generator
) -> dict[tuple[int, int], Frame]:
    """Return the picture (y, x) of a whole well by channel number and plane."""
    lights = grow(culture, SCENE_PX, rng)
    return {
        (channel.number, z): expose(light, blur, rng)
        for channel, light in zip(CHANNELS, lights, strict=True)
        for z, blur in enumerate(BLUR_PX, start=1)
    }


def _cut(picture: Frame, field: int) -> Frame:
    top, left = corner_px(field)
    return picture[top : top + TILE_PX[0], left : left + TILE_PX[1]]


def _tiff(tile: Frame) -> bytes:
    """Return a plain TIFF of one plane that knows its pixel size."""
    per_cm = 1e4 / PIXEL_UM
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        np.ascontiguousarray(tile),
        photometric="minisblack",
        resolution=(per_cm, per_cm),
        resolutionunit="CENTIMETER",
        metadata=None,
    )
    return buffer.getvalue()


def _put(path: Path, content: bytes) -> None:
    """Write ``content`` unless the file already holds it."""
    if not (path.is_file() and path.read_bytes() == content):
        path.write_bytes(content)
