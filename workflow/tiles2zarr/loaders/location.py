"""Where files are, and how they are opened: local paths and URLs."""

import io
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from tiles2zarr.errors import SourceError
from tiles2zarr.filesystems import (
    explain_remote,
    is_url,
    local_path,
    open_filesystem,
    patiently,
    read_object,
)
from tiles2zarr.loaders.source import read_errors, unreadable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEADER_BLOCK = 1 << 16
"""Bytes fetched at a time when only the header of a remote file is wanted."""


def resolve(resource: str, file: str) -> str:
    """Return the location of a file given relative to a folder or URL.

    Absolute paths and URLs are returned as they are.
    """
    if is_url(file) or file.startswith("/") or not resource:
        return file
    return f"{resource.rstrip('/')}/{file}"


def extension(location: str) -> str:
    """Return the extension in lower case without the dot; a URL's query is left out."""
    path = location
    if location.startswith(("http://", "https://")):
        path = location.partition("?")[0].partition("#")[0]
    return PurePosixPath(path).suffix.lower().lstrip(".")


def open_binary(
    location: str, storage: Mapping[str, object] | None, *, whole: bool
) -> BinaryIO:
    """Open a file for reading, seekable.

    Args:
        location: Path or URL.
        storage: Options for the URL's file system.
        whole: Fetch a remote file at once, in one request; otherwise block by block.

    Raises:
        SourceError: The file cannot be opened or is empty.
    """
    path = local_path(location)
    if path is not None:
        handle = _open_local(path)
        size = os.fstat(handle.fileno()).st_size
    else:
        handle = _open_remote(location, storage or {}, whole)
        size = handle.seek(0, io.SEEK_END)
        handle.seek(0)
    if size == 0:
        handle.close()
        raise unreadable(location, "it is empty (0 bytes)")
    return handle


def _open_local(path: str) -> BinaryIO:
    """Open a local file, with an error that says what is there instead."""
    try:
        if stat.S_ISREG(os.stat(path).st_mode) or os.path.isdir(path):
            return open(path, "rb")
    except FileNotFoundError as error:
        if Path(path).is_symlink():
            raise unreadable(
                path,
                f"it is a symbolic link to {Path(path).readlink()}, which does not "
                "exist",
                "Mount or copy the link's target.",
            ) from error
        raise unreadable(
            path,
            "there is no such file",
            "Correct the path in the table (relative to its folder), or copy the file.",
        ) from error
    except IsADirectoryError as error:
        raise unreadable(
            path, "it is a folder, expected an image file", "Correct the path."
        ) from error
    except PermissionError as error:
        raise unreadable(
            path, "permission is denied", "Give the user of the job read access."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        if "\0" in path:
            reason = "embedded null byte"  # Python versions say it differently
        raise unreadable(path, reason.lower(), "Correct the path.") from error
    # a named pipe would be waited for without end
    raise unreadable(
        path, "it is a device or a pipe, expected a file", "Correct the path."
    )


def fetch(location: str, storage: Mapping[str, object] | None) -> bytes:
    """Return all bytes of a URL, in one request.

    Raises:
        SourceError: The object cannot be had or is empty.
    """
    try:
        content = read_object(location, storage)
    except FileNotFoundError as error:
        raise _absent(location) from error
    except read_errors() as error:
        raise _remote_fault(location, error) from error
    if not content:
        raise unreadable(location, "it is empty (0 bytes)")
    return content


def _open_remote(location: str, storage: Mapping[str, object], whole: bool) -> BinaryIO:
    """Open a URL with fsspec."""
    if whole:
        return io.BytesIO(fetch(location, storage))
    try:
        system, path = open_filesystem(location, storage)
        if not location.startswith(("http://", "https://")):
            size = int(str(patiently(lambda: system.info(path))["size"]))

            def read(start: int, end: int) -> bytes:
                return bytes(
                    patiently(lambda: system.cat_file(path, start=start, end=end))
                )

            return open_ranges(read, size)
        try:
            handle = system.open(path, "rb", block_size=_HEADER_BLOCK)
            handle.seek(0, io.SEEK_END)
            return handle
        except (ValueError, NotImplementedError):
            pass  # a server without ranges: only the whole file can be had
    except FileNotFoundError as error:
        raise _absent(location) from error
    except read_errors() as error:
        raise _remote_fault(location, error) from error
    return io.BytesIO(fetch(location, storage))


def open_ranges(read: Callable[[int, int], bytes], size: int) -> BinaryIO:
    """Return an open file of ``size`` bytes that is read by ``read(start, end)``."""
    return cast("BinaryIO", io.BufferedReader(RangeFile(read, size), _HEADER_BLOCK))


class RangeFile(io.RawIOBase):
    """A file that is read piece by piece, without a position others could move."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        """Read a file of ``size`` bytes by ``read(start, end)``."""
        self._read = read
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position and return it."""
        start = (0, self._position, self._size)[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the buffer as far as the file goes; return the bytes got."""
        view = memoryview(buffer).cast("B")
        start = self._position
        end = min(self._size, start + len(view))
        if end <= start:
            return 0
        content = self._read(start, end)
        if len(content) != end - start:
            raise EOFError(f"got {len(content)} of {end - start} bytes")
        view[: len(content)] = content
        self._position = end
        return len(content)


def _absent(location: str) -> SourceError:
    return unreadable(
        location, "there is no such object", "Correct the URL, or upload the file."
    )


def _remote_fault(location: str, error: BaseException) -> SourceError:
    """Return the error of a URL that cannot be opened."""
    return unreadable(
        location,
        explain_remote(error),
        "Check the URL, the network, the credentials and `storage_options`.",
    )


def read_into(handle: BinaryIO, buffer: memoryview, offset: int) -> int:
    """Fill ``buffer`` from a file at ``offset``; return the bytes got.

    Local files are read with as few system calls as possible and without moving the
    file's position.
    """
    try:
        descriptor = handle.fileno()
    except (OSError, AttributeError):  # not a file of the operating system
        handle.seek(offset)
        content = handle.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)
    got = 0
    while got < len(buffer):
        count = os.preadv(descriptor, [buffer[got:]], offset + got)
        if count == 0:
            break
        got += count
    return got
