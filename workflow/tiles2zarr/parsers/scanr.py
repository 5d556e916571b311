"""Olympus and Evident ScanR acquisitions.

``data/metadata.ome.xml`` describes every plane; where it is absent, the names of the
files do, except for positions. Positions are micrometer without a unit. The stage's y
axis is taken to point up (``flip_y``), as users of the instrument find it; no overlap
of real fields has proved it so far.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import (
    REPEATS,
    Directory,
    highest_folders,
    last_part,
    list_directory,
    parent,
)
from tiles2zarr.parsers.ome_xml_files import other_files
from tiles2zarr.parsers.ome_xml_index import read_document
from tiles2zarr.parsers.ome_xml_options import check_options
from tiles2zarr.parsers.ome_xml_places import place_fields
from tiles2zarr.parsers.ome_xml_planes import Planes, read_planes
from tiles2zarr.parsers.ome_xml_plates import Plate, Sample, read_plates
from tiles2zarr.parsers.ome_xml_sources import Source, Sources
from tiles2zarr.parsers.ome_xml_tiles import make_tiles
from tiles2zarr.parsers.ome_xml_wells import Field, read_layout
from tiles2zarr.parsers.records import ParsedAcquisition
from tiles2zarr.parsers.scanr_files import parse_names
from tiles2zarr.parsers.scanr_names import (
    read_image_id,
    read_name,
    read_well_names,
    well_in_title,
)
from tiles2zarr.parsers.scanr_wells import Well, Wells, place_wells

INDEX = "metadata.ome.xml"
FOLDER = "data"
DEPTH = 4
"""Folders below each other that are searched."""
OPTIONS = ("projections", "without_positions")
Y_UP = StageOrientation(flip_y=True)
Storage = Mapping[str, object] | None


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Storage = None,
) -> ParsedAcquisition:
    """Return the tiles of a ScanR acquisition.

    Args:
        path: The acquisition's folder, one above, its folder ``data``, or
            ``metadata.ome.xml``; also a URL.
        options: ``without_positions`` (``error``, or ``row``: lay fields whose
            positions are not known side by side) and ``projections`` (there are none).
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The metadata are absent, damaged or contradict one another, or
            neither metadata nor names tell where the fields are.
    """
    given = options or {}
    check_options(given, OPTIONS, "scanr")
    folder, index = _find(path, storage)
    in_row = given.get("without_positions") == "row"
    if index is None:
        return parse_names(folder, storage, in_row=in_row)
    return _parse_index(folder, index, in_row, storage)


def _parse_index(
    folder: Directory, index: str, in_row: bool, storage: Storage
) -> ParsedAcquisition:
    """Return the tiles that the metadata describe."""
    document = read_document(index, storage)
    planes = read_planes(Sources(folder, (Source(document, ""),), True), storage)
    placed = _place(planes, read_plates([document.plates]), index)
    places = place_fields(placed.fields)
    tiles = make_tiles(planes, places, index, in_row=in_row)
    positions = [f for f in tiles.findings if f.code != "positions_without_unit"]
    others = other_files(folder, planes.table["file"].unique(), [last_part(index)])
    return ParsedAcquisition(
        table=tiles.table,
        details=tiles.details.replace(stage_corrections=Y_UP),
        resource=folder.path,
        channel_ids=tiles.channel_ids,
        plate_name=placed.plate.name if placed.plate else None,
        layout=placed.wells.layout,
        extras={"instrument": document.root.get("Creator")},
        findings=(
            *planes.findings,
            *others,
            *placed.wells.findings,
            *placed.findings,
            *positions,
        ),
    )


def _find(path: str, storage: Storage) -> tuple[Directory, str | None]:
    """Return the folder with the tiles, and the path of the metadata in it, if any.

    Raises:
        ParserError: There are neither metadata nor tiles.
    """
    path = path.rstrip("/") or "/"
    folder = list_directory(path, storage)
    if folder is None:
        above = list_directory(parent(path), storage) or Directory(parent(path))
        tile = read_name(last_part(path)) is not None
        return above, above.file(INDEX) if tile else path
    inner = folder.folder(FOLDER)
    below = list_directory(inner, storage) if inner else None
    candidates = [folder, below] if below else [folder]
    for candidate in candidates:
        if (index := candidate.file(INDEX)) is not None:
            return candidate, index
    for candidate in candidates:
        if any(read_name(name) for name in candidate.files):
            return candidate, None
    found = highest_folders(folder, _holds_acquisition, DEPTH + 1, storage)
    if len(found) == 1:
        return _find(found[0].path, storage)
    places = ", ".join(inner.path for inner in found[:SHOWN]) or "none"
    raise ParserError(
        f"{path} should hold {INDEX} or tiles named like "
        "B2--W00014--P00001--Z00000--T00000--DAPI.tif, in it or in one folder below; "
        f"found in: {places}. Give the folder of one acquisition as path"
        f"{REPEATS if found else ''}."
    )


def _holds_acquisition(folder: Directory) -> bool:
    return bool(folder.file(INDEX)) or any(read_name(name) for name in folder.files)


@dataclass(frozen=True)
class _Placed:
    """The fields of the wells."""

    fields: list[Field]
    wells: Wells
    plate: Plate | None
    findings: list[Finding]


def _place(planes: Planes, plates: list[Plate], source: str) -> _Placed:
    """Return which field of which well each image is.

    Raises:
        ParserError: An image's id has another form, or two wells are one.
    """
    plate = next((p for p in plates if p.acquired), plates[0] if plates else None)
    samples = {s.image: s for s in plate.samples if s.image} if plate else {}
    keys: dict[int, tuple[int, int]] = {}
    for number in planes.table["image"].unique().tolist():
        image = planes.images[number]
        key = read_image_id(image.id)
        if key is None:
            raise image.element.fault(
                f"ID is {image.id!r}, expected well and position like Image:W14P1",
                "If another program wrote the file, use format: ome_xml.",
            )
        keys[number] = key
    told = {
        well: (samples[image.id].row, samples[image.id].column)
        for number, (well, _) in keys.items()
        if (image := planes.images[number]).id in samples
    }
    layout, misfit = read_layout(plate, told.values()) if plate else (None, [])
    named = read_well_names(_names(planes, keys))
    wells = place_wells((w for w, _ in keys.values()), told, named, layout, source)
    fields = [
        _field(
            number, position, wells.places[well], samples.get(planes.images[number].id)
        )
        for number, (well, position) in keys.items()
    ]
    return _Placed(fields, wells, plate, misfit)


def _field(number: int, position: int, well: Well, sample: Sample | None) -> Field:
    place = sample.xy_um if sample else None
    row, column = well
    return Field(
        Sample(row, column, position, None, 0, "", place, False), position, number
    )


def _names(
    planes: Planes, keys: Mapping[int, tuple[int, int]]
) -> Iterable[tuple[int, str]]:
    """Yield numbers of wells with names they may have, from titles, else from files."""
    titled = [
        (well, name)
        for number, (well, _) in keys.items()
        if (name := well_in_title(planes.images[number].name or ""))
    ]
    if titled:
        return titled
    named = (read_name(last_part(str(file))) for file in planes.table["file"].unique())
    return {(name.well, name.prefix) for name in named if name is not None}
