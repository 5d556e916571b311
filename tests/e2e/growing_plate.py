"""A plate whose time points come one after the other, two fields a well."""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tests.rules.plate import (
    HEIGHT,
    TABLE,
    WIDTH,
    Pixels,
    Row,
    write_csv,
    write_tile,
)

WELLS = ("B03", "D05")
SETTLE_S = 60
OLD_S = 3600
"""Age of files that are finished."""
IMAGES = {"B03": "B/03/0", "D05": "D/05/0"}
SHARDED = {"ngff_version": "0.5", "shards": {"kind": "multiple", "t_factor": 2}}
THICK = {"chunks": {"kind": "fov", "t_chunk": 2}}
"""Options under which chunks or shards hold two time points."""


def pixels(well: str, field: int, frame: int, seed: int = 0) -> Pixels:
    """Return the pixels of a field at a time point."""
    random = np.random.default_rng([seed, ord(well[0]), field, frame])
    return random.integers(1, 60000, (HEIGHT, WIDTH), dtype=np.uint16)


def acquire(work: Path, frames: Iterable[int], wells: Iterable[str] = WELLS) -> None:
    """Write time points of wells, and the table of all there, all long ago."""
    for well in wells:
        for frame in frames:
            for field in range(2):
                path = work / f"raw/{well}_f{field}_t{frame}.tif"
                write_tile(path, pixels(well, field, frame))
                age(path, OLD_S)
    names = sorted(path.name for path in (work / "raw").glob("*.tif"))
    write_csv(work / TABLE, [row(name) for name in names])
    age(work / TABLE, OLD_S)


def row(name: str) -> Row:
    """Return the table row of a file."""
    well, field, frame = name.removesuffix(".tif").split("_")
    return {
        "file_path": name,
        "row": well[0],
        "column": int(well[1:]),
        "fov_name": field,
        "start_x": int(field[1:]) * WIDTH,
        "start_y": 0,
        "start_t": int(frame[1:]) * 30,
        "length_x": WIDTH,
        "length_y": HEIGHT,
    }


def age(path: Path, seconds: float) -> None:
    """Make a file look last written so long ago."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def config(omezarr: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the config: time axis always, files settle in a minute."""
    details = {"pixelsize": 1.0, "t_spacing": 30.0, "axes": "tczyx"}
    return {
        "plate": {"name": "P1", "layout": 96},
        "output": "out",
        "acquisitions": [{"path": TABLE, "format": "tile_table", "details": details}],
        "writing": {"settle": SETTLE_S},
        "omezarr": {"num_levels": 2} | dict(omezarr or {}),
    }


def expected(well: str, frames: int) -> Pixels:
    """Return the pixels of a well's fields side by side, by time point."""
    series = [
        np.concatenate([pixels(well, field, frame) for field in range(2)], axis=1)
        for frame in range(frames)
    ]
    return np.stack(series)[:, None, None]
