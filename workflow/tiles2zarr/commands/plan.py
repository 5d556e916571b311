"""``tiles2zarr plan``: what would be made, found out without writing any state."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.planning import planned
from tiles2zarr.commands.plates import Plate, count, load_plates, size
from tiles2zarr.config.omezarr import NgffVersion
from tiles2zarr.models.decisions import AcquisitionDecision, Decisions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import ImageEntry, Plan
from tiles2zarr.steps.findings import group_findings

MANY_FILES = 1_000_000
"""Files above which copying and listing a plate takes hours."""
_SHAPES = 4


def run(choice: argparse.Namespace) -> int:
    """Print the plan of every plate.

    Raises:
        Tiles2ZarrError: The input cannot be read.
    """
    for number, plate in enumerate(load_plates(choice.configfile, choice.plate)):
        plan, decisions = make_plan(plate)
        text = [*describe(plan, plate), *_decided(decisions), *told(plan.findings)]
        if choice.images:
            text += _images(plan)
        print("\n" * (number > 0) + "\n".join(text))
    return 0


def make_plan(plate: Plate) -> tuple[Plan, Decisions]:
    """Return what parse_tiles would write, and the decisions; the state is not touched.

    Raises:
        Tiles2ZarrError: The input cannot be read, or a function cannot be imported.
    """
    with planned(plate) as state:
        return read_json(state.plan, Plan), read_json(state.decisions, Decisions)


def describe(plan: Plan, plate: Plate) -> Iterator[str]:
    """Yield the lines on images, bytes and files of a plan."""
    entries = plan.images.values()
    wells = {entry.well for entry in entries if entry.well}
    where = f"plate of {count(len(wells), 'well')}" if wells else "single images"
    batches = count(len(plan.batches), "batch", "batches")
    yield f"{plan.name}: {where}, {count(len(entries), 'image')} in {batches}"
    for shape, times in _shapes(entries):
        yield f"  shape     {count(times, 'image')} of {shape} (t, c, z, y, x)"
    yield f"  planes    {sum(entry.planes for entry in entries):,} to read"
    pixels = size(plan.expected_bytes)
    yield f"  pixels    {pixels} with all levels, before compression"
    yield f"  files     {plan.expected_files:,} of chunks, if nothing is missing"
    yield from _many_files(plan, plate)
    written = sum(plate.state.written(image).is_file() for image in plan.images)
    yield f"  written   {written:,} of {count(len(entries), 'image')} so far"


def _shapes(entries: Iterable[ImageEntry]) -> Iterator[tuple[str, int]]:
    """Yield the most frequent shapes and how many images have them."""
    shapes = Counter(entry.shape for entry in entries).most_common()
    for shape, times in shapes[:_SHAPES]:
        yield " x ".join(map(str, shape)), times
    if len(shapes) > _SHAPES:
        yield "other shapes", sum(times for _, times in shapes[_SHAPES:])


def _many_files(plan: Plan, plate: Plate) -> Iterator[str]:
    if plan.expected_files <= MANY_FILES:
        return
    if plate.config.omezarr.ngff_version == NgffVersion.V05:
        shards = "omezarr.shards: {kind: multiple, xy_factor: 4, z_factor: 10}"
    else:
        shards = 'omezarr: {ngff_version: "0.5", shards: {kind: multiple}}'
    yield (
        "  warning   more than a million files are slow to copy, list and delete. Pack "
        f"them ({shards}) or take bigger chunks (omezarr.chunks: {{kind: fov, "
        "xy_scaling: 4}, or z_chunk: 10)"
    )


def _decided(decisions: Decisions) -> Iterator[str]:
    for number, decision in sorted(decisions.acquisitions.items()):
        yield f"  placed    acquisition {number}: {_decision(decision)}"


def _decision(decision: AcquisitionDecision) -> str:
    levels = count(decision.levels, "level")
    reason = decision.reason.rstrip(".")
    return f"{decision.tiling.kind} ({reason}); axes {decision.axes}, {levels}"


def told(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a line per finding, those that weigh most first."""
    order = ("error", "warning", "info")
    grouped = group_findings(findings)
    for finding in sorted(grouped, key=lambda item: order.index(item.severity)):
        times = f" ({finding.count:,})" if finding.count > 1 else ""
        message = " ".join(finding.message.split())
        yield f"  {finding.severity:<9} {finding.code}{times}: {message}"


def _images(plan: Plan) -> Iterator[str]:
    for image, entry in sorted(plan.images.items()):
        shape = " x ".join(map(str, entry.shape))
        planes = count(entry.planes, "plane")
        yield f"  {image}: {shape}, {planes}, batch {entry.batch}"
