"""Markup: what is text stays text, and numbers are short."""

import pytest

from tests.e2e.pages import Page
from tiles2zarr.report.markup import Markup, element, join


def test_text_and_attributes_are_escaped() -> None:
    """<, > and & in text and quotes in attributes never become markup."""
    found = element("p", "a<b & c>", title='5" <x>')
    assert found == '<p title="5&quot; &lt;x&gt;">a&lt;b &amp; c&gt;</p>'


def test_markup_is_kept() -> None:
    """What is markup already is not escaped again; nothing adds nothing."""
    assert join(element("b", "x"), None, Markup("<i>y</i>"), "&") == (
        "<b>x</b><i>y</i>&amp;"
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (element("br"), "<br>"),
        (element("rect", x=1.0, y=2.346), '<rect x="1" y="2.35"/>'),
        (element("rect", element("title", 3)), "<rect><title>3</title></rect>"),
        (element("td"), "<td></td>"),
        (element("a", "t", class_="k", href=None), '<a class="k">t</a>'),
        (element("g", stroke_width=-0.001), '<g stroke-width="0"></g>'),
    ],
    ids=["void", "shape", "shape-with-child", "empty", "no-attribute", "number"],
)
def test_forms_of_elements(found: Markup, expected: str) -> None:
    """Void elements have no end, shapes are closed at once, numbers have two digits."""
    assert found == expected


def test_parser_of_the_tests_finds_faults() -> None:
    """The strict parser that judges pages refuses a tag that is not closed."""
    with pytest.raises(AssertionError):
        Page("<div><p></div>")
