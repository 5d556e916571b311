"""Names made of vendor texts and paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.config.names import clean_name, folder_name
from tiles2zarr.models.collection import check_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("P1", "P1"),
        ("Röntgen 3", "Rontgen 3"),
        ("a/b\\c: d", "a_b_c_ d"),
        ("../../etc", "etc"),
        (" _x. ", "x"),
        ("日本", None),
        ("", None),
        ("a" * 120, "a" * 100),
        ("Größe 5 µm, Łódź", "Grosse 5 um_ Lodz"),
    ],
)
def test_clean_name(text: str, name: str | None) -> None:
    """Accents go, other characters become ``_``, what cannot begin a name is cut."""
    assert clean_name(text) == name


@given(st.text())
def test_cleaned_names_are_safe(text: str) -> None:
    """Whatever the vendor says, the cleaned name is one that paths may hold."""
    name = clean_name(text)
    assert name is None or check_name(name) == name


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,97}[A-Za-z0-9]", fullmatch=True))
def test_safe_names_stay(name: str) -> None:
    """A name that is safe already is not changed."""
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("raw/P1", "P1"),
        ("raw/P1/", "P1"),
        ("/data/plate.v2", "plate.v2"),
        ("raw/P1/tiles.csv", "P1"),
        ("tiles.csv", "tiles"),
        ("C:\\data\\P7\\MeasurementData.mlf", "P7"),
        ("s3://bucket/prefix/P3", "P3"),
        ("s3://bucket/prefix/P3/tiles.parquet", "P3"),
        (".", None),
        ("..", None),
    ],
)
def test_folder_name(path: str, name: str | None) -> None:
    """A folder gives its name, a file that of its folder, a lone file its own."""
    assert folder_name(path) == name
