"""Copies: files that fill in for planes which were not acquired.

A wavelength that was acquired at some time points or in one plane only has a file at
every time and step all the same, when exported: a copy of the last plane acquired, with
the same time and height in its tags.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.imagexpress_samples import (
    FIELD,
    LIMITS,
    Headers,
    Limits,
    read_headers,
)

Mask = NDArray[np.bool_]
_SAME = [*FIELD, "wave", "taken", "z_um", "tagged", "size"]
_SLOT = ["wave", "time", "step"]


def find_copies(
    planes: pd.DataFrame,
    headers: Headers,
    storage: Mapping[str, object] | None = None,
    limits: Limits = LIMITS,
) -> tuple[Headers, Mask]:
    """Return more headers, and which planes are copies of another one.

    A copy has field, wavelength, time of acquisition, z, kind and size of file in
    common with a plane before it. Where the headers read so far show copies, those of
    all other fields are read too; where they are too many, those of some wells, which
    speak for the others if they agree.

    Args:
        planes: The planes of the plate.
        headers: Headers read so far.
        storage: Options of the file system, for URLs.
        limits: How many headers are read.
    """
    copies, involved = _compare(planes, headers)
    if not copies.any():
        return headers, copies
    wanted = _suspects(planes, headers, involved)
    some = wanted
    if len(wanted) > limits.most:
        some = _of_some_wells(planes, wanted, limits.most)
    headers = read_headers(headers, planes, some, storage)
    copies, _ = _compare(planes, headers)
    if len(some) == len(wanted):
        return headers, copies
    agreed = _agreed(planes, copies, some)
    if agreed is None:
        headers = read_headers(headers, planes, wanted, storage)
        return headers, _compare(planes, headers)[0]
    unseen = np.setdiff1d(wanted, some)
    found = planes.iloc[unseen].merge(agreed, on=_SLOT, how="left")["copy"]
    copies[unseen] = (found == True).to_numpy()  # noqa: E712 (unknown is no copy)
    return headers, copies


def _suspects(
    planes: pd.DataFrame, headers: Headers, involved: Mask
) -> NDArray[np.int64]:
    """Return the planes of all fields where one field has copies or their originals.

    Where that field was not looked at as a whole, all planes of the wavelength.
    """
    slots = planes.loc[involved, _SLOT].drop_duplicates().assign(slot=True)
    merged = planes[_SLOT].merge(slots, on=_SLOT, how="left")
    marked = merged["slot"].notna().to_numpy(copy=True)
    sampled = planes[_SLOT].iloc[sorted(headers.tags)].drop_duplicates()
    if len(sampled) < len(planes[_SLOT].drop_duplicates()):
        marked |= planes["wave"].isin(planes["wave"][involved].unique()).to_numpy()
    return np.flatnonzero(marked)


def _compare(planes: pd.DataFrame, headers: Headers) -> tuple[Mask, Mask]:
    """Return which planes are copies, and which are copies or have one.

    Of equal files the first in time stays, in its own kind of folder: planes in that of
    a step, projections outside.
    """
    said = headers.columns(len(planes)).rename(columns={"time": "taken"})
    table = pd.concat([planes[[*FIELD, *_SLOT]], said], axis=1)
    table = table[table["known"] & table["taken"].notna() & table["z_um"].notna()]
    misplaced = table["tagged"] == (table["step"] > 0)
    table = table.assign(misplaced=misplaced).sort_values(["time", "misplaced", "step"])
    copies, involved = (np.zeros(len(planes), dtype=bool) for _ in range(2))
    copies[table.index[table.duplicated(_SAME)]] = True
    involved[table.index[table.duplicated(_SAME, keep=False)]] = True
    return copies, involved


def _of_some_wells(
    planes: pd.DataFrame, wanted: NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """Return the planes of wells spread over the plate, about ``most`` of them."""
    table = planes.iloc[wanted]
    wells = table.groupby(["row", "column"], sort=True).ngroup().to_numpy()
    count = int(wells.max()) + 1
    kept = max(1, count * most // len(wanted))
    chosen = np.unique(np.linspace(0, count - 1, kept).round())
    return wanted[np.isin(wells, chosen)]


def _agreed(
    planes: pd.DataFrame, copies: Mask, some: NDArray[np.int64]
) -> pd.DataFrame | None:
    """Return whether each wave, time and step is a copy, if all wells agree."""
    table = planes.iloc[some].assign(copy=copies[some])
    agreed = table.groupby(_SLOT, as_index=False)["copy"].agg(["min", "max"])
    if (agreed["min"] != agreed["max"]).any():
        return None
    return agreed.rename(columns={"min": "copy"}).drop(columns="max")


def copies_finding(planes: pd.DataFrame, copies: Mask) -> list[Finding]:
    """Return a finding on the copies, counted per wavelength."""
    if not copies.any():
        return []
    table = planes[copies]
    counts = table["wave"].value_counts().sort_index()
    listed = ", ".join(f"{count} of w{wave}" for wave, count in counts.items())
    message = (
        f"{len(table)} files are copies that fill in for planes which were not "
        f"acquired (same time, z and size as another file of their field): {listed}. "
        "They are left out."
    )
    return [
        Finding(
            code="filled_copies",
            severity="info",
            message=message,
            count=len(table),
            files=tuple(table["file"].iloc[:SHOWN]),
        )
    ]
