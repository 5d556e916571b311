"""Tiles of an acquisition grouped into images, with checks of what they hold."""

from tiles2zarr.grouping.duplicates import PlaneCheck, check_planes
from tiles2zarr.grouping.functions import place_images, run_validators
from tiles2zarr.grouping.images import group_tiles
from tiles2zarr.grouping.names import fov_suffix
from tiles2zarr.grouping.places import ImageKey
from tiles2zarr.grouping.repeats import merge_repeats
from tiles2zarr.grouping.times import Table, join_reads

__all__ = [
    "ImageKey",
    "PlaneCheck",
    "Table",
    "check_planes",
    "fov_suffix",
    "group_tiles",
    "join_reads",
    "merge_repeats",
    "place_images",
    "run_validators",
]
