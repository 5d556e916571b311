"""Damaged Harmony indices: one error that names file and element, or all tiles."""

import contextlib
import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.operetta_samples import Sample, image_fields
from tiles2zarr.errors import ParserError, Tiles2ZarrError
from tiles2zarr.parsers.operetta import parse
from tiles2zarr.parsers.operetta_images import read_index
from tiles2zarr.parsers.operetta_index import iter_index
from tiles2zarr.parsers.operetta_scan import UnusualLayoutError, scan_index
from tiles2zarr.parsers.records import ParsedAcquisition

CURE = "Copy or export the file again from the instrument."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Row": ""}, "Row is not given"),
        ({"Row": "49"}, "Row is 49, expected 1 to 48"),
        ({"Col": "0"}, "Col is 0, expected 1 to 72"),
        ({"FieldID": "1.5"}, "FieldID is '1.5', not a whole number"),
        ({"PlaneID": "-1"}, "PlaneID is -1, expected 0 to 1000000"),
        ({"TimepointID": ""}, "TimepointID is not given"),
        ({"ChannelID": "one"}, "ChannelID is 'one', not a whole number"),
        ({"PositionX": ""}, "PositionX is not given"),
        ({"PositionY": "1_0"}, "PositionY is '1_0', not a number of sensible size"),
        ({"PositionZ": "deep"}, "PositionZ is 'deep', not a number"),
        ({"PositionX": "nan"}, "PositionX is 'nan', not a number of sensible size"),
        ({"PositionX": "9E+99"}, "PositionX is '9E+99', not a number of sensible size"),
        ({"ImageSizeX": "0"}, "ImageSizeX is 0, expected 1 to 1000000"),
        ({"AbsTime": "noon"}, "AbsTime is 'noon', not a time"),
    ],
    ids=lambda value: "=".join(*value.items()) if isinstance(value, dict) else "",
)
def test_impossible_values(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    """A value that is absent or impossible is named with its image and line."""
    images = [image_fields(), image_fields(plane=2, id="second") | changes]
    with pytest.raises(ParserError) as caught:
        Sample(images).parse(tmp_path)
    index = tmp_path / "Images/Index.idx.xml"
    line = index.read_text(encoding="utf-8").split("<id>second")[0].count("\n")
    assert str(caught.value) == (
        f"{index}, line {line}, element Image second: {message}. {CURE}"
    )


def test_unknown_unit(tmp_path: Path) -> None:
    """A unit nobody knows is an error that lists the known ones."""
    sample = Sample([image_fields()])
    sample = replace(sample, units={**sample.units, "PositionX": "ft"})
    with pytest.raises(ParserError, match="PositionX has the unit 'ft', known are m, "):
        sample.parse(tmp_path)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "{index} holds no Image. The measurement was stopped before its first "),
        ([image_fields(State="Error")], "{index} lists failed images only, none was "),
        ([image_fields(ImageResolutionX="")], "{index}: neither the images nor the "),
        (
            [image_fields(), image_fields(channel="2", ImageResolutionX="4E-07")],
            "{index}: pixels of channel 2 measure 0.39999999999999997 x 0.5 um, ",
        ),
        (
            [image_fields(OrientationMatrix="[[1,0],[0")],
            "{index}: OrientationMatrix is '[[1,0],[0', expected rows of numbers. ",
        ),
        (
            [image_fields(OrientationMatrix="[[0,0],[0,1]]")],
            "{index}: OrientationMatrix '[[0,0],[0,1]]' has no direction for x or y. ",
        ),
    ],
    ids=["empty", "failed", "no pixel size", "two pixel sizes", "matrix", "zeros"],
)
def test_indices_that_cannot_be_used(
    tmp_path: Path, images: list[dict[str, str]], message: str
) -> None:
    """Contradictions of the whole index are named with the file."""
    with pytest.raises(ParserError) as caught:
        Sample(images).parse(tmp_path)
    index = tmp_path / "Images/Index.idx.xml"
    assert str(caught.value).startswith(message.format(index=index))


def test_impossible_page(tmp_path: Path) -> None:
    """A BufferNo that is no whole number is named with its image."""
    sample = Sample([image_fields()], url='<URL BufferNo="first">')
    with pytest.raises(ParserError, match="URL BufferNo is 'first', not a whole"):
        sample.parse(tmp_path)


def test_impossible_values_of_a_map(tmp_path: Path) -> None:
    """A value of a map that is no number is named with its element."""
    sample = Sample([image_fields(ExposureTime="long")], "V7")
    with pytest.raises(ParserError, match="element ExposureTime: is 'long', not a "):
        sample.parse(tmp_path)


def test_another_document(tmp_path: Path) -> None:
    """A document with another root is no index."""
    index = tmp_path / "Index.xml"
    index.write_text("<Measurement><Images><Image/></Images></Measurement>")
    with pytest.raises(ParserError, match="root element should be Evaluation"):
        parse(str(tmp_path))


def test_entities_are_refused(tmp_path: Path) -> None:
    """A document type is refused before anything is expanded."""
    sample = Sample([image_fields()])
    index = sample.write(tmp_path) / "Images/Index.idx.xml"
    head, rest = sample.index.split("\n", 1)
    index.write_text(f'{head}\n<!DOCTYPE x [<!ENTITY a "b">]>\n{rest}')
    with pytest.raises(ParserError, match="document type or entity is declared"):
        parse(str(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        ("<URL>", '<URL BufferNo="0">'),
        ("<State>Ok</State>", "<!-- fine --><State>Ok</State>"),
        ("HOECHST", "HOECHST &amp; co"),
        ('<Image Version="1">', "<Image   >"),
        ("<User>", "<User  >"),
    ],
    ids=["attribute", "comment", "entity", "blanks", "elsewhere"],
)
def test_both_readers_agree(tmp_path: Path, change: tuple[str, str]) -> None:
    """What the fast reader does not know is read the same by the XML parser."""
    images = [image_fields(field_id=f, channel=c) for f in (1, 2) for c in "12"]
    sample = Sample(images)
    index = sample.write(tmp_path) / "Images/Index.idx.xml"
    plain = read_index(str(index)).images
    index.write_text(sample.index.replace(*change), encoding="utf-8")
    changed = read_index(str(index)).images
    names = [name.replace(" & co", "") for name in changed["name"]]
    assert changed.assign(name=names).equals(plain)


def test_the_fast_reader_reads_the_usual_layout(tmp_path: Path) -> None:
    """Both readers give the same images for what Harmony writes."""
    index = str(Sample([image_fields()]).write(tmp_path) / "Images/Index.idx.xml")
    fast = {type(item).__name__: item for item in scan_index(index)}
    slow = {type(item).__name__: item for item in iter_index(index)}
    assert fast["RawImage"] == slow["RawImage"]
    assert fast.keys() == slow.keys()


def test_the_fast_reader_leaves_cut_files_alone(tmp_path: Path) -> None:
    """An index that ends within an image is left to the parser, which says where."""
    sample = Sample([image_fields(), image_fields(plane=2)])
    index = sample.write(tmp_path) / "Images/Index.idx.xml"
    index.write_text(sample.index[:-200])
    with pytest.raises(UnusualLayoutError):
        list(scan_index(str(index)))
    with pytest.raises(ParserError, match="not well-formed XML"):
        parse(str(tmp_path))


def _outcome(folder: Path) -> None:
    """Parse; fail with the traceback of any error that is not our own."""
    with contextlib.suppress(Tiles2ZarrError):
        assert isinstance(parse(str(folder)), ParsedAcquisition)


@pytest.mark.parametrize("version", ["V5", "V7"])
def test_mutated_indices_never_give_a_traceback(tmp_path: Path, version: str) -> None:
    """Cut, changed, doubled and removed bytes give tiles or one error of our own."""
    sample = Sample(
        [image_fields(channel=c, plane=p) for c in "12" for p in (1, 2)],
        version,
        maps='<Map><Entry ChannelID="1"><FlatfieldProfile>{A: [1, 2], B: x}'
        "</FlatfieldProfile></Entry></Map>",
    )
    folder = sample.write(tmp_path)
    index = next((folder / "Images").glob("Index*"))
    content = index.read_bytes()
    chance = random.Random(7)
    for place in range(0, len(content), len(content) // 60):
        index.write_bytes(content[:place])
        _outcome(folder)
    for _ in range(300):
        place, length = chance.randrange(len(content)), chance.randrange(1, 12)
        middle = chance.choice(
            [
                b"",
                bytes(chance.randrange(256) for _ in range(length)),
                2 * content[place : place + length],
                chance.choice([b"-", b"9" * 30, b"1e999", b"<", b"]]>", b"\xff"]),
            ]
        )
        index.write_bytes(content[:place] + middle + content[place + length :])
        _outcome(folder)


def test_removed_elements_never_give_a_traceback(tmp_path: Path) -> None:
    """Each line of an index removed alone gives tiles or one error of our own."""
    sample = Sample([image_fields(), image_fields(plane=2)], "V7")
    folder = sample.write(tmp_path)
    lines = sample.index.splitlines(keepends=True)
    for number in range(len(lines)):
        text = "".join(lines[:number] + lines[number + 1 :])
        (folder / "Images/Index.xml").write_text(text, encoding="utf-8")
        _outcome(folder)
