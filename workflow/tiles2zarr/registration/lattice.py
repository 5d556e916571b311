"""Finding the lattice that the fields of an acquisition stand on (rule 5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tiles2zarr.registration.fields import Fields
from tiles2zarr.registration.grid import stand_on
from tiles2zarr.registration.lines import (
    Lines,
    find_lines,
    fit_pitch,
    indices,
    misfits,
)

CLOSEST = 0.25
"""Smallest pitch, of the tile: lines closer than that are jitter, not overlap."""
LOST = 4.5
"""Steps of fewer pitches may be lines that every image lost."""


@dataclass(frozen=True)
class Lattice:
    """The lattice that all fields of an acquisition stand on."""

    pitch: tuple[float, float]
    """Distance of lines in (y, x), pixel; the tile's length where there is one line."""
    several: tuple[bool, bool]
    """Whether some image has more than one line in (y, x)."""

    def widest_gap(self, tile: tuple[int, int]) -> float:
        """Return the widest gap of neighbours, of the tile's length (below 0: overlap).

        Args:
            tile: Rows and columns, pixel.
        """
        gaps = [
            (pitch - length) / length
            for pitch, length, some in zip(self.pitch, tile, self.several, strict=True)
            if some
        ]
        return max(gaps, default=0.0)


@dataclass(frozen=True)
class _Axis:
    """The lines along one axis, and what is known of their pitch."""

    name: str
    across: str
    tile: int
    lines: Lines
    pitch: float | None
    seen: bool
    """Two fields of one row (column) stand one pitch apart."""

    @property
    def several(self) -> bool:
        return bool(self.lines.steps()[0].size)


def find_lattice(
    fields: Fields, images: Sequence[str], tolerance: float, max_gap: float
) -> Lattice | str:
    """Return the lattice of all images together, or the sentence why there is none.

    Every step between lines must be a multiple of the pitch, no two fields of an image
    may stand on one node, and the pitch must be seen: two fields one pitch apart in the
    same row (column). Bricks and diagonals have no such pair. A row or column that
    every image lost leaves a step of two pitches or more: then the other axis, if its
    pitch is seen, tells what the pitch was.

    Args:
        fields: Fields with tiles of one size.
        images: Image ids, for the sentence.
        tolerance: Width of a line and slack of a step, pixel.
        max_gap: Widest gap that is not taken for a lost line, of the tile.
    """
    rows = find_lines(fields.y, fields.image, tolerance)
    columns = find_lines(fields.x, fields.image, tolerance)
    y = _measure("rows", "column", fields.tile[0], rows, columns, tolerance)
    x = _measure("columns", "row", fields.tile[1], columns, rows, tolerance)
    y, x = (
        _with_lost_lines(y, x, tolerance, max_gap),
        _with_lost_lines(x, y, tolerance, max_gap),
    )
    pitch = []
    for axis in (y, x):
        sentence = _why_no_pitch(axis, images, tolerance)
        if axis.pitch is None or sentence:
            return sentence
        pitch.append(axis.pitch)
    lattice = Lattice((pitch[0], pitch[1]), (y.several, x.several))
    faults = stand_on(fields, lattice.pitch, tolerance).faults
    if faults:
        image = min(faults)
        return f"in image {images[image]} {faults[image]}"
    return lattice


def find_common_lattice(
    fields: Fields, images: Sequence[str], tolerance: float, max_gap: float
) -> Lattice | str:
    """Return the lattice of as many images as possible, or why none forms one.

    Each image is looked at alone if all together fit no lattice; what most of them
    agree on is taken, and refined over all that fit it. Arguments as `find_lattice`.
    """
    together = find_lattice(fields, images, tolerance, max_gap)
    if isinstance(together, Lattice):
        return together
    found = [
        lattice
        for _, places in fields.by_image()
        if isinstance(
            lattice := find_lattice(fields.take(places), images, tolerance, max_gap),
            Lattice,
        )
    ]
    if not found:
        return together
    pitch = (
        _vote([one.pitch[0] for one in found if one.several[0]], tolerance),
        _vote([one.pitch[1] for one in found if one.several[1]], tolerance),
    )
    voted = Lattice(
        (pitch[0] or float(fields.tile[0]), pitch[1] or float(fields.tile[1])),
        (pitch[0] is not None, pitch[1] is not None),
    )
    odd = list(stand_on(fields, voted.pitch, tolerance).faults)
    fitting = fields.take(np.flatnonzero(~np.isin(fields.image, odd)))
    refined = find_lattice(fitting, images, tolerance, max_gap)
    return refined if isinstance(refined, Lattice) else voted


def _vote(pitches: list[float], tolerance: float) -> float | None:
    """Return the mean of the largest group of pitches, ``None`` if there are none."""
    if not pitches:
        return None
    values = np.array(pitches)
    groups = find_lines(values, np.zeros(values.size, dtype=np.int64), tolerance)
    return float(groups.position[np.bincount(groups.label).argmax()])


def _measure(
    name: str, across: str, tile: int, lines: Lines, crossing: Lines, tolerance: float
) -> _Axis:
    """Return an axis with its pitch, if its steps have one, and whether it is seen."""
    steps, _ = lines.steps()
    if not steps.size:
        return _Axis(name, across, tile, lines, float(tile), seen=True)
    pitch = fit_pitch(steps, tolerance)
    if pitch is None:
        return _Axis(name, across, tile, lines, None, seen=False)
    index = indices(lines, pitch)[lines.label]
    order = np.lexsort((index, crossing.label))
    together = np.diff(crossing.label[order]) == 0
    seen = bool(np.any(together & (np.diff(index[order]) == 1)))
    return _Axis(name, across, tile, lines, pitch, seen)


def _with_lost_lines(
    axis: _Axis, other: _Axis, tolerance: float, max_gap: float
) -> _Axis:
    """Return ``axis`` with the pitch of ``other`` if all its steps are multiples of it.

    Only where its own pitch leaves a wide gap or cannot be told: a whole row or column
    is then missing in every image.
    """
    if other.pitch is None or not other.seen or not (axis.several and other.several):
        return axis
    closed = axis.pitch is not None and axis.pitch <= (1 + max_gap) * axis.tile
    if axis.seen and closed:
        return axis
    steps, _ = axis.lines.steps()
    guess = other.pitch / other.tile * axis.tile
    if not 1.5 * guess < steps.min() < LOST * guess:
        return axis
    pitch = fit_pitch(steps, tolerance, guess)
    return axis if pitch is None else replace(axis, pitch=pitch, seen=True)


def _why_no_pitch(axis: _Axis, images: Sequence[str], tolerance: float) -> str:
    """Return the sentence why the axis has no pitch, empty if it has one."""
    steps, image = axis.lines.steps()
    if steps.size and steps.min() < CLOSEST * axis.tile:
        where = images[image[int(steps.argmin())]]
        return (
            f"in image {where} {axis.name} of fields lie {steps.min():.4g} px apart, "
            f"far less than a tile of {axis.tile} px (tolerance {tolerance:.4g} px)"
        )
    if axis.pitch is None:
        pitch = float(steps.min())
        odd = int(np.argmax(misfits(steps, pitch, tolerance)))
        return (
            f"in image {images[image[odd]]} {axis.name} of fields lie "
            f"{steps[odd]:.4g} px apart, which is no multiple of the smallest step of "
            f"{pitch:.4g} px (tolerance {tolerance:.4g} px)"
        )
    if not axis.seen:
        return (
            f"no two fields of a {axis.across} are one step ({axis.pitch:.6g} px) of "
            f"the {axis.name} apart, as in bricks or diagonals"
        )
    return ""
