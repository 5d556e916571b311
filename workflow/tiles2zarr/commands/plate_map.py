"""A plate as text: one sign per well in the plate's true frame."""

from collections.abc import Iterator, Mapping

from tiles2zarr.config.root import Config
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.well import (
    PlateLayout,
    column_name,
    parse_well,
    row_name,
    smallest_layout,
    well_name,
)

EMPTY = "."
"""The sign of a well that is not in the plan."""
_WIDE = 24
"""Columns whose numbers have room side by side in 80 letters."""


def plate_map(
    signs: Mapping[str, str], layout: PlateLayout, legend: Mapping[str, str]
) -> Iterator[str]:
    """Yield the lines of a map; rows and columns without wells are drawn too.

    Args:
        signs: One letter per well, by its name (``B03``).
        layout: Physical rows and columns.
        legend: What each letter means; those that occur are told below.
    """
    columns = range(layout.columns)
    names = [column_name(column) for column in columns]
    wide = layout.columns <= _WIDE
    gap = "  " if wide else ""
    if wide:
        yield "      " + " ".join(names)
    else:
        yield from (
            "      " + "".join(name[digit] for name in names) for digit in (0, 1)
        )
    for row in range(layout.rows):
        wells = (well_name(row, column) for column in columns)
        cells = gap.join(signs.get(well, EMPTY) for well in wells)
        yield f"  {row_name(row):>2}  {gap[:1]}{cells}"
    known = {**legend, EMPTY: "not in the plan"}
    used = set(signs.values())
    if len(signs) < layout.rows * layout.columns:
        used.add(EMPTY)
    said = (f"{sign} {text}" for sign, text in known.items() if sign in used)
    yield "  " + ", ".join(said)


def layout_of(plan: Plan, config: Config) -> PlateLayout | None:
    """Return the plate's frame: declared, told by the vendor, or the smallest.

    Single images have none.
    """
    wells = [parse_well(entry.well) for entry in plan.images.values() if entry.well]
    if not wells:
        return None
    declared = config.plate.layout if config.plate else None
    return declared or plan.layout or smallest_layout(wells)
