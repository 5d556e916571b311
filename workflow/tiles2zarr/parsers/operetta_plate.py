"""What a Harmony index says of its plate: name, rows and columns, times."""

from collections.abc import Sequence

import pandas as pd

from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS, PlateLayout, well_name
from tiles2zarr.parsers.operetta_images import Index, parse_time
from tiles2zarr.parsers.operetta_values import UNKNOWN, read_whole


def read_name(index: Index) -> str | None:
    """Return the plate's name, else its id, or nothing."""
    given = (plate.get(key) for key in ("Name", "PlateID") for plate in index.plates)
    return next(filter(None, given), None)


def read_description(index: Index) -> str | None:
    """Return instrument, version of Harmony and type of plate, as far as known."""
    version = index.root.attributes.get("xmlns", "").rpartition("/")[2]
    parts = [
        index.instrument,
        version if version.startswith("Harmony") else None,
        *(plate.get("PlateTypeName") for plate in index.plates[:1]),
    ]
    return ", ".join(filter(None, parts)) or None


def read_start(index: Index, first: float) -> int | None:
    """Return when the measurement began, epoch milliseconds, where known.

    Args:
        index: The index.
        first: Time of the first plane, second of the epoch or NaN; used where the
            plate does not tell.

    Raises:
        ParserError: It is not a time.
    """
    for plate in index.plates:
        text = plate.get("MeasurementStartTime")
        if text is None:
            continue
        try:
            return milliseconds(parse_time(text))
        except ValueError as error:
            raise plate.fault(f"MeasurementStartTime {error}") from error
    return milliseconds(first)


def milliseconds(seconds: float) -> int | None:
    """Return seconds as whole milliseconds, NaN as nothing."""
    return None if pd.isna(seconds) else round(seconds * 1000)


def read_layout(
    index: Index, planes: pd.DataFrame
) -> tuple[PlateLayout | None, tuple[Finding, ...]]:
    """Return the plate's rows and columns, unless wells lie outside of them.

    Args:
        index: The index.
        planes: Planes with ``row`` and ``column`` from 0.

    Raises:
        ParserError: Rows or columns are no whole numbers of a plate.
    """
    found = [
        (
            read_whole(plate, "PlateRows", 1, MAX_ROWS),
            read_whole(plate, "PlateColumns", 1, MAX_COLUMNS),
        )
        for plate in index.plates
    ]
    several = _several(index.plates)
    rows, columns = next((f for f in found if UNKNOWN not in f), (UNKNOWN, UNKNOWN))
    if UNKNOWN in (rows, columns):
        return None, several
    layout = PlateLayout(rows=rows, columns=columns)
    used = int(planes["row"].max()), int(planes["column"].max())
    if layout.holds(*used):
        return layout, several
    message = (
        f"The plate is said to have {rows} rows and {columns} columns, which does not "
        f"hold well {well_name(*used)}; its layout is taken from the wells."
    )
    return None, (Finding(code="layout_contradicted", message=message), *several)


def _several(plates: Sequence[object]) -> tuple[Finding, ...]:
    """Return a finding on an index of several plates."""
    if len(plates) < 2:
        return ()
    message = (
        f"The index describes {len(plates)} plates and its images do not tell theirs; "
        "all wells are taken for those of the first. Export the plates one by one."
    )
    return (Finding(code="several_plates", message=message, count=len(plates)),)
