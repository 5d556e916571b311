"""What the plan of a plate says that the disk does not hold, and the other way."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import pandas as pd

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import well_name
from tiles2zarr.parsers.directory import Directory, last_part, parent
from tiles2zarr.parsers.imagexpress_folders import Listing
from tiles2zarr.parsers.imagexpress_names import read_folder
from tiles2zarr.parsers.imagexpress_plan import Plan

_SLOT = ["wave", "time", "step"]
_WELL = ["row", "column"]


def compare_plan(plan: Plan, planes: pd.DataFrame) -> list[Finding]:
    """Return findings on wells and planes that are planned or on disk only.

    What no well has was not acquired; what some wells have is missing in the others.

    Args:
        plan: The plan.
        planes: All images on disk, with ``projected``.
    """
    sites = _planned_sites(plan, planes)
    stacked = planes["wave"][~planes["projected"] & (planes["step"] > 0)].unique()
    flat = ~planes["wave"].isin(stacked)
    table = planes[~planes["projected"] | flat]
    table = table.assign(step=table["step"].where(~flat[table.index], 1))
    wells = pd.Series(
        list(zip(table["row"], table["column"], strict=True)), table.index
    )
    selected = wells.isin(list(plan.wells)) if len(wells) else wells.astype(bool)
    inside = (
        selected
        & table["site"].isin(sites)
        & table["wave"].between(1, len(plan.waves))
        & table["time"].between(1, plan.times)
        & table["step"].between(1, plan.steps)
    )
    there = table[inside].drop_duplicates([*_WELL, "site", *_SLOT])
    return [
        *_absent_wells(plan, there),
        *_absent_slots(plan, there, set(map(int, stacked))),
        *_missing(plan, there, len(sites)),
        *_unplanned(plan, table[~inside]),
    ]


def _planned_sites(plan: Plan, planes: pd.DataFrame) -> tuple[int, ...]:
    """Return the numbers of the planned sites.

    Selected sites are numbered one after another; if the disk has higher numbers, then
    by their place in the grid.
    """
    counted = tuple(range(1, len(plan.selected) + 1))
    on_disk = set(planes["site"].unique())
    return counted if on_disk <= set(counted) else plan.selected


def _absent_wells(plan: Plan, there: pd.DataFrame) -> list[Finding]:
    acquired = set(zip(there["row"], there["column"], strict=True))
    wells = [well_name(*well) for well in sorted(plan.wells - acquired)]
    if not wells:
        return []
    message = (
        f"{len(wells)} of {len(plan.wells)} wells that {plan.source} plans have no "
        f"image, e.g. {wells[0]}: the acquisition was stopped before, or is not copied "
        "completely."
    )
    return [
        Finding(
            code="wells_not_acquired",
            message=message,
            count=len(wells),
            wells=tuple(wells[:SHOWN]),
        )
    ]


def _absent_slots(plan: Plan, there: pd.DataFrame, stacked: set[int]) -> list[Finding]:
    """Return a finding on wavelengths, times and steps that no well has."""
    acquired = {tuple(map(int, slot)) for slot in there[_SLOT].drop_duplicates().values}
    if not acquired:
        return []
    counts: Counter[int] = Counter()
    for wave in range(1, len(plan.waves) + 1):
        steps = plan.steps if wave in stacked else 1
        own = sum(slot[0] == wave for slot in acquired)
        counts[wave] = plan.times * steps - own
    absent = {wave: count for wave, count in counts.items() if count > 0}
    if not absent:
        return []
    listed = ", ".join(f"w{wave}: {count}" for wave, count in absent.items())
    message = (
        f"Time points and steps that {plan.source} plans are on disk for no well "
        f"({listed}): they were not acquired, or not exported."
    )
    return [
        Finding(
            code="planes_not_acquired",
            severity="info",
            message=message,
            count=sum(absent.values()),
        )
    ]


def _missing(plan: Plan, there: pd.DataFrame, sites: int) -> list[Finding]:
    """Return a finding on planes that some wells lack and others have."""
    slots = len(there[_SLOT].drop_duplicates())
    counts = there.groupby(_WELL, sort=True).size()
    lacking = counts[counts < slots * sites]
    if lacking.empty:
        return []
    missing = int((slots * sites - lacking).sum())
    wells = [well_name(int(row), int(column)) for row, column in lacking.index]
    message = (
        f"{missing} planes that {plan.source} plans are not on disk, in {len(wells)} "
        f"wells, e.g. {wells[0]}. Copy them, or take them as not acquired."
    )
    return [
        Finding(
            code="missing_planes",
            message=message,
            count=missing,
            wells=tuple(wells[:SHOWN]),
        )
    ]


def _unplanned(plan: Plan, table: pd.DataFrame) -> list[Finding]:
    if table.empty:
        return []
    message = (
        f"{len(table)} images are on disk that {plan.source} does not plan, e.g. "
        f"{table['file'].iloc[0]}; they are taken too."
    )
    return [
        Finding(
            code="unplanned_images",
            severity="info",
            message=message,
            count=len(table),
            files=tuple(table["file"].iloc[:SHOWN]),
        )
    ]


def part_finding(folder: Directory) -> list[Finding]:
    """Return a finding where the folder is one time point or step of a plate."""
    if read_folder(last_part(folder.path)) is None:
        return []
    message = (
        f"{folder.path} is one time point or step of a plate: the plan, the other "
        "planes and which files are copies of them are not looked at. Give "
        f"{parent(folder.path)} as path to convert the plate."
    )
    return [Finding(code="part_of_a_plate", message=message)]


def other_files(listing: Listing) -> list[Finding]:
    """Return findings on thumbnails and on files that are no images of the plate."""
    return [
        *_left_out(listing.thumbnails, "thumbnails", "thumbnails"),
        *_left_out(
            listing.others, "other_files", "files that are no images of this plate"
        ),
    ]


def _left_out(files: Sequence[str], code: str, kind: str) -> list[Finding]:
    if not files:
        return []
    suffixes = Counter(PurePosixPath(file).suffix.lower() or "none" for file in files)
    listed = ", ".join(
        f"{count} {suffix}" for suffix, count in sorted(suffixes.items())
    )
    return [
        Finding(
            code=code,
            severity="info",
            message=f"{len(files)} {kind} are left out ({listed}).",
            count=len(files),
            files=tuple(files[:SHOWN]),
        )
    ]
