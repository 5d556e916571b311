"""Where each field stands on a lattice, and where it goes: edge to edge (rule 5)."""

from dataclasses import dataclass

import numpy as np

from tiles2zarr.registration.fields import Fields
from tiles2zarr.registration.lines import Lines, find_lines, indices, misfits
from tiles2zarr.registration.stage import Floats, Ints, round_px, same_rows


@dataclass(frozen=True)
class Nodes:
    """Rows and columns of fields on a lattice, counted from each image's first lines.

    ``first_y`` and ``first_x`` are where those first lines stand, pixel.
    """

    row: Ints
    column: Ints
    first_y: Floats
    first_x: Floats
    faults: dict[int, str]
    """Image to the sentence saying why it is not on the lattice."""


def stand_on(fields: Fields, pitch: tuple[float, float], tolerance: float) -> Nodes:
    """Return the node of every field, each image by itself.

    Args:
        fields: Fields of any number of images.
        pitch: Distance of lines in (y, x), pixel.
        tolerance: Width of a line and slack of a step, pixel.
    """
    rows = find_lines(fields.y, fields.image, tolerance)
    columns = find_lines(fields.x, fields.image, tolerance)
    faults = _shared_places(fields, rows, columns, tolerance)
    faults |= _odd_steps("columns", columns, pitch[1], tolerance)
    faults |= _odd_steps("rows", rows, pitch[0], tolerance)
    return Nodes(
        row=indices(rows, pitch[0])[rows.label],
        column=indices(columns, pitch[1])[columns.label],
        first_y=rows.first_position()[rows.label],
        first_x=columns.first_position()[columns.label],
        faults=faults,
    )


def grid_targets(
    fields: Fields, nodes: Nodes, pitch: tuple[float, float], anchor: str
) -> tuple[Ints, Ints]:
    """Return where fields go in (y, x), pixel: line number times tile length.

    Args:
        fields: Fields, their offsets removed.
        nodes: Their places on the lattice.
        pitch: Distance of lines in (y, x), pixel.
        anchor: ``image``: the first line goes to 0. ``well``: lines are counted from
            the well's origin, so that all acquisitions share one lattice. ``keep``: the
            first line stays, rounded to whole pixels.
    """
    places = []
    for node, first, step, tile in (
        (nodes.row, nodes.first_y, pitch[0], fields.rows),
        (nodes.column, nodes.first_x, pitch[1], fields.columns),
    ):
        if anchor == "well":
            node = node + round_px(first / step)
        start = round_px(first) if anchor == "keep" else 0
        places.append(start + node * tile)
    return places[0], places[1]


def _odd_steps(
    name: str, lines: Lines, pitch: float, tolerance: float
) -> dict[int, str]:
    steps, image = lines.steps()
    faults: dict[int, str] = {}
    for step in np.flatnonzero(misfits(steps, pitch, tolerance)):
        faults.setdefault(
            int(image[step]),
            f"two neighbouring {name} of fields lie {steps[step]:.6g} px apart, which "
            f"is no multiple of the pitch of {pitch:.6g} px (tolerance "
            f"{tolerance:.4g} px)",
        )
    return faults


def _shared_places(
    fields: Fields, rows: Lines, columns: Lines, tolerance: float
) -> dict[int, str]:
    node = same_rows(columns.label, rows.label)
    order = np.argsort(node, kind="stable")
    again = np.flatnonzero(np.diff(node[order]) == 0)
    faults: dict[int, str] = {}
    for place in again:
        one, other = order[place], order[place + 1]
        faults.setdefault(
            int(fields.image[one]),
            f"fields {fields.name[one]!r} and {fields.name[other]!r} stand at the same "
            f"place (within the tolerance of {tolerance:.4g} px)",
        )
    return faults
