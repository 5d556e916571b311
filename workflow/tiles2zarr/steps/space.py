"""Room for what a plan will write, looked at before anything is written."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from tiles2zarr.errors import StoreError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.state import State
from tiles2zarr.steps.quotas import Quota, quotas_of

BEST_RATIO = 2
"""Camera images compress by 1.4 to 2; below this much room a run cannot end well."""
SKIP = "or set writing.check_space to false to try all the same."


@dataclass(frozen=True)
class Room:
    """What may still be written, by the disk or by a quota on it."""

    what: str
    """Beginning of a sentence: the disk, or whose quota."""
    cure: str
    """What makes more room, with a comma."""
    space: int | None
    """Bytes; ``None``: no bound."""
    files: int | None
    """Files; ``None``: no bound."""
    soft: int | None = None
    """Bytes before a time of grace begins; ``None``: there is none."""


def check_space(plan: Plan, state: State, output: str) -> tuple[Finding, ...]:
    """Return a finding if the output's disk may be too small for what is to come.

    Disk and quotas are looked at. Images with a receipt are written and need nothing. A
    URL is not looked at.

    Raises:
        StoreError: There is no room for half the bytes, or for the files.
    """
    share = _unwritten(plan, state)
    if "://" in output or not share:
        return ()
    place = Path(output).absolute()
    while not place.exists():
        place = place.parent
    need = int(plan.expected_bytes * share)
    files = int(plan.expected_files * share)
    rooms = [_disk(place), *(_room(quota, place) for quota in quotas_of(place))]
    for room in rooms:
        _refuse_too_little(room, plan.name, need, files)
    messages = [text for room in rooms for text in _warnings(room, plan.name, need)]
    return tuple(Finding(code="little_space", message=text) for text in messages)


def _disk(place: Path) -> Room:
    """Return what the disk has, or the quota of a project if the folder is of one."""
    disk = os.statvfs(place)
    return Room(
        what=f"{place} has",
        cure="Free space,",
        space=disk.f_bavail * disk.f_frsize,
        files=disk.f_favail if disk.f_files else None,
    )


def _room(quota: Quota, place: Path) -> Room:
    now = time.time()
    return Room(
        what=f"The quota of {quota.owner} at {place} has",
        cure=f"Remove files of {quota.owner} there, ask for a larger quota,",
        space=quota.space.left(now),
        files=quota.files.left(now),
        soft=quota.space.left_to_soft,
    )


def _refuse_too_little(room: Room, name: str, need: int, files: int) -> None:
    if room.space is not None and room.space * BEST_RATIO < need:
        raise StoreError(
            f"{room.what} {_gb(room.space)} GB free, but {name} needs {_gb(need)} GB "
            f"before compression, and hardly less than {_gb(need // BEST_RATIO)} after "
            f"it. {room.cure} choose another output, {SKIP}"
        )
    if room.files is not None and room.files < files:
        raise StoreError(
            f"{room.what} room for {room.files} files, but {name} needs "
            f"{files}. Choose larger chunks, shards or another output, {SKIP}"
        )


def _warnings(room: Room, name: str, need: int) -> Iterator[str]:
    if room.space is not None and room.space < need:
        yield (
            f"{room.what} {_gb(room.space)} GB free; {name} needs {_gb(need)} GB "
            "before compression, so it fits only if its images compress well."
        )
    elif room.soft is not None and room.soft < need:
        yield (
            f"{room.what} {_gb(room.soft)} GB to its soft limit; {name} needs "
            f"{_gb(need)} GB before compression. Past it, writing is refused when the "
            "time of grace is over."
        )


def _unwritten(plan: Plan, state: State) -> float:
    """Return the share of the plan's pixels that belongs to images without receipt."""
    pixels = {image: prod(entry.shape) for image, entry in plan.images.items()}
    left = (n for image, n in pixels.items() if not state.written(image).is_file())
    return sum(left) / max(1, sum(pixels.values()))


def _gb(size: int) -> str:
    return f"{size / 10**9:.1f}"
