"""Cases about where fields land: grids, gaps, jitter, bricks, corners."""

from dataclasses import replace

from tests.reference.case import HEIGHT, WIDTH, Acquisition, Case, Tile, Truth
from tests.reference.layouts import (
    Plane,
    at_pixels,
    canvas,
    channels,
    fields,
    grid,
    in_well,
    landing,
    mosaic,
)

INPLACE = {"tiling_mode": "inplace"}
GRID = {"tiling_mode": "snap_to_grid", "tiling_tolerance": 1}
CORNERS = {"tiling_mode": "snap_to_corners"}
PLACED = ("shape", "pyramid", "rois", "well_roi")
"""What differs where fields land elsewhere in a canvas of another shape."""


def placed(reason: str) -> dict[str, str]:
    """Return the aspects that differ if the reference places fields elsewhere."""
    return dict.fromkeys(PLACED, reason)


def tiling_cases() -> tuple[Case, ...]:
    """Return all cases of this module."""
    return (
        *grids(),
        *gaps(),
        *jitters(),
        *no_grids(),
        *corners(),
    )


def grids() -> tuple[Case, ...]:
    """Return grids whose fields overlap."""
    table = (
        Tile("FOV_1", -1000.0, -500.0, (0, 0, 0, 0, 0)),
        Tile("FOV_2", -971.0, -500.0, (0, 0, 0, 0, 64)),
    )
    document = tuple(
        replace(tile, shape=(64, 64), row="A", column=1, image="A/01/0", extra=drug)
        for tile, drug in zip(table, ({"drug": "DMSO"},) * 2, strict=True)
    )
    three = grid(2, 3, step=(29, 36))
    two_channels = (Plane(), Plane(c=1, at=(0, 1, 0)))
    wells = {"B/02/0": ("B", 2), "C/05/0": ("C", 5)}
    everywhere = tuple(
        tile
        for well in wells.values()
        for tile in fields(three, two_channels, in_well(*well))
    )
    return (
        Case(
            "documented_table",
            "The table of the documentation: FOV_2 lands at x = 64 px (32 micrometer).",
            (Acquisition(document),),
            {"A/01/0": Truth(canvas(64, 128), conditions=({"drug": "DMSO"},))},
            registration=GRID,
        ),
        Case(
            "overlap_grid",
            "2 x 3 fields with 10 % overlap close edge to edge, in two wells, with two "
            "channels; a non-square plate. Same in the reference.",
            (Acquisition(everywhere, {"channels": channels("DAPI", "GFP")}),),
            {
                image: Truth(canvas(64, 120, c=2), labels=("DAPI", "GFP"))
                for image in wells
            },
        ),
    )


def gaps() -> tuple[Case, ...]:
    """Return grids with gaps: narrow ones close, wide ones are real under auto."""
    wide = grid(2, 3, step=(48, 60))
    spread = at_pixels(*((48 * row, 60 * col) for row in (0, 1) for col in (0, 1, 2)))
    return (
        mosaic(
            "gap_grid",
            "Gaps of 5 % (2 of 40 px) and 3 % (1 of 32 px) close. Same in the "
            "reference.",
            grid(2, 3, step=(33, 42)),
            (64, 120),
        ),
        mosaic(
            "wide_gap_grid",
            "Gaps of half a tile are real under auto; the reference closes them.",
            spread,
            (80, 160),
            differs=placed("wide gaps are closed"),
        ),
        mosaic(
            "wide_gap_snapped",
            "Asked to snap to the grid, both close gaps of half a tile.",
            wide,
            (64, 120),
            registration=GRID,
        ),
    )


def jitters() -> tuple[Case, ...]:
    """Return grids whose stage was a pixel off."""
    row = landing(
        at_pixels((0, 0), (1, WIDTH), (0, 2 * WIDTH)), (0, 0), (0, 40), (0, 80)
    )
    column = landing(at_pixels((0, 0), (32, 1), (64, 0)), (0, 0), (32, 0), (64, 0))
    starts = ((0, 1), (1, 37), (0, 72), (29, 0), (30, 36), (29, 73))
    targets = [(r * HEIGHT, c * WIDTH) for r in (0, 1) for c in (0, 1, 2)]
    return (
        mosaic(
            "jitter_row",
            "W2: one row with 1 px jitter is one row; in the reference a tile jumps a "
            "whole tile down.",
            row,
            (32, 120),
            differs=placed("W2: a tile jumps a whole tile"),
        ),
        mosaic(
            "jitter_column",
            "W2: one column with 1 px jitter is one column; in the reference a tile "
            "jumps a whole tile to the right.",
            column,
            (96, 40),
            differs=placed("W2: a tile jumps a whole tile"),
        ),
        mosaic(
            "jitter_grid",
            "2 x 3 fields with 1 px jitter in both axes are a grid. Same in the "
            "reference.",
            landing(at_pixels(*starts), *targets),
            (64, 120),
        ),
    )


def no_grids() -> tuple[Case, ...]:
    """Return layouts that are not a grid."""
    brick = ((0, 0), (0, WIDTH), (HEIGHT, 20), (HEIGHT, 60))
    far = ((0, 0), (152, 200), (304, 400))
    near = ((0, 0), (28, 36), (56, 72))
    return (
        mosaic(
            "brick",
            "W3: rows shifted by half a tile stay where they are; the reference takes "
            "the half steps for a grid and spreads the tiles.",
            at_pixels(*brick),
            (64, 100),
            differs=placed("W3: a brick layout taken as a grid"),
        ),
        mosaic(
            "brick_inplace",
            "Inplace, both keep the brick layout.",
            at_pixels(*brick),
            (64, 100),
            registration=INPLACE,
        ),
        mosaic(
            "diagonal_far",
            "W3: three fields far apart on a diagonal stay where they are; the "
            "reference glues them corner to corner.",
            at_pixels(*far),
            (336, 440),
            differs=placed("W3: fields far apart are glued"),
        ),
        mosaic(
            "diagonal_near",
            "W3: a diagonal with 10 % overlap is not a grid: 3 of 9 nodes. Every tile "
            "is near a corner, and no two change their distance by half a tile.",
            landing(at_pixels(*near), (0, 0), (32, 40), (64, 80)),
            (96, 120),
        ),
    )


def corners() -> tuple[Case, ...]:
    """Return irregular layouts that snap to corners."""
    starts = ((0, 0), (2, 43), (35, 3), (31, 41))
    targets = ((0, 0), (0, 40), (32, 0), (32, 40))
    # FOV1 and FOV2 both lie nearest to node (0, 0); FOV1 comes first in the table, but
    # the least total squared movement (22, 12 px against 18, 28 px) gives it to FOV2.
    contested = landing(
        at_pixels((0, 18), (0, 12), (32, 0), (32, 40)),
        (0, 40),
        (0, 0),
        (32, 0),
        (32, 40),
    )
    return (
        mosaic(
            "corners",
            "Each tile takes its nearest node of the tile lattice. Same in the "
            "reference.",
            landing(at_pixels(*starts), *targets),
            (64, 80),
            registration=CORNERS,
        ),
        mosaic(
            "corners_auto",
            "No grid within the tolerance, but every tile is near a node: auto snaps "
            "to corners. Same in the reference.",
            landing(at_pixels(*starts), *targets),
            (64, 80),
        ),
        mosaic(
            "corners_contested",
            "W4: two tiles want one node; the assignment with the least movement does "
            "not depend on the table's order. The reference gives the node to the "
            "first row.",
            contested,
            (64, 80),
            registration=CORNERS,
            differs=dict.fromkeys(
                ("pixels", "pyramid", "rois"), "W4: depends on row order"
            ),
        ),
    )
