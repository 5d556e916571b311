"""A plate as a grid of coloured cells, with what rows and columns add at its edges."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tiles2zarr.report.effects import Effects, find_effects
from tiles2zarr.report.frame import Frame, Place
from tiles2zarr.report.markup import Markup, element, join
from tiles2zarr.report.palette import DIVERGING, SEQUENTIAL, shade

MANY = 600
"""Wells beyond which cells carry no text of their own: the page would grow large."""
CAPTIONED = 60.0
"""Width of a cell from which a single image has its name below it."""
LEAST = 0.04
"""Least width of a scale, over its middle."""
SHADES = 64
"""Colours of a scale that are told apart."""
PLATE_WIDTH = 300
"""Width of the cells together, in units of the drawing."""
HATCH = "url(#no-value)"
RING = 0.14
"""Thickness of the frame of an outlier, over its cell: its colour stays to be seen."""


@dataclass(frozen=True)
class Scale:
    """From values to colours."""

    low: float
    high: float
    log: bool = False
    """Equal factors are equal steps."""

    def share(self, value: float) -> float:
        """Return where a value lies, 0 to 1; a scale without range is all middle."""
        if self.high <= self.low:
            return 0.5
        low, high = self.low, self.high
        if self.log:
            value, low, high = (math.log(max(v, self.low)) for v in (value, low, high))
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def color(self, value: float) -> str:
        """Return the colour of a value."""
        step = round(self.share(value) * (SHADES - 1))
        return shade(step / (SHADES - 1))


@dataclass(frozen=True)
class Grid:
    """Where the cells of a frame are drawn."""

    frame: Frame
    cell: float
    """Width of a cell."""
    left: float
    top: float
    aspect: float = 1.0
    """Width of a cell over its height."""

    @property
    def tall(self) -> float:
        """Height of a cell."""
        return self.cell / self.aspect

    def corner(self, place: Place) -> tuple[float, float]:
        """Return x and y of a cell."""
        row, column = self.frame.drawn(place)
        return self.left + column * self.cell, self.top + row * self.tall

    @property
    def right(self) -> float:
        """Return x of the right edge."""
        return self.left + self.frame.columns * self.cell

    @property
    def bottom(self) -> float:
        """Return y of the lower edge."""
        return self.top + self.frame.rows * self.tall


def grid_of(frame: Frame, width: float = PLATE_WIDTH) -> Grid:
    """Return the cells of a frame, square, with room for the names of lines."""
    cell = min(width / frame.columns, 36.0)
    return Grid(frame, cell, left=22.0, top=14.0)


def scale_of(values: Iterable[float]) -> Scale:
    """Return a scale over the values, up to 2 % far ones at either end left out.

    It is at least ``LEAST`` of their size wide, so that noise does not look like more.
    """
    known = np.asarray(list(values), dtype=np.float64)
    if not known.size or known.min() == known.max():
        value = float(known[0]) if known.size else 0.0
        return Scale(value, value)
    low, high = np.percentile(known, [2, 98], method="nearest")
    middle = (low + high) / 2
    half = max(high - low, LEAST * abs(middle)) / 2
    return Scale(float(middle - half), float(middle + half))


def values_grid(frame: Frame, values: Mapping[Place, float]) -> np.ndarray:
    """Return the values over the (row, column) drawn, NaN where there is none."""
    grid = np.full((frame.rows, frame.columns), np.nan)
    for place, value in values.items():
        grid[frame.drawn(place)] = value
    return grid


def draw_heatmap(
    frame: Frame,
    values: Mapping[Place, float],
    absent: Mapping[Place, str],
    write: Callable[[float], str],
    label: str,
    *,
    scale: Scale | None = None,
    width: float = PLATE_WIDTH,
    compact: bool = False,
) -> tuple[Markup, Effects | None, Scale]:
    """Return the drawing of one figure over a plate, what stands out, and its scale.

    Args:
        frame: The plate.
        values: By well.
        absent: Wells that have no value though they were planned, and why.
        write: Makes text of a value.
        label: What the drawing shows, for those who cannot see it.
        scale: Colours of the values; what is given here is no measurement, and nothing
            is said of effects and outliers.
        width: Of the cells together.
        compact: Draw cells without texts of their own, a fifth of the size.
    """
    grid = grid_of(frame, width)
    measured = scale is None and not frame.singles
    effects = find_effects(values_grid(frame, values)) if measured else None
    scale = scale or scale_of(values.values())
    parts = [names(grid), empty_cells(grid, values.keys() | absent.keys())]
    parts += (
        _shapes(grid, values, scale)
        if compact or len(values) > MANY
        else _cells(grid, values, scale, write)
    )
    parts += [absent_cell(grid, place, why) for place, why in sorted(absent.items())]
    if effects is not None:
        parts.append(_margins(grid, effects, write))
        parts += [_ring(grid, frame.place(*at)) for at in effects.outliers]
    width, height = grid.right + 16, grid.bottom + 16
    return drawing(width, height, label, *parts), effects, scale


def drawing(width: float, height: float, label: str, *parts: Markup) -> Markup:
    """Return an SVG picture that scales with the page."""
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=round(width),
        height=round(height),
        role="img",
        aria_label=label,
    )


def names(grid: Grid) -> Markup:
    """Return the names of rows and columns, thinned out where they would touch."""
    every = max(1, math.ceil(14 / grid.cell))
    half = grid.cell / 2
    columns = [
        element("text", name, x=grid.left + i * grid.cell + half, y=grid.top - 4)
        for i, name in enumerate(grid.frame.column_names())
        if name and (i % every == 0)
    ]
    every, half = max(1, math.ceil(9 / grid.tall)), grid.tall / 2
    rows = [
        element("text", name, x=grid.left - 9, y=grid.top + i * grid.tall + half + 3)
        for i, name in enumerate(grid.frame.row_names())
        if name and (i % every == 0)
    ]
    singles = grid.frame.singles if grid.cell >= CAPTIONED else ()
    captions = [
        element(
            "text",
            _shortened(name, grid.cell),
            x=grid.corner(place)[0] + grid.cell / 2,
            y=grid.corner(place)[1] + grid.tall - 1,
        )
        for place, name in zip(grid.frame.places, singles, strict=False)
    ]
    return element("g", *columns, *rows, *captions, class_="names")


def _shortened(name: str, width: float) -> str:
    """Return the end of a name that fits into a width."""
    letters = int(width / 6.5)
    return name if len(name) <= letters else f"\u2026{name[1 - letters :]}"


def empty_cells(grid: Grid, used: Iterable[Place], gap: float = 0.1) -> Markup:
    """Return outlines of the wells that are not used, ``gap`` of a cell apart."""
    taken = set(used)
    places = [place for place in grid.frame.places if place not in taken]
    return element("path", d=_squares(grid, places, gap), class_="empty")


def _squares(grid: Grid, places: Iterable[Place], gap: float = 0.1) -> str:
    wide, tall = f"{grid.cell * (1 - gap):.2f}", f"{grid.tall * (1 - gap):.2f}"
    left, top = grid.cell * gap / 2, grid.tall * gap / 2
    corners = (grid.corner(place) for place in places)
    return "".join(
        f"M{x + left:.1f} {y + top:.1f}h{wide}v{tall}h-{wide}z" for x, y in corners
    )


def _cells(
    grid: Grid,
    values: Mapping[Place, float],
    scale: Scale,
    write: Callable[[float], str],
) -> list[Markup]:
    return [
        _cell(
            grid, place, scale.color(value), f"{grid.frame.name(place)}: {write(value)}"
        )
        for place, value in sorted(values.items())
    ]


def _shapes(grid: Grid, values: Mapping[Place, float], scale: Scale) -> list[Markup]:
    """Return one shape per colour."""
    colors: dict[str, list[Place]] = {}
    for place, value in sorted(values.items()):
        colors.setdefault(scale.color(value), []).append(place)
    return [
        element("path", d=_squares(grid, places), fill=color)
        for color, places in colors.items()
    ]


def _cell(grid: Grid, place: Place, fill: str, text: str) -> Markup:
    x, y = grid.corner(place)
    edge, off = grid.cell * 0.9, grid.cell * 0.05
    title = element("title", text)
    return element(
        "rect", title, x=x + off, y=y + off, width=edge, height=edge, fill=fill
    )


def absent_cell(grid: Grid, place: Place, why: str) -> Markup:
    """Return a hatched well: planned, but without a value."""
    return _cell(grid, place, HATCH, f"{grid.frame.name(place)}: {why}")


def _ring(grid: Grid, place: Place) -> Markup:
    x, y = grid.corner(place)
    edge, line = grid.cell - 0.4, min(1.8, RING * grid.cell)
    return element(
        "rect",
        x=x + 0.2,
        y=y + 0.2,
        width=edge,
        height=edge,
        rx=line,
        stroke_width=line,
        class_="ring",
    )


def _margins(grid: Grid, effects: Effects, write: Callable[[float], str]) -> Markup:
    """Return a strip per edge: what a row or column adds, blue below, orange above."""
    known = [abs(v) for v in (*effects.rows, *effects.columns) if np.isfinite(v)]
    far = max([*known, 3 * effects.noise]) or 1.0
    marks = []
    for index, value in enumerate(effects.rows):
        if np.isfinite(value):
            place = grid.right + 4, grid.top + index * grid.cell
            name = grid.frame.row_names()[index]
            marks.append(_strip(place, (8, grid.cell), value, far, name, write))
    for index, value in enumerate(effects.columns):
        if np.isfinite(value):
            place = grid.left + index * grid.cell, grid.bottom + 4
            name = grid.frame.column_names()[index]
            marks.append(_strip(place, (grid.cell, 8), value, far, name, write))
    return join(*marks)


def _strip(
    corner: tuple[float, float],
    size: tuple[float, float],
    value: float,
    far: float,
    name: str,
    write: Callable[[float], str],
) -> Markup:
    sign = "+" if value > 0 else ""
    return element(
        "rect",
        element("title", f"{name}: {sign}{write(float(value))}"),
        x=corner[0],
        y=corner[1],
        width=size[0],
        height=size[1],
        fill=shade(0.5 + value / far / 2, DIVERGING),
        class_="strip",
    )


def scale_bar(scale: Scale, write: Callable[[float], str]) -> Markup:
    """Return the colours of a scale with the values at its ends."""
    stops = "".join(
        f"{', ' if i else ''}{shade(i / (len(SEQUENTIAL) - 1))}"
        for i in range(len(SEQUENTIAL))
    )
    bar = element(
        "span", class_="bar", style=f"background:linear-gradient(90deg,{stops})"
    )
    return element(
        "p",
        element("span", write(scale.low)),
        bar,
        element("span", write(scale.high) + (", logarithmic" if scale.log else "")),
        class_="scale",
    )
