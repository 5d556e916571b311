"""Where the images of OME-XML go: to the fields of wells, or beside one another."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import well_name
from tiles2zarr.parsers.directory import last_part
from tiles2zarr.parsers.ome_xml_images import ImageRecord
from tiles2zarr.parsers.ome_xml_wells import Field

_ENDINGS = re.compile(
    r"(\.(companion\.ome|ome\.(tiff?|tf[28]|btf|xml)|tiff?|tf[28]|btf|ome|xml|zarr))+$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(image|series)?[ :#_]*[0-9]*", re.IGNORECASE | re.ASCII)
"""Names that programs give where nobody chose one."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")
_LONGEST = 90
_XY = ["x_um", "y_um"]


def place_fields(fields: Sequence[Field]) -> pd.DataFrame:
    """Return one row per acquired field, in the order of wells and fields.

    Columns: ``image`` (number), ``row``, ``column`` (0-based), ``fov``, ``image_path``
    (none), ``x_um``, ``y_um`` (position in the well, NaN unknown) and ``free`` (that
    position has no unit).
    """
    rows = [
        (
            field.image,
            field.sample.row,
            field.sample.column,
            str(field.number),
            None,
            *(field.sample.xy_um or (np.nan, np.nan)),
            field.sample.free,
        )
        for field in fields
        if field.image is not None
    ]
    return _places(rows)


def place_singles(
    images: Sequence[ImageRecord], stems: Mapping[int, str]
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return one row per image that goes by its own name, and renamed images.

    Columns are those of ``place_fields``. An image's path is its name, else (also for
    ``Image0``) the name of its file, made of letters, digits and ``._ -``; names that
    occur again are numbered.

    Args:
        images: All images.
        stems: Number of each image to place, with the name of its file.
    """
    taken: set[str] = set()
    rows = []
    changed = []
    for number, file in stems.items():
        wanted = _ENDINGS.sub("", images[number].name or "")
        if _NUMBERED.fullmatch(wanted):
            wanted = _ENDINGS.sub("", last_part(file))
        path = base = _safe_name(wanted)
        repeat = 1
        while path.casefold() in taken:
            repeat += 1
            path = f"{base}_{repeat}"
        taken.add(path.casefold())
        if path != wanted:
            changed.append((wanted, path))
        rows.append((number, pd.NA, pd.NA, "1", path, np.nan, np.nan, False))
    return _places(rows), _renamed(changed)


def _renamed(changed: Sequence[tuple[str, str]]) -> list[Finding]:
    """Return a finding on images with another path than their name."""
    if not changed:
        return []
    message = (
        f"{len(changed)} images have a name that cannot be a path or occurs twice, "
        f"e.g. {changed[0][0]!r}; it is stored as {changed[0][1]!r}."
    )
    return [
        Finding(
            code="renamed_images",
            severity="info",
            message=message,
            count=len(changed),
            images=tuple(path for _, path in changed[:SHOWN]),
        )
    ]


def _places(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    names = ["image", "row", "column", "fov", "image_path", *_XY, "free"]
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    types = {"image": "int64", "row": "Int64", "column": "Int64", "free": "bool"}
    types |= dict.fromkeys(_XY, "float64")
    return pd.DataFrame(
        {n: pd.Series(columns.get(n, ()), dtype=types.get(n, "object")) for n in names}
    )


def _safe_name(name: str) -> str:
    """Return a name that may become part of a path."""
    clean = _UNSAFE.sub("_", name).lstrip("._ -")[:_LONGEST].rstrip("._ -")
    return clean or "image"


def position_planes(
    table: pd.DataFrame, in_row: bool, widths_um: Sequence[float], source: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the planes with a position each, and what is to be said of positions.

    Both planes and the fields of a plate may have positions. Those of the planes count,
    except where they do not tell fields of a well apart and the others do.

    Args:
        table: Planes with ``image``, ``row``, ``column``, ``fov``, ``image_path``,
            ``x_um``, ``y_um``, ``free`` and the same of their field as ``field_x_um``,
            ``field_y_um``, ``field_free``.
        in_row: Lay fields without positions side by side.
        widths_um: Width of each image, micrometer.
        source: The input, for messages.

    Raises:
        ParserError: A well has several fields and their positions are not known.
    """
    own = table.groupby("image")[_XY].transform("first")
    filled = table.assign(**{name: table[name].fillna(own[name]) for name in _XY})
    other = filled.assign(
        x_um=table["field_x_um"], y_um=table["field_y_um"], free=table["field_free"]
    )
    for positions in sorted((filled, other), key=_told_apart, reverse=True):
        if _told_apart(positions) > 0:
            return positions, _unitless(positions, source)
    crowded = _crowded(filled)
    if crowded is None:
        zero = filled.assign(**{name: filled[name].fillna(0.0) for name in _XY})
        return zero, _unitless(zero, source)
    if not in_row:
        raise ParserError(
            f"{source}: well {crowded} has several fields, but their positions are "
            "not told or all the same. Give them in a tile table (format: tile_table), "
            "or set the option without_positions to row to lay the fields side by side."
        )
    return _in_row(filled, widths_um, source)


def _in_row(
    table: pd.DataFrame, widths_um: Sequence[float], source: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the planes with their fields side by side, and a finding on it."""
    place = table["fov"].astype(int).to_numpy() - 1
    widths = np.array(widths_um)[table["image"].to_numpy()]
    message = (
        f"{source} tells no positions of fields; they are laid side by side in the "
        "order of their numbers, as the option without_positions says."
    )
    finding = Finding(
        code="positions_unknown", message=message, count=table["image"].nunique()
    )
    return table.assign(x_um=place * widths, y_um=0.0), [finding]


def _told_apart(table: pd.DataFrame) -> int:
    """Return how many places there are; 0 if a position is absent or all are one."""
    fields = table.drop_duplicates(["image", "row", "column", "fov"])
    if fields[_XY].isna().any(axis=None):
        return 0
    places = len(fields.drop_duplicates(["row", "column", "image_path", *_XY]))
    wells = len(fields.drop_duplicates(["row", "column", "image_path"]))
    return 0 if places == wells < len(fields) else places


def _crowded(table: pd.DataFrame) -> str | None:
    """Return the first well with several fields, if there is one."""
    fields = table.drop_duplicates(["row", "column", "image_path", "fov"])
    several = fields[fields.duplicated(["row", "column", "image_path"])]
    if several.empty:
        return None
    return well_name(int(several["row"].iloc[0]), int(several["column"].iloc[0]))


def _unitless(table: pd.DataFrame, source: str) -> list[Finding]:
    """Return a finding on positions without a unit."""
    count = table.loc[table["free"], "image"].nunique()
    if not count:
        return []
    message = (
        f"{source} gives {count} images positions without a unit; they are taken as "
        "micrometer. If fields lie too far apart or fall on one another, give them in "
        "a tile table."
    )
    return [
        Finding(
            code="positions_without_unit", severity="info", message=message, count=count
        )
    ]
