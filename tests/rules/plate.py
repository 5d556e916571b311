"""A tiny plate of known pixels, its config, and looks at the store that comes out.

Three wells in two rows, two fields side by side, two channels, one file per plane. All
paths of the config are relative, so that a converted work folder can be copied and goes
on where the first one stood: a test that needs a converted plate costs a copy.
"""

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from numpy.typing import NDArray

HEIGHT, WIDTH = 24, 40
"""Rows and columns of a tile."""
PIXEL = 0.5
"""Pixel size in micrometer."""
WELLS = ("B03", "B04", "C03")
FIELDS = ("F1", "F2")
CHANNELS = 2
IMAGES = ("B/03/0", "B/04/0", "C/03/0")
"""Image ids of the wells."""
TABLE = "raw/tiles.csv"
CONDITIONS = "raw/conditions.csv"
STORE = "out/P1.zarr"

Row = dict[str, object]
Files = dict[str, tuple[int, bytes]]
"""Path to modification time and content."""
Pixels = NDArray[np.uint16]


ODD_NAME = "b {1}#ü.tif"
"""A file name with a wildcard's braces, a blank, a hash and a letter beyond ASCII."""
ODD_PLANE = ("B04", "F2", 1)
"""The plane whose file has that name."""


def tile_file(well: str, field: str, channel: int) -> str:
    """Return the name of a plane's file below ``raw``."""
    if (well, field, channel) == ODD_PLANE:
        return ODD_NAME
    return f"{well}_{field}_c{channel}.tif"


def tile_pixels(well: str, field: str, channel: int, seed: int = 0) -> Pixels:
    """Return the pixels of a plane, different for every plane and seed."""
    key = [ord(letter) for letter in f"{well}{field}{channel}"]
    random = np.random.default_rng([seed, *key])
    return random.integers(1, 60000, (HEIGHT, WIDTH), dtype=np.uint16)


def write_tile(path: Path, pixels: Pixels) -> None:
    """Write a plane; the same pixels make the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pixels, metadata=None, software="")


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write a table with the columns of its first row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def table_rows(*wells: str) -> list[Row]:
    """Return the tile table of the wells: fields side by side, 2 pixels overlap."""
    return [
        {
            "file_path": tile_file(well, field, channel),
            "row": well[0],
            "column": int(well[1:]),
            "fov_name": field,
            "start_x": number * (WIDTH - 2) * PIXEL,
            "start_y": 0.0,
            "start_c": channel,
            "length_x": WIDTH,
            "length_y": HEIGHT,
        }
        for well in wells
        for number, field in enumerate(FIELDS)
        for channel in range(CHANNELS)
    ]


def condition_rows(drug: str = "DMSO") -> list[Row]:
    """Return the condition table; ``drug`` is that of well B04."""
    drugs = {"B03": "DMSO", "B04": drug, "C03": "taxol"}
    return [{"well": well, "drug": name} for well, name in drugs.items()]


@dataclass(frozen=True)
class Plate:
    """A work folder with raw files, a config to vary, and the store that comes out."""

    work: Path

    def write(self, *wells: str) -> None:
        """Write tiles and tables of the wells."""
        for well in wells or WELLS:
            self.write_well(well)
        write_csv(self.work / TABLE, table_rows(*(wells or WELLS)))
        write_csv(self.work / CONDITIONS, condition_rows())

    def write_well(self, well: str) -> None:
        """Write the tiles of one well."""
        for field in FIELDS:
            for channel in range(CHANNELS):
                path = self.raw(well, field, channel)
                write_tile(path, tile_pixels(well, field, channel))

    def raw(self, well: str, field: str, channel: int) -> Path:
        """Return where a plane's file is."""
        return self.work / "raw" / tile_file(well, field, channel)

    @property
    def store(self) -> Path:
        """Return the plate in the output."""
        return self.work / STORE

    @property
    def state(self) -> Path:
        """Return the folder of the state."""
        return self.work / "results/P1"

    def receipt(self, image: str) -> Path:
        """Return the receipt of an image."""
        return self.state / f"written/{image}.json"

    def files(self) -> Files:
        """Return all files of the store."""
        return files_below(self.store)

    def wells(self) -> list[str]:
        """Return the wells that the plate lists, ``B/03``."""
        plate = json.loads((self.store / ".zattrs").read_text())["plate"]
        return [well["path"] for well in plate["wells"]]

    def findings(self) -> set[str]:
        """Return the codes of all findings of the last run."""
        found = json.loads((self.state / "findings.json").read_text())["findings"]
        return {finding["code"] for finding in found}

    def level(self, image: str, level: int = 0) -> Pixels:
        """Return the pixels of an image by zarr-python, (c, z, y, x)."""
        array = zarr.open_array(str(self.store / image / str(level)), mode="r")
        return np.asarray(array[...])


def config(**sections: Mapping[str, object]) -> dict[str, object]:
    """Return the config of the plate, sections given laid over its own."""
    acquisition: dict[str, object] = {
        "path": TABLE,
        "format": "tile_table",
        "conditions": CONDITIONS,
        "details": {"pixelsize": PIXEL, "channels": channels()},
    }
    writing = {"images_per_job": 1} | dict(sections.get("writing", {}))
    return {
        "plate": {"name": "P1", "layout": 96} | dict(sections.get("plate", {})),
        "output": "out",
        "acquisitions": [acquisition | dict(sections.get("acquisition", {}))],
        "writing": writing,
        "omezarr": {"num_levels": 2} | dict(sections.get("omezarr", {})),
        # a job more in every run; tests of its own try it
        "report": {"enabled": False} | dict(sections.get("report", {})),
    }


@pytest.fixture(scope="session")
def converted(
    tmp_path_factory: pytest.TempPathFactory, run_snakemake: Callable[..., object]
) -> Plate:
    """Return the plate converted by one run of the workflow; not to be changed."""
    plate = Plate(tmp_path_factory.mktemp("converted"))
    plate.write()
    run_snakemake(plate.work, config())
    return plate


@pytest.fixture
def plate(converted: Plate, tmp_path: Path) -> Plate:
    """Return a copy of the converted plate, times of all files kept."""
    shutil.copytree(converted.work, tmp_path / "work", symlinks=True)
    return Plate(tmp_path / "work")


def channels(label: str = "DAPI", color: str = "0000FF") -> list[Row]:
    """Return the channels; label and colour are those of the first."""
    return [
        {"channel_label": label, "wavelength_id": "405", "colors": color},
        {"channel_label": "GFP", "wavelength_id": "488", "colors": "00FF00"},
    ]


def expected_level(well: str, changed: Mapping[str, Pixels] | None = None) -> Pixels:
    """Return level 0 of a well: its fields edge to edge; files may have new pixels."""
    planes = [
        [
            (changed or {}).get(
                tile_file(well, field, channel), tile_pixels(well, field, channel)
            )
            for field in FIELDS
        ]
        for channel in range(CHANNELS)
    ]
    return np.stack([np.concatenate(row, axis=1) for row in planes])[:, None]


def files_below(folder: Path) -> Files:
    """Return all files below a folder by relative path, links not followed."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes(),
        )
        for path in walk(folder)
    }


def walk(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder."""
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in sorted(names))


def is_array_file(path: str) -> bool:
    """Say whether a file of the store is a chunk or an array header."""
    if "/tables/" in f"/{path}":
        return False
    return path.rpartition("/")[2] not in (".zattrs", ".zgroup")


def arrays(files: Files) -> Files:
    """Return the files of arrays alone, with no tables and no attributes."""
    return {path: seen for path, seen in files.items() if is_array_file(path)}


def contents(files: Files) -> dict[str, bytes]:
    """Return the content of each file."""
    return {path: raw for path, (_, raw) in files.items()}


def touched(before: Files, after: Files) -> set[str]:
    """Return the files that are new, gone, or have another time or content."""
    paths = before.keys() | after.keys()
    return {path for path in paths if before.get(path) != after.get(path)}


def images_of(paths: set[str]) -> set[str]:
    """Return the image ids that files of the store belong to."""
    return {"/".join(path.split("/")[:3]) for path in paths}
