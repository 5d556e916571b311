"""Experiments of HCS.ai as tiles.

A plate has up to three: ``experiment`` (planes, or the projections of stacks),
``experiment_z_stack`` (the stacks) and ``experiment_montage`` (stitched by the
instrument).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.cellvoyager_spacing import measure_t_spacing, measure_z_spacing
from tiles2zarr.parsers.directory import Directory, join, last_part, parent
from tiles2zarr.parsers.imagexpress_experiment_files import locate_images
from tiles2zarr.parsers.imagexpress_images import read_images
from tiles2zarr.parsers.imagexpress_protocol import (
    Protocol,
    Wavelength,
    read_protocol,
)
from tiles2zarr.parsers.records import ParsedAcquisition, build_table

STACK, SINGLE, MONTAGE = "stack", "single", "montage"


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
    by_kind = _by_kind(folders)
    main, other = _roles(by_kind, choice, folders[0])
    experiment = _read(main, storage)
    images, findings = experiment.images, list(experiment.findings)
    if other is not None:
        beside = _read(other, storage)
        alone = ~beside.images["wave"].isin(images["wave"].unique())
        added = alone if choice in ("auto", "keep") else alone & False
        images = pd.concat([images, beside.images[added]], ignore_index=True)
        findings += _left_out(beside, added, choice)
    findings += _montage(by_kind.get(MONTAGE), main)
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


def _by_kind(folders: Sequence[Directory]) -> Mapping[str, Directory]:
    """Return the folder of each kind of experiment."""
    found: dict[str, Directory] = {}
    for folder in folders:
        name = last_part(folder.path).casefold().replace("_", "")
        kind = SINGLE
        if "montage" in name:
            kind = MONTAGE
        elif "zstack" in name:
            kind = STACK
        if kind in found:
            raise ParserError(
                f"{parent(folder.path)} holds two experiments of one kind, "
                f"{last_part(found[kind].path)} and {last_part(folder.path)}. Give one "
                "of them as path."
            )
        found[kind] = folder
    return found


def _roles(
    by_kind: Mapping[str, Directory], choice: str, first: Directory
) -> tuple[Directory, Directory | None]:
    """Return the experiment to take, and the one beside it: projections or planes."""
    stack, single = by_kind.get(STACK), by_kind.get(SINGLE)
    if choice == "only":
        if stack is None or single is None:
            raise ParserError(
                f"{parent(first.path)} holds planes only, and option projections is "
                "'only': no projections are left. Set projections to auto."
            )
        return single, stack
    if stack is not None:
        return stack, single
    return single or by_kind[MONTAGE], None


def _read(folder: Directory, storage: Mapping[str, object] | None) -> Experiment:
    """Return an experiment with its images."""
    protocol = read_protocol(_only(folder, ".jdce"), storage)
    images = read_images(_only(folder, ".csv"), storage)
    located = locate_images(folder, images["file"].tolist(), storage)
    home = last_part(folder.path)
    files = [f"{home}/{file}" for file in located.files]
    return Experiment(
        folder.path, protocol, images.assign(file=files), located.findings
    )


def _only(folder: Directory, suffix: str) -> str:
    """Return the path of the only file with this suffix."""
    files = [name for name in folder.files if name.lower().endswith(suffix)]
    if len(files) != 1:
        found = ", ".join(files[:SHOWN]) or "none"
        raise ParserError(
            f"{folder.path} should hold one {suffix} file, found: {found}. Copy the "
            "experiment again from the instrument, without files of other origin."
        )
    return join(folder.path, files[0])


def _left_out(
    beside: Experiment, added: "pd.Series[bool]", choice: str
) -> list[Finding]:
    """Return findings on the images of the other experiment."""
    kind = "planes" if choice == "only" else "projections"
    lost, kept = beside.images[~added], beside.images[added]
    findings = []
    if len(lost):
        hint = "auto" if choice == "only" else "keep for a plate of their own"
        findings.append(
            Finding(
                code=f"{kind}_left_out",
                severity="info",
                message=f"{len(lost)} {kind} in {last_part(beside.folder)} are left "
                f"out. Set option projections to {hint}.",
                count=len(lost),
                files=tuple(lost["file"].iloc[:SHOWN]),
            )
        )
    if len(kept):
        waves = ", ".join(map(str, sorted(kept["wave"].unique())))
        findings.append(
            Finding(
                code="projections_taken",
                severity="info",
                message=f"{len(kept)} images of {last_part(beside.folder)} are taken "
                f"beside the stacks: wavelengths {waves} have no stack.",
                count=len(kept),
                files=tuple(kept["file"].iloc[:SHOWN]),
            )
        )
    return findings


def _montage(folder: Directory | None, main: Directory) -> list[Finding]:
    if folder is None:
        return []
    taken = folder is main
    what = "is taken, there is no other" if taken else "is left out"
    return [
        Finding(
            code="montage_taken" if taken else "montage_left_out",
            severity="info",
            message=f"{last_part(folder.path)}, stitched by the instrument, {what}.",
        )
    ]


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
