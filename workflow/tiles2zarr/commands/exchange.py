"""Image folders that stand in each other's place, and their way back."""

import secrets
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.plates import Plate
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.collection import Collection
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.mark import read_mark
from tiles2zarr.steps.fingerprints import content_digest
from tiles2zarr.steps.output import open_target
from tiles2zarr.stores.local import explain


def find_exchanged(plate: Plate, images: Iterable[str]) -> dict[str, str]:
    """Return the images that hold another one's, each with that other one's id."""
    signs: dict[str, tuple[str, str]] = {}
    places: dict[str, Collection] = {}
    for image in sorted(images):
        try:
            receipt = read_json(plate.state.written(image), Receipt)
        except Tiles2ZarrError:
            continue  # told as damage of the image
        signs[image] = receipt.pixels, content_digest(receipt.levels)
        places[image] = receipt.collection
    owners = {sign: image for image, sign in signs.items()}
    found = {}
    for image, place in places.items():
        try:
            mark = read_mark(open_target(plate.output, place, plate.storage).current())
        except StoreError:
            continue
        other = owners.get((mark.pixels, mark.content)) if mark else None
        if other not in (None, image):
            found[image] = str(other)
    return found


def exchange_back(plate: Plate, plan: Plan, moved: Mapping[str, str]) -> list[str]:
    """Rename folders that were exchanged back; return the images that moved.

    Only where all folders of a circle are there: labels and tables of others come back
    with them, which writing the images anew would leave in the wrong well.

    Raises:
        LockedError: A live process is writing one of the images.
        StoreError: The system refused.
    """
    if "://" in plate.output or set(moved) != set(moved.values()):
        return []
    places = {image: Path(plate.output) / plan.images[image].path for image in moved}
    token = secrets.token_hex(6)
    aside = {
        image: path.with_name(f".{path.name}.moved-{token}")
        for image, path in places.items()
    }
    with ExitStack() as locks:
        for image in sorted(moved):
            receipt = read_json(plate.state.written(image), Receipt)
            target = open_target(plate.output, receipt.collection, plate.storage)
            locks.enter_context(target.hold())
        try:
            for image, path in places.items():
                path.rename(aside[image])
            for image, other in moved.items():
                aside[image].rename(places[other])
        except OSError as error:
            raise explain(error, Path(plate.output)) from error
    return sorted(moved)
