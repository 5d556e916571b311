"""Which files become tiles: planes, projections, and one file for each place."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.projections import choose_images, report_alone, report_left_out

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
    chosen = choose_images(planes["wave"], projected, ~copies, choice, folder)
    taken, alone = chosen.taken & ~copies, chosen.alone & ~copies
    left_out = planes["file"][~taken & ~copies].tolist()
    waves = [f"w{wave}" for wave in sorted(planes["wave"][alone].unique())]
    beside = bool((taken & ~projected).any())
    return taken, [
        *(
            _planes_left_out(left_out)
            if choice == "only"
            else report_left_out(left_out)
        ),
        *report_alone(planes["file"][alone].tolist(), waves, beside),
    ]


def _planes_left_out(files: Sequence[str]) -> list[Finding]:
    if not files:
        return []
    message = (
        f"{len(files)} planes are left out. Set option projections to auto to take "
        "them instead."
    )
    return [
        Finding(
            code="planes_left_out",
            severity="info",
            message=message,
            count=len(files),
            files=tuple(files[:SHOWN]),
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
