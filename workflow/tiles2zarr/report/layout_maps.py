"""Conditions as maps of the plate."""

import math
from collections import Counter
from collections.abc import Mapping

from tiles2zarr.models.base import Scalar
from tiles2zarr.report.figures import number
from tiles2zarr.report.frame import Frame, Place
from tiles2zarr.report.heatmap import (
    Grid,
    Scale,
    absent_cell,
    draw_heatmap,
    drawing,
    empty_cells,
    grid_of,
    names,
    scale_bar,
)
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.palette import CATEGORIES, ink_on
from tiles2zarr.report.view import Section, View, heading, paragraph

WIDTH = 420.0
"""Width of a map."""
NUMERIC = 8
"""Distinct numbers from which a condition is drawn on a scale."""
SPAN = 30
"""Largest over smallest number from which the scale is logarithmic: doses."""
LEGEND = 52
"""Values that a legend lists."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""Marks of values: colours repeat, marks do not."""
Texts = Mapping[Place, tuple[Scalar, ...]]


def conditions(view: View) -> Section | None:
    """Return a map per condition that has a value, and plate."""
    parts = []
    for group in view.facts.groups:
        maps = _maps(view, group)
        if maps:
            title = group if len(view.facts.groups) > 1 else ""
            parts.append(join(heading(3, title), element("div", *maps, class_="maps")))
    if not parts:
        return None
    note = paragraph(
        "Values of a well; several are given one after the other. Hatched: not written "
        "or without a value.",
        class_="note",
    )
    return Section("conditions", "Conditions", join(note, *parts))


def _maps(view: View, group: str) -> list[Markup]:
    frame = view.frames[group]
    found: dict[str, dict[Place, dict[Scalar, None]]] = {}
    for part in view.parts():
        for image in part.images if part.group == group else ():
            for name, values in image.conditions.items():
                place = found.setdefault(name, {}).setdefault(part.place(image), {})
                place.update(dict.fromkeys(v for v in values if v is not None))
    unread = {
        place: why
        for part in view.parts()
        if part.group == group
        for place, why in part.absent().items()
    }
    return [
        _condition(frame, name, {p: tuple(v) for p, v in places.items()}, unread)
        for name, places in found.items()
        if any(places.values())
    ]


def _condition(
    frame: Frame, name: str, values: Texts, unread: Mapping[Place, str]
) -> Markup:
    """Return a map; wells of which no condition was read are hatched."""
    absent = {p: why for p, why in unread.items() if p not in values}
    numbers = _numbers(values)
    if numbers is not None:
        title, scale = f"Condition {name}: map of the plate", _scale(numbers)
        blank = dict.fromkeys(values.keys() - numbers.keys(), "no value")
        picture, _, _ = draw_heatmap(
            frame, numbers, absent | blank, number, title, scale=scale, width=WIDTH
        )
        legend = join(
            scale_bar(scale, number),
            _hatched("no value", len(blank)) if blank else None,
        )
    else:
        picture, legend = _categories(frame, name, values, absent)
    return element(
        "figure",
        element("figcaption", element("b", name)),
        element("div", picture, class_="wide"),
        legend,
    )


def _scale(numbers: Mapping[Place, float]) -> Scale:
    """Return the whole range, in equal factors where it spans many of them."""
    low, high = min(numbers.values()), max(numbers.values())
    return Scale(low, high, log=low > 0 and high / low >= SPAN)


def _numbers(values: Texts) -> dict[Place, float] | None:
    """Return the values of a condition that is many numbers, else nothing."""
    single = {place: found[0] for place, found in values.items() if len(found) == 1}
    if any(len(found) > 1 for found in values.values()):
        return None
    if not all(isinstance(v, int | float) and v == v for v in single.values()):
        return None
    if len(set(single.values())) < NUMERIC:
        return None
    return {place: float(value or 0) for place, value in single.items()}


def _hatched(text: str, count: int) -> Markup:
    """Return what stands for hatched wells in a legend."""
    swatch = element("span", class_="swatch hatched")
    return element(
        "p", swatch, f" {text} ", element("small", f"{count:,}"), class_="key"
    )


def _categories(
    frame: Frame, name: str, values: Texts, absent: Mapping[Place, str]
) -> tuple[Markup, Markup]:
    texts = {place: _text(found) for place, found in values.items()}
    counts = Counter(texts.values())
    ranks = {texts[place]: _rank(found) for place, found in values.items()}
    order = sorted(counts, key=lambda text: (text == "", ranks[text], text))
    marks = {text: LETTERS[i % len(LETTERS)] for i, text in enumerate(order)}
    colors = {text: CATEGORIES[i % len(CATEGORIES)] for i, text in enumerate(order)}
    marks[""], colors[""] = "", "#eef1f4"
    grid = grid_of(frame, WIDTH)
    cells = [
        _cell(grid, place, text, marks[text], colors[text])
        for place, text in sorted(texts.items())
    ]
    label = f"Condition {name}: map of the plate"
    size = grid.right + 4, grid.bottom + 4
    cells += [absent_cell(grid, place, why) for place, why in sorted(absent.items())]
    outlines = empty_cells(grid, texts.keys() | absent.keys())
    picture = drawing(*size, label, names(grid), outlines, *cells)
    entries = [
        element(
            "li",
            element(
                "i", marks[t], style=f"background:{colors[t]};color:{ink_on(colors[t])}"
            ),
            f"{t or 'no value'} ",
            element("small", f"{counts[t]:,}"),
        )
        for t in order[:LEGEND]
    ]
    if len(order) > LEGEND:
        entries.append(element("li", f"and {len(order) - LEGEND:,} more values"))
    return picture, element("ul", *entries, class_="legend")


def _rank(found: tuple[Scalar, ...]) -> tuple[float, ...]:
    """Return what puts numbers in their order, and before texts."""
    numeric = all(isinstance(v, int | float) for v in found)
    return tuple(float(v) for v in found if v is not None) if numeric else (math.inf,)


def _text(found: tuple[Scalar, ...]) -> str:
    return ", ".join(
        number(v) if isinstance(v, float) else str(v) for v in found if v is not None
    )


def _cell(grid: Grid, place: Place, text: str, mark: str, color: str) -> Markup:
    x, y = grid.corner(place)
    off, edge = grid.cell * 0.05, grid.cell * 0.9
    box = element("rect", x=x + off, y=y + off, width=edge, height=edge, fill=color)
    middle = grid.cell / 2
    letter = None
    if grid.cell >= 11 and mark:
        letter = element(
            "text", mark, x=x + middle, y=y + middle + 4, fill=ink_on(color)
        )
    note = f"{grid.frame.name(place)}: {text or 'no value'}"
    return element("g", element("title", note), box, letter, class_="count")
