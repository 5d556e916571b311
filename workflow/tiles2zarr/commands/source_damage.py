"""The sources of an image, as far as they can be compared with it."""

from collections.abc import Iterator, Mapping

from tiles2zarr.commands.chunks import level_chunks
from tiles2zarr.commands.comparison import HOLE, Compared, Comparison
from tiles2zarr.commands.plates import count
from tiles2zarr.config.omezarr import ArrayOptions
from tiles2zarr.errors import StoreError
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.steps.fingerprints import plan_image
from tiles2zarr.steps.sources import source_files
from tiles2zarr.stores.base import Store

BUDGET = 2**26
"""Bytes of decoded planes that one image keeps for chunks to come."""


def compare_sources(
    store: Store,
    image: RegisteredImage,
    receipt: Receipt,
    storage: Mapping[str, object],
    planned: TiledImage | None,
) -> Comparison | Compared:
    """Return the comparison to feed with chunks, or why there can be none.

    Args:
        store: The image group.
        image: What was to be written.
        receipt: What was written.
        storage: Options of the sources' file system.
        planned: What was parsed, where it is known: its files may be more.
    """
    wanted = set(source_files(planned)) if planned else set()
    same = plan_image(image, ArrayOptions()).geometry == receipt.geometry
    if not same or set(image.boxes.file) != {
        *receipt.sources.file,
        *receipt.unreadable,
    }:
        return Compared({}, uncompared={"": "it is to be written anew: run first"})
    try:
        level = level_chunks(store, receipt.levels[0].path, image.axes)
        dropped = wanted - set(image.boxes.file)
        return Comparison(image, receipt, level, storage, BUDGET, dropped)
    except StoreError as error:
        return Compared({}, uncompared={"": str(error)})


def source_damages(comparison: Comparison, compared: Compared) -> Iterator[str]:
    """Yield sources that are there but no longer what the image was written from."""
    for file in compared.changed:
        yield (
            f"the source {file} changed since the image was written from it. Restore "
            "it, or touch it and run again to take it as it is"
        )
    for file, reason in (compared.uncompared or {}).items():
        if reason != HOLE and not comparison.is_absent(file):
            yield f"the source cannot be compared: {reason}"


def source_lines(name: str, compared: Mapping[str, Compared]) -> Iterator[str]:
    """Yield what could not be compared, a line per image, and what is hidden."""
    for image, one in sorted(compared.items()):
        reasons = one.uncompared or {}
        for file, reason in list(reasons.items())[:1]:
            more = count(len(reasons) - 1, "more file")
            place = f"{file}: " if file and file not in reason else ""
            others = f" (and {more})" if reasons.keys() - {file} else ""
            yield f"{image}: not compared: {place}{reason}{others}"
    hidden = [
        t.hidden for c in compared.values() for t in c.planes.values() if t.hidden
    ]
    if hidden:
        yield (
            f"{name}: {count(sum(hidden), 'pixel')} of {count(len(hidden), 'plane')} "
            "lie under other tiles and are not in the output"
        )
