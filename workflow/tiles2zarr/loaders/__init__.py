"""Readers of pixels: one plane at a time, from files of many formats."""

from tiles2zarr.loaders.location import resolve
from tiles2zarr.loaders.opening import (
    EXTENSIONS,
    is_fetched,
    open_handle,
    open_source,
    probe,
)
from tiles2zarr.loaders.source import UNKNOWN_PLANES, Header, PlaneSource

__all__ = [
    "EXTENSIONS",
    "UNKNOWN_PLANES",
    "Header",
    "PlaneSource",
    "is_fetched",
    "open_handle",
    "open_source",
    "probe",
    "resolve",
]
