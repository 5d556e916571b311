"""Room on the output's disk, by the numbers the system gives."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tiles2zarr.errors import StoreError
from tiles2zarr.models.plan import ImageEntry, Plan
from tiles2zarr.state import State
from tiles2zarr.steps.space import check_space

GB = 10**9


@dataclass(frozen=True)
class Disk:
    """What statvfs says."""

    f_bavail: int
    f_favail: int = 10**6
    f_files: int = 10**7
    f_frsize: int = 1


def plan() -> Plan:
    """Return a plan of 100 GB in 1000 files: three images of 10, 10 and 20 planes."""
    images = {
        f"B/0{column}/0": ImageEntry(
            batch="b", path="x", shape=(1, 1, planes, 30, 40), planes=planes
        )
        for column, planes in ((3, 10), (4, 10), (5, 20))
    }
    return Plan(
        name="P1",
        kind="plate",
        acquisitions=(),
        images=images,
        batches=("b",),
        expected_bytes=100 * GB,
        expected_files=1000,
    )


@pytest.fixture
def state(tmp_path: Path) -> State:
    """Return a state in which nothing is written."""
    return State(tmp_path / "results/P1")


def disk(monkeypatch: pytest.MonkeyPatch, found: Disk) -> None:
    """Let the system tell of this disk."""
    monkeypatch.setattr(os, "statvfs", lambda _: found)


def test_too_little(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than half of what is needed before compression is an error with figures."""
    disk(monkeypatch, Disk(49 * GB))
    with pytest.raises(StoreError) as caught:
        check_space(plan(), state, str(tmp_path / "not/there/yet"))
    assert str(caught.value) == (
        f"{tmp_path} has 49.0 GB free, but P1 needs 100.0 GB before compression, and "
        "hardly less than 50.0 after it. Free space, choose another output, or set "
        "writing.check_space to false to try all the same."
    )


def test_written_images_need_nothing(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With half of the pixels written, 49 GB may do, which is told, and 50 GB do."""
    receipt = state.written("B/05/0")
    receipt.parent.mkdir(parents=True)
    receipt.touch()
    disk(monkeypatch, Disk(49 * GB))
    (found,) = check_space(plan(), state, str(tmp_path))
    assert found.code == "little_space"
    disk(monkeypatch, Disk(50 * GB))
    assert check_space(plan(), state, str(tmp_path)) == ()


def test_too_few_files(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for 999 files is too little for 1000; a disk that counts none is fine."""
    disk(monkeypatch, Disk(200 * GB, f_favail=999))
    with pytest.raises(StoreError, match="has room for 999 files, but P1 needs 1000"):
        check_space(plan(), state, str(tmp_path))
    disk(monkeypatch, Disk(200 * GB, f_favail=0, f_files=0))
    assert check_space(plan(), state, str(tmp_path)) == ()


def test_url_is_not_looked_at(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object store has no end."""
    disk(monkeypatch, Disk(0))
    assert check_space(plan(), state, "s3://bucket/prefix") == ()
