"""A new image takes the place of an old one, recoverable at every line."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tiles2zarr.errors import LockedError
from tiles2zarr.stores import swap as swap_module
from tiles2zarr.stores.lock import hold
from tiles2zarr.stores.swap import ImagePlace, recover, swap


def own(_: Path) -> list[str]:
    """Return the names the writer owns in the images below."""
    return ["0", "1"]


def make_image(path: Path, content: str, *foreign: str) -> None:
    """Make an image group of one chunk with foreign sub-groups."""
    (path / "0").mkdir(parents=True)
    (path / "0/c").write_text(content)
    (path / ".zattrs").write_text(content)
    for name in foreign:
        (path / name).mkdir()
        (path / name / "x").write_text(name)


def do_swap(place: ImagePlace, *, keep_foreign: bool = True) -> None:
    """Make a new image beside the old one and swap it in."""
    partial = place.partial("1234")
    make_image(partial, "new")
    with hold(place.lock) as lock:
        swap(place, partial, lock, own, keep_foreign=keep_foreign)


def check_new(place: ImagePlace, *foreign: str) -> None:
    """The image is new, its foreign groups are there, nothing stands beside."""
    assert (place.image / "0/c").read_text() == "new"
    assert (place.image / ".zattrs").read_text() == "new"
    for name in foreign:
        assert (place.image / name / "x").read_text() == name
    expected = {"0", ".zattrs", *foreign}
    assert {path.name for path in place.image.iterdir()} == expected
    assert [path.name for path in place.image.parent.iterdir()] == [place.image.name]


def test_the_first_image_is_renamed_into_place(tmp_path: Path) -> None:
    """Without an old image the new one just gets its name."""
    place = ImagePlace(tmp_path / "03" / "0")
    do_swap(place)
    check_new(place)


def test_labels_and_tables_are_carried_over(tmp_path: Path) -> None:
    """What the writer does not own moves from the old image into the new one."""
    place = ImagePlace(tmp_path / "03" / "0")
    make_image(place.image, "old", "labels", "tables", "notes")
    (place.image / "1").mkdir()
    do_swap(place)
    check_new(place, "labels", "tables", "notes")


def test_overwrite_drops_foreign_groups(tmp_path: Path) -> None:
    """Labels that no longer fit go with the old image."""
    place = ImagePlace(tmp_path / "03" / "0")
    make_image(place.image, "old", "labels", "tables")
    do_swap(place, keep_foreign=False)
    check_new(place)


def test_a_lost_lock_stops_before_the_first_rename(tmp_path: Path) -> None:
    """The old image stands untouched when another process took over."""
    place = ImagePlace(tmp_path / "03" / "0")
    make_image(place.image, "old", "labels")
    make_image(place.partial("1234"), "new")
    with hold(place.lock) as lock:
        place.lock.unlink()
        with pytest.raises(LockedError):
            swap(place, place.partial("1234"), lock, own)
    assert (place.image / "0/c").read_text() == "old"


class DiedError(Exception):
    """The process died here."""


def dying_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the step-th call that changes the disk die before it does anything."""
    exchange = swap_module.exchange
    calls = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls > step:
                raise DiedError
            return real(*args, **options)

        return call

    monkeypatch.setattr(swap_module, "exchange", counted(exchange))
    monkeypatch.setattr(os, "rename", counted(os.rename))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))


@pytest.mark.parametrize("step", range(9))
@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "renames"])
def test_every_step_can_be_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, exchanges: bool
) -> None:
    """Whatever call was the last one, recover and a new swap end in the right state.

    Where two folders can change places in one step, there is an image all the time.
    """
    place = ImagePlace(tmp_path / "03" / "0")
    make_image(place.image, "old", "labels", "tables")
    with monkeypatch.context() as patch:
        if not exchanges:
            patch.setattr(swap_module, "exchange", lambda one, other: False)
        dying_at(step, patch)
        if step < (5 if exchanges else 8):
            with pytest.raises(DiedError):
                do_swap(place)
        else:
            do_swap(place)
    assert place.image.exists() or not exchanges
    place.lock.unlink(missing_ok=True)
    recover(place, own)
    assert (place.image / "0/c").read_text() in ("old", "new")
    for name in ("labels", "tables"):
        assert (place.image / name / "x").read_text() == name
    do_swap(place)
    check_new(place, "labels", "tables")


@pytest.mark.parametrize("step", range(5))
def test_recovery_can_die_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """A recovery that dies is recovered by the next one."""
    place = ImagePlace(tmp_path / "03" / "0")
    make_image(place.image, "new")
    make_image(place.old("1234"), "old", "labels", "tables")
    make_image(place.partial("9999"), "half")
    with monkeypatch.context() as patch:
        dying_at(step, patch)
        try:
            recover(place, own)
        except DiedError:
            assert step < 4
    recover(place, own)
    check_new(place, "labels", "tables")


def test_the_old_image_comes_back_if_the_new_one_never_arrived(tmp_path: Path) -> None:
    """Killed between the two renames: the old image gets its name back."""
    place = ImagePlace(tmp_path / "03" / "0")
    make_image(place.old("1234"), "old", "labels")
    make_image(place.partial("1234"), "new")
    recover(place, own)
    assert (place.image / "0/c").read_text() == "old"
    assert not place.partial("1234").exists()


def test_images_of_other_names_are_left_alone(tmp_path: Path) -> None:
    """Recovering image 0 does not touch what stands beside image 01 or 1."""
    other = ImagePlace(tmp_path / "03" / "1")
    make_image(other.partial("77"), "half")
    make_image(ImagePlace(tmp_path / "03" / "01").partial("77"), "half")
    recover(ImagePlace(tmp_path / "03" / "0"), own)
    assert other.partial("77").exists()
