"""The composed limit: reading, encoding, halving and writing alone, in one thread.

What a conversion would cost if nothing else had to be done: every tile is read into one
buffer, encoded as it is, halved down the pyramid, and every level's chunk is encoded
and written once into the page cache.
"""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tifffile

from tiles2zarr.config.omezarr import Blosc
from tiles2zarr.pixels.codecs import make_codec
from tiles2zarr.pixels.halve import halve


def composed_limit(tiles: Iterable[Path], scratch: Path, levels: int) -> float:
    """Return the CPU seconds it takes to read, halve, encode and write the tiles.

    Args:
        tiles: Single-plane TIFF files of one shape, uncompressed.
        scratch: Folder for the output; removed afterwards.
        levels: Levels of the pyramid.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    codec = make_codec(Blosc(), np.dtype(np.uint16))
    buffers: list[np.ndarray[tuple[int, int]]] = []
    begin = time.process_time()
    for number, tile in enumerate(tiles):
        if not buffers:
            shape = tifffile.imread(tile).shape
            buffers = [
                np.empty((shape[0] >> n, shape[1] >> n), np.uint16)
                for n in range(levels)
            ]
            begin = time.process_time()
        with open(tile, "rb", buffering=0) as stream:
            size = stream.seek(0, 2)
            stream.seek(size - buffers[0].nbytes)
            stream.readinto(buffers[0].reshape(-1).view(np.uint8).data)
        for n, block in enumerate(buffers):
            if n:
                halve(buffers[n - 1], block)
            with open(scratch / f"{number}_{n}", "xb", buffering=0) as out:
                out.write(codec.encode(block))
    spent = time.process_time() - begin
    shutil.rmtree(scratch)
    return spent
