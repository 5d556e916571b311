"""What files do not tell of a plate, so that a person has to fill it in."""

from collections.abc import Sequence
from dataclasses import dataclass

from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.parsers.pattern_guess import PatternGuess
from tiles2zarr.parsers.pattern_header import read_header
from tiles2zarr.parsers.pattern_tags import NO_TAGS, Tags
from tiles2zarr.parsers.pattern_text import compile_pattern
from tiles2zarr.steps.pixel_size import find_pixel_size

MARK = "FILL IN: "
"""Stands in the comment of every line of a config that has to be filled in."""
_TRIES = 3
"""Files whose header is tried, so that a damaged one does not matter."""


@dataclass(frozen=True)
class Facts:
    """What the files tell; vendors' indexes tell it all."""

    pixelsize: float | None = None
    """Micrometer, where the config need not tell it because tags of a file do."""
    pixelsize_wanted: bool = False
    z_spacing_wanted: bool = False
    positions_wanted: bool = False


@dataclass(frozen=True)
class Gap:
    """A line that has to be filled in."""

    line: int
    """Counted from 1."""
    text: str
    """What is wanted, and what is done without."""


def find_gaps(config: str) -> tuple[Gap, ...]:
    """Return the lines of a config that have to be filled in."""
    lines = enumerate(config.splitlines(), start=1)
    return tuple(
        Gap(number, line.partition(MARK)[2]) for number, line in lines if MARK in line
    )


def facts_of_images(folder: str, files: Sequence[str], guess: PatternGuess) -> Facts:
    """Return what the tags of the images tell that a proposed pattern matches.

    Args:
        folder: Folder or URL.
        files: Names below it.
        guess: The pattern.
    """
    pattern = compile_pattern(guess.pattern)
    tags = _tags(folder, [name for name in files if pattern.regex.fullmatch(name)])
    return Facts(
        pixelsize=tags.pixelsize,
        pixelsize_wanted=tags.pixelsize is None,
        z_spacing_wanted=guess.planes > 1 and tags.z_spacing is None,
        positions_wanted=guess.fields > 1 and None in (tags.x, tags.y),
    )


def _tags(folder: str, names: Sequence[str]) -> Tags:
    for name in names[:_TRIES]:
        try:
            return read_header(join(folder, name)).tags
        except Tiles2ZarrError:
            continue
    return NO_TAGS


def facts_of_table(path: str) -> Facts:
    """Return what the first file of a tile table tells, of a bad table nothing.

    What is wrong with a table is told by `plan`, which names its rows.
    """
    try:
        parsed = parse_acquisition(path, "tile_table", {}, {})
        size, _ = find_pixel_size(parsed, {})
    except Tiles2ZarrError:
        return Facts(pixelsize_wanted=True)
    told = parsed.details.model_fields_set
    return Facts(
        pixelsize=size,
        pixelsize_wanted=size is None and "pixelsize" not in told,
        z_spacing_wanted="z_spacing" not in told and parsed.table["z"].nunique() > 1,
    )
