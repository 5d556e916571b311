"""Contact sheets: every well of a plate in its place, empty ones too."""

from base64 import b64encode
from collections.abc import Mapping

from tiles2zarr.report.frame import Frame, Place
from tiles2zarr.report.heatmap import Grid, empty_cells, names
from tiles2zarr.report.markup import Markup, element
from tiles2zarr.report.pictures import GAP, Sheet

WIDTH = 1040.0
"""Width of a large sheet's cells, in units of the drawing."""
SMALL = 500.0
"""The same of a small one."""
LARGEST = 350.0
"""Width of a cell at most: pictures have no more pixels."""


def draw_sheet(
    frame: Frame,
    sheet: Sheet,
    links: Mapping[Place, str],
    notes: Mapping[Place, str],
    *,
    absent: Mapping[Place, str],
    small: bool = False,
) -> Markup:
    """Return a sheet in its plate's frame, each well a link.

    Args:
        frame: The plate.
        sheet: The pictures.
        links: Anchor per well that has an entry further down.
        notes: What a well's tooltip says.
        absent: Wells without a picture though they were planned or belong to others,
            and why.
        small: Draw it half as wide.
    """
    share = SMALL / WIDTH if small else 1.0
    cell = min(WIDTH / frame.columns, LARGEST) * share
    width = cell * frame.columns
    aspect = sheet.size[0] * frame.rows / (sheet.size[1] * frame.columns)
    grid = Grid(frame, cell, left=26.0, top=16.0, aspect=aspect)
    label = f"Contact sheet, {sheet.label or 'all channels'}"
    used = links.keys() | absent.keys()
    picture = element(
        "image",
        x=grid.left,
        y=grid.top,
        width=width,
        height=grid.tall * frame.rows,
        href=data_uri(sheet.data),
        preserveAspectRatio="none",
    )
    crosses = [_absent(grid, place, why) for place, why in sorted(absent.items())]
    cells = [] if small else [_link(grid, p, links[p], notes[p]) for p in sorted(links)]
    title = element("title", label)
    right, bottom = grid.right + 4, grid.bottom + 4
    return element(
        "svg",
        title,
        picture,
        names(grid),
        empty_cells(grid, used, GAP),
        *crosses,
        *cells,
        viewBox=f"0 0 {right:.0f} {bottom:.0f}",
        width=round(right),
        height=round(bottom),
        class_="sheet small" if small else "sheet",
        role="img" if small else "group",
        aria_label=label,
    )


def data_uri(data: bytes, mime: str = "image/webp") -> str:
    """Return a file as an address that holds it."""
    return f"data:{mime};base64,{b64encode(data).decode()}"


def _link(grid: Grid, place: Place, anchor: str, note: str) -> Markup:
    x, y = grid.corner(place)
    title = element("title", note)
    box = element("rect", title, x=x, y=y, width=grid.cell, height=grid.tall)
    return element("a", box, href=f"#{anchor}", aria_label=note)


def _absent(grid: Grid, place: Place, why: str) -> Markup:
    """Return a crossed cell: a picture is wanting here."""
    x, y = grid.corner(place)
    left, top = x + grid.cell * GAP / 2, y + grid.tall * GAP / 2
    wide, tall = grid.cell * (1 - GAP), grid.tall * (1 - GAP)
    title = element("title", f"{grid.frame.name(place)}: {why}")
    box = element("rect", x=left, y=top, width=wide, height=tall)
    down = f"{wide:.1f} {tall:.1f}m0 {-tall:.1f}"
    cross = f"M{left:.1f} {top:.1f}l{down}l{-wide:.1f} {tall:.1f}"
    return element("g", title, box, element("path", d=cross), class_="absent")
