"""``tiles2zarr verify``: whether every image of the plan is whole."""

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.damage import Damage, ImageCheck
from tiles2zarr.commands.leftovers import live_writer
from tiles2zarr.commands.plate_damage import plate_faults
from tiles2zarr.commands.plates import Plate, count, load_plates
from tiles2zarr.commands.progress import find_progress
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.steps.output import read_owner

THREADS = 8
"""Images looked at together: listing and reading wait for the disk or the server."""


def run(choice: argparse.Namespace) -> int:
    """Print a line per damaged image; return 0 if there is none.

    Raises:
        ArgumentError: Neither or both of ``--configfile`` and ``--store``.
        Tiles2ZarrError: Config or state cannot be read.
    """
    if (choice.store is None) == (choice.configfile is None):
        raise argparse.ArgumentError(None, "give either --configfile or --store")
    if choice.store is not None:
        if choice.repair or choice.adopt:
            raise argparse.ArgumentError(
                None, "--repair and --adopt need --configfile: they change the state"
            )
        from tiles2zarr.commands.store_check import verify_store

        return verify_store(choice.store, deep=choice.deep)
    faults = 0
    for plate in load_plates(choice.configfile, choice.plate):
        if choice.adopt:
            from tiles2zarr.commands.adopt import adopt

            refused = adopt(plate)
            if not plate.state.plan.is_file():
                print(f"{plate.name}: run the workflow now; it plans anew and goes on")
                faults += refused
                continue
        faults += verify(plate, deep=choice.deep, mend=choice.repair)
    return 1 if faults else 0


@dataclass(frozen=True)
class Found:
    """All that is amiss with a plate."""

    images: Mapping[str, tuple[Damage, ...]]
    """What is amiss with each image of the plan, only those with damage."""
    others: Mapping[str, tuple[str, ...]]
    """What is amiss with plate metadata, by image id or name of the plate."""

    def lines(self) -> list[str]:
        """Return one line per image or plate, sorted."""
        texts: dict[str, list[str]] = {}
        for image, damages in self.images.items():
            texts.setdefault(image, []).extend(d.message for d in damages)
        for place, messages in self.others.items():
            texts.setdefault(place, []).extend(messages)
        return [f"{place}: {'; '.join(texts[place])}" for place in sorted(texts)]


def verify(plate: Plate, *, deep: bool, mend: bool) -> int:
    """Print what is amiss with a plate; return how many images or plates are damaged.

    Args:
        plate: The plate.
        deep: Read every chunk.
        mend: Take back what stands on the damage.

    Raises:
        Tiles2ZarrError: The state cannot be read, or (``mend``) a live process is
            writing an image.
    """
    plan = read_json(plate.state.plan, Plan)
    owner = read_owner(plate.state)
    found = find_damage(plate, plan, owner, deep=deep)
    lines = found.lines()
    for line in lines:
        print(line)
    how = "every chunk read" if deep else "keys and sizes"
    total = count(len(plan.images), "image")
    if not lines:
        print(f"{plate.name}: {total} whole ({how})")
        return 0
    print(f"{plate.name}: {len(found.images)} of {total} not whole ({how})")
    if mend:
        from tiles2zarr.commands.repair import repair, repair_plates

        repair(plate, plan, found.images, owner)
        repair_plates(plate, [p for p in found.others if p.endswith(".zarr")], owner)
        print(f"{plate.name}: taken back; run the workflow again to heal it")
    else:
        print(f"{plate.name}: `--repair` takes back what stands on it, for a rerun")
    return len(lines)


def find_damage(plate: Plate, plan: Plan, owner: str, *, deep: bool) -> Found:
    """Return all that is amiss with a plate, changing nothing.

    Raises:
        Tiles2ZarrError: The state cannot be read.
    """
    checks = [
        ImageCheck(image, entry, plate, owner, deep)
        for image, entry in sorted(plan.images.items())
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(ImageCheck.find, checks))
    images = {
        check.image: found
        for check, found in zip(checks, results, strict=True)
        if found
    }
    others: dict[str, tuple[str, ...]] = {}
    for place, message in plate_faults(plate, plan, _written(plate, plan), owner):
        # what is gone itself needs no word on how the plate lists it
        if not (images.get(place) and _is_absent(images[place])):
            others[place] = (*others.get(place, ()), message)
    return Found(_explained(plate, plan, images), others)


def _is_absent(damages: Sequence[Damage]) -> bool:
    return any(damage.part == "receipt" for damage in damages)


def _explained(
    plate: Plate, plan: Plan, images: Mapping[str, tuple[Damage, ...]]
) -> dict[str, tuple[Damage, ...]]:
    """Add why an image is not written, and who is at it right now."""
    if not images:
        return {}
    reasons = find_progress(plan, plate.state).reasons
    explained = {}
    for image, damages in images.items():
        more = []
        if _is_absent(damages) and image in reasons:
            more.append(Damage("receipt", reasons[image]))
        writer = live_writer(Path(plate.output) / plan.images[image].path)
        if writer is not None:
            more.append(Damage("busy", f"{writer} is writing it now"))
        explained[image] = (*damages, *more)
    return explained


def _written(plate: Plate, plan: Plan) -> list[ImageInPlate]:
    """Return the places in plates of the images that have a receipt."""
    places = []
    for image in plan.images:
        path = plate.state.written(image)
        if path.is_file():
            try:
                place = read_json(path, Receipt).collection
            except Tiles2ZarrError:
                continue  # told as damage of the image
            if isinstance(place, ImageInPlate):
                places.append(place)
    return places
