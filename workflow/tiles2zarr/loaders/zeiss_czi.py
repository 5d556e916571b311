"""Zeiss CZI: tiles (sub-blocks) of scenes and mosaics, one at a time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tiles2zarr.loaders.containers import (
    KeptFrame,
    container_header,
    needing,
    runs_of,
)
from tiles2zarr.loaders.source import (
    ClosingSource,
    Header,
    check_plane,
    decoding,
    unreadable,
)
from tiles2zarr.models.containers import ZEISS_PIXELS, zeiss_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pylibCZIrw.czi import CziReader


@dataclass(frozen=True)
class _Tile:
    """One tile: its indices by axis, its place (x, y, width, height), pixel type."""

    coordinates: "Mapping[str, int]"
    place: tuple[int, int, int, int]
    pixels: str


class CziSource(ClosingSource):
    """The planes of a CZI file, in the order of ``models.containers.zeiss_key``.

    Only the directory of tiles is read when it is opened. A tile is read as the part of
    its scene where it lies: pixels that a mosaic's next tiles cover are theirs, as in
    the microscope's own view.
    """

    def __init__(self, name: str, path: str) -> None:
        """Read the directory.

        Args:
            name: The file, for messages.
            path: Its path.

        Raises:
            SourceError: Not an intact CZI file, or pylibCZIrw is not installed.
        """
        with needing(name, "pylibCZIrw", "czi"):
            from pylibCZIrw.czi import CziReader
        self._name = name
        self._kept = KeptFrame()
        with decoding(name, "CZI"):
            self._reader: CziReader = CziReader(path)
            self._tiles = _read_tiles(name, self._reader)
        self._planes = [
            (number, sample)
            for number, tile in enumerate(self._tiles)
            for sample in range(ZEISS_PIXELS[tile.pixels][1])
        ]
        shapes = [
            (tile.place[3], tile.place[2], ZEISS_PIXELS[tile.pixels][0])
            for tile in (self._tiles[number] for number, _ in self._planes)
        ]
        self._header = container_header(name, runs_of(shapes), len(shapes))

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        return self._header

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def read(self, plane: int) -> "NDArray[np.generic]":
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: The plane is not there or cannot be decoded.
        """
        check_plane(self._name, self._header, plane)
        number, sample = self._planes[plane]
        with decoding(self._name, "CZI"):
            pixels = self._kept.get(number, lambda: self._read_tile(number))
            stored = pixels.shape[2] - 1 - sample  # colours are stored blue first
            return np.array(pixels[:, :, stored], order="C")

    def _read_tile(self, number: int) -> "NDArray[np.generic]":
        tile = self._tiles[number]
        pixels: NDArray[np.generic] = self._reader.read(
            roi=tile.place,
            plane={a: i for a, i in tile.coordinates.items() if a != "S"},
            scene=tile.coordinates.get("S"),
            pixel_type=tile.pixels,
        )
        return pixels


def _read_tiles(name: str, reader: "CziReader") -> list[_Tile]:
    """Return the tiles of full resolution in the order of planes."""
    found: list[tuple[tuple[int, ...], _Tile]] = []
    unknown: list[str] = []

    def add(_: int, block: object) -> bool:
        coordinates = dict(block.coordinate.to_dict())  # type: ignore[attr-defined]
        rectangle = block.logicalRect  # type: ignore[attr-defined]
        place = (rectangle.x, rectangle.y, rectangle.w, rectangle.h)
        pixels = block.pixelType.name  # type: ignore[attr-defined]
        if pixels not in ZEISS_PIXELS:
            unknown.append(pixels)
        mosaic = block.mIndex if block.is_mindex_valid() else 0  # type: ignore[attr-defined]
        key = zeiss_key(coordinates | {"M": mosaic})
        found.append((key, _Tile(coordinates, place, pixels)))
        return True

    reader.enumerate_subblocks_subset(add, only_layer0=True)
    if unknown:
        raise unreadable(
            name,
            f"its pixels are of the type {unknown[0]}, expected one of "
            f"{', '.join(ZEISS_PIXELS)}",
            "Export it with one of these types.",
        )
    return [tile for _, tile in sorted(found, key=lambda pair: pair[0])]
