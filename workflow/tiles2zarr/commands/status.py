"""``tiles2zarr status``: what is written, what failed and why, what waits."""

import argparse
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from tiles2zarr.checkpoints import read_json, read_json_if_there
from tiles2zarr.commands.plan import told
from tiles2zarr.commands.plates import Plate, count, load_plates, size
from tiles2zarr.commands.progress import Progress, find_progress
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt

SHOWN = 20
"""Images of one kind that are listed."""


class Noticed(Frozen):
    """``findings.json``: everything noticed so far, merged by build_tables."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    findings: tuple[Finding, ...]
    """One per code."""


def run(choice: argparse.Namespace) -> int:
    """Print where each plate stands; return 0 only if all are complete.

    Raises:
        Tiles2ZarrError: The config or the state is damaged.
    """
    complete = True
    for number, plate in enumerate(load_plates(choice.configfile, choice.plate)):
        lines, whole = report(plate)
        print("\n" * (number > 0) + "\n".join(lines))
        complete &= whole
    return 0 if complete else 1


def report(plate: Plate) -> tuple[list[str], bool]:
    """Return lines on a plate, and whether everything of it is made.

    Raises:
        Tiles2ZarrError: The state is damaged.
    """
    state = plate.state
    plan = read_json_if_there(state.plan, Plan)
    if plan is None:
        return [f"{plate.name}: not begun, there is no {state.plan}"], False
    progress = find_progress(plan, state)
    written = progress.images("written")
    tables = state.plate.is_file()
    finished = (state.root / "done" / "complete.json").is_file()
    whole = len(written) == len(plan.images) and tables and finished
    lines = [f"{plate.name}: {_headline(progress, whole)}"]
    octets = sum(_written_bytes(plate, image) for image in written)
    lines.append(f"  written   {size(octets)} of chunks in {plate.output}")
    if not tables:
        lines.append("  tables    wait: plate metadata and tables are made at the end")
    lines += _listed(progress, "failed")
    lines += _listed(progress, "blocked")
    lines += _listed(progress, "waiting")
    noticed = read_json_if_there(state.findings, Noticed)
    lines += told(plan.findings if noticed is None else noticed.findings)
    return lines, whole


def _headline(progress: Progress, whole: bool) -> str:
    written, total = len(progress.images("written")), len(progress.standing)
    parts = [f"{written:,} of {count(total, 'image')} written"]
    for kind in ("failed", "blocked", "waiting"):
        images = progress.images(kind)
        parts += [f"{len(images):,} {kind}"] if images else []
    return ", ".join(parts) + (", complete" if whole else ", not complete")


def _written_bytes(plate: Plate, image: str) -> int:
    receipt = read_json(plate.state.written(image), Receipt)
    return sum(sum(level.chunks.size) for level in receipt.levels)


def _listed(
    progress: Progress, kind: Literal["failed", "blocked", "waiting"]
) -> Iterator[str]:
    images = progress.images(kind)
    for image in images[:SHOWN]:
        reason = progress.reasons.get(image)
        yield f"  {kind:<9} {image}" + (f": {reason}" if reason else "")
    if len(images) > SHOWN:
        yield f"  {kind:<9} and {len(images) - SHOWN:,} more"
