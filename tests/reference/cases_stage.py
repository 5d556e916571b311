"""Cases about stage positions: overlaps, holes, flips, swaps, shifted planes."""

from dataclasses import replace

from tests.reference.case import HEIGHT, PIXEL, WIDTH, Acquisition, Case, Tile, Truth
from tests.reference.cases_tiling import INPLACE, placed
from tests.reference.layouts import (
    ORIGIN,
    Place,
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


def stage_cases() -> tuple[Case, ...]:
    """Return all cases of this module."""
    return (*overlaps(), *holes(), *flips(), *swaps(), *aligned())


def overlaps() -> tuple[Case, ...]:
    """Return overlapping fields that stay in place."""
    first = at_pixels((0, 0), (8, 28))
    backwards = dict(reversed(first.items()))
    gone = replace(fields(first)[0], absent=True)
    planes = tuple(Plane(z=float(z), at=(0, 0, z)) for z in range(3))
    stacks = fields(first, planes)
    holed = stacks[:4] + stacks[5:]
    return (
        mosaic(
            "inplace_overlap",
            "Where fields overlap the later row wins. Same in the reference.",
            first,
            (40, 68),
            registration=INPLACE,
        ),
        mosaic(
            "inplace_backwards",
            "The later row wins, also if it is the upper left field.",
            backwards,
            (40, 68),
            registration=INPLACE,
        ),
        mosaic(
            "inplace_rounding",
            "Starts on half pixels round half to even: 26.5 to 26, 63.5 to 64.",
            at_pixels((0, 0), (0.5, 26.5), (3.5, 63.5)),
            (36, 104),
            registration=INPLACE,
        ),
        Case(
            "missing_plane_overlap",
            "W5: FOV2 has planes 0 and 2; in plane 1 its neighbour's pixels stay. The "
            "reference writes FOV2's zero-filled box over FOV1.",
            (Acquisition(holed, {"z_spacing": 1.0}),),
            {"B/03/0": Truth(canvas(40, 68, z=3))},
            registration=INPLACE,
            differs=dict.fromkeys(("pixels", "pyramid"), "W5: the neighbour is erased"),
        ),
        Case(
            "absent_file",
            "A listed file that is not on disk is a hole of zeros with `on_missing: "
            "report`; the reference fails.",
            (Acquisition((fields(first)[1], gone)),),
            {"B/03/0": Truth(canvas(40, 68))},
            registration=INPLACE,
            writing={"on_missing": "report"},
            reference_fails="No such file or directory",
        ),
    )


def holes() -> tuple[Case, ...]:
    """Return grids in which fields, planes or whole columns are absent."""
    full = grid(2, 3, step=(29, 36))
    centre = grid(2, 3, step=(29, 36), skip=[(0, 1)])
    ends = grid(1, 3, step=(29, 36), skip=[(0, 1)])
    planes = (
        Plane(),
        Plane(c=1, at=(0, 1, 0)),
        Plane(z=1.0, at=(0, 0, 1)),
        Plane(z=1.0, c=1, at=(0, 1, 1)),
    )
    some = fields(grid(1, 2, step=(29, 36)), planes)
    dyes = {"channels": channels("DAPI", "GFP"), "z_spacing": 1.0}
    truth = {"B/03/0": Truth(canvas(32, 80, c=2, z=2), labels=("DAPI", "GFP"))}
    right = grid(1, 3, step=(29, 36), skip=[(0, 0)])
    shifted = landing(right, (0, 0), (0, WIDTH))
    wells = {"B/03/0": full, "B/04/0": centre, "C/03/0": ends, "C/04/0": shifted}
    tiles = tuple(
        tile
        for image, places in wells.items()
        for tile in fields(places, base=in_well(image[0], int(image[2:4])))
    )
    return (
        Case(
            "absent_fields",
            "A field absent in a well leaves its node empty; a middle column absent in "
            "a well too, because the pitch is the acquisition's; the first column "
            "does not: an image begins at its own first line. The reference finds "
            "the pitch per image and closes the absent column.",
            (Acquisition(tiles),),
            {
                "B/03/0": Truth(canvas(64, 120)),
                "B/04/0": Truth(canvas(64, 120)),
                "C/03/0": Truth(canvas(32, 120)),
                "C/04/0": Truth(canvas(32, 80)),
            },
            differs=placed("an absent column is closed"),
        ),
        Case(
            "missing_planes",
            "Planes absent from the table are holes of zeros: FOV1 lacks (c 1, z 1), "
            "FOV2 (c 0, z 1). Same in the reference.",
            (Acquisition(some[:3] + some[4:6] + some[7:], dyes),),
            truth,
        ),
        Case(
            "missing_first_plane",
            "FOV2 lacks (c 0, z 0). The reference counts a field's planes from its "
            "tile nearest to 0: they land in the wrong channel.",
            (Acquisition(some[:4] + some[5:], dyes),),
            truth,
            differs=dict.fromkeys(
                ("pixels", "pyramid", "originals"), "planes land in the wrong channel"
            ),
        ),
    )


def flips() -> tuple[Case, ...]:
    """Return flipped stage axes: positions are negated, pixels are not mirrored."""
    stage = grid(2, 3, step=(29, 36))
    mirrored = {"flip_x": (0, 1), "flip_y": (1, 0), "flip_x flip_y": (1, 1)}
    originals = {"originals": "the reference keeps the negated positions"}
    cases = []
    for names, (down, right) in mirrored.items():
        targets = [
            (abs(down - row) * HEIGHT, abs(2 * right - col) * WIDTH)
            for row in (0, 1)
            for col in (0, 1, 2)
        ]
        tiles = fields(landing(stage, *targets), (Plane(), Plane(c=1, at=(0, 1, 0))))
        cases.append(
            Case(
                names.replace(" ", "_"),
                "Flips mirror the layout, not the pixels; FOV2 lacks channel 1. The "
                "reference keeps flipped positions as the original ones.",
                (
                    Acquisition(
                        tiles[:3] + tiles[4:],
                        {"channels": channels("DAPI", "GFP")},
                        dict.fromkeys(names.split(), True),
                    ),
                ),
                {"B/03/0": Truth(canvas(64, 120, c=2), labels=("DAPI", "GFP"))},
                differs=originals,
            )
        )
    return tuple(cases)


def swaps() -> tuple[Case, ...]:
    """Return swapped stage axes with tiles that are not square."""
    # Stage x runs down the image: 29 px steps; stage y runs right: 36 px steps.
    stage = {
        f"FOV{1 + 3 * row + col}": Place(
            ORIGIN[0] + 29 * row * PIXEL,
            ORIGIN[1] + 36 * col * PIXEL,
            row * HEIGHT,
            col * WIDTH,
        )
        for row in (0, 1)
        for col in (0, 1, 2)
    }
    turned = landing(
        stage,
        *[((1 - row) * HEIGHT, col * WIDTH) for row in (0, 1) for col in (0, 1, 2)],
    )
    along_stage = Tile("", 0, 0, (0, 0, 0, 0, 0), lengths=(HEIGHT, WIDTH))
    originals = {"originals": "the reference keeps the swapped positions"}
    truth = {"B/03/0": Truth(canvas(64, 120))}
    swap = {"swap_xy": True}
    return (
        Case(
            "swap_xy",
            "W7: lengths told along the stage's axes are swapped with the positions "
            "and then are those of the files. Same in the reference.",
            (Acquisition(fields(stage, base=along_stage), corrections=swap),),
            truth,
            differs=originals,
        ),
        Case(
            "swap_xy_flip_y",
            "The flip acts after the swap: image y, which is stage x, is negated.",
            (
                Acquisition(
                    fields(turned, base=along_stage),
                    corrections=swap | {"flip_y": True},
                ),
            ),
            truth,
            differs=originals,
        ),
        Case(
            "swap_xy_file_lengths",
            "W7: lengths told as in the files: pixels are not transposed, tiles keep "
            "the shape of their files. The reference fails.",
            (Acquisition(fields(stage), corrections=swap),),
            truth,
            reference_fails="could not broadcast",
        ),
    )


def aligned() -> tuple[Case, ...]:
    """Return fields whose second channel was some pixels off."""
    left, right = fields(at_pixels((0, 0), (0, WIDTH)))
    green = replace(left, c=1, at=(0, 1, 0, 0, 0), x=left.x + 2 * PIXEL)
    green_right = replace(right, c=1, at=(0, 1, 0, 0, WIDTH), y=right.y + 2 * PIXEL)
    moved = replace(green, at=(0, 1, 0, 0, 2))
    moved_right = replace(green_right, at=(0, 1, 0, 4, WIDTH), y=right.y + 4 * PIXEL)
    # FOV1's first channel lies to the right of its second.
    behind = (
        replace(left, at=(0, 0, 0, 0, 2), x=moved.x),
        replace(moved, at=(0, 1, 0, 0, 0), x=left.x),
    )
    dyes = {"channels": channels("DAPI", "GFP")}

    def case(
        name: str,
        facts: str,
        tiles: tuple[Tile, ...],
        shape: tuple[int, int],
        **changes: object,
    ) -> Case:
        truth = Truth(canvas(*shape, c=2), labels=("DAPI", "GFP"))
        return Case(
            name, facts, (Acquisition(tiles, dyes),), {"B/03/0": truth}, **changes
        )

    apart = INPLACE | {"align_xy": False}
    return (
        case(
            "aligned_channels",
            "All planes of a field share the place of its first tile. Same in the "
            "reference.",
            (left, green, right, green_right),
            (32, 80),
            registration=INPLACE,
        ),
        case(
            "shifted_channels",
            "With align_xy off the planes of a field keep their places. The reference "
            "erases pixels of FOV1 with FOV2's zero-filled box (W5).",
            (left, moved, right, moved_right),
            (36, 80),
            registration=apart,
            differs=dict.fromkeys(("pixels", "pyramid"), "W5: the neighbour is erased"),
        ),
        case(
            "shifted_back_channels",
            "W6: with align_xy off the second plane may lie before the first. The "
            "reference no longer fails; FOV1's channels change places in silence.",
            (*behind, right, moved_right),
            (36, 80),
            registration=apart,
            differs=dict.fromkeys(
                ("pixels", "pyramid", "originals"), "W6: channels change places"
            ),
        ),
    )
