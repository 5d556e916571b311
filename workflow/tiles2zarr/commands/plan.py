"""``tiles2zarr plan``: what would be made, found out without writing any state."""

import argparse
from collections.abc import Iterable, Iterator

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.following import next_run
from tiles2zarr.commands.missing_files import find_missing
from tiles2zarr.commands.outlook import Outlook
from tiles2zarr.commands.plan_lines import describe, placed
from tiles2zarr.commands.planning import planned
from tiles2zarr.commands.plates import Plate, count, load_plates
from tiles2zarr.commands.sampling import take_sample
from tiles2zarr.commands.telling import Told, tell
from tiles2zarr.commands.tiling_modes import Mode, compare_modes
from tiles2zarr.commands.uneven_wells import uneven_wells
from tiles2zarr.config.slices import parse_options, write_options
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.plan import Batch, Plan
from tiles2zarr.registration import well_origins
from tiles2zarr.steps.findings import group_findings

FIRST = 2
"""Wells of the example of a run of a few."""


def run(choice: argparse.Namespace) -> int:
    """Print the plan of every plate.

    Raises:
        Tiles2ZarrError: The input cannot be read.
    """
    plates = load_plates(choice.configfile, choice.plate)
    wells: list[str] = []

    def reports() -> Iterator[Told]:
        for plate in plates:
            outlook = look(plate)
            wells.extend(_wells(outlook.plan))
            yield report(outlook, plate, images=choice.images)

    code = tell(choice, reports())
    if not choice.json:
        print(next_run(choice))
        if len(set(wells)) > FIRST:
            few = ",".join(dict.fromkeys(wells[:FIRST]))
            print(f"      (a few wells first: add --config only={few})")
    return code


def report(outlook: Outlook, plate: Plate, *, images: bool = False) -> Told:
    """Return what would be made of a plate; with ``images`` a line for each."""
    plan = outlook.plan
    lines = [*describe(outlook, plate), *placed(outlook), *told(plan.findings)]
    if images:
        lines += _images(plan)
    wells = {"planned": _wells(plan), "uneven": uneven_wells(plan)}
    return Told(tuple(lines), outlook.facts() | {"wells": wells})


def look(plate: Plate) -> Outlook:
    """Return the plan of a plate and what follows from it; the state is not touched.

    Raises:
        Tiles2ZarrError: The input cannot be read, or a function cannot be imported.
    """
    with planned(plate) as state:
        plan = read_json(state.plan, Plan)
        decisions = read_json(state.decisions, Decisions)
        batches = [read_json(state.batch(name), Batch) for name in plan.batches]
        images = [read_json(state.tiles(image), TiledImage) for image in plan.images]
        options = write_options(plate.config)
        sample = take_sample(
            images, options.omezarr.compressor, options.storage_options
        )
        modes = _modes(images, decisions, plate)
    written = sum(plate.state.written(image).is_file() for image in plan.images)
    missing = find_missing(batches, plate.config)
    details = {image.acquisition_id: image.acquisition for image in reversed(images)}
    return Outlook(
        plan, decisions, tuple(batches), sample, modes, written, missing, details
    )


def _modes(
    images: list[TiledImage], decisions: Decisions, plate: Plate
) -> dict[int, tuple[Mode, ...]]:
    """Return what each tiling mode would make, by acquisition."""
    options = parse_options(plate.config)
    origins = well_origins(images, align_xy=options.registration.align_xy)
    found = {}
    for number, decision in decisions.acquisitions.items():
        members = [i for i in images if i.acquisition_id == number and len(i.tiles)]
        if members:
            found[number] = tuple(
                compare_modes(
                    members,
                    decision.tiling,
                    options.registration,
                    origins,
                    options.chunks,
                    options.num_levels,
                )
            )
    return found


def _wells(plan: Plan) -> list[str]:
    return sorted({entry.well for entry in plan.images.values() if entry.well})


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
