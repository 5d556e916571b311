"""write_zarr: the arrays and pyramids of a batch of images."""

import logging
from pathlib import Path

from tiles2zarr.checkpoints import digest, read_json, replace_file, write_json
from tiles2zarr.config.slices import WriteOptions
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import BatchOutcome, Outcome
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.pixels.allocator import tune_allocator
from tiles2zarr.state import State
from tiles2zarr.steps.output import check_owner, open_target, read_owner
from tiles2zarr.steps.write_image import BlockedError, ImageJob, write_image

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
) -> BatchOutcome:
    """Write the images of a batch and ``output`` with their outcomes.

    Args:
        registered: Outcomes of register for the batch.
        output: Where this batch's outcomes go.
        state: The plate's state.
        options: What the config says of writing.
        threads: Chunks worked on at the same time.
        sources: Digest of the batch's source files, kept to tell archived ones later.

    Raises:
        Tiles2ZarrError: The batch cannot be read, or the plate is not ours to write.
    """
    tune_allocator()
    owner = read_owner(state)
    outcomes: dict[str, Outcome] = {}
    findings: list[Finding] = []
    for image, before in sorted(read_json(registered, BatchOutcome).images.items()):
        if before.status != "done":
            outcomes[image] = before
            continue
        try:
            receipt = _write(image, before, state, options, owner, threads)
        except BlockedError as error:
            LOG.error("%s", error)
            outcomes[image] = Outcome(status="blocked", error=str(error))
            findings.append(_blocked(image, error))
        except Tiles2ZarrError as error:
            LOG.error("%s: %s", image, error)
            outcomes[image] = Outcome(status="failed", error=str(error))
        else:
            outcomes[image] = Outcome(status="done", digest=digest(receipt))
            findings += _holes(image, receipt)
    outcome = BatchOutcome(images=outcomes, findings=tuple(findings))
    replace_file(state.sources(output.stem), sources.encode())
    write_json(output, outcome)
    return outcome


def _write(
    image: str,
    before: Outcome,
    state: State,
    options: WriteOptions,
    owner: str,
    threads: int,
) -> Receipt:
    path = state.registered(image)
    registered = read_json(path, RegisteredImage)
    if digest(path.read_bytes()) != before.digest:
        raise StoreError(
            f"{path} is not the file register wrote. Delete it and run again."
        )
    check_owner(options, registered.collection, owner)
    job = ImageJob(
        state=state,
        options=options,
        owner=owner,
        threads=threads,
        storage=options.storage_options.get(registered.acquisition_id, {}),
    )
    receipt = write_image(
        registered, open_target(options.output, registered.collection), job
    )
    LOG.info("%s: written", image)
    return receipt


def _blocked(image: str, error: BlockedError) -> Finding:
    return Finding(
        code="labels_block_rewrite",
        severity="error",
        message=str(error),
        images=(image,),
    )


def _holes(image: str, receipt: Receipt) -> list[Finding]:
    """Return a finding on files whose headers read but whose pixels do not."""
    files = receipt.unreadable
    if not files:
        return []
    found = Finding(
        code="unreadable_files",
        severity="error",
        message=f"{len(files)} files cannot be decoded; their planes are holes.",
        count=len(files),
        images=(image,),
        files=files[:SHOWN],
    )
    return [found]
