"""Chunk encoding, and what the array headers say about it, for Zarr v2 and v3.

Chunks are encoded directly: zarr-python's pipeline costs two to three times the CPU of
the whole write. The encoders are those of imagecodecs: the same libraries as those of
numcodecs, imported in 3 ms instead of 45. Tests read every combination back through
numcodecs, zarr-python and tensorstore.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from tiles2zarr.config.omezarr import Blosc, Compressor, NoCompressor
from tiles2zarr.config.omezarr import Gzip as GzipConfig
from tiles2zarr.config.omezarr import Zstd as ZstdConfig

Encode = Callable[[NDArray[np.generic]], bytes]
Json = dict[str, object]
_SHUFFLE = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}


@dataclass(frozen=True)
class Codec:
    """One compressor for one pixel type: how to encode, and both header entries."""

    encode: Encode
    v2: Json | None
    v3: tuple[Json, ...]


def make_codec(config: Compressor, dtype: np.dtype[np.generic]) -> Codec:
    """Return the codec of a compressor for little-endian pixels of ``dtype``."""
    match config:
        case Blosc(cname=cname, clevel=level, shuffle=shuffle):
            return _blosc(cname, level, shuffle, dtype.itemsize)
        case ZstdConfig(clevel=level):
            return Codec(
                encode=lambda a: bytes(
                    imagecodecs.zstd_encode(_buffer(a), level=level)
                ),
                v2={"id": "zstd", "level": level},
                v3=(
                    {
                        "name": "zstd",
                        "configuration": {"level": level, "checksum": False},
                    },
                ),
            )
        case GzipConfig(clevel=level):
            return Codec(
                encode=lambda a: bytes(
                    imagecodecs.gzip_encode(_buffer(a), level=level)
                ),
                v2={"id": "gzip", "level": level},
                v3=({"name": "gzip", "configuration": {"level": level}},),
            )
        case NoCompressor():
            return Codec(encode=lambda a: _little(a).tobytes(), v2=None, v3=())


def _blosc(cname: str, level: int, shuffle: str, itemsize: int) -> Codec:
    # shuffling single bytes does nothing; zarr readers accept the declared mode as is
    mode = _SHUFFLE[shuffle]

    def encode(array: NDArray[np.generic]) -> bytes:
        encoded = imagecodecs.blosc_encode(
            # the pixels, not their bytes: Blosc shuffles by the items of the buffer
            _buffer(array),
            level=level,
            compressor=cname,
            shuffle=mode,
            blocksize=0,
            # the chunks of an image are shared among threads, not the parts of one
            numthreads=1,
        )
        return bytes(encoded)

    return Codec(
        encode=encode,
        v2={
            "id": "blosc",
            "cname": str(cname),
            "clevel": level,
            "shuffle": mode,
            "blocksize": 0,
        },
        v3=(
            {
                "name": "blosc",
                "configuration": {
                    "typesize": itemsize,
                    "cname": str(cname),
                    "clevel": level,
                    "shuffle": str(shuffle),
                    "blocksize": 0,
                },
            },
        ),
    )


def _little(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _buffer(array: NDArray[np.generic]) -> bytes:
    """Return the array; imagecodecs takes any buffer, but its types name three."""
    return cast("bytes", _little(array))
