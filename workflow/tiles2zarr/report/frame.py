"""The frame pictures of a plate are drawn in: its physical rows and columns."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tiles2zarr.models.well import PlateLayout, column_name, row_name, well_name

Place = tuple[int, int]
"""(row, column) of a well, 0-based."""


@dataclass(frozen=True)
class Frame:
    """Rows and columns; a plate's, or a grid made for single images."""

    rows: int
    columns: int
    singles: tuple[str, ...] = ()
    """Ids of single images in reading order; empty for a plate."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place, row by row; the last places of a grid of images stay out."""
        every = [(row, col) for row in range(self.rows) for col in range(self.columns)]
        return tuple(every[: len(self.singles)] if self.singles else every)

    def name(self, place: Place) -> str:
        """Return what is at a place: the well, or the id of a single image."""
        if self.singles:
            return self.singles[place[0] * self.columns + place[1]]
        return well_name(*place)

    def row_names(self) -> tuple[str, ...]:
        """Return a label per row, blank for single images."""
        return tuple("" if self.singles else row_name(row) for row in range(self.rows))

    def column_names(self) -> tuple[str, ...]:
        """Return a label per column, blank for single images."""
        names = map(column_name, range(self.columns))
        return tuple("" if self.singles else name for name in names)


def plate_frame(layout: PlateLayout, places: Iterable[Place]) -> Frame:
    """Return the frame of a plate; wells outside its layout make it larger."""
    used = list(places)
    return Frame(
        rows=max([layout.rows, *(row + 1 for row, _ in used)]),
        columns=max([layout.columns, *(column + 1 for _, column in used)]),
    )


def singles_frame(images: Sequence[str]) -> Frame:
    """Return a grid for single images, about half as high as wide."""
    columns = max(1, min(len(images), math.ceil(math.sqrt(2 * len(images)))))
    return Frame(max(1, math.ceil(len(images) / columns)), columns, tuple(images))
