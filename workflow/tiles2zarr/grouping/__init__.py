"""Tiles of an acquisition grouped into images, with checks of what they hold."""

from tiles2zarr.grouping.duplicates import PlaneCheck, check_planes
from tiles2zarr.grouping.images import group_tiles
from tiles2zarr.grouping.names import fov_suffix
from tiles2zarr.grouping.places import ImageKey
from tiles2zarr.grouping.repeats import merge_repeats

__all__ = [
    "ImageKey",
    "PlaneCheck",
    "check_planes",
    "fov_suffix",
    "group_tiles",
    "merge_repeats",
]
