"""Files to sources of planes, by extension."""

from collections.abc import Mapping
from typing import BinaryIO

from tiles2zarr.filesystems import local_path
from tiles2zarr.loaders.containers import EXTENSIONS as CONTAINERS
from tiles2zarr.loaders.containers import open_container
from tiles2zarr.loaders.custom import CustomSource
from tiles2zarr.loaders.location import extension, open_binary, resolve
from tiles2zarr.loaders.source import (
    Header,
    PlaneSource,
    read_errors,
    unreadable,
)
from tiles2zarr.models.loader import CustomLoader, Loader

TIFF_EXTENSIONS = frozenset({"tif", "tiff", "tf2", "tf8", "btf", "stk"})
RASTER_EXTENSIONS: Mapping[str, str] = {
    "png": "PNG",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "bmp": "BMP",
}
EXTENSIONS = (*sorted(TIFF_EXTENSIONS), *RASTER_EXTENSIONS, "npy", *CONTAINERS)
"""Extensions of image files, without the dot, in lower case."""
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_FORMATS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"\x93NUMPY": "npy",
    b"ZISRAW": "CZI",
    b"\xda\xce\xbe\x0a": "ND2",
    b"\0\0\0\x0cjP  ": "ND2",  # of before 2010, in JPEG 2000
    b"\x70\0\0\0": "LIF",
    **dict.fromkeys(_TIFF_MAGIC, "TIFF"),
}


def open_source(
    file: str,
    resource: str,
    loader: Loader,
    storage: Mapping[str, object] | None = None,
) -> PlaneSource:
    """Open a file of planes; remote files are fetched whole, once.

    Files of a whole acquisition (CZI, ND2, LIF) are read piece by piece.

    Args:
        file: Path relative to ``resource``, an absolute path, or a URL.
        resource: Folder or URL.
        loader: How pixels are read.
        storage: Options for the URL's file system.

    Raises:
        SourceError: The file is absent, damaged, empty, or no image.
        ExtensionError: The loader's function cannot be imported.
    """
    return _open(resolve(resource, file), loader, storage, whole=True)


def is_fetched(file: str, resource: str, loader: Loader) -> bool:
    """Say whether ``open_source`` would fetch the file from elsewhere, as a whole."""
    location = resolve(resource, file)
    return (
        not isinstance(loader, CustomLoader)
        and local_path(location) is None
        and extension(location) not in CONTAINERS
    )


def open_handle(file: str, resource: str, handle: BinaryIO) -> PlaneSource:
    """Return the source of planes of a file that is open already.

    Args:
        file: As in ``open_source``; says the format.
        resource: Folder or URL.
        handle: The open file; it is closed with the source.

    Raises:
        SourceError: The file is damaged or no image.
    """
    return _by_format(resolve(resource, file), handle)


def probe(
    file: str,
    resource: str,
    loader: Loader,
    storage: Mapping[str, object] | None = None,
) -> Header:
    """Return a file's header without reading its pixels.

    Arguments and errors are those of ``open_source``. A custom loader's function is
    asked for plane 0.
    """
    with _open(resolve(resource, file), loader, storage, whole=False) as source:
        return source.header


def _open(
    location: str,
    loader: Loader,
    storage: Mapping[str, object] | None,
    *,
    whole: bool,
) -> PlaneSource:
    """Open a location with its loader."""
    if isinstance(loader, CustomLoader):
        return CustomSource(location, loader)
    whole = whole and extension(location) not in CONTAINERS
    handle = open_binary(location, storage, whole=whole)
    opened = False
    try:
        source = _by_format(location, handle)
        opened = True
    finally:
        if not opened:
            handle.close()
    return source


def _by_format(location: str, handle: BinaryIO) -> PlaneSource:
    """Return the reader of a file's format; each is imported only when needed."""
    suffix = extension(location)
    magic = _magic(location, handle)
    if suffix in TIFF_EXTENSIONS or (
        suffix not in EXTENSIONS and magic.startswith(_TIFF_MAGIC)
    ):
        _expect(location, magic, "TIFF")
        from tiles2zarr.loaders.tiff import TiffSource

        return TiffSource(location, handle)
    if suffix in RASTER_EXTENSIONS:
        _expect(location, magic, RASTER_EXTENSIONS[suffix])
        from tiles2zarr.loaders.raster import RasterSource

        return RasterSource(location, handle, RASTER_EXTENSIONS[suffix])
    if suffix == "npy":
        _expect(location, magic, "npy")
        from tiles2zarr.loaders.npy import NpySource

        return NpySource(location, handle, local_path(location))
    if suffix in CONTAINERS:
        _expect(location, magic, CONTAINERS[suffix])
        return open_container(location, handle, suffix)
    raise unreadable(
        location,
        f"its extension {suffix!r} is none of {' '.join(EXTENSIONS)} and it begins "
        f"with {magic[:8]!r}, which is not TIFF",
        "Convert it, or give a custom loader.",
    )


def _magic(location: str, handle: BinaryIO) -> bytes:
    """Return the first bytes of a file."""
    try:
        magic = handle.read(8)
        handle.seek(0)
    except read_errors() as error:
        raise unreadable(location, f"{type(error).__name__}: {error}") from error
    return magic


def _expect(location: str, magic: bytes, kind: str) -> None:
    """Check that a file begins as its extension promises.

    Raises:
        SourceError: It is text, another format, or rubbish.
    """
    found = next((f for start, f in _FORMATS.items() if magic.startswith(start)), None)
    if found == kind:
        return
    if found is not None:
        raise unreadable(
            location,
            f"its extension says {kind}, its content is {found}",
            "Rename the file.",
        )
    raise unreadable(location, f"it is no {kind} file, it begins with {magic!r}")
