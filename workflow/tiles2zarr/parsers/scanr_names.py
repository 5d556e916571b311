"""File names of ScanR: ``B2--W00014--P00001--Z00000--T00000--DAPI.tif``."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from tiles2zarr.models.well import parse_well

_NAME = re.compile(
    r"(?P<prefix>.*?)--W(?P<well>[0-9]{1,6})--P(?P<position>[0-9]{1,6})"
    r"--Z(?P<z>[0-9]{1,6})--T(?P<t>[0-9]{1,6})--(?P<channel>.+)\.tiff?",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_IMAGE = re.compile(r"(?:Image:)?W([0-9]{1,6})P([0-9]{1,6})", re.ASCII)
_WELL = re.compile(r"\(([A-Za-z]{1,2}[0-9]{1,3})\)\s*$", re.ASCII)


class TileName(NamedTuple):
    """What a file name says."""

    file: str
    """The name."""
    prefix: str
    """What comes first: the well's name, or the experiment's."""
    well: int
    """Number of the well, from 1."""
    position: int
    """Number of the field in the well, from 1."""
    z: int
    """Number of the plane, from 0."""
    t: int
    """Number of the time point, from 0."""
    channel: str
    """Name of the channel."""


def read_name(file: str) -> TileName | None:
    """Return what a file name says, or nothing if it is no name of a tile."""
    match = _NAME.fullmatch(file)
    if match is None:
        return None
    well, position, z, t = (int(match[p]) for p in ("well", "position", "z", "t"))
    return TileName(file, match["prefix"], well, position, z, t, match["channel"])


def read_image_id(image_id: str) -> tuple[int, int] | None:
    """Return well and position (from 1) of an image's id: ``Image:W14P1``."""
    match = _IMAGE.fullmatch(image_id.strip())
    return None if match is None else (int(match[1]), int(match[2]))


def well_in_title(title: str) -> str | None:
    """Return the well's name at the end of ``Well 14, Position 1 (B2)``, or nothing."""
    match = _WELL.search(title)
    return None if match is None else match[1]


def read_well_names(names: Iterable[tuple[int, str]]) -> dict[int, tuple[int, int]]:
    """Return (row, column), 0-based, by well number, where names tell.

    Nothing is returned if one name stands for two numbers or the other way round: then
    it is not the well's (an experiment may be called A1).

    Args:
        names: Number of a well and what may be its name.
    """
    found: dict[int, tuple[int, int]] = {}
    for number, name in names:
        try:
            place = parse_well(name)
        except ValueError:
            continue
        if found.setdefault(number, place) != place:
            return {}
    return found if len(set(found.values())) == len(found) else {}
