"""What report depends on."""

from pydantic import JsonValue

from tiles2zarr.config.base import Section
from tiles2zarr.config.root import Report
from tiles2zarr.config.values import Location, Name, StorageOptions
from tiles2zarr.models.well import PlateLayout


class ReportOptions(Section):
    """What report depends on."""

    name: Name
    """Name of the plate or set of images."""
    output: Location
    """Folder or URL of the OME-Zarr."""
    output_storage_options: StorageOptions
    """Options of the output's file system."""
    report: Report
    """The report section."""
    layout: PlateLayout | None = None
    """Physical rows and columns, where the config tells them."""
    config: dict[str, JsonValue]
    """The whole config, which the page shows: a change of any key is a new page."""
    config_set: dict[str, JsonValue]
    """What of it differs from the defaults."""
