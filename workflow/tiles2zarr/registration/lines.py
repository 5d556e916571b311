"""Lines of fields along one axis, and the pitch that all their steps share."""

from dataclasses import dataclass

import numpy as np

from tiles2zarr.config.registration import Registration
from tiles2zarr.registration.stage import NOISE_PX, Bools, Floats, Ints


def line_width(options: Registration, tile: tuple[int, int]) -> float:
    """Return the tolerance in pixels: ``auto`` is 1 px or 2 % of the shorter side."""
    if options.tiling_tolerance == "auto":
        return max(1.0, 0.02 * min(tile))
    return float(options.tiling_tolerance)


@dataclass(frozen=True)
class Lines:
    """Rows (or columns) of fields: the clusters of their starts, image by image."""

    label: Ints
    """Line of each field."""
    position: Floats
    """Mean start of each line, pixel; ascending within an image."""
    image: Ints
    """Image of each line."""

    def steps(self) -> tuple[Floats, Ints]:
        """Return the distances of neighbouring lines and the images they are in."""
        inside = self.image[1:] == self.image[:-1]
        return np.diff(self.position)[inside], self.image[1:][inside]

    def first_position(self) -> Floats:
        """Return, for each line, where the first line of its image stands, pixel."""
        new = np.r_[True, self.image[1:] != self.image[:-1]]
        first: Floats = self.position[np.flatnonzero(new)][np.cumsum(new) - 1]
        return first


def find_lines(starts: Floats, image: Ints, tolerance: float) -> Lines:
    """Cluster starts into lines, each image by itself.

    A line holds the starts within ``tolerance`` pixels of its first one, in ascending
    order; noise is on top: a start exactly ``tolerance`` away belongs to the line.
    """
    width = tolerance + NOISE_PX
    order = np.lexsort((starts, image))
    labels = []
    owners: list[int] = []
    end, owner = -np.inf, -1
    for start, place in zip(starts[order].tolist(), image[order].tolist(), strict=True):
        if place != owner or start > end:
            owners.append(place)
            owner, end = place, start + width
        labels.append(len(owners) - 1)
    label = np.empty(order.size, dtype=np.int64)
    label[order] = labels
    members = np.bincount(label, minlength=len(owners))
    position = np.bincount(label, weights=starts, minlength=len(owners)) / members
    return Lines(label, position, np.array(owners, dtype=np.int64))


def fit_pitch(
    steps: Floats, tolerance: float, start: float | None = None
) -> float | None:
    """Return the pitch of which every step is a whole multiple, or ``None``.

    The pitch begins as ``start`` or else the smallest step and is refined by least
    squares over ever longer steps, so that its error never adds up to a whole line. If
    that leaves a step off, the nearest pitch within the tolerance of every step is
    taken: with lines to and fro by the tolerance the mean of the steps is off more.

    Args:
        steps: Distances of neighbouring lines, pixel; at least one.
        tolerance: How far a step may be off its multiple, pixel.
        start: First guess, pixel.
    """
    ordered = np.sort(steps)
    pitch = float(ordered[0]) if start is None else start
    reach = 1.5 * pitch
    while True:
        near = ordered[: np.searchsorted(ordered, reach, side="right")]
        counts = multiples(near, pitch)
        if near.size:
            pitch = float(counts @ near / (counts @ counts))
        if near.size == ordered.size:
            break
        reach *= 2
    slack = tolerance + NOISE_PX / 2
    lowest = float(((ordered - slack) / counts).max())
    highest = float(((ordered + slack) / counts).min())
    if lowest <= highest:
        pitch = min(max(pitch, lowest), highest)
    return None if misfits(ordered, pitch, tolerance).any() else pitch


def misfits(steps: Floats, pitch: float, tolerance: float) -> Bools:
    """Say which steps are further than ``tolerance`` pixels off a multiple."""
    off = np.abs(steps - multiples(steps, pitch) * pitch)
    return off > tolerance + NOISE_PX


def multiples(steps: Floats, pitch: float) -> Floats:
    """Return how many pitches each step is, at least one."""
    return np.maximum(np.rint(steps / pitch), 1.0)


def indices(lines: Lines, pitch: float) -> Ints:
    """Return each line's number in its image, in pitches from the first line.

    Steps are rounded one by one: a small error of the pitch never adds up.
    """
    counts = np.zeros(lines.image.size, dtype=np.int64)
    inside = lines.image[1:] == lines.image[:-1]
    steps = np.diff(lines.position)
    counts[1:][inside] = multiples(steps[inside], pitch).astype(np.int64)
    total = np.cumsum(counts)
    new = np.r_[True, ~inside]
    first: Ints = total[np.flatnonzero(new)][np.cumsum(new) - 1]
    return total - first
