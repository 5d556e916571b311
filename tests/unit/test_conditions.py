"""Condition tables: read, joined on wells and fields, missing rows told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tiles2zarr.conditions import (
    ImageKey,
    condition_names,
    join_conditions,
    read_conditions,
)
from tiles2zarr.errors import TableError
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import ConditionRow
from tiles2zarr.parsers.records import build_table, empty_table

Values = dict[str, Scalar]
Rows = list[tuple[str | None, Values]]


def _tiles(*places: tuple[int, int, str], **attributes: list[Scalar]) -> pd.DataFrame:
    """Return a table of tiles at (row, column, field), two channels each."""
    twice = [place for place in places for _ in range(2)]
    doubled = {
        k: [v for v in values for _ in range(2)] for k, values in attributes.items()
    }
    columns: dict[str, object] = {
        "file": [f"{n}.tif" for n in range(len(twice))],
        "row": [row for row, _, _ in twice],
        "column": [column for _, column, _ in twice],
        "fov": [fov for *_, fov in twice],
        "c": [0, 1] * len(places),
        "x": 0.0,
        "y": 0.0,
        "len_x": 30.0,
        "len_y": 20.0,
    }
    return build_table(columns | doubled, tuple(attributes))


def _single(*images: str) -> pd.DataFrame:
    columns = {"file": list(images), "image_path": list(images), "fov": "1"}
    sizes = {"x": 0.0, "y": 0.0, "len_x": 30.0, "len_y": 20.0}
    return build_table(columns | sizes)


def _read(folder: Path, content: str, name: str = "layout.csv") -> pd.DataFrame:
    (folder / name).write_text(content)
    return read_conditions(str(folder / name))


def _faults(folder: Path, content: str) -> list[str]:
    with pytest.raises(TableError) as error:
        _read(folder, content)
    assert error.value.title == f"condition table {folder / 'layout.csv'}"
    return list(error.value.faults)


def _join(
    tiles: pd.DataFrame,
    *conditions: pd.DataFrame,
    acquisition: int = 0,
    attributes: tuple[str, ...] = (),
) -> tuple[dict[ImageKey, Rows], tuple[Finding, ...]]:
    """Return (field, values) of each image's rows; no table may be changed."""
    before = [table.copy(deep=True) for table in (tiles, *conditions)]
    joined, findings = join_conditions(
        tiles, list(conditions), acquisition, attributes=attributes
    )
    for table, copy in zip((tiles, *conditions), before, strict=True):
        assert_frame_equal(table, copy)
    assert all(type(row) is ConditionRow for rows in joined.values() for row in rows)
    plain = {
        key: [(row.fov, row.values) for row in rows] for key, rows in joined.items()
    }
    return plain, findings


B03, C11 = (1, 2, "1"), (2, 10, "1")


@pytest.mark.parametrize(
    "content",
    [
        "row,column,drug\nB,3,DMSO\nC,11,Taxol\n",
        "row,column,drug\nb,03,DMSO\n3,11,Taxol\n",
        "well,drug\nB03,DMSO\nc11,Taxol\n",
        "well;drug\nB3;DMSO\nC11;Taxol\n",
        "drug\tcolumn\trow\nDMSO\t3\t2\nTaxol\t11\tC\n",
    ],
    ids=["letters", "spellings", "well", "semicolon", "tab"],
)
def test_rows_are_joined_on_wells(tmp_path: Path, content: str) -> None:
    """Row and column or well, in any spelling, find their image."""
    joined, findings = _join(_tiles(B03, C11), _read(tmp_path, content))
    assert joined == {
        (1, 2): [(None, {"drug": "DMSO"})],
        (2, 10): [(None, {"drug": "Taxol"})],
    }
    assert findings == ()


def test_w14_wells_up_to_af48(tmp_path: Path) -> None:
    """Conditions reach the last well of 1536."""
    joined, _ = _join(_tiles((31, 47, "1")), _read(tmp_path, "well,d\nAF48,1\n"))
    assert joined == {(31, 47): [(None, {"d": 1})]}


def test_blanks_are_null(tmp_path: Path) -> None:
    """An empty cell, Na, NA and N/A are null, and do not turn numbers into text."""
    wells = [(0, column, "1") for column in range(6)]
    content = "well,drug,dose\nA1,,1\nA2,Na,\nA3,NA,NA\nA4,N/A,0.5\nA5, ,n/a\nA6,x,2\n"
    joined, findings = _join(_tiles(*wells), _read(tmp_path, content))
    assert [rows for _, rows in sorted(joined.items())] == [
        [(None, {"drug": None, "dose": 1.0})],
        [(None, {"drug": None, "dose": None})],
        [(None, {"drug": None, "dose": None})],
        [(None, {"drug": None, "dose": 0.5})],
        [(None, {"drug": None, "dose": None})],
        [(None, {"drug": "x", "dose": 2.0})],
    ]
    assert findings == ()


def test_several_rows_of_a_well_stay_several(tmp_path: Path) -> None:
    """A well with two drugs has two rows, in the order of the table."""
    content = "well,drug\nB3,Taxol\nC11,x\nB03,DMSO\n"
    joined, _ = _join(_tiles(B03, (1, 2, "2"), C11), _read(tmp_path, content))
    assert joined[(1, 2)] == [(None, {"drug": "Taxol"}), (None, {"drug": "DMSO"})]
    assert joined[(2, 10)] == [(None, {"drug": "x"})]


def test_many_rows_of_a_well_keep_their_order(tmp_path: Path) -> None:
    """A hundred rows of two wells come back in the order of the table."""
    lines = [f"{('B3', 'C11')[n % 2]},{n}" for n in range(100)]
    table = _read(tmp_path, "\n".join(["well,n", *lines]))
    joined, _ = _join(_tiles(B03, C11), table)
    assert [values["n"] for _, values in joined[(1, 2)]] == list(range(0, 100, 2))
    assert [values["n"] for _, values in joined[(2, 10)]] == list(range(1, 100, 2))


def test_rows_per_field(tmp_path: Path) -> None:
    """Where fields differ each has its row; a blank fov_name is for all fields."""
    content = "well,fov_name,drug\nB3,1,a\nB3,2,b\nB3,2,c\nC11,,d\n"
    tiles = _tiles(B03, (1, 2, "2"), C11, (2, 10, "2"))
    joined, findings = _join(tiles, _read(tmp_path, content))
    assert joined == {
        (1, 2): [("1", {"drug": "a"}), ("2", {"drug": "b"}), ("2", {"drug": "c"})],
        (2, 10): [(None, {"drug": "d"})],
    }
    assert findings == ()


def test_fields_that_agree_share_a_row(tmp_path: Path) -> None:
    """The same values for every field are a row of the image."""
    content = "well,fov_name,drug\nB3,1,a\nB3,2,a\n"
    joined, _ = _join(_tiles(B03, (1, 2, "2")), _read(tmp_path, content))
    assert joined == {(1, 2): [(None, {"drug": "a"})]}


def test_w14_integer_field_names_are_joined(tmp_path: Path) -> None:
    """Fields 1 and 2 of a Parquet table are the fields "1" and "2" of the tiles."""
    frame = pd.DataFrame({"well": "B3", "fov_name": [1, 2], "dose": [5, 6]})
    frame.to_parquet(tmp_path / "t.parquet")
    table = read_conditions(str(tmp_path / "t.parquet"))
    joined, _ = _join(_tiles(B03, (1, 2, "2")), table)
    assert joined == {(1, 2): [("1", {"dose": 5}), ("2", {"dose": 6})]}


def test_fields_without_a_row(tmp_path: Path) -> None:
    """A field that a table with fields does not name has nulls, and is told."""
    table = _read(tmp_path, "well,fov_name,drug\nB3,1,a\n")
    joined, (finding,) = _join(_tiles(B03, (1, 2, "2")), table)
    assert joined == {(1, 2): [("1", {"drug": "a"}), ("2", {"drug": None})]}
    assert finding.code == "fields_without_conditions"
    assert finding.wells == ("B03",)
    assert finding.message == (
        f"The condition table {tmp_path}/layout.csv has rows for other fields of view "
        "of B03 only. The conditions of the fields it does not name are null."
    )


def test_wells_without_a_row_are_listed(tmp_path: Path) -> None:
    """They keep null columns, and one warning lists them in the order of the tiles."""
    wells = [(7, column, "1") for column in (11, 3)]
    table = _read(tmp_path, "well,drug,dose\nB3,a,1\n")
    joined, (finding,) = _join(_tiles(B03, *wells), table)
    nulls: Rows = [(None, {"drug": None, "dose": None})]
    assert joined == {
        (1, 2): [(None, {"drug": "a", "dose": 1})],
        (7, 11): nulls,
        (7, 3): nulls,
    }
    assert (finding.code, finding.severity) == ("wells_without_conditions", "warning")
    assert (finding.count, finding.wells) == (2, ("H12", "H04"))
    assert finding.message == (
        f"The condition table {tmp_path}/layout.csv has no row for the wells H12, H04. "
        "Their conditions are null."
    )


def test_many_wells_without_a_row_are_counted(tmp_path: Path) -> None:
    """Of a hundred wells 24 are named."""
    wells = [(row, column, "1") for row in range(5) for column in range(20)]
    _, (finding,) = _join(
        _tiles(*wells, (7, 0, "1")), _read(tmp_path, "well,d\nH1,1\n")
    )
    assert finding.count == 100
    assert "A19, A20, B01, B02, B03, B04 and 76 more. Their" in finding.message
    assert finding.wells == ("A01", "A02", "A03", "A04", "A05")


def test_rows_of_wells_that_were_not_imaged(tmp_path: Path) -> None:
    """A layout of the whole plate is usual: its other rows are an information."""
    table = _read(tmp_path, "well,drug\nB3,a\nH12,b\nA1,c\nH12,d\n")
    joined, (finding,) = _join(_tiles(B03), table)
    assert joined == {(1, 2): [(None, {"drug": "a"})]}
    assert (finding.code, finding.severity) == ("conditions_without_images", "info")
    assert (finding.count, finding.wells) == (2, ("H12", "A01"))
    assert finding.message == (
        f"The condition table {tmp_path}/layout.csv has rows for H12, A01, of which "
        "there are no tiles."
    )


@pytest.mark.parametrize(
    ("acquisition", "rows"),
    [
        (0, [(None, {"drug": "a"}), (None, {"drug": "b"})]),
        (1, [(None, {"drug": "b"}), (None, {"drug": "c"})]),
        (2, [(None, {"drug": "b"})]),
    ],
)
def test_rows_per_acquisition(tmp_path: Path, acquisition: int, rows: Rows) -> None:
    """A blank acquisition is for all of them."""
    table = _read(tmp_path, "well,acquisition,drug\nB3,0,a\nB3,,b\nB3,1,c\n")
    joined, findings = _join(_tiles(B03), table, acquisition=acquisition)
    assert joined == {(1, 2): rows}
    assert findings == ()


def test_a_table_for_other_acquisitions_only(tmp_path: Path) -> None:
    """Its columns are there, as nulls."""
    table = _read(tmp_path, "well,acquisition,drug\nB3,7,a\n")
    joined, findings = _join(_tiles(B03), table)
    assert joined == {(1, 2): [(None, {"drug": None})]}
    assert [finding.code for finding in findings] == ["wells_without_conditions"]


def test_single_images(tmp_path: Path) -> None:
    """Images of their own are found by image_path, and named by it in findings."""
    table = _read(tmp_path, "image_path,drug\nday 1/a,x\nday 9/z,y\n")
    joined, findings = _join(_single("day 1/a", "day 1/b"), table)
    assert joined == {
        "day 1/a": [(None, {"drug": "x"})],
        "day 1/b": [(None, {"drug": None})],
    }
    assert [(f.code, f.images, f.wells) for f in findings] == [
        ("conditions_without_images", ("day 9/z",), ()),
        ("images_without_conditions", ("day 1/b",), ()),
    ]


def test_w12_attributes_per_field() -> None:
    """Attributes of the tiles are kept per field, blanks null."""
    tiles = _tiles(B03, (1, 2, "2"), C11, drug=["a", None, "b"], dose=[1, 1, 2])
    joined, findings = _join(tiles, attributes=("drug", "dose"))
    assert joined == {
        (1, 2): [
            ("1", {"drug": "a", "dose": 1}),
            ("2", {"drug": None, "dose": 1}),
        ],
        (2, 10): [(None, {"drug": "b", "dose": 2})],
    }
    assert findings == ()


def test_attributes_that_differ_inside_a_field() -> None:
    """Two values in one field are two rows, and told."""
    tiles = _tiles(B03, B03, C11, drug=["a", "b", "c"])
    joined, (finding,) = _join(tiles, attributes=("drug",))
    assert joined[(1, 2)] == [(None, {"drug": "a"}), (None, {"drug": "b"})]
    assert finding.code == "attributes_differ"
    assert finding.message == (
        "Tiles of one field of view of B03 have different attributes. The condition "
        "table has a row for each; make the columns equal if this is not meant."
    )


def test_w12_columns_of_all_tables_are_merged(tmp_path: Path) -> None:
    """Attributes and two tables give their columns to every image."""
    one = _read(tmp_path, "well,cell,dose\nB3,HeLa,5\n", "one.csv")
    two = _read(tmp_path, "well,day,drug\nB3,1,\nC11,2,b\n", "two.csv")
    tiles = _tiles(B03, C11, drug=["a", None])
    joined, findings = _join(tiles, one, two, attributes=("drug",))
    assert joined == {
        (1, 2): [(None, {"drug": "a", "cell": "HeLa", "dose": 5, "day": 1})],
        (2, 10): [(None, {"drug": "b", "cell": None, "dose": None, "day": 2})],
    }
    assert [finding.wells for finding in findings] == [("C11",)]


def test_tables_that_contradict(tmp_path: Path) -> None:
    """Two values for one column of one well are an error that names both."""
    tiles = _tiles(B03, C11, drug=["a", "b"], dose=[1, 2])
    table = _read(tmp_path, "well,drug,dose\nB3,a,1.0\nC11,x,3\n")
    with pytest.raises(TableError) as error:
        _join(tiles, table, attributes=("drug", "dose"))
    assert error.value.title == f"condition table {tmp_path}/layout.csv"
    assert error.value.faults == (
        "column 'drug' is 'x' here, but 'b' in the tile table or another condition "
        "table (C11). Make them equal, or delete one of the columns.",
        "column 'dose' is 3.0 here, but 2 in the tile table or another condition table "
        "(C11). Make them equal, or delete one of the columns.",
    )


@pytest.mark.parametrize("name", ["order", "for fov", "new drug", "index", "0"])
def test_odd_names_of_columns(tmp_path: Path, name: str) -> None:
    """No name of a column is changed or lost by the join."""
    tiles = _tiles(B03, C11, (2, 10, "2"), **{name: ["x", "y", "y"]})
    table = _read(tmp_path, "well,fov_name,drug,day\nB3,,a,1\nC11,2,b,2\n")
    joined, _ = _join(tiles, table, attributes=(name,))
    assert joined[(1, 2)] == [(None, {name: "x", "drug": "a", "day": 1})]
    assert joined[(2, 10)] == [
        ("1", {name: "y", "drug": None, "day": None}),
        ("2", {name: "y", "drug": "b", "day": 2}),
    ]


def test_no_conditions() -> None:
    """Without attributes and tables there are no rows."""
    assert _join(_tiles(B03)) == ({}, ())


def test_no_tiles(tmp_path: Path) -> None:
    """A table without tiles joins onto nothing, and says so."""
    joined, (finding,) = _join(empty_table(), _read(tmp_path, "well,d\nB3,1\n"))
    assert joined == {}
    assert finding.code == "conditions_without_images"


def test_values_are_pythons_own(tmp_path: Path) -> None:
    """Whole numbers, numbers and truth values can be written as JSON."""
    frame = pd.DataFrame(
        {
            "well": ["B3"],
            "whole": np.array([5], np.int32),
            "real": np.array([0.5], np.float32),
            "flag": [True],
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    joined, _ = _join(_tiles(B03), read_conditions(str(tmp_path / "t.parquet")))
    ((_, values),) = joined[(1, 2)]
    assert values == {"whole": 5, "real": 0.5, "flag": True}
    assert [type(value) for value in values.values()] == [int, float, bool]


def test_normal_form(tmp_path: Path) -> None:
    """The table has 0-based indices, its rows' numbers, and a title."""
    table = _read(
        tmp_path, "Well no,well,acquisition,fov_name,dose\n1,b3,2,NA,5\n\n2,H12,,7,\n"
    )
    assert table.index.tolist() == [1, 3]
    assert table["row"].tolist() == [1, 7]
    assert table["column"].tolist() == [2, 11]
    assert table["acquisition"].dropna().tolist() == [2]
    assert table["fov"].tolist() == [None, "7"]
    assert condition_names(table) == ["Well no", "dose"]
    assert table.attrs["title"] == f"condition table {tmp_path}/layout.csv"


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        ("row,drug", ["it has row but not column. Add it, or give wells."]),
        ("column,drug", ["it has column but not row. Add it, or give wells."]),
        (
            "drug,dose",
            [
                "it says of no row what it is for. Add row and column, or well "
                "('B03'), or image_path."
            ],
        ),
        (
            "well,row,column,drug",
            ["it has well and row and column. Keep one of them."],
        ),
        ("well,image_path,drug", ["it has well and image_path. Keep one of them."]),
        ("well,acquisition", ["it has no column with conditions. Add one."]),
        (
            "Well,drug",
            [
                "it says of no row what it is for. Add row and column, or well "
                "('B03'), or image_path.",
                "column 'Well' is nearly 'well'. Rename or delete it.",
            ],
        ),
        (
            "well,aquisition,fov_nam,drug",
            [
                "column 'aquisition' is nearly 'acquisition'. Rename or delete it.",
                "column 'fov_nam' is nearly 'fov_name'. Rename or delete it.",
            ],
        ),
        (
            "well,plate,Path_In_Well,fieldindex",
            [
                "column 'plate' is reserved. Rename or delete it.",
                "column 'Path_In_Well' is reserved. Rename or delete it.",
                "column 'fieldindex' is reserved. Rename or delete it.",
            ],
        ),
        ("well,fov,drug", ["column 'fov' is nearly 'fov_name'. Rename or delete it."]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_headers_that_are_wrong(tmp_path: Path, header: str, faults: list[str]) -> None:
    """All faults of a header are told, with the name that was meant."""
    cells = {"row": "B", "column": "3", "well": "B3", "Well": "B3", "acquisition": "0"}
    row = ",".join(cells.get(name, "x") for name in header.split(","))
    assert _faults(tmp_path, f"{header}\n{row}\n") == faults


def test_conditions_may_be_called_cell(tmp_path: Path) -> None:
    """``cell`` is one letter from ``well``, but a condition where wells are given."""
    assert condition_names(_read(tmp_path, "row,column,cell\nB,3,HeLa\n")) == ["cell"]


def test_all_faults_of_cells_are_told(tmp_path: Path) -> None:
    """Each distinct cell that is wrong is one line with its rows."""
    content = (
        "row,column,acquisition,drug\nB,3,0,a\n?,0,x,a\n,1,-1,a\n?,1,0.5,a\nAW,1,,a\n"
    )
    assert _faults(tmp_path, content) == [
        "row '?' is neither letters (A..AV) nor a number from 1 in table rows 2, 4. "
        "Correct it.",
        "row is empty in table row 3. Correct it.",
        "row 'AW' is outside A..AV (1..48) in table row 5. Correct it.",
        "column '0' is outside 1..72 in table row 2. Correct it.",
        "acquisition is 'x' in table rows 2, 3, 4, expected a whole number from 0 or "
        "blank. Correct it.",
    ]
    assert _faults(tmp_path, "well,drug\nB3,a\n3,b\n,c\nB73,d\n") == [
        "well '3' is not letters and a number like 'B03' in table row 2. Correct it.",
        "well is empty in table row 3. Correct it.",
        "column '73' is outside 1..72 in table row 4. Correct it.",
    ]
    assert _faults(tmp_path, "image_path,drug\na,1\n,2\n") == [
        "image_path is empty in table row 2. Fill it in."
    ]


def test_decimal_commas_are_told(tmp_path: Path) -> None:
    """Doses with commas would be texts; other texts with commas stay what they are."""
    doses = "well;dose;pair\nB3;0,5;1,2\nB4;10;a,b\nB5;;\nB6;-2,25;3\n"
    assert _faults(tmp_path, doses) == [
        "dose is '0,5' in table rows 1, 4, a number with a decimal comma. Write "
        "decimals with a point; a text that is no number needs a letter."
    ]
    path = tmp_path / "fine.csv"
    path.write_text("well;dose;pair\nB3;0.5;1,2\nB4;10;a,b\n")
    table = read_conditions(str(path))
    assert table["dose"].tolist() == [0.5, 10]
    assert table["pair"].tolist() == ["1,2", "a,b"]


wells = st.tuples(st.integers(0, 2), st.integers(0, 4))


@given(
    st.lists(wells, min_size=1, max_size=8, unique=True),
    st.lists(st.tuples(wells, st.integers(0, 3)), min_size=1, max_size=8),
)
def test_every_well_keeps_exactly_its_rows(
    imaged: list[tuple[int, int]], given_rows: list[tuple[tuple[int, int], int]]
) -> None:
    """Wells have the values of their rows in order, or one null."""
    table = pd.DataFrame(
        {
            "row": pd.array([row for (row, _), _ in given_rows], dtype="Int64"),
            "column": pd.array(
                [column for (_, column), _ in given_rows], dtype="Int64"
            ),
            "dose": pd.Series([dose for _, dose in given_rows], dtype=object),
        }
    )
    joined, _ = _join(_tiles(*((row, column, "1") for row, column in imaged)), table)
    expected = {
        well: [dose for place, dose in given_rows if place == well] or [None]
        for well in imaged
    }
    found = {
        key: [values["dose"] for _, values in rows] for key, rows in joined.items()
    }
    assert found == expected
