"""Flat-field profiles and assay layouts of a Harmony plate."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.operetta_samples import Sample, image_fields
from tiles2zarr.conditions import join_conditions
from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.operetta_flatfield import parse_profile
from tiles2zarr.parsers.operetta_layout import read_layouts

PROFILE = (
    "{Background: {Character: NonFlat, Mean: 373.5, Profile: {Coefficients: [[1.25], "
    "[-0.5, 3E-02]], Dims: [12, 8], Type: Polynomial}}, Channel: 1, ChannelName: "
    "Alexa 488, narrow (2), Version: Acapella:2013}"
)
CONTENT = {
    "Background": {
        "Character": "NonFlat",
        "Mean": 373.5,
        "Profile": {
            "Coefficients": [[1.25], [-0.5, 0.03]],
            "Dims": [12, 8],
            "Type": "Polynomial",
        },
    },
    "Channel": 1,
    "ChannelName": "Alexa 488, narrow (2)",
    "Version": "Acapella:2013",
}


def _entry(channel: str, content: str) -> str:
    return (
        f'<Map><Entry ChannelID="{channel}"><FlatfieldProfile>{content}'
        "</FlatfieldProfile></Entry></Map>"
    )


def test_profile_text() -> None:
    """A profile's text becomes mappings, lists, numbers and texts, commas and all."""
    assert parse_profile(PROFILE) == CONTENT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{A: 1", "has '' in place of '}'"),
        ("{A: [1, 2}", "has '}' in place of ']'"),
        ("{A: 1} and more", "holds ' and more' after its end"),
        ("[" * 100, "is nested deeper than 64"),
    ],
    ids=["mapping", "list", "rest", "deep"],
)
def test_damaged_profile_text(text: str, message: str) -> None:
    """A text that is no profile is an error that quotes the place."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse_profile(text)
    assert str(caught.value) == message


@given(st.text(alphabet="{}[]:, aB1.-\n", max_size=60))
def test_any_text_is_a_profile_or_an_error(text: str) -> None:
    """Whatever the text holds, taking it apart ends, with a value or a ValueError."""
    with contextlib.suppress(ValueError):
        parse_profile(text)


@pytest.mark.parametrize("version", ["V5", "V7"])
def test_profiles_of_the_index(tmp_path: Path, version: str) -> None:
    """Profiles in the maps of the index are kept by channel id."""
    images = [image_fields(channel="1"), image_fields(channel="2")]
    parsed = Sample(images, version, maps=_entry("2", PROFILE)).parse(tmp_path)
    assert parsed.extras["flatfield"] == {"2": CONTENT}
    assert parsed.findings == ()


def test_profiles_of_their_own_file(tmp_path: Path) -> None:
    """Profiles may stand in FFC_Profile; what the index says comes first."""
    folder = tmp_path / "FFC_Profile"
    folder.mkdir()
    (folder / "FFC_Profile_Measurement 1.xml").write_text(
        f"<Maps>{_entry('1', '{Mean: 5}')}{_entry('2', '{Mean: 6}')}</Maps>"
    )
    sample = Sample([image_fields()], maps=_entry("1", "{Mean: 4}"))
    parsed = sample.parse(tmp_path)
    assert parsed.extras["flatfield"] == {"1": {"Mean": 4}, "2": {"Mean": 6}}
    assert parsed.findings == ()


def test_profiles_as_elements(tmp_path: Path) -> None:
    """A profile may be nested elements instead of text."""
    content = (
        "<Foreground><Mean>5.5</Mean><Profile><Coefficients>[[1], [2, 3]]"
        "</Coefficients></Profile></Foreground>"
    )
    parsed = Sample([image_fields()], maps=_entry("1", content)).parse(tmp_path)
    assert parsed.extras["flatfield"] == {
        "1": {"Foreground": {"Mean": 5.5, "Profile": {"Coefficients": [[1], [2, 3]]}}}
    }


def test_unreadable_profile_is_a_finding(tmp_path: Path) -> None:
    """A damaged profile costs no pixels: it is left out and told."""
    sample = Sample([image_fields()], maps=_entry("1", "{A: 1") + _entry("2", "{B: 2}"))
    parsed = sample.parse(tmp_path)
    assert parsed.extras["flatfield"] == {"2": {"B": 2}}
    finding = parsed.findings[0]
    assert finding.code == "flatfield_unreadable"
    assert finding.message.startswith(
        "1 flat-field profiles cannot be read and are left out, e.g. "
        f"{tmp_path}/Images/Index.idx.xml, line "
    )
    assert finding.files == (f"{tmp_path}/Images/Index.idx.xml",)


def _layer(name: str, wells: dict[tuple[int, int], str]) -> str:
    return f"<Layer><Name>{name}</Name><ValueType>string</ValueType>" + (
        "".join(
            f"<Well><Row>{r}</Row><Col>{c}</Col><Value>{v}</Value></Well>"
            for (r, c), v in wells.items()
        )
        + "</Layer>"
    )


def _layout(folder: Path, *layers: str, name: str = "drugs.xml") -> str:
    (folder / "Assaylayout").mkdir(exist_ok=True)
    file = folder / "Assaylayout" / name
    file.write_text(f'<AssayLayout xmlns="x">{"".join(layers)}</AssayLayout>')
    return str(file)


def test_layers_become_conditions(tmp_path: Path) -> None:
    """Each layer is a column; wells without tiles and without values are left out."""
    _layout(
        tmp_path,
        _layer("drug", {(2, 3): "DMSO", (2, 4): "", (3, 1): "A", (8, 12): ""}),
        _layer("dose", {(2, 3): "0", (3, 1): "0.5"}),
    )
    images = [image_fields(), image_fields(column=4)]
    parsed = Sample(images).parse(tmp_path)
    table = parsed.conditions
    assert table is not None
    assert table.to_dict("list") == {
        "row": [1, 1, 2],
        "column": [2, 3, 0],
        "drug": ["DMSO", None, "A"],
        "dose": [0.0, None, 0.5],
    }
    assert table.attrs["title"] == "assay layout drugs.xml"
    rows, findings = join_conditions(parsed.table, [table], 0)
    assert rows[1, 2][0].values == {"drug": "DMSO", "dose": 0.0}
    assert rows[1, 3][0].values == {"drug": None, "dose": None}
    assert [finding.code for finding in findings] == ["conditions_without_images"]


def test_layers_with_names_that_are_taken(tmp_path: Path) -> None:
    """A layer called as a column of the tables, or as another, gets a number."""
    files = [
        _layout(tmp_path, _layer("Row", {(1, 2): "x"}), name="a.xml"),
        _layout(tmp_path, *2 * [_layer("drug", {(1, 2): "y"})], name="b.xml"),
    ]
    conditions = read_layouts(files, [])
    assert conditions.table is not None
    assert list(conditions.table) == ["row", "column", "Row_2", "drug", "drug_2"]
    assert conditions.findings[0].message == (
        "2 layers of the assay layout have names that are taken; here 'Row' is "
        "'Row_2', 'drug' is 'drug_2'."
    )


def test_layout_without_layers(tmp_path: Path) -> None:
    """A layout without any layer makes no condition table."""
    assert read_layouts([_layout(tmp_path)], [(0, 0)]).table is None


@pytest.mark.parametrize(
    ("well", "message"),
    [
        ("<Row>0</Row><Col>1</Col>", "Row is 0, expected 1 to 48"),
        ("<Row>1</Row><Col>x</Col>", "Col is 'x', not a whole number"),
        ("<Row>1</Row>", "Row or Col is not given"),
    ],
    ids=["range", "text", "absent"],
)
def test_layout_with_impossible_wells(tmp_path: Path, well: str, message: str) -> None:
    """A well that is none is an error naming file, line and element."""
    layer = f"<Layer><Name>drug</Name>\n<Well>{well}</Well></Layer>"
    file = _layout(tmp_path, layer)
    with pytest.raises(ParserError) as caught:
        read_layouts([file], [])
    assert str(caught.value) == (
        f"{file}, line 2, element Well: {message}. Copy or export the file again from "
        "the instrument."
    )
