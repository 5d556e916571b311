"""Objects of an image taken over into the one that replaces it, without copying."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tiles2zarr.stores.local import LocalStore, explain, sync_file


def take_over(old: LocalStore, new: LocalStore, keys: Iterable[str]) -> None:
    """Give the objects of ``old`` a second name in ``new``; the old one stays whole.

    Hard links, so no byte is written and either image may be removed; copies where the
    file system has none. Nothing changes a chunk in place, so sharing is safe.

    Raises:
        StoreError: The system refused.
    """
    folders: set[Path] = set()
    for key in keys:
        source, place = old.root / key, new.root / key
        try:
            if place.parent not in folders:
                place.parent.mkdir(parents=True, exist_ok=True)
                folders.add(place.parent)
            try:
                os.link(source, place)
            except FileNotFoundError:
                raise
            except OSError:
                shutil.copyfile(source, place)
                sync_file(place)
        except OSError as error:
            raise explain(error, place) from error
    for folder in sorted(folders):
        sync_file(folder)
