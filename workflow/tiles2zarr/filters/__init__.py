"""Filters of tiles, chained; a tile stays only if all of them take it."""

from tiles2zarr.filters.chain import apply_filters

__all__ = ["apply_filters"]
