"""``tiles2zarr prune``: images that left the plan, and what dead processes left."""

import argparse
from collections.abc import Sequence

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.leftovers import Leftover, find_leftovers
from tiles2zarr.commands.plates import Plate, count, load_plates, read_plan
from tiles2zarr.commands.telling import Told, tell
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.plate_groups import read_plate, write_plate
from tiles2zarr.steps.orphans import find_orphans, remove_image
from tiles2zarr.steps.output import open_place, open_store


def run(choice: argparse.Namespace) -> int:
    """Print what could go, and with ``--yes`` remove it.

    Raises:
        Tiles2ZarrError: The state cannot be read, or the output cannot be written.
    """
    plates = load_plates(choice.configfile, choice.plate)
    told = (report(plate, remove=choice.yes) for plate in plates)
    return tell(choice, told, apart=False)


def report(plate: Plate, *, remove: bool) -> Told:
    """Return what could go, after removing it if asked to.

    Raises:
        Tiles2ZarrError: The state cannot be read, or the output cannot be written.
    """
    plan = read_plan(plate)
    orphans = find_orphans(plan, plate.state)
    folders = _folders(plate, plan, orphans)
    leftovers = list(find_leftovers(plate.output, folders, plate.storage))
    lines = [f"{image}: left the plan" for image in orphans]
    lines += [
        f"{left.image}: left by a dead process: {', '.join(left.names)}"
        for left in leftovers
    ]
    found = f"{count(len(orphans), 'image')} out of the plan"
    places = f"leftovers at {count(len(leftovers), 'place')}"
    what = ", ".join([found] * bool(orphans) + [places] * bool(leftovers))
    removed = remove and bool(orphans or leftovers)
    if not (orphans or leftovers):
        lines.append(f"{plate.name}: nothing to remove")
    elif remove:
        prune(plate, orphans, leftovers)
        lines.append(f"{plate.name}: removed {what}")
    else:
        lines.append(f"{plate.name}: {what}; `--yes` removes them")
    facts = {
        "name": plate.name,
        "orphans": list(orphans),
        "leftovers": {left.image: list(left.names) for left in leftovers},
        "removed": removed,
    }
    return Told(tuple(lines), facts)


def prune(plate: Plate, orphans: Sequence[str], leftovers: Sequence[Leftover]) -> None:
    """Remove images that left the plan and finish or sweep what dead writers left.

    Images that others made in the place of one of ours stay. A swap that was
    interrupted is finished, so labels and tables of the image are kept; behind URLs,
    where nothing can be swapped, arrays without metadata go.

    Raises:
        LockedError: A live process is writing one of the images.
        StoreError: The output cannot be written.
    """
    for left in leftovers:
        target = open_place(plate.output, left.path, plate.storage)
        with target.hold():
            target.clear()
    places = [read_json(plate.state.written(i), Receipt).collection for i in orphans]
    if orphans:
        # plate tables hold rows of these images: build_tables makes them anew
        plate.state.plate.unlink(missing_ok=True)
    for image in orphans:
        remove_image(image, plate.state, plate.output, plate.storage)
    for name in sorted({p.plate_name for p in places if isinstance(p, ImageInPlate)}):
        _unlist(plate, f"{name}.zarr", set(orphans))


def _unlist(plate: Plate, name: str, images: set[str]) -> None:
    """Take images off the plate's lists (with extend they were kept there)."""
    store = open_store(plate.output, plate.storage).below(name)
    known = read_plate(store, store.requests)
    if known is None:
        return
    found, version = known
    kept = tuple(image for image in found.images if image.image not in images)
    if len(kept) < len(found.images):
        plate_now = found.replace(images=kept)
        write_plate(store, plate_now, version, threads=store.requests)


def _folders(plate: Plate, plan: Plan, orphans: Sequence[str]) -> set[str]:
    """Return the folders that hold the images of the plan and those that left it."""
    left = [read_json(plate.state.written(i), Receipt).collection.path for i in orphans]
    paths = [entry.path for entry in plan.images.values()] + left
    return {path.rpartition("/")[0] for path in paths}
