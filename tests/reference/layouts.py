"""Places of fields on the stage, and the planes of a field, as builders of tiles."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from tests.reference.case import (
    HEIGHT,
    PIXEL,
    WIDTH,
    Acquisition,
    Case,
    Shape,
    Tile,
    Truth,
)


class Place(NamedTuple):
    """Where a field is on the stage, and where it must land."""

    x_um: float
    y_um: float
    row_px: int
    column_px: int


class Plane(NamedTuple):
    """One plane of a field: what the table says, and the (t, c, z) it must land on."""

    z: float = 0.0
    c: int = 0
    t: float = 0.0
    at: tuple[int, int, int] = (0, 0, 0)


Places = Mapping[str | int, Place]
ORIGIN = (-1000.0, 250.0)
"""Stage (x, y) of the first field in micrometer; it must not matter."""


def grid(
    rows: int,
    columns: int,
    step: tuple[float, float],
    pitch: tuple[int, int] = (HEIGHT, WIDTH),
    skip: Iterable[tuple[int, int]] = (),
) -> dict[str | int, Place]:
    """Return fields FOV1, FOV2, ... row by row.

    Args:
        rows: Rows of fields.
        columns: Columns of fields.
        step: Distance of two fields on the stage in (y, x), pixel.
        pitch: Distance at which they must land in (y, x), pixel.
        skip: (row, column) of nodes without a field.
    """
    nodes = [
        (row, column)
        for row in range(rows)
        for column in range(columns)
        if (row, column) not in set(skip)
    ]
    return {
        f"FOV{number}": Place(
            ORIGIN[0] + column * step[1] * PIXEL,
            ORIGIN[1] + row * step[0] * PIXEL,
            row * pitch[0],
            column * pitch[1],
        )
        for number, (row, column) in enumerate(nodes, 1)
    }


def at_pixels(*starts: tuple[float, float]) -> dict[str | int, Place]:
    """Return fields at (y, x) pixels that must stay there, rounded half to even."""
    return {
        f"FOV{number}": Place(
            ORIGIN[0] + x * PIXEL, ORIGIN[1] + y * PIXEL, round(y), round(x)
        )
        for number, (y, x) in enumerate(starts, 1)
    }


def landing(places: Places, *targets: tuple[int, int]) -> dict[str | int, Place]:
    """Return the places with other targets in (y, x), pixel, in the same order."""
    return {
        fov: place._replace(row_px=row, column_px=column)
        for (fov, place), (row, column) in zip(places.items(), targets, strict=True)
    }


def fields(
    places: Places, planes: Iterable[Plane] = (Plane(),), base: Tile | None = None
) -> tuple[Tile, ...]:
    """Return the tiles of all fields: field by field, plane by plane.

    Args:
        places: The fields.
        planes: The planes of each field.
        base: What all tiles share (well, image, shape, pixel type, further columns).
    """
    base = base or Tile("", 0.0, 0.0, (0, 0, 0, 0, 0))
    return tuple(
        replace(
            base,
            fov=fov,
            x=place.x_um,
            y=place.y_um,
            z=plane.z,
            c=plane.c,
            t=plane.t,
            at=(*plane.at, place.row_px, place.column_px),
        )
        for fov, place in places.items()
        for plane in planes
    )


def channels(*labels: str) -> tuple[dict[str, str], ...]:
    """Return channel entries with the labels, each with a wavelength of its own."""
    return tuple(
        {"channel_label": label, "wavelength_id": f"{405 + 83 * index}"}
        for index, label in enumerate(labels)
    )


def in_well(row: str, column: int, acquisition: int = 0) -> Tile:
    """Return the base of the tiles of one well."""
    image = f"{row}/{column:02d}/{acquisition}"
    return Tile("", 0.0, 0.0, (0, 0, 0, 0, 0), image=image, row=row, column=column)


def mosaic(
    name: str,
    facts: str,
    places: Places,
    shape: tuple[int, int],
    levels: int = 3,
    **changes: object,
) -> Case:
    """Return a case of one well, one channel and one plane per field.

    Args:
        name: Name of the case.
        facts: What it is for.
        places: The fields.
        shape: Rows and columns of the mosaic.
        levels: Levels of the pyramid.
        changes: Further arguments of ``Case``.
    """
    return Case(
        name,
        facts,
        (Acquisition(fields(places)),),
        {"B/03/0": Truth(canvas(*shape), levels=levels)},
        **changes,  # type: ignore[arg-type]  # any argument of Case
    )


def canvas(rows: int, columns: int, t: int = 1, c: int = 1, z: int = 1) -> Shape:
    """Return a shape over (t, c, z, y, x)."""
    return t, c, z, rows, columns
