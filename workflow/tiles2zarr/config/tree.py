"""The config's models as a tree: from pydantic's places to keys of the YAML file."""

import re
from collections.abc import Iterator
from types import UnionType
from typing import (
    Annotated,
    Literal,
    NamedTuple,
    TypeGuard,
    Union,
    get_args,
    get_origin,
)

from pydantic import Tag

from tiles2zarr.config.base import keys_of
from tiles2zarr.config.root import ConfigFile
from tiles2zarr.models.base import Frozen

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file."""
_TAG_KEYS = ("kind", "name")


def yaml_path(path: Path) -> str:
    """Return a place as people read it: ``acquisitions[0].details.axes``."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def locate(place: Path) -> tuple[Path, tuple[type[Frozen], ...]]:
    """Return the YAML keys of pydantic's place and the models its last key stands in.

    Pydantic names the chosen variant of a union between the keys; it is no key.
    """
    kinds: list[object] = [ConfigFile]
    holders: tuple[type[Frozen], ...] = ()
    path: list[str | int] = []
    for key in place:
        variants = [kind for kind in kinds if _is_variant(kind, key)]
        if len(kinds) > 1 and variants:
            kinds = [_bare(kind) for kind in variants]
        elif key != "[key]":
            holders = tuple(kind for kind in map(_bare, kinds) if is_model(kind))
            named = any(get_origin(_bare(kind)) is dict for kind in kinds)
            kinds = [member for kind in kinds for member in _below(kind, key)]
            path.append(str(key) if named else key)
    return tuple(path), holders


class Place(NamedTuple):
    """A place where a key may stand."""

    path: str
    """The key from the top of the file, lists as ``[]``."""
    key: str
    """Its last part."""
    tag: str | None
    """The variant it stands in, where there are several: ``kind: fixed``."""


def places() -> list[Place]:
    """Return every place of the config, shortest paths first."""
    return sorted(_walk(ConfigFile, ""), key=lambda p: (p.path.count("."), p))


def generic(path: Path) -> str:
    """Return a place without list positions: ``acquisitions[].id``."""
    return re.sub(r"\[\d+\]", "[]", yaml_path(path))


def is_model(kind: object) -> TypeGuard[type[Frozen]]:
    """Say whether a type is one of the config's models."""
    return isinstance(kind, type) and issubclass(kind, Frozen)


def members(kind: object) -> list[object]:
    """Return the variants of a union, each alone; a tagged one keeps its tag."""
    if get_origin(kind) in (Union, UnionType):
        return [member for part in get_args(kind) for member in members(part)]
    if get_origin(kind) is Annotated and not _tag(kind):
        return members(get_args(kind)[0])
    return [] if kind is type(None) else [kind]


def tags_of(model: type[Frozen]) -> list[str]:
    """Return how a model is chosen among the variants of a union: ``kind: fixed``."""
    return [f"{key}: {tag}" for key, tag in _literals(model)]


def _literals(model: type[Frozen]) -> Iterator[tuple[str, object]]:
    for key in _TAG_KEYS:
        field = model.model_fields.get(key)
        if field is not None and get_origin(field.annotation) is Literal:
            yield from ((key, tag) for tag in get_args(field.annotation))


def _is_variant(kind: object, tag: str | int) -> bool:
    if is_model(kind):
        return any(tag == literal for _, literal in _literals(kind))
    return tag in _tag(kind)


def _tag(kind: object) -> tuple[object, ...]:
    if get_origin(kind) is not Annotated:
        return ()
    return tuple(part.tag for part in get_args(kind) if isinstance(part, Tag))


def _bare(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _below(kind: object, key: str | int) -> list[object]:
    """Return the types of the value at a key or position of a type."""
    bare = _bare(kind)
    if is_model(bare):
        fields = bare.model_fields.items()
        found = [f.annotation for name, f in fields if key in (name, f.alias)]
        return members(found[0]) if found else []
    arguments = get_args(bare)
    if get_origin(bare) is tuple:
        return members(arguments[0])
    return members(arguments[1]) if get_origin(bare) is dict else []


def _walk(model: type[Frozen], at: str) -> Iterator[Place]:
    """Yield every key below a model."""
    tag = next(iter(tags_of(model)), None)
    for name in keys_of(model):
        yield Place(f"{at}{name}", name, tag)
    for name, field in model.model_fields.items():
        for kind in members(field.annotation):
            bare = _bare(kind)
            step = "[]" if get_origin(bare) is tuple else ""
            inner = [bare] if is_model(bare) else _below(bare, 0)
            for item in filter(is_model, inner):
                yield from _walk(item, f"{at}{name}{step}.")
