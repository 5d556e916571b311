"""``tiles2zarr verify``: whether every image of the plan is whole."""

import argparse
import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.commands.damage import Damage, Depth, ImageCheck
from tiles2zarr.commands.exchange import find_exchanged
from tiles2zarr.commands.found import Found
from tiles2zarr.commands.plate_damage import Foreign, plate_faults
from tiles2zarr.commands.plates import Plate, count, load_plates, read_plan
from tiles2zarr.commands.progress import find_progress
from tiles2zarr.commands.proofs import Proofs
from tiles2zarr.commands.source_damage import source_lines
from tiles2zarr.commands.telling import document
from tiles2zarr.commands.threads import work_through
from tiles2zarr.config.root import Config
from tiles2zarr.errors import FaultsError, Tiles2ZarrError
from tiles2zarr.extension import add_paths
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.state import State
from tiles2zarr.steps.output import open_place, read_owner
from tiles2zarr.steps.run_lock import hold_run

THREADS = 8
"""Images looked at together: listing and reading wait for the disk or the server."""


def run(choice: argparse.Namespace) -> int:
    """Print a line per damaged image; return 0 if there is none.

    With ``--json`` the lines and what they are made of are one document.

    Raises:
        ArgumentError: Options that do not go together.
        Tiles2ZarrError: Config or state cannot be read.
    """
    _check_options(choice)
    plates: list[Mapping[str, object]] = []
    if not choice.json:
        return _run(choice, plates)
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = _run(choice, plates)
    facts = {"lines": printed.getvalue().splitlines(), "plates": plates}
    print(document(choice.command, code, facts))
    return code


def _run(choice: argparse.Namespace, plates: list[Mapping[str, object]]) -> int:
    depth: Depth = "sources" if choice.deep else "quick" if choice.quick else "chunks"
    if choice.store is not None:
        from tiles2zarr.commands.store_check import verify_store

        return verify_store(choice.store, depth=depth)
    proofs = Proofs(choice.manifest, choice.certificate)
    faults = 0
    for plate in load_plates(choice.configfile, choice.plate):
        if choice.adopt:
            from tiles2zarr.commands.adopt import adopt

            with hold_run(plate.name, plate.config):
                faults += adopt(plate)
        proofs.begin(plate)
        found = verify(plate, depth=depth, mend=choice.repair)
        proofs.end(plate, found.compared)
        plates.append({"name": plate.name, "depth": depth} | found.facts())
        faults += len(found.lines())
    return 1 if proofs.write(whole=not faults) or faults else 0


def verify_plate(output: Path, state: State, config: Config, threads: int) -> None:
    """Verify one plate as its config's section ``verify`` says; then write ``output``.

    Raises:
        FaultsError: Something is amiss, or a proof that was asked for is refused.
    """
    wanted = config.verify
    plate = Plate(state.root.name, config, state)
    proofs = Proofs(
        str(state.root / "manifest.sha256") if wanted.manifest else None,
        str(state.root / "certificate.json") if wanted.certificate else None,
    )
    depth: Depth = "sources" if wanted.deep else "chunks"
    proofs.begin(plate)
    found = verify(plate, depth=depth, mend=False, threads=threads)
    proofs.end(plate, found.compared)
    lines = found.lines()
    refused = proofs.write(whole=not lines)
    if lines or refused:
        raise FaultsError(
            f"{plate.name} is not whole, or not proven to be. Take back what stands on "
            "damage by `tiles2zarr verify --repair` and run again",
            lines or ["the certificate was refused, see above"],
        )
    uncompared = sum(bool(one.uncompared) for one in found.compared.values())
    write_json(
        output,
        {
            "schema": 1,
            "depth": depth,
            "images": found.total,
            "images_not_compared": uncompared,
        },
    )


def _check_options(choice: argparse.Namespace) -> None:
    """Check that the options go together.

    Raises:
        ArgumentError: They do not.
    """
    if (choice.store is None) == (choice.configfile is None):
        raise argparse.ArgumentError(None, "give either --configfile or --store")
    if choice.store is not None and (choice.repair or choice.adopt):
        raise argparse.ArgumentError(
            None, "--repair and --adopt need --configfile: they change the state"
        )
    if (choice.manifest or choice.certificate) and choice.store is not None:
        raise argparse.ArgumentError(
            None, "--manifest and --certificate need --configfile"
        )
    if choice.certificate and not choice.deep:
        raise argparse.ArgumentError(
            None, "--certificate needs --deep: it vouches for every plane"
        )
    if choice.quick and choice.manifest:
        raise argparse.ArgumentError(
            None, "--quick does not go with --manifest: that is for whole images only"
        )
    if choice.quick and (choice.repair or choice.adopt):
        raise argparse.ArgumentError(
            None, "--quick does not go with --repair or --adopt: these read every chunk"
        )


def verify(plate: Plate, *, depth: Depth, mend: bool, threads: int = THREADS) -> Found:
    """Print what is amiss with a plate, and return it.

    Args:
        plate: The plate.
        depth: How far to look.
        mend: Take back what stands on the damage.
        threads: Images or chunks looked at together.

    Raises:
        Tiles2ZarrError: The state cannot be read, or (``mend``) a live process is
            writing an image.
    """
    plan = read_plan(plate)
    owner = read_owner(plate.state)
    found = find_damage(plate, plan, owner, depth=depth, threads=threads)
    lines = found.lines()
    told = [*source_lines(plate.name, found.compared), *found.foreign_lines()]
    for line in [*lines, *told]:
        print(line)
    how = _how(depth, plan, found)
    total = count(found.total, "image")
    if not lines:
        print(f"{plate.name}: {total} whole ({how})")
        return found
    print(f"{plate.name}: {len(found.images)} of {total} not whole ({how})")
    if mend:
        from tiles2zarr.commands.repair import repair, repair_plates

        repair(plate, plan, found.images, owner)
        repair_plates(plate, [p for p in found.others if p.endswith(".zarr")], owner)
        print(f"{plate.name}: taken back; run the workflow again to heal it")
    elif found.images.keys() <= found.failed and not found.others:
        print(f"{plate.name}: mend the causes and run the workflow again")
    else:
        print(f"{plate.name}: `--repair` takes back what stands on it, for a rerun")
    return found


def _how(depth: Depth, plan: Plan, found: Found) -> str:
    """Return how far was looked: ``every chunk read``."""
    if depth == "quick":
        return "keys and sizes"
    if depth == "chunks":
        return "every chunk read"
    whole = sum(not (tally.unknown or tally.differing) for tally in found.tallies)
    planes = sum(entry.planes for entry in plan.images.values())
    return f"every chunk read, {whole:,} of {count(planes, 'plane')} as in the source"


def find_damage(
    plate: Plate, plan: Plan, owner: str, *, depth: Depth, threads: int = THREADS
) -> Found:
    """Return all that is amiss with a plate, changing nothing.

    Raises:
        Tiles2ZarrError: The state cannot be read.
    """
    if depth == "sources":
        add_paths(plate.config.extensions)
    together = max(1, min(threads, len(plan.images)))
    checks = [
        ImageCheck(image, entry, plate, owner, depth, max(1, threads // together))
        for image, entry in sorted(plan.images.items())
    ]
    looked = dict(
        zip(
            sorted(plan.images),
            work_through(checks, ImageCheck.find, together),
            strict=True,
        )
    )
    images = {image: one.damages for image, one in looked.items() if one.damages}
    others: dict[str, tuple[str, ...]] = {}
    foreign: dict[str, tuple[str, ...]] = {}
    quick = depth == "quick"
    for fault in plate_faults(
        plate, plan, _written(plate, plan), owner, read=not quick
    ):
        if isinstance(fault, Foreign):
            foreign[fault.plate] = (*foreign.get(fault.plate, ()), fault.image)
            continue
        place, message = fault
        # what is gone itself needs no word on how the plate lists it
        if not (images.get(place) and _is_absent(images[place])):
            others[place] = (*others.get(place, ()), message)
    compared = {image: one.compared for image, one in looked.items() if one.compared}
    reasons = find_progress(plan, plate.state).reasons if images else {}
    absent = {image for image, damages in images.items() if _is_absent(damages)}
    failed = frozenset(absent & reasons.keys())
    explained = _explained(plate, plan, images, {i: reasons[i] for i in failed})
    return Found(explained, others, compared, failed, len(plan.images), foreign)


def _is_absent(damages: Sequence[Damage]) -> bool:
    return any(damage.part == "receipt" for damage in damages)


def _explained(
    plate: Plate,
    plan: Plan,
    images: Mapping[str, tuple[Damage, ...]],
    reasons: Mapping[str, str],
) -> dict[str, tuple[Damage, ...]]:
    """Add why an image is not written, and who is at it right now."""
    exchanged = find_exchanged(plate, images) if len(images) > 1 else {}
    explained = {}
    for image, damages in images.items():
        more = []
        if image in exchanged:
            other = exchanged[image]
            more.append(Damage("pixels", f"its folder holds the image of {other}"))
        if image in reasons:
            more.append(Damage("receipt", reasons[image]))
        place = plan.images[image].path
        writer = open_place(plate.output, place, plate.storage).writer()
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
