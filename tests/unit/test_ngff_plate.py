"""Metadata of plates and wells: every physical row and column, places, counts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ngff_samples import WELLS, sample_image, sample_plate
from tiles2zarr.errors import StoreError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import STANDARD_LAYOUTS, PlateLayout, standard_layout
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.plate import (
    PlateDescription,
    PlateImage,
    describe_plate,
    merge_plates,
    plate_attributes,
    well_attributes,
)

versions = pytest.mark.parametrize("version", ["0.4", "0.5"])
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def place(
    row: str, column: int, acquisition: int = 0, suffix: str = ""
) -> ImageInPlate:
    """Return the place of an image in plate P."""
    return ImageInPlate(
        plate_name="P", row=row, column=column, acquisition=acquisition, suffix=suffix
    )


def described(
    *places: ImageInPlate,
    rows: int = 8,
    columns: int = 12,
    acquisitions: tuple[AcquisitionEntry, ...] = (),
) -> PlateDescription:
    """Return plate P with images at places."""
    layout = PlateLayout(rows=rows, columns=columns)
    return describe_plate("P", layout, acquisitions, places)


def content(plate: PlateDescription, version: Version = "0.4") -> dict[str, object]:
    """Return what stands below ``plate``, as a reader finds it in JSON."""
    found = json.loads(json.dumps(plate_attributes(plate, version)))
    result: dict[str, object] = (found if version == "0.4" else found["ome"])["plate"]
    return result


@versions
@pytest.mark.parametrize("wells", STANDARD_LAYOUTS)
def test_every_physical_row_and_column_is_listed(version: Version, wells: int) -> None:
    """One used well, and still all rows (to AF) and columns (from 01) are there."""
    layout = standard_layout(wells)
    plate = describe_plate("P", layout, (), [place("B", 3)])
    found = content(plate, version)
    letters = [*ALPHABET, *(f"A{letter}" for letter in ALPHABET)]
    assert found["rows"] == [{"name": name} for name in letters[: layout.rows]]
    numbers = [f"{n:02d}" for n in range(1, layout.columns + 1)]
    assert found["columns"] == [{"name": name} for name in numbers]
    assert len(letters[: layout.rows]) * len(numbers) == wells


def test_w14_last_row_of_1536_wells_is_af() -> None:
    """Row AF and column 48 are the last ones of 1536 wells, with index 31 and 47."""
    plate = describe_plate("P", standard_layout(1536), (), [place("AF", 48)])
    found = content(plate)
    assert found["rows"][-1] == {"name": "AF"}
    assert found["columns"][-1] == {"name": "48"}
    assert found["wells"] == [{"path": "AF/48", "rowIndex": 31, "columnIndex": 47}]


@versions
def test_row_and_column_are_not_swapped(version: Version) -> None:
    """Paths and 0-based indices agree, wells come by row and column."""
    plate = sample_plate([sample_image(row, column) for row, column in WELLS[::-1]])
    assert content(plate, version)["wells"] == [
        {"path": "A/02", "rowIndex": 0, "columnIndex": 1},
        {"path": "B/01", "rowIndex": 1, "columnIndex": 0},
        {"path": "B/03", "rowIndex": 1, "columnIndex": 2},
    ]


def test_rows_and_columns_are_sorted_as_numbers() -> None:
    """Column 10 comes after 9 and row AA after Z."""
    wells = [place("AA", 1), place("Z", 10), place("Z", 9)]
    plate = described(*wells, rows=32, columns=48)
    paths = [well["path"] for well in content(plate)["wells"]]
    assert paths == ["Z/09", "Z/10", "AA/01"]


def test_version_4_stands_in_the_plate() -> None:
    """0.4 has the plate at the top, with its version."""
    attributes = plate_attributes(described(place("A", 1)), "0.4")
    assert list(attributes) == ["plate"]
    assert content(described(place("A", 1)))["version"] == "0.4"


def test_version_5_stands_below_ome() -> None:
    """0.5 has version and plate below ``ome``, and nothing at the top."""
    attributes = plate_attributes(described(place("A", 1)), "0.5")
    assert list(attributes) == ["ome"]
    ome = attributes["ome"]
    assert isinstance(ome, dict)
    assert ome["version"] == "0.5"
    assert set(ome) == {"version", "plate"}


@versions
def test_well_lists_its_images(version: Version) -> None:
    """A well lists path and acquisition of its own images only, sorted."""
    plate = described(
        place("B", 3, 1), place("B", 3, 0), place("C", 2, 0), place("A", 3, 10)
    )
    found = well_attributes(plate.images_by_well()["B/03"], version)
    well = {
        "version": version,
        "images": [{"path": "0", "acquisition": 0}, {"path": "1", "acquisition": 1}],
    }
    assert found == (
        {"well": well}
        if version == "0.4"
        else {"ome": {"version": "0.5", "well": well}}
    )


def test_acquisitions_are_sorted_as_numbers() -> None:
    """Image 10 of a well comes after image 2."""
    plate = described(*(place("B", 3, number) for number in (10, 2, 1)))
    attributes = well_attributes(plate.images_by_well()["B/03"], "0.4")
    images = attributes["well"]["images"]  # type: ignore[index]
    assert [image["path"] for image in images] == ["1", "2", "10"]


def test_field_count_of_mosaics_is_one() -> None:
    """Two acquisitions of mosaics: one image of each in a well."""
    plate = described(place("A", 2, 0), place("A", 2, 1), place("B", 3, 0))
    found = content(plate)
    assert found["field_count"] == 1
    assert found["acquisitions"] == [
        {"id": 0, "name": "0", "maximumfieldcount": 1},
        {"id": 1, "name": "1", "maximumfieldcount": 1},
    ]


def test_field_count_is_the_most_images_of_one_acquisition_in_a_well() -> None:
    """Fields are counted per well and acquisition, not over either."""
    fields = [
        *(place("A", 2, 0, f"F{n}") for n in range(2)),
        *(place("A", 2, 1, f"F{n}") for n in range(4)),
        *(place("B", 3, 0, f"F{n}") for n in range(3)),
    ]
    found = content(described(*fields))
    assert found["field_count"] == 4
    counts = [entry["maximumfieldcount"] for entry in found["acquisitions"]]
    assert counts == [3, 4]


def test_acquisitions_say_what_is_known() -> None:
    """Name, description and times stand where known, under the specification's names.

    An acquisition without images has no field count, one that only images name is bare.
    """
    entries = (
        AcquisitionEntry(
            id=3, name="cycle 3", description="d", start_time=1_700, end_time=1_800
        ),
        AcquisitionEntry(id=1, name="cycle 1"),
    )
    plate = described(place("A", 2, 3), place("A", 2, 7), acquisitions=entries)
    assert content(plate)["acquisitions"] == [
        {"id": 1, "name": "cycle 1"},
        {
            "id": 3,
            "name": "cycle 3",
            "maximumfieldcount": 1,
            "description": "d",
            "starttime": 1_700,
            "endtime": 1_800,
        },
        {"id": 7, "name": "7", "maximumfieldcount": 1},
    ]


def test_plate_without_images_is_a_plate() -> None:
    """A plate of which nothing is written yet lists its rows and no well."""
    found = content(described(rows=2, columns=3))
    assert found["wells"] == []
    assert "field_count" not in found
    assert len(found["columns"]) == 3
    assert found["name"] == "P"


def test_well_outside_the_layout_is_an_error() -> None:
    """A layout too small is not stretched in silence; C04 fits 3 x 4, not 4 x 3."""
    content(described(place("C", 4), rows=3, columns=4))
    with pytest.raises(StoreError) as raised:
        content(described(place("A", 1), place("C", 4), rows=4, columns=3))
    assert str(raised.value) == (
        "plate P has well C04, but its layout has 4 rows and 3 columns. Set "
        "plate.layout to the plate that was used."
    )


def test_image_listed_twice_is_an_error() -> None:
    """Two images at one path are an error, also under different acquisitions."""
    same = describe_plate("P", PlateLayout(rows=8, columns=12), (), [place("B", 3)] * 2)
    other = same.replace(
        images=(
            PlateImage(row=1, column=2, path="0", acquisition=0),
            PlateImage(row=1, column=2, path="0", acquisition=1),
        )
    )
    for plate in (same, other):
        with pytest.raises(StoreError) as raised:
            content(plate)
        assert str(raised.value) == (
            "plate P lists image B/03/0 twice. Give every acquisition an id of its own."
        )


def test_place_of_an_image() -> None:
    """Row and column are indices from 0; paths are those of the store."""
    image = PlateImage.of(place("aa", 3, 1, "F2"))
    assert (image.row, image.column, image.acquisition) == (26, 2, 1)
    assert (image.well, image.image, image.path) == ("AA/03", "AA/03/1F2", "1F2")


@given(st.sets(st.tuples(st.integers(0, 15), st.integers(0, 23)), max_size=30))
def test_names_and_indices_of_wells_agree(wells: set[tuple[int, int]]) -> None:
    """RowIndex and columnIndex point at the names the path is made of."""
    images = tuple(PlateImage(row=r, column=c, path="0") for r, c in wells)
    found = content(described(rows=16, columns=24).replace(images=images))
    seen = set()
    for well in found["wells"]:
        row = found["rows"][well["rowIndex"]]["name"]
        column = found["columns"][well["columnIndex"]]["name"]
        assert well["path"] == f"{row}/{column}"
        seen.add((well["rowIndex"], well["columnIndex"]))
    assert seen == wells


def test_merged_plate_has_the_images_of_both() -> None:
    """Extending keeps earlier images, takes the larger layout and the new name."""
    old = described(place("A", 2), rows=16, columns=12).replace(name="old")
    new = described(place("B", 3), place("A", 2), rows=8, columns=24)
    merged = merge_plates(old, new)
    assert [image.image for image in merged.images] == ["A/02/0", "B/03/0"]
    assert merged.layout == PlateLayout(rows=16, columns=24)
    assert merged.name == "P"


def test_merged_acquisition_keeps_what_is_left_open() -> None:
    """What the new config does not say about an acquisition stays as it was."""
    before = AcquisitionEntry(id=0, name="cycle", description="d", start_time=5)
    after = AcquisitionEntry(id=0, name="renamed")
    more = AcquisitionEntry(id=1)
    old = described(acquisitions=(before,))
    merged = merge_plates(old, described(acquisitions=(more, after)))
    assert merged.acquisitions == (before.replace(name="renamed"), more)


def test_merged_path_of_another_acquisition_is_an_error() -> None:
    """An image path taken by another acquisition is refused."""
    old = described().replace(images=(PlateImage(row=1, column=2, path="0"),))
    new = described().replace(
        images=(PlateImage(row=1, column=2, path="0", acquisition=4),)
    )
    with pytest.raises(StoreError) as raised:
        merge_plates(old, new)
    assert str(raised.value) == (
        "image B/03/0 of plate P belongs to acquisition 0, the config writes "
        "acquisition 4 there. Give the new acquisition an id whose image path is free."
    )
