"""Which files become tiles: planes, projections, and one file for each place."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding

Mask = NDArray[np.bool_]


def find_projections(planes: pd.DataFrame, said: pd.DataFrame, copies: Mask) -> Mask:
    """Return which files are projections.

    The header tells; where it was not read, the headers of the same wavelength and step
    do. A file outside of the folders of steps is one too if its wavelength has planes
    in them.

    Args:
        planes: The planes of the plate.
        said: Their headers (``Headers.columns``).
        copies: Which of them are copies.
    """
    known, tagged = said["known"].to_numpy(), said["tagged"].to_numpy()
    table = planes[["wave", "step"]].assign(tagged=tagged)
    usual = table[known & ~copies].groupby(["wave", "step"])["tagged"].mean() > 0.5
    keys = pd.MultiIndex.from_frame(table[["wave", "step"]])
    projected = np.where(known, tagged, usual.reindex(keys, fill_value=False))
    in_step = (planes["step"] > 0).to_numpy()
    stacked = planes["wave"][in_step & ~projected & ~copies].unique()
    return np.asarray(projected | (~in_step & planes["wave"].isin(stacked)), dtype=bool)


def choose_tiles(
    planes: pd.DataFrame, projected: Mask, copies: Mask, choice: str, folder: str
) -> tuple[Mask, list[Finding]]:
    """Return which files become tiles, and findings on projections.

    With ``auto`` a wavelength that has projections only keeps them, as one plane.

    Args:
        planes: The planes of the plate.
        projected: Which of them are projections.
        copies: Which of them are copies.
        choice: One of ``CHOICES``; ``keep`` is ``auto``.
        folder: The plate's folder, for messages.

    Raises:
        ParserError: There is nothing to take.
    """
    waves = planes["wave"]
    stacked = waves.isin(waves[~projected & ~copies].unique()).to_numpy()
    taken = ~copies & (projected if choice == "only" else ~projected)
    alone = np.zeros(len(planes), dtype=bool)
    if choice in ("auto", "keep"):
        alone = ~copies & projected & ~stacked
        taken |= alone
    if not taken.any():
        held, lacked = (
            ("projections", "planes") if choice == "drop" else ("planes", "projections")
        )
        raise ParserError(
            f"{folder} holds {held} only, and option projections is {choice!r}: no "
            f"{lacked} are left. Set projections to auto."
        )
    left_out = ~taken & ~copies
    return taken, [
        *_left_out(planes[left_out], choice),
        *_alone(planes[alone], bool(stacked.any())),
    ]


def _left_out(planes: pd.DataFrame, choice: str) -> list[Finding]:
    if planes.empty:
        return []
    kind, hint = (
        "projections",
        "Set option projections to keep for a plate of their own.",
    )
    if choice == "only":
        kind, hint = "planes", "Set option projections to auto to take them instead."
    return [
        Finding(
            code=f"{kind}_left_out",
            severity="info",
            message=f"{len(planes)} {kind} are left out. {hint}",
            count=len(planes),
            files=tuple(planes["file"].iloc[:SHOWN]),
        )
    ]


def _alone(planes: pd.DataFrame, beside_stacks: bool) -> list[Finding]:
    """Return a finding on projections that are taken for want of planes."""
    if planes.empty:
        return []
    waves = ", ".join(f"w{wave}" for wave in sorted(planes["wave"].unique()))
    place = " beside the planes of others" if beside_stacks else ""
    return [
        Finding(
            code="projections_taken",
            severity="info",
            message=f"{len(planes)} projections are taken{place}: {waves} have no "
            "planes.",
            count=len(planes),
            files=tuple(planes["file"].iloc[:SHOWN]),
        )
    ]


def drop_repeated(
    planes: pd.DataFrame, said: pd.DataFrame, taken: Mask, projected: Mask
) -> tuple[Mask, list[Finding]]:
    """Return one file for each place, the last acquired, and a finding on others."""
    key = ["row", "column", "site", "wave", "time"]
    table = planes.assign(step=np.where(projected, 0, planes["step"]))
    table = table.assign(taken=said["time"])
    table = table.sort_values("taken", na_position="first", kind="stable")
    order = table[taken[table.index]]
    repeated = order.index[order.duplicated([*key, "step"], keep="last")].to_numpy()
    if not len(repeated):
        return taken, []
    kept = taken.copy()
    kept[repeated] = False
    files = planes["file"].iloc[np.sort(repeated)[:SHOWN]]
    message = (
        f"{len(repeated)} files are of a place, wavelength, step and time that another "
        f"file has too, e.g. {files.iloc[0]}; the last acquired is taken."
    )
    finding = Finding(
        code="repeated_planes",
        message=message,
        count=len(repeated),
        files=tuple(files),
    )
    return kept, [finding]
