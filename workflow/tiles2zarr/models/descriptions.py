"""Docstrings below fields as descriptions of the models, for schema and documentation.

Pydantic can do so at import, but reads the source of every class in every job for what
only the documentation needs.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise

from pydantic import BaseModel

from tiles2zarr.models.base import Frozen

_BUILT = {"__pydantic_core_schema__"}
"""What pydantic keeps of a model's schema."""


def describe_fields(*, plain: bool = False) -> None:
    """Give the fields of all models imported so far the docstrings below them.

    Args:
        plain: Without line breaks and marks of code, as a form shows them.
    """
    models = tuple(dict.fromkeys(_derived(Frozen)))
    for model in models:
        docs = field_docs(model)
        for name, field in model.model_fields.items():
            # not first what it has: that may be the plain text of an earlier call
            text = docs.get(name) or field.description
            field.description = _plain(text) if plain and text else text
    for model in models:
        # what holds this model must not take its schema as it was
        for name in _BUILT & vars(model).keys():
            delattr(model, name)
    for model in models:
        model.model_rebuild(force=True)


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def field_docs(model: type[Frozen]) -> dict[str, str]:
    """Return the docstrings below a model's fields by name, its bases' too."""
    docs: dict[str, str] = {}
    for above in reversed(model.__mro__):
        if above is not Frozen and issubclass(above, Frozen):
            docs |= _attribute_docs(above)
    return docs


def _derived(model: type[Frozen]) -> Iterator[type[Frozen]]:
    """Yield all models derived from one, bases before what is derived from them."""
    for derived in model.__subclasses__():
        if derived.__module__.startswith("tiles2zarr."):
            yield derived
            yield from _derived(derived)


def _attribute_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring below each annotated name of a class body."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    docs = {}
    for above, below in pairwise(body):
        if (
            isinstance(above, ast.AnnAssign)
            and isinstance(above.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            docs[above.target.id] = inspect.cleandoc(below.value.value)
    return docs
