"""A plate or set of images as plain values, read with zarr and pandas only.

ngio is left out on purpose: what it cannot see must not be hidden from a comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

AXES = "tczyx"
Row = dict[str, object]
NAMES = ("FieldIndex", "fov_name", "row", "well", "path_in_well")
"""Columns of names, also if they look like numbers."""


@dataclass(frozen=True)
class Level:
    """One pyramid level; everything over all five axes."""

    pixels: NDArray[np.generic]
    scale: tuple[float, ...]
    translation: tuple[float, ...] | None = None
    chunks: tuple[int, int] | None = None
    """Chunk edges in (y, x); ``None``: whatever they are."""


@dataclass(frozen=True)
class StoredImage:
    """One OME-Zarr image with its tables."""

    axes: str
    dtype: str
    labels: tuple[str, ...]
    levels: tuple[Level, ...]
    windows: tuple[tuple[float, float], ...] = ()
    """Start and end per channel."""
    rois: Mapping[str, Row] = field(default_factory=dict)
    """``FOV_ROI_table`` by ``FieldIndex``."""
    well_roi: Mapping[str, Row] = field(default_factory=dict)
    """``well_ROI_table`` by ``FieldIndex``."""
    conditions: tuple[Row, ...] = ()
    """Rows of ``condition_table`` without nulls."""


@dataclass(frozen=True)
class Store:
    """A plate, or single images: image id to image."""

    images: Mapping[str, StoredImage]
    acquisitions: Mapping[str, int] = field(default_factory=dict)
    """Image id to acquisition, as the well's metadata say."""
    conditions: tuple[Row, ...] = ()
    """Rows of the plate's ``condition_table`` without nulls."""
    rows: tuple[str, ...] = ()
    """Names of the plate's rows."""
    columns: tuple[str, ...] = ()
    """Names of the plate's columns."""


def read_plate(path: Path) -> Store:
    """Read a plate from its own metadata, image by image.

    Raises:
        ValueError: A well's indices do not point at the names in its path.
    """
    attributes = ome_attributes(path)["plate"]
    rows = tuple(row["name"] for row in attributes["rows"])
    columns = tuple(column["name"] for column in attributes["columns"])
    images, acquisitions = {}, {}
    for well in attributes["wells"]:
        named = f"{rows[well['rowIndex']]}/{columns[well['columnIndex']]}"
        if named != well["path"]:
            raise ValueError(f"well {well['path']} has the indices of {named}")
        for entry in ome_attributes(path / well["path"])["well"]["images"]:
            image = f"{well['path']}/{entry['path']}"
            images[image] = read_image(path / image)
            acquisitions[image] = entry["acquisition"]
    return Store(
        images, acquisitions, read_rows(path, "condition_table"), rows, columns
    )


def read_singles(folder: Path) -> Store:
    """Read all single images of a folder, by their names without ``.zarr``."""
    paths = sorted(folder.glob("*.zarr"))
    return Store({path.stem: read_image(path) for path in paths})


def read_image(path: Path) -> StoredImage:
    """Read an image: all levels into memory, and its tables."""
    attributes = ome_attributes(path)
    multiscale = attributes["multiscales"][0]
    axes = "".join(axis["name"] for axis in multiscale["axes"])
    levels = tuple(read_level(path, entry, axes) for entry in multiscale["datasets"])
    channels = attributes.get("omero", {}).get("channels", ())
    return StoredImage(
        axes,
        str(levels[0].pixels.dtype),
        tuple(channel["label"] for channel in channels),
        levels,
        tuple((c["window"]["start"], c["window"]["end"]) for c in channels),
        rois=by_field(read_rows(path, "FOV_ROI_table")),
        well_roi=by_field(read_rows(path, "well_ROI_table")),
        conditions=read_rows(path, "condition_table"),
    )


def read_level(path: Path, entry: Mapping[str, object], axes: str) -> Level:
    """Read one dataset of a multiscale."""
    array = zarr.open_array(path / str(entry["path"]), mode="r")
    assert isinstance(array, zarr.Array)
    at = [AXES.index(axis) for axis in axes]
    shape = [1] * 5
    for axis, length in zip(at, array.shape, strict=True):
        shape[axis] = length
    transforms = {}
    steps = entry["coordinateTransformations"]
    assert isinstance(steps, list)
    for transform in steps:
        kind = transform["type"]
        values = [1.0 if kind == "scale" else 0.0] * 5
        for axis, value in zip(at, transform[kind], strict=True):
            values[axis] = float(value)
        transforms[kind] = tuple(values)
    return Level(
        np.asarray(array[...]).reshape(shape),
        transforms["scale"],
        transforms.get("translation"),
        (array.chunks[-2], array.chunks[-1]),
    )


def ome_attributes(path: Path) -> Mapping[str, object]:  # type: ignore[type-arg]
    """Return the OME attributes of a group: 0.5 keeps them under ``ome``."""
    attributes = zarr.open_group(path, mode="r").attrs.asdict()
    return attributes.get("ome", attributes)


def read_rows(group: Path, table: str) -> tuple[Row, ...]:
    """Return the rows of a CSV table without nulls; numbers as float; none: ()."""
    path = group / "tables" / table / "table.csv"
    if not path.exists():
        return ()
    frame = pd.read_csv(path, dtype=dict.fromkeys(NAMES, str))
    return tuple(
        {
            str(key): float(value) if isinstance(value, int | float) else value
            for key, value in row.items()
            if not pd.isna(value)
        }
        for row in frame.to_dict("records")
    )


def by_field(rows: tuple[Row, ...]) -> dict[str, Row]:
    """Return rows by their ``FieldIndex``."""
    return {
        str(row["FieldIndex"]): {k: v for k, v in row.items() if k != "FieldIndex"}
        for row in rows
    }
