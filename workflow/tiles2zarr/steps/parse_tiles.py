"""parse_tiles: tables and vendor folders to one JSON checkpoint per image."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from tiles2zarr.checkpoints import (
    read_json,
    read_json_if_there,
    replace_file,
    write_json,
    write_json_files,
)
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.config.writing import WriterMode
from tiles2zarr.errors import TableError, Tiles2ZarrError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.plan import Batch, ImageEntry, Plan
from tiles2zarr.pixels.layout import Shape, chunk_shape, level_layouts, shard_factors
from tiles2zarr.registration import (
    expected_shapes,
    find_misaligned_acquisitions,
    well_of,
    well_origins,
)
from tiles2zarr.state import State
from tiles2zarr.steps.acquire import Acquired, acquire
from tiles2zarr.steps.batching import batch_name, single_name
from tiles2zarr.steps.decide import decide_all
from tiles2zarr.steps.findings import log_findings
from tiles2zarr.steps.first_header import as_remembered
from tiles2zarr.steps.growing import acquire_growing, forget_reading, keep_reading
from tiles2zarr.steps.output import make_owner
from tiles2zarr.steps.sources import by_folder, far_folders, sharing_images
from tiles2zarr.steps.space import check_space

LOG = logging.getLogger("tiles2zarr")
MOST_THREADS = 8
"""Threads of a write job; more wait for each other and for the disk."""
BYTES_PER_THREAD = 32 * 2**20
"""Pixels of an image that keep a thread busy; small images go faster side by side."""
STEP = 2
"""Raised when the result of this step changes for the same input."""


def parse_tiles(state: State, options: ParseOptions, index: str = "") -> Plan:
    """Write the tiles of every image, the batches, the decisions, and last the plan.

    Args:
        state: The plate's state.
        options: What the config says of input and grouping.
        index: Digest of all that was read, kept to tell archived sources later.

    Raises:
        Tiles2ZarrError: An input cannot be read; all faults of a table at once.
    """
    make_owner(state)
    growing = acquire_growing(state, options) if options.settle else []
    read = (
        [found.part for found in growing]
        if options.settle
        else [acquire(one, options) for one in options.acquisitions]
    )
    acquired = [_remember(part, state) for part in read]
    images = _all_images(acquired)
    bytes_of = {image.image: source_bytes(image) for image in images}
    by_id = {part.id: part.images for part in acquired}
    origins = well_origins(images, align_xy=options.registration.align_xy)
    known = _known(state)
    decisions, findings = decide_all(by_id, bytes_of, origins, known, options)
    findings += find_misaligned_acquisitions(images, options.registration)
    shapes: dict[str, Shape] = {}
    for number, members in by_id.items():
        decision = decisions.acquisitions[number]
        shapes |= expected_shapes(members, decision, options.registration, origins)
    groups = _batches(images, decisions, options)
    shared = sharing_images(images)
    forget_reading(state, options)
    names = [image.image for image in images]
    written = write_json_files({state.tiles(i.image): i for i in images})
    digests = dict(zip(names, written, strict=True))
    batches = {}
    for name, batched in groups.items():
        batch = _batch(batched, digests, bytes_of, decisions, origins, options)
        batch = batch.replace(shared=tuple(sorted(shared & batch.images.keys())))
        batches[state.batch(name)] = batch
    write_json_files(batches)
    _forget(state, set(digests), set(groups))
    write_json(state.decisions, decisions)
    keep_reading(state, growing)
    plan = _plan(acquired, groups, shapes, findings, options)
    if options.space is not None:
        room = check_space(plan, state, options.space)
        plan = plan.replace(findings=(*plan.findings, *room))
    replace_file(state.sources("index"), index.encode())
    write_json(state.plan, plan)
    LOG.info("%d images in %d batches", len(images), len(groups))
    log_findings(plan.findings)
    return plan


def _remember(part: Acquired, state: State) -> Acquired:
    """Keep what headers told of images whose files moved to an archive since."""
    images = []
    for image in part.images:
        if image.dtype is None and state.tiles(image.image).is_file():
            old = read_json(state.tiles(image.image), TiledImage)
            image = as_remembered(image, old)
        images.append(image)
    return replace(part, images=tuple(images))


def _known(state: State) -> Decisions | None:
    try:
        return read_json_if_there(state.decisions, Decisions)
    except Tiles2ZarrError as error:
        LOG.warning("%s", error)
        return None


def _all_images(acquired: Sequence[Acquired]) -> list[TiledImage]:
    images: dict[str, TiledImage] = {}
    kinds = {image.collection.kind for part in acquired for image in part.images}
    if len(kinds) > 1:
        raise TableError(
            "acquisitions",
            ["some give wells and some image_path. Convert them by two configs."],
        )
    for part in acquired:
        for image in part.images:
            folded = image.collection.path.lower()
            if folded in images:
                raise TableError(
                    f"acquisition {part.id}",
                    [
                        f"image {image.image} comes twice (also as "
                        f"{images[folded].image}). Names must differ by more than "
                        "case: rename one, or give acquisitions different ids."
                    ],
                )
            images[folded] = image
    return sorted(images.values(), key=lambda image: image.image)


def _batches(
    images: Sequence[TiledImage], decisions: Decisions, options: ParseOptions
) -> dict[str, list[TiledImage]]:
    groups: dict[str, list[TiledImage]] = {}
    for image in images:
        alone = options.images_per_job == 1
        name = (
            single_name(image.image)
            if alone
            else batch_name(image, decisions.block, decisions.first)
        )
        groups.setdefault(name, []).append(image)
    return groups


def source_bytes(image: TiledImage) -> int:
    """Return the bytes of the pixels of all tiles with a file."""
    tiles = image.tiles
    lengths = np.array(
        [tiles.len_t, tiles.len_c, tiles.len_z, tiles.len_y, tiles.len_x]
    )
    there = np.array([status == "ok" for status in tiles.status])
    pixels = int(lengths.prod(axis=0)[there].sum()) if len(tiles) else 0
    return pixels * np.dtype(image.dtype or "uint16").itemsize


def _batch(
    images: Sequence[TiledImage],
    digests: Mapping[str, str],
    bytes_of: Mapping[str, int],
    decisions: Decisions,
    origins: Mapping[str, tuple[float, float]],
    options: ParseOptions,
) -> Batch:
    used = {image.acquisition_id for image in images}
    chunk = max(_chunk_bytes(image, options) for image in images)
    sizes = [bytes_of[image.image] for image in images]
    largest = max(sizes)
    threads = min(MOST_THREADS, 1 + largest // BYTES_PER_THREAD)
    megabytes = 300 + (threads * 6 + options.num_levels) * chunk // 10**6
    if options.writer_mode == WriterMode.IN_MEMORY:
        megabytes += largest // 10**6
    return Batch(
        images={image.image: digests[image.image] for image in images},
        decisions={n: d for n, d in decisions.acquisitions.items() if n in used},
        sources=dict(by_folder(images)),
        far=far_folders(images),
        origins=_origins(images, origins, options),
        source_bytes=sum(sizes),
        mem_mb=megabytes,
        threads=threads,
    )


def _origins(
    images: Sequence[TiledImage],
    origins: Mapping[str, tuple[float, float]],
    options: ParseOptions,
) -> dict[str, tuple[float, float]]:
    """Return the wells' origins by image id, where images count from them."""
    if options.registration.offsets.xy != "well":
        return {}
    return {image.image: origins[well_of(image)] for image in images}


def _chunk_bytes(image: TiledImage, options: ParseOptions) -> int:
    itemsize = np.dtype(image.dtype or "uint16").itemsize
    tile = image.tiles.len_y[0], image.tiles.len_x[0]
    chunk, _ = chunk_shape(options.chunks, tile, itemsize)
    return int(np.prod(chunk)) * itemsize


def _plan(
    acquired: Sequence[Acquired],
    groups: Mapping[str, Sequence[TiledImage]],
    shapes: Mapping[str, Shape],
    findings: Sequence[Finding],
    options: ParseOptions,
) -> Plan:
    entries, total, files = {}, 0, 0
    for batch, images in groups.items():
        for image in images:
            shape = shapes[image.image]
            place = image.collection
            pixels, objects = _expected(image, shape, options)
            total, files = total + pixels, files + objects
            entries[image.image] = ImageEntry(
                batch=batch,
                acquisition=image.acquisition_id,
                well=place.well if isinstance(place, ImageInPlate) else None,
                path=place.path,
                shape=shape,
                planes=_planes(image),
            )
    first = next(iter(next(iter(groups.values()))))
    layouts = [part.layout for part in acquired if part.layout is not None]
    return Plan(
        name=options.name,
        kind=first.collection.kind,
        layout=layouts[0] if layouts else None,
        acquisitions=tuple(part.entry for part in acquired),
        images=entries,
        batches=tuple(sorted(groups)),
        expected_bytes=total,
        expected_files=files,
        findings=(*(f for part in acquired for f in part.findings), *findings),
    )


def _planes(image: TiledImage) -> int:
    """Return how many planes the files of an image hold, as far as they are there."""
    tiles = image.tiles
    rows = zip(tiles.status, tiles.len_t, tiles.len_c, tiles.len_z, strict=True)
    return sum(t * c * z for status, t, c, z in rows if status == "ok")


def _expected(
    image: TiledImage, shape: Shape, options: ParseOptions
) -> tuple[int, int]:
    """Return pixel bytes and objects of all levels, at most.

    A tile touches up to four chunks of its size; chunks that none touches are not
    written, so a stray position makes a large canvas but few bytes.
    """
    itemsize = np.dtype(image.dtype or "uint16").itemsize
    tile = image.tiles.len_y[0], image.tiles.len_x[0]
    chunk, _ = chunk_shape(options.chunks, tile, itemsize)
    levels = min(options.num_levels, min(shape[3:]).bit_length())
    names = tuple(map(str, range(levels)))
    layouts = level_layouts(shape, "tczyx", chunk, shard_factors(options.shards), names)
    pixels = sum(prod(layout.shape) for layout in layouts)
    touched = 4 * prod(chunk[3:]) * max(1, len(image.tiles)) * prod(chunk[:3])
    most = max(4 * source_bytes(image), touched * itemsize) * 4 // 3
    objects = sum(layout.objects for layout in layouts)
    tiles = image.tiles
    planes = np.array([tiles.len_t, tiles.len_c, tiles.len_z]).prod(axis=0).sum()
    return min(pixels * itemsize, most), min(objects, levels * (4 * int(planes) + 2))


def _forget(state: State, images: set[str], batches: set[str]) -> None:
    """Remove checkpoints of images and batches that are no longer in the plan."""
    for image in list(state.images("tiles")):
        if image not in images:
            state.tiles(image).unlink()
    for batch in list(state.images("batches")):
        if batch not in batches:
            state.batch(batch).unlink()
            for step in ("register", "write_zarr"):
                state.done(step, batch).unlink(missing_ok=True)
