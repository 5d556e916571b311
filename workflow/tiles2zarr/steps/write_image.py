"""One image from its boxes to its place in the output, or left alone if it is there."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tiles2zarr.checkpoints import write_json
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.errors import StoreError
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import Receipt, SourceColumns
from tiles2zarr.ngff.documents import write_attributes
from tiles2zarr.ngff.image import image_attributes
from tiles2zarr.ngff.mark import KEY, Mark, read_mark
from tiles2zarr.ngff.provenance import PIXEL_PACKAGES
from tiles2zarr.ngff.windows import contrast_window
from tiles2zarr.pixels.harvest import WrittenPixels
from tiles2zarr.pixels.modes import Way, write_pixels
from tiles2zarr.pixels.planes import digest_sources
from tiles2zarr.pixels.writer import WriteTask
from tiles2zarr.state import State
from tiles2zarr.steps.fingerprints import ImagePlan, content_digest, plan_image
from tiles2zarr.steps.growth import Growth, find_growth
from tiles2zarr.steps.receipts import ReceiptPlace
from tiles2zarr.stores.base import Store
from tiles2zarr.stores.local import LocalStore
from tiles2zarr.stores.reuse import take_over
from tiles2zarr.stores.target import Target
from tiles2zarr.versions import package_versions

LOG = logging.getLogger("tiles2zarr")
Standing = tuple[Growth, SourceColumns]
"""What stays of an image that grew, and its files with their times of now."""


class BlockedError(StoreError):
    """Labels fit the image as it stands, not as it would be written."""


@dataclass(frozen=True)
class ImageJob:
    """Everything one image's write needs besides the image."""

    state: State
    options: WriteOptions
    owner: str
    threads: int
    storage: Mapping[str, object]
    only_standing: bool = False
    """Refuse to write pixels: what does not stand is left to the next run."""
    began: Callable[[RegisteredImage], None] = lambda _: None
    """Called when the image was not found in its place and its pixels are written."""


def write_image(image: RegisteredImage, target: Target, job: ImageJob) -> Receipt:
    """Make the image in the output be what ``image`` says; return its receipt.

    Nothing is touched if it is that already; changed metadata are rewritten in place;
    only changed pixels make a new image, written beside and swapped in.

    Raises:
        SourceError: A source cannot be read; the old image, if any, stands.
        StoreError: A foreign image is in the way, or the output cannot be written.
            Or the image does not stand, where the job is about those that do.
        BlockedError: Labels of the old image would not fit the new one.
        LockedError: Another live process holds the image.
    """
    plan = plan_image(image, job.options.omezarr)
    with target.hold():
        target.recover()
        receipt: Receipt | None = None
        cut_short = target.interrupted()
        there = target.exists()
        known = there or cut_short is not None
        mark = read_mark(cut_short or target.current()) if known else None
        standing: Standing | None = None
        if there and mark is not None and mark.owner == job.owner:
            receipt = _place(image, job).settle(mark)
            if receipt is not None and _stands(plan, target, mark, receipt):
                same = _same_sources(image, receipt, job)
                if same is not None:
                    return _refresh(image, target, job, plan, receipt, same)
            if receipt is not None:
                standing = _standing(image, target, job, plan, mark, receipt)
        if job.only_standing:
            raise StoreError(
                "it does not stand as its sources and the config have it now; the next "
                "run makes it anew"
            )
        if known and job.options.overwrite_mode != "overwrite":
            _check_may_write(image, target, job, mark, plan)
        return _replace(image, target, job, plan, mark, standing)


def _standing(
    image: RegisteredImage,
    target: Target,
    job: ImageJob,
    plan: ImagePlan,
    mark: Mark,
    receipt: Receipt,
) -> Standing | None:
    """Return what can stay of an image that only got time points added."""
    if not isinstance(target.current(), LocalStore):
        return None
    growth = find_growth(image, plan, job.options.omezarr, receipt)
    if growth is None or not _stands(growth.plan, target, mark, receipt):
        return None
    sources = _same_sources(growth.image, receipt, job)
    return None if sources is None else (growth, sources)


def _place(image: RegisteredImage, job: ImageJob) -> ReceiptPlace:
    return ReceiptPlace(job.state.written(image.image))


def _stands(plan: ImagePlan, target: Target, mark: Mark, receipt: Receipt) -> bool:
    """Say whether the arrays in place are those of the plan, every object there."""
    same = plan.pixels == mark.pixels == receipt.pixels
    return same and is_whole(target.current(), receipt, mark)


def is_whole(store: Store, receipt: Receipt, mark: Mark) -> bool:
    """Say whether an image is the one of the receipt, with every object of it there."""
    if content_digest(receipt.levels) != mark.content:
        return False
    for level in receipt.levels:
        expected = dict(zip(level.chunks.key, level.chunks.size, strict=True))
        prefix = len(level.path) + 1
        found = {key[prefix:]: size for key, size in store.sizes(level.path)}
        header = {".zarray", "zarr.json"} & found.keys()
        if not header or expected != {k: found[k] for k in found.keys() - header}:
            return False
    return True


def _same_sources(
    image: RegisteredImage, receipt: Receipt, job: ImageJob
) -> SourceColumns | None:
    """Return the sources as they are now if their pixels are those of the receipt."""
    old, now = receipt.sources, image.sources
    if old.file != now.file or old.size != now.size:
        return None
    if old.mtime_ns == now.mtime_ns:
        return old
    changed = {
        file
        for file, before, after in zip(
            now.file, old.mtime_ns, now.mtime_ns, strict=True
        )
        if before != after
    }
    if changed & set(receipt.holes.file):
        return None
    fresh = digest_sources(image, changed, job.storage)
    known = dict(zip(old.file, old.digest, strict=True))
    if any(known.get(file) != digest for file, digest in fresh.items()):
        return None
    return SourceColumns(
        file=now.file, size=now.size, mtime_ns=now.mtime_ns, digest=old.digest
    )


def _refresh(
    image: RegisteredImage,
    target: Target,
    job: ImageJob,
    plan: ImagePlan,
    receipt: Receipt,
    sources: SourceColumns,
) -> Receipt:
    """Rewrite attributes and receipt where they differ; no array is touched."""
    if receipt.geometry != plan.geometry:
        _check_labels(image, target, job)
    updated = receipt.replace(
        metadata=plan.metadata,
        geometry=plan.geometry,
        labels=_labels(image),
        sources=sources,
    )
    mark = read_mark(target.current())
    if mark is None or mark.metadata != plan.metadata:
        job.state.plate.unlink(missing_ok=True)
        # its windows go with the attributes: also the way back must make them again
        job.state.tabled(image.image).unlink(missing_ok=True)
        _write_group(image, target.current(), job, updated)
        LOG.info("%s: metadata rewritten", image.image)
    write_json(job.state.written(image.image), updated, durable=True)
    return updated


def _check_may_write(
    image: RegisteredImage,
    target: Target,
    job: ImageJob,
    mark: Mark | None,
    plan: ImagePlan,
) -> None:
    if mark is None or mark.owner != job.owner:
        raise StoreError(
            f"{target.current().url} exists and was not made by this config. "
            "Nothing was touched: set writing.overwrite_mode to overwrite to replace "
            "it, choose another output, or take it over: `tiles2zarr verify --adopt`."
        )
    if mark.geometry != plan.geometry:
        _check_labels(image, target, job)


def _check_labels(image: RegisteredImage, target: Target, job: ImageJob) -> None:
    names = target.current().children("labels")
    labels = [n for n in names if not n.startswith(".") and n != "zarr.json"]
    if labels and job.options.overwrite_mode != "overwrite":
        raise BlockedError(
            f"{image.image}: shape, scale or positions changed, and the labels "
            f"{', '.join(labels)} would no longer fit. Move the labels away, or set "
            "writing.overwrite_mode to overwrite to drop them."
        )


def _replace(
    image: RegisteredImage,
    target: Target,
    job: ImageJob,
    plan: ImagePlan,
    old: Mark | None,
    standing: Standing | None,
) -> Receipt:
    """Write a new image beside the old one and swap it in; the receipt comes last."""
    new = target.begin([layout.path for layout in plan.layouts])
    job.began(image)
    try:
        pixels = _write_pixels(image, target, job, plan, standing, new)
        receipt = Receipt(
            collection=image.collection,
            pixels=plan.pixels,
            geometry=plan.geometry,
            metadata=plan.metadata,
            levels=pixels.levels,
            dtype=image.dtype,
            labels=_labels(image),
            channels=pixels.channels,
            sources=pixels.sources,
            software=package_versions(PIXEL_PACKAGES),
            unreadable=tuple(dict.fromkeys(pixels.holes.file)),
            holes=pixels.holes,
        )
        _write_group(image, new, job, receipt)
        _place(image, job).begin(receipt)
        # tables and windows of the old image may be gone, or get lost in a crash
        # between the renames: without output and mark, build_tables makes them again
        job.state.plate.unlink(missing_ok=True)
        job.state.tabled(image.image).unlink(missing_ok=True)
        keep = old is not None and not _labels_dropped(job, plan, old)
        # the old receipt is no proof of the new image
        _place(image, job).withdraw()
        target.commit(new, keep_foreign=keep)
    except BaseException:
        target.abandon(new)
        raise
    _place(image, job).finish()
    return receipt


def _write_pixels(
    image: RegisteredImage,
    target: Target,
    job: ImageJob,
    plan: ImagePlan,
    standing: Standing | None,
    new: Store,
) -> WrittenPixels:
    """Write the image's arrays, or those chunks of them that do not stand already."""
    task, old = _task(image, job, plan, new), target.current()
    if standing is None or not isinstance(old, LocalStore):
        return write_pixels(task, _way(job))
    growth, sources = standing
    take_over(old, LocalStore(new.url), growth.objects())
    task = replace(task, measured=growth.frames)
    pixels = write_pixels(task, _way(job), growth.first)
    # a file with planes on both sides of the border was read in part
    parted = {*pixels.sources.file} & {*sources.file} - {*pixels.holes.file}
    whole = digest_sources(image, parted, job.storage)
    LOG.info("%s: time points added", image.image)
    return growth.joined(pixels, sources, whole)


def _task(
    image: RegisteredImage, job: ImageJob, plan: ImagePlan, store: Store
) -> WriteTask:
    return WriteTask(
        image=image,
        layouts=plan.layouts,
        compressor=job.options.omezarr.compressor,
        version=job.options.omezarr.ngff_version,
        store=store,
        storage=job.storage,
        tolerant=job.options.on_missing == "report",
    )


def _way(job: ImageJob) -> Way:
    options = job.options
    return Way(options.writer_mode.value, job.threads, options.dask, options.extensions)


def _labels(image: RegisteredImage) -> tuple[str, ...]:
    return tuple(channel.channel_label for channel in image.channels)


def _labels_dropped(job: ImageJob, plan: ImagePlan, old: Mark) -> bool:
    """Say whether labels of the old image must go: they no longer fit (overwrite)."""
    return job.options.overwrite_mode == "overwrite" and old.geometry != plan.geometry


def _write_group(
    image: RegisteredImage, store: Store, job: ImageJob, receipt: Receipt
) -> None:
    """Write the image group's attributes with windows and, last of all, our mark."""
    omezarr = job.options.omezarr
    attributes = image_attributes(
        image,
        version=omezarr.ngff_version,
        level_names=omezarr.level_names,
        windows=tuple(
            contrast_window(figures.histogram, image.dtype)
            for figures in receipt.channels
        ),
    )
    chunks = [level.chunks for level in receipt.levels]
    mark = Mark(
        owner=job.owner,
        pixels=receipt.pixels,
        metadata=receipt.metadata,
        geometry=receipt.geometry,
        content=content_digest(receipt.levels),
        chunks=sum(len(columns.key) for columns in chunks),
        bytes=sum(sum(columns.size) for columns in chunks),
    )
    write_attributes(
        store, "", attributes | {KEY: mark.model_dump()}, omezarr.ngff_version
    )
