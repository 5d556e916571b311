"""Experiments of HCS.ai as tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import Directory, join, last_part, parent
from tiles2zarr.parsers.imagexpress_experiment_copies import drop_copies
from tiles2zarr.parsers.imagexpress_experiment_files import locate_images
from tiles2zarr.parsers.imagexpress_experiment_kinds import (
    MONTAGE,
    by_kind,
    choose_roles,
    left_out_findings,
    montage_finding,
)
from tiles2zarr.parsers.imagexpress_images import read_images
from tiles2zarr.parsers.imagexpress_protocol import (
    Protocol,
    Wavelength,
    read_protocol,
)
from tiles2zarr.parsers.records import ParsedAcquisition, build_table
from tiles2zarr.parsers.spacing import measure_t_spacing, measure_z_spacing


@dataclass(frozen=True)
class Experiment:
    """One experiment, read.

    Args:
        folder: Its folder.
        protocol: What the protocol tells.
        images: Its images (``read_images``), ``file`` relative to the plate's folder.
        findings: Absent and other files.
    """

    folder: str
    protocol: Protocol
    images: pd.DataFrame
    findings: tuple[Finding, ...]


def parse_experiments(
    folders: Sequence[Directory],
    choice: str,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of a plate.

    Args:
        folders: The experiments of one plate.
        choice: What becomes of projections.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: Protocol or table of images are damaged, there are several
            experiments of one kind, or none of the kind asked for.
    """
    kinds = by_kind(folders)
    main, other = choose_roles(kinds, choice, folders[0])
    experiment = _read(main, storage)
    images, findings = experiment.images, list(experiment.findings)
    if other is not None:
        beside = _read(other, storage)
        alone = ~beside.images["wave"].isin(images["wave"].unique())
        added = alone if choice in ("auto", "keep") else alone & False
        images = pd.concat([images, beside.images[added]], ignore_index=True)
        home = last_part(other.path)
        findings += left_out_findings(beside.images, home, added, choice)
    findings += montage_finding(kinds.get(MONTAGE), main)
    table, channels = _table(images, experiment.protocol)
    return ParsedAcquisition(
        table=_tile_table(table, experiment.protocol),
        details=_details(table, channels, experiment.protocol),
        resource=parent(experiment.folder),
        channel_ids=tuple(str(channel.index) for channel in channels),
        plate_name=experiment.protocol.plate_id,
        name=experiment.protocol.plate_id,
        findings=(*findings, *_unnamed(channels, experiment.protocol)),
    )


def _read(folder: Directory, storage: Mapping[str, object] | None) -> Experiment:
    """Return an experiment with its images."""
    index = _only(folder, ".jdce")
    sheet = _only(folder, ".csv", last_part(index).rpartition(".")[0])
    protocol, images = read_protocol(index, storage), read_images(sheet, storage)
    documents = frozenset(map(last_part, (index, sheet)))
    located = locate_images(folder, images["file"].tolist(), documents, storage)
    home = last_part(folder.path)
    files = [f"{home}/{file}" for file in located.files]
    kept, copies = drop_copies(images.assign(file=files), parent(folder.path), storage)
    return Experiment(folder.path, protocol, kept, (*located.findings, *copies))


def _only(folder: Directory, suffix: str, stem: str = "") -> str:
    """Return the path of the only file with this suffix, or the one with this stem."""
    files = [name for name in folder.files if name.lower().endswith(suffix)]
    named = [name for name in files if name.rpartition(".")[0] == stem]
    files = named if len(files) > 1 and named else files
    if len(files) != 1:
        found = ", ".join(files[:SHOWN]) or "none"
        raise ParserError(
            f"{folder.path} should hold one {suffix} file, found: {found}. Copy the "
            "experiment again from the instrument, without files of other origin."
        )
    return join(folder.path, files[0])


def _table(
    images: pd.DataFrame, protocol: Protocol
) -> tuple[pd.DataFrame, tuple[Wavelength, ...]]:
    """Return the images with indices in paste order, and the acquired wavelengths."""
    waves = np.unique(images["wave"].to_numpy())
    known = {wavelength.index: wavelength for wavelength in protocol.wavelengths}
    filters = images.drop_duplicates("wave").set_index("wave")["filter"]
    channels = tuple(
        known.get(wave) or Wavelength(wave, str(filters[wave]) or None, None)
        for wave in waves.tolist()
    )
    table = images.assign(
        c=np.searchsorted(waves, images["wave"]),
        fov="s" + images["site"].astype(str),
        t=images["time_point"] - images["time_point"].min(),
        z=images["step"] - images.groupby("wave")["step"].transform("min"),
    )
    order = ["row", "column", "t", "site", "c", "z"]
    return table.sort_values(order, kind="stable").reset_index(drop=True), channels


def _tile_table(table: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """Return the table of tiles.

    Raises:
        ParserError: Neither table nor protocol tell the size of an image.
    """
    width, height = protocol.size or (np.nan, np.nan)
    widths = table["width"].where(table["width"] >= 1).fillna(width)
    heights = table["height"].where(table["height"] >= 1).fillna(height)
    if widths.isna().any() or heights.isna().any():
        raise ParserError(
            f"{protocol.source}, Camera/Size: neither it nor the table of images tells "
            "the size of an image. Copy or export the file again from the instrument."
        )
    return build_table(
        {
            **{name: table[name] for name in ("file", "row", "column", "fov")},
            **{name: table[name] for name in ("x", "y", "z", "t", "c")},
            "len_x": widths,
            "len_y": heights,
            "z_um": table["z_um"],
            "time_s": table["time"] - table["time"].min(),
            "exposure_s": table["exposure_s"],
            "source_row": table["number"],
        }
    )


def _details(
    table: pd.DataFrame, channels: Sequence[Wavelength], protocol: Protocol
) -> AcquisitionDetails:
    """Return spacings as measured, else as planned; wavelengths by emission."""
    numbers = [channel.emission_nm for channel in channels]
    told_apart = None not in numbers and len(set(numbers)) == len(numbers)
    stacked = bool((table["z"] > 0).any())
    series = bool((table["t"] > 0).any())
    z_step = measure_z_spacing(table) or protocol.z_step_um
    t_step = measure_t_spacing(table) or protocol.t_step_s
    return AcquisitionDetails(
        pixelsize=protocol.pixel_um,
        z_spacing=(z_step if stacked else None) or 1.0,
        t_spacing=(t_step if series else None) or 1.0,
        start_z_coo="pixel",
        start_t_coo="pixel",
        channels=tuple(
            ChannelInfo(
                channel_label=channel.name or f"w{channel.index}",
                wavelength_id=f"{nm:g}" if told_apart else f"w{channel.index}",
            )
            for channel, nm in zip(channels, numbers, strict=True)
        ),
    )


def _unnamed(channels: Sequence[Wavelength], protocol: Protocol) -> list[Finding]:
    """Return a finding on wavelengths that the protocol does not know."""
    known = {wavelength.index for wavelength in protocol.wavelengths}
    unknown = [str(c.index) for c in channels if c.index not in known]
    if not unknown:
        return []
    message = (
        f"{protocol.source} does not name the wavelengths {', '.join(unknown)}, which "
        "were acquired. Set details.channels to name them."
    )
    return [
        Finding(
            code="channels_unnamed",
            severity="info",
            message=message,
            count=len(unknown),
        )
    ]
