"""Yokogawa CellVoyager CV7000 and CV8000, CQ1 and CQ3K measurements.

Positions are field centres from the centre of the well, with y upwards.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import ValidationError

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails, StageOrientation
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.well import PlateLayout, well_name
from tiles2zarr.parsers.cellvoyager_channels import Channel, describe_channel
from tiles2zarr.parsers.cellvoyager_files import (
    Measurement,
    find_measurement,
    locate_files,
)
from tiles2zarr.parsers.cellvoyager_planes import Planes, place_planes
from tiles2zarr.parsers.cellvoyager_projections import split_projections
from tiles2zarr.parsers.cellvoyager_records import ERROR, IMAGE, read_records
from tiles2zarr.parsers.cellvoyager_settings import (
    Detail,
    Plate,
    Protocol,
    read_detail,
    read_plate,
    read_protocol,
)
from tiles2zarr.parsers.projections import read_choice
from tiles2zarr.parsers.records import JSON, ParsedAcquisition, build_table
from tiles2zarr.parsers.spacing import measure_t_spacing, measure_z_spacing


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a CellVoyager measurement.

    Args:
        path: The measurement's folder, the folder above, or its index; also a URL.
        options: ``projections``: ``auto`` (planes; projections of channels that have
            none), ``drop``, ``only``; ``keep`` is ``auto``.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: Metadata are absent or damaged, or no image is of the kind asked.
    """
    choice = read_choice(options or {}, "cellvoyager")
    measurement = find_measurement(path, storage)
    detail = read_detail(measurement.detail, storage)
    protocol, plate, unread = _documents(measurement, detail, storage)
    records = read_records(measurement.index, storage)
    planes, found = _place(records, choice, measurement, detail, protocol, storage)
    layout, noticed = _layout(detail, plate, planes.table)
    noticed = [*_unknown_version(detail), *unread, *noticed]
    noticed += _unnamed(planes.channels, measurement) + _unimaged(protocol, records)
    return ParsedAcquisition(
        table=_tile_table(planes.table, planes.channels),
        details=_details(planes.table, planes.channels),
        resource=measurement.folder.path,
        channel_ids=tuple(channel.id for channel in planes.channels),
        plate_name=detail.plate_name or plate.name or detail.title,
        layout=layout,
        name=detail.title,
        description=plate.description,
        start_time=detail.start_time,
        end_time=detail.end_time,
        extras=_extras(detail, planes.channels),
        findings=(*found, *noticed),
    )


def _place(
    records: pd.DataFrame,
    choice: str,
    measurement: Measurement,
    detail: Detail,
    protocol: Protocol,
    storage: Mapping[str, object] | None,
) -> tuple[Planes, list[Finding]]:
    """Return the planes with their files, and what was noticed on the way.

    Raises:
        ParserError: No image is of the kind asked, or a channel's sizes do not fit.
    """
    images, left_out, projected = split_projections(
        records[records["image"]], choice, measurement.index, protocol.channels
    )
    names = images["text"].tolist(), left_out["text"].tolist()
    located = locate_files(measurement, *names, storage)
    images = images.assign(file=located.files)
    errors = records[records["type"] == ERROR].assign(file="")
    planes = place_planes(images, errors, detail, protocol.channels)
    return planes, [
        *located.findings,
        *projected,
        *planes.findings,
        *_unknown_types(records),
    ]


def _unknown_types(records: pd.DataFrame) -> list[Finding]:
    """Return a finding on records that are neither images nor errors."""
    others = records[~records["type"].isin([IMAGE, ERROR])]
    if others.empty:
        return []
    types = ", ".join(sorted(map(repr, others["type"].unique())))
    message = (
        f"{len(others)} records are of types that are not known ({types}) and are left "
        f"out, e.g. record {others['number'].iloc[0]}: {others['text'].iloc[0]!r}."
    )
    return [
        Finding(
            code="unknown_records",
            message=message,
            count=len(others),
            rows=tuple(map(int, others["number"][:SHOWN])),
        )
    ]


def _documents(
    measurement: Measurement, detail: Detail, storage: Mapping[str, object] | None
) -> tuple[Protocol, Plate, list[Finding]]:
    """Return what protocol and plate files say; empty where there are none.

    One that cannot be read is a finding: it names channels or the plate, no plane.
    """
    protocol, plate = Protocol({}, frozenset()), Plate(None, None, None, None)
    faults: list[str] = []
    if settings := measurement.document(detail.settings_file, ".mes"):
        try:
            protocol = read_protocol(settings, storage)
        except ParserError as error:
            faults.append(f"{error} Names and colours of its channels are not known.")
    for name, suffix in ((detail.product_file, ".wpp"), (detail.plate_file, ".wpi")):
        if file := measurement.document(name, suffix):
            try:
                plate = read_plate(file, storage)
            except ParserError as error:
                faults.append(f"{error} What it says of the plate is not known.")
    return (
        protocol,
        plate,
        [Finding(code="document_unusable", message=f) for f in faults],
    )


def _unknown_version(detail: Detail) -> list[Finding]:
    """Return a finding on metadata of another version than 1."""
    version = detail.version or "none"
    if version.split(".")[0] == "1":
        return []
    message = (
        f"{detail.source} is of schema version {version}, known is 1.0; it is read as "
        "such. Compare wells, fields and channels with the measurement."
    )
    return [Finding(code="version_unknown", message=message)]


def _tile_table(planes: pd.DataFrame, channels: Sequence[Channel]) -> pd.DataFrame:
    """Return the table of tiles, one row per plane."""
    c = planes["c"].to_numpy()
    widths = np.array([channel.frame.width for channel in channels], dtype=float)
    heights = np.array([channel.frame.height for channel in channels], dtype=float)
    exposures = np.array([channel.exposure_s for channel in channels], dtype=float)
    return build_table(
        {
            "file": planes["file"],
            "row": planes["row"],
            "column": planes["column"],
            "fov": planes["fov"],
            "x": planes["x_um"],
            "y": planes["y_um"],
            "z": planes["z"],
            "t": planes["t"],
            "c": c,
            "len_x": widths[c],
            "len_y": heights[c],
            "status": np.where(planes["image"], "ok", "error"),
            "z_um": planes["z_um"],
            "time_s": planes["time"] - planes["time"][planes["image"]].min(),
            "exposure_s": exposures[c],
            "source_row": planes["number"],
        }
    )


def _details(planes: pd.DataFrame, channels: Sequence[Channel]) -> AcquisitionDetails:
    """Return spacings, channels and the direction of the stage."""
    acquired = planes[planes["image"]]
    return AcquisitionDetails(
        pixelsize=channels[0].frame.pixel_um[0],
        z_spacing=measure_z_spacing(acquired) or 1.0,
        t_spacing=measure_t_spacing(acquired) or 1.0,
        start_z_coo="pixel",
        start_t_coo="pixel",
        channels=tuple(describe_channel(channel) for channel in channels),
        stage_corrections=StageOrientation(flip_y=True),
    )


def _layout(
    detail: Detail, plate: Plate, planes: pd.DataFrame
) -> tuple[PlateLayout | None, list[Finding]]:
    """Return the plate's rows and columns, unless wells lie outside of them."""
    rows, columns = plate.rows, plate.columns
    if rows is None or columns is None:
        rows, columns = detail.rows, detail.columns
    if rows is None or columns is None:
        return None, []
    used = int(planes["row"].max()), int(planes["column"].max())
    try:
        layout = PlateLayout(rows=rows, columns=columns)
    except ValidationError:
        layout = None
    if layout is not None and layout.holds(*used):
        return layout, []
    message = (
        f"The plate is said to have {rows} rows and {columns} columns, which does not "
        f"hold well {well_name(*used)}; its layout is taken from the wells."
    )
    return None, [Finding(code="layout_contradicted", message=message)]


def _extras(detail: Detail, channels: Sequence[Channel]) -> dict[str, JSON]:
    """Return the instrument, and per channel objective, light and shading image."""
    described: dict[str, JSON] = {}
    for channel in channels:
        setting = channel.setting
        described[channel.id] = {
            "objective": setting.objective if setting else None,
            "excitation_nm": list[JSON](setting.wavelengths) if setting else [],
            "shading_correction": channel.frame.shading,
        }
    return {"instrument": detail.system, "channels": described}


def _unnamed(channels: Sequence[Channel], measurement: Measurement) -> list[Finding]:
    """Return a finding on channels that no protocol names."""
    unnamed = [c for c in channels if c.setting is None or c.setting.name is None]
    if not unnamed:
        return []
    labels = ", ".join(describe_channel(channel).channel_label for channel in unnamed)
    message = (
        f"No .mes file in {measurement.folder.path} names these channels; they are "
        f"called {labels}. Set details.channels to name them."
    )
    return [
        Finding(
            code="channels_unnamed",
            severity="info",
            message=message,
            count=len(unnamed),
        )
    ]


def _unimaged(protocol: Protocol, records: pd.DataFrame) -> list[Finding]:
    """Return a finding on wells that were to be imaged and have no record."""
    places = records[["row", "column"]].drop_duplicates().to_numpy()
    seen = {(int(row), int(column)) for row, column in places}
    wells = [well_name(row, column) for row, column in sorted(protocol.wells - seen)]
    if not wells:
        return []
    message = (
        f"{len(wells)} wells of the protocol have no record, e.g. {wells[0]}: the "
        "measurement was stopped before, or is not complete."
    )
    return [
        Finding(
            code="wells_not_acquired",
            message=message,
            count=len(wells),
            wells=tuple(wells[:SHOWN]),
        )
    ]
