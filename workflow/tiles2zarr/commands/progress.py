"""How far a plate is: what the last jobs said of each image."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tiles2zarr.checkpoints import read_json_if_there
from tiles2zarr.models.plan import BatchOutcome, Outcome, Plan
from tiles2zarr.progress.estimate import Estimate, estimate, may_live, this_run
from tiles2zarr.progress.events import Follower
from tiles2zarr.state import State
from tiles2zarr.steps.reporter import run_task

Standing = Literal["written", "running", "failed", "blocked", "waiting"]
STEPS = ("register", "write_zarr")
_ERROR = re.compile(r"\S+ \S+ ERROR (?P<text>.*)")


@dataclass(frozen=True)
class Progress:
    """Where each image of a plan stands, and why it is not written."""

    standing: Mapping[str, Standing]
    reasons: Mapping[str, str]
    run: Estimate | None = None
    """Rate and time left while a run writes."""

    def images(self, *kinds: Standing) -> list[str]:
        """Return the sorted ids of the images that stand so."""
        return sorted(i for i, kind in self.standing.items() if kind in kinds)


def find_progress(plan: Plan, state: State, now: float | None = None) -> Progress:
    """Return where each image of the plan stands.

    An image whose job is at work on it now is running. It is written if its receipt is
    there and no later job failed on it. The end of a run takes the outputs of failed
    batches back; the jobs' logs still say why.

    Args:
        plan: The plan.
        state: The plate's state.
        now: Seconds since 1970; left out, the time it is.

    Raises:
        Tiles2ZarrError: An outcome is damaged.
    """
    standing: dict[str, Standing] = {}
    reasons: dict[str, str] = {}
    for batch in plan.batches:
        images = [i for i, entry in plan.images.items() if entry.batch == batch]
        outcomes = _outcomes(state, batch)
        logged = _logged(state, batch, set(images) - outcomes.keys())
        for image in images:
            outcome = outcomes.get(image)
            if outcome is not None and outcome.status in ("failed", "blocked"):
                standing[image] = outcome.status
                reasons[image] = outcome.error or "no reason was given"
            elif image in logged:
                standing[image] = "failed"
                reasons[image] = logged[image]
            else:
                there = state.written(image).is_file()
                standing[image] = "written" if there else "waiting"
    run = _find_run(state, time.time() if now is None else now)
    for image in run.running if run else ():
        if image in standing:
            standing[image] = "running"
            reasons.pop(image, None)
    return Progress(standing, reasons, run)


def _find_run(state: State, now: float) -> Estimate | None:
    """Return how far the run is that writes now; of one that ended, nothing."""
    events = this_run(Follower(state.progress).events())
    live = {event.batch: event for event in events if event.kind == "job"}
    for event in events:
        if event.kind == "end":
            live.pop(event.batch, None)
    if not any(may_live(job) for job in live.values()):
        return None
    first = events[0]
    only = first.only if first.kind == "run" else ()
    return estimate(run_task(state, only, first.at), events, now)


def _outcomes(state: State, batch: str) -> dict[str, Outcome]:
    """Return what the steps that stand said of the images, the last step's word."""
    found: dict[str, Outcome] = {}
    for step in STEPS:
        outcome = read_json_if_there(state.done(step, batch), BatchOutcome)
        if outcome is None:
            # an earlier step's "done" says nothing about the one that was taken back
            return {i: o for i, o in found.items() if o.status != "done"}
        found |= outcome.images
    return found


def _logged(state: State, batch: str, images: set[str]) -> dict[str, str]:
    """Return the errors in the logs of the batch's jobs, by image."""
    found: dict[str, str] = {}
    for step in STEPS:
        for text in _errors(state.root / "logs" / step / f"{batch}.log"):
            image, _, reason = text.partition(": ")
            if image in images:
                found[image] = reason
    return found


def _errors(log: Path) -> Iterator[str]:
    if log.is_file():
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            match = _ERROR.fullmatch(line)
            if match:
                yield match["text"]
