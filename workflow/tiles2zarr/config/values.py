"""Values of the config: names, places, functions, numbers, options without secrets."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue

from tiles2zarr.config.base import as_text, fault, no_truth_value, squeeze
from tiles2zarr.credentials import credential_in
from tiles2zarr.models.collection import check_name

FUNCTION_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
_SECRETS = {
    "accesskey",
    "accesstoken",
    "accountkey",
    "apikey",
    "authorization",
    "awsaccesskeyid",
    "awssecretaccesskey",
    "awssessiontoken",
    "clientsecret",
    "connectionstring",
    "key",
    "passwd",
    "password",
    "privatekey",
    "refreshtoken",
    "sastoken",
    "secret",
    "secretkey",
    "sessiontoken",
    "token",
}


def _no_credentials(place: str) -> str:
    secret = credential_in(place)
    if secret is not None:
        what = "it" if secret == "a password" else "the query"
        raise ValueError(
            f"holds {secret}, and the config is copied into logs and results; take "
            f"{what} out and give credentials through the environment or a profile"
        )
    return place


def plain(value: object) -> object:
    """Return what YAML made of options as JSON has it: dates and keys as text."""
    if isinstance(value, Mapping):
        return {str(as_text(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return as_text(value) if isinstance(value, date) else value


def check_function(name: str) -> str:
    """Return the name of a user's function.

    Raises:
        ValueError: Not of the form ``package.module:function``.
    """
    if not re.fullmatch(FUNCTION_PATTERN, name):
        raise ValueError(f"expected package.module:function, got {name!r}")
    return name


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        message = f"{pattern!r} is not a regular expression: {error}"
        raise ValueError(message) from error
    return pattern


def _no_secrets(options: dict[str, JsonValue]) -> dict[str, JsonValue]:
    at = _secret_path(options)
    if at is not None:
        raise fault(
            "secrets do not belong in the config, which is copied into logs and "
            "results; use the environment, ~/.aws/credentials or a profile",
            *at,
        )
    return options


def _secret_path(value: JsonValue) -> tuple[str | int, ...] | None:
    if isinstance(value, list):
        inner: list[tuple[str | int, JsonValue]] = list(enumerate(value))
    elif isinstance(value, dict):
        inner = list(value.items())
    else:
        return None
    for key, item in inner:
        if isinstance(key, str) and squeeze(key) in _SECRETS:
            return (key,)
        below = _secret_path(item)
        if below is not None:
            return (key, *below)
    return None


Label = Annotated[str, Field(min_length=1), BeforeValidator(as_text)]
"""Text; unquoted numbers and dates are taken as text."""
Name = Annotated[str, BeforeValidator(as_text), AfterValidator(check_name)]
"""A name that may become part of an output path."""
Location = Annotated[Label, AfterValidator(_no_credentials)]
"""A file, folder or URL."""
Function = Annotated[
    str,
    AfterValidator(check_function),
    Field(json_schema_extra={"pattern": FUNCTION_PATTERN}),
]
"""A user's function, ``package.module:function``."""
Regex = Annotated[Label, AfterValidator(_regex)]
"""A regular expression, searched anywhere in the text."""
_NUMBER = BeforeValidator(no_truth_value)
# Limits stand before the validator: behind it they are missing from the JSON schema.
Whole = Annotated[int, _NUMBER]
"""A whole number."""
Index = Annotated[int, Field(ge=0), _NUMBER]
"""A whole number from 0."""
Count = Annotated[int, Field(ge=1), _NUMBER]
"""A whole number from 1."""
Level = Annotated[int, Field(ge=0, le=9), _NUMBER]
"""A compression level from 0 to 9."""
Number = Annotated[float, Field(allow_inf_nan=False), _NUMBER]
"""A number that is neither infinite nor NaN."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False), _NUMBER]
"""A number above 0."""
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False), _NUMBER]
"""A number from 0."""
Fraction = Annotated[float, Field(ge=0, lt=1), _NUMBER]
"""A number from 0 to below 1."""
Auto = Literal["auto"]
Options = Annotated[dict[str, JsonValue], BeforeValidator(plain)]
"""Options of a user's function, passed on as they are."""
StorageOptions = Annotated[Options, AfterValidator(_no_secrets)]
"""Options of the fsspec file system, without secrets."""
