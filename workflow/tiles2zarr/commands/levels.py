"""The levels of an image as its store holds them, whoever made it."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import xxhash

from tiles2zarr.commands.chunks import HEADERS, read_header
from tiles2zarr.errors import StoreError
from tiles2zarr.models.receipt import ChunkColumns, LevelReceipt
from tiles2zarr.ngff.mark import level_names
from tiles2zarr.stores.base import Store


def read_levels(store: Store, *, deep: bool) -> tuple[LevelReceipt, ...]:
    """Return what each level of an image group holds, largest first.

    Args:
        store: The image group.
        deep: Read every object for its digest; else digests are empty.

    Raises:
        StoreError: The group lists no levels, or an array's header is damaged.
    """
    names = level_names(store)
    if not names:
        raise StoreError("its attributes list no levels")
    return tuple(_level(store, name, deep=deep) for name in names)


def _level(store: Store, path: str, *, deep: bool) -> LevelReceipt:
    prefix = len(path) + 1
    rows = sorted((key[prefix:], octets) for key, octets in store.sizes(path))
    objects = [row for row in rows if row[0] not in HEADERS]
    return LevelReceipt(
        path=path,
        shape=_shape(read_header(store, path)),
        chunks=ChunkColumns(
            key=tuple(key for key, _ in objects),
            size=tuple(octets for _, octets in objects),
            digest=tuple(
                xxhash.xxh3_64_hexdigest(store.get(f"{path}/{key}") or b"")
                if deep
                else ""
                for key, _ in objects
            ),
        ),
    )


def _shape(header: Mapping[str, object]) -> tuple[int, ...]:
    shape = header.get("shape")
    if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
        raise StoreError("an array header has no shape")
    return tuple(shape)


def halving_faults(levels: tuple[LevelReceipt, ...]) -> Iterator[str]:
    """Yield levels that are not half the one before in y and x, rounded down."""
    for before, level in pairwise(levels):
        *rest, y, x = before.shape
        if level.shape != (*rest, y // 2, x // 2):
            found, wanted = map(_text, (level.shape, (*rest, y // 2, x // 2)))
            yield f"level {level.path} is {found}, expected {wanted}"


def _text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
