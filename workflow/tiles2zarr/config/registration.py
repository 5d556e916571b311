"""Registration: how tiles at stage positions become boxes of pixels."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from tiles2zarr.config.base import Choice, Section, expects, lower
from tiles2zarr.config.values import Auto, Function, NotNegative, Options


class TilingMode(Choice):
    """How the fields of view of an image are placed."""

    AUTO = "auto"
    SNAP_TO_GRID = "snap_to_grid"
    SNAP_TO_CORNERS = "snap_to_corners"
    INPLACE = "inplace"
    NO_TILING = "no_tiling"


class PlaneOffset(Choice):
    """Whose smallest x and y position becomes 0."""

    IMAGE = "image"
    WELL = "well"
    KEEP = "keep"


class DepthOffset(Choice):
    """Whose smallest z position becomes 0."""

    IMAGE = "image"
    FOV = "fov"
    KEEP = "keep"


class TimeOffset(Choice):
    """Whose smallest time becomes 0."""

    IMAGE = "image"
    KEEP = "keep"


class Offsets(Section):
    """Which offset is removed from the positions, per axis."""

    xy: PlaneOffset = PlaneOffset.IMAGE
    """``image``: the image's smallest x and y become 0; ``well``: one origin and
    lattice for all acquisitions of a well, so that cycles overlay; ``keep``: none is
    removed."""
    z: DepthOffset = DepthOffset.IMAGE
    """``image``: the image's smallest z becomes 0; ``fov``: every field's own;
    ``keep``: none is removed."""
    t: TimeOffset = TimeOffset.IMAGE
    """``image``: the image's earliest time becomes 0; ``keep``: none is removed."""


class RegistrationStep(Section):
    """A step of the user's, run after the built-in ones."""

    function: Function
    """The function, ``package.module:function``."""
    options: Options = Field(default={})
    """Passed on to the function."""


class Registration(Section):
    """From stage positions to integer pixel boxes."""

    tiling_mode: TilingMode = TilingMode.AUTO
    """``auto``: grid, else corners, else inplace, decided once per acquisition;
    ``snap_to_grid``: edge to edge; ``snap_to_corners``: to free nodes of a lattice;
    ``inplace``: where the stage was; ``no_tiling``: one image per field of view."""
    tiling_tolerance: Annotated[
        Auto | NotNegative,
        expects("auto or a number of pixels from 0"),
        BeforeValidator(lower),
    ] = "auto"
    """Width of a line of tiles and slack of a step, pixel; ``auto`` is the larger of 1
    pixel and 2 % of the tile."""
    max_gap: NotNegative = 0.1
    """Widest gap that auto closes, fraction of the tile's length."""
    align_xy: bool = True
    """Put all tiles of a field of view at the x and y of its first tile."""
    align_z: bool = False
    """Move every field's own smallest z to the first plane."""
    align_t: bool = False
    """Move every field's own earliest time to the first time point."""
    offsets: Offsets = Field(default_factory=Offsets)
    """Which offset is removed from the positions, per axis."""
    steps: tuple[RegistrationStep, ...] = ()
    """Functions run after the built-in steps, in order."""
    redecide: bool = False
    """Decide axes, levels and tiling anew instead of keeping what an earlier run of
    this config decided."""
