"""How the pixels of a tile are read: a file, or a class of the user's."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, SerializeAsAny

from tiles2zarr.api.tagged import Tagged, class_tag, load_tagged
from tiles2zarr.errors import SourceError
from tiles2zarr.models.loader import CustomLoader, FileLoader, Loader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.generic]

FUNCTION = "tiles2zarr.api.loaders:read_plane"
"""The function that reads planes of loaders that are no plain files."""


class ImageLoaderInterface(Tagged, ABC):
    """What reads a tile; derive from it to read pixels in a way of your own.

    Fields say where the pixels are; they are plain values, because loaders travel to
    other processes as JSON. ``resource`` is the base folder or URL.
    """

    @abstractmethod
    def load_data(self, resource: str | None = None) -> "Pixels":
        """Return all pixels; the last two axes are (y, x), planes go before."""

    def find_data_type(self, resource: str | None = None) -> str:
        """Return the pixel type, e.g. ``uint16``."""
        return str(self.load_data(resource).dtype.name)

    def load_plane(
        self, plane: int, resource: str | None = None, planes: int | None = None
    ) -> "Pixels":
        """Return one plane as a (y, x) array; planes are counted in file order.

        Args:
            plane: Number of the plane, from 0.
            resource: Base folder or URL.
            planes: How many planes are expected in all.

        Raises:
            SourceError: There are not as many planes as expected.
        """
        pixels = self.load_data(resource)
        stack = pixels.reshape(-1, *pixels.shape[-2:])
        if planes is not None and len(stack) != planes:
            raise wrong_planes(self, len(stack), planes)
        chosen: Pixels = stack[plane]
        return chosen


def wrong_planes(loader: ImageLoaderInterface, found: int, planes: int) -> SourceError:
    """Return the error of a loader that has more or fewer planes than declared."""
    return SourceError(
        f"{loader!r} holds {found} planes, the tile declares {planes}. Correct the "
        "tile's lengths, or the loader."
    )


class DefaultImageLoader(ImageLoaderInterface):
    """Reads image files: tif tiff (BigTIFF, stk, ome.tif too) png jpg jpeg bmp npy."""

    file_path: str
    """Path relative to the resource; absolute paths and URLs as they are."""

    def load_data(self, resource: str | None = None) -> "Pixels":
        """Return the pixels as (y, x), or as (plane, y, x) where there are several.

        Raises:
            SourceError: The file is absent or damaged.
        """
        import numpy as np

        from tiles2zarr.loaders import open_source

        with open_source(self.file_path, resource or "", FileLoader()) as source:
            planes = [source.read(plane) for plane in range(source.header.planes)]
        return planes[0] if len(planes) == 1 else np.stack(planes)

    def find_data_type(self, resource: str | None = None) -> str:
        """Return the pixel type from the file's header.

        Raises:
            SourceError: The file is absent or damaged.
        """
        from tiles2zarr.loaders import probe

        return probe(self.file_path, resource or "", FileLoader()).dtype

    def load_plane(
        self, plane: int, resource: str | None = None, planes: int | None = None
    ) -> "Pixels":
        """Return one plane as a (y, x) array, without reading the others.

        Raises:
            SourceError: The file is absent, damaged, or of another number of planes.
        """
        from tiles2zarr.loaders import open_source

        with open_source(self.file_path, resource or "", FileLoader()) as source:
            if planes is not None and source.header.planes != planes:
                raise wrong_planes(self, source.header.planes, planes)
            return source.read(plane)


def planes_in_file(
    loader: ImageLoaderInterface,
    lengths: tuple[int, int, int],
    resource: str | None = None,
) -> tuple[int, ...]:
    """Return the number in its file of each plane of a tile, in (t, c, z) order.

    Args:
        loader: The loader; one of a class of the user's counts in that order.
        lengths: Time points, channels and planes.
        resource: Base folder or URL.

    Raises:
        SourceError: The tags of the file tell other axes.
    """
    from tiles2zarr.loaders import resolve
    from tiles2zarr.steps.page_order import planes_of

    told = None
    if isinstance(loader, DefaultImageLoader):
        told = planes_of(resolve(resource or "", loader.file_path), lengths)
    return told or tuple(range(math.prod(lengths)))


def _load(value: object) -> object:
    return load_tagged(value, ImageLoaderInterface)  # type: ignore[type-abstract]


AnyLoader = Annotated[SerializeAsAny[ImageLoaderInterface], BeforeValidator(_load)]
"""A loader of any class, read back from JSON by its tag."""


def file_entry(
    loader: ImageLoaderInterface,
    *,
    plain: bool,
    lengths: tuple[int, int, int] | None = None,
) -> str:
    """Return what stands for a loader in the file column of an image.

    Args:
        loader: The loader.
        plain: Whether all loaders of the image read plain files.
        lengths: Time points, channels and planes of the tile, where known. A file
            beside loaders of other classes keeps them: its tags may order its planes.

    Raises:
        ExtensionError: The loader's class cannot be found by another process.
    """
    if plain and isinstance(loader, DefaultImageLoader):
        return loader.file_path
    class_tag(type(loader))  # raised here, for pydantic would hide it
    planes = None if lengths is None else math.prod(lengths)
    entry: dict[str, object] = {
        "loader": loader.model_dump(mode="json"),
        "planes": planes,
    }
    if lengths is not None and isinstance(loader, DefaultImageLoader):
        entry["lengths"] = lengths
    return json.dumps(entry, sort_keys=True)


def image_loader(resource: str, *, plain: bool) -> Loader:
    """Return the reader of an image whose tiles have the entries of `file_entry`."""
    if plain:
        return FileLoader()
    return CustomLoader(function=FUNCTION, options={"resource": resource})


def read_plane(entry: str, plane: int, options: Mapping[str, object]) -> "Pixels":
    """Return a plane by the loader that an entry of `file_entry` stands for."""
    described = json.loads(entry)
    loader = _load(described["loader"])
    if not isinstance(loader, ImageLoaderInterface):
        raise SourceError(f"{entry} names no loader. Aggregate the tiles again.")
    resource = str(options["resource"]) or None
    if "lengths" in described:
        t, c, z = described["lengths"]
        plane = planes_in_file(loader, (t, c, z), resource)[plane]
    return loader.load_plane(plane, resource, described["planes"])
