"""Several paths of one acquisition: the same channels, sizes and axes in all."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tiles2zarr.errors import TableError
from tiles2zarr.models.acquisition import (
    AcquisitionDetails,
    ChannelInfo,
    StageOrientation,
)
from tiles2zarr.parsers.records import ParsedAcquisition, build_table
from tiles2zarr.steps.paths import align_paths

PATHS = ("monday", "tuesday", "friday")


def _tile() -> pd.DataFrame:
    """Return a table of one tile."""
    places = {"file": ["a.tif"], "fov": "1", "row": 1, "column": 2, "x": 0.0, "y": 0.0}
    return build_table(places | {"len_x": 30.0, "len_y": 20.0})


def _path(
    *labels: str, ids: tuple[str, ...] = (), **details: object
) -> ParsedAcquisition:
    """Return a path with a tile of each of its channels."""
    numbers = list(range(len(labels))) or [0]
    table = pd.concat([_tile().assign(c=c) for c in numbers])
    channels = tuple(ChannelInfo(channel_label=label) for label in labels) or None
    return ParsedAcquisition(
        table=table.reset_index(drop=True),
        details=AcquisitionDetails.model_validate(details | {"channels": channels}),
        resource="a",
        channel_ids=ids or labels,
    )


def test_channels_of_paths_are_numbered_alike() -> None:
    """Of DAPI, GFP and of GFP, Cy5 the channels are DAPI, GFP and Cy5, in all paths."""
    given = [
        _path("DAPI", "GFP", ids=("1", "2")),
        _path("GFP", "Cy5", ids=("1", "2")),
        _path("GFP"),
    ]
    before = [part.table.copy(deep=True) for part in given]
    parts = align_paths(given, PATHS, ())
    assert [part.table["c"].tolist() for part in parts] == [[0, 1], [1, 2], [1]]
    for part in parts:
        labels = [c.channel_label for c in part.details.channels or ()]
        assert labels == ["DAPI", "GFP", "Cy5"]
        assert part.channel_ids == ("1", "2", "Cy5")
    for part, old in zip(given, before, strict=True):
        assert_frame_equal(part.table, old)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([_path(), _path()], id="unnamed"),
        pytest.param([_path("A", "A"), _path("A", "A")], id="one-name"),
        pytest.param([_path(pixelsize=0.325), _path(pixelsize=0.32501)], id="digits"),
    ],
)
def test_paths_that_are_alike_stay_as_they_are(parts: list[ParsedAcquisition]) -> None:
    """The same channels in the same order, and sizes but for rounding, are alike."""
    assert align_paths(parts, PATHS[:2], ()) == parts


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param(
            [_path(pixelsize=0.5, z_spacing=2.0), _path(pixelsize=0.25, z_spacing=2.0)],
            "pixelsize is 0.5 in monday and 0.25 in tuesday. Set details.pixelsize if "
            "one holds for all, or make the paths two acquisitions.",
            id="pixelsize",
        ),
        pytest.param(
            [_path(), _path(stage_corrections=StageOrientation(flip_y=True))],
            "the axes of tuesday run otherwise than those of monday. Make the paths "
            "two acquisitions.",
            id="axes",
        ),
        pytest.param(
            [_path("A"), _path("B", "B")],
            "tuesday has two channels of one name, and another path has other "
            "channels. Make the paths two acquisitions.",
            id="one-name",
        ),
        pytest.param(
            [_path(), _path("B")],
            "monday has channels without names, and another path has other channels. "
            "Make the paths two acquisitions.",
            id="no-names",
        ),
    ],
)
def test_paths_that_differ(parts: list[ParsedAcquisition], message: str) -> None:
    """What would be taken from the first path without a word is refused."""
    with pytest.raises(TableError) as error:
        align_paths(parts, PATHS[:2], ())
    assert list(error.value.faults) == [message]


def test_what_the_config_states_may_differ() -> None:
    """A pixel size of the config holds for all paths."""
    parts = [_path(pixelsize=0.5), _path(pixelsize=0.25)]
    assert align_paths(parts, PATHS[:2], {"pixelsize"}) == parts
