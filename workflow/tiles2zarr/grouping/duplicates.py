"""Planes that stand in the table twice, and planes that rounding lays on each other."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.grouping.places import ImageKey, image_codes, place_name
from tiles2zarr.grouping.units import spacings, to_world
from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.finding import SHOWN, Finding

_NOISE = 1e-3
"""Positions this close are the same, pixel or plane."""
_MOST_PLANES = 20_000_000
"""Beyond, tiles of several planes are compared by their first plane only (memory)."""


@dataclass(frozen=True)
class PlaneCheck:
    """What the check of an acquisition's planes came to.

    Args:
        table: The tiles without those that only repeat another one.
        faults: Image to the sentences saying why it cannot be made.
        findings: What was noticed.
    """

    table: pd.DataFrame
    faults: Mapping[ImageKey, str]
    findings: tuple[Finding, ...]


def check_planes(table: pd.DataFrame, details: AcquisitionDetails) -> PlaneCheck:
    """Look for planes of one field, channel, z and t that stand in the table twice.

    The same plane of the same file is dropped with a finding. Two files for one place
    are a fault of their image, as are starts that differ and round to one plane or time
    point. The same at different x,y is left to registration. Tiles without pixels
    (missing, failed) do not count.

    Raises:
        TableError: A length is not whole.
    """
    world = to_world(table, details)
    codes, keys = image_codes(world)
    planes = _planes(world, codes, details)
    repeated = planes.duplicated(list(_KEY), keep=False)
    if not repeated.any():
        return PlaneCheck(table, {}, ())
    pairs = _pairs(planes[repeated])
    dropped = _dropped(planes, pairs)
    faults: dict[ImageKey, str] = {}
    clashes = pairs[pairs["kind"] != "identical"]
    for code in np.unique(clashes["image"].to_numpy(np.int64)):
        own = clashes[clashes["image"] == code]
        faults[keys[code]] = _fault(table, details, keys[code], own)
    findings = _finding(table, codes, keys, dropped)
    kept = table.drop(index=table.index[dropped]).reset_index(drop=True)
    return PlaneCheck(kept, faults, findings)


_KEY = ("field", "c", "z_index", "t_index", "place_y", "place_x")


def _planes(
    world: pd.DataFrame, codes: NDArray[np.int64], details: AcquisitionDetails
) -> pd.DataFrame:
    """Return one row per plane, in the order of tiles and of planes in their files.

    ``z`` and ``t`` are in planes and time points, ``y`` and ``x`` in pixels.
    ``z_index`` and ``t_index`` are those after rounding, from the field's and channel's
    first; places half a tile and more apart have different ``place`` numbers.
    """
    tiles = np.flatnonzero((world["status"] == "ok").to_numpy())
    counts = world[["len_t", "len_c", "len_z"]].to_numpy()[tiles]
    if counts.astype(np.float64).prod(axis=1).sum() > _MOST_PLANES:
        counts = np.ones_like(counts)
    number = counts.prod(axis=1)
    tile = np.repeat(tiles, number)
    step = np.arange(len(tile)) - np.repeat(np.cumsum(number) - number, number)
    len_c, len_z = np.repeat(counts[:, 1:], number, axis=0).T
    field = codes * (world["fov"].nunique() + 1) + pd.factorize(world["fov"])[0]
    spacing = spacings(details)
    planes = pd.DataFrame(
        {
            "tile": tile,
            "image": codes[tile],
            "field": field[tile],
            "file": pd.factorize(world["file"])[0][tile],
            "plane": world["plane"].to_numpy()[tile] + step,
            "c": world["c"].to_numpy()[tile] + step // len_z % len_c,
            "z": world["z"].to_numpy()[tile] / spacing["z"] + step % len_z,
            "t": world["t"].to_numpy()[tile] / spacing["t"] + step // (len_z * len_c),
            "y": world["y"].to_numpy()[tile] / spacing["y"],
            "x": world["x"].to_numpy()[tile] / spacing["x"],
        }
    )
    stacks = planes.groupby(["field", "c"], sort=False)
    fields = planes.groupby("field", sort=False)
    for axis in ("z", "t"):
        start = stacks[axis].transform("min")
        planes[f"{axis}_index"] = np.rint(np.round(planes[axis] - start, 6))
    for axis in ("y", "x"):
        length = world[f"len_{axis}"].to_numpy()[tile]
        planes[f"place_{axis}"] = np.rint(
            (planes[axis] - fields[axis].transform("first")) / length
        )
    return planes


def _pairs(repeated: pd.DataFrame) -> pd.DataFrame:
    """Return each repeated plane with the first of its kind (``first_*``), and why.

    ``kind`` is ``identical``, ``z``, ``t`` (starts differ, but round alike) or ``two``
    (two sources for one place); planes at other x,y are left out.
    """
    first = repeated.groupby(list(_KEY), sort=False).transform("first")
    pairs = repeated.join(first.add_prefix("first_"))
    pairs = pairs[pairs["tile"] != pairs["first_tile"]]
    apart = {axis: (pairs[axis] - pairs[f"first_{axis}"]).abs() for axis in "ztyx"}
    same_source = (pairs["file"] == pairs["first_file"]) & (
        pairs["plane"] == pairs["first_plane"]
    )
    kind = np.select(
        [
            (apart["z"] > _NOISE).to_numpy(),
            (apart["t"] > _NOISE).to_numpy(),
            ((apart["y"] > _NOISE) | (apart["x"] > _NOISE)).to_numpy(),
            same_source.to_numpy(),
        ],
        ["z", "t", "", "identical"],
        "two",
    )
    told: pd.DataFrame = pairs.assign(kind=kind).loc[kind != ""]
    return told


def _dropped(planes: pd.DataFrame, pairs: pd.DataFrame) -> NDArray[np.int64]:
    """Return the tiles of which every plane is that of an earlier tile."""
    identical = pairs.loc[pairs["kind"] == "identical", "tile"].value_counts()
    total = planes["tile"].value_counts().reindex(identical.index)
    return np.sort(identical.index[(identical == total).to_numpy()].to_numpy(np.int64))


def _fault(
    table: pd.DataFrame,
    details: AcquisitionDetails,
    key: ImageKey,
    pairs: pd.DataFrame,
) -> str:
    """Return what is wrong with one image, by its first pair of planes."""
    pair = pairs.iloc[0]
    one, other = table.iloc[int(pair["first_tile"])], table.iloc[int(pair["tile"])]
    files = (
        f"{one['file']!r} and {other['file']!r} (table rows {one['source_row']} and "
        f"{other['source_row']}, field {one['fov']!r}, channel {int(pair['c'])}"
    )
    more = f"; and {len(pairs) - 1} more" if len(pairs) > 1 else ""
    if pair["kind"] == "two":
        return (
            f"{place_name(key)}: {files}, plane {int(pair['z_index'])}, time point "
            f"{int(pair['t_index'])}) stand for one place{more}. Delete one of the "
            "rows, or correct start_z, start_c or start_t."
        )
    axis = str(pair["kind"])
    unit, number = ("plane", "plane") if axis == "z" else ("time point", "time point")
    starts = f"start_{axis} {one[axis]:g} and {other[axis]:g}"
    if getattr(details, f"start_{axis}_coo") == "pixel":
        return (
            f"{place_name(key)}: {starts} of {files}) fall on one {unit}{more}. Give "
            f"whole {number} numbers, or set details.start_{axis}_coo: world."
        )
    return (
        f"{place_name(key)}: {starts} of {files}) fall on one {unit} with "
        f"{axis}_spacing {spacings(details)[axis]:g}{more}. start_{axis} looks like "
        f"{number} numbers: set details.start_{axis}_coo: pixel, or correct "
        f"details.{axis}_spacing."
    )


def _finding(
    table: pd.DataFrame,
    codes: NDArray[np.int64],
    keys: list[ImageKey],
    dropped: NDArray[np.int64],
) -> tuple[Finding, ...]:
    """Return the finding on tiles that were dropped."""
    if not len(dropped):
        return ()
    rows = table.iloc[dropped[:SHOWN]]
    places = [keys[code] for code in np.unique(codes[dropped])]
    return (
        Finding(
            code="duplicate_planes",
            message=(
                f"{len(dropped)} rows repeat a plane of a file that stands in the "
                "table already, at the same place. They were left out."
            ),
            count=len(dropped),
            files=tuple(rows["file"]),
            rows=tuple(rows["source_row"].tolist()),
            wells=tuple(place_name(k) for k in places if not isinstance(k, str))[
                :SHOWN
            ],
            images=tuple(k for k in places if isinstance(k, str))[:SHOWN],
        ),
    )
