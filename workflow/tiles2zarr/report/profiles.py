"""Brightness over time and sharpness over z, a small curve per well."""

from tiles2zarr.report.facts import Profile
from tiles2zarr.report.figures import number
from tiles2zarr.report.frame import Place
from tiles2zarr.report.heatmap import Grid, absent_cell, drawing, empty_cells, names
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.view import Part, Section, View, heading, paragraph

WIDTH = 620.0
"""Width of a plate of curves."""
MOST = 400
"""Wells beyond which curves would be too small to read."""
Curves = dict[Place, Profile]


def profiles(view: View) -> Section | None:
    """Return the curves of every channel with several time points or planes."""
    blocks = [block for part in view.parts() for block in _part(part)]
    if not blocks:
        return None
    note = paragraph(
        "A curve per well: time points or planes from left to right, values from the "
        "lowest of the plate (bottom) to the highest (top), which stand beside the "
        "name. Hatched: not written or not measured.",
        class_="note",
    )
    return Section("profiles", "Over time and z", join(note, *blocks))


def _part(part: Part) -> list[Markup]:
    if len(part.by_place) > MOST:
        return []
    maps = []
    for label in part.labels:
        for name, title in (
            ("t_mean", "mean over time"),
            ("z_focus", "sharpness over z"),
        ):
            curves = _curves(part, label, name)
            if curves:
                maps.append(_map(part, curves, f"{label}, {title}"))
    if not maps:
        return []
    head = heading(3, part.title)
    return [*([head] if head else []), element("div", *maps, class_="pair")]


def _curves(part: Part, label: str, name: str) -> Curves:
    found: Curves = {}
    for place, images in part.by_place.items():
        for image in images:
            for channel in image.channels:
                profile: Profile = getattr(channel, name)
                if channel.label == label and len(profile) > 1:
                    found.setdefault(place, profile)
    return found


def _map(part: Part, curves: Curves, title: str) -> Markup:
    grid = Grid(part.frame, min(WIDTH / part.frame.columns, 120), left=22, top=14)
    known = [value for curve in curves.values() for value in curve if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    lines = [_curve(grid, place, curve, low, high) for place, curve in curves.items()]
    absent = dict.fromkeys(part.by_place.keys() - curves.keys(), "no value")
    absent |= {place: why for place, why in part.absent().items() if place in absent}
    hatched = [absent_cell(grid, place, why) for place, why in sorted(absent.items())]
    empty = empty_cells(grid, part.by_place)
    edges = grid.right + 4, grid.bottom + 4
    picture = drawing(*edges, title, names(grid), empty, *hatched, *lines)
    caption = element("b", title)
    return element(
        "figure",
        element("figcaption", caption, f" {number(low)} to {number(high)}"),
        element("div", picture, class_="wide"),
    )


def _curve(grid: Grid, place: Place, curve: Profile, low: float, high: float) -> Markup:
    x, y = grid.corner(place)
    edge = grid.cell * 0.84
    left, top = x + grid.cell * 0.08, y + grid.cell * 0.08
    span = high - low or 1.0
    step = edge / (len(curve) - 1)
    points = " ".join(
        f"{left + step * i:.1f},{top + edge * (1 - (v - low) / span):.1f}"
        for i, v in enumerate(curve)
        if v is not None
    )
    ends = [number(v) for v in (curve[0], curve[-1]) if v is not None]
    note = element("title", f"{grid.frame.name(place)}: {' to '.join(ends)}")
    box = element(
        "rect", x=left - 1, y=top - 1, width=edge + 2, height=edge + 2, class_="plot"
    )
    return element("g", note, box, element("polyline", points=points, class_="curve"))
