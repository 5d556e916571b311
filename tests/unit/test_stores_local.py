"""What the system refuses is told as a sentence that names the file and the cure."""

import errno
import os
from pathlib import Path

import pytest

from tiles2zarr.stores.local import LocalStore, refused


@pytest.mark.parametrize(
    ("number", "file", "told"),
    [
        pytest.param(
            errno.ENOSPC,
            "results/P1/plan.json",
            "results/P1/plan.json cannot be written: No space left on device (ENOSPC). "
            "Free space on the output disk and run again.",
            id="full",
        ),
        pytest.param(
            errno.EIO,
            None,
            "Input/output error (EIO). Check the disk and the rights, and run again.",
            id="broken, no file named",
        ),
    ],
)
def test_refusals_are_sentences(number: int, file: str | None, told: str) -> None:
    """The file comes first if the system names it, then reason, symbol and cure."""
    assert str(refused(OSError(number, os.strerror(number), file))) == told


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="no advice to this system")
def test_large_chunks_leave_the_cache_once_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """128 KiB and more leave, after the wait for the disk; less, and folders, stay."""
    calls: list[tuple[str, str]] = []
    sync, advise = os.fsync, os.posix_fadvise

    def name(descriptor: int) -> str:
        return Path(os.readlink(f"/proc/self/fd/{descriptor}")).name

    def recorded_sync(descriptor: int) -> None:
        sync(descriptor)
        calls.append(("on disk", name(descriptor)))

    def recorded_advice(descriptor: int, offset: int, length: int, advice: int) -> None:
        assert (offset, length, advice) == (0, 0, os.POSIX_FADV_DONTNEED)
        calls.append(("let go", name(descriptor)))
        advise(descriptor, offset, length, advice)
        raise OSError(errno.EINVAL, "a file system may not know this advice")

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(os, "posix_fadvise", recorded_advice)
    large, small = bytes(range(256)) * 512, b"1" * (2**17 - 1)
    store = LocalStore(tmp_path / "image")
    store.put_chunk("0/large", large)
    store.put_chunk("0/small", small)
    store.flush()
    assert {file for call, file in calls if call == "on disk"} == {
        "large",
        "small",
        "0",
    }
    assert [file for call, file in calls if call == "let go"] == ["large"]
    assert calls.index(("on disk", "large")) < calls.index(("let go", "large"))
    assert store.get("0/large") == large
    assert store.get("0/small") == small
