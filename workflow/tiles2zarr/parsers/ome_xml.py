"""OME-TIFF and OME-XML, as plates or as single images.

The metadata stand in companion files or in the TIFF files themselves. Wells count from
0 in row and column. The schema says nothing of the direction of the stage's axes:
positions are taken as they are, with y downwards, so set ``stage_corrections`` where
fields come out in the wrong order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.ome_xml_files import other_files
from tiles2zarr.parsers.ome_xml_options import Options, read_options
from tiles2zarr.parsers.ome_xml_places import place_fields, place_singles
from tiles2zarr.parsers.ome_xml_planes import Planes, read_planes
from tiles2zarr.parsers.ome_xml_plates import (
    Plate,
    choose_plate,
    choose_run,
    read_plates,
)
from tiles2zarr.parsers.ome_xml_sources import Sources, find_sources, is_companion
from tiles2zarr.parsers.ome_xml_tiles import make_tiles
from tiles2zarr.parsers.ome_xml_wells import (
    not_acquired,
    number_fields,
    read_layout,
    read_times,
)
from tiles2zarr.parsers.records import ParsedAcquisition


@dataclass(frozen=True)
class _Placed:
    """Where the images go, and what the plate says."""

    places: pd.DataFrame
    findings: list[Finding]
    plate_name: str | None = None
    description: str | None = None
    layout: PlateLayout | None = None
    name: str | None = None
    start_time: int | None = None
    end_time: int | None = None


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of OME-TIFF files.

    Args:
        path: A folder of OME-TIFF files, one OME-TIFF, or a companion file; also a URL.
        options: ``plate`` and ``plate_acquisition`` (name or id, where there are
            several), ``without_positions`` (``error``, or ``row``: lay fields whose
            positions are not known side by side) and ``projections`` (there are none).
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The metadata are absent, damaged or contradict one another, hold
            several plates, or do not tell where the fields are.
    """
    choice = read_options(options or {})
    sources = find_sources(path, storage)
    planes = read_planes(sources, storage)
    placed = _place(sources, planes, choice, path)
    tiles = make_tiles(planes, placed.places, path, in_row=choice.in_row)
    files = planes.table["file"].unique()
    documents = filter(is_companion, sources.folder.files)
    others = (
        other_files(sources.folder, files, documents) if sources.whole_folder else []
    )
    return ParsedAcquisition(
        table=tiles.table,
        details=tiles.details,
        resource=sources.folder.path,
        channel_ids=tiles.channel_ids,
        plate_name=placed.plate_name,
        layout=placed.layout,
        name=placed.name,
        description=placed.description,
        start_time=placed.start_time,
        end_time=placed.end_time,
        findings=(
            *sources.findings,
            *planes.findings,
            *others,
            *placed.findings,
            *tiles.findings,
        ),
    )


def _place(sources: Sources, planes: Planes, options: Options, path: str) -> _Placed:
    """Return where the images go: into the plate if there is one.

    Raises:
        ParserError: There are several plates or runs, or none with images.
    """
    plates = read_plates([source.document.plates for source in sources.documents])
    plate, findings = choose_plate(plates, options.plate, path)
    if plate is None:
        return _place_singles(planes)
    run, samples = choose_run(plate, options.plate_acquisition)
    fields = number_fields(samples, planes.documents)
    with_planes = frozenset(planes.table["image"].unique().tolist())
    acquired = [field for field in fields if field.image in with_planes]
    if not acquired:
        raise ParserError(
            f"{path}: no image of plate {plate.title} is in a file that the metadata "
            "describe. Give the folder with all files of the plate."
        )
    layout, misfit = read_layout(
        plate, {(field.sample.row, field.sample.column) for field in acquired}
    )
    return _Placed(
        places=place_fields(acquired),
        findings=[
            *findings,
            *misfit,
            *not_acquired(fields),
            *_without_planes(planes, with_planes),
            *_outside(plates, planes),
        ],
        plate_name=plate.name,
        description=plate.elements[0].get("Description"),
        layout=layout,
        name=None if run is None else run.get("Name"),
        **read_times(run),
    )


def _place_singles(planes: Planes) -> _Placed:
    files = planes.table.drop_duplicates("image").set_index("image")["file"]
    stems = {int(str(n)): str(file) for n, file in files.sort_index().items()}
    places, findings = place_singles(planes.images, stems)
    starts = [planes.images[number].start for number in stems]
    known = [start for start in starts if start is not None]
    return _Placed(
        places,
        [*findings, *_without_planes(planes, frozenset(stems))],
        start_time=round(min(known) * 1000) if known else None,
    )


def _without_planes(planes: Planes, held: frozenset[int]) -> list[Finding]:
    """Return a finding on images that no file holds."""
    lacking = [i for n, i in enumerate(planes.images) if n not in held]
    if not lacking:
        return []
    in_xml = Counter(image.holds_pixels for image in lacking)[True]
    message = (
        f"{len(lacking)} images name no file and are left out, e.g. "
        f"{lacking[0].name or lacking[0].id}"
        + (f"; the pixels of {in_xml} stand in the XML (BinData)." if in_xml else ".")
    )
    return [
        Finding(
            code="images_without_files",
            severity="error" if in_xml else "warning",
            message=message,
            count=len(lacking),
            images=tuple(image.name or image.id for image in lacking[:SHOWN]),
        )
    ]


def _outside(plates: Sequence[Plate], planes: Planes) -> list[Finding]:
    """Return a finding on images that are in no well of any plate."""
    named = {
        planes.documents[sample.document].get(sample.image)
        for plate in plates
        for sample in plate.samples
        if sample.image is not None
    }
    images = [i for n, i in enumerate(planes.images) if n not in named]
    if not images:
        return []
    message = (
        f"{len(images)} images are in no well of a plate and are left out, e.g. "
        f"{images[0].name or images[0].id}."
    )
    return [
        Finding(
            code="images_outside_plate",
            message=message,
            count=len(images),
            images=tuple(image.name or image.id for image in images[:SHOWN]),
        )
    ]
