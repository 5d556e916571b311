"""Where planes are missing: over the plate, over the field, and as a list."""

from tiles2zarr.report.facts import ImageFacts
from tiles2zarr.report.figures import number
from tiles2zarr.report.frame import Place
from tiles2zarr.report.heatmap import HATCH, Grid, drawing, empty_cells, grid_of, names
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.overview import plural
from tiles2zarr.report.palette import DIVERGING, ink_on, shade
from tiles2zarr.report.stage import draw_fields, fields_by_well
from tiles2zarr.report.view import Part, Section, View, fold, heading, paragraph, table

WIDTH = 620.0
"""Width of the map."""
DRAWN = 24
"""Wells whose fields are drawn."""
LISTED = 400
"""Planes in the list."""
STATUS = {
    "missing": "no file",
    "error": "failed at the instrument",
    "unreadable": "cannot be decoded",
}
"""Why a plane is missing, in words."""


def missing_planes(view: View) -> Section:
    """Return the map of missing planes, or the sentence that there are none."""
    images = [image for image in view.facts.images if image.standing == "written"]
    total = sum(image.missing for image in view.facts.images)
    planes = sum(image.planes for image in images)
    unwritten = len(view.facts.images) - len(images)
    if not total:
        # planes of an image that failed are neither there nor known to be missing
        where = (
            f"the {plural(len(images), 'image')} written" if unwritten else "the plan"
        )
        body = paragraph(f"None: all {plural(planes, 'plane')} of {where} are there.")
        rest = (
            paragraph(
                f"What {plural(unwritten, 'image')} not written would lack stands "
                "under ",
                element("a", "Findings", href="#findings"),
                ".",
                class_="note",
            )
            if unwritten
            else None
        )
        return Section("missing", "Missing tiles", join(body, rest))
    planes = sum(image.planes for image in view.facts.images)
    text = paragraph(
        f"Missing: {total:,} of {plural(planes, 'plane')}. Their pixels are 0 and are "
        "not counted as acquired. Numbers are missing planes, darker is a larger share "
        "of the well.",
        class_="note",
    )
    parts = [
        _part(part) for part in view.parts() if any(i.missing for i in part.images)
    ]
    return Section("missing", "Missing tiles", join(text, *parts))


def _part(part: Part) -> Markup:
    return join(
        heading(3, part.title),
        element("div", _map(part), class_="wide"),
        _fields(part),
        _list(part.images),
    )


def _map(part: Part) -> Markup:
    grid = grid_of(part.frame, WIDTH)
    cells = [_cell(grid, place, images) for place, images in part.by_place.items()]
    label = "Missing planes per well"
    edges = grid.right + 4, grid.bottom + 4
    return drawing(*edges, label, names(grid), empty_cells(grid, part.by_place), *cells)


def _cell(grid: Grid, place: Place, images: tuple[ImageFacts, ...]) -> Markup:
    x, y = grid.corner(place)
    off, edge = grid.cell * 0.05, grid.cell * 0.9
    lost, planes = sum(i.missing for i in images), sum(i.planes for i in images)
    unknown = all(not image.fields for image in images)
    fill = HATCH if unknown else "#eef1f4"
    if lost:
        fill = shade(0.68 + 0.32 * lost / max(planes, 1), DIVERGING)
    note = f"{grid.frame.name(place)}: {lost:,} of {planes:,} missing"
    if unknown:
        note = f"{grid.frame.name(place)}: {images[0].reason or 'state unknown'}"
    box = element("rect", x=x + off, y=y + off, width=edge, height=edge, fill=fill)
    text = number(lost)
    fits = lost and grid.cell > 6.5 * len(text) + 2
    middle = grid.cell / 2
    count = (
        element("text", text, x=x + middle, y=y + middle + 4, fill=ink_on(fill))
        if fits
        else None
    )
    return element("g", element("title", note), box, count, class_="count")


def _fields(part: Part) -> Markup | None:
    wells = {name for image in part.images if image.missing for name in (image.name,)}
    found = {n: f for n, f in fields_by_well(part.images).items() if n in wells}
    figures = []
    for name, fields in list(found.items())[:DRAWN]:
        label = f"Missing planes of the fields of {name}"
        picture = draw_fields(fields, after=True, width=120, label=label, missing=True)
        figures.append(element("figure", element("figcaption", name), picture))
    rest = len(found) - DRAWN
    return join(
        heading(4, "Fields with missing planes"),
        element("div", *figures, class_="small-stages"),
        paragraph(f"{plural(rest, 'more well')} not drawn.") if rest > 0 else None,
    )


def _list(images: tuple[ImageFacts, ...]) -> Markup:
    rows = []
    for image in images:
        labels = [channel.label for channel in image.channels]
        for plane in image.missing_shown:
            known = plane.c < len(labels)
            rows.append(
                (
                    image.image,
                    plane.field,
                    labels[plane.c] if known else str(plane.c),
                    str(plane.z),
                    str(plane.t),
                    STATUS.get(plane.status, plane.status),
                    plane.file,
                )
            )
    total = sum(image.missing for image in images)
    shown = rows[:LISTED]
    head = ("Image", "Field", "Channel", "z", "t", "Why", "File")
    more = total - len(shown)
    return fold(
        f"List of {plural(total, 'missing plane')}",
        table(head, shown, numbers=(3, 4)),
        paragraph(f"{more:,} more: see plane_table of each image.")
        if more > 0
        else None,
    )
