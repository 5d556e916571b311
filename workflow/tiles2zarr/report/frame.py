"""The frame pictures of a plate are drawn in: its physical rows and columns."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tiles2zarr.models.well import PlateLayout, column_name, row_name, well_name

Place = tuple[int, int]
"""(row, column) of a well, 0-based."""
WHOLE = 6
"""Columns up to which a plate is drawn whole: its wells are large anyway."""
SHARE = 0.5
"""Share of rows and of columns up to which only the part in use is drawn."""


@dataclass(frozen=True)
class Frame:
    """What is drawn: a plate, the part of it in use, or a grid for single images."""

    rows: int
    columns: int
    """Rows and columns that are drawn."""
    singles: tuple[str, ...] = ()
    """Ids of single images in reading order; empty for a plate."""
    first: Place = (0, 0)
    """The first well drawn."""
    plate: tuple[int, int] | None = None
    """Rows and columns of the whole plate, where only a part is drawn."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place, row by row; the last places of a grid of images stay out."""
        every = [
            self.place(r, c) for r in range(self.rows) for c in range(self.columns)
        ]
        return tuple(every[: len(self.singles)] if self.singles else every)

    def drawn(self, place: Place) -> tuple[int, int]:
        """Return the row and column at which a place is drawn, from 0."""
        return place[0] - self.first[0], place[1] - self.first[1]

    def place(self, row: int, column: int) -> Place:
        """Return what is drawn at a row and column: the opposite of ``drawn``."""
        return row + self.first[0], column + self.first[1]

    def name(self, place: Place) -> str:
        """Return what is at a place: the well, or the id of a single image."""
        if self.singles:
            return self.singles[place[0] * self.columns + place[1]]
        return well_name(*place)

    def row_names(self) -> tuple[str, ...]:
        """Return a label per row, blank for single images."""
        rows = range(self.first[0], self.first[0] + self.rows)
        return tuple("" if self.singles else row_name(row) for row in rows)

    def column_names(self) -> tuple[str, ...]:
        """Return a label per column, blank for single images."""
        columns = range(self.first[1], self.first[1] + self.columns)
        return tuple("" if self.singles else column_name(c) for c in columns)

    @property
    def corners(self) -> tuple[str, str]:
        """Names of the first and the last well drawn."""
        last = self.place(self.rows - 1, self.columns - 1)
        return self.name(self.first), self.name(last)


def plate_frame(layout: PlateLayout, places: Iterable[Place]) -> Frame:
    """Return the frame of a plate; wells outside its layout make it larger.

    Where the wells in use span no more than ``SHARE`` of the rows and of the columns,
    the frame is that part alone: a few wells of a large plate would be drawn too small
    to see what is in them.
    """
    used = list(places)
    rows = max([layout.rows, *(row + 1 for row, _ in used)])
    columns = max([layout.columns, *(column + 1 for _, column in used)])
    if not used or columns <= WHOLE:
        return Frame(rows, columns)
    top, left = min(row for row, _ in used), min(column for _, column in used)
    tall = max(row for row, _ in used) + 1 - top
    wide = max(column for _, column in used) + 1 - left
    if tall > SHARE * rows or wide > SHARE * columns:
        return Frame(rows, columns)
    return Frame(tall, wide, first=(top, left), plate=(rows, columns))


def singles_frame(images: Sequence[str]) -> Frame:
    """Return a grid for single images, about half as high as wide."""
    columns = max(1, min(len(images), math.ceil(math.sqrt(2 * len(images)))))
    return Frame(max(1, math.ceil(len(images) / columns)), columns, tuple(images))
