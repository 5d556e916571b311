"""One acquisition of the config: parsed, filtered, with conditions, as images."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tiles2zarr.conditions import join_conditions, read_conditions
from tiles2zarr.config.acquisition import Acquisition, OnRepeat
from tiles2zarr.config.merge import merge_details
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.filters import apply_filters
from tiles2zarr.grouping import (
    ImageKey,
    Table,
    check_planes,
    group_tiles,
    join_reads,
    merge_repeats,
    place_images,
    run_validators,
)
from tiles2zarr.loaders import resolve
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.loader import CustomLoader, FileLoader, Loader
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout, column_index, row_index
from tiles2zarr.ngff.colors import display_channels
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.parsers.records import ParsedAcquisition
from tiles2zarr.steps.first_header import with_first_headers
from tiles2zarr.steps.paths import align_paths
from tiles2zarr.steps.pixel_size import find_pixel_size


@dataclass(frozen=True)
class Acquired:
    """One acquisition's images and what its metadata told."""

    id: int
    images: tuple[TiledImage, ...]
    entry: AcquisitionEntry
    layout: PlateLayout | None
    findings: tuple[Finding, ...]


def acquire(config: Acquisition, options: ParseOptions) -> Acquired:
    """Return the images of one acquisition with everything the config says of it.

    Raises:
        Tiles2ZarrError: The input cannot be read, or config and input do not fit.
    """
    parsed = _parse(config)
    parsed = _without_stated(parsed, config)
    size: float | None = None
    noticed_size: tuple[Finding, ...] = ()
    if config.details.pixelsize is None:
        size, noticed_size = find_pixel_size(parsed, config.storage_options)
    details = _details(parsed, config, size)
    channels = details.channels or ()
    table = apply_filters(
        parsed.table,
        config.filters,
        attributes=parsed.attributes,
        channels=[channel.channel_label for channel in channels],
        acquisition=config.id,
    )
    if config.collection is not None:
        named = config.collection.function, config.collection.options
        table = place_images(table, named)
    run_validators(table, [(v.function, v.options) for v in config.validators])
    checked = check_planes(table, details)
    known = [] if parsed.conditions is None else [parsed.conditions]
    paths = (options.plate.conditions, config.conditions)
    storage = config.storage_options
    conditions, noticed = join_conditions(
        checked.table,
        [*known, *(read_conditions(path, storage) for path in paths if path)],
        config.id,
        attributes=parsed.attributes,
    )
    images = group_tiles(
        checked.table,
        details,
        acquisition=config.id,
        resource=parsed.resource,
        loader=_loader(config, options),
        plate_name=options.name,
        no_tiling=options.registration.tiling_mode == "no_tiling",
        conditions=conditions,
    )
    images = [with_fault(image, checked.faults) for image in images]
    images = with_first_headers(images, config.storage_options)
    return Acquired(
        id=config.id,
        images=tuple(images),
        entry=AcquisitionEntry(
            id=config.id,
            name=config.name or parsed.name,
            description=parsed.description,
            start_time=parsed.start_time,
            end_time=parsed.end_time,
        ),
        layout=parsed.layout,
        findings=(
            *parsed.findings,
            *noticed_size,
            *checked.findings,
            *noticed,
            *_mixed_types(images),
        ),
    )


def _parse(config: Acquisition) -> ParsedAcquisition:
    """Return all paths of the acquisition as one, repeated wells by ``on_repeat``."""
    options = config.options.model_dump(mode="json", exclude_none=True)
    parts = [
        parse_acquisition(path, config.format, options, config.storage_options)
        for path in config.path
    ]
    if len(parts) == 1:
        return parts[0]
    known = config.details.model_dump(exclude_none=True).keys()
    parts = align_paths(parts, config.path, known)
    first = parts[0]
    tables = [
        part.table.assign(
            file=[resolve(part.resource, f) if f else f for f in part.table["file"]]
        )
        for part in parts
    ]
    names = dict.fromkeys(name for part in parts for name in part.attributes)
    found = tuple(finding for part in parts for finding in part.findings)
    whole = replace(first, resource="", attributes=tuple(names), findings=found)
    if config.on_repeat == OnRepeat.TIME:
        details = merge_details(first.details, config.details, first.channel_ids)
        return _joined(whole, tables, [part.start_time for part in parts], details)
    table, repeated = merge_repeats(tables, config.path, config.on_repeat)
    return replace(whole, table=table, findings=(*found, *repeated))


def _joined(
    whole: ParsedAcquisition,
    tables: list[Table],
    starts: list[int | None],
    stated: AcquisitionDetails,
) -> ParsedAcquisition:
    """Return the reads as one time series."""
    table, spacing = join_reads(tables, starts, stated)
    details = whole.details
    if spacing is not None:
        details = details.replace(t_spacing=spacing)
    return replace(whole, table=table, details=details)


def _mixed_types(images: Sequence[TiledImage]) -> tuple[Finding, ...]:
    """Return a finding if the images differ in pixel type: allowed, but odd."""
    kinds = Counter(image.dtype for image in images if image.dtype)
    if len(kinds) < 2:
        return ()
    usual = kinds.most_common(1)[0][0]
    odd = [image for image in images if image.dtype not in (None, usual)]
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return (
        Finding(
            code="mixed_pixel_types",
            message=f"The images differ in pixel type ({listed}); each keeps its own.",
            count=len(odd),
            images=tuple(image.image for image in odd[:SHOWN]),
        ),
    )


def _loader(config: Acquisition, options: ParseOptions) -> Loader:
    if config.loader is None:
        return FileLoader()
    return CustomLoader(**config.loader.model_dump(), code=options.code)


def _without_stated(
    parsed: ParsedAcquisition, config: Acquisition
) -> ParsedAcquisition:
    """Leave out findings on sizes that the config states."""
    stated = {
        "pixel_size_unknown": config.details.pixelsize,
        "z_spacing_unknown": config.details.z_spacing,
    }
    kept = [f for f in parsed.findings if stated.get(f.code) is None]
    return replace(parsed, findings=tuple(kept))


def _details(
    parsed: ParsedAcquisition, config: Acquisition, pixel_size: float | None
) -> AcquisitionDetails:
    """Return the vendor's details under the config's, channels ready to be shown.

    Stage corrections of the config come after the vendor's own axis directions.
    """
    known = parsed.details
    if pixel_size is not None:
        known = known.replace(pixelsize=pixel_size)
    details = merge_details(known, config.details, parsed.channel_ids)
    channels = display_channels(details.channels) if details.channels else None
    vendor = parsed.details.stage_corrections
    return details.replace(
        channels=channels, stage_corrections=vendor.then(config.stage_corrections)
    )


def with_fault(image: TiledImage, faults: Mapping[ImageKey, str]) -> TiledImage:
    """Return the image with what its table entries say against it, if anything."""
    place = image.collection
    if isinstance(place, ImageInPlate):
        key: ImageKey = (row_index(place.row), column_index(place.column))
    else:
        key = place.image_path
    return image.replace(fault=faults[key]) if key in faults else image
