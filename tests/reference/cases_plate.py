"""Cases about wells, acquisitions, conditions, names and single images."""

from collections.abc import Mapping
from dataclasses import replace

from tests.reference.case import PIXEL, Acquisition, Case, Tile, Truth
from tests.reference.layouts import (
    ORIGIN,
    Plane,
    at_pixels,
    canvas,
    channels,
    fields,
    grid,
    in_well,
)

PAIR = grid(1, 2, step=(29, 36))
"""Two overlapping fields that snap side by side: 32 x 80 pixels."""
ONE_FIELD = dict.fromkeys(("rois", "originals"), "no FOV_ROI_table with one field")


def plate_cases() -> tuple[Case, ...]:
    """Return all cases of this module."""
    return (
        *conditions(),
        *attributes(),
        *wells(),
        *names(),
        *no_tiling(),
        *singles(),
        *together(),
    )


def two_acquisitions(
    first: tuple[Mapping[str, object], ...], second: tuple[Mapping[str, object], ...]
) -> tuple[Acquisition, ...]:
    """Return wells B03 and C05 imaged twice, with a condition table each."""
    return tuple(
        Acquisition(
            tuple(
                tile
                for row, column in (("B", 3), ("C", 5))
                for tile in fields(PAIR, base=in_well(row, column, number))
            ),
            conditions=rows,
            id=number,
        )
        for number, rows in enumerate((first, second))
    )


def images_with(
    first: tuple[Mapping[str, object], ...], second: tuple[Mapping[str, object], ...]
) -> dict[str, Truth]:
    """Return the truths of ``two_acquisitions``: one condition row per image."""
    return {
        f"{row['row']}/{row['column']:02d}/{number}": Truth(
            canvas(32, 80),
            conditions=(
                {key: row[key] for key in row if key not in ("row", "column")},
            ),
        )
        for number, rows in enumerate((first, second))
        for row in rows
    }


def conditions() -> tuple[Case, ...]:
    """Return two acquisitions with condition tables."""

    def rows(**columns: tuple[object, object]) -> tuple[dict[str, object], ...]:
        return tuple(
            {"row": row, "column": column}
            | {name: values[index] for name, values in columns.items()}
            for index, (row, column) in enumerate((("B", 3), ("C", 5)))
        )

    same = rows(drug=("DMSO", "drugA"), dose_um=(0.5, 10.5))
    again = rows(drug=("drugB", "DMSO"), dose_um=(1.5, 2.5))
    other = rows(drug=("drugB", "DMSO"), serum=("low", "high"))
    blank = rows(drug=("DMSO", None), dose_um=(0.5, 10.5))
    return (
        Case(
            "two_acquisitions",
            "Two acquisitions with condition tables of the same columns. Same in the "
            "reference.",
            two_acquisitions(same, again),
            images_with(same, again),
        ),
        Case(
            "two_acquisitions_columns",
            "W12: condition tables with different columns are merged; the reference "
            "fails.",
            two_acquisitions(same, other),
            images_with(same, other),
            reference_fails="must define the same attribute keys",
        ),
        Case(
            "blank_condition",
            "W12: a blank cell is null.",
            two_acquisitions(blank, again),
            images_with(blank, again),
            reference_fails="unexpected value while building Series",
        ),
    )


def attributes() -> tuple[Case, ...]:
    """Return attributes in the tile table: per well, and different per field."""
    left, right = fields(PAIR)
    drugs = ({"drug": "DMSO", "dose_um": 1.5}, {"drug": "drugA", "dose_um": 2.5})
    rows = tuple({"fov_name": f"FOV{n}"} | drug for n, drug in enumerate(drugs, 1))
    return (
        Case(
            "attributes",
            "Further columns of the tile table are conditions. Same in the reference.",
            (Acquisition(tuple(replace(t, extra=drugs[0]) for t in (left, right))),),
            {"B/03/0": Truth(canvas(32, 80), conditions=drugs[:1])},
        ),
        Case(
            "attributes_per_field",
            "W12: attributes that differ between fields make a row per field; the "
            "reference keeps the first tile's.",
            (
                Acquisition(
                    (replace(left, extra=drugs[0]), replace(right, extra=drugs[1]))
                ),
            ),
            {"B/03/0": Truth(canvas(32, 80), conditions=rows)},
            differs=dict.fromkeys(
                ("conditions", "plate_conditions"), "W12: the first tile's attributes"
            ),
        ),
    )


def wells() -> tuple[Case, ...]:
    """Return plates of 384 and 1536 wells, and wells of one field."""
    single = tuple(
        tile
        for row, column in (("B", 3), ("D", 12))
        for tile in fields(at_pixels((0, 0)), base=in_well(row, column))
    )
    far = tuple(
        tile
        for row, column in (("A", 1), ("AF", 48))
        for tile in fields(PAIR, base=in_well(row, column))
    )
    numbered = tuple(
        replace(tile, row=2, column="03", image="B/03/0") for tile in fields(PAIR)
    )
    return (
        Case(
            "single_field_wells",
            "One field per well has a FOV_ROI_table too; the reference writes none.",
            (Acquisition(single),),
            {"B/03/0": Truth(canvas(32, 40)), "D/12/0": Truth(canvas(32, 40))},
            plate={"layout": 384},
            differs=ONE_FIELD,
        ),
        Case(
            "wells_1536",
            "W14: wells A01 and AF48 of a 1536-well plate. Same in the reference while "
            "rows are letters.",
            (Acquisition(far),),
            {"A/01/0": Truth(canvas(32, 80)), "AF/48/0": Truth(canvas(32, 80))},
            plate={"layout": 1536},
        ),
        Case(
            "numbered_row_32",
            "W14: row 32 is AF; the reference fails.",
            (
                Acquisition(
                    tuple(replace(t, row=32, image="AF/03/0") for t in numbered)
                ),
            ),
            {"AF/03/0": Truth(canvas(32, 80))},
            plate={"layout": 1536},
            reference_fails="Row index 32 out of range",
        ),
        Case(
            "numbered_rows",
            "Row 2 is row B; column '03' is column 3. Same in the reference.",
            (Acquisition(numbered),),
            {"B/03/0": Truth(canvas(32, 80))},
        ),
    )


def names() -> tuple[Case, ...]:
    """Return fields named by integers."""
    numbered = {int(str(fov)[3:]): place for fov, place in PAIR.items()}
    return (
        Case(
            "integer_fields",
            "W14: fields named 1 and 2; the reference fails.",
            (Acquisition(fields(numbered)),),
            {"B/03/0": Truth(canvas(32, 80))},
            reference_fails="fov_name",
        ),
    )


def no_tiling() -> tuple[Case, ...]:
    """Return images of one field each, with the field's position as translation."""
    split = {"tiling_mode": "no_tiling"}
    base = in_well("B", 3)
    tiles = tuple(
        replace(tile, image=f"B/03/0{tile.fov}", at=(0, 0, 0, 0, 0), z=7.5)
        for tile in fields(PAIR, base=base)
    )
    second = ORIGIN[0] + 36 * PIXEL
    positions = {"FOV1": (ORIGIN[1], ORIGIN[0]), "FOV2": (ORIGIN[1], second)}

    def truths(sign_x: int) -> dict[str, Truth]:
        return {
            f"B/03/0{fov}": Truth(
                canvas(32, 40),
                reference=f"B/03/0_{fov}",
                translation=(0.0, 0.0, 7.5, y, sign_x * x),
            )
            for fov, (y, x) in positions.items()
        }

    return (
        Case(
            "no_tiling",
            "One image per field, B/03/0FOV1; translation is the field's position. The "
            "reference names it B/03/0_FOV1.",
            (Acquisition(tiles),),
            truths(1),
            registration=split,
            differs=ONE_FIELD,
        ),
        Case(
            "no_tiling_flip",
            "The translation is the position after the flip; the original is before.",
            (Acquisition(tiles, corrections={"flip_x": True}),),
            truths(-1),
            registration=split,
            differs=ONE_FIELD,
        ),
    )


def singles() -> tuple[Case, ...]:
    """Return single images, not in a plate."""
    base = Tile("", 0.0, 0.0, (0, 0, 0, 0, 0))
    tiles = tuple(
        tile
        for image in ("embryo_a", "embryo_b")
        for tile in fields(PAIR, base=replace(base, image=image))
    )
    return (
        Case(
            "single_images",
            "A table with image_path makes <image_path>.zarr. Same in the reference.",
            (Acquisition(tiles),),
            {name: Truth(canvas(32, 80)) for name in ("embryo_a", "embryo_b")},
            kind="single",
        ),
    )


def together() -> tuple[Case, ...]:
    """Return images that share an origin or a canvas with others of their plate."""
    three = grid(1, 3, step=(29, 36))
    last = {fov: three[fov] for fov in ("FOV2", "FOV3")}
    first, second = (
        fields(places, base=in_well("B", 3, number))
        for number, places in enumerate((three, last))
    )
    both = (Plane(), Plane(c=1, at=(0, 1, 0)))
    dyes = {"channels": channels("DAPI", "GFP")}
    uneven = fields(three, both) + fields(PAIR, base=in_well("C", 4))
    alike = Truth(canvas(32, 120, c=2), labels=("DAPI", "GFP"))
    return (
        Case(
            "offsets_well",
            "W21: with `offsets.xy: well` the second acquisition, without the first "
            "field, overlays the first; the reference shifts it.",
            (Acquisition(first), Acquisition(second, id=1)),
            {image: Truth(canvas(32, 120)) for image in ("B/03/0", "B/03/1")},
            registration={"offsets": {"xy": "well"}},
            differs=dict.fromkeys(
                ("shape", "pyramid", "rois", "well_roi"), "W21: no common origin"
            ),
        ),
        Case(
            "uniform_plate",
            "With `plate.uniform` a well with fewer fields and channels gets the "
            "canvas and channels of the others; what was not acquired is 0. The "
            "reference has no such option.",
            (Acquisition(uneven, dyes),),
            {"B/03/0": alike, "C/04/0": alike},
            plate={"uniform": True},
            differs=dict.fromkeys(
                ("shape", "pyramid", "well_roi", "labels"), "no uniform plates"
            ),
        ),
    )
