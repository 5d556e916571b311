"""A plate of MetaXpress, exported or as its database keeps it, as tiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
import pandas as pd

from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import PlateLayout
from tiles2zarr.parsers.cellvoyager_spacing import measure_t_spacing, measure_z_spacing
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
    Headers,
    read_samples,
    unreadable_finding,
)
from tiles2zarr.parsers.records import ParsedAcquisition, build_table


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
    folder: Directory, choice: str, storage: Mapping[str, object] | None = None
) -> ParsedAcquisition:
    """Return the tiles of a plate.

    Args:
        folder: The plate's folder.
        choice: What becomes of projections.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The plan is damaged, no header can be read, or no image is of the
            kind asked for.
    """
    listing = list_plate(folder, storage)
    plan = read_plan(listing.plan, storage) if listing.plan else None
    planes = listing.planes
    headers = read_samples(listing.folder, planes, storage)
    headers, copies = find_copies(planes, headers, storage)
    said = headers.columns(len(planes))
    projected = find_projections(planes, said, copies)
    taken, noticed = choose_tiles(planes, projected, copies, choice, listing.folder)
    taken, repeated = drop_repeated(planes, said, taken, projected)
    images = planes.assign(projected=projected).rename(columns={"time": "time_point"})
    placed = place_planes(images[taken], said[taken], listing.folder)
    channels = _channels(planes, headers, taken, plan)
    table = _order(placed.table, channels)
    pixelsize, unknown = find_pixel_size(table, listing.folder)
    compared = compare_plan(plan, planes.assign(projected=projected)) if plan else []
    start, end = _clock(said)
    return ParsedAcquisition(
        table=_tile_table(table, channels, said["time"].min()),
        details=_details(table, channels, pixelsize),
        resource=listing.folder,
        channel_ids=tuple(f"w{channel.wave}" for channel in channels),
        plate_name=listing.plate_name or None,
        layout=PlateLayout(rows=plan.rows, columns=plan.columns) if plan else None,
        name=listing.plate_name or None,
        description=plan.description if plan else None,
        start_time=start,
        end_time=end,
        findings=(
            *compared,
            *copies_finding(planes, copies),
            *noticed,
            *repeated,
            *placed.findings,
            *unknown,
            *unreadable_finding(headers, planes),
            *other_files(listing),
        ),
    )


def _channels(
    planes: pd.DataFrame, headers: Headers, taken: np.ndarray, plan: Plan | None
) -> tuple[Channel, ...]:
    """Return the acquired wavelengths by their numbers."""
    waves = planes["wave"].to_numpy()
    first: dict[int, PlaneTags] = {}
    for place in sorted(headers.tags):
        if taken[place]:
            first.setdefault(int(waves[place]), headers.tags[place])
    names = dict(enumerate(plan.waves, start=1)) if plan else {}
    channels = []
    for wave in np.unique(waves[taken]).tolist():
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
