"""Records of a CellVoyager index to planes: field, channel, z, t, failed ones too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import well_name
from tiles2zarr.parsers.cellvoyager_channels import (
    NO_CHANNEL,
    Channel,
    channel_indices,
    find_channels,
)
from tiles2zarr.parsers.cellvoyager_fields import fill_positions, name_fields
from tiles2zarr.parsers.cellvoyager_records import UNKNOWN
from tiles2zarr.parsers.cellvoyager_settings import ChannelSetting, Detail

_PLANE = ["row", "column", "t", "fov", "c", "z"]
_NEEDED = ["row", "column", "field", "time_point", "ch", "z_index"]


@dataclass(frozen=True)
class Planes:
    """The planes of one acquisition.

    Args:
        table: The records that become tiles with ``fov``, ``c``, ``z`` and ``t`` (from
            0), by well, t, field, channel, z.
        channels: The acquired channels, in the order of ``c``.
        findings: Failed, repeated and moved planes.
    """

    table: pd.DataFrame
    channels: tuple[Channel, ...]
    findings: tuple[Finding, ...]


def place_planes(
    images: pd.DataFrame,
    errors: pd.DataFrame,
    detail: Detail,
    settings: Mapping[int, ChannelSetting],
) -> Planes:
    """Return the planes: those acquired, and those failed whose place is known.

    Planes count from the first z index of the acquisition (of the channel, for
    projections), time points are numbered as they occur in the acquisition.

    Args:
        images: Image records, not empty.
        errors: Error records.
        detail: Tile and pixel sizes.
        settings: What the protocol says, by channel number.

    Raises:
        ParserError: A channel has no sizes, or pixel sizes differ.
    """
    told = (errors[_NEEDED] != UNKNOWN).all(axis=1)
    records = fill_positions(pd.concat([images, errors[told]], ignore_index=True))
    records = records[records[["x_um", "y_um"]].notna().all(axis=1)]
    frames = [detail.frames[n] for n in images["ch"].unique() if n in detail.frames]
    names, moved = name_fields(records, frames)
    records = records.assign(fov=names)
    channels = find_channels(records[records["image"]], detail, settings)
    records = records.assign(c=channel_indices(records, channels))
    records = _number(records[records["c"] != NO_CHANNEL])
    table, repeated = _without_repeats(records)
    failed = table.loc[~table["image"], "number"]
    findings = [*moved, *repeated, *_failures(errors, failed, records)]
    order = table.sort_values(
        ["row", "column", "t", "field", "fov", "c", "z"], kind="stable"
    )
    return Planes(order.reset_index(drop=True), channels, tuple(findings))


def _number(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records with ``z`` and ``t`` from 0."""
    _, t = np.unique(records["time_point"].to_numpy(), return_inverse=True)
    z_index = records["z_index"]
    plane = records["projection"] == ""
    lowest = z_index[plane].min() if plane.any() else 0
    by_channel = z_index.groupby(records["c"]).transform("min")
    z = z_index - by_channel.where(~plane, lowest)
    return records.assign(t=t.reshape(-1), z=z.astype("int64"))


def _without_repeats(records: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the last plane of every place, an image before an error; a finding."""
    images, errors = records[records["image"]], records[~records["image"]]
    ordered = pd.concat([errors, images])
    again = ordered.duplicated(_PLANE, keep="last")
    lost = ordered[again & ordered["image"]]
    if lost.empty:
        return ordered[~again], []
    message = (
        f"{len(lost)} planes are listed again later for the same place, channel and "
        f"time, e.g. {lost['text'].iloc[0]}; the last of each is taken."
    )
    finding = Finding(
        code="repeated_planes",
        message=message,
        count=len(lost),
        files=tuple(lost["text"][:SHOWN]),
        rows=tuple(map(int, lost["number"][:SHOWN])),
    )
    return ordered[~again], [finding]


def _failures(
    errors: pd.DataFrame, failed: "pd.Series[int]", placed: pd.DataFrame
) -> list[Finding]:
    """Return findings on the errors: planes that failed, repeated ones, the others."""
    is_failed = errors["number"].isin(failed)
    is_placed = errors["number"].isin(placed["number"])
    kinds = (
        (
            "failed_planes",
            errors[is_failed],
            "planes failed at the instrument and are holes",
        ),
        (
            "failed_planes_repeated",
            errors[is_placed & ~is_failed],
            "failures at the instrument are of planes that were acquired all the same",
        ),
        (
            "failed_records",
            errors[~is_placed],
            "failures at the instrument do not tell one plane (field, channel, z and "
            "time)",
        ),
    )
    findings = []
    for code, records, what in kinds:
        if not records.empty:
            findings.append(_failure(code, records, what))
    return findings


def _failure(code: str, records: pd.DataFrame, what: str) -> Finding:
    """Return a finding on error records with their commonest message and wells."""
    known = records[(records[["row", "column"]] != UNKNOWN).all(axis=1)]
    places = known[["row", "column"]].drop_duplicates().to_numpy()[:SHOWN]
    wells: Sequence[str] = [well_name(int(row), int(column)) for row, column in places]
    said = records["text"][records["text"] != ""]
    commonest = said.value_counts(sort=True).index
    reason = f" ({commonest[0]})" if len(commonest) else ""
    where = f", e.g. in well {wells[0]}" if wells else ""
    return Finding(
        code=code,
        severity="info" if code == "failed_planes_repeated" else "warning",
        message=f"{len(records)} {what}{reason}{where}.",
        count=len(records),
        wells=tuple(wells),
        rows=tuple(map(int, records["number"][:SHOWN])),
    )
