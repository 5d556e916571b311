"""Array headers: ``.zarray`` (Zarr v2) and ``zarr.json`` (v3), and chunk keys."""

import json

import numpy as np

from tiles2zarr.models.acquisition import AXES
from tiles2zarr.pixels.codecs import Codec, Json
from tiles2zarr.pixels.layout import LevelLayout, Shape

LITTLE: Json = {"name": "bytes", "configuration": {"endian": "little"}}


def array_files(
    layout: LevelLayout, dtype: np.dtype[np.generic], codec: Codec, version: str
) -> dict[str, bytes]:
    """Return the header files of a level by key below the image group.

    Args:
        layout: The level.
        dtype: Pixel type.
        codec: The chunks' codec.
        version: OME-Zarr version, ``0.4`` (Zarr v2) or ``0.5`` (Zarr v3).
    """
    if version == "0.4":
        header = _v2(layout, dtype, codec)
        return {f"{layout.path}/.zarray": _text(header)}
    return {f"{layout.path}/zarr.json": _text(_v3(layout, dtype, codec))}


def chunk_key(layout: LevelLayout, index: Shape, version: str) -> str:
    """Return the key of an object of the level by its grid index (t, c, z, y, x)."""
    parts = "/".join(str(index[AXES.index(axis)]) for axis in layout.axes)
    return f"{layout.path}/{parts}" if version == "0.4" else f"{layout.path}/c/{parts}"


def _v2(layout: LevelLayout, dtype: np.dtype[np.generic], codec: Codec) -> Json:
    return {
        "zarr_format": 2,
        "shape": layout.on_axes(layout.shape),
        "chunks": layout.on_axes(layout.chunk),
        "dtype": dtype.newbyteorder("<").str,
        "fill_value": 0,
        "order": "C",
        "filters": None,
        "dimension_separator": "/",
        "compressor": codec.v2,
    }


def _v3(layout: LevelLayout, dtype: np.dtype[np.generic], codec: Codec) -> Json:
    inner = [LITTLE, *codec.v3]
    outer = layout.chunk if layout.shard is None else layout.shard
    codecs: list[Json] = inner
    if layout.shard is not None:
        sharding: Json = {
            "chunk_shape": layout.on_axes(layout.chunk),
            "codecs": inner,
            "index_codecs": [LITTLE, {"name": "crc32c"}],
            "index_location": "end",
        }
        codecs = [{"name": "sharding_indexed", "configuration": sharding}]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": layout.on_axes(layout.shape),
        "data_type": dtype.name,
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": layout.on_axes(outer)},
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0 if dtype.kind == "f" else 0,
        "codecs": codecs,
        "attributes": {},
        "dimension_names": list(layout.axes),
        "storage_transformers": [],
    }


def _text(header: Json) -> bytes:
    return json.dumps(header, indent=2).encode() + b"\n"
