"""Zeiss CZI: a file of scenes (wells of a plate, or images), with mosaics; or a folder.

The directory of tiles and the XML are read with pylibCZIrw, pixels are not.
"""

from collections.abc import Mapping

from tiles2zarr.parsers.container_files import (
    find_containers,
    read_options,
    reading,
    wells_of_names,
)
from tiles2zarr.parsers.container_tiles import build_acquisition
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.records import ParsedAcquisition
from tiles2zarr.parsers.zeiss_czi_metadata import read_metadata
from tiles2zarr.parsers.zeiss_czi_tiles import CziTile, make_image


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a CZI file, or of a folder of such files.

    Scenes with wells make a plate, others single images. In a folder, the names of
    files may tell the wells.

    Args:
        path: File or folder, on a local disk.
        options: ``images``, ``positions``; see ``read_options``.
        storage: Options of the file system.

    Raises:
        ParserError: A file is damaged, or pylibCZIrw is not installed.
    """
    chosen = read_options(options or {}, "czi")
    folder, names, several = find_containers(path, "czi", storage)
    images = []
    for name in names:
        file = join(folder, name)
        with reading(file, "czi", "pylibCZIrw", storage):
            tiles, xml = _read_file(file)
            images.append(make_image(name, tiles, read_metadata(xml, file)))
    wells = wells_of_names(names) if several else {}
    return build_acquisition(images, folder, chosen, wells)


def _read_file(file: str) -> tuple[list[CziTile], str]:
    """Return the directory of a file, without its pyramid, and its XML."""
    from pylibCZIrw.czi import open_czi

    tiles: list[CziTile] = []

    def add(_: int, block: object) -> bool:
        coordinates = dict(block.coordinate.to_dict())  # type: ignore[attr-defined]
        mosaic = block.mIndex if block.is_mindex_valid() else None  # type: ignore[attr-defined]
        place = block.logicalRect  # type: ignore[attr-defined]
        pixels = block.pixelType.name  # type: ignore[attr-defined]
        tiles.append(
            CziTile(coordinates, mosaic, place.x, place.y, place.w, place.h, pixels)
        )
        return True

    with open_czi(file) as reader:
        reader.enumerate_subblocks_subset(add, only_layer0=True)
        return tiles, reader.raw_metadata
