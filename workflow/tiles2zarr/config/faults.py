"""What is wrong with a config, in words for the person who wrote it."""

import re
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tiles2zarr.config.base import keys_of, nearest, one_of, shown
from tiles2zarr.config.tree import Path, generic, locate, places, tags_of, yaml_path
from tiles2zarr.models.base import Frozen

_MOVED = {
    "condition_table_path": "acquisitions[].conditions",
    "converter_options": "writing, registration and omezarr",
    "omezarr_options": "omezarr",
    "stage_position_corrections": "registration.align_xy, align_z and align_t",
    "alignment_correction": "registration.align_xy, align_z and align_t",
    "pixel_info": "acquisitions[].details",
}
"""Keys of the documented system, and where their content stands here."""
_NEEDED = {
    "acquisitions": "is needed: a list with at least '- path: FOLDER_OR_TABLE'",
    "path": "is needed: the folder of the microscope or the tile table",
}
_COMPARED = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_EXPECTED = {
    "bool": "true or false",
    "dict": "a mapping (key: value)",
    "finite": "a finite number",
    "float": "a number",
    "int": "a whole number",
    "invalid-json-value": "text, numbers, true, false, lists or mappings",
    "list": "a list",
    "mapping": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "string": "text",
    "tuple": "a list",
}


_POINT = "write decimals with a point (0.65, not 0,65)"


class Fault(NamedTuple):
    """One thing that is wrong."""

    path: Path
    """Where, keys and list positions from the top of the file."""
    message: str
    """What, with expected and got."""

    @property
    def line(self) -> str:
        """The fault as one line."""
        return f"{yaml_path(self.path)}: {self.message}" if self.path else self.message


def faults_of(error: ValidationError) -> list[Fault]:
    """Return the faults of a config in the order of its keys."""
    return [
        _fault(detail)
        for detail in error.errors(include_url=False)
        # A list whose only entries are faulty counts as too short, which it is not.
        if detail["type"] != "too_short" or not detail["input"]
    ]


def _fault(detail: ErrorDetails) -> Fault:
    path, holders = locate(detail["loc"])
    context = detail.get("ctx", {})
    at = context.get("at", ())
    if detail["type"] == "union_tag_invalid":
        at = (str(context["discriminator"]).strip("'"),)
    return Fault((*path, *at), _message(detail, path, holders))


def _message(
    detail: ErrorDetails, path: Path, holders: tuple[type[Frozen], ...]
) -> str:
    kind, got, context = detail["type"], detail["input"], detail.get("ctx", {})
    key = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        if key.isdigit() and got is None:
            return f"unknown key; {_POINT}"
        return _unknown_key(key, path, holders)
    if kind == "missing":
        return _NEEDED.get(key) or f"is needed: {_meaning(key, holders)}"
    if kind in ("enum", "literal_error"):
        return one_of(got, _quoted(context["expected"]))
    if kind == "union_tag_invalid":
        return one_of(context["tag"], _quoted(context["expected_tags"]))
    if kind == "too_short":
        return "expected at least 1 entry, got none"
    if kind in _COMPARED:
        words, limit = _COMPARED[kind]
        return f"expected {words} {context[limit]:g}, got {shown(got)}"
    return _wrong_type(kind, got) or _own_words(detail)


def _unknown_key(key: str, path: Path, holders: tuple[type[Frozen], ...]) -> str:
    """Return what is said of a key no model knows, with the key that was meant."""
    known = places()
    here = [place for place in known if place.path == generic(path)]
    if here:
        tags = " or ".join(dict.fromkeys(str(place.tag) for place in here))
        own = next((tag for model in holders for tag in tags_of(model)), None)
        return f"is a key of {tags}, this is {own}"
    if key in _MOVED:
        return f"unknown key; here it is {_MOVED[key]}"
    elsewhere = list(dict.fromkeys(place.path for place in known if place.key == key))
    if elsewhere:
        return f"unknown key here; it stands at {' or '.join(elsewhere[:2])}"
    siblings = [name for model in holders for name in keys_of(model)]
    close = nearest(key, siblings)
    if close:
        return f"unknown key; did you mean {close!r}?"
    far = nearest(key, (place.key for place in known))
    if far:
        at = next(place.path for place in known if place.key == far)
        return f"unknown key; did you mean {at}?"
    return f"unknown key; known here: {', '.join(siblings)}"


def _meaning(key: str, holders: tuple[type[Frozen], ...]) -> str:
    """Return what a missing key is for: the first sentence of its documentation."""
    # reads the sources of the models: only where there is a fault to tell
    from tiles2zarr.models.descriptions import field_docs

    docs = (field_docs(model).get(key) for model in holders)
    text = next((text for text in docs if text), key)
    first = " ".join(re.split(r"[.;](?:\s|$)", text)[0].split()).replace("``", "")
    return first if first[:2].isupper() else first[:1].lower() + first[1:]


def _quoted(text: str) -> list[str]:
    """Return the words in quotes of pydantic's ``'a', 'b' or 'c'``."""
    return re.findall(r"'([^']*)'", text)


def _wrong_type(kind: str, got: object) -> str | None:
    expected = _EXPECTED.get(kind.split("_")[0])
    if expected is None:
        return None
    told = f"expected {expected}, got {shown(got) if got != '' else 'nothing'}"
    comma = isinstance(got, str) and re.fullmatch(r"[-+]?\d+,\d+", got.strip())
    return f"{told}; {_POINT}" if comma else told


def _own_words(detail: ErrorDetails) -> str:
    """Return the message of a validator of ours, which is plain already."""
    context = detail.get("ctx", {})
    return str(context.get("error") or context.get("message") or detail["msg"])
