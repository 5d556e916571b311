"""Room for what a plan will write, looked at before anything is written."""

import os
from math import prod
from pathlib import Path

from tiles2zarr.errors import StoreError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.state import State

BEST_RATIO = 2
"""Camera images compress by 1.4 to 2; below this much room a run cannot end well."""
SKIP = "or set writing.check_space to false to try all the same."


def check_space(plan: Plan, state: State, output: str) -> tuple[Finding, ...]:
    """Return a finding if the output's disk may be too small for what is to come.

    Images with a receipt are written and need nothing. A URL is not looked at.

    Raises:
        StoreError: The disk has no room for half the bytes, or for the files.
    """
    share = _unwritten(plan, state)
    if "://" in output or not share:
        return ()
    place = Path(output).absolute()
    while not place.exists():
        place = place.parent
    disk = os.statvfs(place)
    free = disk.f_bavail * disk.f_frsize
    need = int(plan.expected_bytes * share)
    files = int(plan.expected_files * share)
    if free * BEST_RATIO < need:
        raise StoreError(
            f"{place} has {_gb(free)} GB free, but {plan.name} needs {_gb(need)} GB "
            f"before compression, and hardly less than {_gb(need // BEST_RATIO)} after "
            f"it. Free space, choose another output, {SKIP}"
        )
    if disk.f_files and disk.f_favail < files:
        raise StoreError(
            f"{place} has room for {disk.f_favail} files, but {plan.name} needs "
            f"{files}. Choose larger chunks, shards or another output, {SKIP}"
        )
    if free >= need:
        return ()
    message = (
        f"{place} has {_gb(free)} GB free; {plan.name} needs {_gb(need)} GB before "
        "compression, so it fits only if its images compress well."
    )
    return (Finding(code="little_space", message=message),)


def _unwritten(plan: Plan, state: State) -> float:
    """Return the share of the plan's pixels that belongs to images without receipt."""
    pixels = {image: prod(entry.shape) for image, entry in plan.images.items()}
    left = (n for image, n in pixels.items() if not state.written(image).is_file())
    return sum(left) / max(1, sum(pixels.values()))


def _gb(size: int) -> str:
    return f"{size / 10**9:.1f}"
