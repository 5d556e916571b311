"""What a side-by-side case is: files with known pixels, and where each must land.

A case is written to a folder as TIFF files, tile tables and ``case.json``; the same
folder is then converted by tiles2zarr and by the reference. Where the pixels must land
is stated by hand per tile (``Tile.at``), so that the truth comes from neither.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.generic]
Json = dict[str, object]
Shape = tuple[int, int, int, int, int]

HEIGHT, WIDTH = 32, 40
"""Rows and columns of a tile, unless a case says otherwise; halved twice evenly."""
PIXEL = 0.5
"""Pixel size in micrometer, unless a case says otherwise; exact in binary."""


@dataclass(frozen=True)
class Tile:
    """One row of a tile table, its file, and where its pixels must land."""

    fov: str | int
    x: float
    """``start_x`` as written in the table."""
    y: float
    at: Shape
    """First (t, c, z, y, x) of its pixels in ``image``."""
    z: float = 0.0
    c: int = 0
    t: float = 0.0
    image: str = "B/03/0"
    """Image id the tile belongs to, the name tiles2zarr gives it."""
    shape: tuple[int, ...] = (HEIGHT, WIDTH)
    """Shape of the file: (y, x), (z, y, x), (c, z, y, x) or (t, c, z, y, x)."""
    lengths: tuple[int, int] | None = None
    """``length_x`` and ``length_y`` of the table, if not those of the file."""
    dtype: str = "uint16"
    suffix: str = ".tif"
    row: str | int = "B"
    column: str | int = 3
    absent: bool = False
    """The table names the file, but it is not on disk."""
    extra: Mapping[str, object] = field(default_factory=dict)
    """Further columns of the table."""

    @property
    def box(self) -> Shape:
        """Shape of the pixels over (t, c, z, y, x)."""
        t, c, z, y, x = (1,) * (5 - len(self.shape)) + self.shape
        return t, c, z, y, x


@dataclass(frozen=True)
class Acquisition:
    """The tiles of one acquisition and what its config entry says."""

    tiles: tuple[Tile, ...]
    details: Mapping[str, object] = field(default_factory=dict)
    corrections: Mapping[str, bool] = field(default_factory=dict)
    conditions: tuple[Mapping[str, object], ...] = ()
    """Rows of the condition table."""
    id: int = 0


@dataclass(frozen=True)
class Truth:
    """One image as it must come out."""

    shape: Shape
    """Canvas over (t, c, z, y, x), also for axes that are not written."""
    reference: str | None = None
    """The image's id in the reference, where it names it otherwise."""
    dtype: str = "uint16"
    axes: str = "czyx"
    scale: Shape | tuple[float, ...] = (1.0, 1.0, 1.0, PIXEL, PIXEL)
    """Level-0 spacing of (t, c, z, y, x)."""
    translation: tuple[float, ...] | None = None
    """Position of (t, c, z, y, x), where the image has one."""
    labels: tuple[str, ...] = ("channel_0",)
    conditions: tuple[Mapping[str, object], ...] = ()
    """Rows of the image's condition table; none: no table."""
    chunks: tuple[int, ...] | None = None
    """Chunk edges of (y, x) at level 0, where the case is about them."""
    levels: int = 3


@dataclass(frozen=True)
class Case:
    """A conversion with a known outcome."""

    name: str
    facts: str
    """What the case is for, and what the reference was seen to do."""
    acquisitions: tuple[Acquisition, ...]
    truths: Mapping[str, Truth]
    """Image id, as tiles2zarr names it, to the truth."""
    registration: Json = field(default_factory=dict)
    writing: Json = field(default_factory=dict)
    omezarr: Json = field(default_factory=dict)
    plate: Json = field(default_factory=dict)
    kind: str = "plate"
    differs: Mapping[str, str] = field(default_factory=dict)
    """Aspect (see ``compare.py``) in which the reference is wrong, and why."""
    reference_fails: str | None = None
    """Part of the message with which the reference fails."""

    def write(self, folder: Path) -> Path:
        """Write files, tables and ``case.json``, and return the folder."""
        folder.mkdir(parents=True)
        for acquisition in self.acquisitions:
            for index, tile in enumerate(acquisition.tiles):
                if not tile.absent:
                    path = folder / file_name(acquisition.id, index, tile)
                    write_pixels(path, source_pixels(acquisition.id, index, tile))
            write_table(folder / table_name(acquisition), table_rows(acquisition, self))
            if acquisition.conditions:
                write_table(
                    folder / conditions_name(acquisition), acquisition.conditions
                )
        (folder / "case.json").write_text(json.dumps(self.description(), indent=1))
        return folder

    def description(self) -> Json:
        """Return what the reference's driver needs to know."""
        return {
            "name": self.name,
            "kind": self.kind,
            "registration": {"tiling_mode": "auto", "tiling_tolerance": 1}
            | self.registration,
            "omezarr": self.omezarr_section(),
            "acquisitions": [
                {
                    "id": acquisition.id,
                    "table": table_name(acquisition),
                    "details": details_section(acquisition),
                    "stage_corrections": dict(acquisition.corrections),
                    "conditions": conditions_name(acquisition)
                    if acquisition.conditions
                    else None,
                }
                for acquisition in self.acquisitions
            ],
        }

    def omezarr_section(self) -> Json:
        """Return the ``omezarr`` section, complete."""
        return {
            "ngff_version": "0.4",
            "num_levels": 3,
            "level_names": None,
            "chunks": {"kind": "fov", "xy_scaling": 1, "z_chunk": 1},
            "shards": None,
        } | self.omezarr

    def config(self, folder: Path, output: Path) -> Json:
        """Return the config of tiles2zarr for the case written to ``folder``."""
        description = self.description()
        acquisitions = description["acquisitions"]
        assert isinstance(acquisitions, list)
        named: Json = (
            {"plate": {"name": self.name} | self.plate}
            if self.kind == "plate"
            else {"name": self.name}
        )
        return named | {
            "output": str(output),
            "acquisitions": [
                {
                    "id": entry["id"],
                    "path": str(folder / entry["table"]),
                    "format": "tile_table",
                    "details": entry["details"],
                    "stage_corrections": entry["stage_corrections"],
                }
                | (
                    {"conditions": str(folder / entry["conditions"])}
                    if entry["conditions"]
                    else {}
                )
                for entry in acquisitions
            ],
            "registration": {"tiling_mode": "auto"} | self.registration,
            "writing": self.writing,
            "omezarr": self.omezarr_section(),
        }

    def tiles(self, image: str) -> Iterable[tuple[Tile, Pixels]]:
        """Yield the tiles of ``image`` in table order with their files' pixels."""
        for acquisition in self.acquisitions:
            for index, tile in enumerate(acquisition.tiles):
                if tile.image == image:
                    yield tile, source_pixels(acquisition.id, index, tile)


def details_section(acquisition: Acquisition) -> Json:
    """Return the ``details`` of the config; the reference's default axes differ."""
    details = {"pixelsize": PIXEL, "axes": "czyx"} | dict(acquisition.details)
    return {key: value for key, value in details.items() if value is not None}


def source_pixels(acquisition: int, index: int, tile: Tile) -> Pixels:
    """Return the pixels of a file: different in every place and file, never 0."""
    t, c, z, y, x = np.indices(tile.box, dtype=np.int64)
    ramp = 13 * y + 7 * x + 101 * z + 1009 * c + 5003 * t
    ramp = (ramp + 977 * index + 30011 * acquisition).reshape(tile.shape)
    dtype = np.dtype(tile.dtype)
    if dtype.kind == "f":
        return (ramp * 0.25 + 0.125).astype(dtype)
    if dtype.kind == "i":
        return (2 * (ramp % 6007) - 6001).astype(dtype)
    top = min(int(np.iinfo(dtype).max), 4_000_000_007)
    return (1 + (ramp * 70_001 if dtype.itemsize == 4 else ramp) % (top - 1)).astype(
        dtype
    )


def write_pixels(path: Path, pixels: Pixels) -> None:
    """Write one source file by its extension."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match path.suffix:
        case ".npy":
            np.save(path, pixels)
        case ".png" | ".bmp":
            Image.fromarray(pixels).save(path)
        case _:
            tifffile.imwrite(path, pixels, photometric="minisblack")


def file_name(acquisition: int, index: int, tile: Tile) -> str:
    """Return the path of a tile's file below the case folder."""
    return f"a{acquisition}/tile_{index:03d}{tile.suffix}"


def table_name(acquisition: Acquisition) -> str:
    """Return the name of an acquisition's tile table."""
    return f"tiles_{acquisition.id}.csv"


def conditions_name(acquisition: Acquisition) -> str:
    """Return the name of an acquisition's condition table."""
    return f"conditions_{acquisition.id}.csv"


def table_rows(acquisition: Acquisition, case: Case) -> tuple[Json, ...]:
    """Return the rows of an acquisition's tile table."""
    rows = []
    for index, tile in enumerate(acquisition.tiles):
        len_t, len_c, len_z, rows_px, columns_px = tile.box
        len_x, len_y = tile.lengths or (columns_px, rows_px)
        place: Json = {"row": tile.row, "column": tile.column}
        if case.kind == "single":
            place = {"image_path": tile.image}
        rows.append(
            {"file_path": file_name(acquisition.id, index, tile)}
            | place
            | {
                "fov_name": tile.fov,
                "start_x": tile.x,
                "start_y": tile.y,
                "start_z": tile.z,
                "start_c": tile.c,
                "start_t": tile.t,
                "length_x": len_x,
                "length_y": len_y,
                "length_z": len_z,
                "length_c": len_c,
                "length_t": len_t,
            }
            | dict(tile.extra)
        )
    return tuple(rows)


def write_table(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV; the columns are those of the first row."""
    rows = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
