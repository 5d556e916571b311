"""What makes arrays an OME-Zarr plate: colours, windows, metadata and tables."""
