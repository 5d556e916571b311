"""What writing an image, or a part of it, brought in: the stuff of its receipt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tiles2zarr.models.image import RegisteredImage, SourceStats
from tiles2zarr.models.receipt import (
    ChannelStats,
    ChunkColumns,
    HoleColumns,
    LevelReceipt,
    SourceColumns,
)
from tiles2zarr.pixels.layout import LevelLayout
from tiles2zarr.pixels.planes import PlaneKey, file_digests
from tiles2zarr.pixels.profiles import with_quality
from tiles2zarr.pixels.quality import PlaneFigures
from tiles2zarr.pixels.stats import ChannelFigures, Samples


@dataclass(frozen=True)
class Harvest:
    """What one writer wrote and read; plain values that pass between processes."""

    objects: tuple[Mapping[str, tuple[int, str]], ...]
    """Per level: key in the image group to size and digest."""
    samples: tuple[Samples, ...]
    """Per channel."""
    digests: Mapping[PlaneKey, str]
    """Digest of the pixels of every plane that was read."""
    planes: Mapping[PlaneKey, PlaneFigures]
    """Brightness and sharpness of every plane that was read."""
    unreadable: Mapping[PlaneKey, str]
    """Planes that could not be read (``on_missing: report``), and why."""


@dataclass(frozen=True)
class WrittenPixels:
    """What was written of an image, for its receipt."""

    levels: tuple[LevelReceipt, ...]
    channels: tuple[ChannelStats, ...]
    sources: SourceColumns
    holes: HoleColumns


def combine(
    image: RegisteredImage,
    layouts: Sequence[LevelLayout],
    harvests: Iterable[Harvest],
    measured: int = 0,
) -> WrittenPixels:
    """Return what all writers of an image wrote together, in whatever order.

    Of the first ``measured`` time points the figures are known.
    """
    parts = list(harvests)
    figures = [ChannelFigures(np.dtype(image.dtype), 1) for _ in image.channels]
    digests: dict[PlaneKey, str] = {}
    planes: dict[PlaneKey, PlaneFigures] = {}
    holes: set[PlaneKey] = set()
    for part in parts:
        digests |= part.digests
        planes |= part.planes
        holes |= part.unreadable.keys()
        for channel, samples in zip(figures, part.samples, strict=True):
            channel.merge(samples)
    levels = [
        _level(layout, [part.objects[number] for part in parts])
        for number, layout in enumerate(layouts)
    ]
    channels = tuple(channel.figures() for channel in figures)
    return WrittenPixels(
        levels=tuple(levels),
        channels=with_quality(image, channels, planes, measured),
        sources=_sources(image.sources, digests, holes),
        holes=HoleColumns(
            file=tuple(file for file, _ in sorted(holes)),
            plane=tuple(plane for _, plane in sorted(holes)),
        ),
    )


def _level(
    layout: LevelLayout, parts: Sequence[Mapping[str, tuple[int, str]]]
) -> LevelReceipt:
    """Return what a level holds, sorted by key."""
    prefix = len(layout.path) + 1
    rows = sorted(item for part in parts for item in part.items())
    return LevelReceipt(
        path=layout.path,
        shape=layout.on_axes(layout.shape),
        chunks=ChunkColumns(
            key=tuple(key[prefix:] for key, _ in rows),
            size=tuple(size for _, (size, _) in rows),
            digest=tuple(digest for _, (_, digest) in rows),
        ),
    )


def _sources(
    stats: SourceStats, digests: Mapping[PlaneKey, str], holes: Iterable[PlaneKey]
) -> SourceColumns:
    """Return the files with size, time and the digest of the pixels read from them."""
    by_file = {file: "" for file, _ in holes} | file_digests(digests)
    rows = stats.only(set(by_file))
    return SourceColumns(
        file=rows.file,
        size=rows.size,
        mtime_ns=rows.mtime_ns,
        digest=tuple(by_file[file] for file in rows.file),
    )
