"""Taking back what stands on damage, so that a plain rerun heals it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.damage import Damage
from tiles2zarr.commands.exchange import exchange_back, find_exchanged
from tiles2zarr.commands.plates import Plate
from tiles2zarr.errors import LockedError, StoreError, Tiles2ZarrError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import ImageEntry, Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.ngff.documents import join, read_attributes, write_attributes
from tiles2zarr.ngff.image import image_attributes
from tiles2zarr.ngff.mark import KEY, Mark
from tiles2zarr.ngff.provenance import GROUP
from tiles2zarr.ngff.windows import contrast_window
from tiles2zarr.state import State
from tiles2zarr.steps.fingerprints import content_digest
from tiles2zarr.steps.output import open_store, open_target
from tiles2zarr.stores.base import Store

_DOCUMENTS = (".zgroup", ".zattrs", "zarr.json")


def repair(
    plate: Plate, plan: Plan, damages: Mapping[str, Sequence[Damage]], owner: str
) -> None:
    """Take back receipts, marks of tables and the outputs that stand on them.

    Outputs go first: whoever dies in between leaves images without a receipt, which
    the next look finds. An image whose attributes are damaged gets them back from its
    receipt, or the next run would take it for someone else's and refuse it.

    Args:
        plate: The plate.
        plan: Its plan.
        damages: What is amiss, by image id; may be empty where only the plate's own
            metadata are.
        owner: Our id.

    Raises:
        LockedError: A live process is writing one of the images.
        StoreError: The output cannot be written.
    """
    busy = [d for found in damages.values() for d in found if d.part == "busy"]
    if busy:
        raise LockedError(
            f"{busy[0].message}. Nothing was taken back: repair when the run is over."
        )
    back = exchange_back(plate, plan, find_exchanged(plate, damages))
    for image in back:
        print(f"{image}: its folder is back in its place")
    # a changed source is no damage to the output: it must not get the image rewritten
    mine: dict[str, set[str]] = {
        image: parts
        for image, found in damages.items()
        if image not in back
        and (parts := {str(damage.part) for damage in found} - {"source"})
    }
    state = plate.state
    for path in (state.complete, state.plate):
        path.unlink(missing_ok=True)
    for image, parts in mine.items():
        for path in _outputs(plan.images[image], parts, state):
            path.unlink(missing_ok=True)
    for image, parts in mine.items():
        _take_back(image, parts, plate, owner)


def _outputs(entry: ImageEntry, parts: set[str], state: State) -> Iterator[Path]:
    """Yield the batch outputs that stand on what is damaged."""
    if parts - {"tables"}:
        yield state.done("write_zarr", entry.batch)
    if "registered" in parts:
        yield state.done("register", entry.batch)


def _take_back(image: str, parts: set[str], plate: Plate, owner: str) -> None:
    state = plate.state
    state.tabled(image).unlink(missing_ok=True)
    if parts & {"attributes", "tables"}:
        _restore_groups(image, parts, plate, owner)
    if "registered" in parts:
        state.registered(image).unlink(missing_ok=True)
    if parts & {"pixels", "receipt"}:
        state.written(image).unlink(missing_ok=True)


def _restore_groups(image: str, parts: set[str], plate: Plate, owner: str) -> None:
    """Make damaged documents of an image writable again."""
    try:
        receipt = read_json(plate.state.written(image), Receipt)
        registered = read_json(plate.state.registered(image), RegisteredImage)
    except Tiles2ZarrError:
        return
    target = open_target(plate.output, receipt.collection, plate.storage)
    with target.hold():
        target.recover()
        if not target.exists():
            return
        if "attributes" in parts:
            _write_group(target.current(), registered, receipt, owner, plate)
        for group in _table_groups(target.current()):
            drop_damaged(target.current(), group)


def _table_groups(store: Store) -> Iterator[str]:
    yield "tables"
    yield from (join("tables", name) for name in store.children("tables"))


def _write_group(
    store: Store,
    image: RegisteredImage,
    receipt: Receipt,
    owner: str,
    plate: Plate,
) -> None:
    """Write the image group's attributes anew from receipt and checkpoint."""
    version = plate.config.omezarr.ngff_version
    drop_damaged(store, "")
    attributes = image_attributes(
        image,
        version=version,
        level_names=tuple(level.path for level in receipt.levels),
        windows=tuple(
            contrast_window(figures.histogram, image.dtype)
            for figures in receipt.channels
        ),
    )
    sizes = [octets for level in receipt.levels for octets in level.chunks.size]
    mark = Mark(
        owner=owner,
        pixels=receipt.pixels,
        metadata=receipt.metadata,
        geometry=receipt.geometry,
        content=content_digest(receipt.levels),
        chunks=len(sizes),
        bytes=sum(sizes),
    )
    write_attributes(store, "", attributes | {KEY: mark.model_dump()}, version)


def repair_plates(plate: Plate, names: Sequence[str], owner: str) -> None:
    """Make damaged documents of plates writable again; build_tables fills them.

    A plate that others made too (extend) is left as it is: what they wrote there is
    not known here.

    Args:
        plate: The plate.
        names: Names of the stores, ``P1.zarr``.
        owner: Our id, which the plate's group gets back.

    Raises:
        StoreError: The output cannot be written.
    """
    if plate.config.writing.overwrite_mode == "extend":
        return
    for name in names:
        store = open_store(plate.output, plate.storage).below(name)
        for group in _groups(store):
            drop_damaged(store, group)
        version = plate.config.omezarr.ngff_version
        write_attributes(store, "", {KEY: {"owner": owner}}, version)


def _groups(store: Store) -> Iterator[str]:
    """Yield the keys of the plate's own groups: itself, its rows and wells, tables."""
    yield ""
    yield GROUP
    yield from _table_groups(store)
    for row in store.children(""):
        if row.isalpha() and row.isupper():
            yield row
            yield from (join(row, column) for column in _digits(store.children(row)))


def _digits(names: Sequence[str]) -> Iterator[str]:
    return (name for name in names if name.isdigit())


def drop_damaged(store: Store, group: str) -> None:
    """Remove a group's documents that cannot be read."""
    for name in _DOCUMENTS:
        key = join(group, name)
        raw = store.get(key)
        if raw is not None and not _is_object(raw):
            store.delete(key)
    for version in ("0.4", "0.5"):
        try:
            read_attributes(store, group, version)
        except StoreError:
            store.delete(join(group, "zarr.json"))


def _is_object(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw), dict)
    except ValueError:
        return False
