"""Receipts made anew from images that are whole, for state that was lost."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import zarr

from tiles2zarr.checkpoints import read_json, read_json_if_there, write_json
from tiles2zarr.commands.levels import read_levels
from tiles2zarr.commands.plates import Plate
from tiles2zarr.commands.rerun import Rerun
from tiles2zarr.config.slices import write_options
from tiles2zarr.errors import StoreError, Tiles2ZarrError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import ChannelStats, LevelReceipt, Receipt, SourceColumns
from tiles2zarr.ngff.mark import Mark, read_mark
from tiles2zarr.ngff.provenance import read_software
from tiles2zarr.pixels.coverage import Leaf, Piece, cover
from tiles2zarr.pixels.layout import LevelLayout
from tiles2zarr.pixels.profiles import with_quality
from tiles2zarr.pixels.quality import measure_plane
from tiles2zarr.pixels.stats import Block, ChannelFigures
from tiles2zarr.state import State
from tiles2zarr.steps.fingerprints import content_digest, plan_image
from tiles2zarr.steps.output import Owner, open_store, open_target
from tiles2zarr.stores.base import Store


@dataclass(frozen=True)
class Adopted:
    """An image found whole: its receipt and who made it."""

    receipt: Receipt
    owner: str


def adopt(plate: Plate) -> int:
    """Write a receipt for every whole image that has none, and all else a run leaves.

    Prints a line per image; returns how many are left to the next run. Every chunk is
    read: a receipt is a proof. Of the sources only size and time are known. No pixel is
    written. If nothing is left to the next run, Snakemake has nothing to do.

    Raises:
        Tiles2ZarrError: The input cannot be read, or the images are another config's
            while this one has receipts of its own.
    """
    rerun = Rerun(plate)
    plan = rerun.plan()
    faults = {i: f for batch in plan.batches for i, f in rerun.faults(batch).items()}
    taken: set[str] = set()
    refused: dict[str, str] = {}
    for image in sorted(plan.images):
        if _has_receipt(plate.state, image):
            continue
        try:
            if image in faults:
                raise StoreError(faults[image])
            adopted = find_whole(image, plate)
        except Tiles2ZarrError as error:
            print(f"{image}: not adopted: {error}")
            refused[image] = str(error)
            continue
        _take_owner(plate, adopted.owner)
        write_json(plate.state.written(image), adopted.receipt, durable=True)
        print(f"{image}: adopted")
        taken.add(image)
    left = rerun.finish(plan, taken, refused)
    for image in sorted(left.keys() - refused.keys()):
        print(f"{image}: left to the next run: {left[image]}")
    if left:
        print(f"{plate.name}: run the workflow now; it makes what is left")
    else:
        print(
            f"{plate.name}: all that a run leaves is there; Snakemake has no job left"
        )
    return len(left)


def _has_receipt(state: State, image: str) -> bool:
    try:
        return read_json_if_there(state.written(image), Receipt) is not None
    except Tiles2ZarrError:
        return False


def _take_owner(plate: Plate, owner: str) -> None:
    """Make the images' owner ours, if nothing else has been made under our own id.

    Raises:
        StoreError: There are receipts under another id.
    """
    state = plate.state
    known = read_json_if_there(state.owner, Owner)
    another = known is not None and known.owner != owner
    if another and next(state.images("written"), None) is not None:
        raise StoreError(
            f"{plate.name}: the store was made by another config (owner {owner}), and "
            f"{state.root} holds receipts of its own. Restore the lost "
            f"{state.owner.name}, or use another output."
        )
    write_json(state.owner, Owner(owner=owner), durable=True)


def find_whole(image: str, plate: Plate) -> Adopted:
    """Return the receipt of an image in the store, every chunk of it read.

    Args:
        image: The image's id.
        plate: Its plate.

    Raises:
        Tiles2ZarrError: The image is not there, damaged, not ours to judge, or made
            from other sources or options than the checkpoint of register states.
    """
    registered = read_json(plate.state.registered(image), RegisteredImage)
    target = open_target(plate.output, registered.collection, plate.storage)
    store = target.current()
    mark = read_mark(store) if target.exists() else None
    if mark is None:
        where = "carries no mark of tiles2zarr" if target.exists() else "is not there"
        raise StoreError(f"{store.url} {where}")
    plan = plan_image(registered, write_options(plate.config).omezarr)
    if plan.pixels != mark.pixels:
        raise StoreError(
            "it was made from other sources or options; the next run makes it anew"
        )
    levels = read_levels(store, deep=True)
    if content_digest(levels) != mark.content:
        objects = sum(len(level.chunks.key) for level in levels)
        octets = sum(sum(level.chunks.size) for level in levels)
        raise StoreError(
            f"it is damaged: {objects:,} chunks of {octets:,} bytes are not the "
            f"{mark.chunks:,} of {mark.bytes:,} bytes that were written"
        )
    figures = channel_figures(registered, plan.layouts[0], store)
    receipt = _receipt(registered, mark, levels, figures)
    place = registered.collection
    if isinstance(place, ImageInPlate):
        home = open_store(plate.output, plate.storage).below(f"{place.plate_name}.zarr")
        software = read_software(home, mark.owner, image)
        receipt = receipt.replace(software=software)
    return Adopted(receipt, mark.owner)


def _receipt(
    image: RegisteredImage,
    mark: Mark,
    levels: tuple[LevelReceipt, ...],
    figures: tuple[ChannelStats, ...],
) -> Receipt:
    sources = image.sources.only(set(image.boxes.file))
    return Receipt(
        collection=image.collection,
        pixels=mark.pixels,
        geometry=mark.geometry,
        metadata=mark.metadata,
        levels=levels,
        dtype=image.dtype,
        labels=tuple(channel.channel_label for channel in image.channels),
        channels=figures,
        # no digests: a source under a new time is read again, never taken on trust
        sources=SourceColumns(
            file=sources.file,
            size=sources.size,
            mtime_ns=sources.mtime_ns,
            digest=("",) * len(sources.file),
        ),
    )


def channel_figures(
    image: RegisteredImage, layout: LevelLayout, store: Store
) -> tuple[ChannelStats, ...]:
    """Return the figures of each channel from level 0, as the writer gathered them.

    Raises:
        StoreError: The array cannot be read.
    """
    coverage = cover(image, layout)
    planes = len(coverage.uses) // len(image.channels)
    figures = [ChannelFigures(np.dtype(image.dtype), planes) for _ in image.channels]
    try:
        array = zarr.open_array(
            f"{store.url}/{layout.path}",
            mode="r",
            storage_options=dict(store.options) or None,
        )
        for leaf in coverage.leaves:
            _add(leaf, layout, lambda where: np.asarray(array[where]), figures)
        seen = {
            piece.key: measure_plane(np.asarray(array[_place(piece, layout)]))
            for piece in {p.key: p for _, ps in coverage.leaves for p in ps}.values()
        }
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise StoreError(f"level {layout.path} cannot be read: {error}") from error
    channels = tuple(channel.figures() for channel in figures)
    return with_quality(image, channels, {k: v for k, v in seen.items() if v})


def _place(piece: Piece, layout: LevelLayout) -> tuple[int | slice, ...]:
    """Return where a tile lies in the array, over the axes that are written."""
    rows = slice(piece.y, piece.y + piece.size[0])
    columns = slice(piece.x, piece.x + piece.size[1])
    places: tuple[int | slice, ...] = (piece.t, piece.c, piece.z, rows, columns)
    return tuple(p for p, a in zip(places, "tczyx", strict=True) if a in layout.axes)


def _add(
    leaf: Leaf,
    layout: LevelLayout,
    read: Callable[[tuple[slice, ...]], Block],
    figures: list[ChannelFigures],
) -> None:
    """Feed the figures with the acquired pixels of one chunk."""
    index, pieces = leaf
    start = [i * edge for i, edge in zip(index, layout.chunk, strict=True)]
    stop = [
        min(first + edge, length)
        for first, edge, length in zip(start, layout.chunk, layout.shape, strict=True)
    ]
    lengths = [last - first for first, last in zip(start, stop, strict=True)]
    t, c, z, y, x = (slice(*ends) for ends in zip(start, stop, strict=True))
    on_axes = tuple(
        one
        for one, axis in zip((t, c, z, y, x), "tczyx", strict=True)
        if axis in layout.axes
    )
    block = read(on_axes).reshape(lengths)
    acquired = np.zeros(lengths, dtype=bool)
    for piece in pieces:
        top, left = piece.y - start[3], piece.x - start[4]
        acquired[
            piece.t - start[0],
            piece.c - start[1],
            piece.z - start[2],
            max(0, top) : max(0, top + piece.size[0]),
            max(0, left) : max(0, left + piece.size[1]),
        ] = True
    whole = bool(acquired.all())
    for at in np.ndindex(*lengths[:3]):
        figures[start[1] + at[1]].add(block[at], None if whole else acquired[at])
