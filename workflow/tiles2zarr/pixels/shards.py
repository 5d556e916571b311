"""Objects of a level on their way out: chunks as they are, shards once complete."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

import google_crc32c
import numpy as np
import xxhash

from tiles2zarr.pixels.headers import chunk_key
from tiles2zarr.pixels.layout import LevelLayout, Shape
from tiles2zarr.stores.base import Store

MISSING = 2**64 - 1
"""Offset and size of a chunk that is not in its shard."""


@dataclass
class _OpenShard:
    """Encoded chunks of one shard by their place in it, until all are in."""

    waiting: int
    parts: dict[int, bytes] = field(default_factory=dict)


class LevelOutput:
    """Writes the encoded chunks of one level and remembers what was written."""

    def __init__(
        self, layout: LevelLayout, store: Store, version: str, touched: set[Shape]
    ) -> None:
        """Expect exactly the chunks in ``touched``."""
        self.layout = layout
        self._store = store
        self._version = version
        self._written: dict[str, tuple[int, str]] = {}
        self._lock = threading.Lock()
        self._open: dict[Shape, _OpenShard] = {}
        if layout.shard is not None:
            for index in touched:
                shard = self._open.setdefault(self._shard(index)[0], _OpenShard(0))
                shard.waiting += 1

    def put(self, index: Shape, encoded: bytes | None) -> None:
        """Write one chunk, or keep it until its shard is complete.

        ``None`` is a chunk that was expected and has no pixels.
        """
        if self.layout.shard is None:
            if encoded is not None:
                self._write(index, encoded)
            return
        outer, place = self._shard(index)
        with self._lock:
            shard = self._open[outer]
            if encoded is not None:
                shard.parts[place] = encoded
            shard.waiting -= 1
            complete = shard.waiting == 0
            if complete:
                del self._open[outer]
        if complete and shard.parts:
            self._write(outer, _assemble(shard.parts, self._places))

    @property
    def written(self) -> Mapping[str, tuple[int, str]]:
        """Size and digest of every object written so far, by key."""
        return self._written

    @property
    def _factors(self) -> Shape:
        layout = self.layout
        shard = layout.shard or layout.chunk
        t, c, z, y, x = (s // k for s, k in zip(shard, layout.chunk, strict=True))
        return (t, c, z, y, x)

    @property
    def _places(self) -> int:
        return prod(self._factors)

    def _shard(self, index: Shape) -> tuple[Shape, int]:
        """Return the shard of a chunk and the chunk's place in it, row-major."""
        outer, place = [], 0
        for position, factor in zip(index, self._factors, strict=True):
            outer.append(position // factor)
            place = place * factor + position % factor
        t, c, z, y, x = outer
        return (t, c, z, y, x), place

    def _write(self, index: Shape, data: bytes) -> None:
        key = chunk_key(self.layout, index, self._version)
        self._store.put_chunk(key, data)
        entry = (len(data), xxhash.xxh3_64_hexdigest(data))
        with self._lock:
            self._written[key] = entry


def _assemble(parts: dict[int, bytes], places: int) -> bytes:
    """Return a shard: its chunks one after another, then the index and its crc32c."""
    entries = np.full((places, 2), MISSING, dtype="<u8")
    offset = 0
    for place in sorted(parts):
        entries[place] = (offset, len(parts[place]))
        offset += len(parts[place])
    index = entries.tobytes()
    checksum = google_crc32c.value(index).to_bytes(4, "little")
    return b"".join([*(parts[place] for place in sorted(parts)), index, checksum])


def parents(touched: set[Shape], layout: LevelLayout) -> dict[Shape, int]:
    """Return the chunks of ``layout`` above ``touched`` and how many children each has.

    A child in a dropped odd last row or column has no parent.
    """
    counts: dict[Shape, int] = {}
    grid = layout.grid
    for t, c, z, y, x in touched:
        above = (t, c, z, y // 2, x // 2)
        if above[3] < grid[3] and above[4] < grid[4]:
            counts[above] = counts.get(above, 0) + 1
    return counts
