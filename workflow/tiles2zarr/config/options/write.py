"""What write_zarr depends on."""

from tiles2zarr.config.base import Section
from tiles2zarr.config.omezarr import ArrayOptions
from tiles2zarr.config.values import Label, Location, Name, StorageOptions
from tiles2zarr.config.writing import OnMissing, OverwriteMode, Scheduler, WriterMode


class WriteOptions(Section):
    """What write_zarr depends on."""

    name: Name
    """Name of the plate or set of images."""
    output: Location
    """Folder or URL of the OME-Zarr."""
    output_storage_options: StorageOptions
    """Options of the output's file system."""
    omezarr: ArrayOptions
    """Version, levels, chunks, shards, compression."""
    writer_mode: WriterMode
    """Order of reading and writing."""
    overwrite_mode: OverwriteMode
    """What is done where the output exists."""
    dask: Scheduler
    """Scheduler of the Dask writer modes."""
    on_missing: OnMissing
    """What a file is that cannot be decoded."""
    storage_options: dict[int, StorageOptions]
    """Options of the sources' file systems, by acquisition id; only where given."""
    extensions: tuple[Label, ...]
    """Folders with the user's functions."""
