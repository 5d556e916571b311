"""Tiles to images: filters, grouping, checks, and decisions for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter

from tiles2zarr.api.columns import group_by_acquisition, group_by_image, tile_table
from tiles2zarr.api.filters import FilterModel, ImplementedFilters
from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.internal import from_grouped
from tiles2zarr.api.options import ConverterOptions
from tiles2zarr.api.registration import log_findings, requested
from tiles2zarr.api.registry import FILTERS
from tiles2zarr.api.steps import ValidatorStep, apply_validator_pipeline
from tiles2zarr.api.tile import Tile
from tiles2zarr.config.filters import Filter, FilterMode
from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.errors import ConfigError
from tiles2zarr.extension import call_function
from tiles2zarr.filters import apply_filters
from tiles2zarr.models import image as workflow
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import AcquisitionDecision
from tiles2zarr.registration import (
    decide,
    find_misaligned_acquisitions,
    well_of,
    well_origins,
)
from tiles2zarr.steps.decide import lattice_scale
from tiles2zarr.steps.first_header import with_first_headers

AnyFilter = ImplementedFilters | FilterModel


def tiles_aggregation_pipeline(
    tiles: Sequence[Tile],
    *,
    converter_options: ConverterOptions,
    filters: Sequence[AnyFilter] | None = None,
    validators: Sequence[ValidatorStep] | None = None,
    resource: object = None,
) -> list[TiledImage]:
    """Return the images that tiles make: filtered, grouped, checked, decided.

    Args:
        tiles: The tiles, of any acquisitions of a plate.
        converter_options: Options of the conversion.
        filters: Which tiles are taken; every filter must let a tile pass.
        validators: Checks every image must pass.
        resource: Base folder or URL of the loaders.

    Raises:
        ConfigError: A filter took no tile.
        TableError: Tiles do not fit together.
        ExtensionError: A filter or check of one's own failed.
    """
    taken = apply_filter_pipeline(tiles, filters_config=filters or ())
    images = tiled_image_from_tiles(
        tiles=taken, converter_options=converter_options, resource=resource
    )
    return apply_validator_pipeline(images, validators or ())


def tiled_image_from_tiles(
    *,
    tiles: Sequence[Tile],
    converter_options: ConverterOptions | None = None,
    split_per_fov: bool = False,
    resource: object = None,
) -> list[TiledImage]:
    """Return the images that tiles make, sorted by path.

    Axes, levels and tiling are decided here, once per acquisition, because a later job
    sees one image only. The header of each image's first file is read.

    Args:
        tiles: The tiles.
        converter_options: Options of the conversion; left out, the defaults.
        split_per_fov: Make an image of every field of view, as No Tiling does.
        resource: Base folder or URL of the loaders.

    Raises:
        TableError: Tiles do not fit together.
    """
    if not tiles:
        return []
    options = converter_options or ConverterOptions()
    registration = options.registration
    if split_per_fov:
        registration = registration.replace(tiling_mode=TilingMode.NO_TILING)
    base = "" if resource is None else str(resource)
    no_tiling = registration.tiling_mode is TilingMode.NO_TILING
    grouping = group_by_image(tiles, no_tiling=no_tiling, resource=base)
    log_findings(grouping.findings)
    inside = with_first_headers([grouped.image for grouped in grouping.images], {})
    origins = _origins(inside, registration)
    decisions = _decide(inside, registration, options, origins)
    return [
        from_grouped(replace(grouped, image=image), base).replace(
            decision=decision, well_origin=origins[_plate(image)][well_of(image)]
        )
        for grouped, image, decision in zip(
            grouping.images, inside, decisions, strict=True
        )
    ]


def _origins(
    images: Sequence[workflow.TiledImage], registration: Registration
) -> dict[str | None, dict[str, tuple[float, float]]]:
    """Return what the images of each well count from, by plate and well."""
    origins = {}
    for plate in dict.fromkeys(map(_plate, images)):
        members = [image for image in images if _plate(image) == plate]
        log_findings(find_misaligned_acquisitions(members, registration))
        origins[plate] = well_origins(members, align_xy=registration.align_xy)
    return origins


def _decide(
    images: Sequence[workflow.TiledImage],
    registration: Registration,
    options: ConverterOptions,
    origins: Mapping[str | None, Mapping[str, tuple[float, float]]],
) -> list[AcquisitionDecision]:
    """Return the decision for each image, made once per plate and acquisition."""
    keys = [
        (_plate(image), image.acquisition_id, image.acquisition) for image in images
    ]
    decisions: dict[object, AcquisitionDecision] = {}
    for key in dict.fromkeys(keys):
        members = [image for image, k in zip(images, keys, strict=True) if k == key]
        decisions[key], findings = decide(
            members,
            registration,
            num_levels=options.omezarr_options.num_levels,
            uniform=False,
            requested=requested(registration),
            origins=origins[_plate(members[0])],
            among=_sharing(members[0], images, registration),
        )
        log_findings(findings)
    return [decisions[key] for key in keys]


def _sharing(
    member: workflow.TiledImage,
    images: Sequence[workflow.TiledImage],
    registration: Registration,
) -> list[workflow.TiledImage]:
    """Return the images that share a lattice with one (``offsets.xy: well``)."""
    if registration.offsets.xy != "well":
        return []
    key = (_plate(member), *lattice_scale(member))
    return [image for image in images if (_plate(image), *lattice_scale(image)) == key]


def _plate(image: workflow.TiledImage) -> str | None:
    place = image.collection
    return place.plate_name if isinstance(place, ImageInPlate) else None


def apply_filter_pipeline(
    tiles: Sequence[Tile], *, filters_config: Sequence[AnyFilter]
) -> list[Tile]:
    """Return the tiles that all filters take, in their order.

    Raises:
        ConfigError: A filter took no tile, or does not apply to these tiles.
        ExtensionError: A filter of one's own is not known or failed.
    """
    taken = list(tiles)
    for number, chosen in enumerate(filters_config):
        before = taken
        if isinstance(chosen, FilterModel):
            taken = _filter_by_function(taken, chosen)
        else:
            taken = _filter_by_table(taken, _built_in(chosen))
        if before and not taken:
            raise ConfigError(
                f"filters_config[{number}]",
                [
                    f"it removed all of the last {len(before)} tiles ({chosen}). "
                    "Correct or delete the filter."
                ],
            )
    return taken


def _built_in(chosen: object) -> Filter:
    """Return a built-in filter, given as such or as a mapping."""
    return _FILTER.validate_python(chosen)


def _filter_by_function(tiles: list[Tile], chosen: FilterModel) -> list[Tile]:
    function = FILTERS.get(chosen.name)
    return [
        tile
        for tile in tiles
        if call_function(
            chosen.name, lambda given: function(given, filter_params=chosen), tile
        )
    ]


def _filter_by_table(tiles: list[Tile], chosen: Filter) -> list[Tile]:
    """Return the tiles a built-in filter takes; an acquisition may lose all of its."""
    kept: list[int] = []
    for members in group_by_acquisition(tiles):
        part = [tiles[index] for index in members]
        kept += [members[row - 1] for row in _rows(part, chosen)]
    return [tiles[index] for index in sorted(kept)]


def _rows(tiles: list[Tile], chosen: Filter) -> list[int]:
    """Return which tiles of one acquisition stay, counted from 1."""
    table, attributes = tile_table(tiles)
    place = tiles[0].collection
    channels = tiles[0].acquisition_details.channels or ()

    def apply(some: Filter) -> list[int]:
        rows: list[int] = apply_filters(
            table,
            [some],
            attributes=attributes,
            channels=[channel.channel_label for channel in channels],
            acquisition=place.acquisition if isinstance(place, ImageInPlate) else 0,
        )["source_row"].tolist()
        return rows

    try:
        return apply(chosen)
    except ConfigError as error:
        # the others may have tiles left; a filter that does not apply fails again
        opposite = {FilterMode.INCLUDE: "exclude", FilterMode.EXCLUDE: "include"}
        try:
            apply(chosen.replace(mode=opposite[chosen.mode]))
        except ConfigError:
            raise error from None
        return []


_FILTER: TypeAdapter[Filter] = TypeAdapter(ImplementedFilters)
