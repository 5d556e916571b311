"""Size and time of source files: how a changed, added or removed file is noticed."""

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

from tiles2zarr.loaders import resolve
from tiles2zarr.loaders.location import is_url
from tiles2zarr.models.image import SourceStats, TiledImage

STAT_THREADS = 8
"""A stat costs nothing locally and a round trip on a file server."""
MISSING = (-1, 0)
"""Size and time of a file that is not there (or not local, hence not watched)."""


def source_stats(image: TiledImage) -> SourceStats:
    """Return size and time of every file the image's tiles name, sorted by name."""
    files = source_files(image)
    with ThreadPoolExecutor(STAT_THREADS) as pool:
        locations = (resolve(image.resource, file) for file in files)
        rows = list(pool.map(stat_source, locations))
    return SourceStats(
        file=tuple(files),
        size=tuple(size for size, _ in rows),
        mtime_ns=tuple(mtime for _, mtime in rows),
    )


def source_files(image: TiledImage) -> list[str]:
    """Return the sorted names of the files with pixels of the image."""
    rows = zip(image.tiles.file, image.tiles.status, strict=True)
    return sorted({file for file, status in rows if status == "ok"})


def sharing_images(images: Iterable[TiledImage]) -> set[str]:
    """Return the ids of images with planes of a file that other images read too."""
    users: dict[str, list[str]] = {}
    for image in images:
        for file in source_files(image):
            users.setdefault(resolve(image.resource, file), []).append(image.image)
    return {i for found in users.values() if len(found) > 1 for i in found}


def stat_source(location: str) -> tuple[int, int]:
    """Return size and mtime_ns of a local file, ``MISSING`` for all else."""
    try:
        status = os.stat(location)
    except (OSError, ValueError):
        return MISSING
    return status.st_size, status.st_mtime_ns


def by_folder(images: Iterable[TiledImage]) -> Mapping[str, tuple[str, ...]]:
    """Return the local source files of images as folder to sorted names."""
    folders: dict[str, set[str]] = {}
    for image in images:
        for file in source_files(image):
            location = resolve(image.resource, file)
            if not is_url(location):
                path = PurePosixPath(location)
                folders.setdefault(str(path.parent), set()).add(path.name)
    return {folder: tuple(sorted(names)) for folder, names in sorted(folders.items())}
