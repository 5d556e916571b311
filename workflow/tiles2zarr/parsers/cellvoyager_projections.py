"""Projections among the images of a CellVoyager measurement: taken or left out."""

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding


def split_projections(
    images: pd.DataFrame, choice: str, source: str
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Return the image records to take, those left out, and findings.

    Args:
        images: All image records.
        choice: One of ``CHOICES``; ``keep`` is ``auto``.
        source: The index, for messages.

    Raises:
        ParserError: There is none to take.
    """
    projected = images["projection"] != ""
    wanted = projected if choice == "only" else ~projected
    if choice in ("auto", "keep") and projected.all():
        wanted = projected
    taken, left_out = images[wanted], images[~wanted]
    if taken.empty and left_out.empty:
        raise ParserError(
            f"{source} holds errors only, no image was acquired. Leave this "
            "measurement out."
        )
    if taken.empty:
        held, lacked = "planes", "projections"
        if choice == "drop":
            held, lacked = lacked, held
        raise ParserError(
            f"{source} holds {held} only, and option projections is {choice!r}: no "
            f"{lacked} are left. Set projections to auto."
        )
    if choice == "only" or left_out.empty:
        return taken, left_out, []
    return taken, left_out, [_finding(taken, left_out)]


def _finding(taken: pd.DataFrame, left_out: pd.DataFrame) -> Finding:
    """Return a finding on the projections, and on channels that have nothing else."""
    kinds = left_out["projection"].value_counts().sort_index()
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    lost = sorted(set(left_out["ch"]) - set(taken["ch"]))
    alone = f", among them all images of channel {', '.join(map(str, lost))}"
    return Finding(
        code="projections_left_out",
        severity="info",
        message=f"{len(left_out)} projections are left out ({listed})"
        f"{alone if lost else ''}. Set option projections to keep for a plate of "
        "their own.",
        count=len(left_out),
        files=tuple(left_out["text"][:SHOWN]),
    )
