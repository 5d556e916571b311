"""Paths and URLs of folders and files."""

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from tiles2zarr.errors import StoreError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


def join_url_paths(base_url: str, *paths: str) -> str:
    """Return a path or URL with further parts, ``.`` and ``..`` resolved.

    A part that begins with ``/`` is taken as relative, too.

    Raises:
        StoreError: ``..`` leads out of a URL's host or bucket.
    """
    protocol, separator, place = base_url.rpartition("://")
    parts = [part.strip("/") for part in paths]
    joined = posixpath.normpath("/".join([place.rstrip("/"), *filter(None, parts)]))
    if not separator:
        return "/" if base_url == "/" and joined == "." else joined
    host = place.split("/")[0]
    if host and joined.split("/")[0] != host:
        raise StoreError(
            f"{base_url} with {'/'.join(paths)} leads out of {protocol}://{host}. "
            "Correct the parts with '..'."
        )
    return f"{protocol}://{joined}"


def local_url_to_path(url: str) -> Path:
    """Return the absolute path of a local path or ``file://`` URL, ``~`` expanded.

    Raises:
        StoreError: The URL is not local.
    """
    place = url.removeprefix("file://")
    if "://" in place:
        raise StoreError(f"{url} is not local. Give a path or a file:// URL.")
    return Path(place).expanduser().absolute()


def is_local(url: str) -> bool:
    """Say whether a path or URL is on this machine's disks."""
    return "://" not in url or url.startswith("file://")


def filesystem_for_url(url: str) -> "AbstractFileSystem":
    """Return the fsspec file system of a path or URL.

    Raises:
        StoreError: No file system is known for the protocol, or it is not installed.
    """
    import fsspec.core

    try:
        return fsspec.core.url_to_fs(url)[0]
    except (ImportError, ValueError) as error:
        raise StoreError(
            f"{url} cannot be reached: {error}. Correct the protocol, or install what "
            "serves it (e.g. s3fs for s3://)."
        ) from error
