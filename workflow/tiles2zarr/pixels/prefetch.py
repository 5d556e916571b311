"""Remote tiles, fetched once each and before they are needed.

A server answers after milliseconds, so the next files are under way while chunks are
filled. A file that is needed once waits in memory; one that is needed again lies in a
temporary file without a name, so memory stays bounded and nothing is left behind.
"""

import io
import os
import tempfile
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tiles2zarr.loaders import is_fetched, open_handle, resolve
from tiles2zarr.loaders.location import fetch, open_ranges
from tiles2zarr.loaders.source import PlaneSource
from tiles2zarr.models.image import RegisteredImage

REQUESTS = 32
"""Files fetched at the same time, if they are small."""
AHEAD_BYTES = 64 * 2**20
"""Bytes of files that are under way or wait for their first use."""
_FIRST_REQUESTS = 4
"""Files fetched at the same time before the size of one is known."""


class Arrived(Protocol):
    """A file that is here."""

    def open(self) -> BinaryIO:
        """Return it, open for one thread."""

    def close(self) -> None:
        """Let it go."""


@dataclass
class _File:
    """One file on its way: how often it is still read from, and where it is."""

    uses: int
    kept: bool
    coming: "Future[Arrived] | None" = None
    taken: bool = False


class Prefetch:
    """The remote files of an image, in the order in which they are first needed."""

    def __init__(
        self,
        image: RegisteredImage,
        planes: Mapping[tuple[str, int], int],
        storage: Mapping[str, object],
    ) -> None:
        """Plan the files of ``planes``; nothing is fetched before the first is taken.

        Args:
            image: Says where its files are.
            planes: How often each plane, by file and number, is read; in order.
            storage: Options of the sources' file system.
        """
        self._resource = image.resource
        self._storage = storage
        uses: dict[str, int] = {}
        for (file, _), count in planes.items():
            uses[file] = uses.get(file, 0) + count
        self._files = {
            file: _File(count, kept=count > 1)
            for file, count in uses.items()
            if is_fetched(file, image.resource, image.loader)
        }
        self._next = iter(self._files)
        self._largest = 0
        self._ahead = 0
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def __contains__(self, file: str) -> bool:
        """Say whether the file is one that is fetched."""
        return file in self._files

    def open(self, file: str) -> PlaneSource:
        """Return the source of a file's planes; waits until the file is here.

        Raises:
            SourceError: It cannot be fetched, or is damaged.
        """
        entry = self._files[file]
        with self._lock:
            coming = entry.coming or self._start(entry, file)
            if not entry.taken:
                entry.taken = True
                self._ahead -= 1
            self._start_next()
        return open_handle(file, self._resource, coming.result().open())

    def used(self, file: str) -> None:
        """Note that a plane of the file was read; after the last one it is let go."""
        entry = self._files[file]
        with self._lock:
            entry.uses -= 1
            over = entry.uses <= 0
        if over:
            _let_go(entry)

    def close(self) -> None:
        """Let everything go, wanted or not."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
        for entry in self._files.values():
            _let_go(entry)

    def _start_next(self) -> None:
        """Start fetching as many files as there is room for; the lock is held."""
        room = AHEAD_BYTES // self._largest if self._largest else _FIRST_REQUESTS
        while self._ahead < max(1, min(room, REQUESTS)):
            file = next(self._next, None)
            if file is None:
                return
            if self._files[file].coming is None and not self._files[file].taken:
                self._start(self._files[file], file)

    def _start(self, entry: _File, file: str) -> "Future[Arrived]":
        if self._pool is None:
            self._pool = ThreadPoolExecutor(REQUESTS)
        entry.coming = self._pool.submit(self._fetch, file, kept=entry.kept)
        self._ahead += 1
        return entry.coming

    def _fetch(self, file: str, *, kept: bool) -> Arrived:
        content = fetch(resolve(self._resource, file), self._storage)
        with self._lock:
            self._largest = max(self._largest, len(content))
        return _Spooled(content) if kept else _InMemory(content)


def _let_go(entry: _File) -> None:
    coming, entry.coming = entry.coming, None
    arrived = coming is not None and coming.done() and not coming.cancelled()
    if coming is not None and arrived and coming.exception() is None:
        coming.result().close()


@dataclass(frozen=True)
class _InMemory:
    """A file that is opened once."""

    content: bytes

    def open(self) -> BinaryIO:
        """Return it."""
        return io.BytesIO(self.content)

    def close(self) -> None:
        """Do nothing: memory goes with its last reference."""


class _Spooled:
    """A temporary copy without a name, read by many threads."""

    def __init__(self, content: bytes) -> None:
        """Write the copy."""
        self._size = len(content)
        # closed with the last use, by whichever thread it is
        self._stream = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._stream.write(content)

    def open(self) -> BinaryIO:
        """Return the copy, with a position of its own."""
        return open_ranges(self._read, self._size)

    def _read(self, start: int, end: int) -> bytes:
        return os.pread(self._stream.fileno(), end - start, start)

    def close(self) -> None:
        """Give the copy's disk space back."""
        self._stream.close()


def prefetch_of(
    image: RegisteredImage,
    planes: Mapping[tuple[str, int], int],
    storage: Mapping[str, object],
) -> Prefetch | None:
    """Return the prefetch of an image, ``None`` where all its files are local."""
    names: Iterable[str] = (file for file, _ in planes)
    if not any(is_fetched(file, image.resource, image.loader) for file in names):
        return None
    return Prefetch(image, planes, storage)
