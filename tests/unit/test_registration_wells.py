"""Wells with several acquisitions: common origin, common lattice, overlay."""

import math

import pytest

from tests.unit.registration_samples import (
    channels,
    convert,
    corners,
    corners_of,
    details,
    grid,
    image,
    options,
    tile,
)
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration import (
    find_misaligned_acquisitions,
    well_of,
    well_origins,
)

FIRST = grid(2, 3, (18, 27), start=(500, 700))
LATER = grid(2, 3, (18, 27), start=(500, 700), without=[(0, 0), (0, 1), (0, 2), (1, 0)])
"""A second cycle without the first row and the first column."""


def _cycles(well: str = "B03") -> list[TiledImage]:
    return [image(FIRST, well), image(LATER, well, acquisition=1)]


def _told(images: list[TiledImage], **changes: object) -> tuple[Finding, ...]:
    return find_misaligned_acquisitions(images, options(**changes))


def test_names_of_wells() -> None:
    """A well is named B03 whatever the acquisition; a single image is its own."""
    assert well_of(image([], "B03", acquisition=2)) == "B03"
    assert well_of(image([], "day 1/left", suffix="_a")) == "day 1/left"


def test_origin_of_a_well_is_the_smallest_over_its_acquisitions() -> None:
    """The two may come from different images; other wells have their own origin."""
    images = [
        image([tile("a", 10, 40), tile("b", 12, 30)]),
        image([tile("a", 8, 50)], acquisition=1),
        image([tile("a", -6, 2)], "C01"),
    ]
    assert well_origins(images) == {"B03": (4, 15), "C01": (-3, 1)}


def test_origin_counts_oriented_first_tiles() -> None:
    """Positions are those after swap and flips, with align_xy of first tiles only."""
    turned = details(
        channels=channels(2),
        stage_corrections=StageOrientation(swap_xy=True, flip_y=True),
    )
    images = [image([tile("a", 10, 40), tile("a", 8, 42, c=1)], known=turned)]
    assert well_origins(images) == {"B03": (-20, 5)}
    assert well_origins(images, align_xy=False) == {"B03": (-21, 4)}


def test_origin_leaves_out_positions_that_are_no_numbers() -> None:
    """One bad tile costs its image, not the well; a well of bad ones begins at 0."""
    images = [
        image([tile("a", math.nan, 3), tile("b", 4, 6)]),
        image([tile("a", 1, math.inf)], "C01"),
        image([], "D07"),
    ]
    assert well_origins(images) == {"B03": (2, 3), "C01": (0, 0), "D07": (0, 0)}


def test_w21_cycles_of_one_well_overlay_with_offsets_well() -> None:
    """The second cycle without the first row and column lies on the first one."""
    images = _cycles()
    origins = well_origins(images)
    first, second = (
        corners(convert([one], offsets={"xy": "well"}, origins=origins).only)
        for one in images
    )
    assert first == corners_of(2, 3)
    assert second == {"r1c1": (20, 30), "r1c2": (20, 60)}
    alone = convert([images[1]]).only
    assert corners(alone) == {"r1c1": (0, 0), "r1c2": (0, 30)}


@pytest.mark.parametrize("mode", ["inplace", "snap_to_corners"])
def test_w21_other_tilings_overlay_too(mode: str) -> None:
    """In place and on corners, cycles count from the well's origin as well."""
    images = _cycles()
    origins = well_origins(images)
    changes = {"tiling_mode": mode, "offsets": {"xy": "well"}}
    first, second = (
        corners(convert([one], origins=origins, **changes).only) for one in images
    )
    assert {name: first[name] for name in second} == second


def test_w21_cycles_that_do_not_overlay_are_told() -> None:
    """With offsets.xy: image both cycles begin at 0: 27 px are 13.5 micrometer."""
    assert _told(_cycles()) == (
        Finding(
            code="acquisitions_not_aligned",
            message="2 fields of view lie up to 13.5 micrometer from the field of the "
            "same name in another acquisition of their well, so these images do not "
            "overlay. Set registration.offsets.xy: well to count from one origin.",
            count=2,
            wells=("B03",),
        ),
    )


@pytest.mark.parametrize("xy", ["well", "keep"])
def test_w21_stage_drift_is_told_without_a_cure(xy: str) -> None:
    """Counted from one origin, a drift of 6 px remains; no option mends it."""
    images = [
        image(grid(1, 2), "B03"),
        image(grid(1, 2, start=(0, 6)), acquisition=1),
    ]
    (finding,) = _told(images, offsets={"xy": xy})
    assert finding.message == (
        "2 fields of view lie up to 3 micrometer from the field of the same name in "
        "another acquisition of their well, so these images do not overlay."
    )


@pytest.mark.parametrize(
    "images",
    [
        [image(FIRST), image(FIRST, acquisition=1)],
        [image(FIRST), image(grid(2, 3, (18, 27)), acquisition=1)],
        [image(FIRST), image(LATER, "C01", acquisition=1)],
        [image(FIRST), image([tile("z"), tile("y", 0, 40)], acquisition=1)],
        [image(FIRST, "one"), image(LATER, "two")],
        [image(FIRST), image([tile("r0c0", math.nan)], acquisition=1)],
    ],
    ids=["same", "own zero", "other well", "other names", "single", "no number"],
)
def test_cycles_that_overlay_are_not_told(images: list[TiledImage]) -> None:
    """Same fields, other wells or other names are no reason for a finding."""
    assert _told(images) == ()


@pytest.mark.parametrize(("drift", "count"), [(1.0, 0), (1.25, 1), (5.0, 1)])
@pytest.mark.parametrize("start", [0.0, 12345.678, -99999.123, 3.3333])
@pytest.mark.parametrize("pixelsize", [0.5, 0.65, 0.108])
def test_distances_up_to_the_tolerance_are_none(
    drift: float, count: int, start: float, pixelsize: float
) -> None:
    """Exactly 1 px is within the tolerance of 1 px, whatever the stage's offset."""
    known = details(pixelsize=pixelsize)
    images = [
        image([tile("a", start, start), tile("b", start, start + 30)], known=known),
        image(
            [tile("a", start, start), tile("b", start, start + 30 + drift)],
            known=known,
            acquisition=1,
        ),
    ]
    found = _told(images)
    assert [finding.count for finding in found] == [count] * bool(count)


def test_cycles_of_two_pixel_sizes_are_compared_in_micrometers() -> None:
    """20 px of 0.5 and 10 px of 1 micrometer are one place."""
    images = [
        image([tile("a"), tile("b", 0, 20)]),
        image([tile("a"), tile("b", 0, 10)], known=details(pixelsize=1), acquisition=1),
    ]
    assert _told(images) == ()


def test_no_tiling_overlays_by_translation() -> None:
    """Fields that are images of their own keep their position: nothing to tell."""
    assert _told(_cycles(), tiling_mode="no_tiling") == ()


def test_examples_of_wells_are_sorted_and_five() -> None:
    """Of seven wells the first five are shown, and all fields counted."""
    wells = ["C02", "A01", "B07", "A03", "B01", "C01", "A02"]
    images = [one for well in wells for one in _cycles(well)]
    (finding,) = _told(images)
    assert finding.count == 14
    assert finding.wells == ("A01", "A02", "A03", "B01", "B07")
