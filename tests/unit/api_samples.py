"""A plate of two wells with two fields, two channels and two planes, as npy files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr import AcquisitionDetails, ChannelInfo, ConverterOptions

ROWS, COLUMNS = 24, 32
"""Size of a tile, pixel."""
STEP_UM = 14.0
"""Distance of two fields along x: 28 pixels of 0.5 micrometer, 4 less than a tile."""
WELLS = {("A", 1): "DMSO", ("B", 3): None}
DETAILS = AcquisitionDetails(
    pixelsize=0.5,
    z_spacing=2.0,
    channels=(
        ChannelInfo(channel_label="DAPI"),
        ChannelInfo(channel_label="GFP"),
    ),
)
GRID = ConverterOptions(tiling_mode="Snap to Grid")


@dataclass(frozen=True)
class Sample:
    """A tile table, the folder of its files, and what must come out."""

    table: pd.DataFrame
    raw: Path
    truth: dict[str, NDArray[np.uint16]]


def make_sample(folder: Path) -> Sample:
    """Write the files; the truth is pasted edge to edge by numpy."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    pixels = np.random.default_rng(7)
    rows, truth = [], {}
    for (row, column), drug in WELLS.items():
        mosaic = np.zeros((2, 2, ROWS, 2 * COLUMNS), np.uint16)
        for field, channel, plane in np.ndindex(2, 2, 2):
            tile = pixels.integers(1, 60_000, (ROWS, COLUMNS)).astype(np.uint16)
            name = f"{row}{column}_f{field}_c{channel}_z{plane}.npy"
            np.save(raw / name, tile)
            left = field * COLUMNS
            mosaic[channel, plane, :, left : left + COLUMNS] = tile
            rows.append(
                {
                    "file_path": name,
                    "row": row,
                    "column": column,
                    "fov_name": f"FOV_{field + 1}",
                    "start_x": -1000.0 + field * STEP_UM,
                    "start_y": -500.0,
                    "start_z": 2.0 * plane,
                    "start_c": channel,
                    "length_x": COLUMNS,
                    "length_y": ROWS,
                    "drug": drug,
                }
            )
        truth[f"{row}/{column:02d}/0"] = mosaic
    return Sample(pd.DataFrame(rows), raw, truth)


def halve(level: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the next pyramid level: mean of 2x2, half up."""
    y, x = level.shape[-2] // 2, level.shape[-1] // 2
    even = level[..., : 2 * y, : 2 * x].astype(np.uint32)
    sums = even.reshape(*level.shape[:-2], y, 2, x, 2).sum(axis=(-3, -1))
    return ((sums + 2) // 4).astype(np.uint16)
