"""write_zarr: the arrays and pyramids of a batch of images."""

import logging
import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

import numpy as np

from tiles2zarr.checkpoints import (
    digest,
    read_json,
    read_json_if_there,
    replace_file,
    write_json,
)
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import Batch, BatchOutcome, Outcome
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.pixels.allocator import tune_allocator
from tiles2zarr.progress.events import JobRecord, recorded_job
from tiles2zarr.state import State
from tiles2zarr.steps.findings import chunk_findings, hole_findings, log_findings
from tiles2zarr.steps.limits import lanes
from tiles2zarr.steps.output import (
    check_plate,
    local_folder,
    open_target,
    read_owner,
)
from tiles2zarr.steps.write_image import BlockedError, ImageJob, write_image
from tiles2zarr.stores.local import refused

LOG = logging.getLogger("tiles2zarr")
STEP = 1
"""Raised when the result of this step changes for the same input."""


def write_zarr(
    registered: Path,
    output: Path,
    state: State,
    options: WriteOptions,
    threads: int,
    sources: str = "",
    *,
    only_standing: bool = False,
) -> BatchOutcome:
    """Write the images of a batch and ``output`` with their outcomes.

    Args:
        registered: Outcomes of register for the batch.
        output: Where this batch's outcomes go.
        state: The plate's state.
        options: What the config says of writing.
        threads: Chunks worked on at the same time.
        sources: Digest of the batch's source files, kept to tell archived ones later.
        only_standing: Write no pixels: an image that does not stand has failed.

    Raises:
        Tiles2ZarrError: The batch cannot be read, or the plate is not ours to write.
    """
    tune_allocator()
    owner = read_owner(state)
    before = read_json(registered, BatchOutcome).images
    together = _lanes(read_json_if_there(state.batch(output.stem), Batch), options)
    write = partial(
        _write,
        state=state,
        options=options,
        owner=owner,
        threads=max(1, threads // together),
        only_standing=only_standing,
        # once per job: behind a URL each look is a request or more
        check=_once(lambda plate: check_plate(options, plate, owner)),
    )
    with recorded_job(state.progress / f"{output.stem}.jsonl", output.stem) as record:
        outcome = write_images(before, write, record, together)
    log_findings(outcome.findings)
    replace_file(state.sources(output.stem), sources.encode())
    write_json(output, outcome)
    return outcome


Write = Callable[[str, Outcome, JobRecord], tuple[Receipt, list[Finding]]]


def _once(check: Callable[[str], None]) -> Callable[[str], None]:
    """Return a check that is made once for a plate, whoever asks at the same time."""
    cached, lock = cache(check), threading.Lock()

    def locked(plate: str) -> None:
        with lock:
            cached(plate)

    return locked


def _lanes(batch: Batch | None, options: WriteOptions) -> int:
    """Return how many images are written side by side: several where a server is."""
    if batch is None or (local_folder(options.output) is not None and not batch.far):
        return 1
    return lanes(batch.source_bytes, len(batch.images))


def write_images(
    registered: Mapping[str, Outcome], write: Write, record: JobRecord, together: int
) -> BatchOutcome:
    """Write images, so many ``together``; each has its outcome, and none stops others.

    What is nobody's fault but ours ends the job after the images that are under way.
    """

    def one(item: tuple[str, Outcome]) -> tuple[str, Outcome, list[Finding]]:
        image, before = item
        outcome, found = before, list[Finding]()
        if before.status == "done":
            outcome, found = _write_one(image, before, write, record)
        if outcome.status != "waiting":
            record.finish(image, outcome.status)
        return image, outcome, found

    items = sorted(registered.items())
    if together == 1:
        done = [one(item) for item in items]
    else:
        pool = ThreadPoolExecutor(together)
        try:
            done = list(pool.map(one, items))
        finally:
            pool.shutdown(cancel_futures=True)
    return BatchOutcome(
        images={image: outcome for image, outcome, _ in done},
        findings=tuple(finding for _, _, found in done for finding in found),
    )


def _write_one(
    image: str, before: Outcome, write: Write, record: JobRecord
) -> tuple[Outcome, list[Finding]]:
    try:
        receipt, findings = write(image, before, record)
    except BlockedError as error:
        LOG.error("%s", error)
        outcome = Outcome(status="blocked", error=str(error))
        return outcome, [_blocked(image, error)]
    except (Tiles2ZarrError, OSError) as error:
        told = refused(error) if isinstance(error, OSError) else error
        LOG.error("%s: %s", image, told)
        return Outcome(status="failed", error=str(told)), []
    return Outcome(status="done", digest=digest(receipt)), findings


def _write(
    image: str,
    before: Outcome,
    record: JobRecord,
    *,
    state: State,
    options: WriteOptions,
    owner: str,
    threads: int,
    only_standing: bool,
    check: Callable[[str], None],
) -> tuple[Receipt, list[Finding]]:
    path = state.registered(image)
    registered = read_json(path, RegisteredImage)
    if digest(path.read_bytes()) != before.digest:
        raise StoreError(
            f"{path} is not the file register wrote. Delete it and run again."
        )
    if isinstance(registered.collection, ImageInPlate):
        check(registered.collection.plate_name)
    job = ImageJob(
        state=state,
        options=options,
        owner=owner,
        threads=threads,
        storage=options.storage_options.get(registered.acquisition_id, {}),
        only_standing=only_standing,
        began=lambda begun: record.begin(image, _pixel_bytes(begun)),
    )
    target = open_target(
        options.output, registered.collection, options.output_storage_options
    )
    receipt = write_image(registered, target, job)
    LOG.info("%s: written", registered.image)
    findings = chunk_findings(registered, options.omezarr)
    return receipt, findings + hole_findings(image, receipt)


def _pixel_bytes(image: RegisteredImage) -> int:
    """Return the bytes of all source pixels of an image."""
    boxes = image.boxes
    lengths = (boxes.len_t, boxes.len_c, boxes.len_z, boxes.len_y, boxes.len_x)
    pixels = sum(math.prod(lens) for lens in zip(*lengths, strict=True))
    return pixels * np.dtype(image.dtype).itemsize


def _blocked(image: str, error: BlockedError) -> Finding:
    return Finding(
        code="labels_block_rewrite",
        severity="error",
        message=str(error),
        images=(image,),
    )
