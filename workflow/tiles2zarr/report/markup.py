"""HTML and SVG as text: everything that is not markup already is escaped."""

from html import escape

VOID = frozenset({"br", "col", "hr", "img", "meta"})
"""HTML elements without content or end tag."""
SHAPES = frozenset({"circle", "image", "line", "path", "polyline", "rect", "use"})
"""SVG elements that are closed at once when they have no content."""
Attribute = str | int | float | None


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | int | float | None
"""Text (escaped unless it is ``Markup``) or a number; ``None`` is nothing."""


def element(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Return an element with its attributes and children.

    Attribute names are written with hyphens for underscores, a trailing underscore is
    dropped (``class_``); an attribute that is ``None`` is left out.
    """
    head = name + "".join(
        f' {_attribute(key)}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{head}>")
    if not children and name in SHAPES:
        return Markup(f"<{head}/>")
    return Markup(f"<{head}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return the children one after the other, text escaped."""
    return Markup("".join(map(_child, children)))


def _child(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else escape(_text(child), quote=False)


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _text(value: str | int | float) -> str:
    """Return a number with up to two decimals, as positions in a drawing need."""
    if isinstance(value, float):
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return str(value)
