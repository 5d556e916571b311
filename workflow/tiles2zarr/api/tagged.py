"""Classes of the user's own in JSON: tagged by where they are, read back by the tag."""

import sys
from collections.abc import Mapping
from typing import TypeVar

from pydantic import SerializerFunctionWrapHandler, model_serializer

from tiles2zarr.errors import ExtensionError
from tiles2zarr.extension import load_function
from tiles2zarr.models.base import Frozen

Model = TypeVar("Model", bound=Frozen)
KIND = "kind"
"""Key of the tag."""


class Tagged(Frozen):
    """A model whose JSON says of which class it is, so that it reads back alone."""

    @model_serializer(mode="wrap")
    def add_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Return the fields with the tag in front."""
        fields: dict[str, object] = handler(self)
        return {KIND: class_tag(type(self)), **fields}


def class_tag(model: type[Frozen]) -> str:
    """Return where a class is, as ``package.module:Class``.

    Raises:
        ExtensionError: It was made inside a function, where no one else finds it.
    """
    if "<locals>" in model.__qualname__:
        raise ExtensionError(
            f"Class {model.__qualname__} is made inside a function and cannot be found "
            "by another process. Move it to the top of a module."
        )
    return f"{model.__module__}:{model.__qualname__}"


def load_tagged(value: object, base: type[Model]) -> object:
    """Return the model that tagged fields stand for; anything else as it is.

    Raises:
        ExtensionError: The class cannot be imported, or is none of ``base``.
    """
    if not isinstance(value, Mapping) or ":" not in str(value.get(KIND, "")):
        return value
    tag = str(value[KIND])
    module, _, name = tag.partition(":")
    # a class of the running script: importing it again would make another class
    found = getattr(sys.modules.get(module), name, None) or load_function(tag)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ExtensionError(
            f"{tag} is not a {base.__name__}. Derive the class from it, or correct "
            f"{KIND!r} in the JSON."
        )
    return found.model_validate({k: v for k, v in value.items() if k != KIND})
