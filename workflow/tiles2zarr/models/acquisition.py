"""What is known of an acquisition: spacings, axes, channels, stage orientation."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from tiles2zarr.models.base import Frozen

AXES = "tczyx"
"""All axes, in the only order used anywhere in the package."""
Coordinates = Literal["world", "pixel"]


class DataTypeEnum(StrEnum):
    """Pixel types an acquisition may declare; left out, the files decide."""

    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    FLOAT32 = "float32"
    FLOAT64 = "float64"


class DefaultColors(StrEnum):
    """Display colours by name, as six hex digits."""

    BLUE = "0000FF"
    RED = "FF0000"
    YELLOW = "FFFF00"
    MAGENTA = "FF00FF"
    CYAN = "00FFFF"
    GRAY = "808080"
    GREEN = "00FF00"
    ORANGE = "FF8000"
    PURPLE = "8000FF"
    TEAL = "008080"
    LIME = "BFFF00"
    AMBER = "FFBF00"
    PINK = "FF80BF"
    NAVY = "000080"
    MAROON = "800000"
    OLIVE = "808000"
    CORAL = "FF7F50"
    VIOLET = "8F00FF"


def _hex_color(value: object) -> object:
    """Accept ``#RRGGBB``, ``RRGGBB``, ``#RGB`` and the names of DefaultColors."""
    if not isinstance(value, str):
        return value
    text = value.strip().lstrip("#").upper()
    if text in DefaultColors.__members__:
        return DefaultColors[text].value
    if len(text) == 3:
        text = "".join(2 * digit for digit in text)
    return text


HexColor = Annotated[str, BeforeValidator(_hex_color), Field(pattern=r"^[0-9A-F]{6}$")]


def _text(value: object) -> object:
    """Take numbers for names: YAML reads an unquoted 405 as an integer."""
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text), Field(min_length=1)]
"""A name; unquoted YAML numbers are taken as text."""


class ChannelInfo(Frozen):
    """Name, wavelength and display colour of one channel."""

    channel_label: Text
    """Name shown by viewers, unique in an image (made so if it is not)."""
    wavelength_id: Text | None = None
    """Identity of the wavelength, e.g. ``"405"`` or ``"A01_C01"``, unique in an
    image."""
    colors: HexColor | None = Field(default=None, alias="color")
    """Display colour, six hex digits (``"0000FF"``) or a colour's name; left out, it is
    found from the fluorophore or wavelength."""


class StageOrientation(Frozen):
    """How stage axes map to image axes. Acts on positions, never on pixels."""

    flip_x: bool = False
    """Negate the x positions (after the swap)."""
    flip_y: bool = False
    """Negate the y positions (after the swap)."""
    swap_xy: bool = False
    """Exchange x and y of positions and of declared lengths."""

    def then(self, other: "StageOrientation") -> "StageOrientation":
        """Return the one orientation that does what this and then ``other`` do."""
        flips = (self.flip_x, self.flip_y)
        flip_x, flip_y = reversed(flips) if other.swap_xy else flips
        return StageOrientation(
            flip_x=flip_x != other.flip_x,
            flip_y=flip_y != other.flip_y,
            swap_xy=self.swap_xy != other.swap_xy,
        )


class AcquisitionDetails(Frozen):
    """Spacings, coordinate systems, axes and channels of one acquisition."""

    pixelsize: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Size of a pixel in x and y, micrometer."""
    z_spacing: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Distance of two z planes, micrometer."""
    t_spacing: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Time between two time points, second."""
    start_x_coo: Coordinates = "world"
    """Unit of ``start_x``: ``world`` is micrometer, ``pixel`` pixels."""
    start_y_coo: Coordinates = "world"
    """Unit of ``start_y``: ``world`` is micrometer, ``pixel`` pixels."""
    start_z_coo: Coordinates = "world"
    """Unit of ``start_z``: ``world`` is micrometer, ``pixel`` plane numbers."""
    start_t_coo: Coordinates = "world"
    """Unit of ``start_t``: ``world`` is second, ``pixel`` time point numbers."""
    length_x_coo: Coordinates = "pixel"
    """Unit of ``length_x``: ``pixel`` pixels, ``world`` micrometer."""
    length_y_coo: Coordinates = "pixel"
    """Unit of ``length_y``: ``pixel`` pixels, ``world`` micrometer."""
    length_z_coo: Coordinates = "pixel"
    """Unit of ``length_z``: ``pixel`` planes, ``world`` micrometer."""
    length_t_coo: Coordinates = "pixel"
    """Unit of ``length_t``: ``pixel`` time points, ``world`` second."""
    channels: tuple[ChannelInfo, ...] | None = None
    """Channels in the order of ``start_c``; left out, they are named channel_0 ..."""
    axes: str | None = None
    """Axes to write, a subset of ``tczyx`` in that order with at least ``yx``; left
    out, ``czyx``, and ``tczyx`` for time series."""
    data_type: DataTypeEnum | None = None
    """Pixel type the files must have; left out, the files decide."""
    condition_table_path: str | None = None
    """CSV with conditions per well, joined on row and column."""
    stage_corrections: StageOrientation = StageOrientation()
    """Flips and swap of the stage positions."""

    @field_validator("axes", mode="before")
    @classmethod
    def _axes(cls, value: object) -> object:
        if value is None:
            return None
        axes = "".join(value) if isinstance(value, list | tuple) else value
        if not isinstance(axes, str) or set(axes) - set(AXES):
            raise ValueError(f"axes {value!r} must be made of the letters {AXES}")
        if axes != "".join(a for a in AXES if a in axes):
            raise ValueError(f"axes {axes!r} must be in the order {AXES}, each once")
        if not axes.endswith("yx"):
            raise ValueError(f"axes {axes!r} must hold y and x")
        return axes
