"""A pattern proposed for file names: wells, fields, channels, planes, time points."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.pattern_files import is_image
from tiles2zarr.parsers.pattern_keys import natural
from tiles2zarr.parsers.pattern_slots import (
    ROLES,
    Slot,
    common_names,
    is_place,
    take_apart,
)
from tiles2zarr.parsers.pattern_text import IGNORED, compile_pattern

_CHANNELS = 12
"""More different texts than this are no channels."""
_SHOWN = 4
_WELL = frozenset({"well", "row", "column"})
_PLACE_WORDS = frozenset({"row", "r", "well"})
"""Words before a well that are no name of a plate."""
_WORDS = {
    "plate": "plate",
    "well": "well",
    "row": "row of the well",
    "column": "column of the well",
    "field": "field of view",
    "channel": "channel",
    "z": "plane",
    "t": "time point",
}


@dataclass(frozen=True)
class PatternGuess:
    """A pattern that most names match.

    Args:
        pattern: Its text.
        parts: Name of each part, and what it would be in words.
        matched: How many of the image names match.
        images: How many names are images.
        fields: Most fields in one well.
        planes: Different planes in the names; 1 where they name none.
        unique: Whether every matching name is another plane.
        plate: The one plate the names tell, if they do.
    """

    pattern: str
    parts: tuple[tuple[str, str], ...]
    matched: int
    images: int
    fields: int
    planes: int
    unique: bool
    plate: str | None


def guess_pattern(names: Sequence[str]) -> PatternGuess | None:
    """Return a pattern for file names, or nothing if they tell no well.

    Args:
        names: Paths relative to the folder, with slashes; what is no image or a
            thumbnail does not count.
    """
    images = [n for n in names if is_image(n) and "thumb" not in n.lower()]
    common = common_names(images)
    if not common:
        return None
    slots = _with_roles(take_apart(common))
    if not _WELL & {slot.role for slot in slots}:
        return None
    text = "".join(map(_text, _with_plate(slots)))
    try:
        pattern = compile_pattern(text)
    except ParserError:
        return None  # rows without columns
    hits = [m.groupdict() for n in images if (m := pattern.regex.fullmatch(n))]
    if 2 * len(hits) < len(images) or not _places(hits):
        return None
    parts = tuple((name, _meaning(name, (h[name] for h in hits))) for name in hits[0])
    plates = {hit["plate"] for hit in hits if "plate" in hit}
    return PatternGuess(
        pattern=text,
        parts=parts,
        matched=len(hits),
        images=len(images),
        fields=_most_fields(hits),
        planes=len({hit.get("z") for hit in hits}),
        unique=len({tuple(hit.values()) for hit in hits}) == len(hits),
        plate=plates.pop() if len(plates) == 1 else None,
    )


def _with_roles(slots: list[Slot]) -> list[Slot]:
    """Return the slots with a role for all that have a meaning or differ."""
    well = min((n for n, s in enumerate(slots) if s.role in _WELL), default=0)
    start = max((n for n in range(well) if "/" in slots[n].values[0]), default=-1)
    named = []
    for number, slot in enumerate(slots):
        role = slot.role or _role(slot)
        in_plate_name = slot.constant and start < number < well
        named.append(replace(slot, role=None if in_plate_name else role))
    kept = [
        replace(slot, role=None) if _second(named, number) else slot
        for number, slot in enumerate(named)
    ]
    return _fill(kept)


def _role(slot: Slot) -> str | None:
    """Return what the word before a slot says it is."""
    if slot.between or (slot.constant and not slot.number):
        return None
    return ROLES.get(slot.word)


def _second(slots: Sequence[Slot], number: int) -> bool:
    """Say whether another slot has the same role and the better claim.

    The first that differs between names has it, else the first.
    """
    role = slots[number].role
    if role is None:
        return False
    rivals = [n for n, slot in enumerate(slots) if slot.role == role]
    differ = [n for n in rivals if not slots[n].constant]
    return (differ or rivals)[0] != number


def _fill(slots: list[Slot]) -> list[Slot]:
    """Return the slots with roles for what differs and no word explains."""
    taken = {slot.role for slot in slots}
    filled = []
    for slot in slots:
        if slot.role is None and not slot.constant:
            free = _free(slot, taken)
            taken.add(free)
            slot = replace(slot, role=free)
        filled.append(slot)
    return filled


def _free(slot: Slot, taken: set[str | None]) -> str:
    """Return the role of a slot that differs: a field, a channel, or nothing."""
    if slot.number and slot.word == "":
        return next((r for r in ("field", "channel") if r not in taken), IGNORED)
    few = len(set(slot.values)) <= _CHANNELS and not slot.number
    return "channel" if few and "channel" not in taken else IGNORED


def _with_plate(slots: list[Slot]) -> list[Slot]:
    """Return the slots with what stands before the well in its name as plate."""
    well = min(n for n, slot in enumerate(slots) if slot.role in _WELL)
    start = max((n + 1 for n in range(well) if "/" in slots[n].values[0]), default=0)
    words = slots[start : well - 1]
    last = slots[well - 1] if well > start else None
    plain = all(slot.role is None for slot in slots[start:well])
    said = {slot.values[0].lower() for slot in words[-1:]} & _PLACE_WORDS
    if not words or last is None or not last.between or not plain or said:
        return slots
    plate = Slot(("",), role="plate")
    return [*slots[:start], plate, last, *slots[well:]]


def _text(slot: Slot) -> str:
    """Return a slot as part of the pattern."""
    if slot.role is None:
        return slot.values[0].replace("{", "{{").replace("}", "}}")
    if slot.role in ("well", "plate"):
        return f"{{{slot.role}}}"
    if slot.role == "row" and not slot.number:
        return "{row:[A-Za-z]+}"
    return f"{{{slot.role}:d}}" if slot.number else f"{{{slot.role}}}"


def _places(hits: Sequence[dict[str, str]]) -> bool:
    """Say whether rows and columns given apart are places of a plate."""
    return "row" not in hits[0] or all(is_place(h["row"], h["column"]) for h in hits)


def _meaning(name: str, values: Iterable[str]) -> str:
    different = sorted(set(values), key=natural)
    if len(different) == 1:
        return f"{_WORDS[name]}, always {different[0]}"
    shown = ", ".join(different[:_SHOWN]) + (" ..." if len(different) > _SHOWN else "")
    return f"{_WORDS[name]}, {len(different)} values: {shown}"


def _most_fields(hits: Sequence[dict[str, str]]) -> int:
    """Return how many fields the well with most of them has."""
    fields: dict[tuple[str, ...], set[str]] = {}
    for hit in hits:
        well = tuple(hit[name] for name in sorted(_WELL) if name in hit)
        fields.setdefault(well, set()).add(hit.get("field", ""))
    return max(map(len, fields.values()))
