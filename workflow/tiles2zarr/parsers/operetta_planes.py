"""Images of a Harmony index to planes: channel, z, t, place, failed ones too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import well_name
from tiles2zarr.parsers.operetta_channels import NO_CHANNEL, Channel, channel_indices
from tiles2zarr.parsers.operetta_values import DIGITS, UNKNOWN

_NEEDED = ["row", "column", "field", "plane", "time_point", "ch"]
_PLANE = ["row", "column", "t", "field", "c", "z"]
_SERIES = ["row", "column", "field", "c"]
_XY = ["x_um", "y_um"]


@dataclass(frozen=True)
class Planes:
    """The planes of one acquisition.

    Args:
        table: The images that become tiles, with ``c``, ``z``, ``t`` (from 0),
            ``status`` and ``time_s``, by well, t, field, channel, z.
        findings: Failed, repeated and never acquired planes.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...]


def place_planes(images: pd.DataFrame, channels: Sequence[Channel]) -> Planes:
    """Return the planes: those acquired, and those failed whose place is known.

    Planes count from the first ``PlaneID`` of their channel; that of a channel without
    stacks keeps its place beside the stacks of others. Heights are not compared: they
    differ by the focus of each channel and field. Time points are numbered as they
    occur in the acquisition.

    Args:
        images: All images taken, with ``file``, ``""`` for those without one.
        channels: Their channels.
    """
    placed = _fill_positions(images)
    told = (placed[_NEEDED] != UNKNOWN).all(axis=1) & placed[_XY].notna().all(axis=1)
    placed = placed[told]
    placed = placed.assign(c=channel_indices(placed, channels))
    placed = placed[placed["c"] != NO_CHANNEL]
    acquired = placed["ok"] & (placed["file"] != "")
    status = np.where(acquired, "ok", np.where(placed["ok"], "missing", "error"))
    placed = _number(placed.assign(status=status, time_s=_times(placed, acquired)))
    table, repeated = _without_repeats(placed)
    lost = images[~images["number"].isin(placed["number"])]
    findings = [*repeated, *_failures(table, lost)]
    order = table.sort_values(_PLANE, kind="stable").reset_index(drop=True)
    return Planes(order, tuple(findings))


def measure_z_spacing(planes: pd.DataFrame) -> float | None:
    """Return the distance of planes in micrometer, or nothing if no stack tells it.

    The median over the stacks of one channel, field and time.

    Args:
        planes: Acquired planes with ``z`` and ``z_um``.
    """
    known = planes[planes["z_um"].notna()].sort_values("z", kind="stable")
    stacks = known.groupby([*_SERIES, "t"])[["z", "z_um"]].agg(["first", "last"])
    steps = (stacks["z", "last"] - stacks["z", "first"]).to_numpy(float)
    heights = (stacks["z_um", "last"] - stacks["z_um", "first"]).to_numpy(float)
    several = steps > 0
    return _positive_median(np.abs(heights[several]) / steps[several])


def measure_t_spacing(planes: pd.DataFrame) -> float | None:
    """Return the distance of time points in second, or nothing if it is not known.

    Args:
        planes: Acquired planes with ``t`` and ``time_s``.
    """
    ordered = planes.sort_values([*_SERIES, "t", "time_s"], kind="stable")
    series = ordered.drop_duplicates([*_SERIES, "t"])
    same = series.duplicated(_SERIES).to_numpy()[1:]
    steps = np.diff(series["t"].to_numpy(float))[same]
    return _positive_median(np.diff(series["time_s"].to_numpy())[same] / steps)


def _positive_median(
    values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]",
) -> float | None:
    known = values[np.isfinite(values)]
    median = round(float(np.median(known)), DIGITS) if known.size else 0.0
    return median if median > 0 else None


def _fill_positions(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images with positions for failed ones that have none, where known.

    A field without any position in its well takes that of the same field in others:
    positions count from the well's centre.
    """
    if images[_XY].notna().all(axis=None):
        return images
    own = images.groupby(["row", "column", "field"])[_XY].transform("first")
    others = images.groupby("field")[_XY].transform("median")
    return images.assign(
        **{name: images[name].fillna(own[name]).fillna(others[name]) for name in _XY}
    )


def _times(images: pd.DataFrame, acquired: "pd.Series[bool]") -> "pd.Series[float]":
    """Return seconds since the first plane.

    The measurement's own offsets count; the time of day only where no plane has one.
    """
    times = images["offset_s"] if images["offset_s"].notna().any() else images["time"]
    since: pd.Series[float] = times - times[acquired].min()
    return since.round(DIGITS)


def _number(images: pd.DataFrame) -> pd.DataFrame:
    """Return the images with ``z`` and ``t`` from 0."""
    _, t = np.unique(images["time_point"].to_numpy(), return_inverse=True)
    plane = images["plane"]
    channels = plane.groupby(images["c"])
    first = channels.transform("min")
    stacked = channels.transform("max") > first
    first = first.where(stacked, plane.min())
    return images.assign(t=t.reshape(-1), z=(plane - first).astype("int64"))


def _without_repeats(images: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the last image of every place, an acquired before a failed; a finding."""
    acquired = images["status"] == "ok"
    ordered = pd.concat([images[~acquired], images[acquired]])
    again = ordered.duplicated(_PLANE, keep="last")
    lost = ordered[again & (ordered["status"] == "ok")]
    if lost.empty:
        return ordered[~again], []
    message = (
        f"{len(lost)} planes are listed again later for the same place, channel and "
        f"time, e.g. {lost['file'].iloc[0]}; the last of each is taken."
    )
    finding = Finding(
        code="repeated_planes",
        message=message,
        count=len(lost),
        files=tuple(lost["file"][:SHOWN]),
        rows=tuple(map(int, lost["number"][:SHOWN])),
    )
    return ordered[~again], [finding]


def _failures(table: pd.DataFrame, lost: pd.DataFrame) -> list[Finding]:
    """Return findings on planes that failed, or that are listed without a file."""
    kinds = (
        (
            "failed_planes",
            table[table["status"] == "error"],
            "planes failed at the instrument and are holes",
        ),
        (
            "planes_not_acquired",
            table[table["status"] == "missing"],
            "planes are listed without a file and are holes",
        ),
        (
            "failed_records",
            lost,
            "images failed at the instrument and do not tell one plane of a channel "
            "that was acquired; they are left out",
        ),
    )
    return [_failure(code, rows, what) for code, rows, what in kinds if len(rows)]


def _failure(code: str, images: pd.DataFrame, what: str) -> Finding:
    """Return a finding on images, with their wells and the commonest state."""
    known = images[(images["row"] != UNKNOWN) & (images["column"] != UNKNOWN)]
    places = known[["row", "column"]].drop_duplicates().to_numpy()[:SHOWN]
    wells = tuple(well_name(int(row), int(column)) for row, column in places)
    states = images["state"][images["state"] != ""].value_counts().index
    state = f" (State {states[0]})" if len(states) else ""
    where = f", e.g. in well {wells[0]}" if wells else ""
    return Finding(
        code=code,
        message=f"{len(images)} {what}{state}{where}.",
        count=len(images),
        wells=wells,
        rows=tuple(map(int, images["number"][:SHOWN])),
    )
