"""A few planes read and packed as a run would: their size, and the time it takes."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tiles2zarr.config.omezarr import Compressor
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.loaders import open_source
from tiles2zarr.models.image import TiledImage
from tiles2zarr.pixels.codecs import make_codec

PLANES = 3
"""Planes that are tried."""
_PYRAMID = 4 / 3
"""All levels over the first one."""
_JOB_S = 1.5
"""Processor seconds of the start of a batch's two jobs."""
_RUN_S = 8.0
"""Seconds of Snakemake's start, parse_tiles, and the tables at the end."""


@dataclass(frozen=True)
class Sample:
    """What the planes that were tried say."""

    planes: int
    """How many were read."""
    raw_bytes: int
    """Bytes of their pixels."""
    packed_bytes: int
    """Bytes after compression."""
    read_s: float
    """Seconds of reading and decoding."""
    pack_s: float
    """Seconds of compression."""

    @property
    def ratio(self) -> float:
        """How many times smaller compression makes them."""
        return self.raw_bytes / self.packed_bytes

    def seconds(self, source_bytes: int, batches: int, cores: int) -> float:
        """Return a guess of how long a run takes.

        Args:
            source_bytes: Pixel bytes to read.
            batches: Jobs that write.
            cores: Jobs and threads at the same time.
        """
        of_byte = (self.read_s + _PYRAMID * self.pack_s) / self.raw_bytes
        return _RUN_S + (of_byte * source_bytes + _JOB_S * batches) / cores


def cores_here() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def take_sample(
    images: Sequence[TiledImage],
    compressor: Compressor,
    storage: Mapping[int, Mapping[str, object]],
) -> Sample | None:
    """Return what a few planes say, of the first, a middle and the last image.

    Planes that cannot be read are passed over (register tells of them); ``None`` if
    none can.
    """
    planes = raw = packed = 0
    read_s = pack_s = 0.0
    for image in _spread(images):
        began = time.perf_counter()
        try:
            plane = _read(image, storage.get(image.acquisition_id, {}))
        except Tiles2ZarrError:
            continue
        if plane is None:
            continue
        read = time.perf_counter()
        packed += len(make_codec(compressor, plane.dtype).encode(plane))
        pack_s += time.perf_counter() - read
        read_s += read - began
        planes += 1
        raw += plane.nbytes
    return Sample(planes, raw, packed, read_s, pack_s) if raw and packed else None


def _spread(images: Sequence[TiledImage]) -> Iterator[TiledImage]:
    last = len(images) - 1
    for place in sorted({round(last * n / max(1, PLANES - 1)) for n in range(PLANES)}):
        yield images[place]


def _read(
    image: TiledImage, storage: Mapping[str, object]
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]] | None:
    tiles = image.tiles
    row = next((n for n, status in enumerate(tiles.status) if status == "ok"), None)
    if row is None:
        return None
    with open_source(tiles.file[row], image.resource, image.loader, storage) as source:
        return source.read(tiles.plane[row])
