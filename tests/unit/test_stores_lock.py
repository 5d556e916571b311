"""One writer per image, whatever dies."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tiles2zarr.errors import LockedError
from tiles2zarr.stores import lock as lock_module
from tiles2zarr.stores.lock import Holder, hold


def gone_process() -> Holder:
    """Return a holder whose process has ended on this host."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = lock_module._start_time(child.pid)
    child.communicate(b"\n")
    here = Holder.current()
    return Holder(here.host, here.boot, child.pid, started, "", "f" * 32)


def elsewhere() -> Holder:
    """Return a holder on another host."""
    return Holder("other-host", "b", 1, "1", "77", "e" * 32)


def put(path: Path, holder: Holder) -> None:
    """Lay a lock file as that holder would have."""
    path.write_text(json.dumps(holder.__dict__))


def test_a_held_lock_keeps_others_out(tmp_path: Path) -> None:
    """The message names process and host of the holder."""
    path = tmp_path / ".0.lock"
    with hold(path):
        message = rf"is being written by process {os.getpid()} on .*, which is alive\."
        with pytest.raises(LockedError, match=message), hold(path, wait_s=0):
            pass
    assert not path.exists()


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    """A process that is gone from this host holds nothing."""
    path = tmp_path / ".0.lock"
    put(path, gone_process())
    with hold(path, wait_s=0) as lock:
        assert lock_module._read(path) == lock.holder


def test_the_lock_of_an_earlier_boot_is_taken_over(tmp_path: Path) -> None:
    """A reboot ends every process, even if its number is in use again."""
    path = tmp_path / ".0.lock"
    here = Holder.current()
    put(path, Holder(here.host, "earlier", here.pid, here.started, "", "a" * 32))
    with hold(path, wait_s=0):
        pass


def test_a_live_lock_of_another_host_is_respected(tmp_path: Path) -> None:
    """Another host's process may be alive as long as its lock is touched."""
    path = tmp_path / ".0.lock"
    put(path, elsewhere())
    held = pytest.raises(LockedError, match="process 1 on other-host, job 77")
    with held, hold(path, wait_s=0):
        pass
    assert path.exists()


def test_a_silent_lock_of_another_host_is_taken_over(tmp_path: Path) -> None:
    """Ten minutes without a heartbeat are enough."""
    path = tmp_path / ".0.lock"
    put(path, elsewhere())
    old = path.stat().st_mtime - lock_module.STALE_S - 1
    os.utime(path, (old, old))
    with hold(path, wait_s=0):
        pass


def test_a_damaged_lock_file_becomes_stale_by_age_only(tmp_path: Path) -> None:
    """Nobody can tell whose it was, so only silence frees it."""
    path = tmp_path / ".0.lock"
    path.write_text("{")
    with pytest.raises(LockedError), hold(path, wait_s=0):
        pass
    old = path.stat().st_mtime - lock_module.STALE_S - 1
    os.utime(path, (old, old))
    with hold(path, wait_s=0):
        pass


def test_a_lost_lock_is_noticed_before_anything_changes(tmp_path: Path) -> None:
    """check() fails once another process took over, and release leaves its lock."""
    path = tmp_path / ".0.lock"
    with hold(path) as lock:
        put(path, elsewhere())
        with pytest.raises(LockedError, match="was taken over"):
            lock.check()
    assert lock_module._read(path) == elsewhere()


def test_of_many_that_see_a_stale_lock_one_at_a_time_gets_it(tmp_path: Path) -> None:
    """Eight threads break one stale lock; never two are inside."""
    path = tmp_path / ".0.lock"
    put(path, gone_process())
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with hold(path, wait_s=60) as lock:
            inside.append(number)
            most.append(len(inside))
            lock.check()
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
    assert list(tmp_path.iterdir()) == []


def test_file_systems_without_links_are_locked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system has no hard links, exclusive creation does the same."""

    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    again = tmp_path / ".0.lock"
    with hold(again), pytest.raises(LockedError), hold(again, wait_s=0):
        pass


def test_what_killed_tries_left_is_swept(tmp_path: Path) -> None:
    """Whoever gets the lock removes files of tries beside it, not other locks."""
    path = tmp_path / ".0.lock"
    (tmp_path / f".0.lock.{'f' * 32}").write_text("")
    (tmp_path / ".00.lock").write_text("another image's")
    with hold(path):
        names = {other.name for other in tmp_path.iterdir()}
        assert names == {".0.lock", ".00.lock"}


def test_a_swept_try_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live process whose file was swept just tries once more."""
    path = tmp_path / ".0.lock"
    link = os.link
    tries: list[Path] = []

    def swept_once(source: Path, target: Path) -> None:
        tries.append(source)
        if len(tries) == 1:
            source.unlink()
        link(source, target)

    monkeypatch.setattr(os, "link", swept_once)
    with hold(path):
        assert len(set(tries)) == 2
    assert list(tmp_path.iterdir()) == []
