"""What users of the ready tasks fill in."""

from typing import ClassVar

from pydantic import Field

from tiles2zarr.api.acquisition import AcquisitionOptions
from tiles2zarr.api.options import ConverterOptions
from tiles2zarr.config.acquisition import Grid, Projections
from tiles2zarr.models.acquisition import Coordinates
from tiles2zarr.models.base import Frozen


class AcquisitionInput(Frozen):
    """Where the tiles of an acquisition are, and what is stated over their metadata."""

    OPTIONS: ClassVar[tuple[str, ...]] = ()
    DETAILS: ClassVar[tuple[str, ...]] = ()

    path: str = Field(min_length=1)
    """Folder, file or URL of the tiles or their table."""
    advanced: AcquisitionOptions = AcquisitionOptions()
    """What is stated over the metadata: channels, spacings, conditions, filters."""

    def format_options(self) -> dict[str, object]:
        """Return the options of the format, as the config has them."""
        return self.model_dump(mode="json", include={*self.OPTIONS}, exclude_none=True)

    def details(self) -> dict[str, object]:
        """Return units of the tile table, as the config has them."""
        return self.model_dump(mode="json", include={*self.DETAILS})


class PlateAcquisition(AcquisitionInput):
    """An acquisition of a plate."""

    plate_name: str | None = None
    """Name of the plate; left out, what the metadata say, else the folder's name.
    Acquisitions with one name make one plate."""
    acquisition_id: int = Field(default=0, ge=0)
    """Number of the acquisition, unique in its plate."""


class VendorAcquisition(PlateAcquisition):
    """An acquisition as the instrument wrote it."""

    OPTIONS = ("projections",)

    projections: Projections = Projections.AUTO
    """What becomes of projections the instrument wrote beside the planes: auto takes
    planes, else projections; keep makes a second plate of them."""
    options: dict[str, str] = Field(default={})
    """Further options of the format, by name."""

    def format_options(self) -> dict[str, object]:
        """Return the options of the format, as the config has them."""
        return {**self.options, **super().format_options()}


class PatternAcquisition(PlateAcquisition):
    """Tiles of any instrument, told by the names of their files."""

    OPTIONS = ("pattern", "grid", "positions")

    pattern: str = Field(min_length=1)
    """File name with named parts, e.g.
    {row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif."""
    grid: Grid | None = None
    """Positions on a grid; left out, from the positions or the files' tags."""
    positions: str | None = None
    """CSV with positions of the fields; left out, from the grid or the files' tags."""


class _Units(AcquisitionInput):
    """Units of a tile table."""

    DETAILS = ("start_x_coo", "start_y_coo", "start_z_coo", "start_t_coo")

    start_x_coo: Coordinates = "world"
    """Unit of start_x: world is micrometer."""
    start_y_coo: Coordinates = "world"
    """Unit of start_y: world is micrometer."""
    start_z_coo: Coordinates = "world"
    """Unit of start_z: world is micrometer, pixel is plane numbers."""
    start_t_coo: Coordinates = "world"
    """Unit of start_t: world is second, pixel is time point numbers."""


class TileTableAcquisition(_Units, PlateAcquisition):
    """A tile table with wells: a CSV or Parquet file with one row per tile."""


class SingleImagesAcquisition(_Units):
    """A tile table with the column image_path: every path is an image of its own."""


class PlateOptions(Frozen):
    """The plate as a whole."""

    wells: int | None = None
    """Wells of the plate (6, 12, 24, 48, 96, 384 or 1536); left out, what the metadata
    say, else the smallest of 96, 384 and 1536 that holds the wells."""
    uniform: bool = False
    """Give every image of an acquisition the union of channels, planes, time points and
    canvas."""


DEFAULT_OPTIONS = ConverterOptions()
DEFAULT_PLATE = PlateOptions()
