"""Assay layouts of a Harmony plate: what is in its wells, as a condition table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS
from tiles2zarr.parsers.directory import last_part
from tiles2zarr.parsers.operetta_values import UNKNOWN, read_whole
from tiles2zarr.parsers.xml import Element, iter_xml
from tiles2zarr.sheets import Sheet

RESERVED = frozenset(
    [
        "row",
        "column",
        "well",
        "image_path",
        "acquisition",
        "fov",
        "fov_name",
        "plate",
        "path_in_well",
        "fieldindex",
    ]
)
"""Names, in lower case, that condition tables have for themselves."""
Well = tuple[int, int]


@dataclass(frozen=True)
class Conditions:
    """What the assay layouts say.

    Args:
        table: Columns ``row``, ``column`` (from 0) and one per layer, ``None`` where
            blank; nothing if there is no layer.
        findings: Renamed layers.
    """

    table: pd.DataFrame | None
    findings: tuple[Finding, ...]


def read_layouts(
    files: Iterable[str],
    wells: Iterable[Well],
    storage: Mapping[str, object] | None = None,
) -> Conditions:
    """Return the layers of assay layouts as a condition table.

    It has a row for each well that has tiles or any value: a layout names every well
    of the plate, and the blank ones say nothing. Texts become numbers or truth values
    where all of a layer's are.

    Args:
        files: The layouts.
        wells: Wells that have tiles.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: A layout is damaged, or a well is none.
    """
    files = list(files)
    layers: dict[str, dict[Well, str]] = {}
    renamed: list[str] = []
    for file in files:
        for element in iter_xml(file, frozenset({"Layer"}), storage):
            if element.name != "Layer":
                continue
            given = element.get("Name") or "layer"
            name = _free_name(given, layers)
            renamed += [f"{given!r} is {name!r}"] if name != given else []
            layers[name] = _values(element)
    if not layers:
        return Conditions(None, ())
    return Conditions(_table(files, layers, set(wells)), _renamed(renamed))


def _free_name(name: str, taken: Iterable[str]) -> str:
    """Return a layer's name, changed where a table could not hold it."""
    used = RESERVED | {other.casefold() for other in taken}
    number, free = 1, name
    while free.casefold() in used:
        number += 1
        free = f"{name}_{number}"
    return free


def _values(layer: Element) -> dict[Well, str]:
    """Return the text of every well of a layer.

    Raises:
        ParserError: A well has no row or column, or they are out of range.
    """
    values = {}
    for well in layer.iter("Well"):
        row = read_whole(well, "Row", 1, MAX_ROWS)
        column = read_whole(well, "Col", 1, MAX_COLUMNS)
        if UNKNOWN in (row, column):
            raise well.fault("Row or Col is not given")
        values[row - 1, column - 1] = well.get("Value") or ""
    return values


def _table(
    files: list[str], layers: Mapping[str, Mapping[Well, str]], used: set[Well]
) -> pd.DataFrame:
    wells = sorted(
        {
            well
            for layer in layers.values()
            for well, value in layer.items()
            if value or well in used
        }
    )
    rows = np.arange(1, len(wells) + 1)
    texts = {
        name: pd.Series([layer.get(well, "") for well in wells], dtype=object)
        for name, layer in layers.items()
    }
    title = f"assay layout {', '.join(map(last_part, files))}"
    sheet = Sheet(title, texts, rows)
    places = np.array(wells, dtype=np.int64).reshape(-1, 2)
    keys = {"row": places[:, 0], "column": places[:, 1]}
    table = pd.DataFrame(
        {name: pd.Series(place, dtype="Int64") for name, place in keys.items()}
        | {name: pd.Series(sheet.values(name), dtype=object) for name in layers}
    )
    table.attrs["title"] = title
    return table


def _renamed(changes: list[str]) -> tuple[Finding, ...]:
    if not changes:
        return ()
    message = (
        f"{len(changes)} layers of the assay layout have names that are taken; here "
        f"{', '.join(changes[:SHOWN])}."
    )
    return (
        Finding(
            code="layers_renamed",
            severity="info",
            message=message,
            count=len(changes),
        ),
    )
