"""Several paths of one acquisition: re-imaged wells, and reads joined along t."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tiles2zarr.config.acquisition import OnRepeat
from tiles2zarr.errors import TableError
from tiles2zarr.grouping import join_reads, merge_repeats
from tiles2zarr.models.acquisition import (
    AcquisitionDetails,
    Coordinates,
)
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.records import build_table, empty_table

POINTS = AcquisitionDetails(start_t_coo="pixel")
PATHS = ("monday", "tuesday", "friday")


def _tiles(*wells: tuple[int, int], folder: str, fields: int = 1) -> pd.DataFrame:
    """Return a table of one tile per field of each well (row, column from 0)."""
    places = [(well, field) for well in wells for field in range(fields)]
    return build_table(
        {
            "file": [f"{folder}/{r}_{c}_{field}.tif" for (r, c), field in places],
            "fov": [str(field) for _, field in places],
            "row": [row for (row, _), _ in places],
            "column": [column for (_, column), _ in places],
            "x": 0.0,
            "y": 0.0,
            "len_x": 30.0,
            "len_y": 20.0,
        }
    )


def _two() -> list[pd.DataFrame]:
    """Return B03 and B04 of Monday, and B04 (two fields) and C05 of Tuesday."""
    return [
        _tiles((1, 2), (1, 3), folder="monday", fields=3),
        _tiles((1, 3), (2, 4), folder="tuesday", fields=2),
    ]


@pytest.mark.parametrize(
    ("rule", "files", "left_out"),
    [
        (
            OnRepeat.LAST,
            [
                "monday/1_2_0",
                "monday/1_2_1",
                "monday/1_2_2",
                "tuesday/1_3_0",
                "tuesday/1_3_1",
                "tuesday/2_4_0",
                "tuesday/2_4_1",
            ],
            3,
        ),
        (
            OnRepeat.FIRST,
            [
                "monday/1_2_0",
                "monday/1_2_1",
                "monday/1_2_2",
                "monday/1_3_0",
                "monday/1_3_1",
                "monday/1_3_2",
                "tuesday/2_4_0",
                "tuesday/2_4_1",
            ],
            2,
        ),
    ],
    ids=["last", "first"],
)
def test_one_paths_tiles_count(rule: OnRepeat, files: list[str], left_out: int) -> None:
    """A repeated well comes whole from one path, and a finding says which."""
    tables = _two()
    merged, findings = merge_repeats(tables, PATHS[:2], rule)
    assert merged["file"].tolist() == [f"{file}.tif" for file in files]
    assert merged.index.tolist() == list(range(len(files)))
    assert list(merged.columns) == list(tables[0].columns)
    assert findings == (
        Finding(
            code="repeated_wells",
            severity="info",
            message=f"1 wells or images are in several paths; the {rule.value} one was "
            f"taken, {left_out} tiles were left out.",
            count=1,
            wells=("B04",),
        ),
    )
    for table, before in zip(tables, _two(), strict=True):
        assert_frame_equal(table, before)


def test_a_repeated_well_can_be_an_error() -> None:
    """The message names the well, one path that holds it, and the choices."""
    with pytest.raises(TableError) as error:
        merge_repeats(_two(), PATHS[:2], OnRepeat.ERROR)
    assert str(error.value) == (
        "paths of the acquisition: 1 fault\n"
        "  - B04 of monday is in another path too. Set on_repeat to last or first to "
        "choose one."
    )


@pytest.mark.parametrize("rule", [OnRepeat.LAST, OnRepeat.FIRST, OnRepeat.ERROR])
def test_different_wells_are_put_together(rule: OnRepeat) -> None:
    """Where no well comes twice all tiles are taken and there is nothing to tell."""
    tables = [_tiles((0, 1), folder="monday"), _tiles((1, 0), folder="tuesday")]
    merged, findings = merge_repeats(tables, PATHS[:2], rule)
    assert merged["file"].tolist() == ["monday/0_1_0.tif", "tuesday/1_0_0.tif"]
    assert findings == ()


def test_of_three_paths_one_is_taken() -> None:
    """A well of all three comes from the third with last, the first with first."""
    tables = [_tiles((3, 7), folder=path) for path in PATHS]
    last, _ = merge_repeats(tables, PATHS, OnRepeat.LAST)
    first, _ = merge_repeats(tables, PATHS, OnRepeat.FIRST)
    assert last["file"].tolist() == ["friday/3_7_0.tif"]
    assert first["file"].tolist() == ["monday/3_7_0.tif"]


def test_single_images_repeat_by_their_paths() -> None:
    """Images of no well are told apart by ``image_path``."""
    tables = [
        _tiles((0, 0), folder=path).assign(row=pd.NA, column=pd.NA, image_path="left")
        for path in PATHS[:2]
    ]
    tables = [
        table.astype({"row": "Int64", "column": "Int64", "image_path": "object"})
        for table in tables
    ]
    merged, (finding,) = merge_repeats(tables, PATHS[:2], OnRepeat.LAST)
    assert merged["file"].tolist() == ["tuesday/0_0_0.tif"]
    assert finding.wells == ("left",)


def test_an_empty_path_takes_nothing_away() -> None:
    """A path without tiles leaves those of the others."""
    tables = [_tiles((0, 1), folder="monday"), empty_table()]
    merged, findings = merge_repeats(tables, PATHS[:2], OnRepeat.LAST)
    assert merged["file"].tolist() == ["monday/0_1_0.tif"]
    assert findings == ()


def _read(*times: float, time_s: float = 0.0) -> pd.DataFrame:
    """Return one tile per time point of one read."""
    return build_table(
        {
            "file": [f"{time:g}.tif" for time in times],
            "fov": "1",
            "row": 1,
            "column": 2,
            "x": 0.0,
            "y": 0.0,
            "t": list(times),
            "len_x": 30.0,
            "len_y": 20.0,
            "time_s": [time_s + time for time in times],
        }
    )


def test_reads_follow_one_another() -> None:
    """Reads of 1, 2 and 1 time points are t 0, then 1 and 2, then 3."""
    table, spacing = join_reads(
        [_read(0), _read(0, 1), _read(5)], [None, None, None], POINTS
    )
    assert table["t"].tolist() == [0, 1, 2, 3]
    assert spacing is None


@pytest.mark.parametrize(
    ("start", "length", "times", "expected"),
    [
        pytest.param("world", "pixel", (0, 30), [0, 30, 60, 90], id="seconds"),
        pytest.param("world", "world", (0, 30), [0, 30, 60, 90], id="both-seconds"),
        pytest.param("pixel", "world", (0, 1), [0, 1, 2, 3], id="lengths-in-seconds"),
        pytest.param("pixel", "pixel", (0, 1), [0, 1, 2, 3], id="time-points"),
    ],
)
def test_reads_in_seconds(
    start: Coordinates, length: Coordinates, times: list[float], expected: list[float]
) -> None:
    """Reads of two time points 30 s apart follow 30 s after one another."""
    details = AcquisitionDetails(t_spacing=30.0, start_t_coo=start, length_t_coo=length)
    read = _read(*times).assign(len_t=30.0 if length == "world" else 1.0)
    table, _ = join_reads([read, read], [None, None], details)
    assert table["t"].tolist() == pytest.approx(expected)


def test_reads_that_begin_later_are_moved_to_the_last_one() -> None:
    """Time points of a read that counts on from 4 follow without a gap."""
    table, _ = join_reads([_read(2, 3), _read(4, 5)], [None, None], POINTS)
    assert table["t"].tolist() == [0, 1, 2, 3]


def test_starts_of_the_reads_give_times_and_spacing() -> None:
    """Reads begun at 0, 60 and 200 s are 100 s apart in the median."""
    reads = [_read(0, time_s=2.5)] * 3
    table, spacing = join_reads(reads, [1_000_000, 1_060_000, 1_200_000], POINTS)
    assert table["time_s"].tolist() == [2.5, 62.5, 202.5]
    assert spacing == 100.0


@pytest.mark.parametrize(
    ("starts", "times"),
    [
        ([1000, None], [0.0, 0.0]),
        ([None, 1000], [0.0, 0.0]),
        ([2000, 1000], [0.0, -1.0]),
        ([1000, 1000], [0.0, 0.0]),
    ],
    ids=["one-unknown", "first-unknown", "backwards", "same"],
)
def test_starts_that_tell_no_spacing(
    starts: list[int | None], times: list[float]
) -> None:
    """An unknown start, or one not after the one before, makes no spacing."""
    table, spacing = join_reads([_read(0), _read(0)], starts, POINTS)
    assert spacing is None
    assert table["t"].tolist() == [0, 1]
    assert table["time_s"].tolist() == times


def test_an_empty_read_takes_no_time_points() -> None:
    """Nothing of a read without tiles, and no gap."""
    table, _ = join_reads(
        [_read(0), empty_table(), _read(0)], [None, None, None], POINTS
    )
    assert table["t"].tolist() == [0, 1]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(0, 3))
def test_joined_reads_have_every_time_point_once(
    lengths: list[int], begun: int
) -> None:
    """Reads of any lengths make 0 ... n-1, in their order, the tables unchanged."""
    reads = [_read(*range(begun, begun + length)) for length in lengths]
    before = [read.copy(deep=True) for read in reads]
    table, _ = join_reads(reads, [None] * len(reads), POINTS)
    assert table["t"].tolist() == list(range(sum(lengths)))
    for read, old in zip(reads, before, strict=True):
        assert_frame_equal(read, old)
