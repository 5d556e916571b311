"""Findings of many jobs as one short list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.steps.findings import group_findings


def _hole(image: str, count: int = 1, **more: object) -> Finding:
    return Finding.model_validate(
        {
            "code": "missing_planes",
            "message": f"{count} planes are missing.",
            "count": count,
            "images": (image,),
        }
        | more
    )


def test_findings_on_images_become_one() -> None:
    """Counts are added up, the first one's words stay, images are listed in order."""
    found = group_findings([_hole("B/03/0", 2), _hole("A/12/0", 5), _hole("C/01/0")])
    assert found == (
        Finding(
            code="missing_planes",
            message="B/03/0: 2 planes are missing. The same in 2 more.",
            count=8,
            images=("B/03/0", "A/12/0", "C/01/0"),
        ),
    )


def test_one_finding_stays_as_it_is() -> None:
    """A finding alone is not reworded."""
    assert group_findings([_hole("B/03/0", 2)]) == (_hole("B/03/0", 2),)
    assert group_findings([]) == ()


def test_equal_findings_are_told_once() -> None:
    """What two jobs say in the same words of the same images counts once."""
    assert group_findings([_hole("B/03/0", 2)] * 3) == (_hole("B/03/0", 2),)


@pytest.mark.parametrize("field", ["code", "severity"])
def test_another_code_or_severity_is_another_finding(field: str) -> None:
    """They are not added up, and keep the order in which they came."""
    one = _hole("B/03/0")
    other = one.replace(**{field: "info"})
    assert group_findings([one, other]) == (one, other)


def test_findings_on_no_image_are_grouped_by_their_words() -> None:
    """Findings on the plate stay apart where they say different things."""
    one = Finding(code="gap", message="Rows are 3 px apart.", files=("a.tif",))
    same = one.replace(files=("b.tif",), count=4)
    other = one.replace(message="Columns are 7 px apart.")
    assert group_findings([one, same, other]) == (
        one.replace(count=5, files=("a.tif", "b.tif")),
        other,
    )


def test_only_the_first_examples_are_kept() -> None:
    """Of many files, rows, wells and images five stay, each once; the count is full."""
    findings = [
        _hole(
            f"B/{number:02d}/0",
            files=("shared.tif", f"{number}.tif"),
            rows=(1, number),
            wells=("B01", f"B{number:02d}"),
        )
        for number in range(1, 9)
    ]
    (found,) = group_findings(findings)
    assert SHOWN == 5
    assert found.count == 8
    assert found.images == ("B/01/0", "B/02/0", "B/03/0", "B/04/0", "B/05/0")
    assert found.files == ("shared.tif", "1.tif", "2.tif", "3.tif", "4.tif")
    assert found.rows == (1, 2, 3, 4, 5)
    assert found.wells == ("B01", "B02", "B03", "B04", "B05")
    assert found.message.endswith(" The same in 7 more.")


codes = st.sampled_from(["a", "b", "c"])
images = st.lists(st.sampled_from(["A/01/0", "B/02/0", "C/03/1"]), max_size=2)
findings = st.builds(
    Finding,
    code=codes,
    message=st.just("Said."),
    count=st.integers(1, 9),
    images=images.map(tuple),
)


@given(st.lists(findings, max_size=12))
def test_counts_are_kept(found: list[Finding]) -> None:
    """The sum of counts over different findings is that of the groups, per code."""
    grouped = group_findings(found)
    for code in "abc":
        before = sum(f.count for f in dict.fromkeys(found) if f.code == code)
        assert sum(f.count for f in grouped if f.code == code) == before
    assert len({f.code for f in found}) <= len(grouped) <= 2 * len(set(found))
