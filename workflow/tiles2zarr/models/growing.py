"""What a plan of a plate that is still being acquired leaves for the next one."""

from typing import Literal

from pydantic import Field

from tiles2zarr.models.base import Frozen
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout


class ReadAcquisition(Frozen):
    """``acquired/<id>.json``: an acquisition as its index was last read whole.

    Its images are the checkpoints of parse_tiles.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    options: str
    """sha256 of the options it was read with."""
    entry: AcquisitionEntry
    """What the plate metadata say of it."""
    layout: PlateLayout | None
    """Physical rows and columns, where the vendor tells them."""
    findings: tuple[Finding, ...]
    """What was noticed."""
    indexes: tuple[str, ...]
    """Files beside the images when it was read: indexes, tables, logs."""


class Waiting(Frozen):
    """``waiting.json``: files that were left for a later run."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    files: dict[int, tuple[str, ...]]
    """Acquisition id to files and URLs, sorted."""
