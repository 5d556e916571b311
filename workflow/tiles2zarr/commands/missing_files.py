"""Source files of a plan that are not there, before anything is converted."""

import os
from collections.abc import Iterable, Sequence

from tiles2zarr.config.root import Config
from tiles2zarr.models.plan import Batch
from tiles2zarr.steps.listings import MISSING, Listings


def find_missing(batches: Iterable[Batch], config: Config) -> tuple[str, ...]:
    """Return the files that are not there, sorted; each folder is listed once.

    Args:
        batches: Batches of a plan.
        config: Has the options of the acquisitions' file systems.
    """
    storage = {one.id: one.storage_options for one in config.acquisitions}
    listings = Listings()
    missing: set[str] = set()
    local: dict[str, set[str]] = {}
    for batch in batches:
        for folder, names in batch.sources.items():
            if folder in batch.far:
                files = [f"{folder.rstrip('/')}/{name}" for name in names]
                stats = listings.stats(files, storage[batch.far[folder]])
                found = zip(files, stats, strict=True)
                missing |= {file for file, stat in found if stat == MISSING}
            else:
                local.setdefault(folder, set()).update(names)
    for folder, wanted in local.items():
        missing.update(_missing_in(folder, sorted(wanted)))
    return tuple(sorted(missing))


def _missing_in(folder: str, names: Sequence[str]) -> list[str]:
    try:
        there = set(os.listdir(folder))
    except OSError:
        there = set()
    places = [os.path.join(folder, name) for name in names if name not in there]
    # a file system may find a name that it lists in another case
    return [place for place in places if not os.path.exists(place)]
