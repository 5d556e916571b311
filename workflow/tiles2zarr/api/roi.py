"""Regions of an image in world units, and the size of a pixel."""

from collections.abc import Iterable
from math import isclose

from pydantic import Field

from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.models.base import Frozen

TOLERANCE = 1e-5
"""Spacings that differ by less than this share of themselves are the same: they went
through decimal text."""


def same_spacing(one: float, other: float) -> bool:
    """Say whether two spacings are the same but for rounding."""
    return isclose(one, other, rel_tol=TOLERANCE)


class PixelSize(Frozen):
    """Spacing along each axis."""

    x: float
    """Micrometer."""
    y: float
    """Micrometer."""
    z: float
    """Micrometer."""
    t: float
    """Second."""

    def along(self, axis: str) -> float:
        """Return the spacing of an axis; channels are counted by one."""
        return {"t": self.t, "c": 1.0, "z": self.z, "y": self.y, "x": self.x}[axis]


class RoiSlice(Frozen):
    """Start and length along one axis."""

    axis_name: str
    """One of t, c, z, y, x."""
    start: float
    """Micrometer; second along t, a number along c."""
    length: float = Field(ge=0)
    """Unit as ``start``."""

    @property
    def end(self) -> float:
        """First position behind the region."""
        return self.start + self.length


class Roi(Frozen):
    """A region: a field of view, a tile, or an image."""

    name: str
    """Field of view, or path of the image."""
    slices: tuple[RoiSlice, ...]
    """Extent along t, c, z, y, x, in this order."""
    x_micrometer_original: float | None = None
    """Stage x as acquired, before swap, flips and offsets."""
    y_micrometer_original: float | None = None
    """Stage y as acquired, before swap, flips and offsets."""
    z_micrometer_original: float | None = None
    """Stage z as acquired."""

    def get(self, axis_name: str) -> RoiSlice:
        """Return the extent along an axis.

        Raises:
            RegistrationError: The region has no such axis.
        """
        for part in self.slices:
            if part.axis_name == axis_name:
                return part
        known = ", ".join(part.axis_name for part in self.slices)
        raise RegistrationError(
            f"Region {self.name!r} has no axis {axis_name!r}; it has {known}. Ask for "
            "one of these."
        )

    def move_to(self, **starts: float) -> "Roi":
        """Return the region with other starts along the named axes (``x=0.0``)."""
        moved = (
            part.replace(start=starts.get(part.axis_name, part.start))
            for part in self.slices
        )
        return self.replace(slices=tuple(moved))


def make_roi(
    name: str,
    starts: Iterable[float],
    lengths: Iterable[float],
    original: tuple[float, float, float] | None = None,
) -> Roi:
    """Return a region from starts and lengths along t, c, z, y, x.

    Args:
        name: Its name.
        starts: World units.
        lengths: World units.
        original: Stage (z, y, x) as acquired, micrometer.
    """
    z, y, x = original or (None, None, None)
    return Roi(
        name=name,
        slices=tuple(
            RoiSlice(axis_name=axis, start=start, length=length)
            for axis, start, length in zip(AXES, starts, lengths, strict=True)
        ),
        x_micrometer_original=x,
        y_micrometer_original=y,
        z_micrometer_original=z,
    )


def union_roi(name: str, rois: Iterable[Roi]) -> Roi:
    """Return the smallest region that holds all ``rois`` (at least one)."""
    parts = list(rois)
    starts, lengths = [], []
    for axis in AXES:
        along = [roi.get(axis) for roi in parts]
        start = min(part.start for part in along)
        starts.append(start)
        lengths.append(max(part.end for part in along) - start)
    return make_roi(name, starts, lengths, _originals(parts))


def _originals(rois: list[Roi]) -> tuple[float, float, float] | None:
    """Return the smallest stage (z, y, x) as acquired, if all are known."""
    known = [
        (
            roi.z_micrometer_original,
            roi.y_micrometer_original,
            roi.x_micrometer_original,
        )
        for roi in rois
    ]
    z, y, x = (
        min(value for value in column if value is not None)
        if None not in column
        else None
        for column in zip(*known, strict=True)
    )
    return None if z is None or y is None or x is None else (z, y, x)
