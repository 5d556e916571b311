"""``offsets.xy: well``: all acquisitions of a well lie on one lattice."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

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
        np.save(folder / file, np.full((24, 30), k + 1, dtype=np.uint16))
        rows.append([file, "B", 3, f"c{k}", PITCH * k, 0, 30, 24])
    with open(folder / f"{name}.csv", "w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    path = str(folder / f"{name}.csv")
    return {"path": path, "format": "tile_table", "details": {"pixelsize": 1.0}}


def test_cycles_share_one_lattice(tmp_path: Path) -> None:
    """A field of a sparser cycle lands where the full cycle has it."""
    cycles = {"a": range(10), "b": [9], "c": [0, 2, 4, 6, 8]}
    acquisitions = [cycle(tmp_path, name, columns) for name, columns in cycles.items()]
    config = {
        "plate": {"name": "P"},
        "output": str(tmp_path / "out"),
        "acquisitions": acquisitions,
        "registration": {"offsets": {"xy": "well"}},
    }
    convert(config, tmp_path)
    for number, columns in enumerate(cycles.values()):
        state = tmp_path / f"results/P/registered/B/03/{number}.json"
        fovs = json.loads(state.read_text())["fovs"]
        found = {fov["name"]: fov["start"][3] for fov in fovs}
        assert found == {f"c{k}": 30 * k for k in columns}
