"""File names taken apart: what stays the same, and what differs between them."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tiles2zarr.models.well import column_index, parse_well, row_index

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("s", "f", "m", "site", "field", "fld", "fov", "scene"), "field"),
    **dict.fromkeys(("pos", "position", "tile", "xy", "p"), "field"),
    **dict.fromkeys(("w", "c", "d", "ch", "chan", "channel", "wv"), "channel"),
    **dict.fromkeys(("wave", "wavelength"), "channel"),
    **dict.fromkeys(("z", "zstep", "zslice", "slice", "plane", "stack"), "z"),
    **dict.fromkeys(("t", "tp", "time", "timepoint", "frame", "sk"), "t"),
}
"""Words before a number or text, and what it is then."""
_SPLIT = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"([A-Za-z]+)([0-9]+)")
_CHAIN = re.compile(r"(?:[A-Za-z]+[0-9]+)+", re.ASCII)
_GLUED = re.compile(r"([A-P]|A[A-F])([0-9]{2})((?:[a-z]+[0-9]+)+)", re.ASCII)
_BETWEEN = frozenset({" - ", "-", " ", "_", "/"})


@dataclass(frozen=True)
class Slot:
    """One stretch of the names.

    Args:
        values: Its text in every name.
        word: The word it follows, in lower case; ``""`` where there is none.
        role: What it is: a part's name, ``row`` and ``column`` included.
        between: Whether it is the text between two others (``_`` or a dot).
    """

    values: tuple[str, ...]
    word: str = ""
    role: str | None = None
    between: bool = False

    @property
    def constant(self) -> bool:
        """Say whether it is the same in all names, in any case."""
        return len({value.casefold() for value in self.values}) == 1

    @property
    def number(self) -> bool:
        """Say whether it is all digits in all names."""
        return all(value.isascii() and value.isdigit() for value in self.values)


def common_names(names: Sequence[str]) -> list[str]:
    """Return the largest group of names with the same separators and ending."""
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in names:
        ending = name.rpartition(".")[2].casefold()
        groups[(*_SPLIT.findall(name), ending)].append(name)
    return max(groups.values(), key=len, default=[])


def take_apart(names: Sequence[str]) -> list[Slot]:
    """Return the stretches of names that have the same separators.

    Wells have their roles; words and numbers written together are two slots.
    """
    chunks = list(zip(*(_SPLIT.split(name) for name in names), strict=True))
    separators = [*_SPLIT.findall(names[0]), ""]
    well = _find_well(chunks, separators)
    slots: list[Slot] = []
    for index, values in enumerate(chunks):
        slots += _slots(values, well.get(index), _word_before(slots))
        slots.append(Slot((separators[index],) * len(names), between=True))
    return [slot for slot in slots if any(slot.values)]


def _word_before(slots: Sequence[Slot]) -> str:
    """Return the constant word that the last separator, unless a slash, follows."""
    if len(slots) < 2 or "/" in slots[-1].values[0] or not slots[-2].constant:
        return ""
    word = slots[-2].values[0]
    return word.lower() if word.isascii() and word.isalpha() else ""


def _find_well(
    chunks: Sequence[tuple[str, ...]], separators: Sequence[str]
) -> dict[int, str]:
    """Return which chunks hold the well, and how: the likeliest of all candidates."""
    found: list[tuple[int, dict[int, str]]] = []
    for index, values in enumerate(chunks):
        letters = _letters(values)
        if letters is not None and letters[:2] == ("r", "c"):
            found.append((3, {index: "rc"}))
        elif all(map(_is_well, values)):
            found.append((_score(values), {index: "joined"}))
        elif all(map(_GLUED.fullmatch, values)):
            found.append((_score(values), {index: "glued"}))
        elif separators[index] in _BETWEEN and index + 1 < len(chunks):
            pairs = [a + b for a, b in zip(values, chunks[index + 1], strict=True)]
            split = all(len(a) == 1 and a.isupper() for a in values)
            if split and all(map(_is_well, pairs)):
                found.append((_score(pairs), {index: "row", index + 1: "column"}))
    found += _named_places(chunks)
    best = max((score for score, _ in found), default=0)
    return next((place for score, place in found if score == best), {})


def _named_places(
    chunks: Sequence[tuple[str, ...]],
) -> list[tuple[int, dict[int, str]]]:
    """Return chunks that words call row and column: ``r02_c03``, ``row 2/col 3``."""
    words = []
    for index, values in enumerate(chunks):
        letters = _letters(values)
        before = set(chunks[index - 1]) if index else set()
        number = all(map(str.isdigit, values)) and len(before) == 1
        word = letters[0] if letters and len(letters) == 1 else ""
        words.append(min(before).lower() if number else word)
    rows = [index for index, word in enumerate(words) if word in ("r", "row")]
    columns = [n for n, word in enumerate(words) if word in ("c", "col", "column")]
    after = [n for n in columns if rows and n > rows[0]]
    return [(2, {rows[0]: "row", after[0]: "column"})] if after else []


def _is_well(text: str) -> bool:
    if not re.fullmatch(r"[A-Za-z]{1,2}[0-9]{1,2}", text, re.ASCII):
        return False
    try:
        parse_well(text)
    except ValueError:
        return False
    return True


def _score(wells: Sequence[str]) -> int:
    """Return how likely these are wells: rows differ, columns differ, no known word."""
    rows = {re.match("[A-Za-z]*", well)[0].lower() for well in wells}  # type: ignore[index]
    known = len(rows) == 1 and rows <= set(ROLES)
    return 2 * (len(rows) > 1) + (len(set(wells)) > 1) - 3 * known


def _letters(values: Sequence[str]) -> tuple[str, ...] | None:
    """Return the words of chunks like ``T0001F001``, in lower case, if all agree."""
    words = {
        tuple(word.lower() for word, _ in _TOKEN.findall(value))
        if _CHAIN.fullmatch(value)
        else None
        for value in values
    }
    return words.pop() if len(words) == 1 else None


def _slots(values: tuple[str, ...], well: str | None, word: str) -> list[Slot]:
    """Return the slots of one chunk."""
    if well == "joined":
        return [Slot(values, role="well")]
    if well == "glued":
        parts = [_GLUED.fullmatch(value) for value in values]
        head = tuple(m[1] + m[2] for m in parts if m)
        return [Slot(head, role="well"), *_chain(tuple(m[3] for m in parts if m))]
    if _letters(values) is not None:
        chain = _chain(values)
        roles = ("row", "column") if well == "rc" else (well,) if well else ()
        numbers = range(1, 2 * len(roles), 2)
        for number, role in zip(numbers, roles, strict=True):
            chain[number] = replace(chain[number], role=role)
        planes = well == "rc"  # Harmony: r02c03f01p01-ch1
        return [
            replace(slot, role="z") if planes and slot.word == "p" else slot
            for slot in chain
        ]
    return [Slot(values, word, role=well)]


def _chain(values: tuple[str, ...]) -> list[Slot]:
    """Return words and numbers of chunks like ``T0001F001`` as slots in turn."""
    tokens = [_TOKEN.findall(value) for value in values]
    slots = []
    for number, (word, _) in enumerate(tokens[0]):
        slots.append(Slot(tuple(found[number][0] for found in tokens)))
        digits = tuple(found[number][1] for found in tokens)
        slots.append(Slot(digits, word.lower()))
    return slots


def is_place(row: str, column: str) -> bool:
    """Say whether texts are a row and a column of a plate."""
    try:
        row_index(row)
        column_index(column)
    except ValueError:
        return False
    return True
