"""Patterns proposed for file names."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.parsers.pattern_files import list_tree
from tiles2zarr.parsers.pattern_guess import PatternGuess, guess_pattern

WELLS = ("A01", "B03", "B12")


def names(template: str, **parts: Iterable[object]) -> list[str]:
    """Return a name for every combination of parts."""
    return [
        template.format(**dict(zip(parts, values, strict=True)))
        for values in product(*parts.values())
    ]


@pytest.mark.parametrize(
    ("files", "pattern", "fields"),
    [
        pytest.param(
            names("P 1_{w}_s{s}_w{c}.TIF", w=WELLS, s=range(1, 12), c=(1, 2)),
            "{plate}_{well}_s{field:d}_w{channel:d}.TIF",
            11,
            id="s-and-w",
        ),
        pytest.param(
            names("P_{w}_F{s:03d}_C{c:02d}.tif", w=["B3", "C11"], s=(1, 2), c=(1, 3)),
            "{plate}_{well}_F{field:d}_C{channel:d}.tif",
            2,
            id="F-and-C",
        ),
        pytest.param(
            names(
                "{w}_f{s:02d}_ch{c}_z{z:02d}_t{t:03d}.png",
                w=WELLS,
                s=(1, 2),
                c=(0, 1),
                z=(1, 2),
                t=(1, 2),
            ),
            "{well}_f{field:d}_ch{channel:d}_z{z:d}_t{t:d}.png",
            2,
            id="z-and-t",
        ),
        pytest.param(
            names(
                "x-1_{w}_T0001F{s:03d}L01A0{c}Z{z:02d}C0{c}.tif",
                w=WELLS,
                s=(1, 2),
                z=(1, 2),
                c=(1, 2),
            ),
            "{plate}_{well}_T{t:d}F{field:d}L01A{_:d}Z{z:d}C{channel:d}.tif",
            2,
            id="written-together",
        ),
        pytest.param(
            names(
                "Images/r{r:02d}c11f{s:02d}p{z:02d}-ch{c}sk1fk1fl1.tiff",
                r=(2, 3),
                s=(1, 2),
                z=(1, 2),
                c=(1, 2),
            ),
            "Images/r{row:d}c{column:d}f{field:d}p{z:d}-ch{channel:d}sk{t:d}fk1fl1.tiff",
            2,
            id="row-and-column-numbers",
        ),
        pytest.param(
            names(
                "{r} - {k}(fld {s} wv {c} - {c}).tif",
                r="AB",
                k=(1, 11),
                s=(1, 2),
                c=("DAPI", "FITC"),
            ),
            "{row:[A-Za-z]+} - {column:d}(fld {field:d} wv {channel} - {_}).tif",
            2,
            id="A - 1",
        ),
        pytest.param(
            names("X_{w}f{s:02d}d{c}.TIF", w=WELLS, s=(0, 1), c=(0, 1)),
            "{plate}_{well}f{field:d}d{channel:d}.TIF",
            2,
            id="glued-to-the-well",
        ),
        pytest.param(
            names("TimePoint_{t}/{w}/site_{s}.tif", t=(1, 2), w=WELLS, s=(1, 2)),
            "TimePoint_{t:d}/{well}/site_{field:d}.tif",
            2,
            id="folders",
        ),
        pytest.param(
            names("row_{r}/col_{k}/s{s}.tif", r=(1, 2), k=(3, 11), s=(1, 2)),
            "row_{row:d}/col_{column:d}/s{field:d}.tif",
            2,
            id="words-for-row-and-column",
        ),
        pytest.param(
            names("{w}_{s}_{c}.tif", w=WELLS, s=range(4), c=("DAPI", "Alexa488")),
            "{well}_{field:d}_{channel}.tif",
            4,
            id="no-words",
        ),
        pytest.param(
            names("C01_F001_Z{z:02d}.png", z=range(3)),
            "{well}_F{field:d}_Z{z:d}.png",
            1,
            id="one-well-like-a-channel",
        ),
        pytest.param(
            names("{{x}}_{w}.tif", w=WELLS),
            "{plate}}}_{well}.tif",
            1,
            id="braces-before",
        ),
        pytest.param(
            names("{w}_{{x}}.tif", w=WELLS), "{well}_{{x}}.tif", 1, id="braces-after"
        ),
    ],
)
def test_patterns(files: list[str], pattern: str, fields: int) -> None:
    """A pattern is found that takes every name for another plane."""
    guess = guess_pattern(files)
    assert guess is not None
    assert guess.pattern == pattern
    assert (guess.matched, guess.images) == (len(files), len(files))
    assert guess.fields == fields
    assert guess.unique


def test_parts_in_words() -> None:
    """Every part comes with what it would be, values in natural order."""
    guess = guess_pattern(names("P1_{w}_s{s}_w1.tif", w=WELLS, s=(1, 2, 3, 4, 10)))
    assert guess == PatternGuess(
        pattern="{plate}_{well}_s{field:d}_w{channel:d}.tif",
        parts=(
            ("plate", "plate, always P1"),
            ("well", "well, 3 values: A01, B03, B12"),
            ("field", "field of view, 5 values: 1, 2, 3, 4 ..."),
            ("channel", "channel, always 1"),
        ),
        matched=15,
        images=15,
        fields=5,
        planes=1,
        unique=True,
        plate="P1",
    )


def test_other_files_do_not_disturb() -> None:
    """Thumbnails and documents do not count, and a few other images do not match."""
    files = names("P_{w}_s{s}.tif", w=WELLS, s=(1, 2))
    others = ["P_A01_s1_thumb.tif", "notes.txt", "flat field.tif"]
    guess = guess_pattern([*others, *files])
    assert guess is not None
    assert guess.pattern == "{plate}_{well}_s{field:d}.tif"
    assert (guess.matched, guess.images) == (6, 7)


def test_names_that_leave_planes_alike() -> None:
    """A part without a meaning leaves several files for one plane, and that is told."""
    files = [f"{w}_s1_{n:05d}q{n}.tif" for w in WELLS for n in range(20)]
    guess = guess_pattern(files)
    assert guess is not None
    assert guess.pattern == "{well}_s{field:d}_{_}.tif"
    assert not guess.unique


@pytest.mark.parametrize(
    "files",
    [
        [],
        ["readme.txt", "P_B03.csv"],
        ["img_001.tif", "img_002.tif"],
        ["DAPI.tif"],
        ["A01.tif", "xyz_1.tif", "xyz 2.tif", "xyz-3.tif"],
    ],
    ids=["empty", "no-images", "numbers", "text", "few-match"],
)
def test_no_pattern(files: list[str]) -> None:
    """Names that tell no well give no pattern."""
    assert guess_pattern(files) is None


@given(st.lists(st.from_regex(r"[A-Cr][0-9 _/sc.-]{0,9}\.tif", fullmatch=True)))
def test_any_names(files: list[str]) -> None:
    """Whatever the names, the outcome is a pattern for half of them, or none."""
    guess = guess_pattern(files)
    assert guess is None or 2 * guess.matched >= guess.images > 0


def test_real_plates(real_data: Path) -> None:
    """Real names of two instruments are taken apart, every image being a plane."""
    for folder, pattern, count in (
        (
            "imagexpress/9987_Plate_3433",
            "TimePoint_{t:d}/ZStep_{z:d}/{plate}_{well}_s{field:d}_w{channel:d}.TIF",
            32,
        ),
        (
            "yokogawa/cv7000-hipsc-2x2",
            "{plate}_{well}_T{t:d}F{field:d}L01A{_:d}Z{z:d}C{channel:d}.tif",
            48,
        ),
    ):
        guess = guess_pattern(list_tree(str(real_data / folder)))
        assert guess is not None
        assert (guess.pattern, guess.matched, guess.unique) == (pattern, count, True)
