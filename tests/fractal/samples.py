"""A plate of two acquisitions, as arguments of a task and as a config."""

from pathlib import Path

import pandas as pd

from tests.unit.api_samples import Sample, make_sample

CHANNELS = [{"channel_label": "DAPI"}, {"channel_label": "GFP"}]
SPACING = {"pixelsize": 0.5, "z_spacing": 2.0, "t_spacing": 1.0}
WELLS = [("A", 2), ("A", 11), ("B", 7)]


def make_tables(folder: Path) -> list[Path]:
    """Write the tile tables of two acquisitions; return their paths."""
    sample = make_sample(folder)
    tables = []
    for number, source in enumerate("AB"):
        part = sample.table[sample.table["row"] == source]
        frame = pd.concat(
            part.assign(row=row, column=column, drug=f"{row}{column}")
            for row, column in WELLS
        )
        tables.append(sample.raw / f"tiles{number}.csv")
        frame.to_csv(tables[-1], index=False)
    return tables


def make_single(folder: Path) -> tuple[Sample, Path]:
    """Write a tile table of two single images; return the sample and its path."""
    sample = make_sample(folder)
    frame = sample.table.assign(
        image_path=sample.table["row"].map({"A": "a", "B": "b"})
    )
    path = sample.raw / "single.csv"
    frame.drop(columns=["row", "column"]).to_csv(path, index=False)
    return sample, path


def arguments(tables: list[Path], output: Path, **changes: object) -> dict[str, object]:
    """Return the arguments of the init task for a plate ``P1``."""
    return {
        "zarr_dir": str(output),
        "acquisitions": [
            {
                "path": str(table),
                "plate_name": "P1",
                "acquisition_id": number,
                "advanced": {"pixel_info": SPACING, "channels": CHANNELS},
            }
            for number, table in enumerate(tables)
        ],
        "converter_options": {"tiling_mode": "Snap to Grid"},
        **changes,
    }


def config(tables: list[Path], output: Path) -> dict[str, object]:
    """Return the config of a workflow that makes the same plate."""
    return {
        "plate": {"name": "P1"},
        "output": str(output),
        "acquisitions": [
            {
                "path": str(table),
                "format": "tile_table",
                "details": {**SPACING, "channels": CHANNELS},
            }
            for table in tables
        ],
        "registration": {"tiling_mode": "snap_to_grid"},
    }
