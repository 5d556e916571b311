"""What all parts of the config share: sections, choices, and how faults are told."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from typing import Self

from pydantic import (
    BeforeValidator,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from tiles2zarr.models.base import Frozen

QUOTE_HINT = "YAML reads on, off, yes and no as true and false: put it in quotes"
"""Said wherever text was expected and a truth value came."""


def squeeze(text: str) -> str:
    """Return letters and digits in lower case: ``Snap to Grid`` is ``snaptogrid``."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def shown(value: object) -> str:
    """Return a value as a person wrote it in YAML, cut to a readable length."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return f"a mapping ({', '.join(map(str, value)) or 'empty'})"
    if isinstance(value, list | tuple | set):
        return f"a list of {len(value)}"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def fault(message: str, *at: str | int) -> PydanticCustomError:
    """Return an error for a place ``at`` below the value that is being validated."""
    return PydanticCustomError("fault", "{message}", {"message": message, "at": at})


class Section(Frozen):
    """A part of the config; a known key with nothing behind it counts as left out."""

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        known = set(keys_of(cls))
        named = {str(key): item for key, item in value.items()}
        return {k: v for k, v in named.items() if v is not None or k not in known}


def keys_of(model: type[Frozen]) -> tuple[str, ...]:
    """Return the keys a model takes, field names before their second spelling."""
    fields = model.model_fields
    aliases = (field.alias for field in fields.values() if field.alias)
    return (*fields, *aliases)


class Choice(StrEnum):
    """A closed set of words; case, spaces and underscores do not matter."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        wanted = squeeze(value) if isinstance(value, str) else None
        return next((choice for choice in cls if squeeze(choice) == wanted), None)


def as_text(value: object) -> object:
    """Take unquoted numbers and dates for text, as people mean them.

    Raises:
        ValueError: A truth value; the word that was written is lost.
    """
    if isinstance(value, bool):
        raise ValueError(f"expected text, got {shown(value)}; {QUOTE_HINT}")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int | float) else value


def no_truth_value(value: object) -> object:
    """Refuse ``on`` and ``true`` where a number belongs (they would count as 1).

    Raises:
        ValueError: A truth value.
    """
    if isinstance(value, bool):
        raise ValueError(f"expected a number, got {shown(value)}")
    return value


def lower(value: object) -> object:
    """Take words in any case."""
    return value.strip().lower() if isinstance(value, str) else value


def expects(what: str) -> WrapValidator:
    """Return a validator that says in one phrase what a union of types takes."""

    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(f"expected {what}, got {shown(value)}") from None

    return WrapValidator(validate)


def tagged(
    key: str,
    names: tuple[str, ...],
    default: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> BeforeValidator:
    """Return a validator that brings the tag of a union into its short spelling.

    Args:
        key: The key that tells the variants apart.
        names: Its allowed values.
        default: The variant meant when the key is left out.
        labels: Other spellings (squeezed) and the value each stands for.
    """
    known = {squeeze(name): name for name in names} | dict(labels or {})

    def validate(value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        tag = default if value.get(key) is None else value[key]
        if tag is None:
            raise fault(f"is needed: one of {', '.join(names)}", key)
        short = known.get(squeeze(tag)) if isinstance(tag, str) else None
        return {**value, key: short or tag}

    return BeforeValidator(validate)


def nearest(word: object, words: Iterable[str]) -> str | None:
    """Return the word that was probably meant, by spelling and whatever the case."""
    known = {squeeze(known): known for known in words}
    close = get_close_matches(squeeze(str(word)), known, n=1, cutoff=0.6)
    return known[close[0]] if close else None


def one_of(value: object, words: Iterable[str], more: str = "") -> str:
    """Return the sentence for a value that is none of the allowed words."""
    words = tuple(words)
    close = nearest(value, words) if isinstance(value, str) else None
    hint = f"; did you mean {close!r}?" if close else ""
    if isinstance(value, bool):
        hint = f"; {QUOTE_HINT}"
    return f"expected one of {', '.join(words)}{more}, got {shown(value)}{hint}"
