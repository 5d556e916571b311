"""What every model shares: frozen, closed, documented by its own docstrings."""

from typing import Self

from pydantic import BaseModel, ConfigDict

Scalar = str | int | float | bool | None
"""A value of a condition column or attribute; blanks are ``None``."""


class Frozen(BaseModel):
    """An immutable model that refuses unknown fields.

    Field docs are the docstrings below the fields; ``descriptions`` makes them part of
    the models for the JSON schema and the generated documentation. The validator is
    built on first use: a job asks few of the models, and those inside others never.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        populate_by_name=True,
        ser_json_inf_nan="constants",
    )

    def replace(self, **changes: object) -> Self:
        """Return a copy with ``changes`` applied and everything validated again."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(fields | changes)
