"""Ways to damage the bytes of a file: by a seeded generator, or by a list of edits."""

import random
import re
from collections.abc import Sequence

WORDS = (
    *(b"", b"0", b"-1", b"1e999", b"NaN", b"inf", b"99999999999999999999", b"0.5"),
    *(b"../../x", b"/etc/passwd", b"\x00", b"\xff\xfe", "é\u2028".encode(), b"<", b"&"),
    *(b"&amp;", b'"', b",", b";", b"\n", b"<!--", b"{}", b"true", b"None", b"1,5"),
)
"""What a value is replaced by."""
_VALUE = re.compile(rb'(?<=[">,;])[^"<>,;\n]{1,40}(?=[",;<\n])')
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_ELEMENT = re.compile(rb"<(\w+)[^<>]*?(?:/>|>[^<>]*</\1>)|[^\n]*\n")

Edit = tuple[int, int, bytes]
"""Where (modulo the length), how many bytes go, and what comes in their place."""


def mutate(content: bytes, seed: int) -> bytes:
    """Return the content with one to four damages, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 2, 4))):
        content = chance.choice(
            (_flip, _cut, _remove, _repeat, _value, _value, _number, _element)
        )(content, chance)
    return content


def edit(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Return the content after the edits, one after the other."""
    for place, length, word in edits:
        start = place % (len(content) + 1)
        content = content[:start] + word + content[start + length :]
    return content


def _flip(content: bytes, chance: random.Random) -> bytes:
    raw = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if raw:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randint(0, len(content))]


def _remove(content: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(content))
    return content[:start] + content[start + chance.randint(1, 200) :]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(content))
    stop = start + chance.randint(1, 400)
    return content[:stop] + content[start:stop] + content[stop:]


def _value(content: bytes, chance: random.Random) -> bytes:
    return _replace(content, _VALUE, chance.choice(WORDS), chance)


def _number(content: bytes, chance: random.Random) -> bytes:
    return _replace(content, _NUMBER, chance.choice(WORDS), chance)


def _element(content: bytes, chance: random.Random) -> bytes:
    return _replace(content, _ELEMENT, b"", chance)


def _replace(
    content: bytes, pattern: re.Pattern[bytes], word: bytes, chance: random.Random
) -> bytes:
    found = list(pattern.finditer(content))
    if not found:
        return content
    hit = chance.choice(found)
    return content[: hit.start()] + word + content[hit.end() :]
