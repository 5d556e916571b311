"""The tables of an image and of a plate as data frames, without any storage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import pandas as pd

from tiles2zarr.models.base import Scalar
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage

TableKind = Literal["roi_table", "condition_table", "generic_table"]
"""Types of tables, as their group's attributes name them."""
Row = Mapping[str, Scalar]
IMAGE_TABLES = ("FOV_ROI_table", "well_ROI_table", "condition_table", "plane_table")
"""Tables of an image that are ours to write, replace and remove."""
PLATE_TABLES = ("condition_table", "FOV_table")
"""Tables of a plate that are ours to write, replace and remove."""
_PLACE = ("row", "column", "well", "acquisition", "path_in_well", "fov_name")
_EXTENT = (
    *("x_micrometer", "y_micrometer", "z_micrometer"),
    *("len_x_micrometer", "len_y_micrometer", "len_z_micrometer"),
    *("t_second", "len_t_second"),
)
_LARGEST = 2**63


@dataclass(frozen=True)
class NamedTable:
    """A table, its name and its type; ROI tables are indexed by ``FieldIndex``."""

    name: str
    kind: TableKind
    frame: pd.DataFrame


@dataclass(frozen=True)
class PlateRows:
    """What one image adds to the tables of its plate."""

    image: str
    """The image id, ``B/03/0``."""
    conditions: tuple[Row, ...]
    """Rows of the plate's condition_table."""
    fovs: tuple[Row, ...]
    """Rows of the plate's FOV_table."""


def image_tables(image: RegisteredImage) -> tuple[NamedTable, ...]:
    """Return the tables of an image.

    ``FOV_ROI_table`` and ``well_ROI_table`` always, ``condition_table`` if there are
    conditions, ``plane_table`` if planes are known.
    """
    fovs = _frame(fov_rows(image)).set_index("FieldIndex")
    tables = [
        NamedTable("FOV_ROI_table", "roi_table", fovs),
        NamedTable("well_ROI_table", "roi_table", _whole_image(image)),
    ]
    conditions = condition_rows(image)
    if conditions:
        frame = _frame(conditions)
        tables.append(NamedTable("condition_table", "condition_table", frame))
    if image.planes.fov:
        tables.append(NamedTable("plane_table", "generic_table", _planes(image)))
    return tuple(tables)


def fov_rows(image: RegisteredImage) -> tuple[Row, ...]:
    """Return a row per field of view, in world units from the image's origin."""
    return tuple(
        {
            "FieldIndex": fov.name,
            **_extent(image, fov.start, fov.shape),
            "x_micrometer_original": fov.x_original,
            "y_micrometer_original": fov.y_original,
            "z_micrometer_original": fov.z_original,
        }
        for fov in image.fovs
    )


def _extent(
    image: RegisteredImage,
    start: tuple[int, int, int, int],
    shape: tuple[int, int, int, int],
) -> Row:
    """Return the position and size of a (t, z, y, x) box in world units."""
    t, z, y, x = (a * b for a, b in zip(start, image.pixel_size, strict=True))
    duration, depth, height, width = (
        a * b for a, b in zip(shape, image.pixel_size, strict=True)
    )
    extent: dict[str, Scalar] = {
        "x_micrometer": x,
        "y_micrometer": y,
        "z_micrometer": z,
        "len_x_micrometer": width,
        "len_y_micrometer": height,
        "len_z_micrometer": depth,
    }
    if "t" in image.axes:
        extent |= {"t_second": t, "len_t_second": duration}
    return extent


def _whole_image(image: RegisteredImage) -> pd.DataFrame:
    t, _, z, y, x = image.shape
    row = {"FieldIndex": "image", **_extent(image, (0, 0, 0, 0), (t, z, y, x))}
    return _frame([row]).set_index("FieldIndex")


def condition_rows(image: RegisteredImage) -> tuple[Row, ...]:
    """Return the image's conditions, with ``fov_name`` where fields differ."""
    if not any(row.values for row in image.conditions):
        return ()
    per_fov = any(row.fov is not None for row in image.conditions)
    return tuple(
        {"fov_name": row.fov, **row.values} if per_fov else dict(row.values)
        for row in image.conditions
    )


def _planes(image: RegisteredImage) -> pd.DataFrame:
    planes = image.planes
    return pd.DataFrame(
        {
            "fov_name": list(planes.fov),
            "c": list(planes.c),
            "z": list(planes.z),
            "t": list(planes.t),
            "time_second": pd.Series(planes.time_s, dtype="float64"),
            "x_micrometer_original": pd.Series(planes.x_um, dtype="float64"),
            "y_micrometer_original": pd.Series(planes.y_um, dtype="float64"),
            "z_micrometer_original": pd.Series(planes.z_um, dtype="float64"),
            "exposure_second": pd.Series(planes.exposure_s, dtype="float64"),
            "file": list(planes.file),
            "status": list(planes.status),
        }
    )


def plate_rows(image: RegisteredImage) -> PlateRows:
    """Return what an image of a plate adds to the plate's tables.

    Raises:
        TypeError: The image is not in a plate.
    """
    place = image.collection
    if not isinstance(place, ImageInPlate):
        raise TypeError(f"image {image.image} is not in a plate")
    where: dict[str, Scalar] = {
        "row": place.row,
        "column": place.column,
        "well": place.well,
        "acquisition": place.acquisition,
        "path_in_well": place.image.rpartition("/")[2],
    }
    fovs = []
    for row in fov_rows(image):
        others = {key: value for key, value in row.items() if key != "FieldIndex"}
        fovs.append({**where, "fov_name": row["FieldIndex"], **others})
    conditions = condition_rows(image) or ({},)
    return PlateRows(
        image=image.image,
        conditions=tuple({**where, **row} for row in conditions),
        fovs=tuple(fovs),
    )


def plate_tables(
    conditions: Sequence[Row], fovs: Sequence[Row]
) -> tuple[NamedTable, ...]:
    """Return the tables of a plate; without conditions no ``condition_table``."""
    tables = []
    if any(row.keys() - set(_PLACE) for row in conditions):
        frame = _frame(conditions, first=_PLACE)
        tables.append(NamedTable("condition_table", "condition_table", frame))
    if fovs:
        # rows kept in JSON since an earlier run have lost the order of their columns
        frame = _frame(fovs, first=(*_PLACE, *_EXTENT))
        tables.append(NamedTable("FOV_table", "generic_table", frame))
    return tuple(tables)


def _frame(rows: Iterable[Row], first: Sequence[str] = ()) -> pd.DataFrame:
    """Return rows as a frame; columns in order of appearance, ``first`` in front."""
    rows = tuple(rows)
    found = dict.fromkeys(chain.from_iterable(rows))
    names = [*(n for n in first if n in found), *(n for n in found if n not in first)]
    return pd.DataFrame(
        {name: pd.Series(*_typed([row.get(name) for row in rows])) for name in names}
    )


def _typed(values: Sequence[Scalar]) -> tuple[list[Scalar], None, str]:
    """Return the values, no index, and the one type they have, as Series takes them.

    NaN and ``None`` are nulls. Integers stay integers beside nulls; integers and floats
    become floats; any other mixture, and integers of more than 64 bits, become text.
    """
    known = [None if value != value else value for value in values]
    present = [value for value in known if value is not None]
    complete = len(present) == len(known)
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return known, None, "bool" if complete else "boolean"
    if kinds == {int} and all(-_LARGEST <= int(v) < _LARGEST for v in present):
        return known, None, "int64" if complete else "Int64"
    if float in kinds and kinds <= {int, float}:
        return known, None, "float64"
    texts: list[Scalar] = [None if value is None else str(value) for value in known]
    return texts, None, "object"
