"""The OME-Zarr that is made: version, pyramid, chunks, compression, tables."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from tiles2zarr.config.base import Choice, Section, as_text, no_truth_value, tagged
from tiles2zarr.config.values import Count, Label, Level
from tiles2zarr.models.collection import check_name

SCALINGS = (0.25, 0.5, 1.0, 2.0, 4.0)


class NgffVersion(Choice):
    """Version of the OME-NGFF specification."""

    V04 = "0.4"
    V05 = "0.5"


class Windows(Choice):
    """What a contrast window is found over."""

    PLATE = "plate"
    IMAGE = "image"


class TableBackend(Choice):
    """File format of the tables."""

    CSV = "csv"
    ANNDATA = "anndata"
    JSON = "json"
    PARQUET = "parquet"


class _Chunks(Section):
    """Chunk lengths off the image plane."""

    z_chunk: Count = 1
    """Chunk length in z, planes."""
    c_chunk: Count = 1
    """Chunk length in c, channels."""
    t_chunk: Count = 1
    """Chunk length in t, time points."""


def _scaling(value: float) -> float:
    if value not in SCALINGS:
        known = ", ".join(f"{scaling:g}" for scaling in SCALINGS)
        raise ValueError(f"expected one of {known}, got {value:g}")
    return value


class FovChunks(_Chunks):
    """Chunks as large as a field of view, or a fraction or multiple of it."""

    kind: Literal["fov"] = "fov"
    """Tag of the chunks."""
    xy_scaling: Annotated[
        float,
        BeforeValidator(no_truth_value),
        AfterValidator(_scaling),
        Field(json_schema_extra={"enum": [*SCALINGS]}),
    ] = 1.0
    """Chunk length over the field's length in x and y: 0.25, 0.5, 1, 2 or 4."""

    def get_xy_chunk(self, fov_length: int) -> int:
        """Return the chunk length for a field of ``fov_length`` pixels, at least 1."""
        return max(1, int(fov_length * self.xy_scaling))


class FixedChunks(_Chunks):
    """Chunks of one length, whatever the field of view."""

    kind: Literal["fixed"] = "fixed"
    """Tag of the chunks."""
    xy_chunk: Count = 4096
    """Chunk length in x and y, pixel."""

    def get_xy_chunk(self, fov_length: int) -> int:
        """Return the chunk length in pixels; the field's length does not matter."""
        return self.xy_chunk


Chunks = Annotated[
    FovChunks | FixedChunks,
    Field(discriminator="kind"),
    tagged(
        "kind",
        ("fov", "fixed"),
        "fov",
        {"sameasfov": "fov", "fixedsize": "fixed"},
    ),
]


class MultipleShards(Section):
    """Shards of a whole number of chunks along each axis."""

    kind: Literal["multiple"] = "multiple"
    """Tag of the shards."""
    xy_factor: Count = 4
    """Chunks per shard along x and along y."""
    z_factor: Count = 1
    """Chunks per shard along z."""
    c_factor: Count = 1
    """Chunks per shard along c."""
    t_factor: Count = 1
    """Chunks per shard along t."""


class Shuffle(Choice):
    """How Blosc reorders the bytes before it compresses."""

    BITSHUFFLE = "bitshuffle"
    SHUFFLE = "shuffle"
    NOSHUFFLE = "noshuffle"


class BloscName(Choice):
    """The compressor inside Blosc."""

    LZ4 = "lz4"
    LZ4HC = "lz4hc"
    BLOSCLZ = "blosclz"
    ZSTD = "zstd"
    ZLIB = "zlib"


class Blosc(Section):
    """Blosc: fast, good on images with bitshuffle."""

    name: Literal["blosc"] = "blosc"
    """Tag of the compressor."""
    cname: BloscName = BloscName.LZ4
    """Compressor inside Blosc."""
    shuffle: Shuffle = Shuffle.BITSHUFFLE
    """Reordering before compression."""
    clevel: Level = 5
    """Level from 0 (none) to 9 (smallest)."""


class Zstd(Section):
    """Zstandard without shuffle: smaller and slower."""

    name: Literal["zstd"] = "zstd"
    """Tag of the compressor."""
    clevel: Annotated[int, Field(ge=1, le=22), BeforeValidator(no_truth_value)] = 3
    """Level from 1 (fastest) to 22 (smallest)."""


class Gzip(Section):
    """Gzip: read by everything, slow."""

    name: Literal["gzip"] = "gzip"
    """Tag of the compressor."""
    clevel: Level = 5
    """Level from 0 (none) to 9 (smallest)."""


class NoCompressor(Section):
    """Plain bytes."""

    name: Literal["none"] = "none"
    """Tag of the compressor."""


Compressor = Annotated[
    Blosc | Zstd | Gzip | NoCompressor,
    Field(discriminator="name"),
    tagged("name", ("blosc", "zstd", "gzip", "none"), "blosc"),
]
LevelName = Annotated[Label, AfterValidator(check_name)]


class ArrayOptions(Section):
    """What decides the arrays of an image."""

    ngff_version: Annotated[NgffVersion, BeforeValidator(as_text)] = NgffVersion.V04
    """Version of OME-Zarr: 0.4 (Zarr 2) or 0.5 (Zarr 3)."""
    num_levels: Count = 5
    """Pyramid levels with level 0; fewer where an image is too small."""
    level_names: tuple[LevelName, ...] | None = None
    """Names of the ``num_levels`` levels; left out, 0, 1, 2 ..."""
    chunks: Chunks = Field(default_factory=FovChunks)
    """Chunk lengths."""
    shards: MultipleShards | None = None
    """Chunks packed together into fewer files (0.5 only); left out, one file per
    chunk."""
    compressor: Compressor = Field(default_factory=Blosc)
    """Compression of the chunks."""

    @field_validator("level_names")
    @classmethod
    def _names(
        cls, names: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if names is None:
            return None
        levels = info.data.get("num_levels", len(names))
        if len(names) != levels:
            raise ValueError(
                f"expected one name for each of the {levels} levels (num_levels), got "
                f"{len(names)}"
            )
        count = Counter(name.lower() for name in names)
        twice = [name for name in names if count[name.lower()] > 1]
        if twice:
            raise ValueError(f"each name may stand once, got {', '.join(twice)}")
        taken = [name for name in names if name.lower() in ("labels", "tables")]
        if taken:
            raise ValueError(f"{taken[0]!r} is the name of another part of the image")
        return names

    @field_validator("shards")
    @classmethod
    def _sharded(
        cls, shards: MultipleShards | None, info: ValidationInfo
    ) -> MultipleShards | None:
        if shards is not None and info.data.get("ngff_version") == NgffVersion.V04:
            raise ValueError(
                'shards need OME-Zarr 0.5: set ngff_version: "0.5", or take shards out'
            )
        return shards


class OmeZarr(ArrayOptions):
    """The OME-Zarr that is made."""

    windows: Windows = Windows.PLATE
    """Contrast windows: one per channel and acquisition over the ``plate``, or for each
    ``image``."""
    table_backend: TableBackend = TableBackend.CSV
    """File format of the tables."""
