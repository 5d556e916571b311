"""An outlook in lines for people."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tiles2zarr.commands.outlook import MANY_FILES, Outlook, channel_labels
from tiles2zarr.commands.plate_map import layout_of, plate_map
from tiles2zarr.commands.plates import Plate, count, size
from tiles2zarr.commands.sampling import cores_here
from tiles2zarr.commands.tiling_modes import Mode
from tiles2zarr.commands.uneven_wells import LEGEND, uneven_wells, well_signs
from tiles2zarr.config.omezarr import NgffVersion
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.decisions import AcquisitionDecision
from tiles2zarr.models.plan import ImageEntry, Plan
from tiles2zarr.progress.wording import duration

_SHAPES = 4
_WELLS = 5


def describe(outlook: Outlook, plate: Plate) -> Iterator[str]:
    """Yield the lines on images, bytes, files, memory, time and wells of a plan."""
    plan = outlook.plan
    entries = plan.images.values()
    wells = {entry.well for entry in entries if entry.well}
    where = f"plate of {count(len(wells), 'well')}" if wells else "single images"
    batches = count(len(plan.batches), "batch", "batches")
    yield f"{plan.name}: {where}, {count(len(entries), 'image')} in {batches}"
    for shape, times in _shapes(entries):
        yield f"  shape     {count(times, 'image')} of {shape} (t, c, z, y, x)"
    planes = count(sum(entry.planes for entry in entries), "plane")
    files = count(outlook.source_files, "file")
    yield f"  input     {planes} in {files}, {size(outlook.source_bytes)} of pixels"
    if outlook.missing:
        lost = f"{len(outlook.missing):,} of {files}"
        yield f"  missing   {lost}, the first is {outlook.missing[0]}"
    yield f"  output    {size(plan.expected_bytes)} of pixels with all levels"
    yield from _guesses(outlook)
    yield f"  files     {plan.expected_files:,} of chunks, if nothing is missing"
    yield from _many_files(plan, plate)
    written = f"{outlook.written:,} of {count(len(entries), 'image')}"
    yield f"  written   {written} so far"
    layout = layout_of(plan, plate.config)
    if layout is not None:
        yield from plate_map(well_signs(plan), layout, LEGEND)
        yield from _uneven(plan)


def _guesses(outlook: Outlook) -> Iterator[str]:
    """Yield what depends on the pixels and on this computer."""
    cores = count(cores_here(), "core")
    stored, seconds, sample = outlook.stored_bytes, outlook.seconds, outlook.sample
    if sample is not None and stored is not None and seconds is not None:
        tried = count(sample.planes, "plane")
        yield (
            f"  disk      about {size(stored)} after compression ({tried} tried got "
            f"{sample.ratio:.1f} times smaller)"
        )
        yield f"  time      about {duration(seconds)} on the {cores} here"
    else:
        yield "  time      not known: none of the planes that were tried can be read"
    at_once = outlook.jobs_at_once
    memory = size(outlook.job_mb * 1e6)
    total = f": {size(outlook.job_mb * at_once * 1e6)}" if at_once > 1 else ""
    yield f"  memory    {memory} for a write job, {at_once} at once here{total}"


def _shapes(entries: Iterable[ImageEntry]) -> Iterator[tuple[str, int]]:
    """Yield the most frequent shapes and how many images have them."""
    shapes = Counter(entry.shape for entry in entries).most_common()
    for shape, times in shapes[:_SHAPES]:
        yield " x ".join(map(str, shape)), times
    if len(shapes) > _SHAPES:
        yield "other shapes", sum(times for _, times in shapes[_SHAPES:])


def _many_files(plan: Plan, plate: Plate) -> Iterator[str]:
    if plan.expected_files <= MANY_FILES:
        return
    if plate.config.omezarr.ngff_version == NgffVersion.V05:
        shards = "omezarr.shards: {kind: multiple, xy_factor: 4, z_factor: 10}"
    else:
        shards = 'omezarr: {ngff_version: "0.5", shards: {kind: multiple}}'
    yield (
        "  warning   more than a million files are slow to copy, list and delete. Pack "
        f"them ({shards}) or take bigger chunks (omezarr.chunks: {{kind: fov, "
        "xy_scaling: 4}, or z_chunk: 10)"
    )


def _uneven(plan: Plan) -> Iterator[str]:
    odd = uneven_wells(plan)
    for well, holds in list(odd.items())[:_WELLS]:
        yield f"  uneven    {well}: {holds}"
    if len(odd) > _WELLS:
        more = count(len(odd) - _WELLS, "more well")
        yield f"  uneven    and {more}"


def placed(outlook: Outlook) -> Iterator[str]:
    """Yield pixel sizes and channels, how tiles are placed and why, and other modes."""
    deep = {e.acquisition for e in outlook.plan.images.values() if e.shape[2] > 1}
    for number, decision in sorted(outlook.decisions.acquisitions.items()):
        details = outlook.details.get(number)
        if details is not None:
            scale = _scale(details, deep=number in deep)
            yield f"  pixels    acquisition {number}: {scale}"
        yield f"  placed    acquisition {number}: {_decision(decision)}"
        for mode in outlook.modes.get(number, ()):
            chosen = " (chosen)" if mode.name == decision.tiling.kind else ""
            yield f"    {mode.name:<13} {_mode(mode)}{chosen}"


def _scale(details: AcquisitionDetails, *, deep: bool) -> str:
    apart = f", planes {details.z_spacing:.6g} micrometer apart" if deep else ""
    labels = ", ".join(channel_labels(details))
    channels = f"; channels {labels}" if labels else ""
    return f"{details.pixelsize:.6g} micrometer{apart}{channels}"


def _decision(decision: AcquisitionDecision) -> str:
    levels = count(decision.levels, "level")
    reason = decision.reason.rstrip(".")
    return f"{decision.tiling.kind} ({reason}); axes {decision.axes}, {levels}"


def _mode(mode: Mode) -> str:
    if mode.fault is not None:
        return f"does not suit: {mode.fault.rstrip('.')}"
    y, x = mode.canvas
    pixels = size(mode.stored_bytes)
    return f"{count(mode.images, 'image')} of {y} x {x} px, {pixels} of pixels stored"
