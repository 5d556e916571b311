"""Heatmaps of the figures of every channel."""

from collections.abc import Mapping
from functools import partial

from tiles2zarr.report.effects import Effects
from tiles2zarr.report.figures import FIGURES, Figure, written
from tiles2zarr.report.frame import Frame, Place
from tiles2zarr.report.heatmap import Scale, draw_heatmap, scale_bar
from tiles2zarr.report.light import field_light
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.view import Part, Section, View, heading, paragraph

Figures = Mapping[Place, Mapping[str, float]]
NAMED = 8
"""Outliers that are named below a heatmap."""
MOST = 2000
"""Wells times channels from which maps are compact: else the page would grow large."""
CLEAR = 3.0
"""Standard errors from which the effect of a line is told."""


def quality(view: View) -> Section | None:
    """Return the heatmaps, a row per figure, a column per channel."""
    cells = sum(len(part.by_place) * len(part.labels) for part in view.parts())
    parts = [_part(part, compact=cells > MOST) for part in view.parts()]
    shown = [part for part in parts if part is not None]
    if not shown:
        return None
    note = paragraph(
        "A map per figure and channel, each with a scale of its own: dark is low, "
        "light is high. The strips along the edges show what a row or column adds to "
        "the usual well: blue less, orange more (by median polish). A red frame marks "
        "an outlier, more than five robust standard deviations off what row and "
        "column lead to expect. Hatched: not written or not measured. All figures as "
        "a table: report/quality.csv beside this page.",
        class_="note",
    )
    return Section("quality", "Quality figures", join(note, *shown))


def _part(part: Part, *, compact: bool) -> Markup | None:
    found = {label: part.figures(label) for label in part.labels}
    rows = [
        *(_figure(part, found, f, compact) for f in FIGURES if f.mapped),
        field_light(part),
    ]
    shown = [row for row in rows if row is not None]
    if not shown:
        return None
    return join(heading(3, part.title), element("div", *shown, class_="figures"))


def _figure(
    part: Part, every: Mapping[str, Figures], figure: Figure, compact: bool
) -> Markup | None:
    maps = []
    for label, known in every.items():
        found = {
            place: figures[figure.key]
            for place, figures in known.items()
            if figure.key in figures
        }
        if found:
            absent = dict.fromkeys(part.by_place.keys() - found.keys(), "no value")
            absent |= {p: why for p, why in part.absent().items() if p in absent}
            write = partial(written, figure=figure)
            label_text = f"{figure.title}, {label}: map of the plate"
            picture, effects, scale = draw_heatmap(
                part.frame, found, absent, write, label_text, compact=compact
            )
            text = _remarks(part.frame, effects, scale, figure, bool(absent))
            # a map in one colour tells no more than the sentence; wells not written are
            # crossed out among the pictures
            same = scale.high <= scale.low and absent.keys() <= part.absent().keys()
            shown = [
                element("div", picture, class_="wide"),
                scale_bar(scale, write) if scale.high > scale.low else None,
            ]
            maps.append(
                element(
                    "figure",
                    element("figcaption", element("b", label)),
                    *([] if same else shown),
                    paragraph(text, class_="remark"),
                )
            )
    if not maps:
        return None
    head = element("h4", figure.title)
    return element(
        "section",
        head,
        paragraph(figure.note, class_="note"),
        element("div", *maps, class_="maps"),
        class_="figure",
    )


def _remarks(
    frame: Frame,
    effects: Effects | None,
    scale: Scale,
    figure: Figure,
    unwritten: bool,
) -> str:
    """Return in words what the map shows: lines and wells that stand out."""
    if scale.high <= scale.low:
        which = "images" if frame.singles else "wells"
        which += " written" if unwritten else ""
        return f"{written(scale.low, figure)} in all {which}."
    if effects is None:
        return ""
    told = [
        text
        for text in (
            _line(effects, "row", frame, figure),
            _line(effects, "column", frame, figure),
        )
        if text
    ]
    names = [frame.name(frame.place(*at)) for at in effects.outliers]
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        told.append(f"Outliers: {', '.join(names[:NAMED])}{more}.")
    return " ".join(told) or "No row, column or well stands out."


def _line(effects: Effects, kind: str, frame: Frame, figure: Figure) -> str:
    """Return the row or column that is farthest off, if that is not chance."""
    values = effects.rows if kind == "row" else effects.columns
    names = frame.row_names() if kind == "row" else frame.column_names()
    known = [(abs(v), i) for i, v in enumerate(values) if v == v]
    size, index = max(known)
    wells = effects.rest.shape[1 if kind == "row" else 0]
    # of the mean of a line, times 1.25 for the median
    error = 1.25 * effects.noise / wells**0.5
    if size <= CLEAR * error or size < 1e-3 * abs(effects.overall):
        return ""
    sign = "+" if values[index] > 0 else ""
    size_text = written(float(values[index]), figure)
    return f"Largest {kind} effect: {names[index]}, {sign}{size_text}."
