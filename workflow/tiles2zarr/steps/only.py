"""``--config only=B03,C04``: some wells or images first, the rest of the plate later.

Plan, batches and fingerprints are those of the whole plate. The batches that hold what
was asked for run, and in them the other images wait; without ``only`` the params of
these batches differ, so that Snakemake goes on with them.
"""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tiles2zarr.errors import ConfigError
from tiles2zarr.models.well import parse_well, well_name
from tiles2zarr.steps.state_files import state_of_disk

_NEAR = 3


@dataclass(frozen=True)
class Place:
    """What the plan says of an image, as far as a choice needs it."""

    batch: str
    well: str | None


def parse_only(value: object) -> tuple[str, ...]:
    """Return the wells or images that were asked for; none means all.

    Args:
        value: What stands in the config: a name, names with commas between, or a list.

    Raises:
        ConfigError: No names.
    """
    if value is None:
        return ()
    items: Sequence[object] = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, bool | dict | list | float) for item in items):
        raise ConfigError("config", [f"only: {value!r} are no names. {_USAGE}"])
    names = [part.strip() for item in items for part in str(item).split(",")]
    if not names or not all(names):
        raise ConfigError("config", [f"only: a name is empty in {value!r}. {_USAGE}"])
    return tuple(dict.fromkeys(names))


_USAGE = "Give wells (only=B03,C04) or image ids (only=B/03/0)"


def chosen_images(
    name: str, places: Mapping[str, str | None], only: Iterable[str]
) -> frozenset[str]:
    """Return the ids of the images of some wells, or all without a choice.

    Args:
        name: The plate's name, for the message.
        places: The well of every image of the plan.
        only: Wells, written in any way (``b3``), or image ids.

    Raises:
        ConfigError: The plan has no such well or image; all of them at once.
    """
    chosen: set[str] = set()
    faults = []
    for asked in only:
        well = _well(asked)
        found = {i for i, at in places.items() if i == asked or (at and at == well)}
        if not found:
            faults.append(_unknown(name, asked, places))
        chosen |= found
    if faults:
        raise ConfigError("config", faults)
    return frozenset(chosen or places)


def _well(text: str) -> str | None:
    try:
        return well_name(*parse_well(text))
    except ValueError:
        return None


def _unknown(name: str, asked: str, places: Mapping[str, str | None]) -> str:
    known = sorted({at or image for image, at in places.items()})
    near = difflib.get_close_matches(_well(asked) or asked, known, _NEAR, 0.0)
    few = f"{len(known)} are there, such as {', '.join(sorted(near))}"
    return f"only: {asked!r} is no well and no image of {name}; {few}"


def chosen_batches(plan: Path, only: Sequence[str]) -> list[str]:
    """Return the batches of a plan that hold what was asked for, all without a choice.

    Raises:
        ConfigError: The plan has no such well or image.
    """
    name, places, batches = _places(plan, _changed(plan))
    chosen = _chosen(name, places, only)
    wanted = {places[image].batch for image in chosen}
    return [batch for batch in batches if batch in wanted]


def left_out(plan: Path, batch: str, only: Sequence[str]) -> list[str]:
    """Return the images of a batch that were not asked for, sorted.

    Raises:
        ConfigError: The plan has no such well or image.
    """
    name, places, _ = _places(plan, _changed(plan))
    chosen = _chosen(name, places, only)
    return sorted(
        image
        for image, place in places.items()
        if place.batch == batch and image not in chosen
    )


def _chosen(
    name: str, places: Mapping[str, Place], only: Sequence[str]
) -> frozenset[str]:
    if not only:
        return frozenset(places)
    return chosen_images(name, {i: place.well for i, place in places.items()}, only)


def _changed(plan: Path) -> int:
    with state_of_disk(plan):
        return plan.stat().st_mtime_ns


@cache
def _places(plan: Path, changed: int) -> tuple[str, dict[str, Place], tuple[str, ...]]:
    """Return name, images and batches of a plan; it is asked for by every job."""
    with state_of_disk(plan):
        content = json.loads(plan.read_bytes())
        places = {
            image: Place(entry["batch"], entry["well"])
            for image, entry in content["images"].items()
        }
        return content["name"], places, tuple(content["batches"])
