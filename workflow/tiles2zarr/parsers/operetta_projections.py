"""Projections among the images of a Harmony measurement: taken or left out."""

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding


def split_projections(
    images: pd.DataFrame, choice: str, source: str
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Finding, ...]]:
    """Return the images to take, those left out, and findings.

    A projection is an image whose ``ImageType`` says so.

    Args:
        images: All images of the index.
        choice: One of ``CHOICES``; ``keep`` is ``auto``.
        source: The index, for messages.

    Raises:
        ParserError: None that is to be taken was acquired.
    """
    acquired = images["ok"] & (images["url"] != "")
    if not acquired.any():
        raise ParserError(
            f"{source} lists failed images only, none was acquired. Leave this "
            "measurement out."
        )
    projected = images["kind"].str.contains("projection", case=False, regex=False)
    wanted = projected if choice == "only" else ~projected
    if choice in ("auto", "keep") and not (wanted & acquired).any():
        wanted = projected
    taken, left_out = images[wanted], images[~wanted]
    if not (wanted & acquired).any():
        held, lacked = "planes", "projections"
        if choice == "drop":
            held, lacked = lacked, held
        raise ParserError(
            f"{source} holds {held} only, and option projections is {choice!r}: no "
            f"{lacked} are left. Set projections to auto."
        )
    if choice == "only" or left_out.empty:
        return taken, left_out, ()
    what = "projections" if not projected[wanted].any() else "failed planes"
    return taken, left_out, (_finding(left_out, what),)


def _finding(left_out: pd.DataFrame, what: str) -> Finding:
    cure = " Set option projections to keep for a plate of their own."
    return Finding(
        code="projections_left_out" if what == "projections" else "planes_left_out",
        severity="info",
        message=f"{len(left_out)} {what} are left out."
        f"{cure if what == 'projections' else ''}",
        count=len(left_out),
        files=tuple(left_out["url"][:SHOWN]),
    )
