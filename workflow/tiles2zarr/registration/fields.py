"""Fields of view: what tiling moves, each as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tiles2zarr.registration.stage import Floats, Ints, StageTiles


@dataclass(frozen=True)
class Fields:
    """Fields of one or of many images; positions and sizes in pixels.

    A field stands where its first tile stands and has that tile's size.
    """

    image: Ints
    name: tuple[str, ...]
    y: Floats
    x: Floats
    rows: Ints
    columns: Ints

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self.name)

    @property
    def tile(self) -> tuple[int, int]:
        """Rows and columns of the first field's tile."""
        return int(self.rows[0]), int(self.columns[0])

    @property
    def crowd(self) -> Ints:
        """Number of fields in the image of each field."""
        return np.bincount(self.image)[self.image]

    def take(self, places: Ints) -> "Fields":
        """Return the fields at ``places``."""
        return Fields(
            image=self.image[places],
            name=tuple(self.name[place] for place in places),
            y=self.y[places],
            x=self.x[places],
            rows=self.rows[places],
            columns=self.columns[places],
        )

    def by_image(self) -> Iterator[tuple[int, Ints]]:
        """Return each image and the places of its fields."""
        order = np.argsort(self.image, kind="stable")
        images, starts = np.unique(self.image[order], return_index=True)
        parts = np.split(order, starts[1:])
        return zip(images.tolist(), parts, strict=True)


def fields_of(tiles: StageTiles) -> Fields:
    """Return the fields of ``tiles`` in order of first appearance."""
    first = tiles.first
    return Fields(
        image=tiles.field_image,
        name=tiles.field_name,
        y=tiles.y[first],
        x=tiles.x[first],
        rows=tiles.len_y[first],
        columns=tiles.len_x[first],
    )


def mixed_sizes(tiles: StageTiles, fields: Fields) -> dict[int, str]:
    """Return a sentence per image of several fields whose tiles differ in size."""
    if not len(fields):
        return {}
    start = np.full(tiles.images, -1, dtype=np.int64)
    owners, places = np.unique(tiles.image, return_index=True)
    start[owners] = places
    model = start[tiles.image]
    odd = (tiles.len_y != tiles.len_y[model]) | (tiles.len_x != tiles.len_x[model])
    odd &= (fields.crowd > 1)[tiles.field]
    sentences: dict[int, str] = {}
    for tile in np.flatnonzero(odd):
        first = model[tile]
        sentences.setdefault(
            int(tiles.image[tile]),
            f"its tiles are {tiles.len_y[first]} x {tiles.len_x[first]} px and "
            f"{tiles.len_y[tile]} x {tiles.len_x[tile]} px (field "
            f"{tiles.field_name[tiles.field[tile]]!r})",
        )
    return sentences
