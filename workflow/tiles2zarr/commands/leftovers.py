"""What dead processes left beside images: locks, half-written images, old ones."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tiles2zarr.commands.threads import work_through
from tiles2zarr.steps.output import open_place, open_store

_BESIDE = re.compile(r"\.(?P<image>.+)\.(?P<kind>partial-|old-|begun$|lock$|lock\.)")


@dataclass(frozen=True)
class Leftover:
    """Things at one image that nobody works on any more."""

    path: str
    """Where the image is or would be, below the output."""
    image: str
    """The same as a whole path or URL."""
    names: tuple[str, ...]
    """Names in the folder of the image."""


def find_leftovers(
    output: str, folders: Iterable[str], storage: Mapping[str, object]
) -> Iterator[Leftover]:
    """Yield what is left in folders that hold images; a live writer's is left out.

    A process on another host counts as alive for ten minutes after its last heartbeat.

    Args:
        output: Folder or URL of the output.
        folders: Folders below it.
        storage: Options of the URL's file system.

    Raises:
        StoreError: A server gives no answer, or refuses.
    """
    store = open_store(output, storage)
    rows = sorted(set(folders))
    listed = work_through(rows, store.children, store.requests)
    for folder, names in zip(rows, listed, strict=True):
        locks: dict[str, list[str]] = {}
        for name in names:
            match = _BESIDE.match(name)
            if match:
                found = locks.setdefault(match["image"], [])
                found += [name] if match["kind"].startswith("lock") else []
        for image, beside in locks.items():
            path = f"{folder}/{image}" if folder else image
            target = open_place(output, path, storage)
            if target.writer() is not None:
                continue
            left = (*beside, *target.leftovers())
            if left:
                yield Leftover(path, target.current().url, tuple(sorted(left)))
