"""Rows of one image added to the tables of its plate."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.ngff_samples import MemoryStore
from tests.unit.test_ngff_tables import DyingStore, listed, put_foreign, rows_of
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.well import column_name
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.tables import add_plate_rows, write_plate_tables
from tiles2zarr.ngff.tables_backends import Backend
from tiles2zarr.ngff.tables_frames import PlateRows
from tiles2zarr.ngff.tables_insert import insert_rows

CSV = "tables/condition_table/table.csv"


def part(
    row: str, column: int, conditions: Sequence[Mapping[str, Scalar]], number: int = 0
) -> PlateRows:
    """Return the rows of an image with two fields."""
    where: dict[str, Scalar] = {
        "row": row,
        "column": column,
        "well": row + column_name(column - 1),
        "acquisition": number,
        "path_in_well": str(number),
    }
    return PlateRows(
        image=f"{row}/{column_name(column - 1)}/{number}",
        conditions=tuple({**where, **values} for values in conditions),
        fovs=tuple(
            {**where, "fov_name": f"FOV_{n}", "x_micrometer": 0.5 * n} for n in (1, 2)
        ),
    )


PARTS = (
    part("A", 11, [{"drug": 'a, "b"', "dose": 1}]),
    part("B", 2, [{"drug": None, "dose": None}], number=2),
    part("B", 2, [{"drug": "1.5", "dose": 2}], number=10),
    part("AA", 1, [{"drug": "x", "dose": 30}, {"drug": "y", "dose": -4}]),
)


def whole(parts: Sequence[PlateRows], backend: Backend = "csv") -> MemoryStore:
    """Return the tables of all parts, written at once."""
    store = MemoryStore()
    write_plate_tables(store, parts, version="0.4", backend=backend)
    return store


def test_a_row_is_put_at_its_place() -> None:
    """The lines around it are untouched; text is quoted, blanks are nothing."""
    content = (
        b'"row","column","well","acquisition","path_in_well","drug","dose"\n'
        b'"A",2,"A02",0,"0","x",1\n'
        b'"B",10,"B10",0,"0","y",2\n'
    )
    where = {
        "row": "B",
        "column": 9,
        "well": "B09",
        "acquisition": 1,
        "path_in_well": "1",
    }
    rows = [{**where, "drug": 'a"b', "dose": None}, {**where, "drug": "c", "dose": 7}]
    assert insert_rows(content, where, rows) == (
        b'"row","column","well","acquisition","path_in_well","drug","dose"\n'
        b'"A",2,"A02",0,"0","x",1\n'
        b'"B",9,"B09",1,"1","a""b",\n'
        b'"B",9,"B09",1,"1","c",7\n'
        b'"B",10,"B10",0,"0","y",2\n'
    )


@pytest.mark.parametrize("backend", ["csv", "parquet", "json"])
def test_one_by_one_is_all_together(backend: Backend) -> None:
    """In any order the tables are those written at once, whatever the backend."""
    expected = whole(PARTS, backend)
    orders = list(permutations(PARTS))
    for order in orders if backend == "csv" else orders[5:8]:
        store = MemoryStore()
        for added in order:
            assert add_plate_rows(store, added, version="0.4", backend=backend)
        assert store.objects == expected.objects


VALUES = st.one_of(
    st.none(), st.integers(-9, 9), st.sampled_from([0.5, 1e20]), st.booleans(),
    st.sampled_from(["", "7", "a\nb", 'q"', "x,y"]),
)  # fmt: skip


@given(st.lists(st.dictionaries(st.sampled_from("ab"), VALUES), min_size=2, max_size=2))
def test_values_of_any_type_are_kept(values: list[dict[str, Scalar]]) -> None:
    """Columns that are new or change their type are those of all rows together."""
    parts = [part("B", 9 - n, [{"n": n, **row}]) for n, row in enumerate(values)]
    store = MemoryStore()
    for added in parts:
        add_plate_rows(store, added, version="0.4")
    table = "tables/condition_table"

    def plain(found: MemoryStore) -> list[dict[str, Scalar]]:
        return [dict(sorted(row.items())) for row in rows_of(found, table)]

    assert plain(store) == plain(whole(parts))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_two_files_are_written(version: Version) -> None:
    """Once a table is there, an image costs its file alone, replaced in one step."""
    store = MemoryStore()
    add_plate_rows(store, PARTS[0], version=version)
    store.log.clear()
    assert add_plate_rows(store, PARTS[2], version=version)
    assert store.log == [CSV, "tables/FOV_table/table.csv"]
    store.log.clear()
    assert not add_plate_rows(store, PARTS[2], version=version)
    assert store.log == []


def test_new_rows_replace_those_of_the_image() -> None:
    """An image made anew has its new rows, however many it had."""
    store = whole(PARTS)
    changed = part("AA", 1, [{"drug": "z", "dose": 3}])
    assert add_plate_rows(store, changed, version="0.4")
    assert store.objects == whole([*PARTS[:3], changed]).objects


def test_without_conditions_there_is_no_condition_table() -> None:
    """Beside images that have some, one without has a row of blanks."""
    store = MemoryStore()
    add_plate_rows(store, part("B", 3, [{}]), version="0.4")
    assert listed(store, "tables") == ["FOV_table"]
    store = whole(PARTS[:1])
    add_plate_rows(store, part("B", 3, [{}]), version="0.4")
    found = rows_of(store, "tables/condition_table")
    assert [(row["well"], row["drug"]) for row in found] == [
        ("A11", 'a, "b"'),
        ("B03", None),
    ]


def test_tables_of_other_programs_are_taken_over() -> None:
    """Columns as text and in another order: all rows are read and written anew."""
    store = MemoryStore()
    theirs = {"drug": "x", "row": "A", "column": "07", "path_in_well": "0"}
    put_foreign(store, "tables", "condition_table", [theirs])
    add_plate_rows(store, PARTS[2], version="0.4")
    found = rows_of(store, "tables/condition_table")
    assert [(row["well"], row["column"], row["drug"]) for row in found] == [
        ("A07", 7, "x"),
        ("B02", 2, "1.5"),
    ]


@pytest.mark.parametrize("backend", ["csv", "parquet"])
@pytest.mark.parametrize("dose", [5, 5.5], ids=["fits", "other type"])
def test_rows_of_others_outlive_a_writer(backend: Backend, dose: float) -> None:
    """Wherever the writer dies, the rows of other images are in the table."""
    old = whole(PARTS, backend)
    added = part("C", 3, [{"drug": "new", "dose": dose}])
    for changes in range(9):
        store = DyingStore(old.objects, changes)
        try:
            add_plate_rows(store, added, version="0.4", backend=backend)
        except KeyboardInterrupt:
            assert "condition_table" in listed(store, "tables")
            found = rows_of(store, "tables/condition_table")
            assert [row["drug"] for row in found][:2] == ['a, "b"', None]
            store.left = 99
            add_plate_rows(store, added, version="0.4", backend=backend)
        assert store.objects == whole([*PARTS, added], backend).objects
    assert store.left > 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'"row","column"\n', id="other columns"),
        pytest.param(b"row,column,well,acquisition,path_in_well\n", id="not quoted"),
        pytest.param(
            b'"row","column","well","acquisition","path_in_well","drug"\n'
            b'"A",1,"A01",0,"0","two\nlines"\n',
            id="line break",
        ),
        pytest.param(
            b'"row","column","well","acquisition","path_in_well","drug"\nA,1,A01,0,0,x\n',
            id="rows not quoted",
        ),
    ],
)
def test_what_is_not_ours_is_left_to_a_full_look(content: bytes) -> None:
    """Nothing is guessed: the caller reads and writes the whole table."""
    added = PARTS[2].conditions
    assert insert_rows(content, added[0], added) is None
