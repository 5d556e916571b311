"""One writer per image on an object store: an object beside it, with a heartbeat.

The same rules as `tiles2zarr.stores.lock`: stale is a lock whose process is gone from
this host, or that was not written for ten minutes by the server's clock. Taking and
taking over are conditional writes, one step on the server, where it has them.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tiles2zarr.errors import LockedError, StoreError
from tiles2zarr.stores.lock import (
    BEAT_S,
    STALE_S,
    WAIT_S,
    Holder,
    held_by,
    parse_holder,
)
from tiles2zarr.stores.remote import RemoteStore, Seen

POLL_S = 1.0
"""Seconds between two looks at a held lock."""


class RemoteLock:
    """A held lock; ``check`` must be called before anything is made visible."""

    def __init__(self, store: RemoteStore, key: str, holder: Holder) -> None:
        """Remember what was taken and start the heartbeat."""
        self._store = store
        self._key = key
        self._holder = holder
        self._stop = threading.Event()
        self._beat = threading.Thread(target=self._touch, daemon=True)
        self._beat.start()

    def _touch(self) -> None:
        while not self._stop.wait(BEAT_S):
            # a server that is away is told by the writes, not by the heartbeat
            with suppress(StoreError):
                seen = self._store.seen(self._key)
                if seen is not None and self._read() == self._holder:
                    self._store.replace(self._key, dump_holder(self._holder), seen)

    def _read(self) -> Holder | None:
        return read_holder(self._store, self._key)

    def check(self) -> None:
        """Make sure the lock is still ours.

        Raises:
            LockedError: Another process took it over.
        """
        found = self._read()
        if found != self._holder:
            who = str(found) if found else "nobody"
            raise LockedError(
                f"the lock {self._store.url}/{self._key} was taken over (now held by "
                f"{who}) while this process was silent. Run again when the other one "
                "is done."
            )

    def release(self) -> None:
        """Give the lock back, if it is still ours."""
        self._stop.set()
        if self._read() == self._holder:
            self._store.drop(self._key)


@contextmanager
def hold(store: RemoteStore, key: str, wait_s: float = WAIT_S) -> Iterator[RemoteLock]:
    """Hold the lock at ``key``; wait for a live holder, take over from a dead one.

    Raises:
        LockedError: A live process held it for ``wait_s`` seconds.
        StoreError: The lock cannot be written.
    """
    lock = _acquire(store, key, wait_s)
    try:
        yield lock
    finally:
        # not given back it is stale as soon as this process is gone
        with suppress(StoreError):
            lock.release()


def _acquire(store: RemoteStore, key: str, wait_s: float) -> RemoteLock:
    end = time.monotonic() + wait_s
    while True:
        holder = Holder.current()
        if store.create(key, dump_holder(holder)) or _take_over(store, key, holder):
            return RemoteLock(store, key, holder)
        if time.monotonic() > end:
            raise LockedError(held_by(store.url, read_holder(store, key), wait_s))
        time.sleep(POLL_S)


def _take_over(store: RemoteStore, key: str, holder: Holder) -> bool:
    """Put our lock in the place of a stale one; say whether it is ours now."""
    seen = store.seen(key)
    if seen is None:
        return False
    # read after the version was: a lock that changed in between is not replaced
    found = read_holder(store, key)
    stale = (found is not None and found.gone()) or _is_silent(store, key, seen)
    return stale and store.replace(key, dump_holder(holder), seen)


def _is_silent(store: RemoteStore, key: str, seen: Seen) -> bool:
    """Say whether nobody wrote the lock for too long by the server's clock."""
    if seen.modified is None:
        return False
    probe = f"{key}.{secrets.token_hex(4)}"
    try:
        store.put(probe, b"")
        now = store.seen(probe)
    finally:
        store.drop(probe)
    if now is None or now.modified is None:
        return False
    return (now.modified - seen.modified).total_seconds() > STALE_S


def dump_holder(holder: Holder) -> bytes:
    """Return a holder as the content of a lock."""
    return json.dumps(holder.__dict__).encode()


def read_holder(store: RemoteStore, key: str) -> Holder | None:
    """Return who holds a lock, if anyone does.

    Raises:
        StoreError: The server gives no answer.
    """
    raw = store.get(key)
    return None if raw is None else parse_holder(raw)


def live_holder(store: RemoteStore, key: str) -> Holder | None:
    """Return who holds a lock and is not known to be gone.

    Raises:
        StoreError: The server gives no answer.
    """
    found = read_holder(store, key)
    if found is None or found.gone():
        return None
    seen = store.seen(key)
    return None if seen is None or _is_silent(store, key, seen) else found
