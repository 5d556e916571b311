"""What is amiss with the levels of an image: objects, their bytes, their pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import xxhash

from tiles2zarr.commands.chunks import (
    HEADERS,
    LevelChunks,
    level_chunks,
    read_header,
)
from tiles2zarr.commands.comparison import Comparison
from tiles2zarr.commands.plates import count
from tiles2zarr.commands.threads import work_through
from tiles2zarr.errors import StoreError
from tiles2zarr.models.receipt import LevelReceipt
from tiles2zarr.stores.base import Store


@dataclass(frozen=True)
class LevelCheck:
    """One level of an image and how it is to be looked at."""

    store: Store
    level: LevelReceipt
    axes: str
    threads: int = 1
    comparison: Comparison | None = None
    """Compares the pixels of level 0 with the sources."""

    def listing_faults(self) -> Iterator[str]:
        """Yield how keys and sizes differ from the receipt's, and a bad header."""
        level = self.level
        found = self._found()
        headers = HEADERS & found.keys()
        if not headers:
            yield f"level {level.path} has no array header"
        elif _shape(self.store, level.path) != list(level.shape):
            yield f"the header of level {level.path} is damaged"
        wanted = dict(zip(level.chunks.key, level.chunks.size, strict=True))
        yield from self._told("missing", [k for k in wanted if k not in found])
        other = [k for k, octets in wanted.items() if found.get(k, octets) != octets]
        yield from self._told("of another size", other)
        beyond = sorted(found.keys() - wanted.keys() - headers)
        yield from self._told("beyond the receipt's", beyond)

    def content_faults(self) -> Iterator[str]:
        """Yield objects of another content, and those that cannot be decoded.

        Each object is read once; level 0 is compared with the sources on the way.
        """
        found = self._found()
        columns = self.level.chunks
        rows = zip(columns.key, columns.size, columns.digest, strict=True)
        there = [(key, xxh) for key, octets, xxh in rows if found.get(key) == octets]
        try:
            chunks = level_chunks(self.store, self.level.path, self.axes)
        except StoreError as error:
            if HEADERS & found.keys():
                yield str(error)
            return
        if self.comparison:
            wanted = {chunks.key(index) for index in self.comparison.touched}
            lost = sorted(wanted - set(columns.key))
            yield from self._told("acquired but not in the receipt", lost)

        def look(row: tuple[str, str]) -> str | None:
            return self._object(chunks, *row)

        close = self.comparison.close if self.comparison else None
        faults = work_through(there, look, self.threads, close)
        told: dict[str, list[str]] = {}
        for (key, _), fault in zip(there, faults, strict=True):
            if fault:
                told.setdefault(fault, []).append(key)
        for fault, keys in told.items():
            yield from self._told(fault, keys)

    def _found(self) -> dict[str, int]:
        prefix = len(self.level.path) + 1
        sizes = self.store.sizes(self.level.path)
        return {key[prefix:]: octets for key, octets in sizes}

    def _object(self, chunks: LevelChunks, key: str, known: str) -> str | None:
        """Return what is amiss with one object."""
        raw = self.store.get(f"{self.level.path}/{key}") or b""
        if xxhash.xxh3_64_hexdigest(raw) != known:
            return "of another content"
        try:
            absent = set(chunks.indices(key))
            for index, block in chunks.decode_at(key, raw):
                absent.discard(index)
                if self.comparison:
                    self.comparison.compare(index, block)
        except StoreError as error:
            return f"not to be decoded: {error}"
        for index in sorted(absent):
            if self.comparison and index in self.comparison.touched:
                self.comparison.compare(index, None)
        return None

    def _told(self, what: str, keys: Sequence[str]) -> Iterator[str]:
        if keys:
            chunks = count(len(keys), "chunk")
            verb = "is" if len(keys) == 1 else "are"
            yield f"level {self.level.path}: {chunks} {verb} {what} ({keys[0]})"


def _shape(store: Store, path: str) -> object:
    try:
        return read_header(store, path).get("shape")
    except StoreError:
        return None
