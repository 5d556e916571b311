"""Revvity (PerkinElmer) Harmony exports: Operetta, Opera Phenix, Sonata; V4 to V7.

Positions are field centres from the centre of the well; how they map to the images
stands in the index (``OrientationMatrix``), usually with y upwards.
"""

from collections.abc import Mapping, Sequence
from math import isnan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails, StageOrientation
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.operetta_channels import (
    Channel,
    describe_channel,
    find_channels,
    read_orientation,
)
from tiles2zarr.parsers.operetta_files import (
    LAYOUTS,
    PROFILES,
    Located,
    Measurement,
    find_measurement,
    locate_files,
)
from tiles2zarr.parsers.operetta_flatfield import read_profiles
from tiles2zarr.parsers.operetta_images import Index, read_index
from tiles2zarr.parsers.operetta_layout import Conditions, read_layouts
from tiles2zarr.parsers.operetta_planes import (
    measure_t_spacing,
    measure_z_spacing,
    place_planes,
)
from tiles2zarr.parsers.operetta_plate import (
    milliseconds,
    read_description,
    read_layout,
    read_name,
    read_start,
)
from tiles2zarr.parsers.operetta_projections import split_projections
from tiles2zarr.parsers.operetta_values import DIGITS, UNKNOWN
from tiles2zarr.parsers.projections import read_choice
from tiles2zarr.parsers.records import JSON, ParsedAcquisition, build_table


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a Harmony measurement.

    Args:
        path: The plate's folder, its folder ``Images``, or the index; also a URL.
        options: ``projections``: ``auto`` (planes; projections of channels that have
            none), ``drop``, ``only``; ``keep`` is ``auto``.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The metadata are absent, damaged or contradict one another, or
            there are no images of the kind asked for.
    """
    choice = read_choice(options or {}, "operetta")
    measurement = find_measurement(path, storage)
    index = read_index(measurement.index, storage)
    images, left_out, projected = split_projections(index.images, choice, index.source)
    images, located = _locate(measurement, images, left_out)
    channels = find_channels(images[images["file"] != ""], index.entries, index.source)
    planes = place_planes(images, channels)
    acquired = planes.table[planes.table["status"] == "ok"]
    orientation, mixed = read_orientation(channels, index.source)
    layout, misfit = read_layout(index, planes.table)
    conditions, flatfield, noticed = _documents(measurement, index, acquired, storage)
    return ParsedAcquisition(
        table=_tile_table(planes.table, channels),
        details=_details(acquired, channels, orientation),
        resource=measurement.folder.path,
        channel_ids=tuple(channel.id for channel in channels),
        plate_name=read_name(index),
        layout=layout,
        description=read_description(index),
        start_time=read_start(index, acquired["time"].min()),
        end_time=milliseconds(acquired["time"].max()),
        conditions=conditions,
        extras=_extras(index, channels, flatfield),
        findings=(
            *located.findings,
            *projected,
            *planes.findings,
            *mixed,
            *misfit,
            *noticed,
        ),
    )


def _locate(
    measurement: Measurement, images: pd.DataFrame, left_out: pd.DataFrame
) -> tuple[pd.DataFrame, Located]:
    """Return the images with ``file``, ``""`` for those failed, and the findings."""
    has_file = images["ok"] & (images["url"] != "")
    others = pd.concat([images.loc[~has_file, "url"], left_out["url"]])
    located = locate_files(
        measurement,
        images.loc[has_file, "url"].tolist(),
        others[others != ""].tolist(),
        (*measurement.documents(LAYOUTS), *measurement.documents(PROFILES)),
    )
    files = np.full(len(images), "", dtype=object)
    files[has_file.to_numpy()] = located.files
    return images.assign(file=files), located


def _documents(
    measurement: Measurement,
    index: Index,
    acquired: pd.DataFrame,
    storage: Mapping[str, object] | None,
) -> tuple[pd.DataFrame | None, dict[str, JSON], tuple[Finding, ...]]:
    """Return conditions, flat-field profiles by channel id, and findings on both."""
    wells = set(zip(acquired["row"], acquired["column"], strict=True))
    conditions = _conditions(measurement, wells, storage)
    files = measurement.documents(PROFILES)
    profiles, unreadable = read_profiles(index.entries, files, storage)
    return conditions.table, profiles, (*conditions.findings, *unreadable)


def _conditions(
    measurement: Measurement,
    wells: set[tuple[int, int]],
    storage: Mapping[str, object] | None,
) -> Conditions:
    """Return what the assay layouts say; damaged, they cost no plane."""
    try:
        return read_layouts(measurement.documents(LAYOUTS), wells, storage)
    except ParserError as error:
        message = (
            f"{error} The plate has no conditions of its assay layout. Mend it, or "
            "give plate.conditions."
        )
        return Conditions(None, (Finding(code="conditions_unusable", message=message),))


def _tile_table(planes: pd.DataFrame, channels: Sequence[Channel]) -> pd.DataFrame:
    """Return the table of tiles, one row per plane."""
    heights = planes["z_um"] if planes["z_um"].notna().any() else planes["abs_z_um"]
    return build_table(
        {
            "file": planes["file"],
            "plane": planes["page"].where(planes["status"] == "ok", 0),
            "row": planes["row"],
            "column": planes["column"],
            "fov": planes["field"].astype(str),
            "x": planes["x_um"].round(DIGITS),
            "y": planes["y_um"].round(DIGITS),
            "z": planes["z"],
            "t": planes["t"],
            "c": planes["c"],
            "len_x": _known(planes, channels, "width"),
            "len_y": _known(planes, channels, "height"),
            "status": planes["status"],
            "z_um": heights.round(DIGITS),
            "time_s": planes["time_s"],
            "exposure_s": _known(planes, channels, "exposure_s"),
            "source_row": planes["number"],
        }
    )


def _known(
    planes: pd.DataFrame, channels: Sequence[Channel], name: str
) -> NDArray[np.float64]:
    """Return a number per plane: its own, else that of its channel, else NaN."""
    of_channel = [
        c.sizes[name] if name in c.sizes else c.numbers[name] for c in channels
    ]
    given = planes[name].to_numpy(dtype=np.float64)
    unknown = np.isnan(given) | (given == UNKNOWN)
    shared = np.array(of_channel, dtype=np.float64)[planes["c"].to_numpy()]
    return np.where(unknown, shared, given)


def _details(
    planes: pd.DataFrame, channels: Sequence[Channel], orientation: StageOrientation
) -> AcquisitionDetails:
    """Return spacings, channels and the directions of the stage."""
    return AcquisitionDetails(
        pixelsize=channels[0].numbers["pixel_x_um"],
        z_spacing=measure_z_spacing(planes) or 1.0,
        t_spacing=measure_t_spacing(planes) or 1.0,
        start_z_coo="pixel",
        start_t_coo="pixel",
        channels=tuple(describe_channel(channel) for channel in channels),
        stage_corrections=orientation,
    )


def _extras(
    index: Index, channels: Sequence[Channel], flatfield: dict[str, JSON]
) -> dict[str, JSON]:
    """Return the instrument, flat-field profiles, and what else channels have."""
    described: dict[str, JSON] = {}
    for channel in channels:
        numbers: dict[str, JSON] = {
            name: None if isnan(channel.numbers[name]) else channel.numbers[name]
            for name in ("excitation_nm", "emission_nm", "max_intensity")
        }
        described[channel.id] = {
            "image_type": channel.kind or None,
            "orientation_matrix": channel.texts["orientation"] or None,
            **numbers,
        }
    return {
        "instrument": index.instrument,
        "channels": described,
        "flatfield": flatfield,
    }
