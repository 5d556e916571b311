"""plan.json, the batches and their outcomes: the state a run passes from job to job."""

from typing import Literal

from pydantic import Field

from tiles2zarr.models.base import Frozen
from tiles2zarr.models.decisions import AcquisitionDecision
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout


class Batch(Frozen):
    """``batches/<batch>.json``: the only input of a register job."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    images: dict[str, str]
    """Image id to the sha256 of its tiles JSON."""
    decisions: dict[int, AcquisitionDecision]
    """Decisions of the acquisitions in this batch."""
    sources: dict[str, tuple[str, ...]]
    """Folder, or its URL, to names of the source files in it."""
    far: dict[str, int] = Field(default={})
    """Those of them that are URLs, each with the id of an acquisition that reads it."""
    origins: dict[str, tuple[float, float]] = Field(default={})
    """Image id to its well's origin in (y, x), micrometer (``offsets.xy: well``)."""
    shared: tuple[str, ...] = ()
    """Image ids that share files with other images of the plan."""
    source_bytes: int
    """Pixel bytes to read."""
    mem_mb: int
    """Memory the write job asks for."""
    threads: int = 1
    """Threads the write job can make use of."""


class Outcome(Frozen):
    """How one image fared in a step."""

    status: Literal["done", "failed", "blocked", "waiting"]
    """``blocked``: labels stand in the way of a rewrite. ``waiting``: left out of this
    run by ``only``."""
    digest: str | None = None
    """sha256 of what the step made for the image (its JSON)."""
    error: str | None = None
    """The error's message, when not done."""


class BatchOutcome(Frozen):
    """``done/<step>/<batch>.json``: the declared output of a batch job."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    images: dict[str, Outcome]
    """Outcome per image id."""
    findings: tuple[Finding, ...] = ()
    """What the job noticed."""


class AcquisitionEntry(Frozen):
    """An acquisition as the plate metadata shows it."""

    id: int = Field(ge=0)
    """Number of the acquisition."""
    name: str | None = None
    """Name, where known."""
    description: str | None = None
    """Description, where known."""
    start_time: int | None = None
    """Start, epoch milliseconds, where known."""
    end_time: int | None = None
    """End, epoch milliseconds, where known."""


class ImageEntry(Frozen):
    """One image of the plan."""

    batch: str
    """The batch that makes it."""
    acquisition: int = 0
    """Acquisition id."""
    well: str | None = None
    """The well, ``B03``; ``None`` for a single image."""
    path: str
    """Path below the output folder."""
    shape: tuple[int, int, int, int, int]
    """Expected (t, c, z, y, x) shape."""
    planes: int
    """Planes to be written."""


class Plan(Frozen):
    """``plan.json``: what will be made, and what was noticed on the way."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    name: str
    """Name of the plate or set of images; the folder below ``results``."""
    kind: Literal["plate", "single"]
    """A plate, or single images."""
    layout: PlateLayout | None = None
    """Physical rows and columns, where the vendor tells them."""
    acquisitions: tuple[AcquisitionEntry, ...]
    """The acquisitions, by id."""
    images: dict[str, ImageEntry]
    """Image id to its entry."""
    batches: tuple[str, ...]
    """All batches, sorted."""
    expected_bytes: int
    """Pixel bytes of all levels before compression."""
    expected_files: int
    """Chunk or shard files of all levels."""
    findings: tuple[Finding, ...] = ()
    """What parsing noticed."""
