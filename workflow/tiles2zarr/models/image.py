"""An image before and after registration: stage micrometers, then pixel boxes."""

from typing import Literal

from pydantic import Field

from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.base import Frozen, Scalar
from tiles2zarr.models.collection import Collection
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.loader import FileLoader, Loader
from tiles2zarr.models.tiles import Columns, Status, TileColumns

SCHEMA = 1
"""Version of the JSON files under ``results/<name>/``."""


class ConditionRow(Frozen):
    """One row of an image's conditions."""

    fov: str | None = None
    """Field of view the row is for; ``None`` is the whole image."""
    values: dict[str, Scalar]
    """Value per condition column."""


class TiledImage(Frozen):
    """What becomes one OME-Zarr image: tiles at stage positions, in micrometer."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    collection: Collection
    """Where the image goes."""
    acquisition: AcquisitionDetails
    """Spacings, axes, channels and orientation; ``channels`` is never empty."""
    acquisition_id: int = 0
    """The acquisition this image belongs to."""
    resource: str = ""
    """Folder or URL that relative file names start from."""
    loader: Loader = FileLoader()
    """How the pixels are read."""
    tiles: TileColumns
    """The tiles, in table order."""
    conditions: tuple[ConditionRow, ...] = ()
    """Condition rows of the image or of its fields of view."""
    dtype: str | None = None
    """Pixel type by the one header read so far, e.g. ``uint16``."""
    fault: str | None = None
    """Why the image cannot be made, if its table entries say so already."""

    @property
    def image(self) -> str:
        """The image id."""
        return self.collection.image


class BoxColumns(Columns):
    """Tiles as integer pixel boxes in the image, in paste order (later wins)."""

    file: tuple[str, ...]
    """Path relative to the image's ``resource``."""
    plane: tuple[int, ...]
    """Index of the tile's first plane in its file."""
    fov: tuple[str, ...]
    """Name of the field of view."""
    t: tuple[int, ...]
    """First time point."""
    c: tuple[int, ...]
    """First channel."""
    z: tuple[int, ...]
    """First plane."""
    y: tuple[int, ...]
    """First row, pixel."""
    x: tuple[int, ...]
    """First column, pixel."""
    len_t: tuple[int, ...]
    """Time points."""
    len_c: tuple[int, ...]
    """Channels."""
    len_z: tuple[int, ...]
    """Planes."""
    len_y: tuple[int, ...]
    """Rows, pixel."""
    len_x: tuple[int, ...]
    """Columns, pixel."""

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.file)


class SourceStats(Columns):
    """The files of an image as the directory listed them."""

    file: tuple[str, ...]
    """Path relative to the image's ``resource``, sorted."""
    size: tuple[int, ...]
    """Bytes; -1 where the file is gone or its server does not tell."""
    mtime_ns: tuple[int, ...]
    """Modification time, nanosecond; of an object with a version, its digest below the
    second. 0 where the file is gone, negative where its server does not tell."""

    def only(self, files: set[str]) -> "SourceStats":
        """Return the entries of ``files``."""
        rows = [
            row
            for row in zip(self.file, self.size, self.mtime_ns, strict=True)
            if row[0] in files
        ]
        return SourceStats(
            file=tuple(row[0] for row in rows),
            size=tuple(row[1] for row in rows),
            mtime_ns=tuple(row[2] for row in rows),
        )


class FieldOfView(Frozen):
    """One field of view in the image: the union of its boxes, half-open, in pixels."""

    name: str
    """Name as acquired."""
    start: tuple[int, int, int, int]
    """First time point, plane, row and column (t, z, y, x)."""
    shape: tuple[int, int, int, int]
    """Extent in (t, z, y, x)."""
    x_original: float
    """Stage x as acquired, micrometer (minimum over the tiles)."""
    y_original: float
    """Stage y as acquired, micrometer (minimum over the tiles)."""
    z_original: float
    """Stage z as acquired, micrometer (minimum over the tiles)."""
    moved_px: tuple[float, float] = (0.0, 0.0)
    """How far tiling moved the field in (y, x), pixel."""


class PlaneColumns(Columns):
    """Every plane that was acquired, or should have been: the plane table."""

    fov: tuple[str, ...]
    """Field of view."""
    c: tuple[int, ...]
    """Channel in the image."""
    z: tuple[int, ...]
    """Plane in the image."""
    t: tuple[int, ...]
    """Time point in the image."""
    time_s: tuple[float | None, ...]
    """Time since the start of the acquisition, second."""
    x_um: tuple[float, ...]
    """Stage x as acquired, micrometer."""
    y_um: tuple[float, ...]
    """Stage y as acquired, micrometer."""
    z_um: tuple[float, ...]
    """Stage z as acquired, micrometer."""
    exposure_s: tuple[float | None, ...]
    """Exposure time, second."""
    file: tuple[str, ...]
    """Source file, empty where there is none."""
    status: tuple[Status, ...]
    """``ok``, ``missing`` or ``error``."""


class RegisteredImage(Frozen):
    """An image ready to be written: integer pixel boxes on a canvas."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    collection: Collection
    """Where the image goes."""
    acquisition_id: int = 0
    """The acquisition this image belongs to."""
    name: str
    """Name for the multiscales metadata."""
    axes: str
    """Axes to write, e.g. ``czyx``."""
    shape: tuple[int, int, int, int, int]
    """Canvas in (t, c, z, y, x), also for axes that are not written (length 1)."""
    tile_shape: tuple[int, int]
    """Rows and columns of the first field of view, the base of its chunks."""
    dtype: str
    """Pixel type to write, e.g. ``uint16``."""
    levels: int = Field(ge=1)
    """Number of pyramid levels."""
    resource: str = ""
    """Folder or URL that relative file names start from."""
    loader: Loader = FileLoader()
    """How the pixels are read."""
    boxes: BoxColumns
    """What is pasted where; only tiles with pixels."""
    fovs: tuple[FieldOfView, ...]
    """Fields of view in order of first appearance."""
    channels: tuple[ChannelInfo, ...]
    """One entry per channel of the image."""
    pixel_size: tuple[float, float, float, float]
    """Spacing of (t, z, y, x): second, micrometer."""
    translation: tuple[float, float, float] | None = None
    """Position of the image's origin in (z, y, x), micrometer (No Tiling)."""
    planes: PlaneColumns
    """The plane table."""
    key: str = ""
    """Digest of everything this file was made from: the same key, nothing to redo."""
    sources: SourceStats = SourceStats(file=(), size=(), mtime_ns=())
    """The files the boxes are read from, filled in when their headers are checked."""
    conditions: tuple[ConditionRow, ...] = ()
    """Condition rows."""
    findings: tuple[Finding, ...] = ()
    """What registration noticed."""

    @property
    def image(self) -> str:
        """The image id."""
        return self.collection.image
