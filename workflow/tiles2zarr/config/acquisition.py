"""An acquisition: where its tiles are, in what format, and what is stated over it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tiles2zarr.config.base import Choice, Section, fault, one_of, squeeze
from tiles2zarr.config.details import Details
from tiles2zarr.config.filters import Filter
from tiles2zarr.config.values import (
    FUNCTION_PATTERN,
    Count,
    Fraction,
    Function,
    Index,
    Label,
    Location,
    Options,
    StorageOptions,
    check_function,
    plain,
)
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.base import Scalar

FORMATS = (
    "auto",
    "tile_table",
    "cellvoyager",
    "cq3k",
    "operetta",
    "imagexpress",
    "scanr",
    "ome_xml",
    "czi",
    "nd2",
    "lif",
    "pattern",
)
"""Short names of the built-in formats."""


class Projections(Choice):
    """What becomes of projections the instrument wrote beside the planes."""

    AUTO = "auto"
    KEEP = "keep"
    DROP = "drop"
    ONLY = "only"


class GridOrder(Choice):
    """The way the stage went through a grid of fields."""

    ROW = "row"
    ROW_SNAKE = "row_snake"
    COLUMN = "column"
    COLUMN_SNAKE = "column_snake"


class OnRepeat(Choice):
    """What becomes of a well that several paths hold."""

    LAST = "last"
    FIRST = "first"
    TIME = "time"
    ERROR = "error"


class Grid(Section):
    """Fields on a regular grid, for files that do not tell their positions."""

    rows: Count
    """Rows of fields."""
    columns: Count
    """Columns of fields."""
    order: GridOrder = GridOrder.ROW
    """The way through the grid: along ``row`` or ``column``, always in one direction or
    there and back (``row_snake``, ``column_snake``)."""
    overlap: Fraction = 0.0
    """Overlap of neighbouring fields, fraction of the tile's length (0.1 is 10 %)."""


class FormatOptions(Section):
    """Options of the format; keys that are not listed are checked by the format."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    projections: Projections = Projections.AUTO
    """``auto``: planes, and projections of channels without any; ``keep``: projections
    in a second plate ``<name>_mip.zarr``; ``drop``; ``only``."""
    pattern: Label | None = None
    """File name with named parts, format ``pattern``, e.g.
    ``{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif``; needed there. ``{_}``
    matches and is not kept, ``{{`` and ``}}`` are braces."""
    grid: Grid | None = None
    """Positions on a grid, format ``pattern``; left out, from ``positions`` or the
    files' tags."""
    positions: Location | None = None
    """CSV with positions of the fields, format ``pattern``, looked for in the working
    folder, then beside the images; left out, from ``grid`` or the files' tags."""

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, value: object) -> object:
        """Take ``pattern: {pattern: ..., grid: ...}`` for the same keys beside it."""
        if not isinstance(value, Mapping):
            return value
        options = {str(key): plain(item) for key, item in value.items()}
        nested = options.get("pattern")
        if not isinstance(nested, Mapping):
            return options
        return {k: v for k, v in options.items() if k != "pattern"} | dict(nested)

    def replace(self, **changes: object) -> Self:
        """Return a copy with ``changes`` applied, keys of the format kept."""
        return super().replace(**(self.other | changes))

    @property
    def other(self) -> dict[str, JsonValue]:
        """The keys only the format knows."""
        return dict(self.__pydantic_extra__)


def _format(name: object) -> object:
    """Return a format's short name, or the user's function as it is.

    Raises:
        ValueError: Neither a built-in format nor ``package.module:function``.
    """
    if isinstance(name, str) and ":" in name:
        return check_function(name)
    known = {squeeze(short): short for short in FORMATS}
    short = known.get(squeeze(name)) if isinstance(name, str) else None
    if short is None:
        raise ValueError(one_of(name, FORMATS, " or package.module:function"))
    return short


def _places(path: object) -> object:
    """Take one path for a list of one."""
    if isinstance(path, list | tuple | Mapping):
        return path
    return (str(path) if isinstance(path, Path) else path,)


Format = Annotated[
    str,
    BeforeValidator(_format),
    Field(
        json_schema_extra={
            "anyOf": [{"enum": [*FORMATS]}, {"pattern": FUNCTION_PATTERN}]
        }
    ),
]
Paths = Annotated[
    tuple[Location, ...],
    Field(min_length=1),
    BeforeValidator(_places, json_schema_input_type=str | list[str]),
]


class ImageLoader(Section):
    """How planes are read, in place of the built-in file readers."""

    function: Function
    """The function, ``package.module:function``, called as ``function(path, plane,
    options)``; returns one plane as a (y, x) array."""
    options: dict[str, Scalar] = Field(default={})
    """Passed on to the function."""


class TileFunction(Section):
    """A function of one's own that is called with the table of tiles."""

    function: Function
    """The function, ``package.module:function``, called as ``function(table,
    options)``."""
    options: Options = Field(default={})
    """Passed on to the function."""


class Acquisition(Section):
    """One acquisition of the plate: a cycle, a round, a plate read."""

    id: Index = 0
    """Number of the acquisition, unique; becomes the image's path in the well; left
    out, the position in the list from 0."""
    name: Label | None = None
    """Name for the plate's metadata; left out, the vendor's."""
    path: Paths
    """Folder, file or URL of the tiles or their table, or a list of them (re-imaged
    wells); relative to the folder Snakemake runs in."""
    on_repeat: OnRepeat = OnRepeat.LAST
    """What becomes of a well that several paths hold: the ``last`` or ``first`` path's
    tiles count, or it is an ``error``; ``time``: the paths are reads one after the
    other, joined along t."""
    format: Format = "auto"
    """Format of ``path``, or a parser of one's own; ``auto`` finds it out."""
    options: FormatOptions = Field(default_factory=FormatOptions, validate_default=True)
    """Options of the format."""
    loader: ImageLoader | None = None
    """A function of one's own that reads the pixels; left out, the file's extension
    decides."""
    details: Details = Field(default_factory=Details)
    """Spacings, units, axes and channels, stated over what the vendor's metadata
    say."""
    stage_corrections: StageOrientation = StageOrientation()
    """Flips and swap of the stage positions; pixels are not moved."""
    conditions: Location | None = None
    """CSV with conditions of this acquisition, joined on row and column or well (and on
    fov_name if there); left out, none."""
    filters: tuple[Filter, ...] = ()
    """Which tiles are taken; every filter must let a tile pass."""
    validators: tuple[TileFunction, ...] = ()
    """Functions of one's own that look at the tiles taken; the texts they return are
    faults that stop the plate."""
    collection: TileFunction | None = None
    """A function of one's own that says which image each tile goes into: it returns
    ``image_path``, or ``row`` and ``column``, one value per tile; left out, the
    input's."""
    storage_options: StorageOptions = Field(default={})
    """Options of the file system of ``path`` (``endpoint_url``, ``anon``, ``profile``),
    no secrets."""

    @field_validator("options")
    @classmethod
    def _pattern(cls, options: FormatOptions, info: ValidationInfo) -> FormatOptions:
        if info.data.get("format") == "pattern" and options.pattern is None:
            raise fault(
                "is needed with format: pattern, e.g. "
                "'{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif'",
                "pattern",
            )
        return options
