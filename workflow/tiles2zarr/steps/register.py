"""register: stage positions to pixel boxes, after a look at every file's header."""

import logging
from collections.abc import Iterator
from pathlib import Path

from tiles2zarr.checkpoints import (
    digest,
    read_json,
    read_json_if_there,
    to_bytes,
    write_json,
)
from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.errors import SourceError, Tiles2ZarrError
from tiles2zarr.loaders import resolve
from tiles2zarr.models.decisions import AcquisitionDecision
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import RegisteredImage, SourceStats, TiledImage
from tiles2zarr.models.plan import Batch, BatchOutcome, Outcome
from tiles2zarr.registration import register_image
from tiles2zarr.state import State
from tiles2zarr.steps.ages import age_state
from tiles2zarr.steps.findings import log_findings
from tiles2zarr.steps.headers import check_headers
from tiles2zarr.steps.listings import MISSING, Listings, untold_servers
from tiles2zarr.steps.sources import source_stats

LOG = logging.getLogger("tiles2zarr")
Origin = tuple[float, float] | None
"""(y, x) that all acquisitions of a well count from, micrometer."""
STEP = 2
"""Raised when the result of this step changes for the same input."""


def register(
    batch: Path,
    output: Path,
    state: State,
    options: RegisterOptions,
    waiting: frozenset[str] = frozenset(),
) -> BatchOutcome:
    """Register the images of a batch and write ``output`` with their outcomes.

    An image whose checkpoint was made from the same tiles, decision, options and files
    is left alone, and so is one that is ``waiting``. An image that cannot be registered
    costs only itself.

    Raises:
        Tiles2ZarrError: The batch itself cannot be read.
    """
    task = read_json(batch, Batch)
    outcomes: dict[str, Outcome] = {}
    findings: list[Finding] = []
    listings = Listings(each=options.ask_each_source)
    for image, tiles_digest in sorted(task.images.items()):
        if image in waiting:
            outcomes[image] = Outcome(status="waiting")
            continue
        try:
            registered, stats = _register(
                image, tiles_digest, task, state, options, listings
            )
        except Tiles2ZarrError as error:
            LOG.error("%s: %s", image, str(error).removeprefix(f"{image}: "))
            outcomes[image] = Outcome(status="failed", error=str(error))
            continue
        sha = write_json(state.registered(image), registered)
        outcomes[image] = Outcome(status="done", digest=sha)
        findings.extend(registered.findings)
        findings.extend(_archived_finding(registered, stats))
        findings.extend(_unsettled_finding(registered, stats, options))
        findings.extend(_unwatched_findings(registered, stats))
        LOG.info("%s: %d boxes on %s", image, len(registered.boxes), registered.shape)
    outcome = BatchOutcome(images=outcomes, findings=tuple(findings))
    log_findings(outcome.findings)
    write_json(output, outcome)
    return outcome


def _register(
    image: str,
    tiles_digest: str,
    task: Batch,
    state: State,
    options: RegisterOptions,
    listings: Listings,
) -> tuple[RegisteredImage, SourceStats]:
    """Return the image's boxes, and its source files as they are now."""
    path = state.tiles(image)
    raw = path.read_bytes() if path.is_file() else b""
    if digest(raw) != tiles_digest:
        raise Tiles2ZarrError(
            f"{path} is not the file parse_tiles wrote. Delete {state.plan} and run "
            "again: it will be made anew."
        )
    tiled = read_json(path, TiledImage)
    if tiled.fault is not None:
        raise Tiles2ZarrError(tiled.fault)
    decision = task.decisions[tiled.acquisition_id]
    storage = options.storage_options.get(tiled.acquisition_id, {})
    stats = source_stats(tiled, storage, listings)
    origin = task.origins.get(image)
    key = _key(tiles_digest, decision, options, origin, stats)
    known = _known(state.registered(image))
    if known is not None and known.key == key:
        return known, stats
    if known is not None and (
        _all_gone(stats) or (_young(stats, options) and state.written(image).is_file())
    ):
        before = _before(known, tiles_digest, decision, options, origin, stats)
        if before is not None:
            return before, stats
    checked, dtype, findings = check_headers(
        tiled, options, storage, shared=image in task.shared
    )
    registered = register_image(
        checked,
        decision,
        options.registration,
        dtype=dtype,
        well_origin=origin,
        steps=options.registration.steps,
    )
    if known is not None and known.boxes.file and not registered.boxes.file:
        raise SourceError(
            f"image {image}: none of its {len(stats.file)} files can be read any more; "
            "the image as it was written is kept. Bring the files back, or take its "
            "rows out of the table."
        )
    complete = registered.replace(
        key=key,
        sources=stats.only(set(registered.boxes.file)),
        findings=(*registered.findings, *findings),
    )
    return complete, stats


def _known(path: Path) -> RegisteredImage | None:
    """Return an earlier checkpoint; a damaged one is made again."""
    try:
        return read_json_if_there(path, RegisteredImage)
    except Tiles2ZarrError as error:
        LOG.warning("%s", error)
        return None


def _archived_finding(
    registered: RegisteredImage, stats: SourceStats
) -> tuple[Finding, ...]:
    """Return a finding if none of the files the image was made from is there."""
    if not _all_gone(stats) or MISSING[0] in registered.sources.size:
        return ()
    message = (
        "All source files are gone (archived?); the image as it was written is kept."
    )
    return (
        Finding(
            code="sources_archived",
            severity="info",
            message=message,
            images=(registered.image,),
        ),
    )


def _unwatched_findings(
    registered: RegisteredImage, stats: SourceStats
) -> Iterator[Finding]:
    """Yield a finding per server that does not tell when a file changed."""
    urls = [resolve(registered.resource, file) for file in stats.file]
    for server in untold_servers(urls, zip(stats.size, stats.mtime_ns, strict=True)):
        yield Finding(
            code="sources_not_watched",
            severity="info",
            message=(
                f"{server} does not list its files with size and time, so a changed "
                "file is not noticed. If it tells of single files, "
                "writing.track_sources: true asks for each of them at every start."
            ),
        )


def _all_gone(stats: SourceStats) -> bool:
    return {*zip(stats.size, stats.mtime_ns, strict=True)} == {MISSING}


def _young(stats: SourceStats, options: RegisterOptions) -> tuple[str, ...]:
    """Return the files that may still be written."""
    if not options.settle:
        return ()
    rows = zip(stats.file, stats.size, stats.mtime_ns, strict=True)
    return tuple(
        file
        for file, size, mtime_ns in rows
        if age_state((size, mtime_ns), options.settle) == "young"
    )


def _unsettled_finding(
    registered: RegisteredImage, stats: SourceStats, options: RegisterOptions
) -> tuple[Finding, ...]:
    """Return a finding if files were written again and the image does not follow."""
    files = _young(stats, options)
    if not files or registered.sources == stats.only(set(registered.sources.file)):
        return ()
    message = (
        f"{len(files)} source files were written again after the image was made, and "
        "may still be written. The image stays as it is; a later run makes it anew."
    )
    return (
        Finding(
            code="sources_not_settled",
            severity="info",
            message=message,
            count=len(files),
            images=(registered.image,),
            files=files[:SHOWN],
        ),
    )


def _before(
    known: RegisteredImage,
    tiles_digest: str,
    decision: AcquisitionDecision,
    options: RegisterOptions,
    origin: Origin,
    stats: SourceStats,
) -> RegisteredImage | None:
    """Return the earlier checkpoint if only size and time of its sources differ."""
    read = known.sources
    if not read.file or MISSING[0] in read.size or {*read.file} - {*stats.file}:
        return None
    there = dict(
        zip(read.file, zip(read.size, read.mtime_ns, strict=True), strict=True)
    )
    rows = [there.get(file, MISSING) for file in stats.file]  # some were never there
    then = stats.replace(
        size=tuple(row[0] for row in rows), mtime_ns=tuple(row[1] for row in rows)
    )
    if known.key != _key(tiles_digest, decision, options, origin, then):
        return None
    LOG.warning("%s: sources are gone or written just now; it is kept", known.image)
    return known


def _key(
    tiles_digest: str,
    decision: AcquisitionDecision,
    options: RegisterOptions,
    origin: Origin,
    stats: SourceStats,
) -> str:
    parts = {
        "step": STEP,
        "tiles": tiles_digest,
        "decision": digest(decision),
        "origin": origin,
        # when a file has settled changes nothing of what is made of it
        "options": digest(
            options.model_dump(mode="json", by_alias=True, exclude={"settle"})
        ),
        "sources": digest(stats),
    }
    return digest(to_bytes(parts))
