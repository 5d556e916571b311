"""The options of the formats ome_xml and scanr."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiles2zarr.errors import ParserError

KNOWN = ("projections", "plate", "plate_acquisition", "without_positions")
"""Options of ome_xml."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "projections": ("auto", "keep", "drop", "only"),
    "without_positions": ("error", "row"),
}


@dataclass(frozen=True)
class Options:
    """What may be asked of the parser.

    Args:
        plate: Name or id of the plate, where a document holds several.
        plate_acquisition: Name or id of the run, where a plate was acquired repeatedly.
        in_row: Lay fields without positions side by side, else refuse them.
    """

    plate: str | None
    plate_acquisition: str | None
    in_row: bool


def read_options(given: Mapping[str, object]) -> Options:
    """Return the options of ome_xml.

    Raises:
        ParserError: One is unknown, has an impossible value, or asks for projections
            only.
    """
    check_options(given, KNOWN, "ome_xml")
    names = (given.get("plate"), given.get("plate_acquisition"))
    plate, run = (None if name is None else str(name) for name in names)
    return Options(plate, run, given.get("without_positions") == "row")


def check_options(
    given: Mapping[str, object], known: tuple[str, ...], format_name: str
) -> None:
    """Check options that have few values.

    Args:
        given: All options.
        known: Those the format has.
        format_name: Its name, for messages.

    Raises:
        ParserError: One is unknown, has an impossible value, or asks for projections
            only.
    """
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ParserError(
            f"option {unknown[0]!r} is unknown to the format {format_name}; known: "
            f"{', '.join(known)}. Correct or delete it."
        )
    for name, choices in _CHOICES.items():
        value = given.get(name, choices[0])
        if name in known and value not in choices:
            raise ParserError(
                f"option {name} is {value!r}, expected one of {', '.join(choices)}. "
                "Correct it."
            )
    if given.get("projections") == "only":
        raise ParserError(
            f"the format {format_name} marks no projections, so option projections "
            "'only' leaves nothing. Set it to auto."
        )
