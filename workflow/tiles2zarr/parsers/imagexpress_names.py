"""File and folder names of MetaXpress: which well, site, wavelength, time and step."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tiles2zarr.models.well import parse_well

ROOT = -1
"""Step of files that lie in no ``ZStep_`` folder."""
_NAME = re.compile(
    r"(?:(?P<plate>.+?)_)?(?P<well>(?-i:[A-Z]{1,2}|[a-p])[0-9]{2})"
    r"(?:_s(?P<site>[0-9]{1,15}))?(?:_w(?P<wave>[0-9]{1,15}))?(?P<thumb>_thumb)?"
    r"(?:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})?\.tiff?",
    re.IGNORECASE,
)
"""A GUID follows the number of the site without a mark: it has eight digits first.
Small letters are rows up to P only: ``s12`` is a site."""
_TIME = re.compile("TimePoint_([0-9]{1,6})", re.IGNORECASE)
_STEP = re.compile("ZStep_([0-9]{1,6})", re.IGNORECASE)
_LARGEST = 99_999
_SINGLE = 1
"""Number of a site, wavelength or time point that is not named: there is one."""


@dataclass(frozen=True)
class ImageName:
    """What a file name says.

    Args:
        plate: Name of the plate.
        row: Row of the well, from 0.
        column: Column of the well, from 0.
        site: Number of the site, 1 where not named.
        wave: Number of the wavelength, 1 where not named.
        thumbnail: Whether it is a thumbnail.
    """

    plate: str
    row: int
    column: int
    site: int
    wave: int
    thumbnail: bool


def read_name(name: str) -> ImageName | None:
    """Return what the name of an image says, or nothing if it is none."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    plate, well, site, wave, thumb = match.groups()
    sites, waves = (_SINGLE if text is None else int(text) for text in (site, wave))
    if max(sites, waves) > _LARGEST:
        return None
    try:
        row, column = parse_well(well)
    except ValueError:
        return None  # no well of a plate, so another kind of name
    return ImageName(plate or "", row, column, sites, waves, thumb is not None)


def read_folder(name: str) -> tuple[str, int] | None:
    """Return ``time`` or ``step`` and its number for a folder of a plate."""
    for kind, pattern in (("time", _TIME), ("step", _STEP)):
        match = pattern.fullmatch(name)
        if match:
            return kind, int(match[1])
    return None


def is_plan(name: str) -> bool:
    """Say whether a file is a plan (``.HTD``)."""
    return name.lower().endswith(".htd")


def is_experiment(files: Iterable[str]) -> bool:
    """Say whether files are those of an experiment of HCS.ai (one is ``.jdce``)."""
    return any(name.lower().endswith(".jdce") for name in files)


def holds_images(files: Iterable[str], folders: Iterable[str]) -> bool:
    """Say whether a folder is that of a MetaXpress plate."""
    return (
        any(map(is_plan, files))
        or any(read_folder(name) for name in folders)
        or any(read_name(name) for name in files)
    )
