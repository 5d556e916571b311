"""Tables in stores: what is written, removed, kept, taken over, and never half seen."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.unit.ngff_samples import MemoryStore, sample_image
from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.image import ConditionRow, RegisteredImage
from tiles2zarr.ngff.documents import Version, read_attributes, write_attributes
from tiles2zarr.ngff.tables import write_image_tables, write_plate_tables
from tiles2zarr.ngff.tables_backends import Backend, parse_table, render_table
from tiles2zarr.ngff.tables_frames import NamedTable, Row, as_columns, plate_rows
from tiles2zarr.stores.local import LocalStore

versions = pytest.mark.parametrize("version", ["0.4", "0.5"])
backends = pytest.mark.parametrize("backend", ["csv", "anndata", "json", "parquet"])
ALL = ["FOV_ROI_table", "well_ROI_table", "condition_table", "plane_table"]


def listed(store: MemoryStore, home: str, version: Version = "0.4") -> list[str]:
    """Return the tables a group of tables lists."""
    names = (read_attributes(store, home, version) or {}).get("tables", [])
    assert isinstance(names, list)
    return names


def rows_of(
    store: MemoryStore, table: str, version: Version = "0.4"
) -> tuple[Row, ...]:
    """Return the rows of a table."""
    keys = [key for key, _ in store.sizes(table)]
    objects = {key.removeprefix(f"{table}/"): store.objects[key] for key in keys}
    return parse_table(objects, version)


def image_with(
    drug: str, row: str = "B", column: int = 3, acquisition: int = 0
) -> RegisteredImage:
    """Return an image with one condition."""
    return sample_image(
        row, column, acquisition=acquisition, conditions=[{"drug": drug, "dose": 1.5}]
    )


def put_plate(
    store: MemoryStore,
    images: Sequence[RegisteredImage],
    version: Version = "0.4",
    backend: Backend = "csv",
    kept: Sequence[str] = (),
) -> bool:
    """Write the tables of a plate."""
    rows = [plate_rows(image) for image in images]
    return write_plate_tables(
        store, rows, version=version, backend=backend, kept=set(kept)
    )


def put_foreign(
    store: MemoryStore, home: str, name: str, rows: Sequence[Mapping[str, Scalar]]
) -> None:
    """Write a CSV table of another program and list it."""
    table = NamedTable(name, "generic_table", as_columns(rows))
    for key, data in render_table(table, "csv", "0.4").items():
        store.put_chunk(f"{home}/{name}/{key}", data)
    write_attributes(store, home, {"tables": [*listed(store, home), name]}, "0.4")


@versions
@backends
def test_image_lists_its_tables(version: Version, backend: Backend) -> None:
    """The group of tables lists all tables, at the top of its attributes."""
    store = MemoryStore()
    image = image_with("DMSO")
    assert write_image_tables(store, "B/03/0", image, version=version, backend=backend)
    found = read_attributes(store, "B/03/0/tables", version)
    assert found == {"tables": ALL}
    assert len(rows_of(store, "B/03/0/tables/plane_table", version)) == 2


@versions
@backends
def test_equal_tables_are_not_written_again(version: Version, backend: Backend) -> None:
    """A second writing touches no object and says so."""
    store = MemoryStore()
    image = image_with("DMSO")

    def write() -> list[bool]:
        group = image.image
        return [
            write_image_tables(store, group, image, version=version, backend=backend),
            put_plate(store, [image], version, backend),
        ]

    assert write() == [True, True]
    store.log.clear()
    assert write() == [False, False]
    assert store.log == []


@versions
def test_changed_conditions_leave_other_tables_alone(version: Version) -> None:
    """Only the table that changed is written, in one step: it stays on the list."""
    store = MemoryStore()
    write_image_tables(store, "", image_with("DMSO"), version=version)
    store.log.clear()
    assert write_image_tables(store, "", image_with("drug X"), version=version)
    assert list(store.log) == ["tables/condition_table/table.csv"]
    assert rows_of(store, "tables/condition_table", version) == (
        {"drug": "drug X", "dose": 1.5},
    )


@versions
def test_table_without_rows_any_more_is_removed(version: Version) -> None:
    """Conditions that were taken away take their table with them."""
    store = MemoryStore()
    write_image_tables(store, "", image_with("DMSO"), version=version)
    assert write_image_tables(store, "", sample_image(), version=version)
    assert "condition_table" not in listed(store, "tables", version)
    assert store.children("tables/condition_table") == ()


def test_tables_of_others_stay() -> None:
    """Tables of other programs are kept and stay listed."""
    store = MemoryStore()
    write_image_tables(store, "", image_with("DMSO"), version="0.4")
    put_foreign(store, "tables", "nuclei", [{"area": 12.5}])
    write_image_tables(store, "", sample_image(), version="0.4", backend="parquet")
    assert set(listed(store, "tables")) == {*ALL, "nuclei"} - {"condition_table"}
    assert rows_of(store, "tables/nuclei") == ({"area": 12.5},)


@versions
def test_backend_may_change(version: Version) -> None:
    """Tables in another backend replace the old ones; nothing of these is left."""
    store, fresh = MemoryStore(), MemoryStore()
    image = image_with("DMSO")
    for backend in ("csv", "anndata", "json", "parquet"):
        write_image_tables(store, "", image, version=version, backend=backend)
    write_image_tables(fresh, "", image, version=version, backend="parquet")
    assert store.objects == fresh.objects


def test_other_version_is_refused() -> None:
    """Tables of 0.5 do not go into an image of 0.4."""
    store = MemoryStore()
    write_image_tables(store, "", sample_image(), version="0.4")
    with pytest.raises(StoreError, match=r"is OME-Zarr 0\.4, the config asks for 0\.5"):
        write_image_tables(store, "", sample_image(), version="0.5")


class DyingStore(MemoryStore):
    """A store that dies at a given change, in the middle of it if it can."""

    def __init__(self, objects: Mapping[str, bytes], changes: int) -> None:
        """Allow so many changes."""
        super().__init__(objects)
        self.left = changes

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt

    def put(self, key: str, data: bytes) -> None:
        """Replace the object, or die before."""
        self._count()
        super().put(key, data)

    def delete(self, key: str) -> None:
        """Remove everything below the key, or die after the first object."""
        keys = [name for name, _ in self.sizes(key)]
        try:
            self._count()
        except KeyboardInterrupt:
            self.objects.pop(keys[0], None)
            raise
        super().delete(key)


@pytest.mark.parametrize(
    ("version", "old_backend", "backend", "least"),
    [
        ("0.4", "csv", "csv", 1),
        ("0.4", "json", "csv", 4),
        ("0.5", "json", "csv", 4),
        ("0.4", "csv", "json", 4),
    ],
)
def test_half_a_table_is_never_listed(
    version: Version, old_backend: Backend, backend: Backend, least: int
) -> None:
    """Wherever the writer dies, listed tables are whole, and a rerun finishes them."""
    old, new = MemoryStore(), MemoryStore()
    before, after = image_with("DMSO"), image_with("drug X")
    write_image_tables(old, "", before, version=version, backend=old_backend)
    write_image_tables(new, "", after, version=version, backend=backend)
    known = {
        name: (
            rows_of(old, f"tables/{name}", version),
            rows_of(new, f"tables/{name}", version),
        )
        for name in ALL
    }
    for changes in range(60):
        store = DyingStore(old.objects, changes)
        try:
            write_image_tables(store, "", after, version=version, backend=backend)
        except KeyboardInterrupt:
            for name in listed(store, "tables", version):
                assert rows_of(store, f"tables/{name}", version) in known[name]
            store.left = 1000
            write_image_tables(store, "", after, version=version, backend=backend)
            assert set(listed(store, "tables", version)) == set(ALL)
            for name in ALL:
                assert rows_of(store, f"tables/{name}", version) == known[name][1]
        else:
            break
    assert least <= changes < 59


@versions
@backends
def test_w9_rows_of_other_images_are_kept(version: Version, backend: Backend) -> None:
    """Extending a plate gives the tables that one run over all images gives."""
    first, second = image_with("DMSO", "A", 2), image_with("A", "B", 1)
    third = image_with("B", "B", 3)
    whole, store = MemoryStore(), MemoryStore()
    put_plate(whole, [first, second, third], version, backend)
    put_plate(store, [second], version, backend)
    kept = [second.image]
    put_plate(store, [third], version, backend, kept)
    put_plate(store, [first], version, backend, [*kept, third.image])
    for name, count in (("condition_table", 3), ("FOV_table", 6)):
        rows = rows_of(store, f"tables/{name}", version)
        assert rows == rows_of(whole, f"tables/{name}", version)
        assert len(rows) == count
    assert [
        (row["well"], row["drug"])
        for row in rows_of(store, "tables/condition_table", version)
    ] == [("A02", "DMSO"), ("B01", "A"), ("B03", "B")]


def test_rows_of_images_not_kept_go() -> None:
    """An image that left the plate leaves its tables."""
    store = MemoryStore()
    put_plate(store, [image_with("X", "A", 2), image_with("Y", "B", 1)])
    put_plate(store, [image_with("Z", "B", 3)], kept=["B/01/0"])
    rows = rows_of(store, "tables/condition_table")
    assert [(row["well"], row["drug"]) for row in rows] == [("B01", "Y"), ("B03", "Z")]
    fields = rows_of(store, "tables/FOV_table")
    assert {row["well"] for row in fields} == {"B01", "B03"}


def test_new_rows_win_over_kept_ones() -> None:
    """An image written again has its new rows only, also if it was to be kept."""
    store = MemoryStore()
    put_plate(store, [image_with("old", "B", 3)])
    put_plate(store, [image_with("new", "B", 3)], kept=["B/03/0"])
    assert [row["drug"] for row in rows_of(store, "tables/condition_table")] == ["new"]


def test_acquisitions_of_a_well_are_kept_apart() -> None:
    """Keeping acquisition 1 of a well does not keep acquisition 0."""
    store = MemoryStore()
    put_plate(store, [image_with("zero"), image_with("one", acquisition=1)])
    put_plate(store, [image_with("two", acquisition=2)], kept=["B/03/1"])
    rows = rows_of(store, "tables/condition_table")
    assert [(row["acquisition"], row["drug"]) for row in rows] == [
        (1, "one"),
        (2, "two"),
    ]


def test_w12_columns_of_kept_rows_are_merged() -> None:
    """Columns of earlier and later acquisitions stand side by side, blanks null."""
    store = MemoryStore()
    put_plate(store, [image_with("A", "B", 1)])
    fields = tuple(
        ConditionRow(fov=name, values={"stain": name[-1]})
        for name in ("FOV_1", "FOV_2")
    )
    other = sample_image("B", 3).replace(conditions=fields)
    put_plate(store, [other], kept=["B/01/0"])
    picked = [
        (row["well"], row["fov_name"], row["drug"], row["stain"])
        for row in rows_of(store, "tables/condition_table")
    ]
    assert picked == [
        ("B01", None, "A", None),
        ("B03", "FOV_1", None, "1"),
        ("B03", "FOV_2", None, "2"),
    ]


def test_condition_table_goes_with_its_last_condition() -> None:
    """A plate without conditions any more has no condition table."""
    store = MemoryStore()
    put_plate(store, [image_with("A")])
    put_plate(store, [sample_image()])
    assert listed(store, "tables") == ["FOV_table"]
    assert store.children("tables/condition_table") == ()


def test_rows_come_by_row_column_and_acquisition() -> None:
    """Column 10 comes after 9, row AA after B, acquisition 10 after 2."""
    store = MemoryStore()
    places = [("AA", 1, 0), ("B", 10, 0), ("B", 9, 10), ("B", 9, 2)]
    put_plate(store, [image_with("x", *place) for place in places])
    rows = rows_of(store, "tables/condition_table")
    assert [(row["row"], row["column"], row["acquisition"]) for row in rows] == [
        ("B", 9, 2),
        ("B", 9, 10),
        ("B", 10, 0),
        ("AA", 1, 0),
    ]


def test_rows_of_other_programs_are_taken_over() -> None:
    """Rows without well and acquisition, in other spellings, get ours."""
    store = MemoryStore()
    foreign = [
        {"drug": "A", "row": "a", "column": "01", "path_in_well": 0},
        {"drug": "B", "row": "B", "column": 3, "path_in_well": 0},
    ]
    put_foreign(store, "tables", "condition_table", foreign)
    put_plate(store, [sample_image("B", 1)], kept=["A/01/0"])
    assert rows_of(store, "tables/condition_table") == (
        {
            "row": "A",
            "column": 1,
            "well": "A01",
            "acquisition": 0,
            "path_in_well": "0",
            "drug": "A",
        },
        {
            "row": "B",
            "column": 1,
            "well": "B01",
            "acquisition": 0,
            "path_in_well": "0",
            "drug": None,
        },
    )


@pytest.mark.parametrize(
    ("row", "what"),
    [
        pytest.param({"row": "A", "column": 1}, "'path_in_well'", id="no path"),
        pytest.param(
            {"row": "A1", "column": 1, "path_in_well": "0"},
            "row 'A1' is neither letters (A..AV) nor a number from 1",
            id="no row",
        ),
    ],
)
def test_rows_without_an_image_are_an_error(
    row: Mapping[str, Scalar], what: str
) -> None:
    """A table whose rows belong to no image is not thrown away in silence."""
    store = MemoryStore()
    put_foreign(store, "tables", "condition_table", [row])
    with pytest.raises(StoreError) as raised:
        put_plate(store, [sample_image()], kept=["A/01/0"])
    assert str(raised.value) == (
        f"the rows of condition_table in the output cannot be told apart by image "
        f"({what}), expected the columns row, column and path_in_well. Remove the "
        "table or write into a new plate."
    )


def test_unlisted_table_is_not_taken_over() -> None:
    """A table that is not listed may be half written: its rows are not used."""
    store = MemoryStore()
    put_plate(store, [image_with("A", "A", 2)])
    write_attributes(store, "tables", {"tables": ["FOV_table"]}, "0.4")
    put_plate(store, [image_with("B", "B", 3)], kept=["A/02/0"])
    assert [row["drug"] for row in rows_of(store, "tables/condition_table")] == ["B"]


@versions
def test_folder_holds_what_memory_holds(tmp_path: Path, version: Version) -> None:
    """A store on disk gets the same objects, and a second run changes none."""
    memory, disk = MemoryStore(), LocalStore(tmp_path)
    for store in (memory, disk):
        write_image_tables(store, "B/03/0", image_with("DMSO"), version=version)
    found = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert found == memory.objects
    image = image_with("DMSO")
    assert not write_image_tables(disk, "B/03/0", image, version=version)
