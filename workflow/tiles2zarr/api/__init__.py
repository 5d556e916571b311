"""The documented vocabulary for Python users; import the names from `tiles2zarr`."""
