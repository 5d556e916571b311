"""Where images go: plates, single images, and layouts of the user's own."""

from abc import ABC, abstractmethod
from typing import Annotated

from pydantic import BeforeValidator, SerializeAsAny

from tiles2zarr.api.tagged import Tagged, load_tagged
from tiles2zarr.models.collection import Collection, ImageInPlate, SingleImage
from tiles2zarr.models.well import column_index, row_index


class CollectionInterface(Tagged, ABC):
    """A layout of one's own: derive from it and say the path of an image."""

    suffix: str = ""
    """Set where every field of view is an image of its own; ``path`` ends in it."""

    @abstractmethod
    def path(self) -> str:
        """Return the path below the output folder, ending in ``.zarr``."""


def _load(value: object) -> object:
    return load_tagged(value, CollectionInterface)  # type: ignore[type-abstract]


AnyCollection = Annotated[
    ImageInPlate | SingleImage | SerializeAsAny[CollectionInterface],
    BeforeValidator(_load),
]
"""A collection of any class, read back from JSON by its tag."""


def path_of(collection: AnyCollection) -> str:
    """Return the path of an image below the output folder."""
    path = collection.path
    return path if isinstance(path, str) else path()


def image_path(collection: AnyCollection) -> str | None:
    """Return an image's path without ``.zarr``; ``None`` for images in a plate."""
    if isinstance(collection, ImageInPlate):
        return None
    return path_of(collection).removesuffix(".zarr")


def well_indices(collection: AnyCollection) -> tuple[int | None, int | None]:
    """Return 0-based (row, column) of an image's well, twice ``None`` if it has none.

    Raises:
        ValueError: There are no such row and column.
    """
    if not isinstance(collection, ImageInPlate):
        return None, None
    return row_index(collection.row), column_index(collection.column)


def internal_collection(collection: AnyCollection) -> Collection:
    """Return the collection the writer knows; a layout of one's own is a single image.

    Raises:
        ValueError: The path has parts that are no plain names.
    """
    if isinstance(collection, ImageInPlate | SingleImage):
        return collection
    return SingleImage(image_path=path_of(collection).removesuffix(".zarr"))
