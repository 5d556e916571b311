"""Where images go: no name leads out of the output folder."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tiles2zarr.models.collection import ImageInPlate, SingleImage, check_name

OUTSIDE = (
    "..",
    ".",
    "../x",
    "/etc",
    "a/../b",
    "a\\b",
    "..\\x",
    "~root",
    "",
    " a",
    "a ",
    "a.",
    ".hidden",
    "-rf",
    "a\nb",
    "a\n",
    "a\0b",
    "a:b",
    "C:",
    "é",
    "x" * 101,
)
"""Names that leave their folder, or that some disk does not take."""


@pytest.mark.parametrize("name", OUTSIDE, ids=repr)
def test_w15_names_that_would_leave_the_folder_are_refused(name: str) -> None:
    """The message quotes the name and says what a name may hold."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  the message is compared
        check_name(name)
    assert str(error.value) == (
        f"name {name!r} must be 1 to 100 letters, digits or '._ -', beginning with a "
        "letter or digit and not ending in a space or dot"
    )


@pytest.mark.parametrize(
    "name", ["P1", "2024-05-01 plate_3", "a..b", "0", "x" * 100], ids=str
)
def test_plain_names_are_taken(name: str) -> None:
    """Letters, digits, points, spaces, hyphens and underscores make a name."""
    assert check_name(name) == name


@pytest.mark.parametrize("name", OUTSIDE, ids=repr)
def test_w15_a_plate_name_stays_in_the_output(name: str) -> None:
    """The name of a plate is checked wherever it comes from."""
    with pytest.raises(ValidationError, match="plate_name"):
        ImageInPlate(plate_name=name, row="B", column=3)


@pytest.mark.parametrize(
    "path",
    [*OUTSIDE, "a//b", "a/", "/a", "a/./b", "a/..", "a/ "],
    ids=repr,
)
def test_w15_an_image_path_stays_in_the_output(path: str) -> None:
    """Every part of an image's path is a plain name."""
    with pytest.raises(ValidationError, match="image_path"):
        SingleImage(image_path=path)


@pytest.mark.parametrize("suffix", ["/x", "..", "0/..", "F1\n", "é", " "], ids=repr)
def test_w15_a_suffix_stays_in_the_output(suffix: str) -> None:
    """A field's name cannot change the path of its image."""
    with pytest.raises(ValidationError, match="suffix"):
        ImageInPlate(plate_name="P", row="B", column=3, suffix=suffix)
    with pytest.raises(ValidationError, match="suffix"):
        SingleImage(image_path="a", suffix=suffix)


@given(st.text(max_size=20), st.text(max_size=6))
def test_w15_any_path_stays_below_the_output(path: str, suffix: str) -> None:
    """Whatever is accepted is a relative path without a step upwards."""
    try:
        image = SingleImage(image_path=path, suffix=suffix)
    except ValidationError:
        return
    parts = PurePosixPath(image.path).parts
    assert not PurePosixPath(image.path).is_absolute()
    assert all(part not in ("", ".", "..") for part in parts)
    assert "/".join(parts) == image.path


@pytest.mark.parametrize(
    ("row", "column"),
    [("B", 3), ("b", "03"), (2, "3"), ("2", 3.0), (" b ", " 3 ")],
    ids=repr,
)
def test_w14_one_well_has_one_path(row: str | int, column: str | int | float) -> None:
    """``B``, ``b`` and 2 with ``3``, ``03`` and 3.0 are well B03."""
    image = ImageInPlate.model_validate(
        {"plate_name": "P1", "row": row, "column": column}
    )
    assert (image.row, image.column) == ("B", 3)
    assert image.well == "B03"
    assert image.image == "B/03/0"
    assert image.path == "P1.zarr/B/03/0"


def test_the_last_well_of_1536() -> None:
    """Rows beyond Z and three-part names make the documented path."""
    image = ImageInPlate(
        plate_name="P 1", row="af", column=48, acquisition=12, suffix="F3"
    )
    assert image.well == "AF48"
    assert image.image == "AF/48/12F3"
    assert image.path == "P 1.zarr/AF/48/12F3"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"row": "AW"}, r"row 'AW' is outside A\.\.AV \(1\.\.48\)"),
        ({"row": None}, "row None is neither letters"),
        ({"column": 0}, r"column 0 is outside 1\.\.72"),
        ({"column": True}, "column True is not a whole number"),
        ({"acquisition": -1}, "acquisition"),
    ],
    ids=["row", "no row", "column", "truth value", "acquisition"],
)
def test_no_image_in_a_well_that_cannot_exist(
    place: dict[str, object], message: str
) -> None:
    """Rows, columns and acquisitions outside every plate are refused."""
    with pytest.raises(ValidationError, match=message):
        ImageInPlate.model_validate(
            {"plate_name": "P", "row": "B", "column": 3} | place
        )


def test_single_images_may_lie_in_folders() -> None:
    """The path's parts are folders below the output."""
    image = SingleImage(image_path="day 1/embryo-2", suffix="_F1")
    assert image.image == "day 1/embryo-2_F1"
    assert image.path == "day 1/embryo-2_F1.zarr"
