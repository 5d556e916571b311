"""How tiles were placed: the decision, the stage before and after, and the shifts."""

import numpy as np

from tiles2zarr.report.facts import FieldFacts
from tiles2zarr.report.figures import number
from tiles2zarr.report.heatmap import draw_heatmap, scale_bar
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.overview import plural
from tiles2zarr.report.stage import Layout, draw_fields, layouts
from tiles2zarr.report.view import Part, Section, View, heading, paragraph, table

LARGE, SMALL = 380.0, 150.0
"""Longest edge of the pictures of the usual well and of the others."""
OTHERS = 12
"""Other arrangements that are drawn."""
STILL = 0.5
"""Pixels up to which a field is where it was: rounding."""
WELLS = 6
"""Wells named below an arrangement."""


def stage(view: View) -> Section | None:
    """Return the fields on the stage and in the image, per acquisition."""
    found = [(part, layouts(part.images)) for part in view.parts()]
    shown = [_part(part, each) for part, each in found if each]
    if not shown:
        return None
    if not any(_drawn(each) for _, each in found):
        return Section("stage", "Stage and tiling", join(*shown))
    note = paragraph(
        element("span", class_="swatch overlap"),
        " two fields cover the same place  ",
        element("span", class_="swatch gap"),
        " no field covers the place  ",
        element("span", class_="swatch way"),
        " from where a field's middle was to where it is",
        class_="note",
    )
    return Section("stage", "Stage and tiling", join(note, *shown))


def _drawn(found: list[Layout]) -> bool:
    """Say whether there is something to see: fields beside each other, or one moved."""
    return any(
        len(layout.fields) > 1 or layout.fields[0].moved > STILL for layout in found
    )


def _part(part: Part, found: list[Layout]) -> Markup:
    usual, *others = found
    head = join(
        heading(3, part.title),
        paragraph(_mode(part), _sentence(part.acquisition.reason), class_="reason"),
    )
    if not _drawn(found):
        return head
    return join(
        head,
        element(
            "div",
            _panel(usual, "On the stage", after=False, width=LARGE),
            _panel(usual, "In the image", after=True, width=LARGE),
            class_="panels",
        ),
        paragraph(_who(usual, found), class_="remark"),
        _others(others),
    )


def _mode(part: Part) -> Markup | None:
    if not part.acquisition.tiling:
        return None
    return join("Tiling ", element("code", part.acquisition.tiling), ": ")


def _sentence(text: str) -> str:
    """Return the reason of a decision with its full stop."""
    return text if not text or text.endswith(".") else f"{text}."


def _panel(layout: Layout, title: str, *, after: bool, width: float) -> Markup:
    label = f"Fields of well {layout.wells[0]}, {title.lower()}"
    picture = draw_fields(layout.fields, after=after, width=width, label=label)
    return element("figure", element("figcaption", title), picture)


def _who(layout: Layout, found: list[Layout]) -> str:
    name = layout.wells[0]
    if len(found) == 1 and len(layout.wells) == 1:
        return f"{name}, {plural(len(layout.fields), 'field')}."
    if len(found) == 1:
        return (
            f"{name} is shown; all {len(layout.wells):,} have the same "
            f"{plural(len(layout.fields), 'field')} within a twentieth of a field."
        )
    return (
        f"{name} is shown, the most common arrangement ("
        f"{plural(len(layout.wells), 'well')} of {sum(len(f.wells) for f in found):,})."
    )


def _others(others: list[Layout]) -> Markup | None:
    if not others:
        return None
    small = []
    for layout in others[:OTHERS]:
        named = ", ".join(layout.wells[:WELLS])
        more = len(layout.wells) - WELLS
        named += f" and {more} more" if more > 0 else ""
        label = f"Fields of {named}"
        pictures = [
            draw_fields(layout.fields, after=after, width=SMALL, label=label)
            for after in (False, True)
        ]
        small.append(
            element(
                "figure",
                element("figcaption", named),
                element("div", *pictures, class_="two"),
            )
        )
    rest = len(others) - OTHERS
    return join(
        heading(4, "Wells that differ"),
        element("div", *small, class_="small-stages"),
        paragraph(f"{plural(rest, 'more arrangement')} not drawn.")
        if rest > 0
        else None,
    )


def shifts(view: View) -> Section | None:
    """Return how far tiling moved the fields; nothing if all are where they were."""
    rows, maps, moved = [], [], False
    for part in view.parts():
        fields = [one for image in part.images for one in image.fields]
        if not fields:
            continue
        moved |= any(one.moved > STILL for one in fields)
        rows.append(_row(part, fields))
        maps.append(_map(part))
    if not moved:
        return None
    head = ("Acquisition", "Tiling", "Fields", "Moved", "Median", "Largest", "Largest")
    units = ("", "", "", "> 0.5 px", "px", "px", "um")
    named = tuple(
        f"{h} {u}".strip().replace("um", "\u00b5m")
        for h, u in zip(head, units, strict=True)
    )
    note = paragraph(
        "Distance between a field's place on the stage and its place in the image. "
        "Stage positions as acquired are kept in the tables of each image.",
        class_="note",
    )
    body = table(named, rows, numbers=(2, 3, 4, 5, 6))
    return Section(
        "shifts",
        "Registration shifts",
        join(note, body, element("div", *maps, class_="maps")),
    )


def _row(part: Part, fields: list[FieldFacts]) -> tuple[str, ...]:
    moved = np.array([one.moved for one in fields])
    pixel = max(part.images[0].pixel_um)
    return (
        part.title or part.acquisition.name,
        part.acquisition.tiling,
        f"{len(fields):,}",
        f"{int((moved > STILL).sum()):,}",
        number(float(np.round(np.median(moved), 2))),
        number(float(np.round(moved.max(), 2))),
        number(float(np.round(moved.max() * pixel, 2))),
    )


def _map(part: Part) -> Markup | None:
    farthest = {
        place: max(one.moved for image in images for one in image.fields)
        for place, images in part.by_place.items()
        if any(image.fields for image in images)
    }
    if len(farthest) < 2 or max(farthest.values()) - min(farthest.values()) < 0.5:
        return None
    absent = {p: w for p, w in part.absent().items() if p not in farthest}
    label = "Largest shift of a field per well"
    picture, _, scale = draw_heatmap(part.frame, farthest, absent, _pixels, label)
    caption = f"Largest shift, {part.title}" if part.title else "Largest shift"
    return element(
        "figure",
        element("figcaption", element("b", caption)),
        element("div", picture, class_="wide"),
        scale_bar(scale, _pixels),
    )


def _pixels(value: float) -> str:
    return f"{number(round(value, 2))} px"
