"""What build_tables depends on."""

from tiles2zarr.config.archive import Archive
from tiles2zarr.config.base import Section
from tiles2zarr.config.omezarr import NgffVersion, TableBackend, Windows
from tiles2zarr.config.plate import Plate
from tiles2zarr.config.values import Label, Location, Name, StorageOptions
from tiles2zarr.config.writing import OverwriteMode


class NamedAcquisition(Section):
    """An acquisition as build_tables needs it."""

    id: int
    """Number of the acquisition."""
    name: Label | None = None
    """Name the config gives."""


class TablesOptions(Section):
    """What build_tables depends on."""

    name: Name
    """Name of the plate or set of images."""
    plate: Plate | None = None
    """The plate."""
    output: Location
    """Folder or URL of the OME-Zarr."""
    output_storage_options: StorageOptions
    """Options of the output's file system."""
    ngff_version: NgffVersion
    """Version of OME-Zarr."""
    windows: Windows
    """What contrast windows are found over."""
    table_backend: TableBackend
    """File format of the tables."""
    overwrite_mode: OverwriteMode
    """What is done where the output exists."""
    acquisitions: tuple[NamedAcquisition, ...]
    """Ids and names of the acquisitions."""
    archive: Archive
    """Metadata for archives."""
