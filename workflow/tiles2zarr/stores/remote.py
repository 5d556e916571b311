"""An object store as a store: anything fsspec can write to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tiles2zarr.credentials import redact
from tiles2zarr.errors import StoreError
from tiles2zarr.filesystems import (
    PATIENCE_S,
    S3,
    FileSystem,
    explain_remote,
    open_filesystem,
    patiently,
    protocol_of,
    remote_errors,
)
from tiles2zarr.stores.sending import REQUESTS, Sender

T = TypeVar("T")
_ROUNDS = 5
"""Times a deletion is repeated while something is still listed."""
_MAGIC = frozenset("*?[]")


@dataclass(frozen=True)
class Seen:
    """What a server says of an object."""

    etag: str | None
    """Its version, if the server tells one."""
    modified: datetime | None
    """When it was written, by the server's clock."""


class RemoteStore:
    """Objects below a URL."""

    def __init__(
        self,
        url: str,
        options: Mapping[str, object] | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Use ``url``; no request is made.

        Args:
            url: Where all keys begin.
            options: Options of the file system, as in the config.
            patience_s: Seconds a request is repeated for while the server fails.

        Raises:
            StoreError: What serves the protocol is not known or not installed.
        """
        self._url = url.rstrip("/")
        self._options = dict(options or {})
        self._patience_s = patience_s
        self._sender = Sender()
        try:
            self._system, path = open_filesystem(self._url, self._options)
        except remote_errors(ImportError, ValueError, TypeError) as error:
            raise StoreError(
                f"{redact(self._url)} cannot be reached: {explain_remote(error)}. "
                "Correct the protocol and storage_options, or install what serves it."
            ) from error
        self._path = path.rstrip("/")

    def __reduce__(self) -> tuple[type["RemoteStore"], tuple[str, dict[str, object]]]:
        """Travel to other processes as URL and options, without connections."""
        return RemoteStore, (self._url, self._options)

    @property
    def url(self) -> str:
        """The URL."""
        return self._url

    @property
    def options(self) -> Mapping[str, object]:
        """Options of the file system."""
        return self._options

    @property
    def requests(self) -> int:
        """As many as are sent at a time."""
        return REQUESTS

    def get(self, key: str) -> bytes | None:
        """Return the object, or ``None`` if there is none.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        try:
            return bytes(self._run(lambda fs: fs.cat_file(self._at(key)), key))
        except FileNotFoundError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Replace the object; a server shows the old or the new one, never a part.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        try:
            self._run(lambda fs: fs.pipe_file(self._at(key), data), key)
        except FileNotFoundError as error:
            raise self._refused(key, error) from error

    def put_chunk(self, key: str, data: bytes) -> None:
        """Have the object written soon; it is there after ``flush``.

        Raises:
            StoreError: An earlier object could not be written.
        """
        self._sender.send(lambda: self.put(key, data), len(data))

    def flush(self) -> None:
        """Wait until the server has confirmed every object.

        Raises:
            StoreError: One could not be written.
        """
        self._sender.wait()

    def stop(self) -> None:
        """Give up what was not yet sent."""
        self._sender.stop()

    def delete(self, key: str) -> None:
        """Remove the object and everything below the key, if there.

        Raises:
            StoreError: The server gives no answer, or something stays.
        """
        for _ in range(_ROUNDS):
            paths = [self._at(found) for found, _ in self.sizes(key)]
            if not paths:
                return
            self._remove(paths)
        raise StoreError(
            f"{redact(self.url)}/{key} cannot be removed: the server lists "
            f"{len(paths)} objects after {_ROUNDS} deletions. Give the right to delete."
        )

    def drop(self, *keys: str) -> None:
        """Remove objects one after another, if there.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        for key in keys:
            self._remove_one(self._at(key))

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size of every object below ``prefix``, and of itself.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        prefix = prefix.rstrip("/")

        def find(system: FileSystem) -> dict[str, dict[str, object]]:
            system.invalidate_cache()
            return system.find(self._at(prefix), detail=True)

        try:
            found = self._run(find, prefix)
        except FileNotFoundError:
            return
        skip = len(self._path) + 1
        for path, entry in found.items():
            if entry.get("type") != "directory":
                yield path[skip:], int(str(entry["size"]))

    def children(self, prefix: str) -> tuple[str, ...]:
        """Return the sorted names directly below ``prefix``.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        place = self._at(prefix.rstrip("/"))

        def ls(system: FileSystem) -> list[dict[str, object]]:
            system.invalidate_cache()
            return system.ls(place, detail=True)

        try:
            entries = self._run(ls, prefix)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        paths = {str(entry["name"]).rstrip("/") for entry in entries} - {place}
        return tuple(sorted(path.rpartition("/")[2] for path in paths))

    def below(self, prefix: str) -> "RemoteStore":
        """Return the store that starts at ``prefix``, with a queue of its own."""
        url = f"{self._url}/{prefix}" if prefix else self._url
        return RemoteStore(url, self._options, patience_s=self._patience_s)

    def derived(self) -> "RemoteStore":
        """Return the same store: what a server confirmed is durable anyway."""
        return self

    def create(self, key: str, data: bytes) -> bool:
        """Write an object if there is none; say whether it is ours now.

        One step where the server has conditional writes (S3 and its kind, Google);
        elsewhere a look, the write, and a look again.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        if self.get(key) is not None:
            return False
        try:
            self._run(lambda fs: fs.pipe_file(self._at(key), data, mode="create"), key)
            if protocol_of(self._url) in S3:
                return True
        except FileExistsError:
            pass  # another's, or our own first try whose answer got lost
        except (TypeError, NotImplementedError):
            self.put(key, data)
        except FileNotFoundError as error:
            raise self._refused(key, error) from error
        return self.get(key) == data

    def replace(self, key: str, data: bytes, seen: Seen) -> bool:
        """Write an object if it is still the one that was seen; say if it is ours now.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        match = {}
        if seen.etag is not None and protocol_of(self._url) in S3:
            match = {"IfMatch": seen.etag}
        try:
            self._run(lambda fs: fs.pipe_file(self._at(key), data, **match), key)
        except FileNotFoundError:
            return False
        except StoreError:
            if not match or self.seen(key) == seen:
                raise
        return self.get(key) == data

    def seen(self, key: str) -> Seen | None:
        """Return what the server says of an object, ``None`` if there is none.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        try:
            entry = self._run(lambda fs: fs.info(self._at(key)), key)
        except FileNotFoundError:
            return None
        etag = entry.get("ETag") or entry.get("etag")
        times = (entry.get(n) for n in ("LastModified", "last_modified", "created"))
        modified = next((time for time in times if isinstance(time, datetime)), None)
        return Seen(str(etag) if etag else None, modified)

    def _at(self, key: str) -> str:
        return f"{self._path}/{key}" if key else self._path

    def _remove(self, paths: list[str]) -> None:
        if any(_MAGIC & set(path) for path in paths):  # rm would take it for a pattern
            for path in paths:
                self._remove_one(path)
            return
        with suppress(FileNotFoundError):
            self._run(lambda fs: fs.rm(paths), paths[0])

    def _remove_one(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._run(lambda fs: fs.rm_file(path), path)

    def _run(self, call: Callable[[FileSystem], T], key: str) -> T:
        """Return what a request returns; what is not there or in the way is raised."""
        try:
            return patiently(lambda: call(self._system), self._patience_s)
        except (FileNotFoundError, FileExistsError, NotADirectoryError):
            raise
        except remote_errors() as error:
            raise self._refused(key, error) from error

    def _refused(self, key: str, error: BaseException) -> StoreError:
        return StoreError(
            f"{redact(self.url)}/{key}: the object store failed with "
            f"{explain_remote(error)}. Check bucket, network and credentials (from the "
            "environment or ~/.aws), then run again."
        )
