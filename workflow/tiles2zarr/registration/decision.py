"""What is decided once per acquisition, so that all its images agree."""

from collections.abc import Mapping, Sequence

import numpy as np

from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.geometry import Shape, level_count, union_shape
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import AcquisitionDecision, NoTiling
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration.channels import find_channels, unknown_channels
from tiles2zarr.registration.fields import fields_of, mixed_sizes
from tiles2zarr.registration.placement import extents, negative_starts, place
from tiles2zarr.registration.positions import Positions, find_positions
from tiles2zarr.registration.stage import Ints
from tiles2zarr.registration.tiling import Choice, choose_tiling
from tiles2zarr.registration.uneven import find_uneven
from tiles2zarr.registration.wells import well_origins


def decide(
    images: Sequence[TiledImage],
    options: Registration,
    *,
    num_levels: int,
    uniform: bool,
    requested: str,
    origins: Mapping[str, tuple[float, float]] | None = None,
    among: Sequence[TiledImage] = (),
) -> tuple[AcquisitionDecision, tuple[Finding, ...]]:
    """Return the decisions for the images of one acquisition.

    An image that cannot be placed never raises here: it is left out, told as a finding,
    and fails alone in `register_image`.

    Args:
        images: All images of the acquisition.
        options: The ``registration`` section of the config.
        num_levels: Pyramid levels asked for.
        uniform: Whether every image gets the union of channels and canvas.
        requested: Digest of the options, kept in the decision.
        origins: (y, x) of each well over all acquisitions, micrometer, for
            ``offsets.xy: well``; left out, those of ``images``.
        among: Images of all acquisitions that share one tiling with these (``offsets.
            xy: well``); left out, these alone.
    """
    if origins is None:
        origins = well_origins([*images, *among], align_xy=options.align_xy)
    no_tiling = options.tiling_mode is TilingMode.NO_TILING
    found = find_positions(images, options, origins, no_tiling=no_tiling)
    owner, channel = find_channels(found.tiles)
    faults = {**unknown_channels(images, owner, channel), **found.faults}
    ids = [image.image for image in images]
    if among:
        everything = find_positions(among, options, origins, no_tiling=no_tiling)
        every = [image.image for image in among]
        choice = _choose(everything, everything.faults, every, options)
    else:
        choice = _choose(found, faults, ids, options)
    placement = place(found.tiles, choice.tiling, found.anchored)
    late = negative_starts(found.tiles, placement, found.anchored)
    faults = {**late, **placement.faults, **faults}
    good = [number for number in range(len(images)) if number not in faults]
    sets = _channel_sets(owner, channel, len(images))
    sizes = extents(found.tiles, placement).tolist()
    shapes = [_shape(sizes[number], len(sets[number])) for number in good]
    union = tuple(sorted(set().union(*(sets[number] for number in good))))
    canvas = None
    if uniform and shapes:
        t, _, z, y, x = union_shape(shapes)
        canvas = (t, len(union), z, y, x)
    decision = AcquisitionDecision(
        axes=_axes(images, shapes),
        levels=_levels([canvas] if canvas else shapes, num_levels),
        tiling=choice.tiling,
        reason=choice.reason,
        requested=requested,
        channels=union if canvas else None,
        canvas=canvas,
    )
    findings = [*choice.findings, *_unplaceable(ids, faults)]
    if not canvas and isinstance(images[0].collection, ImageInPlate):
        named = [ids[number] for number in good]
        findings += find_uneven(named, shapes, [sets[number] for number in good])
    return decision, tuple(findings)


def expected_shapes(
    images: Sequence[TiledImage],
    decision: AcquisitionDecision,
    options: Registration,
    origins: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, Shape]:
    """Return the (t, c, z, y, x) shape each image will have, by image id.

    Arguments as `decide`; images that cannot be placed get the shape of their tiles.
    """
    if origins is None:
        origins = well_origins(images, align_xy=options.align_xy)
    no_tiling = isinstance(decision.tiling, NoTiling)
    found = find_positions(images, options, origins, no_tiling=no_tiling)
    owner, channel = find_channels(found.tiles)
    sets = _channel_sets(owner, channel, len(images))
    sizes = extents(found.tiles, place(found.tiles, decision.tiling, found.anchored))
    shapes: dict[str, Shape] = {}
    for number, (image, size) in enumerate(zip(images, sizes.tolist(), strict=True)):
        own = _shape([max(1, length) for length in size], max(1, len(sets[number])))
        shapes[image.image] = union_shape([own, decision.canvas or own])
    return shapes


def _choose(
    found: Positions,
    faults: Mapping[int, str],
    images: Sequence[str],
    options: Registration,
) -> Choice:
    fields = fields_of(found.tiles)
    usable = fields.take(np.flatnonzero(~np.isin(fields.image, list(faults))))
    mixed = mixed_sizes(found.tiles, fields)
    return choose_tiling(usable, mixed, images, options)


def _channel_sets(owner: Ints, channel: Ints, images: int) -> list[set[int]]:
    sets: list[set[int]] = [set() for _ in range(images)]
    for image, number in zip(owner.tolist(), channel.tolist(), strict=True):
        sets[image].add(number)
    return sets


def _shape(size: Sequence[int], channels: int) -> Shape:
    t, z, y, x = size
    return t, channels, z, y, x


def _axes(images: Sequence[TiledImage], shapes: Sequence[Shape]) -> str:
    """Return the axes asked for, else czyx, and t if an image has time points."""
    asked = next((i.acquisition.axes for i in images if i.acquisition.axes), None)
    if asked is not None:
        return asked
    return "tczyx" if any(shape[0] > 1 for shape in shapes) else "czyx"


def _levels(shapes: Sequence[Shape], wanted: int) -> int:
    """Return as many levels as the smallest image allows, at most ``wanted``."""
    counts = [level_count(y, x, wanted) for _, _, _, y, x in shapes]
    return min(counts, default=wanted)


def _unplaceable(images: Sequence[str], faults: Mapping[int, str]) -> list[Finding]:
    if not faults:
        return []
    first = min(faults)
    message = (
        f"{len(faults)} images cannot be placed and will not be written; "
        f"{images[first]}: {faults[first]}"
    )
    return [
        Finding(
            code="unplaceable_images",
            severity="error",
            message=message,
            count=len(faults),
            images=tuple(images[number] for number in sorted(faults))[:SHOWN],
        )
    ]
