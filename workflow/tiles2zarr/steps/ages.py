"""Whether files may still be written, by their times; nothing heavy for the head."""

import os
from collections.abc import Iterable, Iterator
from time import time
from typing import Literal

from tiles2zarr.filesystems import local_path
from tiles2zarr.steps.listings import MISSING, REFUSED, UNTOLD, Listings, Options, Stat

AgeState = Literal["young", "settled", "absent", "untold"]
"""``untold``: its server tells no time, so it is taken as settled."""
_SECOND_NS = 10**9


class Ages:
    """The ages of one acquisition's files; folders behind URLs are listed once."""

    def __init__(self, settle_s: float, storage: Options, listings: Listings) -> None:
        """Look at nothing yet.

        Args:
            settle_s: Age from which a file is settled, second.
            storage: Options of the file system of URLs.
            listings: What is known of folders behind URLs.
        """
        self._settle_s = settle_s
        self._storage = storage
        self._listings = listings

    def states(self, places: Iterable[str]) -> dict[str, AgeState]:
        """Return the state of each file or URL."""
        files = list(dict.fromkeys(places))
        stats = self._listings.stats(files, self._storage)
        rows = zip(files, stats, strict=True)
        return {file: age_state(stat, self._settle_s) for file, stat in rows}

    def below(self, place: str) -> Iterator[str]:
        """Yield a file, or the files at or below a folder or URL."""
        near = local_path(place)
        if near is None:
            yield from self._listings.tree(place, self._storage)
        elif not os.path.isdir(near):
            yield place
        else:
            for folder, _, names in os.walk(near):
                yield from (os.path.join(folder, name) for name in names)


def age_state(stat: Stat, settle_s: float) -> AgeState:
    """Return whether a file of this size and time may still be written.

    Args:
        stat: Its size and time.
        settle_s: Age from which it is settled, second.
    """
    if stat == MISSING:
        return "absent"
    # a version without a time is told as a time in the first second of 1970
    if stat in (UNTOLD, REFUSED) or 0 <= stat[1] < _SECOND_NS:
        return "untold"
    return "young" if time() - stat[1] / _SECOND_NS < settle_s else "settled"
