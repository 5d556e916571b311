"""What decides an image's arrays, and what only its metadata."""

from dataclasses import dataclass

import numpy as np

from tiles2zarr.checkpoints import digest, to_bytes
from tiles2zarr.config.omezarr import ArrayOptions
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import LevelReceipt
from tiles2zarr.ngff.image import image_attributes, level_paths
from tiles2zarr.pixels.codecs import Codec, make_codec
from tiles2zarr.pixels.layout import (
    LevelLayout,
    chunk_shape,
    level_layouts,
    shard_factors,
)

WRITER = 1
"""Raised when the writer makes other bytes from the same image."""


@dataclass(frozen=True)
class ImagePlan:
    """How one image will be written, and the digests of what that depends on."""

    layouts: tuple[LevelLayout, ...]
    codec: Codec
    attributes: dict[str, object]
    pixels: str
    metadata: str
    geometry: str


def plan_image(image: RegisteredImage, omezarr: ArrayOptions) -> ImagePlan:
    """Return layouts, codec, attributes without windows, and the fingerprints."""
    dtype = np.dtype(image.dtype)
    chunk, _ = chunk_shape(omezarr.chunks, image.tile_shape, dtype.itemsize)
    names = level_paths(image, omezarr.level_names)
    factors = shard_factors(omezarr.shards)
    layouts = level_layouts(image.shape, image.axes, chunk, factors, names)
    codec = make_codec(omezarr.compressor, dtype)
    attributes = image_attributes(
        image, version=omezarr.ngff_version, level_names=names
    )
    # names of fields are metadata: renaming one touches no pixel
    boxes = {key: v for key, v in image.boxes.compact().items() if key != "fov"}
    pixels = {
        "writer": WRITER,
        "version": omezarr.ngff_version,
        "dtype": image.dtype,
        "axes": image.axes,
        "boxes": boxes,
        "loader": image.loader.model_dump(mode="json"),
        "sizes": dict(zip(image.sources.file, image.sources.size, strict=True)),
        "layouts": [
            [level.path, level.shape, level.chunk, level.shard] for level in layouts
        ],
        "codec": [codec.v2, codec.v3],
    }
    return ImagePlan(
        layouts=layouts,
        codec=codec,
        attributes=attributes,
        pixels=digest(to_bytes(pixels)),
        metadata=digest(to_bytes(attributes)),
        geometry=geometry_digest(image),
    )


def geometry_digest(image: RegisteredImage) -> str:
    """Return one digest over what labels and tables of an image stand on."""
    names = ("fov", "file", "plane")
    boxes = {k: v for k, v in image.boxes.compact().items() if k not in names}
    geometry = {
        "shape": image.shape,
        "axes": image.axes,
        "pixel_size": image.pixel_size,
        "boxes": boxes,
    }
    return digest(to_bytes(geometry))


def content_digest(levels: tuple[LevelReceipt, ...]) -> str:
    """Return one digest over keys, sizes and hashes of all chunks of an image."""
    return digest(
        to_bytes({"levels": [level.model_dump(mode="json") for level in levels]})
    )
