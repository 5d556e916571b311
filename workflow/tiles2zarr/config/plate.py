"""The plate: its name, physical layout, and conditions of all acquisitions."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from tiles2zarr.config.base import Section
from tiles2zarr.config.values import Location, Name
from tiles2zarr.models.well import PlateLayout, standard_layout


def _layout(value: object) -> object:
    """Take the number of wells of a standard plate for its rows and columns."""
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return standard_layout(value)
    return value


Layout = Annotated[
    PlateLayout | None,
    BeforeValidator(
        _layout,
        json_schema_input_type=Literal[6, 12, 24, 48, 96, 384, 1536]
        | PlateLayout
        | None,
    ),
]


class Plate(Section):
    """The plate; left out, wells in the input make a plate named by the vendor."""

    name: Name | None = None
    """Name of the plate, ``<output>/<name>.zarr``; left out, the top-level name, else
    what the vendor's metadata say, else the folder's name."""
    layout: Layout = None
    """Physical rows and columns: the wells of a standard plate or ``{rows: 16, columns:
    24}``; left out, what the vendor says, else the smallest of 96, 384, 1536 that
    holds the wells."""
    uniform: bool = False
    """Give every image of an acquisition the union of channels, planes, time points and
    canvas, so that every viewer opens the plate as a whole; what was not acquired is
    not stored."""
    conditions: Location | None = None
    """CSV with conditions for all acquisitions, joined on row and column or well (and
    on acquisition and fov_name if there); left out, none."""
