"""What is decided once per acquisition and kept, so that all its images agree."""

from typing import Annotated, Literal

from pydantic import Field

from tiles2zarr.models.base import Frozen


class GridTiling(Frozen):
    """Tiles go edge to edge on the acquisition's lattice."""

    kind: Literal["snap_to_grid"] = "snap_to_grid"
    """Tag of the tiling."""
    pitch: tuple[float, float]
    """Distance of two neighbouring lines of tiles in (y, x), pixel."""
    tolerance: float
    """Width of a line and slack of a step, pixel."""


class CornerTiling(Frozen):
    """Each tile goes to a free node of a lattice with the tile's size as pitch."""

    kind: Literal["snap_to_corners"] = "snap_to_corners"
    """Tag of the tiling."""


class InplaceTiling(Frozen):
    """Tiles stay where the stage was; later tiles win where they overlap."""

    kind: Literal["inplace"] = "inplace"
    """Tag of the tiling."""


class NoTiling(Frozen):
    """Each field of view is an image of its own."""

    kind: Literal["no_tiling"] = "no_tiling"
    """Tag of the tiling."""


Tiling = Annotated[
    GridTiling | CornerTiling | InplaceTiling | NoTiling, Field(discriminator="kind")
]


class AcquisitionDecision(Frozen):
    """The decisions of one acquisition."""

    axes: str
    """Axes of every image, e.g. ``czyx``."""
    levels: int = Field(ge=1)
    """Pyramid levels: what was asked for, or what the smallest image allows."""
    tiling: Tiling
    """How tiles are placed."""
    reason: str
    """Why this tiling, in one sentence for people."""
    requested: str
    """Digest of the options that led here; other options decide anew."""
    channels: tuple[int, ...] | None = None
    """``plate.uniform``: the channels every image gets, indices of the acquisition."""
    canvas: tuple[int, int, int, int, int] | None = None
    """``plate.uniform``: the (t, c, z, y, x) shape every image gets."""


class Decisions(Frozen):
    """``decisions.json``: made at the first plan, kept for later runs."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    acquisitions: dict[int, AcquisitionDecision]
    """By acquisition id."""
    block: tuple[int, int]
    """Rows and columns of the plate that share a batch; for single images the number
    of batches and 0."""
    first: tuple[int, int] = (0, 0)
    """Row and column, 0-based, that blocks are counted from: the first of the plate's
    first plan."""
    jobs: str
    """``writing.images_per_job`` that led to ``block``."""
