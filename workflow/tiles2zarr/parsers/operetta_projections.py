"""Projections among the images of a Harmony measurement: taken or left out."""

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.projections import choose_images, report_alone, report_left_out


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
    acquired = (images["ok"] & (images["url"] != "")).to_numpy()
    if not acquired.any():
        raise ParserError(
            f"{source} lists failed images only, none was acquired. Leave this "
            "measurement out."
        )
    kinds = images["kind"].str
    projected = kinds.contains("projection", case=False, regex=False).to_numpy()
    chosen = choose_images(images["ch"], projected, acquired, choice, source)
    left_out = images[~chosen.taken]
    if choice == "only":
        return images[chosen.taken], left_out, ()
    lost = images[~chosen.taken & projected]["url"].tolist()
    alone = images[chosen.alone]
    names = [f"channel {number}" for number in sorted(alone["ch"].unique())]
    beside = bool((chosen.taken & ~projected).any())
    findings = [
        *report_alone(alone["url"].tolist(), names, beside),
        *report_left_out(lost),
        *_failed(images[~chosen.taken & ~projected]),
    ]
    return images[chosen.taken], left_out, tuple(findings)


def _failed(planes: pd.DataFrame) -> list[Finding]:
    """Return a finding on failed planes whose channel has projections only."""
    if planes.empty:
        return []
    message = f"{len(planes)} failed planes are left out."
    return [
        Finding(
            code="planes_left_out",
            severity="info",
            message=message,
            count=len(planes),
            files=tuple(planes["url"][:SHOWN]),
        )
    ]
