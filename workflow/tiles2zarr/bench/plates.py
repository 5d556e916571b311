"""Plates of any size to time: made by a given generator, else by our own."""

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from tiles2zarr.models.well import row_name

PIXEL_UM = 0.65
CHANNELS = ("DAPI", "GFP", "RFP", "Cy5")
WAVELENGTHS = ("405", "488", "561", "640")
COLUMNS = (
    *("file_path", "row", "column", "fov_name", "start_x", "start_y", "start_z"),
    *("start_c", "length_x", "length_y"),
)
"""Of the tile table."""


@dataclass(frozen=True)
class Size:
    """How large a plate is."""

    wells: int
    fields: int
    channels: int
    planes: int
    rows: int
    columns: int

    @property
    def tiles(self) -> int:
        """Number of single-plane files."""
        return self.wells * self.fields * self.channels * self.planes

    @property
    def source_bytes(self) -> int:
        """Bytes of all pixels, 16 bit."""
        return self.tiles * self.rows * self.columns * 2


SIZES = {
    "XS": Size(1, 4, 2, 3, 192, 256),
    "S": Size(4, 4, 2, 5, 1080, 1080),
    "M": Size(12, 9, 3, 1, 2160, 2160),
    "M48": Size(48, 9, 3, 1, 2160, 2160),
    "D": Size(1, 25, 4, 10, 2160, 2160),
    "small": Size(384, 1, 1, 1, 256, 256),
    "many": Size(1536, 4, 1, 1, 64, 64),
}
"""Plates by name."""


def find_plate(name: str, folder: Path, generator: Path | None) -> Path:
    """Return the folder of a plate with ``tiles.csv``, made unless it is there.

    Args:
        name: One of ``SIZES``.
        folder: Where plates are kept.
        generator: A program called with the folder and ``--wells`` ... ``--yx``; left
            out, our own tiles of noise and blobs.
    """
    place = folder / name
    if (place / "tiles.csv").is_file():
        return place
    place.mkdir(parents=True, exist_ok=True)
    size = SIZES[name]
    if generator is not None and size.wells <= 60:
        shape = {
            "wells": [size.wells],
            "fields": [size.fields],
            "channels": [size.channels],
            "z": [size.planes],
            "yx": [size.rows, size.columns],
        }
        arguments = [
            text for key, vs in shape.items() for text in (f"--{key}", *map(str, vs))
        ]
        subprocess.run(
            [sys.executable, str(generator), str(place), *arguments], check=True
        )
    else:
        make_plate(place, size)
    return place


def make_plate(folder: Path, size: Size) -> None:
    """Write tiles and ``tiles.csv`` of a plate; fields in a near-square grid."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    pictures = [_picture(rng, size) for _ in range(8)]
    across = int(np.ceil(np.sqrt(size.fields)))
    per_row = 48 if size.wells > 384 else 24 if size.wells > 96 else 12
    rows: list[list[object]] = []
    jobs: list[tuple[str, int]] = []
    for well in range(size.wells):
        row, column = row_name(well // per_row), well % per_row + 1
        for field in range(size.fields):
            y, x = divmod(field, across)
            for c in range(size.channels):
                for z in range(size.planes):
                    file = (
                        f"data/{row}{column:02d}_F{field + 1:03d}_C{c + 1}_Z{z + 1}.tif"
                    )
                    start = x * size.columns * PIXEL_UM, y * size.rows * PIXEL_UM
                    name = f"FOV_{field + 1}"
                    lengths = size.columns, size.rows
                    rows.append([file, row, column, name, *start, z, c, *lengths])
                    jobs.append((file, len(jobs)))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: _write(folder / job[0], pictures, job[1]), jobs))
    with open(folder / "tiles.csv", "w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _picture(rng: np.random.Generator, size: Size) -> np.ndarray[tuple[int, int]]:
    """Return smooth blobs under camera noise, 16 bit."""
    yy, xx = np.mgrid[: size.rows, : size.columns].astype(np.float32)
    image = np.full(yy.shape, 110, np.float32)
    for _ in range(max(4, size.rows * size.columns // 24000)):
        y, x = rng.uniform(0, size.rows), rng.uniform(0, size.columns)
        radius, light = rng.uniform(9, 28), rng.lognormal(5.6, 0.6)
        top, left = int(max(0, y - 60)), int(max(0, x - 60))
        part = slice(top, int(y + 60)), slice(left, int(x + 60))
        distance = np.hypot(yy[part] - y, xx[part] - x)
        image[part] += light / (1 + np.exp((distance - radius) / 1.5))
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image + noise * np.sqrt(image), 0, 65535).astype(np.uint16)


def _write(
    path: Path, pictures: list[np.ndarray[tuple[int, int]]], number: int
) -> None:
    picture = pictures[number % len(pictures)]
    tifffile.imwrite(path, np.roll(picture, number * 7, axis=1), metadata=None)


def config_of(plate: Path, name: str, output: Path, ngff: str) -> dict[str, object]:
    """Return the config that converts a plate, report off."""
    size = SIZES[name]
    channels = [
        {"channel_label": label, "wavelength_id": wave}
        for label, wave in zip(CHANNELS, WAVELENGTHS, strict=True)
    ][: size.channels]
    details = {
        "pixelsize": PIXEL_UM,
        "z_spacing": 2.0,
        "start_z_coo": "pixel",
        "channels": channels,
    }
    acquisition = {
        "path": str(plate / "tiles.csv"),
        "format": "tile_table",
        "details": details,
    }
    return {
        "plate": {"name": "P"},
        "output": str(output),
        "acquisitions": [acquisition],
        "omezarr": {"ngff_version": ngff},
        "report": {"enabled": False},
    }
