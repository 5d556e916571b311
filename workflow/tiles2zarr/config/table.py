"""The table of all keys, made from the JSON schema of the config."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel, Field, JsonValue

from tiles2zarr.config.schema import config_schema

_WORDS = {
    "array": "list",
    "boolean": "true, false",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
_NEEDED = "*needed*"


class Part(BaseModel):
    """A part of the JSON schema, as far as the table shows it."""

    ref: str | None = Field(default=None, alias="$ref")
    defs: dict[str, "Part"] = Field(default={}, alias="$defs")
    type: str | None = None
    description: str = ""
    const: str | None = None
    enum: list[str | int | float] = []
    pattern: str | None = None
    default: JsonValue = None
    properties: dict[str, "Part"] = {}
    required: list[str] = []
    items: "Part | None" = None
    values: "Part | bool | None" = Field(default=None, alias="additionalProperties")
    variants: list["Part"] = Field(default=[], alias="anyOf")
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = Field(default=None, alias="exclusiveMinimum")
    below: float | None = Field(default=None, alias="exclusiveMaximum")


class Row(NamedTuple):
    """One line of the table."""

    key: str
    """The key from the top of the file."""
    values: str
    """What it takes."""
    default: str
    """What it is when left out."""
    meaning: str
    """What it does, with its unit."""


def key_rows() -> list[Row]:
    """Return a row for every key of the config, in the order of the models."""
    schema = Part.model_validate(config_schema())
    schema.required.append("acquisitions")
    return list(_rows([schema], schema.defs, ""))


def _rows(models: list[Part], defs: dict[str, Part], at: str) -> Iterator[Row]:
    """Yield the rows of a section, told apart by variant where they differ."""
    names = dict.fromkeys(name for model in models for name in model.properties)
    for name in sorted(names, key=lambda name: not _is_tag(models, name)):
        if name == "color":
            continue
        own = [model for model in models if name in model.properties]
        if _is_tag(models, name):
            yield _tag_row(own, name, at)
            continue
        rows: dict[Row, list[str]] = {}
        for model in own:
            row = _row(model, name, defs, at)
            rows.setdefault(row, []).append(_variant(model))
        for row, variants in rows.items():
            everywhere = len(variants) == len(models)
            tag = "" if everywhere else f"With {' or '.join(variants)}: "
            yield row._replace(meaning=tag + row.meaning)
        yield from _below(own[0].properties[name], defs, f"{at}{name}")


def _row(model: Part, name: str, defs: dict[str, Part], at: str) -> Row:
    part = model.properties[name]
    default = _NEEDED if name in model.required else _default(part, defs)
    about = [part.description, *(flat.description for flat in _flat(part, defs))]
    meaning = next(filter(None, about), "")
    return Row(f"`{at}{name}`", _values(part, defs), default, meaning)


def _tag_row(models: list[Part], name: str, at: str) -> Row:
    tags = [str(model.properties[name].const) for model in models]
    default = _NEEDED if at.endswith("[].") else f"`{tags[0]}`"
    values = ", ".join(f"`{tag}`" for tag in tags)
    return Row(f"`{at}{name}`", values, default, "Which variant this is.")


def _is_tag(models: list[Part], name: str) -> bool:
    return any(
        model.properties[name].const for model in models if name in model.properties
    )


def _variant(model: Part) -> str:
    tags = (f"`{n}: {p.const}`" for n, p in model.properties.items() if p.const)
    return next(tags, "")


def _below(part: Part, defs: dict[str, Part], at: str) -> Iterator[Row]:
    """Yield the rows of the sections a key holds, in a list or a mapping too."""
    found: dict[str, list[Part]] = {}
    for variant in _flat(part, defs):
        inner = variant.items if variant.type == "array" else None
        step = "[]" if inner else ""
        if not variant.properties and isinstance(variant.values, Part):
            inner, step = variant.values, ".<id or name>"
        sections = [item for item in _flat(inner or variant, defs) if item.properties]
        found.setdefault(step, []).extend(sections)
    for step, sections in found.items():
        yield from _rows(sections, defs, f"{at}{step}.")


def _flat(part: Part, defs: dict[str, Part]) -> list[Part]:
    """Return the variants of a part, references followed, null left out."""
    if part.ref:
        return _flat(defs[part.ref.rsplit("/", 1)[1]], defs)
    if part.variants and not part.properties:
        return [flat for variant in part.variants for flat in _flat(variant, defs)]
    return [] if part.type == "null" else [part]


def _values(part: Part, defs: dict[str, Part]) -> str:
    return ", or ".join(dict.fromkeys(_value(flat, defs) for flat in _flat(part, defs)))


def _value(part: Part, defs: dict[str, Part]) -> str:
    if part.enum or part.const:
        words = part.enum or [part.const or ""]
        return ", ".join(
            f"`{w:g}`" if isinstance(w, float) else f"`{w}`" for w in words
        )
    if part.pattern:
        return "`package.module:function`"
    if part.items:
        return f"list of {_values(part.items, defs)}"
    if part.properties:
        return "section"
    limits = (
        ("from", part.minimum),
        ("above", part.above),
        ("to", part.maximum),
        ("below", part.below),
    )
    words = [_WORDS.get(part.type or "", "anything")]
    words += [f"{word} {limit:g}" for word, limit in limits if limit is not None]
    return " ".join(str(word) for word in words)


def _default(part: Part, defs: dict[str, Part]) -> str:
    value = part.default
    if value is None:
        return "`null`" if any(v.type == "null" for v in part.variants) else ""
    if any(flat.properties for flat in _flat(part, defs)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
