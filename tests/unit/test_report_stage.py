"""Fields on the stage and in the image: overlaps, arrangements, positions in SVG."""

import re
from collections.abc import Sequence

import pytest

from tiles2zarr.report.facts import FieldFacts, ImageFacts
from tiles2zarr.report.stage import draw_fields, extent, layouts, overlaps


def _field(
    name: str, before: tuple[float, float], after: tuple[int, int]
) -> FieldFacts:
    return FieldFacts(name=name, before=before, after=after, shape=(60, 100))


FIELDS = (
    _field("F1", (0, 0), (0, 0)),
    _field("F2", (3, 90), (0, 100)),
)
"""F2 overlaps F1 by 57 rows and 10 columns and is moved by (-3, 10)."""


def _image(well: int, fields: Sequence[FieldFacts]) -> ImageFacts:
    return ImageFacts(
        image=f"B/{well + 1:02d}/0",
        path=f"P.zarr/B/{well + 1:02d}/0",
        group="P",
        acquisition=0,
        place=(1, well),
        standing="written",
        fields=tuple(fields),
    )


def test_overlap_is_the_shared_part() -> None:
    """Boxes of 60 x 100 at (0, 0) and (3, 90) share rows 3 to 60, columns 90 to 100."""
    assert overlaps([(0, 0, 60, 100), (3, 90, 63, 190)]) == [(3, 90, 60, 100)]
    assert overlaps([(0, 0, 60, 100), (0, 99.8, 60, 199.8)]) == []
    assert overlaps([]) == []


def test_extent_holds_all_boxes() -> None:
    """The box around both reaches from 0 to 63 and 190."""
    assert extent([(0, 0, 60, 100), (3, 90, 63, 190)]) == (0, 0, 63, 190)


def test_moved_is_a_distance() -> None:
    """F2 went 3 up and 10 to the right."""
    assert round(FIELDS[1].moved, 3) == round(109**0.5, 3)


def test_wells_within_a_twentieth_are_alike() -> None:
    """2 px of jitter on 60 rows is alike, 4 px is not; the common one comes first."""
    near = (FIELDS[0], _field("F2", (1, 92), (0, 100)))
    far = (FIELDS[0], _field("F2", (7, 90), (0, 100)))
    found = layouts([_image(1, far), _image(2, FIELDS), _image(3, near)])
    assert [layout.wells for layout in found] == [("B03", "B04"), ("B02",)]


def test_images_of_a_well_are_joined_by_their_origin() -> None:
    """Fields that are images of their own lie apart by their origins."""
    one = _image(1, [FIELDS[0]])
    two = ImageFacts(**{**vars(one), "origin_um": (0.0, 50.0), "pixel_um": (0.5, 0.5)})
    (layout,) = layouts([one, two])
    assert [field.before for field in layout.fields] == [(0, 0), (0, 100)]


def test_positions_in_the_drawing() -> None:
    """200 px over 400 units: F2 stands at x = 180, the overlap is 20 wide."""
    drawn = draw_fields(FIELDS, after=False, width=400, label="fields")
    fields = re.findall(r'<rect x="(\S+)" y="(\S+)" [^>]*class="field"', drawn)
    assert fields == [("0", "0"), ("180", "6")]
    shared = re.findall(r'width="(\S+)" height="(\S+)" class="overlap"', drawn)
    assert shared == [("20", "114")]
    assert 'class="way"' not in drawn


def test_ways_are_drawn_after_tiling() -> None:
    """In the image F2 stands beside F1, a line tells where it came from."""
    drawn = draw_fields(FIELDS, after=True, width=200, label="fields")
    assert re.findall(r'<line x1="(\S+)" y1="(\S+)" x2="(\S+)" y2="(\S+)"', drawn) == [
        ("140", "33", "150", "30")
    ]
    assert 'class="overlap"' not in drawn


def test_field_is_as_large_before_as_after() -> None:
    """Overlaps closed make the image larger, not its fields smaller."""
    both = [draw_fields(FIELDS, after=a, width=400, label="x") for a in (False, True)]
    for drawn in both:
        found = re.findall(r'width="(\S+)" height="(\S+)" class="field"', drawn)
        assert found == [("200", "120")] * 2


@pytest.mark.parametrize("dy", [-20, 0, 20])
def test_name_stands_off_the_way(dy: int) -> None:
    """A name, 7 high, lies wholly above or wholly below the line of the way."""
    still = _field("F1", (0, 0), (0, 0))
    field = _field("F9", (100 - dy, 80), (100, 90))
    drawn = draw_fields((still, field), after=True, width=190, label="x")
    ends = re.findall(r'<line x1="\S+" y1="(\S+)" x2="\S+" y2="(\S+)"', drawn)
    top, bottom = sorted(map(float, ends[0]))
    base = float(re.findall(r'y="(\S+)">F9', drawn)[0])
    assert base < top or base - 7 > bottom
