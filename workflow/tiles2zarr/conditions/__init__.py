"""Conditions of wells, fields and images: read from CSV, joined onto the tiles."""

from tiles2zarr.conditions.joining import ImageKey, join_conditions
from tiles2zarr.conditions.reading import condition_names, read_conditions

__all__ = ["ImageKey", "condition_names", "join_conditions", "read_conditions"]
