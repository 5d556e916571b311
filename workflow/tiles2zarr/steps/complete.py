"""complete: whether every image of the plan is written, and what to do if not."""

import logging
from pathlib import Path

from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.errors import FaultsError
from tiles2zarr.models.plan import BatchOutcome, Outcome, Plan
from tiles2zarr.state import State

LOG = logging.getLogger("tiles2zarr")
STEPS = ("register", "write_zarr")


def complete(output: Path, state: State) -> None:
    """Write ``output`` if all images are written, else take their batches back.

    A batch with an image that is not written loses its declared outputs: a plain rerun
    redoes exactly these batches, and in them only the images that are not written.

    Raises:
        FaultsError: Images are not written; names each with its reason.
    """
    plan = read_json(state.plan, Plan)
    failed: dict[str, Outcome] = {}
    for batch in plan.batches:
        outcome = read_json(state.done("write_zarr", batch), BatchOutcome)
        bad = {i: o for i, o in outcome.images.items() if o.status != "done"}
        for step in STEPS if bad else ():
            state.done(step, batch).unlink(missing_ok=True)
        failed |= bad
    if failed:
        total = len(plan.images)
        raise FaultsError(
            f"{len(failed)} of {total} images are not written; the others are, and "
            "the plate opens. Mend the causes and run the same command again",
            [_told(image, outcome) for image, outcome in sorted(failed.items())],
        )
    LOG.info("all %d images are written", len(plan.images))
    write_json(output, {"images": len(plan.images), "schema": 1})


def _told(image: str, outcome: Outcome) -> str:
    """Return the reason with the image before it, once."""
    place = f"{image}: "
    return place + str(outcome.error).removeprefix(place)
