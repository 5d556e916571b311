"""Putting a finished image in the place of an old one, recoverable at every line.

Beside the image ``0`` of a well stand, while it is written: ``.0.partial-<token>`` (the
new image), ``.0.old-<token>`` (the one being replaced) and ``.0.lock``. Whatever
process dies, ``recover`` brings the image back to its old or its new state and nothing
is lost: labels and tables of the old image are moved one by one into the new one.
"""

import os
import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.stores.exchange import exchange
from tiles2zarr.stores.local import explain, sync_file
from tiles2zarr.stores.lock import Lock
from tiles2zarr.temporary import is_temporary

METADATA_FILES = frozenset({".zattrs", ".zgroup", ".zmetadata", "zarr.json"})
"""Files of a group that belong to its writer, never carried over."""


@dataclass(frozen=True)
class ImagePlace:
    """Where one image lives, and the names used beside it."""

    image: Path

    @property
    def lock(self) -> Path:
        """The lock file beside the image."""
        return self.image.with_name(f".{self.image.name}.lock")

    def partial(self, token: str) -> Path:
        """The folder a new image is written into."""
        return self.image.with_name(f".{self.image.name}.partial-{token}")

    def old(self, token: str) -> Path:
        """The name the replaced image has during the swap."""
        return self.image.with_name(f".{self.image.name}.old-{token}")

    def beside(self, kind: str) -> list[Path]:
        """Return what stands beside the image as ``partial`` or ``old``."""
        parent = self.image.parent
        if not parent.is_dir():
            return []
        pattern = re.compile(rf"\.{re.escape(self.image.name)}\.{kind}-.+")
        names = sorted(name for name in os.listdir(parent) if pattern.fullmatch(name))
        return [parent / name for name in names]


def recover(place: ImagePlace, written: Callable[[Path], Collection[str]]) -> None:
    """Finish or undo a swap that a dead process left behind; sweep its partials.

    Args:
        place: The image; its lock must be held.
        written: Returns the names an image group's writer owns (its levels), so that
            everything else is known to be foreign and carried over.

    Raises:
        StoreError: The system refused a step.
    """
    try:
        for old in place.beside("old"):
            if place.image.exists():
                _finish(place, old, written(old))
            else:
                os.rename(old, place.image)
        for partial in place.beside("partial"):
            shutil.rmtree(partial)
    except OSError as error:
        raise explain(error, place.image) from error


def swap(
    place: ImagePlace,
    partial: Path,
    lock: Lock,
    written: Callable[[Path], Collection[str]],
    *,
    keep_foreign: bool = True,
) -> None:
    """Put ``partial`` in the image's place and carry foreign sub-groups over.

    Args:
        place: The image.
        partial: The finished new image, already on the disk.
        lock: The lock, checked once more right before the first rename.
        written: As in ``recover``.
        keep_foreign: Carry labels and tables over; else they go with the old image.

    Raises:
        LockedError: The lock was lost; nothing was changed.
        StoreError: The system refused a step; ``recover`` mends it.
    """
    token = partial.name.rpartition("-")[2]
    lock.check()
    try:
        if not place.image.exists():
            os.rename(partial, place.image)
        else:
            dropped = place.partial(f"dropped-{token}")
            if not keep_foreign:
                _take_foreign(place.image, written(place.image), dropped)
            old = place.old(token)
            _change_places(place.image, partial, old)
            _finish(place, old, written(old))
            if not keep_foreign:
                shutil.rmtree(dropped)
    except OSError as error:
        raise explain(error, place.image) from error
    sync_file(place.image.parent)


def _foreign(group: Path, written: Collection[str]) -> list[str]:
    names = set(os.listdir(group)) - METADATA_FILES - set(written)
    return sorted(name for name in names if not is_temporary(name))


def _take_foreign(group: Path, written: Collection[str], where: Path) -> None:
    """Move foreign sub-groups out, each in one step: none is seen half removed."""
    where.mkdir()
    for name in _foreign(group, written):
        os.rename(group / name, where / name)


def _change_places(image: Path, partial: Path, old: Path) -> None:
    """Put ``partial`` in the image's place and the image at ``old``.

    Where the system can, there is an image at every moment. Between the two steps the
    new one is called old: nothing of it is foreign, and ``recover`` removes it.
    """
    os.rename(partial, old)
    if not exchange(old, image):
        os.rename(old, partial)
        os.rename(image, old)
        os.rename(partial, image)


def _finish(place: ImagePlace, old: Path, written: Collection[str]) -> None:
    for name in _foreign(old, written):
        if not (place.image / name).exists():
            os.rename(old / name, place.image / name)
    shutil.rmtree(old)
