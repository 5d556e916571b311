"""Files whose tags say in which order their pages run: their tiles plane by plane.

A tile of several planes takes the planes of its file in (t, c, z) order, z fastest.
ImageJ saves the channels of a plane one after the other, OME-TIFF in any order.
"""

from collections.abc import Mapping
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.errors import SourceError
from tiles2zarr.filesystems import is_url
from tiles2zarr.loaders import resolve
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.loader import FileLoader
from tiles2zarr.models.tiles import TileColumns
from tiles2zarr.parsers.ome_xml_tiff import is_tiff
from tiles2zarr.parsers.pattern_header import FileHeader, read_header
from tiles2zarr.parsers.pattern_ome import Order
from tiles2zarr.steps.sources import header_readers

Lengths = tuple[int, int, int]
"""Time points, channels and planes of a tile."""


def in_page_order(image: TiledImage, storage: Mapping[str, object]) -> TiledImage:
    """Return the image with one tile per plane where a file counts planes otherwise.

    Args:
        image: Tiles whose files are readable and have as many planes as declared.
        storage: Options of the sources' file system.

    Raises:
        SourceError: The tags of a file tell other axes than the table declares.
    """
    if not isinstance(image.loader, FileLoader):
        return image
    tiles = image.tiles
    rows = zip(
        tiles.len_t, tiles.len_c, tiles.len_z, tiles.status, tiles.plane, strict=True
    )
    several = {
        row: (t, c, z)
        for row, (t, c, z, status, plane) in enumerate(rows)
        if t * c * z > 1 and status == "ok" and plane == 0
    }

    def told(row: int) -> tuple[int, ...] | None:
        location = resolve(image.resource, tiles.file[row])
        return planes_of(location, several[row], storage)

    if not several:
        return image
    first = resolve(image.resource, tiles.file[next(iter(several))])
    with header_readers(far=is_url(first)) as pool:
        found = dict(zip(several, pool.map(told, several), strict=True))
    pages = {row: planes for row, planes in found.items() if planes is not None}
    return image.replace(tiles=_split(image, pages)) if pages else image


def planes_of(
    location: str, lengths: Lengths, storage: Mapping[str, object] | None = None
) -> tuple[int, ...] | None:
    """Return the number in the file of each plane of a tile, in (t, c, z) order.

    ``None`` where they stand in that order, or the file does not say. Along one axis
    only OME-TIFF can tell another order.

    Raises:
        SourceError: The tags of the file tell other axes, or planes of other files.
        ParserError: The file is damaged, or its OME-XML names a page or plane twice.
    """
    long = sum(n > 1 for n in lengths)
    if long == 0 or (long == 1 and not is_tiff(location)):
        return None
    header = read_header(location, storage)
    if header.pages * header.samples != prod(lengths):
        return None
    if header.tags.order == () and long > 1:
        raise SourceError(
            f"{location} has OME-XML that does not tell which of its planes the "
            f"{header.pages} pages are: the TiffData are about other files, or about "
            "planes of no common block. Give the files the names that stand there, "
            "read them by format ome_xml, or save the file without that description."
        )
    order = _order(location, header, lengths)
    if order is None:
        return None
    slowest_first = order[::-1]
    numbers = _numbers(header).reshape([n for _, n in slowest_first])
    axes = [axis for axis, _ in slowest_first]
    planes = numbers.transpose([axes.index(axis) for axis in "tcz"]).ravel()
    return None if (np.diff(planes) == 1).all() else tuple(planes.tolist())


def _numbers(header: FileHeader) -> NDArray[np.int64]:
    """Return the numbers in the file of its planes, in the order of its tags."""
    pages = np.argsort(header.tags.pages or range(header.pages))
    return np.add.outer(pages * header.samples, np.arange(header.samples)).ravel()


def _order(location: str, header: FileHeader, lengths: Lengths) -> Order | None:
    """Return t, c and z with their lengths in the file, the fastest first."""
    sizes = dict(zip("tcz", lengths, strict=True))
    declared = {axis: n for axis, n in sizes.items() if n > 1}
    told = [(axis, n) for axis, n in header.tags.order or () if n > 1]
    if header.samples > 1:
        told = _with_samples(told, header, declared)
    if dict(told) == declared:
        return (*told, *((axis, 1) for axis, n in sizes.items() if n == 1))
    if [n for _, n in told[::-1]] == [*declared.values()]:  # under other names
        return tuple(zip("zct", (sizes[axis] for axis in "zct"), strict=True))
    if len(told) < 2 and header.tags.pages is None:
        return None
    raise SourceError(
        f"{location} says that it holds {_words(dict(told))}, the table declares "
        f"{_words(declared)}. Correct length_t, length_c and length_z, or save the "
        "file without that description."
    )


def _with_samples(
    told: list[tuple[str, int]], header: FileHeader, declared: Mapping[str, int]
) -> list[tuple[str, int]]:
    """Return the axes with the colours of a page as its fastest one.

    Pages of colours that no tag explains run along the axis that is left.
    """
    if not told:
        told = [(a, n) for a, n in declared.items() if a != "c" and n == header.pages]
    return [("c", header.samples), *told[:1]] if len(told) == 1 else told


def _words(lengths: Mapping[str, int]) -> str:
    names = {"t": "time points", "c": "channels", "z": "planes"}
    return " x ".join(f"{n} {names[axis]}" for axis, n in lengths.items())


def _split(image: TiledImage, planes: Mapping[int, tuple[int, ...]]) -> TileColumns:
    """Return the tiles, those with ``planes`` once for each of them."""
    tiles, details = image.tiles, image.acquisition
    parts: list[tuple[int, int, int, int, int]] = []
    for row in range(len(tiles)):
        lengths = tiles.len_t[row], tiles.len_c[row], tiles.len_z[row]
        places = product(*map(range, lengths if row in planes else (1, 1, 1)))
        for plane, (t, c, z) in zip(planes.get(row, (0,)), places, strict=True):
            parts.append((row, tiles.plane[row] + plane, t, c, z))
    columns = {
        name: tuple(values[row] for row, *_ in parts)
        for name in TileColumns.model_fields
        if (values := getattr(tiles, name)) is not None
    }
    steps = {"t": details.t_spacing, "c": 1, "z": details.z_spacing}
    for number, axis in enumerate("tcz", start=2):
        columns[axis] = tuple(
            start + part[number] * steps[axis]
            for start, part in zip(columns[axis], parts, strict=True)
        )
        columns[f"len_{axis}"] = tuple(
            1 if part[0] in planes else length
            for length, part in zip(columns[f"len_{axis}"], parts, strict=True)
        )
    columns["plane"] = tuple(part[1] for part in parts)
    if tiles.z_um is not None:
        columns["z_um"] = tuple(
            None if z is None else z + part[4] * details.z_spacing
            for z, part in zip(columns["z_um"], parts, strict=True)
        )
    return tiles.replace(**columns)
