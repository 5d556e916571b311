"""A folder as a store."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tiles2zarr.errors import StoreError
from tiles2zarr.temporary import beside, sweep

SYNC_THREADS = 8
"""Waiting for the disk costs no CPU: eight files wait together."""
RELEASED = 2**17
"""Bytes from which on a file leaves the system's cache once it is on the disk.

A conversion writes more than the cache holds, and nothing reads its large chunks next:
the tiles still to be read stay cached instead, and the system need not find new memory
for every chunk. Small levels and metadata, which the report and viewers read, stay.
"""

CURES = {
    "ENOSPC": "Free space on the output disk and run again.",
    "EDQUOT": "Your quota is used up: free space and run again.",
    "EROFS": "The output is read-only: choose another `output`.",
    "EACCES": "Get write permission there or choose another `output`.",
    "EPERM": "Get write permission there or choose another `output`.",
    "ENOTDIR": "A part of this path is a file: move it away and run again.",
    "EEXIST": "A part of this path is a file or a dead link: move it away and run "
    "again.",
    "ELOOP": "A part of this path is a link to itself: remove it and run again.",
}
"""What helps, by the symbol of the system's error."""


def explain(error: OSError, path: Path) -> StoreError:
    """Return the StoreError that says what the system refused and what helps."""
    name = errno_name(error)
    cure = CURES.get(name, "Check the output disk and run again.")
    return StoreError(f"{path} cannot be written: {error.strerror} ({name}). {cure}")


def refused(error: OSError) -> StoreError:
    """Return the StoreError for what the system refused at a file it names, or none."""
    name = errno_name(error)
    if error.filename is not None and name in CURES:
        return explain(error, Path(str(error.filename)))
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    cure = CURES.get(name, "Check the disk and the rights, and run again.")
    return StoreError(f"{place}{reason} ({name}). {cure}")


def errno_name(error: OSError) -> str:
    """Return the symbol of an OSError's number, ``ENOSPC``."""
    from errno import errorcode

    return errorcode.get(error.errno or 0, "unknown")


class LocalStore:
    """Objects are files below a folder."""

    def __init__(self, root: str | Path, *, durable: bool = True) -> None:
        """Use ``root``; it need not exist yet.

        Args:
            root: The folder.
            durable: Wait for the disk: a loss of power then loses nothing that was
                called finished.
        """
        self.root = Path(root)
        self._durable = durable
        self._folders: set[Path] = set()
        self._waiting: list[Future[None]] = []
        self._pool: ThreadPoolExecutor | None = None

    def __reduce__(self) -> tuple[type["LocalStore"], tuple[Path]]:
        """Travel to other processes as the folder alone, without open files."""
        return LocalStore, (self.root,)

    @property
    def url(self) -> str:
        """The folder as text."""
        return str(self.root)

    @property
    def options(self) -> Mapping[str, object]:
        """Nothing: a folder needs no options."""
        return {}

    @property
    def requests(self) -> int:
        """One: a disk answers at once."""
        return 1

    def get(self, key: str) -> bytes | None:
        """Return the file's bytes, or ``None`` if there is no such file."""
        try:
            return (self.root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, key: str, data: bytes) -> None:
        """Write beside, then rename over the old file.

        Raises:
            StoreError: The disk is full, read-only or not ours.
        """
        path = self.root / key
        new = beside(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            sweep(path)
            try:
                with open(new, "wb") as stream:
                    stream.write(data)
                    if self._durable:
                        stream.flush()
                        os.fsync(stream.fileno())
                os.replace(new, path)
            finally:
                new.unlink(missing_ok=True)
        except OSError as error:
            raise explain(error, path) from error

    def put_chunk(self, key: str, data: bytes) -> None:
        """Write a new file; the disk is waited for in ``flush``.

        Raises:
            StoreError: The disk is full, read-only or not ours.
        """
        path = self.root / key
        try:
            if path.parent not in self._folders:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._folders.add(path.parent)
            with open(path, "xb", buffering=0) as stream:
                view = memoryview(data)
                while view:
                    view = view[stream.write(view) :]
        except OSError as error:
            raise explain(error, path) from error
        if not self._durable:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(SYNC_THREADS)
        self._waiting.append(self._pool.submit(sync_file, path))

    def flush(self) -> None:
        """Wait for every file of ``put_chunk`` and the folders that list them.

        Raises:
            StoreError: The disk reported an error late.
        """
        if self._pool is None:
            return
        waiting, self._waiting = self._waiting, []
        pool, self._pool = self._pool, None
        try:
            for folder in sorted(self._folders):
                waiting.append(pool.submit(sync_file, folder))
            for future in waiting:
                future.result()
        finally:
            self._folders.clear()
            pool.shutdown(cancel_futures=True)

    def delete(self, key: str) -> None:
        """Remove a file or a folder with all that is in it.

        Raises:
            StoreError: The system refused.
        """
        path = self.root / key
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explain(error, path) from error

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every file below ``prefix``, in no order."""
        stack = [prefix.rstrip("/")]
        while stack:
            folder = stack.pop()
            try:
                entries = list(os.scandir(self.root / folder))
            except (FileNotFoundError, NotADirectoryError):
                continue
            for entry in entries:
                key = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    stack.append(key)
                else:
                    yield key, entry.stat().st_size

    def children(self, prefix: str) -> tuple[str, ...]:
        """Return the sorted names in the folder, none if there is no folder."""
        try:
            return tuple(sorted(os.listdir(self.root / prefix)))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def below(self, prefix: str) -> "LocalStore":
        """Return the store of a sub-folder."""
        return LocalStore(self.root / prefix, durable=self._durable)

    def derived(self) -> "LocalStore":
        """Return the same folder for what can be made again: no wait for the disk."""
        return LocalStore(self.root, durable=False)


def sync_file(path: Path) -> None:
    """Wait until a file's or folder's content is on the disk; let go of large files.

    Raises:
        StoreError: The disk reported an error.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            _let_go(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise explain(error, path) from error


def _let_go(descriptor: int) -> None:
    """Drop a large file that is on the disk from the system's cache, where one can."""
    known = os.fstat(descriptor)
    if not stat.S_ISREG(known.st_mode) or known.st_size < RELEASED:
        return
    # only advice: a file system that does not take it, or macOS, keeps the file cached
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
