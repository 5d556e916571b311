"""Tables as frames: names, columns, world units by hand, types of columns."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from tests.unit.ngff_samples import sample_image
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.collection import SingleImage
from tiles2zarr.models.image import ConditionRow, PlaneColumns, RegisteredImage
from tiles2zarr.ngff.tables_frames import (
    IMAGE_TABLES,
    PLATE_TABLES,
    NamedTable,
    condition_rows,
    fov_rows,
    image_tables,
    plate_rows,
    plate_tables,
)

PLACE = ["x_micrometer", "y_micrometer", "z_micrometer"]
LENGTH = ["len_x_micrometer", "len_y_micrometer", "len_z_micrometer"]
TIME = ["t_second", "len_t_second"]
ORIGINAL = [f"{name}_original" for name in PLACE]
WHERE = ["row", "column", "well", "acquisition", "path_in_well"]


def tables(image: RegisteredImage) -> dict[str, NamedTable]:
    """Return the tables of an image by name."""
    return {table.name: table for table in image_tables(image)}


def test_image_has_its_tables() -> None:
    """Names and types are the ones downstream tools hard-code."""
    found = tables(sample_image(conditions=[{"drug": "DMSO"}]))
    assert {name: table.kind for name, table in found.items()} == {
        "FOV_ROI_table": "roi_table",
        "well_ROI_table": "roi_table",
        "condition_table": "condition_table",
        "plane_table": "generic_table",
    }
    assert tuple(found) == IMAGE_TABLES


@pytest.mark.parametrize("conditions", [[], [{}]], ids=["no row", "empty row"])
def test_condition_table_only_with_attributes(
    conditions: Sequence[Mapping[str, Scalar]],
) -> None:
    """Without attributes there is no condition table."""
    assert "condition_table" not in tables(sample_image(conditions=conditions))


def test_plane_table_only_with_planes() -> None:
    """Without known planes there is no plane table."""
    none = PlaneColumns(
        fov=(),
        c=(),
        z=(),
        t=(),
        time_s=(),
        x_um=(),
        y_um=(),
        z_um=(),
        exposure_s=(),
        file=(),
        status=(),
    )
    assert "plane_table" not in tables(sample_image().replace(planes=none))


def test_rows_of_fields_are_in_micrometer() -> None:
    """Fields of 14 x 10 pixels of 0.5 um and 3 planes 2 um apart, side by side."""
    frame = tables(sample_image())["FOV_ROI_table"].frame
    assert frame.index.name == "FieldIndex"
    assert list(frame.index) == ["FOV_1", "FOV_2"]
    assert list(frame.columns) == [*PLACE, *LENGTH, *ORIGINAL]
    assert frame.to_numpy().tolist() == [
        [0, 0, 0, 7, 5, 6, -100, 40, 7],
        [7, 0, 0, 7, 5, 6, -93, 40, 7],
    ]


def test_rows_of_fields_have_time_with_a_time_axis() -> None:
    """Two time points of 30 s are 60 s from 0, behind the lengths; no other columns."""
    frame = tables(sample_image(axes="tczyx", times=2))["FOV_ROI_table"].frame
    assert list(frame.columns) == [*PLACE, *LENGTH, *TIME, *ORIGINAL]
    assert frame[TIME].to_numpy().tolist() == [[0, 60], [0, 60]]


def test_fields_start_where_their_box_starts() -> None:
    """Starts in t, z, y, x are each multiplied by their own spacing."""
    image = sample_image(axes="tczyx", times=2)
    (first, second) = image.fovs
    moved = second.replace(start=(1, 2, 4, 6), shape=(1, 1, 3, 5))
    (_, row) = fov_rows(image.replace(fovs=(first, moved)))
    assert [row[name] for name in PLACE] == [3.0, 2.0, 4.0]
    assert [row[name] for name in LENGTH] == [2.5, 1.5, 2.0]
    assert [row[name] for name in TIME] == [30.0, 30.0]


def test_translation_is_not_in_the_tables() -> None:
    """Positions count from the image's array origin, wherever the image was moved."""
    moved = sample_image(translation=(7.0, 40.0, -100.0))
    assert fov_rows(moved) == fov_rows(sample_image())


def test_single_field_has_its_row_too() -> None:
    """An image of one field has a table of fields with one row."""
    image = sample_image()
    frame = tables(image.replace(fovs=image.fovs[:1]))["FOV_ROI_table"].frame
    assert list(frame.index) == ["FOV_1"]


def test_whole_image_is_one_row() -> None:
    """The row ``image`` spans the canvas: 28 x 10 pixels and three planes."""
    found = tables(sample_image(axes="tczyx", times=2))["well_ROI_table"].frame
    assert list(found.index) == ["image"]
    assert found.index.name == "FieldIndex"
    assert list(found.columns) == [*PLACE, *LENGTH, *TIME]
    assert found.to_numpy().tolist() == [[0, 0, 0, 14, 5, 6, 0, 60]]


def test_conditions_of_the_image_are_one_row() -> None:
    """Conditions are as given, in order, blanks are null."""
    image = sample_image(conditions=[{"drug": "DMSO", "dose": 1.5, "note": None}])
    assert condition_rows(image) == ({"drug": "DMSO", "dose": 1.5, "note": None},)
    frame = tables(image)["condition_table"].frame
    assert list(frame.columns) == ["drug", "dose", "note"]
    assert frame["note"].isna().all()


def test_w12_conditions_of_fields_have_a_row_each() -> None:
    """Where fields differ, each row names its field first."""
    rows = (
        ConditionRow(fov="FOV_1", values={"drug": "A"}),
        ConditionRow(fov="FOV_2", values={"drug": "B", "dose": 2}),
    )
    frame = tables(sample_image().replace(conditions=rows))["condition_table"].frame
    assert list(frame.columns) == ["fov_name", "drug", "dose"]
    assert frame["fov_name"].tolist() == ["FOV_1", "FOV_2"]
    assert frame["drug"].tolist() == ["A", "B"]
    assert frame["dose"].isna().tolist() == [True, False]
    assert frame["dose"].dtype == "Int64"


def test_several_condition_rows_of_a_well_stay() -> None:
    """Several rows of one well stay several rows, in their order."""
    image = sample_image(conditions=[{"drug": "A"}, {"drug": "B"}, {"drug": "A"}])
    assert [row["drug"] for row in condition_rows(image)] == ["A", "B", "A"]


def test_plane_table_tells_missing_planes() -> None:
    """Every plane is listed with time, stage position, exposure, file and status."""
    frame = tables(sample_image())["plane_table"].frame
    assert frame.columns.tolist() == [
        "fov_name",
        "c",
        "z",
        "t",
        "time_second",
        *ORIGINAL,
        "exposure_second",
        "file",
        "status",
    ]
    assert frame["status"].tolist() == ["ok", "missing"]
    assert frame["file"].tolist() == ["FOV_1.tif", ""]
    assert frame["x_micrometer_original"].tolist() == [-100, -93]
    assert frame["time_second"].tolist()[0] == 0.5
    assert math.isnan(frame["time_second"].tolist()[1])


def test_plane_table_without_times_has_numbers() -> None:
    """Times and exposures that nobody knows are a column of nulls, not of text."""
    image = sample_image()
    planes = image.planes.replace(time_s=(None, None), exposure_s=(None, None))
    frame = tables(image.replace(planes=planes))["plane_table"].frame
    assert frame["time_second"].dtype == frame["exposure_second"].dtype == "float64"
    assert frame["exposure_second"].isna().all()


def test_plate_rows_say_where_the_image_is() -> None:
    """Rows of the plate's tables name row, column, well, acquisition and path."""
    rows = plate_rows(sample_image("B", 3, acquisition=1, conditions=[{"drug": "A"}]))
    assert rows.image == "B/03/1"
    where = {
        "row": "B",
        "column": 3,
        "well": "B03",
        "acquisition": 1,
        "path_in_well": "1",
    }
    assert rows.conditions == ({**where, "drug": "A"},)
    assert [list(row) for row in rows.fovs] == [
        [*WHERE, "fov_name", *PLACE, *LENGTH, *ORIGINAL]
    ] * 2
    assert rows.fovs[1]["fov_name"] == "FOV_2"
    assert rows.fovs[1]["x_micrometer"] == 7.0
    assert {key: rows.fovs[1][key] for key in WHERE} == where


def test_image_without_conditions_keeps_its_place() -> None:
    """A well without conditions still has its row, so the plate's table is complete."""
    (row,) = plate_rows(sample_image("B", 3)).conditions
    assert list(row) == WHERE


def test_single_image_is_in_no_plate() -> None:
    """Plate rows of an image of its own are a mistake of the caller."""
    image = sample_image().replace(collection=SingleImage(image_path="one"))
    with pytest.raises(TypeError, match=r"^image one is not in a plate$"):
        plate_rows(image)


def test_plate_tables_are_named() -> None:
    """A plate has a condition table and a table of fields."""
    rows = plate_rows(sample_image(conditions=[{"drug": "A"}]))
    found = plate_tables(rows.conditions, rows.fovs)
    assert [(table.name, table.kind) for table in found] == [
        ("condition_table", "condition_table"),
        ("FOV_table", "generic_table"),
    ]
    assert tuple(table.name for table in found) == PLATE_TABLES


def test_plate_without_conditions_has_no_condition_table() -> None:
    """Places alone make no condition table, field names neither."""
    where: dict[str, Scalar] = {"row": "A", "column": 1, "fov_name": "F1"}
    assert plate_tables([where], []) == ()


def test_w12_condition_columns_of_acquisitions_are_merged() -> None:
    """Different columns of two acquisitions stand side by side, blanks are null."""
    one = plate_rows(sample_image(acquisition=0, conditions=[{"drug": "A", "n": 1}]))
    fields = (ConditionRow(fov="FOV_1", values={"stain": "x", "n": 2.5}),)
    two = plate_rows(sample_image(acquisition=1).replace(conditions=fields))
    table, *_ = plate_tables([*one.conditions, *two.conditions], [])
    assert list(table.frame.columns) == [*WHERE, "fov_name", "drug", "n", "stain"]
    assert table.frame["n"].tolist() == [1.0, 2.5]
    assert table.frame["stain"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        pytest.param([1, 2], "int64", [1, 2], id="int"),
        pytest.param([1, None], "Int64", [1, None], id="int and blank"),
        pytest.param([1, 2.5], "float64", [1.0, 2.5], id="int and float"),
        pytest.param([1.5, None], "float64", [1.5, None], id="float and blank"),
        pytest.param([True, False], "bool", [True, False], id="bool"),
        pytest.param([True, None], "boolean", [True, None], id="bool and blank"),
        pytest.param([True, 1], "object", ["True", "1"], id="bool and int"),
        pytest.param(["01", None], "object", ["01", None], id="text"),
        pytest.param(["a", 1], "object", ["a", "1"], id="text and int"),
        pytest.param([2**63, 1], "object", [str(2**63), "1"], id="long int"),
        pytest.param([2**63 - 1, -(2**63)], "int64", [2**63 - 1, -(2**63)], id="64"),
        pytest.param([float("nan"), "a"], "object", [None, "a"], id="nan is null"),
        pytest.param([None, None], "object", [None, None], id="blank"),
    ],
)
def test_column_has_one_type(
    values: list[Scalar], dtype: str, expected: list[Scalar]
) -> None:
    """Integers stay integers beside blanks; what does not go together becomes text."""
    rows = [{"row": "A", "value": value} for value in values]
    (table,) = plate_tables(rows, [])
    column = table.frame["value"]
    assert column.dtype == dtype
    found = [None if pd.isna(value) else value for value in column]
    assert found == expected
