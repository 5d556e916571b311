"""Chunks of a level decoded by what its array header says, whoever wrote it."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import google_crc32c
import numpy as np
from numcodecs import GZip, Zstd, blosc, get_codec
from numpy.typing import NDArray

from tiles2zarr.errors import StoreError
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.pixels.layout import LevelLayout, Shape
from tiles2zarr.pixels.shards import MISSING
from tiles2zarr.stores.base import Store

Block = NDArray[np.generic]
Decode = Callable[[bytes], bytes]
Header = Mapping[str, object]
HEADERS = frozenset({".zarray", "zarr.json"})
"""Names of array headers, Zarr 2 and 3."""
_DECODERS: Mapping[str, Decode] = {
    "blosc": blosc.decompress,
    "zstd": Zstd().decode,
    "gzip": GZip().decode,
}
_ERRORS = (
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    MemoryError,
    OverflowError,
    zlib.error,
)
"""What the codecs raise on bytes that are none of theirs."""


def read_header(store: Store, path: str) -> Header:
    """Return the header of an array, Zarr 2 or 3.

    Raises:
        StoreError: There is none, or it is not JSON.
    """
    for name in sorted(HEADERS):
        raw = store.get(f"{path}/{name}")
        if raw is not None:
            try:
                header = json.loads(raw)
            except ValueError as error:
                raise StoreError(f"the header of level {path} is damaged") from error
            if isinstance(header, dict):
                return header
            raise StoreError(f"the header of level {path} is damaged")
    raise StoreError(f"level {path} has no array header")


@dataclass(frozen=True)
class LevelChunks:
    """The chunks of one level: where each is, and how its bytes become pixels."""

    layout: LevelLayout
    dtype: np.dtype[np.generic]
    prefix: str
    """What keys begin with: nothing (Zarr 2) or ``c/`` (Zarr 3)."""
    decoders: tuple[Decode, ...]

    def indices(self, key: str) -> Iterator[Shape]:
        """Yield the grid index of every chunk that the object at ``key`` may hold.

        Raises:
            StoreError: No object of this level has such a key.
        """
        layout = self.layout
        outer = self._outer(key)
        factors = self._factors
        for place in np.ndindex(*factors):
            index = tuple(
                o * f + p for o, f, p in zip(outer, factors, place, strict=True)
            )
            if all(i < n for i, n in zip(index, layout.grid, strict=True)):
                yield _five(index)

    def key(self, index: Shape) -> str:
        """Return the key, below the array, of the object that holds a chunk."""
        outer = _five(i // f for i, f in zip(index, self._factors, strict=True))
        return self.prefix + "/".join(map(str, self.layout.on_axes(outer)))

    def decode(self, raw: bytes) -> Iterator[tuple[Shape, Block]]:
        """Yield the chunks of an object, each by its place in it and its pixels.

        An unsharded object is one chunk; of a shard only the chunks it holds come.

        Raises:
            StoreError: The bytes are not what the header promises.
        """
        if self.layout.shard is None:
            yield (0, 0, 0, 0, 0), self._pixels(raw)
            return
        places = list(np.ndindex(*self._factors))
        length = 16 * len(places) + 4
        index = raw[len(raw) - length : len(raw) - 4]
        if len(raw) < length or raw[-4:] != google_crc32c.value(index).to_bytes(
            4, "little"
        ):
            raise StoreError("the index of the shard is damaged")
        for place, (offset, size) in zip(
            places, np.frombuffer(index, "<u8").reshape(-1, 2).tolist(), strict=True
        ):
            if (offset, size) != (MISSING, MISSING):
                yield _five(place), self._pixels(raw[offset : offset + size])

    def chunk(self, raw: bytes, index: Shape) -> Block | None:
        """Return one chunk out of its object, ``None`` where a shard has it not."""
        place = _five(i % f for i, f in zip(index, self._factors, strict=True))
        found = (block for at, block in self.decode(raw) if at == place)
        return next(found, None)

    def decode_at(self, key: str, raw: bytes) -> Iterator[tuple[Shape, Block]]:
        """Yield the chunks of the object at ``key`` by their grid index.

        Raises:
            StoreError: The bytes are not what the header promises.
        """
        outer, factors = self._outer(key), self._factors
        for place, block in self.decode(raw):
            parts = zip(outer, factors, place, strict=True)
            yield _five(o * f + p for o, f, p in parts), block

    def region(self, store: Store, start: Sequence[int], stop: Sequence[int]) -> Block:
        """Return the pixels of a box (t, c, z, y, x); what is not written is 0.

        Raises:
            StoreError: An object cannot be decoded.
        """
        pixels = np.zeros([b - a for a, b in zip(start, stop, strict=True)], self.dtype)
        edges = self.layout.chunk
        spans = [
            range(a // edge, (b - 1) // edge + 1)
            for a, b, edge in zip(start, stop, edges, strict=True)
        ]
        held: dict[str, bytes | None] = {}
        for index in product(*spans):
            key = self.key(_five(index))
            if key not in held:
                held[key] = store.get(f"{self.layout.path}/{key}")
            raw = held[key]
            block = None if raw is None else self.chunk(raw, _five(index))
            if block is not None:
                first = [i * edge for i, edge in zip(index, edges, strict=True)]
                _paste(block, first, pixels, start)
        return pixels

    @property
    def _factors(self) -> Shape:
        """Chunks per object along each axis."""
        shard = self.layout.shard or self.layout.chunk
        return _five(s // c for s, c in zip(shard, self.layout.chunk, strict=True))

    def _outer(self, key: str) -> Shape:
        text = key.removeprefix(self.prefix) if key.startswith(self.prefix) else ""
        parts = text.split("/")
        axes = self.layout.axes
        if len(parts) != len(axes) or not all(part.isdecimal() for part in parts):
            raise StoreError(f"{key} is not the key of a chunk")
        on_axes = dict(zip(axes, map(int, parts), strict=True))
        return _five(on_axes.get(axis, 0) for axis in AXES)

    def _pixels(self, raw: bytes) -> Block:
        try:
            for decode in self.decoders:
                raw = decode(raw)
        except _ERRORS as error:
            raise StoreError(f"its bytes cannot be decoded ({error})") from error
        wanted = prod(self.layout.chunk) * self.dtype.itemsize
        if len(raw) != wanted:
            raise StoreError(f"it decodes to {len(raw):,} bytes, expected {wanted:,}")
        return np.frombuffer(raw, self.dtype).reshape(self.layout.chunk)


def level_chunks(store: Store, path: str, axes: str) -> LevelChunks:
    """Return how the chunks of a level are found and decoded, by its header.

    Args:
        store: The image group.
        path: The level.
        axes: The axes of the image, ``czyx``.

    Raises:
        StoreError: The header is damaged, or says what this package never writes.
    """
    header = read_header(store, path)
    try:
        make = _v2 if header.get("zarr_format") == 2 else _v3
        return make(header, path, axes)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StoreError(
            f"the header of level {path} says what cannot be decoded here: {error!r}"
        ) from error


def _v2(header: Header, path: str, axes: str) -> LevelChunks:
    if header.get("filters") or header["dimension_separator"] != "/":
        raise ValueError("filters or separator")
    config = header["compressor"]
    decoders: list[Decode] = []
    if isinstance(config, dict):
        name = str(config["id"])
        decoders = [_DECODERS.get(name) or get_codec(config).decode]
    layout = _layout(path, axes, header["shape"], header["chunks"], None)
    return LevelChunks(layout, np.dtype(str(header["dtype"])), "", tuple(decoders))


def _v3(header: Header, path: str, axes: str) -> LevelChunks:
    grid = _mapping(_mapping(header["chunk_grid"])["configuration"])["chunk_shape"]
    codecs = _codecs(header["codecs"])
    chunk, shard = grid, None
    if "sharding_indexed" in codecs:
        inner = codecs["sharding_indexed"]
        if inner.get("index_location", "end") != "end":
            raise ValueError("index_location")
        chunk, shard = inner["chunk_shape"], grid
        codecs = _codecs(inner["codecs"])
    endian = codecs.pop("bytes").get("endian", "little")
    dtype = np.dtype(str(header["data_type"]))
    dtype = dtype.newbyteorder(">" if endian == "big" else "<")
    decoders = tuple(_DECODERS[name] for name in reversed(codecs))
    layout = _layout(path, axes, header["shape"], chunk, shard)
    return LevelChunks(layout, dtype, "c/", decoders)


def _codecs(value: object) -> dict[str, Header]:
    entries = [_mapping(entry) for entry in value] if isinstance(value, list) else []
    return {str(e["name"]): _mapping(e.get("configuration", {})) for e in entries}


def _mapping(value: object) -> Header:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no object")
    return value


def _layout(
    path: str, axes: str, shape: object, chunk: object, shard: object
) -> LevelLayout:
    return LevelLayout(
        path=path,
        axes=axes,
        shape=_on_all(shape, axes),
        chunk=_on_all(chunk, axes),
        shard=None if shard is None else _on_all(shard, axes),
    )


def _on_all(lengths: object, axes: str) -> Shape:
    if not isinstance(lengths, list):
        raise TypeError(f"{lengths!r} is no list")
    on_axes = dict(zip(axes, map(int, lengths), strict=True))
    return _five(on_axes.get(axis, 1) for axis in AXES)


def _paste(
    block: Block, first: Sequence[int], pixels: Block, start: Sequence[int]
) -> None:
    """Copy what a chunk that begins at ``first`` has of the box at ``start``."""
    here, there = [], []
    for f, edge, s, length in zip(first, block.shape, start, pixels.shape, strict=True):
        low, high = max(f, s), min(f + edge, s + length)
        there.append(slice(low - s, high - s))
        here.append(slice(low - f, high - f))
    pixels[tuple(there)] = block[tuple(here)]


def _five(values: Iterable[int]) -> Shape:
    t, c, z, y, x = values
    return (t, c, z, y, x)
