"""One image listed in its plate: what the listing of all together would say."""

import json
from itertools import permutations

import pytest

from tests.unit.ngff_samples import MemoryStore
from tiles2zarr.errors import StoreError
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.plate import PlateImage, describe_plate
from tiles2zarr.ngff.plate_groups import read_plate, write_plate
from tiles2zarr.ngff.plate_listing import list_image

LAYOUT = PlateLayout(rows=8, columns=12)
ENTRIES = (AcquisitionEntry(id=0, name="first"), AcquisitionEntry(id=1))
PLACES = (
    ImageInPlate(plate_name="P", row="B", column=11, acquisition=1, suffix="F2"),
    ImageInPlate(plate_name="P", row="B", column=2, acquisition=0),
    ImageInPlate(plate_name="P", row="B", column=11, acquisition=1, suffix="F1"),
    ImageInPlate(plate_name="P", row="A", column=12, acquisition=10),
)
versions = pytest.mark.parametrize("version", ["0.4", "0.5"])


def laid_out(version: Version, *places: ImageInPlate) -> MemoryStore:
    """Return a plate that lists the places."""
    store = MemoryStore()
    plate = describe_plate("P", LAYOUT, ENTRIES, places)
    write_plate(store, plate, version, mark={"lab": "ours"})
    return store


def plain(store: MemoryStore) -> dict[str, object]:
    """Return the documents of a store as values."""
    return {key: json.loads(data) for key, data in store.objects.items()}


def test_a_plate_lists_an_image_as_written_by_hand() -> None:
    """Well, acquisition and counts are added; what was there stays."""
    store = laid_out("0.4")
    assert list_image(store, PlateImage.of(PLACES[0]), "0.4")
    documents = plain(store)
    assert documents["B/11/.zattrs"] == {
        "well": {"version": "0.4", "images": [{"path": "1F2", "acquisition": 1}]}
    }
    attributes = documents[".zattrs"]
    assert isinstance(attributes, dict)
    assert attributes["lab"] == "ours"
    plate = attributes["plate"]
    assert plate["wells"] == [{"path": "B/11", "rowIndex": 1, "columnIndex": 10}]
    assert plate["acquisitions"] == [
        {"id": 0, "name": "first"},
        {"id": 1, "name": "1", "maximumfieldcount": 1},
    ]
    assert plate["field_count"] == 1
    assert len(plate["rows"]) == 8
    assert len(plate["columns"]) == 12


@versions
@pytest.mark.parametrize("places", list(permutations(PLACES)))
def test_one_by_one_is_all_together(
    version: Version, places: tuple[ImageInPlate, ...]
) -> None:
    """In any order the documents say what they say when all are written at once."""
    store = laid_out(version)
    for place in places:
        assert list_image(store, PlateImage.of(place), version)
    assert plain(store) == plain(laid_out(version, *PLACES))


@versions
def test_an_image_that_is_listed_changes_nothing(version: Version) -> None:
    """Nothing is written, so no file's time changes."""
    store = laid_out(version, *PLACES)
    store.log.clear()
    assert not list_image(store, PlateImage.of(PLACES[2]), version)
    assert store.log == []


def test_the_plate_is_written_last() -> None:
    """A plate never lists a well that cannot be opened, whenever the writer dies."""
    store = laid_out("0.5")
    store.log.clear()
    list_image(store, PlateImage.of(PLACES[1]), "0.5")
    assert store.log == ["B/zarr.json", "B/02/zarr.json", "zarr.json"]


def test_only_the_well_of_the_image_is_read() -> None:
    """The cost does not grow with the wells that are there."""
    asked: list[str] = []

    class Asked(MemoryStore):
        def get(self, key: str) -> bytes | None:
            asked.append(key.rpartition("/")[0])
            return super().get(key)

    store = Asked(laid_out("0.4", *PLACES).objects)
    extra = ImageInPlate(plate_name="P", row="C", column=7)
    list_image(store, PlateImage.of(extra), "0.4")
    assert set(asked) == {"", "C", "C/07"}


def test_images_of_others_stay_as_they_are() -> None:
    """An entry without acquisition is of the first one; further keys are kept."""
    store = laid_out("0.4", PLACES[1])
    theirs = {"path": "raw", "stain": "x"}
    well = {"well": {"images": [theirs], "version": "0.4"}, "note": 7}
    store.objects["B/02/.zattrs"] = json.dumps(well).encode()
    again = ImageInPlate(plate_name="P", row="B", column=2, acquisition=0)
    list_image(store, PlateImage.of(again), "0.4")
    found = plain(store)["B/02/.zattrs"]
    assert isinstance(found, dict)
    assert found["note"] == 7
    assert found["well"]["images"] == [{"path": "0", "acquisition": 0}, theirs]
    plate = read_plate(store)
    assert plate is not None
    assert [image.path for image in plate[0].images] == ["0", "raw"]
    attributes = plain(store)[".zattrs"]
    assert isinstance(attributes, dict)
    assert attributes["plate"]["field_count"] == 2


def test_a_well_outside_the_layout_is_an_error() -> None:
    """Well, layout and the cure are named, and nothing is written."""
    store = laid_out("0.4")
    store.log.clear()
    far = ImageInPlate(plate_name="P", row="I", column=3)
    with pytest.raises(StoreError, match=r"plate P has well I03, but .* 8 rows and 12"):
        list_image(store, PlateImage.of(far), "0.4")
    assert store.log == []


def test_without_a_plate_there_is_an_error() -> None:
    """An image cannot be listed before the plate is laid out."""
    with pytest.raises(StoreError, match=r"no plate to list image B/02/0 in\. Lay it"):
        list_image(MemoryStore(), PlateImage.of(PLACES[1]), "0.4")


def test_damaged_metadata_are_an_error() -> None:
    """Wells that are no list are told, not replaced."""
    store = laid_out("0.4")
    document = {"plate": {"rows": [{"name": "A"}], "columns": [{}], "wells": "A/01"}}
    store.objects[".zattrs"] = json.dumps(document).encode()
    first = ImageInPlate(plate_name="P", row="A", column=1)
    with pytest.raises(StoreError, match="wells is not a list"):
        list_image(store, PlateImage.of(first), "0.4")
