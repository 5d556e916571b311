"""Chunks that two images share by hard links."""

import os
from pathlib import Path

import pytest

from tests.rules.plate import files_below
from tiles2zarr.errors import StoreError
from tiles2zarr.stores.local import LocalStore
from tiles2zarr.stores.reuse import take_over
from tiles2zarr.stores.target import LocalTarget

KEYS = ("0/0/0/0", "0/1/0/0", "1/0/0/0")


def levels(_: object) -> tuple[str, ...]:
    """Return the names that the image's writer owns."""
    return ("0", "1")


@pytest.fixture
def target(tmp_path: Path) -> LocalTarget:
    """Return the place of an image of three chunks."""
    store = LocalStore(tmp_path / "B/03/0")
    for key in KEYS:
        store.put_chunk(key, key.encode())
    store.flush()
    return LocalTarget(tmp_path / "B/03/0", levels)


def test_objects_are_the_same_files(target: LocalTarget) -> None:
    """Only the objects named are taken over, as second names of the same files."""
    with target.hold():
        new = target.begin(["0"])
        take_over(target.current(), new, KEYS[:2])
        old = target.current()
        for key in KEYS[:2]:
            assert os.path.samefile(old.root / key, new.root / key)
        assert not (new.root / KEYS[2]).exists()
        target.commit(new, keep_foreign=True)
    assert {k: target.current().get(k) for k in KEYS[:2]} == {
        key: key.encode() for key in KEYS[:2]
    }


def test_killed_before_the_swap(target: LocalTarget, tmp_path: Path) -> None:
    """A dead writer's image is swept; the old one, whose files it shared, is whole."""
    before = files_below(tmp_path)
    with target.hold():
        take_over(target.current(), target.begin(["0"]), KEYS)
    assert files_below(tmp_path) != before
    with target.hold():
        target.recover()
    assert files_below(tmp_path) == before


def test_object_that_is_gone(target: LocalTarget) -> None:
    """A lost chunk is an error, not a hole."""
    old = target.current()
    (old.root / KEYS[1]).unlink()
    with target.hold(), pytest.raises(StoreError, match="cannot be written: No such"):
        take_over(old, target.begin(["0"]), KEYS)


def test_without_hard_links(
    target: LocalTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system has no links the objects are copied."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with target.hold():
        new = target.begin(["0"])
        take_over(target.current(), new, KEYS)
    assert {key: new.get(key) for key in KEYS} == {key: key.encode() for key in KEYS}
