"""The receipt of a written image: proof of what is in the store."""

from typing import Literal

from pydantic import Field

from tiles2zarr.models.base import Frozen
from tiles2zarr.models.collection import Collection
from tiles2zarr.models.tiles import Columns


class Histogram(Frozen):
    """Counts of sampled acquired level-0 values in equal bins."""

    start: float
    """Lower edge of the first bin."""
    width: float = Field(gt=0)
    """Width of a bin; 1 for integers of a small range."""
    counts: tuple[int, ...]
    """Samples per bin."""


class ChannelStats(Frozen):
    """Figures of one channel of one image, from its acquired level-0 pixels."""

    histogram: Histogram
    """Sampled values."""
    minimum: float
    """Smallest sampled value."""
    maximum: float
    """Largest sampled value."""
    saturated: float = 0.0
    """Share of samples at the largest value the pixel type holds."""
    mean: float | None = None
    """Mean of the tiles as read."""
    background: float | None = None
    """Mean of the darkest tenth of blocks of a tile, averaged over the tiles."""
    vignetting: float | None = None
    """Corners of the field over its middle; 1 is even light."""
    light: tuple[float, ...] = ()
    """Brightness over the field, 8 rows of 8 blocks: the median over the tiles."""
    focus: float | None = None
    """Sharpness of the sharpest plane: how fast neighbours stop being alike (0 for
    flat planes and for noise)."""
    z_mean: tuple[float | None, ...] = ()
    """Mean per plane; empty where there is one plane."""
    z_focus: tuple[float | None, ...] = ()
    """Sharpness per plane; empty where there is one plane."""
    t_mean: tuple[float | None, ...] = ()
    """Mean per time point; empty where there is one."""


class SourceColumns(Columns):
    """The source files an image was written from."""

    file: tuple[str, ...]
    """Path relative to ``resource``."""
    size: tuple[int, ...]
    """Bytes."""
    mtime_ns: tuple[int, ...]
    """Modification time, nanosecond."""
    digest: tuple[str, ...]
    """xxh3_64 of the pixels read from the file, hexadecimal; empty if there are none
    (``on_missing: report``)."""


class HoleColumns(Columns):
    """Planes of source files."""

    file: tuple[str, ...]
    """Path relative to ``resource``."""
    plane: tuple[int, ...]
    """Index of the plane in its file."""


class ChunkColumns(Columns):
    """The objects of one level: chunks, or shards where the array is sharded."""

    key: tuple[str, ...]
    """Key below the array, e.g. ``0/0/1/2`` or ``c/0/0/1/2``."""
    size: tuple[int, ...]
    """Bytes."""
    digest: tuple[str, ...]
    """xxh3_64 of the bytes, hexadecimal."""


class LevelReceipt(Frozen):
    """One pyramid level of a written image."""

    path: str
    """Path of the array in the image group."""
    shape: tuple[int, ...]
    """Shape over the written axes."""
    chunks: ChunkColumns
    """Objects that must exist; a key not listed was never acquired."""


class Receipt(Frozen):
    """``written/<image>.json``: written last, after the image is in its place."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    collection: Collection
    """Where the image is."""
    pixels: str
    """Fingerprint of everything that decides the arrays, the sources' names and sizes
    but not their times."""
    geometry: str
    """Fingerprint of shape, scale and boxes: labels fit only as long as it stands."""
    metadata: str
    """Fingerprint of everything else."""
    levels: tuple[LevelReceipt, ...]
    """What each level holds."""
    dtype: str = ""
    """Pixel type, ``uint16``; empty in receipts of earlier versions."""
    labels: tuple[str, ...]
    """Channel labels, unique in the acquisition."""
    channels: tuple[ChannelStats, ...]
    """Figures per channel."""
    sources: SourceColumns
    """What was read."""
    software: dict[str, str] = Field(default={})
    """Versions of the packages that made the arrays; empty where they are not known."""
    unreadable: tuple[str, ...] = ()
    """Files with planes that could not be decoded (``on_missing: report``)."""
    holes: HoleColumns = HoleColumns(file=(), plane=())
    """These planes; they were left out."""
