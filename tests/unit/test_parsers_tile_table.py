"""The tile table: columns, cells, and every fault at once with its rows."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.errors import TableError
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.parsers.records import COLUMNS, ParsedAcquisition, check_table
from tiles2zarr.parsers.tile_columns import read_wells
from tiles2zarr.parsers.tile_table import RESERVED, parse
from tiles2zarr.sheets import Sheet

CELLS = {
    "file_path": "a.tif",
    "row": "B",
    "column": "3",
    "fov_name": "1",
    "start_x": "-1000.5",
    "start_y": "20",
    "length_x": "30",
    "length_y": "20",
}
"""The smallest table of a plate; tiles have 20 rows and 30 columns."""
SINGLE = {k: v for k, v in CELLS.items() if k not in ("row", "column")}
SINGLE["image_path"] = "day 1/embryo"


def _csv(*rows: Mapping[str, str | None]) -> str:
    """Return a CSV of rows over ``CELLS``; ``None`` leaves a column out."""
    full = [CELLS | dict(row) for row in rows]
    names = [name for name in full[0] if full[0][name] is not None]
    lines = [",".join(names)]
    lines += [",".join(f'"{row.get(name) or ""}"' for name in names) for row in full]
    return "\n".join(lines) + "\n"


def _parse(folder: Path, content: str, **options: str) -> ParsedAcquisition:
    """Return what a table of this content holds, having checked its form."""
    (folder / "tiles.csv").write_text(content)
    parsed = parse(str(folder / "tiles.csv"), options)
    check_table(parsed.table, parsed.attributes, "tile_table")
    return parsed


def _faults(folder: Path, content: str, **options: str) -> list[str]:
    """Return what is wrong with a table of this content."""
    with pytest.raises(TableError) as error:
        _parse(folder, content, **options)
    assert error.value.title == f"tile table {folder / 'tiles.csv'}"
    return list(error.value.faults)


def test_the_smallest_plate_table(tmp_path: Path) -> None:
    """Columns left out take their defaults, rows and columns count from 0."""
    parsed = _parse(tmp_path, _csv({}))
    assert parsed.resource == str(tmp_path)
    assert parsed.attributes == ()
    assert parsed.details == AcquisitionDetails()
    assert list(parsed.table.columns) == list(COLUMNS)
    (tile,) = parsed.table.to_dict("records")
    assert pd.isna([tile.pop(k) for k in ("z_um", "time_s", "exposure_s")]).all()
    assert tile == {
        "file": "a.tif",
        "plane": 0,
        "row": 1,
        "column": 2,
        "image_path": None,
        "fov": "1",
        "x": -1000.5,
        "y": 20.0,
        "z": 0.0,
        "t": 0.0,
        "c": 0,
        "len_x": 30.0,
        "len_y": 20.0,
        "len_z": 1.0,
        "len_t": 1.0,
        "len_c": 1,
        "status": "ok",
        "source_row": 1,
    }


def test_every_known_column(tmp_path: Path) -> None:
    """Starts and lengths of all five axes are read as they are given."""
    numbers = {
        "start_z": "2.5",
        "start_t": "-30",
        "start_c": "3",
        "length_z": "4",
        "length_t": "5",
        "length_c": "2",
    }
    (tile,) = _parse(tmp_path, _csv(numbers)).table.to_dict("records")
    found = {k: tile[k] for k in ("z", "t", "c", "len_z", "len_t", "len_c")}
    assert found == {"z": 2.5, "t": -30, "c": 3, "len_z": 4, "len_t": 5, "len_c": 2}


def test_single_images(tmp_path: Path) -> None:
    """A table with image_path and without row and column makes single images."""
    content = _csv(SINGLE | {"row": None, "column": None})
    (tile,) = _parse(tmp_path, content).table.to_dict("records")
    assert tile["image_path"] == "day 1/embryo"
    assert pd.isna(tile["row"])
    assert pd.isna(tile["column"])


def test_attributes(tmp_path: Path) -> None:
    """Other columns are attributes, of one type per column, blanks null."""
    content = _csv(
        {"drug": "DMSO", "dose": "1", "plate_id": "007"},
        {"drug": "N/A", "dose": "", "plate_id": "012"},
    )
    parsed = _parse(tmp_path, content)
    assert parsed.attributes == ("drug", "dose", "plate_id")
    assert parsed.table["drug"].tolist() == ["DMSO", None]
    assert parsed.table["dose"].tolist() == [1, None]
    assert parsed.table["plate_id"].tolist() == ["007", "012"]


def test_w14_integer_fov_name(tmp_path: Path) -> None:
    """FOV names 1, 2, 03 are text, in CSV and in Parquet."""
    rows = [{"fov_name": name} for name in ("1", "2", "03")]
    assert _parse(tmp_path, _csv(*rows)).table["fov"].tolist() == ["1", "2", "03"]
    frame = pd.DataFrame([CELLS | {"fov_name": n, "column": 3} for n in (1, 2, 3)])
    for name in ("start_x", "start_y", "length_x", "length_y"):
        frame[name] = frame[name].astype(float)
    frame.to_parquet(tmp_path / "t.parquet")
    parsed = parse(str(tmp_path / "t.parquet"))
    check_table(parsed.table, (), "tile_table")
    assert parsed.table["fov"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("row", "column", "place"),
    [
        ("A", "1", (0, 0)),
        ("a", "01", (0, 0)),
        ("1", "1.0", (0, 0)),
        (" A ", " 1 ", (0, 0)),
        ("AF", "48", (31, 47)),
        ("af", "048", (31, 47)),
        ("32", "48", (31, 47)),
    ],
)
def test_w14_rows_and_columns_are_normalised(
    tmp_path: Path, row: str, column: str, place: tuple[int, int]
) -> None:
    """``A``, ``a`` and 1 are one row, ``1`` and ``01`` one column, up to AF48."""
    table = _parse(tmp_path, _csv({"row": row, "column": column})).table
    assert (table["row"][0], table["column"][0]) == place


def test_w14_one_column_may_mix_spellings(tmp_path: Path) -> None:
    """'a' and 'A' in one table are one well, not two."""
    rows = [{"row": r, "column": c} for r, c in (("A", "1"), ("a", "01"), ("1", "1"))]
    table = _parse(tmp_path, _csv(*rows)).table
    assert len(table[["row", "column"]].drop_duplicates()) == 1


def test_w14_typed_rows_and_columns_of_parquet(tmp_path: Path) -> None:
    """Whole numbers and floats of a Parquet table name rows and columns too."""
    frame = pd.DataFrame([CELLS | {"row": 2, "column": 3.0}])
    frame.to_parquet(tmp_path / "t.parquet")
    table = parse(str(tmp_path / "t.parquet")).table
    assert (table["row"][0], table["column"][0]) == (1, 2)


@pytest.mark.parametrize(
    "fov", ["../x", "a/../../b", "..", "/etc/passwd", "..\\x", "\\x", "a/.."]
)
def test_w15_fov_names_that_lead_out_are_refused(tmp_path: Path, fov: str) -> None:
    """A field's name cannot step out of a folder."""
    assert _faults(tmp_path, _csv({}, {"fov_name": fov})) == [
        f"fov_name {fov!r} leads out of its folder in table row 2. Correct it."
    ]


@pytest.mark.parametrize("fov", ["a/b", "..a", "a..b", "1:2", "Feld 1 (ä)", "N/A"])
def test_fov_names_are_kept_as_they_are(tmp_path: Path, fov: str) -> None:
    """Names that stay inside are no fault, however odd."""
    assert _parse(tmp_path, _csv({"fov_name": fov})).table["fov"][0] == fov


def test_w15_image_paths_that_lead_out_are_refused(tmp_path: Path) -> None:
    """Every part of an image's path must be a plain name."""
    paths = ["../x", "/x", "a//b", "a/..", "ok", "ok/b.zarr", ""]
    rows = [SINGLE | {"image_path": p, "row": None, "column": None} for p in paths]
    faults = _faults(tmp_path, _csv(*rows))
    rule = (
        "must be 1 to 100 letters, digits or '._ -', beginning with a letter or digit "
        "and not ending in a space or dot"
    )
    assert faults == [
        f"image_path '../x': name '..' {rule} in table row 1. Correct it.",
        f"image_path '/x': name '' {rule} in table row 2. Correct it.",
        f"image_path 'a//b': name '' {rule} in table row 3. Correct it.",
        f"image_path 'a/..': name '..' {rule} in table row 4. Correct it.",
        "image_path 'ok/b.zarr' holds '.zarr', which is added by itself in table row "
        "6. Correct it.",
        "image_path is empty in table row 7. Correct it.",
    ]


def test_image_paths_that_differ_in_case(tmp_path: Path) -> None:
    """Not every disk tells ``Embryo`` from ``embryo``."""
    rows = [
        SINGLE | {"image_path": p, "row": None, "column": None}
        for p in ("Embryo", "embryo", "Embryo")
    ]
    assert _faults(tmp_path, _csv(*rows)) == [
        "image_path 'Embryo' and 'embryo' differ in upper and lower case only. Rename "
        "one: not every disk tells them apart."
    ]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Header and cells are checked in one go; rows count from the first tile."""
    good = {"start_c": "0", "length_z": "1", "strat_z": "0", "Well": "B03"}
    content = _csv(
        good,
        good | {"start_x": "12,5", "row": "?", "file_path": ""},
        good | {"start_x": "x", "length_y": "0", "column": "0", "fov_name": ""},
        good | {"start_c": "1.5", "length_y": "-3", "row": "?"},
        good | {"start_c": "-1", "length_z": "", "start_y": "inf", "fov_name": "../1"},
    )
    assert _faults(tmp_path, content) == [
        "column 'strat_z' is nearly 'start_z'. Rename or delete it.",
        "column 'Well' is reserved for the tables of the result. Rename or delete it. "
        "Give wells in row and column.",
        "start_x is '12,5' in table rows 2, 3, expected a number between -1e+09 and "
        "1e+09. Write decimals with a point.",
        "start_y is 'inf' in table row 5, expected a number between -1e+09 and 1e+09. "
        "Correct it.",
        "start_c is '1.5' in table rows 4, 5, expected a whole number from 0. Correct "
        "it.",
        "length_y is '0' in table rows 3, 4, expected a number above 0, up to 1e+09. "
        "Correct it.",
        "length_z is empty in table row 5, expected a number above 0, up to 1e+09. "
        "Fill it in.",
        "file_path is empty in table row 2. Correct it.",
        "fov_name is empty in table row 3. Correct it.",
        "fov_name '../1' leads out of its folder in table row 5. Correct it.",
        "row '?' is neither letters (A..AV) nor a number from 1 in table rows 2, 4. "
        "Correct it.",
        "column '0' is outside 1..72 in table row 3. Correct it.",
    ]


def test_the_message_lists_the_faults(tmp_path: Path) -> None:
    """The error's text counts the faults and gives one line to each."""
    (tmp_path / "tiles.csv").write_text(_csv({"row": "?", "start_x": ""}))
    with pytest.raises(TableError) as error:
        parse(str(tmp_path / "tiles.csv"))
    assert str(error.value) == (
        f"tile table {tmp_path}/tiles.csv: 2 faults\n"
        "  - start_x is empty in table row 1, expected a number between -1e+09 and "
        "1e+09. Fill it in.\n"
        "  - row '?' is neither letters (A..AV) nor a number from 1 in table row 1. "
        "Correct it."
    )


def test_many_rows_are_counted(tmp_path: Path) -> None:
    """A fault of many rows is one line."""
    rows = [{"row": "?"}] * 12
    assert _faults(tmp_path, _csv(*rows)) == [
        "row '?' is neither letters (A..AV) nor a number from 1 in table rows 1, 2, 3, "
        "4, 5 and 7 more. Correct it."
    ]


@pytest.mark.parametrize("value", ["inf", "-inf", "1e300", "1e19", "1.5", "-1", "x"])
@pytest.mark.parametrize("name", ["start_c", "length_c"])
def test_whole_numbers(tmp_path: Path, name: str, value: str) -> None:
    """Channels are whole numbers of a sane size."""
    (fault,) = _faults(tmp_path, _csv({name: value}))
    assert fault.startswith(f"{name} is {value!r} in table row 1, expected a whole")


@pytest.mark.parametrize(
    ("name", "value"),
    [("start_x", "1e10"), ("length_x", "0"), ("length_t", "-1"), ("start_t", "1e14")],
)
def test_numbers_out_of_range(tmp_path: Path, name: str, value: str) -> None:
    """Cells that slipped into another column are noticed by their size."""
    (fault,) = _faults(tmp_path, _csv({name: value}))
    assert fault.startswith(f"{name} is {value!r} in table row 1, expected a number")


def test_epoch_milliseconds_are_times(tmp_path: Path) -> None:
    """``start_t`` may be milliseconds since 1970."""
    assert _parse(tmp_path, _csv({"start_t": "17e11"})).table["t"][0] == 17e11


def test_an_optional_column_may_be_blank(tmp_path: Path) -> None:
    """A column that is empty from top to bottom takes its default; half is a fault."""
    blank = {"start_z": "", "length_c": "NA"}
    table = _parse(tmp_path, _csv(blank, blank)).table
    assert table["z"].tolist() == [0.0, 0.0]
    assert table["len_c"].tolist() == [1, 1]
    assert _faults(tmp_path, _csv({"start_z": "1"}, {"start_z": ""})) == [
        "start_z is empty in table row 2, expected a number between -1e+09 and 1e+09. "
        "Fill it in."
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Start_Z", "start_z"),
        ("start_zz", "start_z"),
        ("strat_z", "start_z"),
        ("length-z", "length_z"),
        ("lenght_t", "length_t"),
        ("FOV_name", "fov_name"),
        ("Row", "row"),
        ("columns", "column"),
        ("image_pat", "image_path"),
    ],
)
def test_columns_that_are_nearly_known(tmp_path: Path, name: str, meant: str) -> None:
    """A slip of one letter or of case is told, not taken for an attribute."""
    assert _faults(tmp_path, _csv({name: "1"})) == [
        f"column {name!r} is nearly {meant!r}. Rename or delete it."
    ]


@pytest.mark.parametrize("name", [*RESERVED, "Plate", "FIELDINDEX"])
def test_reserved_columns(tmp_path: Path, name: str) -> None:
    """Names that the tables of the result use are refused, whatever their case."""
    (fault,) = _faults(tmp_path, _csv({name: "1"}))
    assert fault.startswith(
        f"column {name!r} is reserved for the tables of the result. Rename or delete "
        "it."
    )
    assert fault.endswith("Give wells in row and column.") == (name == "well")


@pytest.mark.parametrize("name", ["file", "fov", "x", "z", "status", "plane", "time_s"])
def test_columns_named_like_our_own(tmp_path: Path, name: str) -> None:
    """A column with a name of the parsed table does not overwrite it."""
    assert _faults(tmp_path, _csv({name: "1"})) == [
        f"column {name!r} has a name the workflow uses itself. Rename it, e.g. to "
        f"'my_{name}'."
    ]


def test_missing_columns(tmp_path: Path) -> None:
    """All missing columns are named together, with the ones that may be meant."""
    content = "File_Path,row,fov,startx,start_y,length_x\na.tif,A,1,0,0,30\n"
    assert _faults(tmp_path, content) == [
        "the required columns file_path (is 'File_Path' meant?), fov_name, start_x (is "
        "'startx' meant?), length_y, column are missing; present are File_Path, row, "
        "fov, startx, start_y, length_x. Add or rename columns.",
        "column 'fov' has a name the workflow uses itself. Rename it, e.g. to "
        "'my_fov'.",
    ]


def test_neither_wells_nor_paths(tmp_path: Path) -> None:
    """A table must say where its images go."""
    assert _faults(tmp_path, _csv({"row": None, "column": None})) == [
        "it has neither row and column (plate) nor image_path (single images). Add one "
        "or the other."
    ]


def test_wells_and_paths(tmp_path: Path) -> None:
    """A table makes a plate or single images, not both."""
    assert _faults(tmp_path, _csv({"image_path": "a"})) == [
        "it has row (plate) and image_path (single images). Delete one or the other."
    ]


def test_options_that_are_unknown(tmp_path: Path) -> None:
    """Options of other formats are told; projections is common to all."""
    assert _parse(tmp_path, _csv({}), projections="auto").table.shape[0] == 1
    assert _faults(tmp_path, _csv({}), pattern="x") == [
        "option 'pattern' is unknown to the format tile_table. Delete it."
    ]


def test_control_characters(tmp_path: Path) -> None:
    """A tab inside a file's or field's name is a slip."""
    assert _faults(tmp_path, _csv({"file_path": "a\tb.tif", "fov_name": "a\x07b"})) == [
        "file_path 'a\\tb.tif' holds control characters in table row 1. Correct it.",
        "fov_name 'a\\x07b' holds control characters in table row 1. Correct it.",
    ]


def test_blank_rows_keep_the_count(tmp_path: Path) -> None:
    """Rows are numbered as a spreadsheet shows them, less one."""
    content = _csv({}, {"row": "?"}).replace('\n"a.tif","?"', '\n\n,,\n"a.tif","?"')
    (fault,) = _faults(tmp_path, content)
    assert fault.endswith("in table row 4. Correct it.")
    assert _parse(tmp_path, _csv({}, {}) + "\n\n").table["source_row"].tolist() == [
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("path", "folder"), [("tiles.csv", "."), ("raw/tiles.csv", "raw")], ids=str
)
def test_files_are_relative_to_the_tables_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, folder: str
) -> None:
    """Wherever a run starts, a tile's file is looked for beside its table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / path).write_text(_csv({}))
    assert parse(path).resource == folder


def _sheet(**columns: list[str]) -> Sheet:
    rows = np.arange(1, len(next(iter(columns.values()))) + 1)
    return Sheet("t", {name: pd.Series(cells) for name, cells in columns.items()}, rows)


@given(st.lists(st.tuples(st.integers(0, 47), st.integers(0, 71)), min_size=1))
def test_wells_survive_any_order(places: list[tuple[int, int]]) -> None:
    """Each cell keeps its own index, however often and in what order names occur."""
    sheet = _sheet(
        row=[str(row + 1) for row, _ in places],
        column=[f"{column + 1:02d}" for _, column in places],
    )
    rows, row_faults = read_wells(sheet, "row")
    columns, column_faults = read_wells(sheet, "column")
    assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == places
    assert row_faults + column_faults == []


def test_p2_20000_rows_in_under_a_second(tmp_path: Path) -> None:
    """A plate of 384 wells with 20,000 tiles is parsed in less than 1 CPU-second."""
    lines = ["file_path,row,column,fov_name,start_x,start_y,length_x,length_y,drug"]
    for tile in range(20_000):
        well, field = divmod(tile, 53)
        row, column = divmod(well, 24)
        lines.append(
            f"W{well}/F{field:02d}.tif,{chr(65 + row)},{column + 1},{field},"
            f"{field * 416.25},{well * 0.5},2560,2160,drug {well % 7}"
        )
    (tmp_path / "tiles.csv").write_text("\n".join(lines) + "\n")
    start = time.process_time()
    parsed = parse(str(tmp_path / "tiles.csv"))
    assert time.process_time() - start < 1
    table = parsed.table
    assert len(table) == 20_000
    assert table["fov"].nunique() == 53
    assert table["x"].max() == 52 * 416.25
    assert (table["row"].max(), table["column"].max()) == (15, 23)
    assert table["drug"].nunique() == 7
