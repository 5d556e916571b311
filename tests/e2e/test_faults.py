"""Faults W5, W6 and W13 of the documented system, with truth made by hand."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.e2e.convert import convert
from tiles2zarr.config.load import load_configs
from tiles2zarr.errors import ConfigError

ROWS, COLUMNS = 24, 32
HEAD = (
    *("file_path", "row", "column", "fov_name", "start_x", "start_y", "start_z"),
    *("start_c", "length_x", "length_y"),
)
Row = tuple[str, float, float, int, int, int]
"""Field, x, y, z, channel, and the value of all its pixels."""


def run(folder: Path, rows: Sequence[Row], **config: object) -> np.ndarray:
    """Convert one well of constant tiles and return level 0 over (c, z, y, x)."""
    folder.mkdir(parents=True)
    lines = []
    for number, (fov, x, y, z, c, value) in enumerate(rows):
        np.save(folder / f"{number}.npy", np.full((ROWS, COLUMNS), value, np.uint16))
        lines.append([f"{number}.npy", "B", 3, fov, x, y, z, c, COLUMNS, ROWS])
    with open(folder / "tiles.csv", "w", newline="") as table:
        writer = csv.writer(table)
        writer.writerows([HEAD, *lines])
    acquisition = {
        "path": str(folder / "tiles.csv"),
        "format": "tile_table",
        "details": {"pixelsize": 1.0, "start_z_coo": "pixel"},
        **{k: config.pop(k) for k in ("stage_corrections",) if k in config},
    }
    whole = {
        "plate": {"name": "P"},
        "output": str(folder / "out"),
        "acquisitions": [acquisition],
        "registration": {"tiling_mode": "inplace"},
    }
    convert(whole | config, folder)
    return zarr.open_array(folder / "out/P.zarr/B/03/0/0", mode="r")[:]


@pytest.mark.parametrize("mode", ["by_fov", "by_tile", "in_memory", "by_fov_dask"])
def test_w5_a_field_without_a_plane_leaves_its_neighbour(
    mode: str, tmp_path: Path
) -> None:
    """Field b lacks plane 1, where it overlaps field a: a's pixels stay there."""
    rows: list[Row] = [
        *(("a", 0, 0, z, 0, 10 + z) for z in range(3)),
        *(("b", 20, 0, z, 0, 50 + z) for z in (0, 2)),
    ]
    level = run(tmp_path / mode, rows, writing={"writer_mode": mode})
    truth = np.zeros((1, 3, ROWS, 52), np.uint16)
    truth[0, :, :, :32] = np.array([10, 11, 12])[:, None, None]
    truth[0, 0, :, 20:] = 50
    truth[0, 2, :, 20:] = 52
    np.testing.assert_array_equal(level, truth)


def test_w6_fields_may_stay_unaligned(tmp_path: Path) -> None:
    """With align_xy off channel 1, 3 px right and 2 px down, keeps its own place."""
    rows: list[Row] = [("a", 0, 0, 0, 0, 7), ("a", 3, 2, 0, 1, 9)]
    registration = {"tiling_mode": "inplace", "align_xy": False}
    level = run(tmp_path / "plate", rows, registration=registration)
    truth = np.zeros((2, 1, ROWS + 2, COLUMNS + 3), np.uint16)
    truth[0, 0, :ROWS, :COLUMNS] = 7
    truth[1, 0, 2:, 3:] = 9
    np.testing.assert_array_equal(level, truth)


def test_w13_stage_corrections_are_applied(tmp_path: Path) -> None:
    """flip_x puts the field with the larger x on the left."""
    rows: list[Row] = [("a", 0, 0, 0, 0, 1), ("b", COLUMNS, 0, 0, 0, 2)]
    plain = run(tmp_path / "plain", rows)
    flipped = run(tmp_path / "flipped", rows, stage_corrections={"flip_x": True})
    assert plain[0, 0, 0, [0, -1]].tolist() == [1, 2]
    assert flipped[0, 0, 0, [0, -1]].tolist() == [2, 1]
    state = tmp_path / "flipped/results/P/registered/B/03/0.json"
    fovs = json.loads(state.read_text())["fovs"]
    assert [fov["x_original"] for fov in fovs] == [0.0, 32.0]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"flipx": True},
            "acquisitions[0].stage_corrections.flipx: unknown key; did you mean "
            "'flip_x'?",
        ),
        (
            {"flip_x": "perhaps"},
            "acquisitions[0].stage_corrections.flip_x: expected true or false, got "
            "'perhaps'",
        ),
    ],
    ids=["unknown", "no_truth_value"],
)
def test_w13_stage_corrections_are_validated(
    given: dict[str, object], fault: str
) -> None:
    """A correction that is none is refused, with its place."""
    acquisition = {"path": "tiles.csv", "stage_corrections": given}
    with pytest.raises(ConfigError) as caught:
        load_configs({"name": "P", "acquisitions": [acquisition]}, lambda *_: None)
    assert caught.value.faults == (fault,)
