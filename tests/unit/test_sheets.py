"""Sheets: cells as they were handed in, from CSV, TSV and Parquet."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.errors import TableError
from tiles2zarr.sheets import Sheet, one_edit, read_sheet, row_list


def _read(folder: Path, content: bytes | str, name: str = "t.csv") -> Sheet:
    """Return the sheet of a file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sheet(str(path), "tile table", None)


def _faults(folder: Path, content: bytes | str, name: str = "t.csv") -> str:
    """Return what is wrong with a file of this content."""
    with pytest.raises(TableError) as error:
        _read(folder, content, name)
    title = f"tile table {folder / name}: "
    assert str(error.value).startswith(title)
    return str(error.value).removeprefix(title)


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,\n",
        "a;b\n1;x\n2;\n",
        "a\tb\n1\tx\n2\t\n",
        "\ufeffa,b\n1,x\n2,\n",
        "a,b\r\n1,x\r\n2,\r\n",
        "a,b\r1,x\r2,\r",
        " a , b \n 1 , x \n 2 , \n",
        '"a","b"\n"1","x"\n"2",""\n',
        "\n\na,b\n1,x\n2,\n",
        "a,b,,\n1,x,,\n2,,,\n,,,\n",
        "a,b\n1,x\n2,",
    ],
    ids=[
        "comma",
        "semicolon",
        "tab",
        "byte order mark",
        "windows",
        "old mac",
        "blanks",
        "quoted",
        "leading lines",
        "trailing cells",
        "no last newline",
    ],
)
def test_one_table_in_many_dialects(tmp_path: Path, content: str) -> None:
    """Delimiters, line ends, quotes and blanks do not change what is read."""
    sheet = _read(tmp_path, content)
    assert list(sheet.columns) == ["a", "b"]
    assert sheet.texts("a").tolist() == ["1", "2"]
    assert sheet.texts("b").tolist() == ["x", ""]
    assert sheet.rows.tolist() == [1, 2]


def test_a_tsv_is_split_at_tabs_only(tmp_path: Path) -> None:
    """More commas than tabs in the header of a ``.tsv`` are part of the names."""
    sheet = _read(tmp_path, "a, b, c\td\n1\t2\n", "t.tsv")
    assert list(sheet.columns) == ["a, b, c", "d"]


def test_cells_may_hold_the_delimiter_and_line_ends(tmp_path: Path) -> None:
    """Quoted cells are kept whole."""
    sheet = _read(tmp_path, 'a,b\n"x,\ny","say ""hi"""\n')
    assert sheet.texts("a").tolist() == ["x,\ny"]
    assert sheet.texts("b").tolist() == ['say "hi"']


def test_blank_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    """Row numbers are those a spreadsheet shows, less one for the header."""
    sheet = _read(tmp_path, "a,b\n1,x\n\n,\n4,y\n\n")
    assert sheet.rows.tolist() == [1, 4]
    assert sheet.texts("a").tolist() == ["1", "4"]


def test_a_table_is_read_from_a_url() -> None:
    """Any fsspec URL may stand for a path."""
    with fsspec.open("memory://sheets/t.csv", "wb") as file:
        file.write(b"a,b\n1,x\n")
    sheet = read_sheet("memory://sheets/t.csv", "tile table", {})
    assert sheet.title == "tile table memory://sheets/t.csv"
    assert sheet.texts("b").tolist() == ["x"]


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    """``file://`` before a path changes nothing."""
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert read_sheet(f"file://{tmp_path}/t.csv", "x", None).rows.tolist() == [1]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "1 fault\n  - it is empty. Give a table with a header and rows."),
        (" \n\n", "1 fault\n  - it is empty. Give a table with a header and rows."),
        (
            "a,b\n",
            "1 fault\n  - it has a header but no rows. Add one row per tile or well.",
        ),
        (
            "a,b\n,\n\n",
            "1 fault\n  - it has a header but no rows. Add one row per tile or well.",
        ),
        (
            "a,b,a,a,b\n1,2,3,4,5\n",
            "2 faults\n  - column 'a' stands 3 times in the header. Keep one.\n"
            "  - column 'b' stands 2 times in the header. Keep one.",
        ),
        (
            "a,,c\n1,2,3\n",
            "1 fault\n  - column 2 has no name in the header. Name it, or delete it.",
        ),
        (
            "a,b\n1,2\n1,2,3\n",
            "1 fault\n  - Expected 2 fields in line 3, saw 3 (the header is line 1). "
            "Give every row as many cells as the header, and quote texts that hold the "
            "delimiter.",
        ),
        (
            b"a,b\n1,2\n3,\xb5m\n",
            "1 fault\n  - line 3 is not UTF-8 text (byte 0xb5). Save it as CSV UTF-8.",
        ),
        (
            "a,b\n1,2\n".encode("utf-16"),
            "1 fault\n  - it is UTF-16 text. Save it as CSV UTF-8.",
        ),
    ],
    ids=[
        "empty",
        "blank",
        "header only",
        "blank rows",
        "column twice",
        "no name",
        "long row",
        "latin-1",
        "utf-16",
    ],
)
def test_tables_that_cannot_be_read(
    tmp_path: Path, content: bytes | str, fault: str
) -> None:
    """Every fault is told with its place and its cure."""
    assert _faults(tmp_path, content) == fault


def test_rubbish_is_no_table(tmp_path: Path) -> None:
    """A long line without a delimiter is an error of the table, not of a library."""
    assert "no rows" in _faults(tmp_path, "x" * 300_000)


def test_a_byte_order_mark_alone_is_no_table(tmp_path: Path) -> None:
    """A file that holds nothing but its mark is told as such."""
    assert "No columns to parse" in _faults(tmp_path, "\ufeff")


def test_an_open_quote(tmp_path: Path) -> None:
    """A quote that is never closed is told as such."""
    assert "EOF inside string" in _faults(tmp_path, 'a,b\n1,"x\n2,y\n')


def test_no_file(tmp_path: Path) -> None:
    """An absent table, a folder and an unknown protocol are told apart."""
    with pytest.raises(TableError, match="there is no such file"):
        read_sheet(str(tmp_path / "no.csv"), "tile table", None)
    with pytest.raises(TableError, match="it is a folder"):
        read_sheet(str(tmp_path), "tile table", None)
    with pytest.raises(TableError, match="there is no such file"):
        read_sheet("memory://sheets/no.csv", "tile table", None)
    with pytest.raises(TableError, match="it cannot be read: Protocol not known"):
        read_sheet("nosuch://t.csv", "tile table", None)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    """Numbers, texts, truth values and nulls come as they are, rows numbered anew."""
    frame = pd.DataFrame(
        {
            "whole": [1, 2, 3],
            "fov": pd.array([7, None, 9], dtype="Int64"),
            "real": [0.5, np.nan, 2.0],
            "text": ["007", None, " x "],
            "flag": [True, False, True],
            "kind": pd.Categorical(["a", None, "b"]),
        },
        index=[10, 20, 30],
    )
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    sheet = read_sheet(str(tmp_path / "t.parquet"), "tile table", None)
    assert sheet.rows.tolist() == [1, 2, 3]
    assert sheet.texts("whole").tolist() == ["1", "2", "3"]
    assert sheet.texts("fov").tolist() == ["7", "", "9"]
    assert sheet.texts("real").tolist() == ["0.5", "", "2"]
    assert sheet.texts("text").tolist() == ["007", "", "x"]
    assert sheet.texts("kind").tolist() == ["a", "", "b"]
    assert sheet.values("flag").tolist() == [True, False, True]
    assert sheet.values("real").tolist() == [0.5, None, 2.0]
    assert sheet.values("whole").tolist() == [1, 2, 3]
    assert sheet.values("fov").tolist() == [7, None, 9]
    assert sheet.values("kind").tolist() == ["a", None, "b"]
    numbers, bad = sheet.numbers("fov")
    np.testing.assert_array_equal(numbers, [7, np.nan, 9])
    assert not bad.any()
    assert sheet.numbers("flag")[1].all()


def test_a_parquet_file_cut_short(tmp_path: Path) -> None:
    """A damaged Parquet file is told as such."""
    assert "it is no intact Parquet file" in _faults(tmp_path, "PAR1xxxx", "t.parquet")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "2", ""], [1, 2, None]),
        (["-3", "0", "12"], [-3, 0, 12]),
        (["1", "2.5"], [1.0, 2.5]),
        (["1e3", "NA"], [1000.0, None]),
        (["007", "12"], ["007", "12"]),
        (["-007", "12"], ["-007", "12"]),
        (["1", "x"], ["1", "x"]),
        (["true", "False"], [True, False]),
        (["true", "1"], ["true", "1"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["inf", "1"], ["inf", "1"]),
        (["12345678901234567890", "5"], ["12345678901234567890", "5"]),
        (["999999999999999999"], [999999999999999999]),
        (["NA", "n/a", "N/A", "Na", "#N/A", "NaN", "null", " "], [None] * 8),
        (["0.5", "0"], [0.5, 0.0]),
        (["2024-05-01"], ["2024-05-01"]),
        (["１"], ["１"]),
    ],
    ids=str,
)
def test_text_becomes_values_of_one_type(
    tmp_path: Path, cells: list[str], values: list[object]
) -> None:
    """A column is numbers only if all cells are, and identifiers stay text."""
    rows = "".join(f'"{cell}",k\n' for cell in cells)
    found = _read(tmp_path, f"a,k\n{rows}").values("a").tolist()
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_cells_that_are_no_numbers(tmp_path: Path) -> None:
    """Empty cells are NaN and not bad; what is no decimal number is bad."""
    sheet = _read(tmp_path, 'a,k\n1,k\n,k\nNA,k\nx,k\n"1,5",k\n1_000,k\n-2e-1,k\n')
    numbers, bad = sheet.numbers("a")
    np.testing.assert_array_equal(
        numbers, [1, np.nan, np.nan, np.nan, np.nan, np.nan, -0.2]
    )
    assert bad.tolist() == [False, False, False, True, True, True, False]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([3], "table row 3"),
        ([3, 5], "table rows 3, 5"),
        ([1, 2, 3, 4, 5], "table rows 1, 2, 3, 4, 5"),
        (range(3, 15), "table rows 3, 4, 5, 6, 7 and 7 more"),
        (np.array([2, 9]), "table rows 2, 9"),
    ],
    ids=["one", "two", "five", "many", "numpy"],
)
def test_rows_in_words(rows: Sequence[int], text: str) -> None:
    """The first five rows are named, the others counted."""
    assert row_list(rows) == text


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Start_X", "start_x"),
        ("Start_Z", "start_z"),
        ("start_xx", "start_x"),
        ("strat_x", "start_x"),
        ("tart_x", "start_x"),
        ("start-x", "start_x"),
        ("rwo", "row"),
        ("start_xyz", None),
        ("drug", None),
        ("", None),
    ],
)
def test_names_by_one_edit(name: str, known: str | None) -> None:
    """A letter too many, too few, other or exchanged is told; the name itself not."""
    assert one_edit(name, ("start_x", "start_z", "row")) == known


def _edits(text: str, letters: str) -> set[str]:
    """Return all texts one edit away, by trying every edit."""
    spots = range(len(text) + 1)
    added = {text[:i] + c + text[i:] for i, c in itertools.product(spots, letters)}
    replaced = {
        text[:i] + c + text[i + 1 :] for i, c in itertools.product(spots[:-1], letters)
    }
    left_out = {text[:i] + text[i + 1 :] for i in spots[:-1]}
    exchanged = {
        text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(len(text) - 1)
    }
    return added | replaced | left_out | exchanged | {text}


short = st.text("abc", max_size=4)


@given(short, short)
def test_one_edit_is_what_trying_all_edits_finds(one: str, other: str) -> None:
    """The quick comparison agrees with every edit tried by hand."""
    near = one != other and other in _edits(one, "abc")
    assert (one_edit(one, [other]) == other) == near
