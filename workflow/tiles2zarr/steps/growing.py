"""A plate that the microscope is still writing: what this plan takes of it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tiles2zarr.checkpoints import (
    Model,
    digest,
    read_json,
    read_json_if_there,
    write_json,
)
from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.errors import SourceError, Tiles2ZarrError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.growing import ReadAcquisition, Waiting
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.state import State
from tiles2zarr.steps.acquire import Acquired, acquire
from tiles2zarr.steps.ages import Ages
from tiles2zarr.steps.half_written import Half, Reading
from tiles2zarr.steps.listings import Listings
from tiles2zarr.steps.settle import Standing, leave_unsettled

LOG = logging.getLogger("tiles2zarr")


@dataclass(frozen=True)
class Growing:
    """One acquisition without what may still be written."""

    part: Acquired
    read: ReadAcquisition
    """What the next run goes on with if it cannot read the index."""
    waiting: tuple[str, ...]
    """Files left for a later run."""


def acquire_growing(state: State, options: ParseOptions) -> list[Growing]:
    """Return the acquisitions of which anything is left, without what may be written.

    An acquisition whose index is half written is returned as an earlier run with the
    same options had it, with a finding. The files left are kept in the state, so that
    a later run notices that they are finished.

    Raises:
        SourceError: Nothing at all is left. Or there is no earlier run, and what
            cannot be read may be half written.
        Tiles2ZarrError: An acquisition cannot be read.
    """
    listings = Listings()
    found = [_acquire(one, state, options, listings) for one in options.acquisitions]
    waiting = {growing.part.id: growing.waiting for growing in found if growing.waiting}
    if waiting:
        write_json(state.waiting, Waiting(files=waiting))
    kept = [growing for growing in found if growing.part.images]
    if not kept:
        raise SourceError(
            f"No image has all its files older than writing.settle, {options.settle:g} "
            "seconds, yet. Run again later."
        )
    return kept


def forget_reading(state: State, options: ParseOptions) -> None:
    """Remove what is known of the last reading: its checkpoints are about to change."""
    for config in options.acquisitions:
        state.acquired(config.id).unlink(missing_ok=True)


def keep_reading(state: State, found: Sequence[Growing]) -> None:
    """Keep what was read, for a run that cannot; the checkpoints must stand."""
    for growing in found:
        write_json(state.acquired(growing.part.id), growing.read)


def _acquire(
    config: Acquisition, state: State, options: ParseOptions, listings: Listings
) -> Growing:
    ages = Ages(options.settle, config.storage_options, listings)
    known = _recall(state.acquired(config.id), digest(options))

    @cache
    def before() -> list[TiledImage]:
        tiled = (read_json(state.tiles(i), TiledImage) for i in state.images("tiles"))
        return [image for image in tiled if image.acquisition_id == config.id]

    part, error = None, None
    try:
        part = acquire(config, options)
    except Tiles2ZarrError as caught:
        error = caught
    # after it was read: what is written meanwhile is young now
    reading = Reading(config, options.settle, ages)
    half = reading.open_table()
    if half is None and error is not None:
        half = reading.named_in(error)
        if half is None and known is not None:
            half = reading.gone(error, known.indexes)
    elif half is None and part is not None and known is not None:
        half = reading.shortened(part.images, before)
    if half is not None:
        if known is None:
            raise SourceError(f"{half.why}: run again later.") from error
        return _earlier(config.id, known, before(), half)
    if part is None:
        assert error is not None
        raise error

    def standing(image: str) -> Standing | None:
        receipt = _read(state.written(image), Receipt)
        if receipt is None:
            return None
        tiles = _read(state.tiles(image), TiledImage) if known is not None else None
        return Standing(frozenset(receipt.sources.file), tiles)

    settled = leave_unsettled(
        part.images, ages, standing, growing=reading.index_is_young()
    )
    part = replace(
        part, images=settled.images, findings=(*part.findings, *settled.findings)
    )
    read = ReadAcquisition(
        options=digest(options),
        entry=part.entry,
        layout=part.layout,
        findings=part.findings,
        indexes=reading.indexes,
    )
    return Growing(part, read, settled.waiting)


def _recall(path: Path, options: str) -> ReadAcquisition | None:
    """Return the last whole reading, if it was one with the same options."""
    known = _read(path, ReadAcquisition)
    return known if known is not None and known.options == options else None


def _read(path: Path, model: type[Model]) -> Model | None:
    """Return a state file, if it is there; a damaged one is made again."""
    try:
        return read_json_if_there(path, model)
    except Tiles2ZarrError as error:
        LOG.warning("%s", error)
        return None


def _earlier(
    number: int, known: ReadAcquisition, images: Sequence[TiledImage], half: Half
) -> Growing:
    """Return an acquisition as an earlier run had it, and say so."""
    finding = Finding(
        code="index_not_settled",
        message=(
            f"{half.why}. Acquisition {number} is as an earlier run read it; the next "
            "run looks again."
        ),
        count=len(images),
        files=half.files[:SHOWN],
    )
    part = Acquired(
        id=number,
        images=tuple(images),
        entry=known.entry,
        layout=known.layout,
        findings=(*known.findings, finding),
    )
    return Growing(part, known, half.files)
