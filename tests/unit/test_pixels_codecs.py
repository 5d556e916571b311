"""Encoded chunks are what their header entries promise, by another decoder."""

from itertools import product

import numcodecs
import numpy as np
import pytest

from tiles2zarr.config.omezarr import Blosc, BloscName, Compressor, Gzip, Shuffle, Zstd
from tiles2zarr.pixels.codecs import make_codec

DTYPES = ("uint8", "int16", ">u2", "uint32", "float32", "float64")
COMPRESSORS = [
    *(
        Blosc(cname=name, shuffle=shuffle, clevel=level)
        for name, shuffle, level in product(BloscName, Shuffle, (0, 1, 9))
    ),
    *(Zstd(clevel=level) for level in (1, 22)),
    *(Gzip(clevel=level) for level in (1, 9)),
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_chunks_decode_by_their_zarr_2_entry(dtype: str) -> None:
    """numcodecs, made from the entry, returns the pixels, little-endian in C order."""
    pixels = np.random.default_rng(0).normal(90, 9, (1, 1, 2, 131, 77)).astype(dtype)
    # a view with gaps, as of a chunk at the edge of a larger array
    for chunk in (pixels, pixels[..., ::2]):
        little = np.dtype(dtype).newbyteorder("<")
        for compressor in COMPRESSORS:
            codec = make_codec(compressor, np.dtype(dtype))
            assert codec.v2 is not None
            decoded = numcodecs.get_codec(dict(codec.v2)).decode(codec.encode(chunk))
            assert bytes(decoded) == chunk.astype(little).tobytes(), compressor


@pytest.mark.parametrize("dtype", DTYPES)
def test_blosc_shuffles_by_the_pixel(dtype: str) -> None:
    """The chunk says the pixel's bytes (its 4th byte), as the Zarr 3 entry does."""
    codec = make_codec(Blosc(), np.dtype(dtype))
    entry = codec.v3[0]["configuration"]
    assert isinstance(entry, dict)
    itemsize = np.dtype(dtype).itemsize
    assert codec.encode(np.ones((4, 5), dtype))[3] == entry["typesize"] == itemsize


@pytest.mark.parametrize("compressor", [Blosc(), Zstd(), Gzip()], ids=str)
def test_chunks_are_the_same_every_time(compressor: Compressor) -> None:
    """No time or name is in the bytes: digests of chunks can be compared."""
    pixels = np.arange(999, dtype=np.uint16).reshape(27, 37)
    codec = make_codec(compressor, pixels.dtype)
    assert codec.encode(pixels) == codec.encode(pixels.copy())
