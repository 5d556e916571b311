"""CellVoyager channels, fields and projections: what may not overwrite another."""

from pathlib import Path

import pytest

from tests.unit.cellvoyager_samples import (
    codes,
    finding,
    image,
    protocol,
    write_measurement,
)
from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.cellvoyager import parse
from tiles2zarr.parsers.records import ParsedAcquisition

DAPI = protocol({"Ch": 1, "Target": "DAPI"})


def labels(parsed: ParsedAcquisition) -> list[str]:
    """Return the labels of the channels."""
    return [channel.channel_label for channel in parsed.details.channels or ()]


def parse_records(
    folder: Path, records: list[str], **options: str
) -> ParsedAcquisition:
    """Return what a measurement of these records, channel 1 being DAPI, comes to."""
    return parse(str(write_measurement(folder, records, mes=DAPI)), options)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"action": 2}, ["DAPI action 1", "DAPI action 2"]),
        ({"timeline": 2}, ["DAPI timeline 1", "DAPI timeline 2"]),
        ({"timeline": 2, "action": 3}, ["DAPI action 1", "DAPI action 3"]),
    ],
    ids=["actions", "timelines", "both"],
)
def test_sources_at_one_place_stay_apart(
    tmp_path: Path, second: dict[str, int], expected: list[str]
) -> None:
    """Two actions or timelines of one channel at one place become two channels."""
    records = [image(z=1), image(z=2), image(z=1, **second)]
    parsed = parse_records(tmp_path, records)
    assert labels(parsed) == expected
    assert list(parsed.table["c"]) == [0, 0, 1]
    assert parsed.channel_ids == tuple(label.replace("DAPI", "1") for label in expected)


@pytest.mark.parametrize(
    "elsewhere",
    [{"t": 2}, {"field": 2, "xy": (50.0, 25.0)}, {"well": (2, 4)}, {"z": 2}],
    ids=["time", "field", "well", "plane"],
)
def test_sources_that_never_meet_are_one_channel(
    tmp_path: Path, elsewhere: dict[str, object]
) -> None:
    """Actions and timelines at other places or times stay one plain channel."""
    second = image(timeline=2, action=2, **elsewhere)
    parsed = parse_records(tmp_path, [image(), second])
    assert (labels(parsed), parsed.channel_ids) == (["DAPI"], ("1",))
    assert list(parsed.table["c"]) == [0, 0]


def test_four_sources_become_two_channels(tmp_path: Path) -> None:
    """Timelines 1 and 2 in two wells with actions 1 and 2 each are two channels."""
    records = [
        image((2, line), timeline=line, action=action)
        for line in (1, 2)
        for action in (1, 2)
    ]
    parsed = parse_records(tmp_path, records)
    assert labels(parsed) == ["DAPI action 1", "DAPI action 2"]
    assert list(parsed.table["c"]) == [0, 1, 0, 1]


def test_sources_that_only_differ_as_pairs(tmp_path: Path) -> None:
    """Where neither actions nor timelines tell channels apart, both are named."""
    pairs = [(1, 1), (1, 2), (2, 1)]
    records = [image(timeline=line, action=action) for line, action in pairs]
    assert labels(parse_records(tmp_path, records)) == [
        "DAPI timeline 1 action 1",
        "DAPI timeline 1 action 2",
        "DAPI timeline 2 action 1",
    ]


def test_field_at_two_places(tmp_path: Path) -> None:
    """One field number at a second place, a tile away, becomes a field of its own."""
    records = [
        image(),
        image(timeline=2, xy=(50.0, 25.0)),
        image(timeline=2, xy=(50.0, 25.0), z=2),
    ]
    parsed = parse_records(tmp_path, records)
    assert labels(parsed) == ["DAPI"]
    assert list(parsed.table["fov"]) == ["1", "1_2", "1_2"]
    found = finding(parsed, "fields_at_several_places")
    assert (found.count, found.wells) == (1, ("B03",))


@pytest.mark.parametrize(
    ("shift", "fovs"),
    [((10.0, 0.0), ["1", "1"]), ((10.1, 0.0), ["1", "1_2"]), ((0, 5.1), ["1", "1_2"])],
    ids=["tenth", "more in x", "more in y"],
)
def test_small_shifts_stay_one_field(
    tmp_path: Path, shift: tuple[float, float], fovs: list[str]
) -> None:
    """Up to a tenth of the tile of 100 x 50 um, planes of a field may lie apart."""
    moved = image(ch=2, xy=(-50.0 + shift[0], 25.0 + shift[1]))
    parsed = parse_records(tmp_path, [image(), moved])
    assert list(parsed.table["fov"]) == fovs


def test_repeated_plane(tmp_path: Path) -> None:
    """A plane that is listed again is taken from its last record, with a finding."""
    records = [image(name="old.tif"), image(z=2), image(name="new.tif")]
    parsed = parse_records(tmp_path, records)
    assert list(parsed.table["z"]) == [0, 1]
    assert parsed.table["file"].iloc[0] == "new.tif"
    found = finding(parsed, "repeated_planes")
    assert (found.count, found.files, found.rows) == (1, ("old.tif",), (1,))


def projected(kind: str, **values: object) -> str:
    """Return the record of a projection in its own folder."""
    name = f"Projection\\{kind}{values.get('ch', 1)}.tif"
    return image(name=name, ZImageProcessing=kind, **values)


@pytest.mark.parametrize("choice", ["auto", "keep", "drop"])
def test_planes_before_projections(tmp_path: Path, choice: str) -> None:
    """Beside planes, projections are left out and counted, never extra planes."""
    records = [image(z=1), image(z=2), projected("Maximum", z=1, ch=2)]
    parsed = parse_records(tmp_path, records, projections=choice)
    assert list(parsed.table["z"]) == [0, 1]
    assert codes(parsed) == {"projections_left_out"}
    assert finding(parsed, "projections_left_out").message == (
        "Projections left out: 1 (1 Maximum; all images of channel 2). Set options: "
        "{projections: keep} of the acquisition for a plate of their own."
    )


@pytest.mark.parametrize(
    ("target", "files", "found"),
    [
        ("GFP", 3, {"projections_taken"}),
        ("DAPI", 2, {"projections_left_out"}),
    ],
    ids=["of another channel", "of a channel with planes"],
)
def test_projections_with_numbers_of_their_own(
    tmp_path: Path, target: str, files: int, found: set[str]
) -> None:
    """The protocol tells whether a projection's number stands for a channel beside."""
    mes = protocol({"Ch": 1, "Target": "DAPI"}, {"Ch": 2, "Target": target})
    records = [image(z=3), image(z=4), projected("Minimum", z=1, ch=2)]
    parsed = parse(str(write_measurement(tmp_path, records, mes=mes)))
    assert len(parsed.table) == files
    assert codes(parsed) == found
    assert list(parsed.table["z"]) == [0, 1, 0][:files]
    assert labels(parsed) == ["DAPI", "GFP"][: files - 1]


def test_projections_only(tmp_path: Path) -> None:
    """``only`` takes the projections, at z 0; the planes are no findings."""
    records = [image(z=1), image(z=2), projected("Maximum", z=2)]
    parsed = parse_records(tmp_path, records, projections="only")
    assert list(parsed.table["file"]) == ["Projection/Maximum1.tif"]
    assert list(parsed.table["z"]) == [0]
    assert labels(parsed) == ["DAPI"]
    assert parsed.findings == ()


def test_projections_where_there_are_no_planes(tmp_path: Path) -> None:
    """Without planes, ``auto`` takes projections; each kind is a channel."""
    records = [projected("Maximum"), projected("Minimum")]
    parsed = parse_records(tmp_path, records)
    assert labels(parsed) == ["DAPI Maximum", "DAPI Minimum"]
    assert parsed.channel_ids == ("1 Maximum", "1 Minimum")
    assert list(parsed.table["c"]) == [0, 1]


@pytest.mark.parametrize(
    ("record", "choice", "message"),
    [
        (
            image(),
            "only",
            "holds planes only, and option projections is 'only': no projections are "
            "left. Set projections to auto.",
        ),
        (
            projected("Maximum"),
            "drop",
            "holds projections only, and option projections is 'drop': no planes are "
            "left. Set projections to auto.",
        ),
        (
            image(),
            "both",
            "option projections is 'both', expected one of auto, keep, drop, only. "
            "Correct it.",
        ),
    ],
    ids=["no projections", "no planes", "unknown choice"],
)
def test_choices_that_leave_nothing(
    tmp_path: Path, record: str, choice: str, message: str
) -> None:
    """A choice that leaves no image, or is unknown, is an error saying so."""
    with pytest.raises(ParserError) as caught:
        parse_records(tmp_path, [record], projections=choice)
    assert str(caught.value).endswith(message)


def test_unknown_option(tmp_path: Path) -> None:
    """An option the format does not know is an error that names the known one."""
    with pytest.raises(ParserError) as caught:
        parse_records(tmp_path, [image()], grid="2x2")
    assert str(caught.value) == (
        "option 'grid' is unknown to the format cellvoyager, known is 'projections'. "
        "Delete it."
    )
