"""File-name patterns: what they take, and what is wrong with those that fail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.pattern_text import compile_pattern

NAMES = "row, column, well, field, channel, z, t, image_path, plate"


@pytest.mark.parametrize(
    ("pattern", "name", "parts"),
    [
        pytest.param(
            "{plate}_{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}_z{z:d}_t{t:d}.tif",
            "my_plate_AF48_s12_w3_z01_t0007.tif",
            {
                **{"plate": "my_plate", "row": "AF", "column": "48", "field": "12"},
                **{"channel": "3", "z": "01", "t": "0007"},
            },
            id="all-parts",
        ),
        pytest.param(
            "TimePoint_{t:d}/{well}_s{field:d}.tif",
            "TimePoint_2/B03_s1.tif",
            {"t": "2", "well": "B03", "field": "1"},
            id="folders",
        ),
        pytest.param(
            "{image_path}_{channel}.png",
            "brain_slice_2_GFP.png",
            {"image_path": "brain_slice_2", "channel": "GFP"},
            id="single-images",
        ),
        pytest.param(
            "{row:[A-P]{1,2}}{column:d}.tif",
            "B11.tif",
            {"row": "B", "column": "11"},
            id="braces-in-a-regex",
        ),
        pytest.param(
            "{{{well}}}.tif", "{B03}.tif", {"well": "B03"}, id="literal-braces"
        ),
        pytest.param(
            "{row}{column}.tif", "b7.tif", {"row": "b", "column": "7"}, id="no-types"
        ),
        pytest.param(
            "r{row:d}c{column:d}.tif",
            "r02c03.tif",
            {"row": "02", "column": "03"},
            id="rows-as-numbers",
        ),
        pytest.param(
            "{well}_S{field:d}.tif",
            "B03_s4.TIF",
            {"well": "B03", "field": "4"},
            id="literal-text-in-any-case",
        ),
        pytest.param(
            "{well}_{_}_{_:d}.tif", "B03_x_4.tif", {"well": "B03"}, id="ignored"
        ),
        pytest.param(
            "{well}_{dose:[0-9.]+uM}.tif",
            "B03_0.5uM.tif",
            {"well": "B03", "dose": "0.5uM"},
            id="attribute",
        ),
        pytest.param(
            "{well}(a+b)[1].tif", "B03(a+b)[1].tif", {"well": "B03"}, id="regex-signs"
        ),
    ],
)
def test_parts_are_taken(pattern: str, name: str, parts: dict[str, str]) -> None:
    """A pattern takes the text of each part out of a path."""
    match = compile_pattern(pattern).regex.fullmatch(name)
    assert match is not None
    assert match.groupdict() == parts


@pytest.mark.parametrize(
    "name",
    ["x/B03.tif", "B03.tif.bak", "B033x.tif", "03.tif", "B03/.tif"],
)
def test_other_names_do_not_match(name: str) -> None:
    """A part without a type takes no slash, and a well nothing but a well."""
    assert compile_pattern("{well}.tif").regex.fullmatch(name) is None


def test_names_and_attributes_in_order() -> None:
    """Names without a meaning are attributes; ignored parts have no name."""
    pattern = compile_pattern("a/{drug}/{well}_{_}_{dose:d}.tif")
    assert pattern.names == ("drug", "well", "dose")
    assert pattern.attributes == ("drug", "dose")
    assert [part.digits for part in pattern.parts] == [False, False, True]
    assert pattern.depth == 2


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        pytest.param(
            "{well",
            "the { at character 1 is not closed. Close it, or write {{ for a brace of "
            "the file name.",
            id="open",
        ),
        pytest.param(
            "{well}}.tif",
            "a } has no {. Write }} for a brace of the file name.",
            id="close",
        ),
        pytest.param(
            "{well}_{well}.tif",
            "{well} stands 2 times. Name each part once; {_} may repeat and is not "
            "kept.",
            id="twice",
        ),
        pytest.param(
            "{row:[A-Z}{column:d}.tif",
            "'[A-Z' of {row} is no regular expression (unterminated character set at "
            "position 0). Write {row} for any text, {row:d} for digits, or mend it.",
            id="regex",
        ),
        pytest.param(
            "s{field:d}.tif",
            "no part says which image a file belongs to. Add {row} and {column}, or "
            "{well}, e.g. '{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif'; single "
            "images need {image_path}.",
            id="no-place",
        ),
        pytest.param(
            "{row}_s{field:d}.tif",
            "{row} stands without {column}. Add {column}.",
            id="row-alone",
        ),
        pytest.param(
            "{column}_s{field:d}.tif",
            "{column} stands without {row}. Add {row}.",
            id="column-alone",
        ),
        pytest.param(
            "{well}_{row}{column}.tif",
            "{row} and {well} both say which image a file belongs to. Keep {row} and "
            "{column}, or {well}, or {image_path}.",
            id="two-places",
        ),
        pytest.param(
            "{well}_{feild:d}.tif", "{feild} is nearly {field}. Rename it.", id="near"
        ),
        pytest.param("{well}_{Z:d}.tif", "{Z} is nearly {z}. Rename it.", id="case"),
        pytest.param(
            "{well}_{status}.tif",
            "{status} is a name the workflow uses itself. Rename it, e.g. to "
            f"{{my_status}}; names with a meaning are {NAMES}.",
            id="own",
        ),
        pytest.param(
            "{well}_{}.tif",
            "{} has no name of letters, digits and _. Write {name}, {name:d} or "
            "{name:REGEX}, and {{ }} for braces of the file name.",
            id="no-name",
        ),
        pytest.param(
            "{well}_{z:}.tif",
            "nothing stands behind the colon of {z:}. Write {z} for any text or {z:d} "
            "for digits.",
            id="no-type",
        ),
        pytest.param(
            "{well}_{x1:(?P<well>a)}.tif",
            "it makes no regular expression (redefinition of group name 'well' as group"
            " 3; was group 1 at position 53). Leave out inline flags like (?i) and "
            "groups with names.",
            id="clash",
        ),
    ],
)
def test_patterns_that_cannot_be_used(pattern: str, message: str) -> None:
    """A pattern that cannot be used is an error that says what to do."""
    with pytest.raises(ParserError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == f"pattern {pattern!r}: {message}"


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"])))
def test_any_literal_text_matches_itself(text: str) -> None:
    """Text around the parts stands for itself, whatever its characters."""
    escaped = text.replace("{", "{{").replace("}", "}}")
    match = compile_pattern(f"{{well}}={escaped}").regex.fullmatch(f"B03={text}")
    assert match is not None
    assert match["well"] == "B03"


@given(st.text())
def test_any_pattern_compiles_or_is_a_parser_error(text: str) -> None:
    """Whatever stands in the config, the outcome is a pattern or a ParserError."""
    try:
        said = repr(compile_pattern(text).text)
    except ParserError as error:
        said = str(error).removeprefix("pattern ")
    assert said.startswith(repr(text))
