"""``offsets.xy: well``: all acquisitions of a well lie on one lattice."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import zarr

from tests.e2e.convert import convert

COLUMNS = (
    *("file_path", "row", "column", "fov_name", "start_x", "start_y"),
    *("length_x", "length_y"),
)
PITCH = 27
"""Stage step in pixels; tiles are 30 wide, so a grid puts column k at 30 k."""


def cycle(folder: Path, name: str, columns: Iterable[int]) -> dict[str, object]:
    """Write one acquisition with fields at the given columns of a row."""
    rows = []
    for k in columns:
        file = f"{name}{k}.npy"
        if not (folder / file).exists():
            np.save(folder / file, np.full((24, 30), k + 1, dtype=np.uint16))
        rows.append([file, "B", 3, f"c{k}", PITCH * k, 0, 30, 24])
    with open(folder / f"{name}.csv", "w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    path = str(folder / f"{name}.csv")
    return {"path": path, "format": "tile_table", "details": {"pixelsize": 1.0}}


def columns_of(tmp_path: Path, number: int) -> dict[str, int]:
    """Return where the fields of a cycle lie along x, pixel."""
    state = tmp_path / f"results/P/registered/B/03/{number}.json"
    fovs = json.loads(state.read_text())["fovs"]
    return {fov["name"]: fov["start"][3] for fov in fovs}


def convert_cycles(tmp_path: Path, cycles: Mapping[str, Iterable[int]]) -> None:
    """Convert cycles, by name the columns of their fields."""
    config = {
        "plate": {"name": "P"},
        "output": str(tmp_path / "out"),
        "acquisitions": [cycle(tmp_path, name, cycles[name]) for name in cycles],
        "registration": {"offsets": {"xy": "well"}},
    }
    convert(config, tmp_path)


def test_cycles_share_one_lattice(tmp_path: Path) -> None:
    """A field of a sparser cycle lands where the full cycle has it."""
    cycles = {"a": range(10), "b": [9], "c": [0, 2, 4, 6, 8]}
    convert_cycles(tmp_path, cycles)
    for number, columns in enumerate(cycles.values()):
        assert columns_of(tmp_path, number) == {f"c{k}": 30 * k for k in columns}


def test_fields_that_come_later_move_the_origin_of_all_cycles(tmp_path: Path) -> None:
    """The image of a cycle that did not change is made anew from the new origin."""
    convert_cycles(tmp_path, {"a": [2, 3, 4], "b": [2, 3]})
    assert columns_of(tmp_path, 0) == {"c2": 0, "c3": 30, "c4": 60}
    convert_cycles(tmp_path, {"a": [2, 3, 4], "b": [0, 1, 2]})
    assert columns_of(tmp_path, 0) == {"c2": 60, "c3": 90, "c4": 120}
    level = zarr.open_array(tmp_path / "out/P.zarr/B/03/0/0", mode="r")[0, 0]
    assert np.unique(level[:, :60]).tolist() == [0]
    assert level[:, 60::30].tolist() == [[3, 4, 5]] * 24
