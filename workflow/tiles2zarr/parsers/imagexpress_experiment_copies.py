"""Copies in an HCS.ai experiment: rows that fill in for planes not acquired.

A copy has field, wavelength, time and height of a plane before it; the checksum or the
intensities in the table, else the bytes of the files, prove that it is one.
"""

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
import pandas as pd

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.xml import open_binary

MOST_FILES = 2_000
"""Files that are read to compare their bytes."""
_FIELD = ["row", "column", "site", "wave"]
_SAME = [*_FIELD, "time", "z_um"]


def drop_copies(
    images: pd.DataFrame,
    folder: str,
    storage: Mapping[str, object] | None = None,
    most_files: int = MOST_FILES,
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the images without copies, and a finding on those.

    Args:
        images: The images of an experiment (``read_images``).
        folder: The folder their files are relative to.
        storage: Options of the URL's file system.
        most_files: How many files are read at most.
    """
    told = images[images["time"].notna() & images["z_um"].notna()]
    order = told.sort_values(["time_point", "step"], kind="stable")
    alike = order[order.duplicated(_SAME, keep=False)]
    unmarked = alike.index[alike["mark"] == ""]
    if len(unmarked) > most_files:
        return images, [_suspected(images.loc[unmarked])]
    marks = alike["mark"].copy()
    marks[unmarked] = [_digest(folder, f, storage) for f in alike["file"][unmarked]]
    alike = alike.assign(mark=marks)
    again = alike.duplicated([*_SAME, "mark"]) & (alike["mark"] != "")
    copies = images.index.isin(alike.index[again])
    if not copies.any():
        return images, []
    return images[~copies].reset_index(drop=True), [_finding(images[copies])]


def _digest(folder: str, file: str, storage: Mapping[str, object] | None) -> str:
    """Return a digest of a file, nothing where it cannot be read: no copy then."""
    try:
        with open_binary(join(folder, file), storage) as stream:
            return blake2b(stream.read(), digest_size=16).hexdigest()
    except (OSError, ValueError, ImportError):
        return ""


def _finding(copies: pd.DataFrame) -> Finding:
    waves, counts = np.unique(copies["wave"].to_numpy(), return_counts=True)
    listed = ", ".join(
        f"{count} of wavelength {wave}"
        for wave, count in zip(waves, counts, strict=True)
    )
    return Finding(
        code="filled_copies",
        severity="info",
        message=f"{len(copies)} files are copies that fill in for planes which were "
        "not acquired (same time, height and content as another file of their "
        f"field): {listed}. They are left out.",
        count=len(copies),
        files=tuple(copies["file"].iloc[:SHOWN]),
    )


def _suspected(images: pd.DataFrame) -> Finding:
    return Finding(
        code="copies_suspected",
        message=f"{len(images)} files have time and height of another file of their "
        "field and wavelength, so some may be copies that fill in for planes which "
        "were not acquired; the table of images tells no checksum, and they are too "
        "many to compare. They are taken.",
        count=len(images),
        files=tuple(images["file"].iloc[:SHOWN]),
    )
