"""ND2: positions to wells or images, pixels by the numbers of their planes."""

import contextlib
from math import nan
from pathlib import Path

import numpy as np
import pytest

from tests.unit.container_samples import (
    position_loop,
    stack_loop,
    time_loop,
    write_nd2,
)
from tiles2zarr.errors import ParserError, SourceError, Tiles2ZarrError
from tiles2zarr.loaders import open_source
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.models.loader import FileLoader
from tiles2zarr.parsers.container_records import ContainerChannel
from tiles2zarr.parsers.nikon_nd2 import make_image, parse
from tiles2zarr.parsers.nikon_nd2_file import Nd2Record
from tiles2zarr.parsers.records import ParsedAcquisition, check_table

HEIGHT, WIDTH = 4, 5
WELLS = [("A01_0000", 10.0, 20.0, 100.0), ("B12_0001", 110.0, 25.0, 101.0)]
RECORD = Nd2Record(
    width=WIDTH,
    height=HEIGHT,
    frames=6,
    samples=1,
    channels=(ContainerChannel("DAPI", 461.0), ContainerChannel("GFP")),
    loops=(("P", 2), ("Z", 3)),
    position_names=("left", "right"),
    positions_um=((0.0, 0.0, 50.0), (100.0, 0.0, 60.0)),
    z_um=2.0,
)


def _frames(count: int, components: int = 2) -> np.ndarray:
    shape = (count, HEIGHT, WIDTH, components)
    return np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)


def _parse(path: Path, **options: object) -> ParsedAcquisition:
    pytest.importorskip("nd2", reason="the extra nd2 is not installed")
    parsed = parse(str(path), options)
    check_table(parsed.table, parsed.attributes, "nd2")
    return parsed


def _rows(parsed: ParsedAcquisition, *columns: str) -> list[tuple[object, ...]]:
    return list(parsed.table[list(columns)].itertuples(index=False, name=None))


def _codes(parsed: ParsedAcquisition) -> dict[str, int]:
    return {finding.code: finding.count for finding in parsed.findings}


def _plate(folder: Path) -> tuple[Path, np.ndarray]:
    """Write two time points of two wells with three planes and two channels."""
    frames = _frames(12)
    loops = [time_loop(2, 5000.0), position_loop(WELLS), stack_loop(3, 2.0)]
    path = write_nd2(
        folder / "plate.nd2",
        frames,
        loops,
        names=("DAPI", "GFP"),
        metadata={"dTimeAbsolute": 2460000.5},
    )
    return path, frames


def test_positions_are_wells(tmp_path: Path) -> None:
    """Names like A01_0000 make a plate; stage, times and heights are the file's."""
    parsed = _parse(_plate(tmp_path)[0])
    assert list(dict.fromkeys(_rows(parsed, "row", "column", "fov", "x", "y"))) == [
        (0, 0, "1", 10.0, 20.0),
        (1, 11, "1", 110.0, 25.0),
    ]
    first = parsed.table[(parsed.table["row"] == 1) & (parsed.table["c"] == 0)]
    columns = ["t", "z", "z_um", "time_s"]
    assert list(first[columns].itertuples(index=False, name=None)) == [
        (0.0, 0.0, 99.0, 3.0),
        (0.0, 1.0, 101.0, 4.0),
        (0.0, 2.0, 103.0, 5.0),
        (1.0, 0.0, 99.0, 9.0),
        (1.0, 1.0, 101.0, 10.0),
        (1.0, 2.0, 103.0, 11.0),
    ]
    details = parsed.details
    assert (details.pixelsize, details.z_spacing, details.t_spacing) == (0.5, 2.0, 6.0)
    assert parsed.start_time == 1677283200000  # 2023-02-25, Julian day 2460000.5
    assert parsed.findings == ()


def test_planes_are_found_by_their_numbers(tmp_path: Path) -> None:
    """The reader returns for each row's plane the pixels of its t, well, z and c."""
    path, frames = _plate(tmp_path)
    parsed = _parse(path)
    with open_source("plate.nd2", parsed.resource, FileLoader()) as source:
        for plane, row, t, z, c in _rows(parsed, "plane", "row", "t", "z", "c"):
            number = int(float(str(t))) * 6 + int(str(row)) * 3 + int(float(str(z)))
            pixels = source.read(int(str(plane)))
            assert np.array_equal(pixels, frames[number, :, :, int(str(c))])


def test_channels(tmp_path: Path) -> None:
    """Names, emissions and colours of channels are the file's."""
    channels = _parse(_plate(tmp_path)[0]).details.channels
    assert channels is not None
    assert [(c.channel_label, c.wavelength_id, c.colors) for c in channels] == [
        ("DAPI", "461", "00FF00"),
        ("GFP", "511", "00FE01"),
    ]


def test_downward_stack_is_turned(tmp_path: Path) -> None:
    """Of a stack taken from the top the last frame is plane 0."""
    frames = _frames(3, 1)
    loops = [stack_loop(3, 2.0, downwards=True)]
    path = write_nd2(
        tmp_path / "a.nd2", frames, loops, metadata={"dZPos": 10.0, "dXPos": 3.0}
    )
    parsed = _parse(path)
    assert _rows(parsed, "z", "plane", "z_um", "x", "image_path") == [
        (0.0, 2, 8.0, 3.0, "a"),
        (1.0, 1, 10.0, 3.0, "a"),
        (2.0, 0, 12.0, 3.0, "a"),
    ]


def test_positions_are_images_or_fields(tmp_path: Path) -> None:
    """Positions without wells are single images, or on request fields of one.

    No plate has a column 73, whatever the position's name looks like.
    """
    points = [("P73", 0.0, 0.0, 0.0), ("", 2.5, 0.0, 0.0)]
    path = write_nd2(tmp_path / "a.nd2", _frames(2, 1), [position_loop(points)])
    assert _rows(_parse(path), "image_path", "fov", "x") == [
        ("a_P73", "1", 0.0),
        ("a_2", "1", 2.5),
    ]
    assert _rows(_parse(path, positions="fields"), "image_path", "fov", "x") == [
        ("a", "1", 0.0),
        ("a", "2", 2.5),
    ]


def test_wells_in_file_names(tmp_path: Path) -> None:
    """In a folder the names of files tell wells; alone, a file is an image."""
    for number, name in enumerate(("WellB03_Seq0.nd2", "WellC10_Seq1.nd2")):
        write_nd2(tmp_path / name, _frames(1, 1) + np.uint16(number))
    parsed = _parse(tmp_path)
    assert _rows(parsed, "file", "row", "column") == [
        ("WellB03_Seq0.nd2", 1, 2),
        ("WellC10_Seq1.nd2", 2, 9),
    ]
    single = _parse(tmp_path / "WellB03_Seq0.nd2")
    assert _rows(single, "image_path") == [("WellB03_Seq0",)]


def test_aborted_acquisition(tmp_path: Path) -> None:
    """Frames that were planned and never acquired are counted, not invented."""
    loops = [time_loop(4, 1000.0), stack_loop(3, 1.0)]
    parsed = _parse(write_nd2(tmp_path / "a.nd2", _frames(7, 1), loops))
    assert len(parsed.table) == 7
    assert _codes(parsed) == {"planned_not_acquired": 5}


def test_colour_becomes_three_channels(tmp_path: Path) -> None:
    """A colour channel gives red, green and blue."""
    frames = _frames(1, 3)
    path = write_nd2(tmp_path / "a.nd2", frames, samples=3)
    parsed = _parse(path)
    assert _rows(parsed, "plane", "c") == [(0, 0), (1, 1), (2, 2)]
    with open_source("a.nd2", parsed.resource, FileLoader()) as source:
        planes = [source.read(number) for number in range(3)]
    assert np.array_equal(planes, np.moveaxis(frames[0], -1, 0))


def test_file_without_times(tmp_path: Path) -> None:
    """A file that tells no times has none; planned periods count."""
    loops = [time_loop(2, 5000.0)]
    parsed = _parse(write_nd2(tmp_path / "a.nd2", _frames(2, 1), loops, times_ms=()))
    assert parsed.table["time_s"].isna().all()
    assert parsed.details.t_spacing == 5.0


def test_frame_that_was_never_written(tmp_path: Path) -> None:
    """A frame that the directory lacks is an error, not a plane of zeros."""
    path = write_nd2(tmp_path / "a.nd2", _frames(2, 1), [time_loop(3, 1.0)], planned=3)
    parsed = _parse(path)
    with open_source("a.nd2", parsed.resource, FileLoader()) as source:
        assert np.array_equal(source.read(1), _frames(2, 1)[1, :, :, 0])
        with pytest.raises(SourceError) as caught:
            source.read(2)
    assert str(caught.value) == (
        f"{path} cannot be read: its frame 2 was never written. Copy the file again "
        "from the instrument, or leave it out: take its row out of the table, or "
        "filter by path_regex."
    )


def test_cut_files_are_errors(tmp_path: Path) -> None:
    """A file cut or changed at any place is parsed or an error of this package."""
    content = _plate(tmp_path)[0].read_bytes()
    path = tmp_path / "cut.nd2"
    for stop in range(0, len(content), len(content) // 80):
        changed = content[:stop] + b"\x41" + content[stop + 1 :]
        for bad in (content[:stop], changed):
            path.write_bytes(bad)
            with contextlib.suppress(Tiles2ZarrError):
                _parse(path)


def test_record_to_planes() -> None:
    """Frames count positions before planes; channels are fastest in a frame."""
    image = make_image("a.nd2", RECORD)
    rows = image.planes[["plane", "place", "z", "c", "z_um"]]
    assert list(rows.itertuples(index=False, name=None))[5:9] == [
        (5, 0, 2, 1, 54.0),
        (6, 1, 0, 0, 60.0),
        (7, 1, 0, 1, 60.0),
        (8, 1, 1, 0, 62.0),
    ]
    assert [(p.scene, p.x_um) for p in image.places] == [("left", 0.0), ("right", 100)]


@pytest.mark.parametrize(
    ("matrix", "stage"),
    [
        (None, StageOrientation()),
        ((0.0, 0.0, 0.0, 0.0), StageOrientation()),
        ((0.5, 0.0, 0.0, 0.5), StageOrientation()),
        ((-0.99, -0.01, 0.01, -0.99), StageOrientation(flip_x=True, flip_y=True)),
        ((1.0, 0.0, 0.0, -1.0), StageOrientation(flip_y=True)),
        ((0.0, 1.0, 1.0, 0.0), StageOrientation(swap_xy=True)),
        ((0.0, -1.0, 1.0, 0.0), StageOrientation(swap_xy=True, flip_y=True)),
        ((nan, 0.0, 0.0, 1.0), StageOrientation()),
    ],
    ids=["unknown", "zero", "same", "turned", "y up", "swapped", "quarter", "nan"],
)
def test_stage_axes(
    matrix: tuple[float, float, float, float] | None, stage: StageOrientation
) -> None:
    """The matrix from pixels to the stage tells flips and the swap of axes."""
    record = Nd2Record(5, 4, 1, 1, (ContainerChannel("a"),), to_stage=matrix)
    assert make_image("a.nd2", record).stage == stage


def test_loops_that_make_no_acquisition() -> None:
    """Two loops along one axis are refused with their lengths."""
    record = Nd2Record(5, 4, 4, 1, (ContainerChannel("a"),), (("T", 2), ("T", 2)))
    with pytest.raises(ParserError, match="are no acquisition of positions, times"):
        make_image("a.nd2", record)


def test_unreadable_metadata(tmp_path: Path) -> None:
    """Metadata the library cannot read cost names and sizes, not the pixels."""
    path = write_nd2(
        tmp_path / "a.nd2", _frames(1), metadata={"sPicturePlanes": {"uiCount": 2}}
    )
    parsed = _parse(path)
    assert _codes(parsed) == {"metadata_unreadable": 1, "pixel_size_unknown": 1}
    assert _rows(parsed, "plane", "c") == [(0, 0), (1, 1)]
