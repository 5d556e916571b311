"""A plate of MetaXpress, exported or as its database keeps it, as tiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.directory import Directory
from tiles2zarr.parsers.imagexpress_choice import (
    choose_tiles,
    drop_repeated,
    find_projections,
)
from tiles2zarr.parsers.imagexpress_copies import copies_finding, find_copies
from tiles2zarr.parsers.imagexpress_folders import Listing, list_plate
from tiles2zarr.parsers.imagexpress_header import PlaneTags
from tiles2zarr.parsers.imagexpress_places import find_pixel_size, place_planes
from tiles2zarr.parsers.imagexpress_plan import Plan, read_plan
from tiles2zarr.parsers.imagexpress_report import compare_plan, other_files
from tiles2zarr.parsers.imagexpress_samples import (
    LIMITS,
    Headers,
    Limits,
    read_samples,
    unreadable_finding,
)
from tiles2zarr.parsers.records import ParsedAcquisition, build_table
from tiles2zarr.parsers.spacing import measure_t_spacing, measure_z_spacing


@dataclass(frozen=True)
class Channel:
    """One wavelength of the result.

    Args:
        wave: Its number in the file names.
        label: Name of the illumination, else that of the plan, else ``w1`` ...
        wavelength_nm: Wavelength of emission, NaN where not told.
        exposure_s: Exposure time, NaN where not told.
    """

    wave: int
    label: str
    wavelength_nm: float
    exposure_s: float


def parse_plate(
    folder: Directory,
    choice: str,
    plan_name: str | None = None,
    storage: Mapping[str, object] | None = None,
    limits: Limits = LIMITS,
) -> ParsedAcquisition:
    """Return the tiles of a plate.

    Args:
        folder: The plate's folder.
        choice: What becomes of projections.
        plan_name: Name of the plan, where the folder holds several.
        storage: Options of the file system, for URLs.
        limits: How many headers are read.

    Raises:
        ParserError: No header can be read, or no image is of the kind asked for.
    """
    listing = list_plate(folder, storage, plan_name)
    plan, unusable = _plan(listing, storage)
    taken = _take(listing, plan, choice, storage, limits)
    placed = place_planes(taken.planes, taken.said, listing.folder)
    channels = _channels(listing.planes, taken.headers, placed.table, plan)
    table = _order(placed.table, channels)
    pixelsize, unknown = find_pixel_size(table, listing.folder)
    return ParsedAcquisition(
        table=_tile_table(table, channels, taken.first),
        details=_details(table, channels, pixelsize),
        resource=listing.folder,
        channel_ids=tuple(f"w{channel.wave}" for channel in channels),
        plate_name=listing.plate_name or None,
        layout=PlateLayout(rows=plan.rows, columns=plan.columns) if plan else None,
        name=listing.plate_name or None,
        description=plan.description if plan else None,
        start_time=_milliseconds(taken.first),
        end_time=_milliseconds(taken.last),
        findings=(*unusable, *taken.findings, *placed.findings, *unknown),
    )


def _plan(
    listing: Listing, storage: Mapping[str, object] | None
) -> tuple[Plan | None, list[Finding]]:
    """Return the plan, nothing with a finding where it cannot be used.

    The images tell everything of themselves.
    """
    if listing.plan is None:
        return None, []
    try:
        return read_plan(listing.plan, storage), []
    except ParserError as error:
        message = (
            f"{error} The plate is converted by its images alone: its rows and "
            "columns, and planned images that are absent, are not known."
        )
        return None, [Finding(code="plan_unusable", message=message)]


@dataclass(frozen=True)
class _Taken:
    """The files that become tiles, with what was read to choose them.

    Args:
        planes: The planes taken, with ``projected``; their time is ``time_point``.
        said: Their headers, in the same order.
        headers: All headers read.
        first: Time of the first plane, second, NaN where not told.
        last: Time of the last plane, NaN unless all headers were read.
        findings: What was left out, and what the plan says more.
    """

    planes: pd.DataFrame
    said: pd.DataFrame
    headers: Headers
    first: float
    last: float
    findings: tuple[Finding, ...]


def _take(
    listing: Listing,
    plan: Plan | None,
    choice: str,
    storage: Mapping[str, object] | None,
    limits: Limits,
) -> _Taken:
    """Return the files that become tiles: no copies, projections as chosen."""
    planes = listing.planes
    headers = read_samples(listing.folder, planes, storage, limits)
    headers, copies = find_copies(planes, headers, storage, limits)
    said = headers.columns(len(planes))
    projected = find_projections(planes, said, copies)
    taken, noticed = choose_tiles(planes, projected, copies, choice, listing.folder)
    taken, repeated = drop_repeated(planes, said, taken, projected)
    images = planes.assign(projected=projected)
    compared = compare_plan(plan, images) if plan else []
    return _Taken(
        planes=images[taken].rename(columns={"time": "time_point"}),
        said=said[taken],
        headers=headers,
        first=float(said["time"].min()),
        last=float(said["time"].max()) if said["known"].all() else nan,
        findings=(
            *compared,
            *copies_finding(planes, copies),
            *noticed,
            *repeated,
            *unreadable_finding(headers, planes),
            *other_files(listing),
        ),
    )


def _channels(
    planes: pd.DataFrame, headers: Headers, table: pd.DataFrame, plan: Plan | None
) -> tuple[Channel, ...]:
    """Return the wavelengths of the tiles by their numbers."""
    waves = planes["wave"].to_numpy()
    files = planes["file"].to_numpy()
    tiles = set(table["file"])
    first: dict[int, PlaneTags] = {}
    for place in sorted(headers.tags):
        if files[place] in tiles:
            first.setdefault(int(waves[place]), headers.tags[place])
    names = dict(enumerate(plan.waves, start=1)) if plan else {}
    channels = []
    for wave in np.unique(table["wave"].to_numpy()).tolist():
        tags = first.get(wave)
        channels.append(
            Channel(
                wave=wave,
                label=(tags.setting if tags else "") or names.get(wave) or f"w{wave}",
                wavelength_nm=tags.wavelength_nm if tags else nan,
                exposure_s=tags.exposure_s if tags else nan,
            )
        )
    return tuple(channels)


def _order(table: pd.DataFrame, channels: tuple[Channel, ...]) -> pd.DataFrame:
    """Return the planes with ``c`` and ``fov``, in paste order per well."""
    waves = np.array([channel.wave for channel in channels])
    c = np.searchsorted(waves, table["wave"].to_numpy())
    fov = "s" + table["site"].astype(str)
    ordered = table.assign(c=c, fov=fov).sort_values(
        ["row", "column", "t", "site", "c", "z"], kind="stable"
    )
    return ordered.reset_index(drop=True)


def _tile_table(
    table: pd.DataFrame, channels: tuple[Channel, ...], first: float
) -> pd.DataFrame:
    """Return the table of tiles; ``first`` is the time of the first plane, second."""
    exposures = np.array([channel.exposure_s for channel in channels], dtype=float)
    return build_table(
        {
            "file": table["file"],
            "row": table["row"],
            "column": table["column"],
            "fov": table["fov"],
            "x": table["x"],
            "y": table["y"],
            "z": table["z"],
            "t": table["t"],
            "c": table["c"],
            "len_x": table["width"],
            "len_y": table["height"],
            "z_um": table["z_um"],
            "time_s": table["time"] - first,
            "exposure_s": table["exposure_s"].fillna(
                pd.Series(exposures[table["c"].to_numpy()])
            ),
        }
    )


def _details(
    table: pd.DataFrame, channels: tuple[Channel, ...], pixelsize: float
) -> AcquisitionDetails:
    """Return spacings and channels; distances are those of planes that were read."""
    read = table[table["known"]]
    numbers = [_wavelength_id(channel) for channel in channels]
    told_apart = None not in numbers and len(set(numbers)) == len(numbers)
    return AcquisitionDetails(
        pixelsize=pixelsize,
        z_spacing=measure_z_spacing(read) or 1.0,
        t_spacing=measure_t_spacing(read) or 1.0,
        start_z_coo="pixel",
        start_t_coo="pixel",
        channels=tuple(
            ChannelInfo(
                channel_label=channel.label,
                wavelength_id=number if told_apart else f"w{channel.wave}",
            )
            for channel, number in zip(channels, numbers, strict=True)
        ),
    )


def _wavelength_id(channel: Channel) -> str | None:
    """Return the wavelength in nanometer as text, nothing for white light."""
    nm = channel.wavelength_nm
    return f"{nm:g}" if isfinite(nm) and nm > 0 else None


def _milliseconds(second: float) -> int | None:
    """Return epoch milliseconds on the instrument's clock, nothing for NaN."""
    return round(second * 1000) if isfinite(second) else None
