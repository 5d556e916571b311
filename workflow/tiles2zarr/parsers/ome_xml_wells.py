"""Wells and fields of a plate in OME-XML, and which image is which of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import PlateLayout, well_name
from tiles2zarr.parsers.ome_xml_plates import Plate, Sample
from tiles2zarr.parsers.ome_xml_values import read_time
from tiles2zarr.parsers.xml import Element

_Well = tuple[int, int]


@dataclass(frozen=True)
class Field:
    """A field of a well and its image.

    Args:
        sample: What the plate says of it.
        number: Number of the field in its well, from 1.
        image: Number of its image, nothing where it was not acquired.
    """

    sample: Sample
    number: int
    image: int | None


def number_fields(
    samples: Sequence[Sample], images: Sequence[Mapping[str, int]]
) -> list[Field]:
    """Return the fields of all wells, numbered by ``Index``, else as they come.

    A field that several documents describe is one field; its image is that of the
    document which holds it. Fields that were not acquired keep their number, so that
    a number is the same place in every well.

    Args:
        samples: Fields of one plate.
        images: Per document, number of an image by its id.
    """
    wells: dict[_Well, dict[object, tuple[Sample, int | None]]] = {}
    for order, sample in enumerate(samples):
        slots = wells.setdefault((sample.row, sample.column), {})
        known = images[sample.document]
        image = known.get(sample.image) if sample.image is not None else None
        key: object = sample.id if sample.id is not None else order
        held = slots.get(key, (sample, None))[1]
        if held is not None and image is not None and held != image:
            key = key, order
        if key not in slots or image is not None:
            slots[key] = sample, image
    fields = []
    for slots in wells.values():
        found = list(slots.values())
        indices = {sample.index for sample, _ in found}
        if None not in indices and len(indices) == len(found):
            found.sort(key=lambda slot: slot[0].index or 0)
        fields += [
            Field(s, number, image) for number, (s, image) in enumerate(found, 1)
        ]
    return fields


def not_acquired(fields: Sequence[Field]) -> list[Finding]:
    """Return findings on fields of the plate that have no image."""
    planned = [f for f in fields if f.image is None and f.sample.image is None]
    absent = [f for f in fields if f.image is None and f.sample.image is not None]
    findings = []
    if planned:
        message = (
            f"{len(planned)} fields of the plate were planned and have no image, e.g. "
            f"field {planned[0].number} of {_well(planned[0])}."
        )
        findings.append(_finding("fields_not_acquired", "info", message, planned))
    if absent:
        message = (
            f"{len(absent)} fields of the plate name an image that the metadata do not "
            f"describe, e.g. {absent[0].sample.image} of {_well(absent[0])}. Copy the "
            "files with those images, or go on without them."
        )
        findings.append(_finding("images_absent", "error", message, absent))
    return findings


def _finding(
    code: str, severity: str, message: str, fields: Sequence[Field]
) -> Finding:
    wells = tuple(dict.fromkeys(_well(f) for f in fields))[:SHOWN]
    values = {"code": code, "severity": severity, "message": message}
    return Finding.model_validate(values | {"count": len(fields), "wells": wells})


def _well(found: Field) -> str:
    return well_name(found.sample.row, found.sample.column)


def read_layout(
    plate: Plate, wells: Iterable[_Well]
) -> tuple[PlateLayout | None, list[Finding]]:
    """Return the plate's physical rows and columns where told, and what contradicts."""
    told = next((e for e in plate.elements if e.get("Rows") and e.get("Columns")), None)
    if told is None:
        return None, []
    rows, columns = told.integer("Rows"), told.integer("Columns")
    try:
        layout = PlateLayout(rows=rows, columns=columns)
    except ValidationError:
        layout = None
    outside = [w for w in sorted(wells) if layout is None or not layout.holds(*w)]
    if not outside:
        return layout, []
    names = [well_name(*well) for well in outside]
    message = (
        f"The plate is said to have {rows} rows and {columns} columns, which does not "
        f"hold well {names[0]}; its layout is taken from the wells."
    )
    finding = Finding(
        code="layout_contradicted",
        message=message,
        count=len(names),
        wells=tuple(names[:SHOWN]),
    )
    return None, [finding]


def read_times(run: Element | None) -> Mapping[str, int | None]:
    """Return ``start_time`` and ``end_time`` of a run, epoch milliseconds.

    Raises:
        ParserError: One is not a time.
    """
    times = {"start_time": "StartTime", "end_time": "EndTime"}
    seconds = {
        key: None if run is None else read_time(run, name)
        for key, name in times.items()
    }
    return {k: None if s is None else round(s * 1000) for k, s in seconds.items()}
