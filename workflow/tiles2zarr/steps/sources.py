"""Size and time of source files: how a changed, added or removed file is noticed."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

from tiles2zarr.filesystems import local_path
from tiles2zarr.loaders import resolve
from tiles2zarr.models.image import SourceStats, TiledImage
from tiles2zarr.steps.listings import Listings, split_url

_THREADS = 4
"""Headers are small reads: more threads hide the latency of a file server."""
_FAR_THREADS = 32
"""The same for files behind URLs, where all is latency."""


def header_readers(*, far: bool) -> ThreadPoolExecutor:
    """Return the threads that read headers of files, ``far`` ones behind URLs."""
    return ThreadPoolExecutor(_FAR_THREADS if far else _THREADS)


def source_stats(
    image: TiledImage, storage: Mapping[str, object], listings: Listings
) -> SourceStats:
    """Return size and time of every file the image's tiles name, sorted by name.

    Args:
        image: The image.
        storage: Options of its sources' file system.
        listings: What is known of folders behind URLs.
    """
    files = source_files(image)
    locations = [resolve(image.resource, file) for file in files]
    rows = listings.stats(locations, storage)
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


def by_folder(images: Iterable[TiledImage]) -> Mapping[str, tuple[str, ...]]:
    """Return the source files of images as folder, or its URL, to sorted names."""
    folders: dict[str, set[str]] = {}
    for image in images:
        for folder, name in _places(image):
            folders.setdefault(folder, set()).add(name)
    return {folder: tuple(sorted(names)) for folder, names in sorted(folders.items())}


def far_folders(images: Iterable[TiledImage]) -> dict[str, int]:
    """Return the URLs among ``by_folder``, each with the acquisition that reads it."""
    return {
        folder: image.acquisition_id
        for image in images
        for folder, _ in _places(image)
        if local_path(folder) is None
    }


def _places(image: TiledImage) -> Iterator[tuple[str, str]]:
    """Yield folder and name of each source file."""
    for file in source_files(image):
        location = resolve(image.resource, file)
        path = local_path(location)
        if path is None:
            yield split_url(location)
        else:
            yield str(PurePosixPath(path).parent), PurePosixPath(path).name
