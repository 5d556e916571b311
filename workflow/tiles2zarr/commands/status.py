"""``tiles2zarr status``: what is written, what failed and why, what waits."""

import argparse
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from tiles2zarr.checkpoints import read_json, read_json_if_there
from tiles2zarr.commands.following import next_look, next_run
from tiles2zarr.commands.plan import told
from tiles2zarr.commands.plate_map import layout_of, plate_map
from tiles2zarr.commands.plates import Plate, count, load_plates, size
from tiles2zarr.commands.progress import Progress, Standing, find_progress
from tiles2zarr.commands.telling import Told, tell
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.progress.estimate import Estimate
from tiles2zarr.progress.wording import duration, rate

SHOWN = 20
"""Images of one kind whose reason is told."""
NAMED = 5
"""Images of one kind that are named where there is no reason to tell."""
LISTED: tuple[Standing, ...] = ("failed", "blocked", "waiting")
"""Kinds of images that are listed."""
KINDS: tuple[Standing, ...] = ("written", "running", *LISTED)
"""All kinds."""
WEIGHT: tuple[Standing, ...] = ("failed", "blocked", "running", "waiting", "written")
"""Which kind a well of several images is shown as: the first that one of them is."""
SIGNS: dict[Standing, str] = {
    "written": "#",
    "running": ">",
    "failed": "!",
    "blocked": "x",
    "waiting": "-",
}
LEGEND = {sign: kind for kind, sign in SIGNS.items()} | {"+": "partly written"}


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
    plates = load_plates(choice.configfile, choice.plate)
    found: list[Told] = []
    code = tell(choice, _kept(map(report, plates), found))
    if not choice.json and code == 0:
        print(next_look("view", choice))
    elif not choice.json and not any(one.facts.get("run") for one in found):
        print(next_run(choice))
    return code


def _kept(told: Iterable[Told], found: list[Told]) -> Iterator[Told]:
    """Yield what comes, keeping it."""
    for one in told:
        found.append(one)
        yield one


def report(plate: Plate) -> Told:
    """Return where a plate stands; it is fine if everything of it is made.

    Raises:
        Tiles2ZarrError: The state is damaged.
    """
    state = plate.state
    plan = read_json_if_there(state.plan, Plan)
    if plan is None:
        line = f"{plate.name}: not begun, there is no {state.plan}"
        facts = {"name": plate.name, "begun": False, "complete": False}
        return Told((line,), facts, fine=False)
    progress = find_progress(plan, state)
    written = progress.images("written")
    tables = state.plate.is_file()
    finished = state.complete.is_file()
    whole = len(written) == len(plan.images) and tables and finished
    octets = sum(_written_bytes(plate, image) for image in written)
    noticed = read_json_if_there(state.findings, Noticed)
    findings = plan.findings if noticed is None else noticed.findings
    lines = [f"{plate.name}: {_headline(progress, whole)}"]
    lines.append(f"  written   {size(octets)} of chunks in {plate.output}")
    if state.page.is_file():
        lines.append(f"  report    {state.page}")
    lines += _run_lines(progress.run)
    if not tables:
        lines.append("  tables    wait: plate metadata and tables are made at the end")
    layout = layout_of(plan, plate.config)
    signs = well_signs(plan, progress)
    if layout is not None:
        lines += plate_map(signs, layout, LEGEND)
    for kind in LISTED:
        lines += _listed(progress, kind)
    lines += told(findings)
    facts = {
        "name": plate.name,
        "begun": True,
        "complete": whole,
        "tables": tables,
        "written_bytes": octets,
        "wells": {well: LEGEND[sign] for well, sign in signs.items()},
        "findings": [found.model_dump(mode="json") for found in findings],
    }
    return Told(tuple(lines), facts | _progress_facts(progress), fine=whole)


def well_signs(plan: Plan, progress: Progress) -> dict[str, str]:
    """Return the sign of each well: what weighs most among its images."""
    standings: dict[str, set[str]] = {}
    for image, entry in plan.images.items():
        if entry.well:
            standings.setdefault(entry.well, set()).add(progress.standing[image])
    signs = {}
    for well, found in sorted(standings.items()):
        first = next(kind for kind in WEIGHT if kind in found)
        partly = first == "waiting" and "written" in found
        signs[well] = "+" if partly else SIGNS[first]
    return signs


def _run_lines(run: Estimate | None) -> Iterator[str]:
    if run is None:
        return
    yield f"  running   {', '.join(run.running) or 'between two images'}"
    if run.octets_per_s is not None:
        left = f", about {duration(run.left_s)} left" if run.left_s else ""
        yield f"  rate      {rate(run.octets_per_s)} of source pixels{left}"


def _progress_facts(progress: Progress) -> dict[str, object]:
    run = progress.run
    return {
        "images": {kind: progress.images(kind) for kind in KINDS},
        "reasons": dict(progress.reasons),
        "run": run
        and {
            "elapsed_s": run.elapsed_s,
            "bytes": run.octets,
            "bytes_per_s": run.octets_per_s,
            "left_s": run.left_s,
        },
    }


def _headline(progress: Progress, whole: bool) -> str:
    written, total = len(progress.images("written")), len(progress.standing)
    parts = [f"{written:,} of {count(total, 'image')} written"]
    for kind in ("running", *LISTED):
        images = progress.images(kind)
        parts += [f"{len(images):,} {kind}"] if images else []
    return ", ".join(parts) + (", complete" if whole else ", not complete")


def _written_bytes(plate: Plate, image: str) -> int:
    receipt = read_json(plate.state.written(image), Receipt)
    return sum(sum(level.chunks.size) for level in receipt.levels)


def _listed(progress: Progress, kind: Standing) -> Iterator[str]:
    images = progress.images(kind)
    known = [image for image in images if image in progress.reasons]
    untold = [image for image in images if image not in progress.reasons]
    for image in known[:SHOWN]:
        yield f"  {kind:<9} {image}: {progress.reasons[image]}"
    if len(known) > SHOWN:
        yield f"  {kind:<9} and {len(known) - SHOWN:,} more"
    if untold:
        more = f" and {len(untold) - NAMED:,} more" if len(untold) > NAMED else ""
        yield f"  {kind:<9} {', '.join(untold[:NAMED])}{more}"
