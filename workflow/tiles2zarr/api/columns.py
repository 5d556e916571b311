"""Tiles as the table the parsers make, and grouped into the images of the workflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tiles2zarr.api.loaders import (
    DefaultImageLoader,
    ImageLoaderInterface,
    file_entry,
    image_loader,
)
from tiles2zarr.api.places import (
    AnyCollection,
    image_path,
    internal_collection,
    path_of,
    well_indices,
)
from tiles2zarr.api.roi import same_spacing
from tiles2zarr.api.tile import Tile
from tiles2zarr.conditions import join_conditions, read_conditions
from tiles2zarr.errors import TableError
from tiles2zarr.grouping import ImageKey, check_planes, group_tiles
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import ConditionRow, TiledImage
from tiles2zarr.ngff.colors import display_channels
from tiles2zarr.parsers.records import build_table
from tiles2zarr.steps.acquire import with_fault

_SPACINGS = ("pixelsize", "z_spacing", "t_spacing")


@dataclass(frozen=True)
class GroupedImage:
    """An image of the workflow, and what only Python users have."""

    image: TiledImage
    """Its tiles at stage positions, before swap and flips."""
    collection: AnyCollection
    """Where it goes, of the user's own class too."""
    loaders: tuple[ImageLoaderInterface, ...]
    """The loader of each tile."""


@dataclass(frozen=True)
class Grouping:
    """The images that tiles make, and what was noticed."""

    images: tuple[GroupedImage, ...]
    findings: tuple[Finding, ...]


def group_by_acquisition(tiles: Sequence[Tile]) -> list[list[int]]:
    """Return the indices of tiles of one plate, acquisition and details, per group.

    Details whose spacings differ by rounding only are the same ones.
    """
    known: dict[int, int] = {}
    distinct: list[AcquisitionDetails] = []
    groups: dict[tuple[str | None, int, int], list[int]] = {}
    for index, tile in enumerate(tiles):
        details, place = tile.acquisition_details, tile.collection
        if id(details) not in known:
            known[id(details)] = _number(details, distinct)
        plate, number = None, 0
        if isinstance(place, ImageInPlate):
            plate, number = place.plate_name, place.acquisition
        groups.setdefault((plate, number, known[id(details)]), []).append(index)
    return list(groups.values())


def _number(details: AcquisitionDetails, distinct: list[AcquisitionDetails]) -> int:
    """Return the place of equal details in ``distinct``; new ones are added."""
    for number, other in enumerate(distinct):
        same = all(
            same_spacing(getattr(details, name), getattr(other, name))
            for name in _SPACINGS
        )
        spacings = {name: getattr(other, name) for name in _SPACINGS}
        if same and details.replace(**spacings) == other:
            return number
    distinct.append(details)
    return len(distinct) - 1


def tile_table(tiles: Sequence[Tile]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table of tiles, and the names of its attributes.

    ``source_row`` counts the tiles from 1. Of an attribute with several values the
    first is taken.
    """
    attributes = tuple(
        dict.fromkeys(name for tile in tiles for name in tile.attributes)
    )
    plain = all(isinstance(tile.image_loader, DefaultImageLoader) for tile in tiles)
    places = {id(tile.collection): tile.collection for tile in tiles}
    wells = {key: well_indices(place) for key, place in places.items()}
    paths = {key: image_path(place) for key, place in places.items()}
    columns: dict[str, object] = {
        "file": [file_entry(tile.image_loader, plain=plain) for tile in tiles],
        "row": [wells[id(tile.collection)][0] for tile in tiles],
        "column": [wells[id(tile.collection)][1] for tile in tiles],
        "image_path": [paths[id(tile.collection)] for tile in tiles],
        "fov": [tile.fov_name for tile in tiles],
    }
    for axis in ("x", "y", "z", "t", "c"):
        columns[axis] = [getattr(tile, f"start_{axis}") for tile in tiles]
        columns[f"len_{axis}"] = [getattr(tile, f"length_{axis}") for tile in tiles]
    for name in attributes:
        values = [tile.attributes.get(name) or (None,) for tile in tiles]
        columns[name] = pd.Series([cells[0] for cells in values], dtype=object)
    return build_table(columns, attributes), attributes


def group_by_image(
    tiles: Sequence[Tile], *, no_tiling: bool, resource: str
) -> Grouping:
    """Return the images that tiles make, sorted by path, tiles in their order.

    Args:
        tiles: The tiles, of any acquisitions.
        no_tiling: Make an image of every field of view.
        resource: Base folder or URL of the loaders.

    Raises:
        TableError: Lengths are not whole, channels are not among the acquisition's, or
            tiles of one image disagree about its spacings, axes or channels.
    """
    images: dict[str, GroupedImage] = {}
    findings: list[Finding] = []
    for members in group_by_acquisition(tiles):
        part = [tiles[index] for index in members]
        grouped, noticed = _group(part, no_tiling=no_tiling, resource=resource)
        findings += noticed
        for image in grouped:
            path = path_of(image.collection)
            if path in images:
                raise _disagreement(path, images[path].image, image.image)
            images[path] = image
    return Grouping(tuple(images[path] for path in sorted(images)), tuple(findings))


def _group(
    tiles: Sequence[Tile], *, no_tiling: bool, resource: str
) -> tuple[list[GroupedImage], tuple[Finding, ...]]:
    """Return the images of one acquisition, and what was noticed."""
    first = tiles[0]
    details = first.acquisition_details
    if details.channels:
        details = details.replace(channels=display_channels(details.channels))
    place = first.collection
    table, _ = tile_table(tiles)
    checked = check_planes(table, details)
    number = place.acquisition if isinstance(place, ImageInPlate) else 0
    conditions, noticed = _conditions(tiles, details, number)
    plain = all(isinstance(tile.image_loader, DefaultImageLoader) for tile in tiles)
    images = group_tiles(
        checked.table,
        details,
        acquisition=number,
        resource=resource if plain else "",
        loader=image_loader(resource, plain=plain),
        plate_name=place.plate_name if isinstance(place, ImageInPlate) else None,
        no_tiling=no_tiling,
        conditions=conditions,
    )
    loaders = {file_entry(t.image_loader, plain=plain): t.image_loader for t in tiles}
    own = {path_of(internal_collection(t.collection)): t.collection for t in tiles}
    return [
        GroupedImage(
            image=with_fault(image, checked.faults),
            collection=_own_collection(image, own),
            loaders=tuple(loaders[file] for file in image.tiles.file),
        )
        for image in images
    ], (*checked.findings, *noticed)


def _conditions(
    tiles: Sequence[Tile], details: AcquisitionDetails, number: int
) -> tuple[Mapping[ImageKey, Sequence[ConditionRow]], tuple[Finding, ...]]:
    """Return the condition rows per image, of attributes and of the condition table."""
    longest = [max(map(len, t.attributes.values()), default=1) for t in tiles]
    rows = [t for t, n in zip(tiles, longest, strict=True) for _ in range(n)]
    step = [i for n in longest for i in range(n)]
    table, names = tile_table(rows)
    for name in names:
        cells = [tile.attributes.get(name) or (None,) for tile in rows]
        values = [c[i if len(c) > 1 else 0] for c, i in zip(cells, step, strict=True)]
        table[name] = pd.Series(values, dtype=object)
    path = details.condition_table_path
    sheets = [read_conditions(path)] if path else []
    joined, findings = join_conditions(table, sheets, number, attributes=names)
    if max(longest) > 1:  # several rows per field are meant then
        findings = tuple(f for f in findings if f.code != "attributes_differ")
    return joined, findings


def _own_collection(
    image: TiledImage, own: Mapping[str, AnyCollection]
) -> AnyCollection:
    """Return an image's collection as its tiles have it, in the user's class too."""
    place = image.collection
    if isinstance(place, ImageInPlate):
        return own.get(place.path, place)
    given = own[f"{place.image_path}.zarr"]
    return given.replace(suffix=place.suffix) if place.suffix else given


def _disagreement(path: str, one: TiledImage, other: TiledImage) -> TableError:
    pairs = {
        name: (getattr(one.acquisition, name), getattr(other.acquisition, name))
        for name in AcquisitionDetails.model_fields
    }
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    shown = ", ".join(f"{n} {mine} and {its}" for n, (mine, its) in differing.items())
    return TableError(
        f"tiles of {path}",
        [
            f"they disagree: {shown or 'two acquisitions make this image'}. Give all "
            "tiles of an image the same acquisition_details."
        ],
    )
