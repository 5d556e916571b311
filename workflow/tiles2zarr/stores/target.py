"""The place of one image in the output: hold it, look at it, replace it as a whole."""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from tiles2zarr.stores.base import Store
from tiles2zarr.stores.local import LocalStore
from tiles2zarr.stores.lock import Lock, hold, live_holder
from tiles2zarr.stores.swap import ImagePlace, recover, swap

OwnNames = Callable[[Store], Collection[str]]
"""Returns the names in an image group that its writer made (the levels)."""


class Target(Protocol):
    """One image's place.

    Everything but ``hold``, ``writer`` and ``leftovers`` needs the lock to be held.
    """

    def hold(self) -> AbstractContextManager[None]:
        """Return a context that holds the image against other writers."""

    def recover(self) -> None:
        """Finish or undo what a dead writer left behind."""

    def leftovers(self) -> tuple[str, ...]:
        """Return what a writer that stopped left, by name in the image's folder."""

    def clear(self) -> None:
        """Finish, or remove, what a dead writer left behind."""

    def exists(self) -> bool:
        """Say whether something stands in the image's place."""

    def current(self) -> Store:
        """Return the image group as it stands."""

    def interrupted(self) -> "OldDocuments | None":
        """Return the metadata of an image whose replacement a dead writer began."""

    def begin(self, levels: Sequence[str]) -> Store:
        """Return an empty store to write the new image into.

        Args:
            levels: Names of the arrays it will have.
        """

    def commit(self, new: Store, *, keep_foreign: bool) -> None:
        """Make the new image the current one, labels and tables carried over."""

    def abandon(self, new: Store) -> None:
        """Remove an unfinished new image."""

    def remove(self) -> None:
        """Remove the current image."""

    def writer(self) -> str | None:
        """Return who holds the image right now, if anyone does."""


class OldDocuments:
    """Metadata of an image that is gone: what it was, to be read only."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        """Hold the documents by key."""
        self._documents = documents

    def get(self, key: str) -> bytes | None:
        """Return a document, ``None`` if there was none."""
        return self._documents.get(key)

    def put(self, key: str, data: bytes) -> None:
        """Refuse: what is gone is not changed."""
        raise RuntimeError(f"{key}: the image is gone")


class LocalTarget:
    """An image in a folder."""

    def __init__(self, path: Path, own_names: OwnNames) -> None:
        """Use the image group at ``path``; it need not exist."""
        self._place = ImagePlace(path)
        self._own_names = own_names
        self._lock: Lock | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock beside the image.

        Raises:
            LockedError: A live process keeps it.
        """
        with hold(self._place.lock) as lock:
            self._lock = lock
            try:
                yield
            finally:
                self._lock = None

    def recover(self) -> None:
        """Bring the image back to its old or new state after a crash."""
        recover(self._place, self._written)

    def leftovers(self) -> tuple[str, ...]:
        """Return the names of new and old images that are not in their place."""
        beside = self._place.beside("partial") + self._place.beside("old")
        return tuple(path.name for path in beside)

    def clear(self) -> None:
        """Recover; there is nothing else."""
        self.recover()

    def exists(self) -> bool:
        """Say whether the image's folder exists."""
        return self._place.image.exists()

    def current(self) -> LocalStore:
        """Return the image's folder."""
        return LocalStore(self._place.image)

    def interrupted(self) -> None:
        """Return nothing: an old image stands until the new one takes its place."""

    def begin(self, levels: Sequence[str]) -> LocalStore:
        """Return a new folder beside the image."""
        return LocalStore(self._place.partial(secrets.token_hex(6)))

    def commit(self, new: Store, *, keep_foreign: bool) -> None:
        """Rename the new folder into the image's place.

        Raises:
            LockedError: The lock was lost; nothing was changed.
        """
        if self._lock is None:
            raise RuntimeError("commit needs the lock")
        partial = Path(new.url)
        swap(self._place, partial, self._lock, self._written, keep_foreign=keep_foreign)

    def abandon(self, new: Store) -> None:
        """Remove the new folder."""
        LocalStore(Path(new.url).parent).delete(Path(new.url).name)

    def remove(self) -> None:
        """Remove the image's folder: out of sight in one step, then from the disk."""
        gone = self._place.partial(secrets.token_hex(6))
        self._place.image.rename(gone)
        LocalStore(gone.parent).delete(gone.name)

    def writer(self) -> str | None:
        """Return who holds the image; a lock without heartbeat is nobody's."""
        holder = live_holder(self._place.lock)
        return None if holder is None else str(holder)

    def _written(self, group: Path) -> Collection[str]:
        return self._own_names(LocalStore(group))
