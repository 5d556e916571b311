"""A small plate to try the workflow on, made on the spot: no download, no real data."""

from tiles2zarr.demo.plate import make_demo

__all__ = ["make_demo"]
