"""Microscope tiles in, OME-Zarr plates and images out."""

__version__ = "0.1.0"
