"""complete: whether every image of the plan is written, and what to do if not."""

import logging
from collections.abc import Sequence
from pathlib import Path

from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.errors import FaultsError
from tiles2zarr.models.plan import BatchOutcome, Outcome, Plan
from tiles2zarr.state import State
from tiles2zarr.steps.only import chosen_images

LOG = logging.getLogger("tiles2zarr")
STEPS = ("register", "write_zarr")


def complete(output: Path, state: State, only: Sequence[str] = ()) -> None:
    """Write ``output`` if all images are written, else take their batches back.

    A batch with an image that is not written loses its declared outputs: a plain rerun
    redoes exactly these batches, and in them only the images that are not written.

    Args:
        output: What says that the run is complete.
        state: The plate's state.
        only: Wells or images that this run was about; the others may wait.

    Raises:
        FaultsError: Images are not written; names each with its reason.
        ConfigError: The plan has no such well or image.
    """
    plan = read_json(state.plan, Plan)
    wells = {image: entry.well for image, entry in plan.images.items()}
    chosen = chosen_images(plan.name, wells, only)
    failed: dict[str, Outcome] = {}
    for batch in sorted({plan.images[image].batch for image in chosen}):
        outcome = read_json(state.done("write_zarr", batch), BatchOutcome)
        bad = {
            image: found
            for image, found in outcome.images.items()
            if found.status != "done" and image in chosen
        }
        if bad:
            take_back(state, batch)
        failed |= bad
    if failed:
        total = len(chosen)
        others = "; the others are, and the plate opens" if total > len(failed) else ""
        raise FaultsError(
            f"{len(failed)} of {total} images are not written{others}. Mend the causes "
            "and run the same command again",
            [_told(image, outcome) for image, outcome in sorted(failed.items())],
        )
    LOG.info("all %d images are written", len(chosen))
    write_json(output, {"images": len(chosen), "schema": 1})


def take_back(state: State, batch: str) -> None:
    """Remove the declared outputs of a batch: a plain rerun makes them again."""
    for step in STEPS:
        state.done(step, batch).unlink(missing_ok=True)


def _told(image: str, outcome: Outcome) -> str:
    """Return the reason with the image before it, once."""
    place = f"{image}: "
    return place + str(outcome.error or "waits").removeprefix(place)
