"""The tables of an image and of a plate as typed columns, without any storage.

Plain values, no data frames: importing pandas costs more than all tables of a plate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Literal

from tiles2zarr.models.base import Scalar
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.well import column_index, row_index

if TYPE_CHECKING:
    import pandas as pd

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
INDEX = "FieldIndex"
"""The column that ROI tables are indexed by."""


@dataclass(frozen=True)
class Column:
    """The values of a column, all of its one type or ``None``."""

    kind: Literal["bool", "int", "float", "text"]
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class NamedTable:
    """A table, its name and its type."""

    name: str
    kind: TableKind
    columns: Mapping[str, Column]
    """By name, in order; ROI tables have ``INDEX`` in front."""

    @property
    def frame(self) -> "pd.DataFrame":
        """The table as a new data frame; ROI tables are indexed by ``INDEX``."""
        import pandas as pd

        frame = pd.DataFrame(
            {
                name: pd.Series(list(column.values), dtype=_dtype(column))
                for name, column in self.columns.items()
            }
        )
        return frame.set_index(INDEX) if self.kind == "roi_table" else frame


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
    tables = [
        NamedTable("FOV_ROI_table", "roi_table", as_columns(fov_rows(image))),
        NamedTable("well_ROI_table", "roi_table", _whole_image(image)),
    ]
    conditions = condition_rows(image)
    if conditions:
        columns = as_columns(conditions)
        tables.append(NamedTable("condition_table", "condition_table", columns))
    if image.planes.fov:
        tables.append(NamedTable("plane_table", "generic_table", _planes(image)))
    return tuple(tables)


def fov_rows(image: RegisteredImage) -> tuple[Row, ...]:
    """Return a row per field of view, in world units from the image's origin."""
    return tuple(
        {
            INDEX: fov.name,
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


def _whole_image(image: RegisteredImage) -> Mapping[str, Column]:
    t, _, z, y, x = image.shape
    row = {INDEX: "image", **_extent(image, (0, 0, 0, 0), (t, z, y, x))}
    return as_columns([row])


def condition_rows(image: RegisteredImage) -> tuple[Row, ...]:
    """Return the image's conditions, with ``fov_name`` where fields differ."""
    if not any(row.values for row in image.conditions):
        return ()
    per_fov = any(row.fov is not None for row in image.conditions)
    return tuple(
        {"fov_name": row.fov, **row.values} if per_fov else dict(row.values)
        for row in image.conditions
    )


def _planes(image: RegisteredImage) -> Mapping[str, Column]:
    planes = image.planes
    return {
        "fov_name": Column("text", planes.fov),
        "c": Column("int", planes.c),
        "z": Column("int", planes.z),
        "t": Column("int", planes.t),
        "time_second": _floats(planes.time_s),
        "x_micrometer_original": _floats(planes.x_um),
        "y_micrometer_original": _floats(planes.y_um),
        "z_micrometer_original": _floats(planes.z_um),
        "exposure_second": _floats(planes.exposure_s),
        "file": Column("text", planes.file),
        "status": Column("text", planes.status),
    }


def _floats(values: Sequence[float | None]) -> Column:
    known = (None if value is None or value != value else value for value in values)
    return Column(
        "float", tuple(None if value is None else float(value) for value in known)
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
        others = {key: value for key, value in row.items() if key != INDEX}
        fovs.append({**where, "fov_name": row[INDEX], **others})
    conditions = condition_rows(image) or ({},)
    return PlateRows(
        image=image.image,
        conditions=tuple({**where, **row} for row in conditions),
        fovs=tuple(fovs),
    )


def place_of(row: Row) -> tuple[int, int, int, str]:
    """Return what plate tables are sorted by; rows of an image keep their order."""
    return (
        row_index(str(row["row"])),
        column_index(str(row["column"])),
        int(row["acquisition"] or 0),
        str(row["path_in_well"]),
    )


def plate_tables(
    conditions: Sequence[Row], fovs: Sequence[Row]
) -> tuple[NamedTable, ...]:
    """Return the tables of a plate; without conditions no ``condition_table``."""
    tables = []
    if any(row.keys() - set(_PLACE) for row in conditions):
        columns = as_columns(conditions, first=_PLACE)
        tables.append(NamedTable("condition_table", "condition_table", columns))
    if fovs:
        # rows kept in JSON since an earlier run have lost the order of their columns
        columns = as_columns(fovs, first=(*_PLACE, *_EXTENT))
        tables.append(NamedTable("FOV_table", "generic_table", columns))
    return tuple(tables)


def as_columns(rows: Iterable[Row], first: Sequence[str] = ()) -> Mapping[str, Column]:
    """Return rows as columns in order of appearance, ``first`` in front."""
    rows = tuple(rows)
    found = dict.fromkeys(chain.from_iterable(rows))
    names = [*(n for n in first if n in found), *(n for n in found if n not in first)]
    return {name: _typed([row.get(name) for row in rows]) for name in names}


def _typed(values: Sequence[Scalar]) -> Column:
    """Return the values with the one type they have together.

    NaN and ``None`` are nulls. Integers stay integers beside nulls; integers and floats
    become floats; any other mixture, and integers of more than 64 bits, become text.
    """
    known = [None if value != value else value for value in values]
    present = [value for value in known if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return Column("bool", tuple(known))
    if kinds == {int} and all(-_LARGEST <= int(v) < _LARGEST for v in present):
        return Column("int", tuple(known))
    if float in kinds and kinds <= {int, float}:
        return Column("float", tuple(None if v is None else float(v) for v in known))
    return Column("text", tuple(None if v is None else str(v) for v in known))


def _dtype(column: Column) -> str:
    """Return the pandas type that keeps the values and tells nulls from them."""
    complete = None not in column.values
    match column.kind:
        case "bool":
            return "bool" if complete else "boolean"
        case "int":
            return "int64" if complete else "Int64"
        case "float":
            return "float64"
        case "text":
            return "object"
