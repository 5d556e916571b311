"""The option ``projections``, the only one of most vendor formats."""

from collections.abc import Mapping

from tiles2zarr.errors import ParserError

CHOICES = ("auto", "keep", "drop", "only")
_OPTION = "projections"


def read_choice(options: Mapping[str, object], format_name: str) -> str:
    """Return the option ``projections``, ``auto`` where it is not given.

    Raises:
        ParserError: An option is unknown, or its value is.
    """
    unknown = [name for name in options if name != _OPTION]
    if unknown:
        raise ParserError(
            f"option {unknown[0]!r} is unknown to the format {format_name}, known is "
            f"{_OPTION!r}. Delete it."
        )
    choice = options.get(_OPTION, "auto")
    if choice not in CHOICES:
        raise ParserError(
            f"option {_OPTION} is {choice!r}, expected one of {', '.join(CHOICES)}. "
            "Correct it."
        )
    return str(choice)
