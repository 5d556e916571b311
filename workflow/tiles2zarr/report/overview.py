"""The head of the page, and the contact sheets."""

from collections import Counter

from tiles2zarr.models.finding import Severity
from tiles2zarr.report.facts import Facts
from tiles2zarr.report.figures import number
from tiles2zarr.report.frame import Frame, Place
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.palette import GREYS
from tiles2zarr.report.pictures import Sheet
from tiles2zarr.report.sheets import draw_sheet
from tiles2zarr.report.view import (
    STANDING,
    Part,
    Section,
    View,
    fold,
    heading,
    paragraph,
)

SIGNS: dict[Severity, str] = {"error": "\u2716", "warning": "\u25b2", "info": "\u25cf"}
"""A sign per severity: colour alone tells nothing to many readers."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 image``, ``2 images``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def octets(size: float) -> str:
    """Return bytes for people: ``1.2 MB``."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            break
        size /= 1000
    return f"{number(size)} {unit}"


def headline(view: View) -> Markup:
    """Return the name, how the run ended, and its main numbers."""
    facts = view.facts
    return element(
        "header",
        paragraph("OME-Zarr conversion", class_="kind"),
        element("h1", facts.name),
        _state(facts),
        element("dl", *_numbers(view), class_="numbers"),
    )


def _state(facts: Facts) -> Markup:
    """Return one sentence on how the run ended, with a sign."""
    standing = Counter(image.standing for image in facts.images)
    bad = {kind: n for kind, n in standing.items() if kind != "written"}
    total = len(facts.images)
    if not bad:
        text = "The image is written."
        if total != 1:
            text = f"All {plural(total, 'image')} are written."
        return paragraph(element("b", "\u2714 Complete. "), text, class_="state good")
    parts = [f"{n:,} {STANDING[kind]}" for kind, n in sorted(bad.items())]
    return paragraph(
        element("b", "\u2716 Not complete. "),
        f"{standing['written']:,} of {plural(total, 'image')} written, "
        f"{', '.join(parts)}. Mend the ",
        element("a", "causes", href="#findings"),
        " and run the same command again; only these are redone.",
        class_="state bad",
    )


def _numbers(view: View) -> list[Markup]:
    facts = view.facts
    images = [image for image in facts.images if image.standing == "written"]
    wells = {(image.group, image.place) for image in images if image.place is not None}
    planned = {(i.group, i.place) for i in facts.images if i.place is not None}
    pixels = sum(image.pixel_bytes for image in images)
    stored = sum(image.stored.bytes for image in images if image.stored)
    missing = sum(image.missing for image in facts.images)
    entries: list[tuple[str, str, str]] = []
    if planned:
        entries.append((f"{len(wells):,}", f"of {plural(len(planned), 'well')}", ""))
    labels = dict.fromkeys(c.label for image in images for c in image.channels)
    fields = sum(len(image.fields) for image in facts.images)
    entries += [
        (f"{len(images):,}", f"of {plural(len(facts.images), 'image')}", ""),
        (f"{fields:,}", "field" if fields == 1 else "fields", ""),
        (f"{len(labels):,}", "channel" if len(labels) == 1 else "channels", ""),
        (octets(pixels), "acquired pixels", ""),
        (octets(stored), "stored", ""),
        (f"{missing:,}", "missing plane" if missing == 1 else "missing planes", ""),
    ]
    marks = [_number(value, name) for value, name, _ in entries]
    return [*marks, _counted(facts)]


def _number(value: str, name: str) -> Markup:
    return element("div", element("dt", name), element("dd", value))


def _counted(facts: Facts) -> Markup:
    counts = Counter(finding.severity for finding in facts.findings)
    kinds: tuple[Severity, ...] = ("error", "warning", "info")
    marks = [
        element(
            "span",
            element("span", SIGNS[kind], class_=f"sign {kind}", aria_hidden="true"),
            f" {counts[kind]} {kind}",
        )
        for kind in kinds
        if counts[kind]
    ]
    inside = join(*marks) if marks else Markup("none")
    link = element("a", "findings", href="#findings")
    return element(
        "div", element("dt", link), element("dd", inside, class_="kinds"), class_="last"
    )


def contact_sheets(view: View) -> Section | None:
    """Return the plate as pictures: all channels together, then each of them."""
    parts = [_sheets_of(view, part) for part in view.parts()]
    shown = [part for part in parts if part is not None]
    if not shown:
        return None
    note = paragraph(
        f"{_where(view)} Beside a channel stand the grey values that are black and "
        "white, the same in all wells: percentiles 0.1 and 99.9 of all its pixels, "
        "less where a few wells are far brighter. Of a stack the brightest value "
        "is shown, of brightfield and the like the middle plane, of a time series the "
        "first point.",
        class_="note",
    )
    title = "Plate" if any(view.facts.groups) else "Images"
    return Section("plate", title, join(note, *shown, _unseen(view)))


def _where(view: View) -> str:
    if not any(view.facts.groups):
        return "Each image in the order of its name."
    return "Each well at its place, empty wells as outlines."


def _unseen(view: View) -> Markup | None:
    if not view.unseen:
        return None
    lines = [element("li", f"{name}: {why}") for name, why in view.unseen.items()]
    return fold(
        f"{plural(len(lines), 'picture')} could not be made", element("ul", *lines)
    )


def _sheets_of(view: View, part: Part) -> Markup | None:
    mine = [
        sheet
        for sheet in view.sheets
        if (sheet.group, sheet.acquisition) == (part.group, part.acquisition.id)
    ]
    if not mine:
        return None
    absent = {**part.absent(), **view.foreign(part.group)}
    links = {p: view.anchor(part.group, p) for p in part.by_place if p not in absent}
    notes = {place: _note(part, place) for place in links}

    def drawn(sheet: Sheet, small: bool) -> Markup:
        return draw_sheet(part.frame, sheet, links, notes, absent=absent, small=small)

    first, *rest = mine
    keys = [_key(view, part, label) for label in _labels(part, first)]
    channels = [
        element(
            "figure",
            element("figcaption", s.label, _window(view, part, s.label)),
            element("div", drawn(s, True), class_="wide"),
        )
        for s in rest
    ]
    return join(
        heading(3, part.title),
        _part_drawn(part.frame),
        element(
            "figure",
            element("div", drawn(first, False), class_="wide"),
            element("figcaption", *keys, class_="keys"),
        ),
        element("div", *channels, class_="pair") if channels else None,
    )


def _part_drawn(frame: Frame) -> Markup | None:
    """Return which part of the plate is drawn, here and in all maps below."""
    if frame.plate is None:
        return None
    rows, columns = frame.plate
    first, last = frame.corners
    return paragraph(
        f"Drawn here and in the maps below: {first} to {last}, the wells in use of a "
        f"plate of {rows} rows and {columns} columns.",
        class_="note",
    )


def _labels(part: Part, sheet: Sheet) -> tuple[str, ...]:
    """Return the channels that a sheet shows: in colour, or the one in grey."""
    if sheet.label:
        return (sheet.label,)
    dyed = tuple(label for label in part.labels if part.color(label) not in GREYS)
    return dyed or part.labels[:1]


def _key(view: View, part: Part, label: str) -> Markup:
    several = len(part.labels) > 1
    color = f"background:#{part.color(label)}"
    swatch = element("i", style=color) if several else None
    return element("span", swatch, label, _window(view, part, label), class_="key")


def _window(view: View, part: Part, label: str) -> Markup | None:
    """Return black and white of a channel, in grey values."""
    contrast = view.facts.contrast.get((part.acquisition.id, label))
    if contrast is None:
        return None
    return element("small", f" {number(contrast.start)} to {number(contrast.end)}")


def _note(part: Part, place: Place) -> str:
    images = part.by_place[place]
    lost = sum(image.missing for image in images)
    fields = sum(len(image.fields) for image in images)
    text = f"{part.frame.name(place)}: {plural(fields, 'field')}"
    return text + (f", {plural(lost, 'missing plane')}" if lost else "")
