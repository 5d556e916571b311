"""Plates in OME-XML (SPW): which wells and fields the images are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import MAX_COLUMNS, MAX_ROWS
from tiles2zarr.parsers.ome_xml_values import FREE, MICROMETER, PIXEL
from tiles2zarr.parsers.xml import Element


@dataclass(frozen=True)
class Sample:
    """One field of a well.

    Args:
        row: 0-based.
        column: 0-based.
        index: Its number on the plate, where given.
        id: Its id in the document.
        document: Number of the document.
        image: Id of its image, nothing where it was not acquired.
        xy_um: Position in micrometer, nothing where not given.
        free: Whether the position has no unit (taken as micrometer).
    """

    row: int
    column: int
    index: int | None
    id: str | None
    document: int
    image: str | None
    xy_um: tuple[float, float] | None
    free: bool


@dataclass(frozen=True)
class Plate:
    """A plate, put together from all documents that describe it.

    Args:
        id: Its id.
        name: Its name, where given.
        elements: As written, one per document.
        samples: Fields by well, in the order of the document.
        runs: Ids of the samples of each ``PlateAcquisition`` that names any.
    """

    id: str
    name: str | None
    elements: list[Element] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    runs: dict[str, tuple[Element, set[str]]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"{self.name!r} ({self.id})" if self.name else f"{self.id!r}"

    @property
    def acquired(self) -> bool:
        """Whether any field has an image."""
        return any(sample.image is not None for sample in self.samples)


def read_plates(documents: Sequence[Sequence[Element]]) -> list[Plate]:
    """Return the plates of all documents; one id and name is one plate.

    Args:
        documents: The ``Plate`` elements of each document.

    Raises:
        ParserError: Something required is absent or has an impossible value.
    """
    plates: dict[tuple[str, str | None], Plate] = {}
    for number, elements in enumerate(documents):
        for element in elements:
            name = element.get("Name")
            key = element.get("ID") or name or "Plate", name
            plate = plates.setdefault(key, Plate(*key))
            plate.elements.append(element)
            plate.samples.extend(_samples(element, number))
            for run in element.findall("PlateAcquisition"):
                refs = {r.require("ID") for r in run.findall("WellSampleRef")}
                first = plate.runs.setdefault(run.require("ID"), (run, set()))
                first[1].update(refs)
    return list(plates.values())


def _samples(plate: Element, document: int) -> list[Sample]:
    samples = []
    for well in plate.findall("Well"):
        row = _index(well, "Row", MAX_ROWS)
        column = _index(well, "Column", MAX_COLUMNS)
        for sample in well.findall("WellSample"):
            image = sample.find("ImageRef")
            place, free = _position(sample)
            samples.append(
                Sample(
                    row=row,
                    column=column,
                    index=sample.integer("Index") if sample.get("Index") else None,
                    id=sample.get("ID"),
                    document=document,
                    image=None if image is None else image.require("ID"),
                    xy_um=place,
                    free=free,
                )
            )
    return samples


def _index(well: Element, name: str, limit: int) -> int:
    index = well.integer(name)
    if not 0 <= index < limit:
        raise well.fault(f"{name} is {index}, expected 0 to {limit - 1}")
    return index


def _position(sample: Element) -> tuple[tuple[float, float] | None, bool]:
    """Return the position in micrometer, and whether its unit says nothing.

    The size of a pixel is the image's, so a position in pixels is not known here.
    """
    if sample.get("PositionX") is None or sample.get("PositionY") is None:
        return None, False
    place, free = [], False
    for name in ("PositionX", "PositionY"):
        unit = sample.get(f"{name}Unit") or ""
        if unit == PIXEL:
            return None, False
        if unit not in FREE and unit not in MICROMETER:
            raise sample.fault(
                f"{name}Unit is {unit!r}, known are {', '.join(MICROMETER)}"
            )
        free = free or unit in FREE
        place.append(sample.number(name) * MICROMETER.get(unit, 1.0))
    return (place[0], place[1]), free


def choose_plate(
    plates: Sequence[Plate], wanted: str | None, source: str
) -> tuple[Plate | None, list[Finding]]:
    """Return the plate to take (nothing if there is none), and what was left out.

    Args:
        plates: All plates.
        wanted: Its name or id, from the option ``plate``.
        source: The input, for messages.

    Raises:
        ParserError: There are several, none is called so, or it has no images.
    """
    found = _named_plates(plates, wanted, source)
    if plates and not (found and found[0].acquired):
        raise ParserError(
            f"{source}: plate {(found or list(plates))[0].title} has no well with an "
            "image. Leave it out, or export it again after it was acquired."
        )
    empty = [plate for plate in plates if not plate.acquired]
    if not found or not empty:
        return (found[0] if found else None), []
    message = (
        f"{len(empty)} plates of {source} have no images and are left out, e.g. "
        f"{empty[0].title}."
    )
    finding = Finding(
        code="empty_plates", severity="info", message=message, count=len(empty)
    )
    return found[0], [finding]


def _named_plates(
    plates: Sequence[Plate], wanted: str | None, source: str
) -> list[Plate]:
    """Return the plate that is wanted, or the one with images; at most one."""
    titles = ", ".join(plate.title for plate in plates)
    if wanted is None:
        found = [plate for plate in plates if plate.acquired]
        if len(found) > 1:
            raise ParserError(
                f"{source} holds {len(found)} plates: "
                f"{', '.join(plate.title for plate in found)}. Set the option plate "
                "to the name or id of one of them; each plate is a run of its own."
            )
        return found
    found = [plate for plate in plates if plate.name == wanted]
    found = found or [plate for plate in plates if plate.id == wanted]
    if len(found) != 1:
        raise ParserError(
            f"{source} holds {len(found)} plates called {wanted!r}, its plates are: "
            f"{titles or 'none'}. Set the option plate to one of these names or ids."
        )
    return found


def choose_run(plate: Plate, wanted: str | None) -> tuple[Element | None, list[Sample]]:
    """Return the ``PlateAcquisition`` to take, and its samples.

    A plate without any, or with one, gives all its samples.

    Args:
        plate: The plate.
        wanted: Its id or name, from the option ``plate_acquisition``.

    Raises:
        ParserError: There are several, or none is called so.
    """
    runs = {key: run for key, run in plate.runs.items() if run[1]}
    if wanted is not None:
        named = [k for k in plate.runs if wanted in (k, plate.runs[k][0].get("Name"))]
        runs = {key: plate.runs[key] for key in named[:1]}
    elif len(runs) < 2:
        only = next(iter(runs.values()), None) or next(iter(plate.runs.values()), None)
        return (None if only is None else only[0]), plate.samples
    if len(runs) != 1:
        count = len(runs)
        raise ParserError(
            f"plate {plate.title} holds {count} acquisitions called {wanted!r}, it "
            f"has: {', '.join(plate.runs) or 'none'}. Set the option "
            "plate_acquisition to one of them."
            if wanted is not None
            else f"plate {plate.title} was acquired {count} times: {', '.join(runs)}. "
            "Set the option plate_acquisition to one of them; list the others as "
            "acquisitions of their own."
        )
    element, refs = next(iter(runs.values()))
    return element, [sample for sample in plate.samples if sample.id in refs]
