"""What dead processes left beside images: locks, half-written images, old ones."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.stores.lock import live_holder
from tiles2zarr.stores.swap import ImagePlace

_BESIDE = re.compile(r"\.(?P<image>.+)\.(?P<kind>partial-|old-|lock$|lock\.)")


@dataclass(frozen=True)
class Leftover:
    """Things beside one image that nobody works on any more."""

    image: Path
    """Where the image is or would be."""
    names: tuple[str, ...]
    """Names beside it."""


def find_leftovers(folders: Iterable[Path]) -> Iterator[Leftover]:
    """Yield what is left in folders that hold images; a live writer's is left out."""
    for folder in sorted(set(folders)):
        names: dict[str, list[str]] = {}
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            match = _BESIDE.match(path.name)
            if match:
                names.setdefault(match["image"], []).append(path.name)
        for image, beside in names.items():
            if live_writer(folder / image) is None:
                yield Leftover(folder / image, tuple(beside))


def live_writer(image: Path) -> str | None:
    """Return who is writing an image right now, if anyone is.

    A process on another host counts as alive for ten minutes after its last heartbeat.
    """
    holder = live_holder(ImagePlace(image).lock)
    return None if holder is None else str(holder)
