"""One writer per image: a lock file beside the image, with a heartbeat.

A killed Snakemake leaves its jobs running and starts a second writer on the same image;
only this lock keeps the two apart. A lock is stale when its process is gone from this
host, or when nobody touched it for ten minutes by the file server's clock.
"""

import errno
import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.errors import LockedError
from tiles2zarr.stores.local import explain

STALE_S = 600.0
"""Seconds without a heartbeat after which a lock on another host is stale."""
BEAT_S = 30.0
"""Seconds between two heartbeats."""
WAIT_S = 600.0
"""Seconds to wait for a live holder before giving up."""
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
POLL_S = 0.5
"""Seconds between two looks at a held lock."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    host: str
    boot: str
    pid: int
    started: str
    job: str
    token: str

    @classmethod
    def current(cls) -> "Holder":
        """Return this process with a fresh token."""
        return cls(
            host=socket.gethostname(),
            boot=_boot_id(),
            pid=os.getpid(),
            started=_start_time(os.getpid()),
            job=os.environ.get("SLURM_JOB_ID", ""),
            token=secrets.token_hex(16),
        )

    def gone(self) -> bool:
        """Say whether the holder surely runs no more (only known on its own host)."""
        if self.host != socket.gethostname():
            return False
        return self.boot != _boot_id() or self.started != _start_time(self.pid)

    def __str__(self) -> str:
        """Return host and process for messages."""
        job = f", job {self.job}" if self.job else ""
        return f"process {self.pid} on {self.host}{job}"


class Lock:
    """A held lock; ``check`` must be called before anything is made visible."""

    def __init__(self, path: Path, holder: Holder) -> None:
        """Remember what was taken and start the heartbeat."""
        self.path = path
        self.holder = holder
        self._stop = threading.Event()
        self._beat = threading.Thread(target=self._touch, daemon=True)
        self._beat.start()

    def _touch(self) -> None:
        while not self._stop.wait(BEAT_S):
            # a lost lock is noticed by check(); touching it would help the thief
            if _read(self.path) == self.holder:
                with suppress(FileNotFoundError):
                    os.utime(self.path)

    def check(self) -> None:
        """Make sure the lock is still ours.

        Raises:
            LockedError: Another process took it over.
        """
        found = _read(self.path)
        if found != self.holder:
            who = str(found) if found else "nobody"
            raise LockedError(
                f"the lock {self.path} was taken over (now held by {who}) while this "
                "process was silent. Nothing was changed; run again when the other "
                "one is done."
            )

    def release(self) -> None:
        """Give the lock back, if it is still ours."""
        self._stop.set()
        if _read(self.path) == self.holder:
            self.path.unlink(missing_ok=True)


@contextmanager
def hold(path: Path, wait_s: float = WAIT_S) -> Iterator[Lock]:
    """Hold the lock at ``path``; wait for a live holder, take over from a dead one.

    Raises:
        LockedError: A live process held it for ``wait_s`` seconds.
        StoreError: The lock cannot be written.
    """
    lock = _acquire(path, wait_s)
    try:
        _sweep(path)
        yield lock
    finally:
        lock.release()


def _acquire(path: Path, wait_s: float) -> Lock:
    end = time.monotonic() + wait_s
    while True:
        holder = Holder.current()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if _create(path, holder):
                return Lock(path, holder)
        except OSError as error:
            raise explain(error, path) from error
        if _break_stale(path):
            continue
        if time.monotonic() > end:
            raise LockedError(held_by(str(path.parent), _read(path), wait_s))
        time.sleep(POLL_S)


def held_by(place: str, holder: Holder | None, wait_s: float) -> str:
    """Return the message on a lock that a live process keeps."""
    alive = "is alive"
    if wait_s:
        alive = f"has been alive for the {wait_s:.0f} seconds this process waited"
    return (
        f"{place} is being written by {holder}, which {alive}. Wait for it or stop it, "
        "then run again (a dead one is taken over by itself)."
    )


def _create(path: Path, holder: Holder) -> bool:
    """Put the lock in place in one step, complete, unless there is one."""
    beside = path.with_name(f"{path.name}.{holder.token}")
    try:
        beside.write_text(json.dumps(holder.__dict__), encoding="utf-8")
        try:
            os.link(beside, path)
        except FileExistsError:
            return False
        except FileNotFoundError:
            return False  # the holder swept it
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return _create_without_links(path, holder)
        return True
    finally:
        beside.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what tries to take the lock left; a live one makes another file."""
    start = f"{path.name}."
    try:
        for name in os.listdir(path.parent):
            if name.startswith(start):
                path.with_name(name).unlink(missing_ok=True)
    except OSError as error:
        raise explain(error, path) from error


def _create_without_links(path: Path, holder: Holder) -> bool:
    try:
        with open(path, "x", encoding="utf-8") as stream:
            stream.write(json.dumps(holder.__dict__))
    except FileExistsError:
        return False
    return True


def _break_stale(path: Path) -> bool:
    """Remove the lock if it is stale; say whether another try makes sense.

    The look and the removal happen under flock of the lock file itself, so of two
    processes that see the same stale lock only one removes it, and never a new one.
    """
    try:
        with open(path, "rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            status = os.fstat(stream.fileno())
            if not os.path.samestat(status, os.stat(path)):
                return True
            if not _is_stale(parse_holder(stream.read()), status.st_mtime, path):
                return False
            path.unlink()
            return True
    except FileNotFoundError:
        return True


def _is_stale(holder: Holder | None, touched: float, path: Path) -> bool:
    if holder is not None and holder.gone():
        return True
    probe = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        # the file server's clock, not ours: a fresh file's time is its "now"
        probe.touch()
        now = probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)
    return now - touched > STALE_S


def parse_holder(raw: bytes) -> Holder | None:
    """Return the holder a lock names, ``None`` if it is damaged."""
    try:
        return Holder(**json.loads(raw))
    except (ValueError, TypeError):
        return None


def _read(path: Path) -> Holder | None:
    try:
        return parse_holder(path.read_bytes())
    except FileNotFoundError:
        return None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _start_time(pid: int) -> str:
    """Return the start time of a process in clock ticks, empty if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ""
        except PermissionError:
            return "alive"
        return "alive"
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def live_holder(path: Path) -> Holder | None:
    """Return who holds a lock and is not known to be gone.

    A process on another host counts as alive for ten minutes after its last heartbeat.
    """
    try:
        holder = parse_holder(path.read_bytes())
        silent_s = time.time() - path.stat().st_mtime
    except OSError:
        return None
    return None if holder is None or holder.gone() or silent_s > STALE_S else holder
