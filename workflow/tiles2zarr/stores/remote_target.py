"""The place of one image on an object store, which knows no rename.

The new arrays are written where the old ones were, and the metadata of the group make
the image visible: they go first and come last. Beside the image ``0`` of a well stand
meanwhile ``.0.lock`` and ``.0.begun``. The latter keeps the metadata of the image that
is being replaced, so that whoever takes over a dead writer's work still knows whose it
was and whether its labels fit; sub-groups of others are not touched at all.
"""

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tiles2zarr.errors import StoreError
from tiles2zarr.stores.base import Store
from tiles2zarr.stores.remote import RemoteStore
from tiles2zarr.stores.remote_lock import RemoteLock, hold, live_holder
from tiles2zarr.stores.swap import METADATA_FILES
from tiles2zarr.stores.target import OldDocuments, OwnNames

LOG = logging.getLogger("tiles2zarr")
ATTRIBUTES = (".zattrs", "zarr.json")
"""Documents that carry the attributes: with one of them a group is whole."""
_OTHERS = (".zgroup", ".zmetadata")


@dataclass(frozen=True)
class Begun:
    """What ``.<image>.begun`` says of a replacement that is not finished."""

    documents: Mapping[str, bytes]
    """Metadata of the old image; empty if there was none."""
    levels: frozenset[str]
    """Names of the arrays, old and new, that may be there in part."""

    def dump(self) -> bytes:
        """Return it as JSON."""
        texts = {key: raw.decode("latin-1") for key, raw in self.documents.items()}
        return json.dumps(
            {"documents": texts, "levels": sorted(self.levels)}, sort_keys=True
        ).encode()

    @classmethod
    def load(cls, raw: bytes) -> "Begun":
        """Return it from JSON; a damaged one knows nothing of an old image."""
        try:
            value = json.loads(raw)
            texts = dict(value["documents"])
            documents = {key: text.encode("latin-1") for key, text in texts.items()}
            return cls(documents, frozenset(map(str, value["levels"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls({}, frozenset())


class NewImage(RemoteStore):
    """The image being written: its group's metadata are held back until the end."""

    def __init__(self, place: RemoteStore) -> None:
        """Write into ``place``."""
        super().__init__(place.url, place.options)
        self.held: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return an object; of the group's own those held back."""
        return self.held.get(key) if key in METADATA_FILES else super().get(key)

    def put(self, key: str, data: bytes) -> None:
        """Write an object, or hold it back if it is the group's own."""
        if key in METADATA_FILES:
            self.held[key] = data
        else:
            super().put(key, data)


class RemoteTarget:
    """An image on an object store."""

    def __init__(self, store: RemoteStore, name: str, own_names: OwnNames) -> None:
        """Use the image group ``name`` in ``store``; it need not exist."""
        self._store = store
        self._name = name
        self._own_names = own_names
        self._lock: RemoteLock | None = None
        self._looks: _Looks | None = None
        self._fresh = False
        self._levels: Collection[str] = ()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock beside the image.

        Raises:
            LockedError: A live process keeps it.
        """
        with hold(self._store, self._beside("lock")) as lock:
            self._lock = lock
            self._looks = None
            try:
                yield
            finally:
                self._lock = None

    def recover(self) -> None:
        """Forget a replacement that was finished, or had not touched the old image."""
        looks = self._look()
        if looks.begun is not None and looks.whole:
            self._store.drop(self._beside("begun"))
            self._looks = None

    def leftovers(self) -> tuple[str, ...]:
        """Return the note and the arrays of a replacement that was not finished.

        The note alone stays as long as labels or tables of the old image do: the next
        writer learns from it whose they are.
        """
        looks = self._look()
        if looks.begun is None:
            return ()
        levels = () if looks.whole else sorted(looks.partial)
        note = (self._beside("begun"),) if looks.whole or not looks.foreign else ()
        return (*note, *(f"{self._name}/{level}" for level in levels))

    def clear(self) -> None:
        """Remove arrays without metadata, the note, and tries to take the lock.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        looks, image = self._look(), self.current()
        if looks.begun is not None and not looks.whole:
            image.drop(*sorted(looks.names & {*_OTHERS}))
            for level in sorted(looks.partial):
                image.delete(level)
        if looks.begun is not None and (looks.whole or not looks.foreign):
            self._store.drop(self._beside("begun"))
        tries = f"{self._beside('lock')}."
        names = self._store.children("")
        self._store.drop(*(name for name in names if name.startswith(tries)))
        self._looks = None

    def exists(self) -> bool:
        """Say whether an image, or something else, is there and is not half written."""
        looks = self._look()
        return looks.whole or (bool(looks.names) and looks.begun is None)

    def current(self) -> RemoteStore:
        """Return the image's place."""
        return self._store.below(self._name)

    def interrupted(self) -> OldDocuments | None:
        """Return the metadata of the image whose replacement was cut short."""
        looks = self._look()
        if looks.whole or looks.begun is None or not looks.begun.documents:
            return None
        return OldDocuments(looks.begun.documents)

    def begin(self, levels: Sequence[str]) -> NewImage:
        """Take the old image out of sight and its arrays away; return its place.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        image = self.current()
        looks = self._look()
        self._fresh = not looks.names and looks.begun is None
        self._levels = self._note(looks, levels)
        if not self._fresh:
            image.drop(*sorted(looks.names & {*ATTRIBUTES}))
            image.drop(*sorted(looks.names & {*_OTHERS}))
            for level in sorted(self._levels & looks.names):
                image.delete(level)
        return NewImage(image)

    def commit(self, new: Store, *, keep_foreign: bool) -> None:
        """Make the new image visible by its metadata, its attributes last.

        Raises:
            LockedError: The lock was lost; the image stays out of sight.
            StoreError: The server gives no answer, or refuses.
        """
        if self._lock is None or not isinstance(new, NewImage):
            raise RuntimeError("commit needs the lock and the store of begin")
        new.flush()
        image = self.current()
        self._lock.check()
        if not keep_foreign and not self._fresh:
            for name in sorted({*image.children("")} - {*self._levels}):
                image.delete(name)
        for key in sorted(new.held, key=ATTRIBUTES.__contains__):
            image.put(key, new.held[key])
        self._store.drop(self._beside("begun"))
        self._looks = None

    def abandon(self, new: Store) -> None:
        """Remove what was written of a first image; an old one is gone already."""
        if isinstance(new, NewImage):
            new.stop()
        try:
            if self._lock is not None:
                self._lock.check()
            if self._fresh:
                self.current().delete("")
                self._store.drop(self._beside("begun"))
                self._looks = None
        except StoreError as error:
            LOG.warning("%s", error)

    def remove(self) -> None:
        """Remove the image: out of sight first, then all below it.

        Raises:
            StoreError: The server gives no answer, or refuses.
        """
        image = self.current()
        looks = self._look()
        self._note(looks, ())
        image.drop(*sorted(looks.names & {*ATTRIBUTES}))
        image.delete("")
        self._store.drop(self._beside("begun"))

    def writer(self) -> str | None:
        """Return who holds the image right now, if anyone does."""
        holder = live_holder(self._store, self._beside("lock"))
        return None if holder is None else str(holder)

    def _beside(self, kind: str) -> str:
        return f".{self._name}.{kind}"

    def _look(self) -> "_Looks":
        """Return what is there; under the lock nobody else changes it."""
        if self._looks is not None and self._lock is not None:
            return self._looks
        raw = self._store.get(self._beside("begun"))
        names = frozenset(self.current().children(""))
        self._looks = _Looks(names, None if raw is None else Begun.load(raw))
        return self._looks

    def _note(self, looks: "_Looks", levels: Sequence[str]) -> frozenset[str]:
        """Write down what is about to go; return the names of all arrays."""
        image, begun = self.current(), looks.begun
        documents: Mapping[str, bytes] = {}
        own: frozenset[str] = frozenset()
        if looks.whole:
            found = {key: image.get(key) for key in looks.names & METADATA_FILES}
            documents = {key: raw for key, raw in found.items() if raw is not None}
            own = frozenset(self._own_names(image))
        elif begun is not None:
            documents, own = begun.documents, begun.levels
        note = Begun(documents, own | set(levels))
        self._store.put(self._beside("begun"), note.dump())
        self._looks = None
        return note.levels


@dataclass(frozen=True)
class _Looks:
    """What is at an image's place."""

    names: frozenset[str]
    """Names in the image's group."""
    begun: Begun | None
    """The note of an unfinished replacement."""

    @property
    def whole(self) -> bool:
        """Say whether the group has its attributes, which come last and go first."""
        return not self.names.isdisjoint(ATTRIBUTES)

    @property
    def partial(self) -> frozenset[str]:
        """Return the arrays that the note names, as far as they are there."""
        return self.names & self.begun.levels if self.begun else frozenset()

    @property
    def foreign(self) -> frozenset[str]:
        """Return what is neither an array of the note nor the group's own."""
        return self.names - self.partial - METADATA_FILES
