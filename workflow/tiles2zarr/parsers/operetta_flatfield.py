"""Flat-field profiles of a Harmony measurement: polynomials per channel.

A profile is written as text like JSON without quotes,
``{Background: {Character: NonFlat, Mean: 373.7, Profile: {...}}, Channel: 1, ...}``,
or as nested elements. It stands in a map of the index or in a file of its own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.records import JSON
from tiles2zarr.parsers.xml import MAX_DEPTH, Element, iter_xml

PROFILE = "FlatfieldProfile"
_NAME = re.compile(r"\s*([\w ]*\w)\s*:\s*")
_NEXT = re.compile(r",(?=\s*[\w ]*\w\s*:)")
_WORD = re.compile(r"[^,\[\]{}]*")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def read_profiles(
    entries: Sequence[Element],
    files: Iterable[str],
    storage: Mapping[str, object] | None = None,
) -> tuple[dict[str, JSON], tuple[Finding, ...]]:
    """Return the profile of each channel by the channel's id, and a finding.

    A profile has the names of the vendor, e.g. ``["Background"]["Profile"]
    ["Coefficients"]``. What the index says counts before what a file says; a profile
    that cannot be taken apart is left out with a finding, since no pixel needs it.

    Args:
        entries: Map entries of the index.
        files: XML files with profiles.
        storage: Options of the file system, for URLs.

    """
    everything = list(entries)
    faults: list[ParserError] = []
    for file in files:
        try:
            everything += iter_xml(file, frozenset({"Entry"}), storage)
        except ParserError as error:
            faults.append(error)
    profiles: dict[str, JSON] = {}
    for entry in everything:
        channel, element = entry.get("ChannelID"), entry.find(PROFILE)
        if channel is None or element is None or channel in profiles:
            continue
        try:
            profiles[channel] = _profile(element)
        except ParserError as error:
            faults.append(error)
    return profiles, _unreadable(faults)


def parse_profile(text: str) -> JSON:
    """Return the content of a profile's text.

    Raises:
        ValueError: The text is not laid out as profiles are.
    """
    value, end = _value(text, 0, 0)
    if text[end:].strip():
        raise ValueError(f"holds {text[end : end + 20]!r} after its end")
    return value


def _profile(element: Element) -> JSON:
    try:
        return _element(element)
    except ValueError as error:
        raise element.fault(str(error)) from error


def _element(element: Element) -> JSON:
    if not element.children:
        return parse_profile(element.text)
    return {child.name: _element(child) for child in element.children}


def _value(text: str, start: int, depth: int) -> tuple[JSON, int]:
    """Return the value that begins at ``start``, and where it ends."""
    if depth > MAX_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_DEPTH}")
    start += len(text[start:]) - len(text[start:].lstrip())
    match text[start : start + 1]:
        case "{":
            return _mapping(text, start + 1, depth)
        case "[":
            return _list(text, start + 1, depth)
    end = _WORD.match(text, start)
    stop = end.end() if end else start
    return _plain(text[start:stop]), stop


def _mapping(text: str, start: int, depth: int) -> tuple[JSON, int]:
    """Return the mapping whose first name begins at ``start``, and where it ends."""
    found: dict[str, JSON] = {}
    while (name := _NAME.match(text, start)) is not None:
        value, start = _value(text, name.end(), depth + 1)
        while isinstance(value, str) and text[start : start + 1] == ",":
            if _NEXT.match(text, start):
                break
            more = _WORD.match(text, start + 1)  # a comma within a channel's name
            stop = more.end() if more else start + 1
            value, start = value + text[start:stop], stop
        found[name[1]] = value
        start = _skip(text, start)
        if text[start : start + 1] != ",":
            break
        start += 1
    return found, _closed(text, start, "}")


def _list(text: str, start: int, depth: int) -> tuple[JSON, int]:
    """Return the list whose first item begins at ``start``, and where it ends."""
    found: list[JSON] = []
    while text[_skip(text, start) : _skip(text, start) + 1] not in ("]", ""):
        value, start = _value(text, start, depth + 1)
        found.append(value)
        start = _skip(text, start)
        if text[start : start + 1] != ",":
            break
        start += 1
    return found, _closed(text, start, "]")


def _skip(text: str, start: int) -> int:
    while text[start : start + 1].isspace():
        start += 1
    return start


def _closed(text: str, start: int, bracket: str) -> int:
    start = _skip(text, start)
    if text[start : start + 1] != bracket:
        raise ValueError(f"has {text[start : start + 20]!r} in place of {bracket!r}")
    return start + 1


def _plain(word: str) -> JSON:
    """Return a number, else the text."""
    word = word.strip()
    if not _NUMBER.fullmatch(word):
        return word
    if word.lstrip("+-").isdigit() and len(word) < 18:
        return int(word)
    number = float(word)
    return number if isfinite(number) else word


def _unreadable(faults: Sequence[ParserError]) -> tuple[Finding, ...]:
    if not faults:
        return ()
    message = (
        f"{len(faults)} flat-field profiles cannot be read and are left out, e.g. "
        f"{faults[0]}"
    )
    return (
        Finding(
            code="flatfield_unreadable",
            message=message,
            count=len(faults),
            files=tuple({str(fault).partition(",")[0]: 0 for fault in faults})[:SHOWN],
        ),
    )
