"""Tables in every backend, read by ngio and by the backend's own library."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import anndata
import ngio
import pandas as pd
import pyarrow.parquet
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.ngff_samples import sample_image, write_sample
from tiles2zarr.errors import StoreError
from tiles2zarr.models.base import Scalar
from tiles2zarr.ngff.documents import Version
from tiles2zarr.ngff.tables_backends import Backend, parse_table, render_table
from tiles2zarr.ngff.tables_frames import (
    Column,
    NamedTable,
    Row,
    as_columns,
    fov_rows,
    image_tables,
    plate_tables,
)

versions = pytest.mark.parametrize("version", ["0.4", "0.5"])
backends = pytest.mark.parametrize("backend", ["csv", "anndata", "json", "parquet"])
ROI = ["x_micrometer", "y_micrometer", "z_micrometer"]
ROI += [f"len_{name}" for name in ROI]
TIME = ["t_second", "len_t_second"]
ORIGINAL = [f"{name}_original" for name in ROI[:3]]
CONDITION = {"drug": "DMSO", "dose": 1.5, "n": 3, "ok": True, "plate": "01", "x": None}


@pytest.fixture
def ngio_says() -> Iterator[list[str]]:
    """Return what ngio logs as a warning or worse."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear = Ear(logging.WARNING)
    logger = logging.getLogger("ngio")
    logger.addHandler(ear)
    yield heard
    logger.removeHandler(ear)


def written(folder: Path, version: Version, backend: Backend) -> Path:
    """Return a plate of one image with a time axis, conditions and a missing plane."""
    image = sample_image(axes="tczyx", times=2, levels=1, conditions=[CONDITION])
    return write_sample(folder, [image], version, backend=backend)


def attributes(table: Path, version: Version) -> dict[str, object]:
    """Return the attributes of a table's group as they stand in its JSON."""
    if version == "0.4":
        found = json.loads((table / ".zattrs").read_text())
    else:
        found = json.loads((table / "zarr.json").read_text())["attributes"]
    return {key: found[key] for key in found if not key.startswith("encoding")}


def read_directly(table: Path, backend: Backend, version: Version) -> pd.DataFrame:
    """Read a table without ngio, with what an analyst has at hand."""
    match backend:
        case "csv":
            return pd.read_csv(table / "table.csv")
        case "parquet":
            return pyarrow.parquet.read_table(table / "table.parquet").to_pandas()
        case "json" if version == "0.4":
            return pd.DataFrame(json.loads((table / "table/.zattrs").read_text()))
        case "json":
            document = json.loads((table / "table/zarr.json").read_text())
            return pd.DataFrame(document["attributes"])
    data = anndata.read_zarr(zarr.open_group(table, mode="r"))
    numbers = pd.DataFrame(data.X, columns=data.var_names, index=data.obs.index)
    frame = pd.concat([data.obs, numbers], axis=1)
    return frame.reset_index(drop=frame.index.name is None)


@versions
@backends
def test_group_says_what_the_table_is(
    tmp_path: Path, version: Version, backend: Backend
) -> None:
    """Type, table version 1 and backend stand in the attributes, ROIs with an index."""
    plate = written(tmp_path, version, backend)
    roi = {
        "type": "roi_table",
        "table_version": "1",
        "backend": backend,
        "index_key": "FieldIndex",
        "index_type": "str",
    }
    plain = {"table_version": "1", "backend": backend}
    tables = plate / "B/03/0/tables"
    assert attributes(tables / "FOV_ROI_table", version) == roi
    assert attributes(tables / "well_ROI_table", version) == roi
    condition = plain | {"type": "condition_table"}
    assert attributes(tables / "condition_table", version) == condition
    assert attributes(plate / "tables/condition_table", version) == condition
    generic = plain | {"type": "generic_table"}
    assert attributes(tables / "plane_table", version) == generic
    assert attributes(plate / "tables/FOV_table", version) == generic


@versions
@backends
def test_ngio_reads_the_tables_of_an_image(
    tmp_path: Path, version: Version, backend: Backend, ngio_says: list[str]
) -> None:
    """Ngio lists all tables by type, finds the fields and has nothing to warn about."""
    plate = written(tmp_path, version, backend)
    image = ngio.open_ome_zarr_container(plate / "B/03/0", mode="r")
    assert set(image.list_tables()) == {
        "FOV_ROI_table",
        "well_ROI_table",
        "condition_table",
        "plane_table",
    }
    assert set(image.list_roi_tables()) == {"FOV_ROI_table", "well_ROI_table"}
    fields = image.get_generic_roi_table("FOV_ROI_table")
    frame = fields.dataframe
    assert frame.index.name == "FieldIndex"
    assert frame.index.tolist() == ["FOV_1", "FOV_2"]
    assert frame.columns.tolist() == [*ROI, *TIME, *ORIGINAL]
    assert frame.loc["FOV_2"].tolist() == [7, 0, 0, 7, 5, 6, 0, 60, -93, 40, 7]
    for roi in fields.rois():
        assert image.get_image().get_roi(roi).shape == (2, 2, 3, 10, 14)
    (whole,) = image.get_generic_roi_table("well_ROI_table").rois()
    assert whole.name == "image"
    assert image.get_image().get_roi(whole).shape == (2, 2, 3, 10, 28)
    conditions = image.get_table("condition_table")
    assert type(conditions).__name__ == "ConditionTableV1"
    assert conditions.dataframe["drug"].tolist() == ["DMSO"]
    assert conditions.dataframe["x"].isna().all()
    planes = image.get_table("plane_table").dataframe
    assert planes["status"].tolist() == ["ok", "missing"]
    assert ngio_says == []


@versions
@backends
def test_ngio_reads_the_tables_of_a_plate(
    tmp_path: Path, version: Version, backend: Backend, ngio_says: list[str]
) -> None:
    """Ngio reads the plate's tables, with row, column and path of the images."""
    plate = ngio.open_ome_zarr_plate(written(tmp_path, version, backend), mode="r")
    assert set(plate.list_tables()) == {"condition_table", "FOV_table"}
    (row,) = plate.get_table("condition_table").dataframe.to_dict("records")
    assert (row["row"], row["column"], row["well"]) == ("B", 3, "B03")
    assert str(row["path_in_well"]) == "0"
    assert (row["acquisition"], row["drug"], row["dose"]) == (0, "DMSO", 1.5)
    fields = plate.get_table("FOV_table").dataframe
    assert fields["fov_name"].tolist() == ["FOV_1", "FOV_2"]
    assert fields["x_micrometer_original"].tolist() == [-100, -93]
    assert ngio_says == []


@versions
@backends
def test_tables_are_read_without_ngio(
    tmp_path: Path, version: Version, backend: Backend
) -> None:
    """pandas, pyarrow, json and anndata find the same columns and values."""
    plate = written(tmp_path, version, backend)
    tables = plate / "B/03/0/tables"
    fields = read_directly(tables / "FOV_ROI_table", backend, version)
    assert set(fields.columns) == {"FieldIndex", *ROI, *TIME, *ORIGINAL}
    assert fields["FieldIndex"].tolist() == ["FOV_1", "FOV_2"]
    assert fields["x_micrometer"].tolist() == [0, 7]
    assert fields["len_y_micrometer"].tolist() == [5, 5]
    assert fields["x_micrometer_original"].tolist() == [-100, -93]
    (row,) = read_directly(tables / "condition_table", backend, version).to_dict(
        "records"
    )
    assert set(row) == set(CONDITION)
    assert (row["drug"], row["dose"], row["n"], row["ok"]) == ("DMSO", 1.5, 3, True)
    assert pd.isna(row["x"])
    planes = read_directly(tables / "plane_table", backend, version)
    assert planes["status"].tolist() == ["ok", "missing"]
    assert pd.isna(planes["time_second"].tolist()[1])
    places = read_directly(plate / "tables/FOV_table", backend, version)
    assert places["well"].tolist() == ["B03", "B03"]
    assert places["fov_name"].tolist() == ["FOV_1", "FOV_2"]


@backends
def test_fields_named_by_numbers_stay_text(tmp_path: Path, backend: Backend) -> None:
    """Fields called 1 and 02 are found by name; readers of CSV lose leading zeros."""
    image = sample_image(levels=1)
    first, second = image.fovs
    fovs = (first.replace(name="1"), second.replace(name="02"))
    plate = write_sample(tmp_path, [image.replace(fovs=fovs)], "0.5", backend=backend)
    opened = ngio.open_ome_zarr_container(plate / "B/03/0", mode="r")
    table = opened.get_generic_roi_table("FOV_ROI_table")
    names = ["1", "2"] if backend == "csv" else ["1", "02"]
    assert [roi.name for roi in table.rois()] == names


@versions
def test_csv_is_a_file_for_a_biologist(tmp_path: Path, version: Version) -> None:
    """The CSV of conditions has a header, text in quotes, and nothing for blanks."""
    plate = written(tmp_path, version, "csv")
    assert (plate / "tables/condition_table/table.csv").read_text() == (
        '"row","column","well","acquisition","path_in_well",'
        '"drug","dose","n","ok","plate","x"\n'
        '"B",3,"B03",0,"0","DMSO",1.5,3,true,"01",\n'
    )


BLANKS = {
    "nothing": [None],
    "text": ["a\n\nb", None, 'c"', None],
    "number": [1.5, None],
    "flag": [None, True],
}


@pytest.mark.parametrize("values", BLANKS.values(), ids=BLANKS)
@backends
def test_blanks_in_the_only_column(
    tmp_path: Path, backend: Backend, values: list[Scalar]
) -> None:
    """A table of one column keeps its blank rows, which readers skip if empty."""
    columns = as_columns([{"drug": value} for value in values])
    table = NamedTable("t", "condition_table", columns)
    objects = render_table(table, backend, "0.4")
    for key, content in objects.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    blank = [value is None for value in values]
    group = zarr.open_group(tmp_path, mode="r")
    by_ngio = ngio.tables.open_table(group, mode="r").dataframe
    assert len(by_ngio) == len(values)
    assert read_directly(tmp_path, backend, "0.4")["drug"].isna().tolist() == blank
    found = [row["drug"] for row in parse_table(objects, "0.4")]
    assert [value is None for value in found] == blank


@versions
def test_no_lock_files_beside_the_store(tmp_path: Path, version: Version) -> None:
    """Only the plate is in the output folder: ngio's lock folder never appears."""
    written(tmp_path, version, "csv")
    assert [path.name for path in tmp_path.iterdir()] == ["P.zarr"]


@versions
@backends
def test_equal_tables_have_equal_bytes(version: Version, backend: Backend) -> None:
    """Rendering twice gives the same objects, so what stands is recognised."""
    image = sample_image(conditions=[CONDITION])
    for one, two in zip(image_tables(image), image_tables(image), strict=True):
        first = render_table(one, backend, version)
        assert first == render_table(two, backend, version)
        assert first.keys() >= {".zattrs" if version == "0.4" else "zarr.json"}


ROWS: list[Row] = [
    {
        "row": "B",
        "text": 'a "b", c\nd',
        "digits": "01",
        "word": "true",
        "null": "NA",
        "empty": "",
        "number": 1.5,
        "whole": 3,
        "blank": None,
        "greek": "5 µM",
    },
    {
        "row": "AA",
        "text": None,
        "digits": "2",
        "word": "nan",
        "null": None,
        "empty": " x ",
        "number": None,
        "whole": None,
        "blank": None,
        "greek": "é",
    },
]
"""What people write into conditions and programs get wrong."""


@versions
@backends
def test_rows_come_back(version: Version, backend: Backend) -> None:
    """Rows are read as they were written: text stays text, blanks stay null."""
    (table,) = plate_tables(ROWS, [])
    found = parse_table(render_table(table, backend, version), version)
    # anndata keeps numbers and text apart, in an order of its own
    assert [dict(row) for row in found] == ROWS
    for row, known in zip(found, ROWS, strict=True):
        assert {key: type(row[key]) for key in known} == {
            key: type(value) for key, value in known.items()
        }


@versions
@pytest.mark.parametrize("backend", ["csv", "json", "parquet"])
def test_truth_values_come_back(version: Version, backend: Backend) -> None:
    """True, False and blank stay what they are."""
    values: list[Scalar] = [True, False, None]
    (table,) = plate_tables([{"row": "A", "ok": value} for value in values], [])
    found = parse_table(render_table(table, backend, version), version)
    assert [row["ok"] for row in found] == values


@versions
def test_truth_values_of_anndata_are_numbers(version: Version) -> None:
    """Anndata keeps no truth values with blanks: they become 1, 0 and null."""
    values: list[Scalar] = [True, False, None]
    (table,) = plate_tables([{"row": "A", "ok": value} for value in values], [])
    found = parse_table(render_table(table, "anndata", version), version)
    assert [row["ok"] for row in found] == [1, 0, None]


@backends
def test_infinity_comes_back(backend: Backend) -> None:
    """An infinite number is no text after a way through the store."""
    values: list[Scalar] = [float("inf"), float("-inf"), 1.5]
    (table,) = plate_tables([{"row": "A", "x": value} for value in values], [])
    found = parse_table(render_table(table, backend, "0.5"), "0.5")
    assert [row["x"] for row in found] == values


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
VALUES = st.one_of(
    st.none(),
    TEXT,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(VALUES, min_size=1, max_size=5),
    version=st.sampled_from(["0.4", "0.5"]),
)
@pytest.mark.parametrize("backend", ["csv", "json", "parquet"])
def test_any_column_comes_back_twice_the_same(
    backend: Backend, values: list[Scalar], version: Version
) -> None:
    """Rows taken over from a table make the same table again, so nothing drifts."""
    (table,) = plate_tables([{"row": "A", "x": value} for value in values], [])
    first = render_table(table, backend, version)
    rows = parse_table(first, version)
    assert len(rows) == len(values)
    assert [row["x"] is None for row in rows] == [value is None for value in values]
    (again,) = plate_tables(rows, [])
    assert parse_table(render_table(again, backend, version), version) == rows


@pytest.mark.parametrize(
    ("backend", "name"),
    [
        ("csv", "experimental_csv_v1"),
        ("json", "experimental_json_v1"),
        ("parquet", "experimental_parquet_v1"),
        ("anndata", "anndata_v1"),
        ("anndata", None),
    ],
)
def test_older_backend_names_are_read(backend: Backend, name: str | None) -> None:
    """Tables of older ngio versions name their backend otherwise, or not at all."""
    (table,) = plate_tables(ROWS, [])
    objects = dict(render_table(table, backend, "0.4"))
    document = json.loads(objects[".zattrs"])
    del document["backend"]
    objects[".zattrs"] = json.dumps(
        document if name is None else {**document, "backend": name}
    ).encode()
    assert [row["row"] for row in parse_table(objects, "0.4")] == ["B", "AA"]


@versions
@backends
def test_rows_of_fields_come_back(version: Version, backend: Backend) -> None:
    """The index of a ROI table is a column of its rows."""
    image = sample_image()
    table, *_ = image_tables(image)
    rows = parse_table(render_table(table, backend, version), version)
    assert [dict(row) for row in rows] == [dict(row) for row in fov_rows(image)]


def csv_rows(text: str) -> tuple[Row, ...]:
    """Read rows from the text of a CSV table."""
    objects = {".zattrs": b'{"backend": "csv"}', "table.csv": text.encode()}
    return parse_table(objects, "0.4")


def test_csv_of_others_is_read() -> None:
    """CSV without quotes, as spreadsheets and pandas write it, is read by value."""
    rows = csv_rows(
        "row,column,drug,dose,e,ok\r\nB,03,DMSO,.5,1e-3,false\r\nC,4,,,,\r\n"
    )
    assert rows == (
        {"row": "B", "column": 3, "drug": "DMSO", "dose": 0.5, "e": 1e-3, "ok": False},
        {"row": "C", "column": 4, "drug": None, "dose": None, "e": None, "ok": None},
    )
    assert csv_rows("row,drug\nB,DMSO") == ({"row": "B", "drug": "DMSO"},)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            'row,drug\nB,"DMSO\n',
            "line 2 of a CSV table in the output is not valid CSV. Remove the table "
            "and run again.",
            id="open quote",
        ),
        pytest.param(
            "row,drug\nB\n",
            "a CSV table in the output has 2 columns, but a row of another length. "
            "Remove the table and run again.",
            id="short row",
        ),
    ],
)
def test_damaged_csv_is_an_error(text: str, message: str) -> None:
    """CSV that is no table is said so, not read halfway."""
    with pytest.raises(StoreError) as raised:
        csv_rows(text)
    assert str(raised.value) == message


def test_unknown_backend_is_an_error() -> None:
    """A table of a backend nobody knows is named."""
    with pytest.raises(StoreError) as raised:
        parse_table({".zattrs": b'{"backend": "duckdb"}'}, "0.4")
    assert str(raised.value) == (
        "a table in the output has the unknown backend 'duckdb'. Remove the table or "
        "write into a new plate."
    )


def test_parquet_keeps_the_types() -> None:
    """Whole numbers with blanks are integers in Parquet, not floats."""
    named = NamedTable("t", "condition_table", {"n": Column("int", (1, None))})
    objects = render_table(named, "parquet", "0.5")
    table = pyarrow.parquet.read_table(io.BytesIO(objects["table.parquet"]))
    assert str(table.schema.field("n").type) == "int64"
    assert table.column("n").to_pylist() == [1, None]
