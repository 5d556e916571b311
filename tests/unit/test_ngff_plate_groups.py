"""Groups of a plate in a store: written in order, read back, kept by all readers."""

from pathlib import Path

import pytest

from tests.unit.ngff_samples import (
    WELLS,
    MemoryStore,
    sample_image,
    sample_plate,
    write_sample,
)
from tests.validators import attributes, validate_plate
from tiles2zarr.errors import StoreError
from tiles2zarr.models.plan import AcquisitionEntry
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.ngff.documents import Version, read_attributes, write_attributes
from tiles2zarr.ngff.plate import PlateDescription, PlateImage
from tiles2zarr.ngff.plate_groups import read_plate, write_plate
from tiles2zarr.ngff.tables_backends import Backend

versions = pytest.mark.parametrize("version", ["0.4", "0.5"])
MARKERS = {"0.4": ".zgroup", "0.5": "zarr.json"}


def plate(*wells: tuple[str, int]) -> PlateDescription:
    """Return a plate with one image in each well."""
    cycle = AcquisitionEntry(id=0, name="cycle 0", start_time=12)
    return sample_plate([sample_image(*well) for well in wells], None, [cycle])


@versions
def test_every_validator_accepts_a_plate(tmp_path: Path, version: Version) -> None:
    """Validators and readers open plate, wells, images and tables without objection."""
    images = [
        sample_image(row, column, acquisition=number, conditions=[{"drug": "DMSO"}])
        for row, column in WELLS
        for number in range(2)
    ]
    layout = PlateLayout(rows=3, columns=4)
    written = write_sample(tmp_path, images, version, layout=layout)
    validate_plate(written, version)


@versions
@pytest.mark.parametrize("backend", ["anndata", "json", "parquet"])
def test_tables_do_not_bother_validators(
    tmp_path: Path, version: Version, backend: Backend
) -> None:
    """A well with tables in any backend passes every validator."""
    images = [sample_image(levels=1, conditions=[{"drug": "DMSO"}])]
    layout = PlateLayout(rows=2, columns=3)
    written = write_sample(tmp_path, images, version, backend=backend, layout=layout)
    validate_plate(written, version, mosaic=False)


@versions
def test_every_validator_accepts_fields_and_time_series(
    tmp_path: Path, version: Version
) -> None:
    """Translated images with a time axis and one plane pass the validators too."""
    images = [
        sample_image(
            row, column, axes="tczyx", times=2, translation=(7.0, 40.0, -100.5)
        )
        for row, column in WELLS
    ]
    validate_plate(write_sample(tmp_path, images, version), version, mosaic=False)


@versions
def test_plate_comes_last(version: Version) -> None:
    """Rows are written before wells and the plate last, attributes after markers.

    So a plate never lists a well that cannot be opened, whenever the writer dies.
    """
    store = MemoryStore()
    assert write_plate(store, plate(*WELLS), version)
    names = [".zgroup", ".zattrs"] if version == "0.4" else ["zarr.json"]
    groups = ["A", "B", "A/02", "B/01", "B/03"]
    expected = [f"{group}/{name}" for group in groups for name in names] + names
    assert store.log == expected


@versions
def test_only_used_rows_have_groups(version: Version) -> None:
    """Physical rows without images are listed, but have no group."""
    store = MemoryStore()
    write_plate(store, plate(("B", 3)), version)
    assert {key.split("/")[0] for key in store.objects if "/" in key} == {"B"}
    assert f"B/{MARKERS[version]}" in store.objects


@versions
def test_second_writing_touches_nothing(version: Version) -> None:
    """An unchanged plate is not written again, and its writer says so."""
    store = MemoryStore()
    assert write_plate(store, plate(*WELLS), version)
    store.log.clear()
    assert not write_plate(store, plate(*WELLS), version)
    assert store.log == []


@versions
def test_new_well_leaves_the_others_alone(version: Version) -> None:
    """One more well writes its own groups and the plate."""
    store = MemoryStore()
    write_plate(store, plate(("A", 2), ("B", 1)), version)
    store.log.clear()
    assert write_plate(store, plate(*WELLS), version)
    last = ".zattrs" if version == "0.4" else "zarr.json"
    well = [f"B/03/{MARKERS[version]}", f"B/03/{last}"]
    assert store.log == [*dict.fromkeys(well), last]


@versions
def test_well_that_left_is_no_well_any_more(version: Version) -> None:
    """A well that left the plate loses its list of images; the images stay."""
    store = MemoryStore({"B/01/0/c/0": b"pixels"})
    write_plate(store, plate(*WELLS), version)
    assert write_plate(store, plate(("A", 2), ("B", 3)), version)
    assert "well" not in str(read_attributes(store, "B/01", version))
    assert store.objects["B/01/0/c/0"] == b"pixels"
    found = read_plate(store)
    assert found is not None
    assert [image.well for image in found[0].images] == ["A/02", "B/03"]


@versions
def test_well_that_was_deleted_does_not_come_back(version: Version) -> None:
    """A listed well whose folder is gone is dropped without making it again."""
    store = MemoryStore()
    write_plate(store, plate(*WELLS), version)
    store.delete("B/01")
    write_plate(store, plate(("A", 2), ("B", 3)), version)
    assert store.children("B/01") == ()


@versions
def test_foreign_attributes_of_groups_stay(version: Version) -> None:
    """What others wrote into plate, row and well is kept; our mark is added."""
    store = MemoryStore()
    for group in ("", "B", "B/03"):
        write_attributes(store, group, {"note": f"at {group}"}, version)
    write_plate(store, plate(*WELLS), version, mark={"tiles2zarr": {"owner": "me"}})
    for group in ("", "B", "B/03"):
        assert (read_attributes(store, group, version) or {})["note"] == f"at {group}"
    top = read_attributes(store, "", version) or {}
    assert top["tiles2zarr"] == {"owner": "me"}


@versions
def test_plate_comes_back(version: Version) -> None:
    """Layout, acquisitions, wells and images are read as they were written."""
    images = [
        sample_image(row, column, acquisition=number)
        for row, column in WELLS
        for number in (0, 3)
    ]
    entries = [
        AcquisitionEntry(id=0, name="first", description="d", start_time=1, end_time=2),
        AcquisitionEntry(id=3, name="third"),
    ]
    described = sample_plate(images, PlateLayout(rows=32, columns=48), entries)
    store = MemoryStore()
    write_plate(store, described, version)
    assert read_plate(store) == (described, version)


def test_no_plate_is_none() -> None:
    """An empty store, and a group that is no plate, hold no plate."""
    assert read_plate(MemoryStore()) is None
    for version in ("0.4", "0.5"):
        store = MemoryStore()
        write_attributes(store, "", {"other": 1}, version)
        assert read_plate(store) is None


def foreign(content: dict[str, object], images: list[object]) -> MemoryStore:
    """Return a 0.4 store with a plate of others that has one well B/03."""
    store = MemoryStore()
    write_attributes(store, "", {"plate": content}, "0.4")
    write_attributes(store, "B/03", {"well": {"images": images}}, "0.4")
    return store


def test_foreign_plate_lists_used_rows_only() -> None:
    """The layout of a plate of others reaches to its last row and column."""
    content = {
        "rows": [{"name": "B"}],
        "columns": [{"name": "03"}],
        "wells": [{"path": "B/03", "rowIndex": 0, "columnIndex": 0}],
    }
    found = read_plate(foreign(dict(content), [{"path": "0"}]))
    assert found is not None
    assert found[0].layout == PlateLayout(rows=2, columns=3)
    assert found[0].images == (PlateImage(row=1, column=2, path="0"),)


def test_listed_well_that_is_absent_has_no_images() -> None:
    """A well that is listed but was never written adds nothing."""
    content: dict[str, object] = {
        "rows": [{"name": "B"}, {"name": "C"}],
        "columns": [{"name": "03"}],
        "wells": [{"path": "B/03"}, {"path": "C/03"}],
    }
    found = read_plate(foreign(content, [{"path": "0"}]))
    assert found is not None
    assert [image.well for image in found[0].images] == ["B/03"]


def test_image_without_acquisition_belongs_to_the_first() -> None:
    """A plate with one acquisition need not name it in its wells."""
    content: dict[str, object] = {
        "rows": [{"name": "B"}],
        "columns": [{"name": "03"}],
        "wells": [{"path": "B/03"}],
        "acquisitions": [{"id": 5}, {"id": 2}],
    }
    found = read_plate(
        foreign(content, [{"path": "0"}, {"path": "x", "acquisition": 5}])
    )
    assert found is not None
    assert [image.acquisition for image in found[0].images] == [2, 5]


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        pytest.param(["1"], ["03"], "a row '1', expected names like 'A'", id="digits"),
        pytest.param(["b"], ["03"], "a row 'b', expected names like 'A'", id="case"),
        pytest.param(["B"], ["3"], "a column '3', expected names like '01'", id="3"),
        pytest.param(["B"], ["C"], "a column 'C', expected names like '01'", id="C"),
    ],
)
def test_foreign_names_are_refused(
    rows: list[str], columns: list[str], said: str
) -> None:
    """Rows and columns with other names than ours cannot be extended."""
    content: dict[str, object] = {
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": name} for name in columns],
        "wells": [],
    }
    with pytest.raises(StoreError) as raised:
        read_plate(foreign(content, []))
    assert str(raised.value) == (
        f"the plate in the output names {said}: new images would not fall into the "
        "same wells. Write into a new plate."
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"rows": None}, id="no list"),
        pytest.param({"rows": ["A"]}, id="row without name"),
        pytest.param({"rows": [{}]}, id="row without key"),
        pytest.param({"rows": [{"name": "ZZ"}]}, id="row beyond AV"),
        pytest.param({"columns": [{"name": "00"}]}, id="column 0"),
        pytest.param({"acquisitions": [{"id": -1}]}, id="negative id"),
        pytest.param({"acquisitions": [{"name": "x"}]}, id="no id"),
        pytest.param({"wells": [{"rowIndex": 1}]}, id="well without path"),
    ],
)
def test_damaged_metadata_are_an_error(content: dict[str, object]) -> None:
    """Metadata that say nothing sensible are a message with a cure, no traceback."""
    with pytest.raises(StoreError, match=r"^the plate metadata in the output are not"):
        read_plate(foreign(content, []))


@pytest.mark.parametrize(
    "wells", [None, [1], [{"rowIndex": 1}]], ids=["null", "number", "no path"]
)
def test_damaged_plate_is_not_written_over(wells: object) -> None:
    """A plate whose list of wells is damaged is refused before anything is written."""
    store = foreign({"wells": wells}, [])
    before = dict(store.objects)
    with pytest.raises(StoreError, match="Repair them, or choose another output"):
        write_plate(store, plate(*WELLS), "0.4")
    assert store.objects == before


def test_other_version_is_refused() -> None:
    """A plate of 0.4 does not become one of 0.5."""
    store = MemoryStore()
    write_plate(store, plate(*WELLS), "0.4")
    with pytest.raises(StoreError, match=r"is OME-Zarr 0\.4, the config asks for 0\.5"):
        write_plate(store, plate(*WELLS), "0.5")


def test_well_outside_the_layout_writes_nothing() -> None:
    """A plate that cannot be described is not begun."""
    store = MemoryStore()
    described = plate(*WELLS).replace(layout=PlateLayout(rows=1, columns=12))
    with pytest.raises(StoreError, match="plate P has well B01"):
        write_plate(store, described, "0.4")
    assert store.objects == {}


@versions
def test_written_plate_is_what_the_folder_holds(
    tmp_path: Path, version: Version
) -> None:
    """On disk, too, the plate lists 16 rows and 24 columns and three wells."""
    layout = PlateLayout(rows=16, columns=24)
    images = [sample_image(row, column, levels=1) for row, column in WELLS]
    written = write_sample(tmp_path, images, version, layout=layout)
    found = attributes(written, version)["plate"]
    assert [len(found[key]) for key in ("rows", "columns", "wells")] == [16, 24, 3]  # type: ignore[index]
