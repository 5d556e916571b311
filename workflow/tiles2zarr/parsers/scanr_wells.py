"""Numbers of ScanR wells as rows and columns of the plate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import (
    MAX_COLUMNS,
    MAX_ROWS,
    STANDARD_LAYOUTS,
    PlateLayout,
    standard_layout,
    well_name,
)

Well = tuple[int, int]
"""Row and column, 0-based."""


@dataclass(frozen=True)
class Wells:
    """Where the wells are.

    Args:
        places: Row and column by the well's number.
        layout: Physical rows and columns, where they follow.
        findings: Guesses and contradictions.
    """

    places: Mapping[int, Well]
    layout: PlateLayout | None
    findings: tuple[Finding, ...] = ()


def place_wells(
    numbers: Iterable[int],
    told: Mapping[int, Well],
    named: Mapping[int, Well],
    layout: PlateLayout | None,
    source: str,
) -> Wells:
    """Return row and column of wells that are numbered along rows.

    Best is what the plate in the metadata says of the well or of its columns, then the
    well's name, then the columns that other wells' names imply, else 12 columns.

    Args:
        numbers: Numbers of the wells, from 1.
        told: Row and column of wells that the metadata's plate lists.
        named: Row and column of wells by their names.
        layout: Layout of the metadata's plate.
        source: The input, for messages.

    Raises:
        ParserError: A number is no well of the plate, or two are the same well.
    """
    implied = _implied_layout(named)
    plate = layout or implied or standard_layout(96)
    places: dict[int, Well] = {}
    guessed = []
    for number in sorted(set(numbers)):
        if number in told:
            places[number] = told[number]
        elif layout is None and number in named:
            places[number] = named[number]
        else:
            places[number] = _count(number, plate, source)
            if layout is None and implied is None:
                guessed.append(number)
    _check_unique(places, source)
    findings = [*_guessed(guessed, places), *_contradicted(places, named)]
    return Wells(places, layout or implied, tuple(findings))


def _count(number: int, plate: PlateLayout, source: str) -> Well:
    row, column = divmod(number - 1, plate.columns)
    if number < 1 or row >= MAX_ROWS:
        raise ParserError(
            f"{source}: well number {number} is not on a plate of {plate.rows} rows "
            f"and {plate.columns} columns. Correct the plate's columns in the "
            "metadata, or describe the names with format: pattern."
        )
    return row, column


def _implied_layout(named: Mapping[int, Well]) -> PlateLayout | None:
    """Return the standard plate whose count of wells fits all names, if one does.

    Wells of the first row fit every plate.
    """
    fitting = [
        columns
        for columns in range(1, MAX_COLUMNS + 1)
        if all(divmod(n - 1, columns) == well for n, well in named.items())
    ]
    if len(fitting) != 1:
        return None
    wells = [w for w, (_, columns) in STANDARD_LAYOUTS.items() if columns in fitting]
    layout = standard_layout(wells[0]) if wells else None
    held = layout is not None and all(layout.holds(*w) for w in named.values())
    return layout if held else None


def _check_unique(places: Mapping[int, Well], source: str) -> None:
    seen: dict[Well, int] = {}
    for number, place in places.items():
        other = seen.setdefault(place, number)
        if other != number:
            raise ParserError(
                f"{source}: wells number {other} and {number} are both "
                f"{well_name(*place)}. Correct the wells in the metadata, or describe "
                "the names with format: pattern."
            )


def _guessed(numbers: Sequence[int], places: Mapping[int, Well]) -> list[Finding]:
    if not numbers:
        return []
    names = [well_name(*places[number]) for number in numbers]
    message = (
        f"Rows and columns of {len(numbers)} wells are counted along rows of 12, "
        f"because neither plate nor names tell them (well {numbers[0]} is "
        f"{names[0]}). On another plate than 96 wells that is wrong; use format: "
        "pattern there."
    )
    return [
        Finding(
            code="wells_guessed",
            message=message,
            count=len(numbers),
            wells=tuple(names[:SHOWN]),
        )
    ]


def _contradicted(
    places: Mapping[int, Well], named: Mapping[int, Well]
) -> list[Finding]:
    differ = [n for n, place in places.items() if named.get(n, place) != place]
    if not differ:
        return []
    first = differ[0]
    message = (
        f"The plate in the metadata and the names of {len(differ)} wells contradict "
        f"one another, e.g. well {first} is {well_name(*places[first])} by the plate "
        f"and {well_name(*named[first])} by its name; the plate is taken."
    )
    return [
        Finding(
            code="wells_contradicted",
            message=message,
            count=len(differ),
            wells=tuple(well_name(*places[n]) for n in differ[:SHOWN]),
        )
    ]
