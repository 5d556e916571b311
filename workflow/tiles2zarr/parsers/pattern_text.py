"""File-name patterns: text with named, typed parts in braces.

``{name}`` takes text without a slash, ``{name:d}`` digits, ``{name:REGEX}`` what the
regular expression says; ``{{`` and ``}}`` are braces. Text between the parts is taken
in upper or lower case.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.records import COLUMNS
from tiles2zarr.sheets import one_edit

IGNORED = "_"
"""Name of parts that differ between files and mean nothing; may stand repeatedly."""
DEFAULTS: Mapping[str, str] = {
    "row": "[A-Za-z]{1,2}|[0-9]{1,2}",
    "column": "[0-9]{1,3}",
    "well": r"[A-Za-z]{1,2}\s*[0-9]{1,3}",
    "field": "[^/]+",
    "channel": "[^/]+",
    "z": "[0-9]+",
    "t": "[0-9]+",
    "image_path": "[^/]+",
    "plate": "[^/]+",
}
"""Names with a meaning, and what they take without a type."""
RESERVED = ("acquisition", "path_in_well", "FieldIndex", "fov_name")
"""Names that the tables of the result have for themselves."""
_TEXT = "[^/]+"
_DIGITS = "[0-9]+"
_EXAMPLE = "'{row:[A-Z]+}{column:d}_s{field:d}_w{channel:d}.tif'"
_PART = re.compile(r"\s*([^:{}]*?)\s*(?::(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """One named part of a pattern.

    Args:
        name: Its name.
        regex: What it takes.
        digits: Whether it was written with the type ``d``.
    """

    name: str
    regex: str
    digits: bool


@dataclass(frozen=True)
class Pattern:
    """A pattern that can be matched.

    Args:
        text: As it was written.
        parts: Its named parts but the ignored ones, in order.
        regex: Matches a path with slashes, relative to the folder; groups have the
            names of the parts.
        depth: How many folders it names.
    """

    text: str
    parts: tuple[Part, ...]
    regex: re.Pattern[str]
    depth: int

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parts."""
        return tuple(part.name for part in self.parts)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Return the names without a meaning of their own: attribute columns."""
        return tuple(name for name in self.names if name not in DEFAULTS)


def compile_pattern(text: str) -> Pattern:
    """Return a pattern ready to be matched.

    Raises:
        ParserError: A brace is not closed, a part has no valid name or regular
            expression, a name stands twice, or nothing says the well or image.
    """
    pieces = [p if isinstance(p, str) else _part(p[0], text) for p in _split(text)]
    parts = [p for p in pieces if isinstance(p, Part) and p.name != IGNORED]
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise _fault(
                text,
                f"{{{name}}} stands {names.count(name)} times",
                "Name each part once; {_} may repeat and is not kept.",
            )
    _check_place(text, names)
    joined = "".join(map(_regex, pieces))
    try:
        regex = re.compile(joined)
    except (re.error, OverflowError) as error:
        raise _fault(
            text,
            f"it makes no regular expression ({error})",
            "Leave out inline flags like (?i) and groups with names.",
        ) from error
    slashes = sum(p.count("/") for p in pieces if isinstance(p, str))
    return Pattern(text, tuple(parts), regex, slashes)


def _fault(text: str, message: str, cure: str) -> ParserError:
    return ParserError(f"pattern {text!r}: {message}. {cure}")


def _split(text: str) -> Iterator[str | tuple[str]]:
    """Yield literal text as ``str`` and the inside of braces as a tuple of one."""
    at, literal = 0, ""
    while at < len(text):
        if text[at : at + 2] in ("{{", "}}"):
            literal, at = literal + text[at], at + 2
        elif text[at] == "}":
            raise _fault(text, "a } has no {", "Write }} for a brace of the file name.")
        elif text[at] == "{":
            yield literal
            end = _closing(text, at)
            yield (text[at + 1 : end],)
            literal, at = "", end + 1
        else:
            literal, at = literal + text[at], at + 1
    yield literal


def _closing(text: str, start: int) -> int:
    """Return where the brace opened at ``start`` is closed; regexes may hold braces."""
    depth, at = 0, start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in "{}":
            depth += 1 if text[at] == "{" else -1
            if depth == 0:
                return at
        at += 1
    raise _fault(
        text,
        f"the {{ at character {start + 1} is not closed",
        "Close it, or write {{ for a brace of the file name.",
    )


def _part(inside: str, text: str) -> Part:
    """Return the part written as ``name`` or ``name:type``."""
    found = _PART.fullmatch(inside)
    name, kind = (found[1], found[2]) if found else (inside, None)
    _check_name(name, inside, text)
    if kind is None:
        return Part(name, DEFAULTS.get(name, _TEXT), False)
    if kind == "d":
        return Part(name, _DIGITS, True)
    try:
        re.compile(kind)
    except (re.error, OverflowError) as error:
        raise _fault(
            text,
            f"{kind!r} of {{{name}}} is no regular expression ({error})",
            f"Write {{{name}}} for any text, {{{name}:d}} for digits, or mend it.",
        ) from error
    if not kind:
        raise _fault(
            text,
            f"nothing stands behind the colon of {{{name}:}}",
            f"Write {{{name}}} for any text or {{{name}:d}} for digits.",
        )
    return Part(name, kind, False)


def _check_name(name: str, inside: str, text: str) -> None:
    """Check that a part's name may be used.

    Raises:
        ParserError: It is no identifier, reserved, or nearly a name with a meaning.
    """
    if name == IGNORED or name in DEFAULTS:
        return
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        raise _fault(
            text,
            f"{{{inside}}} has no name of letters, digits and _",
            "Write {name}, {name:d} or {name:REGEX}, and {{ }} for braces of the file "
            "name.",
        )
    meant = one_edit(name, list(DEFAULTS))
    if meant is not None and (len(name) > 2 or name.casefold() == meant):
        raise _fault(text, f"{{{name}}} is nearly {{{meant}}}", "Rename it.")
    taken = {reserved.casefold() for reserved in (*RESERVED, *COLUMNS)}
    if name.casefold() in taken:
        raise _fault(
            text,
            f"{{{name}}} is a name the workflow uses itself",
            f"Rename it, e.g. to {{my_{name}}}; names with a meaning are "
            f"{', '.join(DEFAULTS)}.",
        )


def _check_place(text: str, names: list[str]) -> None:
    """Check that the pattern says the image in one way.

    Raises:
        ParserError: In no way, or in several.
    """
    ways: list[str] = [name for name in ("row", "well", "image_path") if name in names]
    ways += ["column"] if "column" in names and "row" not in names else []
    if not ways:
        raise _fault(
            text,
            "no part says which image a file belongs to",
            f"Add {{row}} and {{column}}, or {{well}}, e.g. {_EXAMPLE}; single images "
            "need {image_path}.",
        )
    if len(ways) > 1:
        listed = " and ".join(f"{{{name}}}" for name in ways)
        raise _fault(
            text,
            f"{listed} both say which image a file belongs to",
            "Keep {row} and {column}, or {well}, or {image_path}.",
        )
    if ways == ["column"] or (ways == ["row"] and "column" not in names):
        other = "column" if ways == ["row"] else "row"
        raise _fault(
            text, f"{{{ways[0]}}} stands without {{{other}}}", f"Add {{{other}}}."
        )


def _regex(piece: str | Part) -> str:
    """Return the regular expression of literal text or of a part."""
    if isinstance(piece, str):
        return f"(?i:{re.escape(piece)})" if piece else ""
    if piece.name == IGNORED:
        return f"(?:{piece.regex})"
    return f"(?P<{piece.name}>{piece.regex})"
