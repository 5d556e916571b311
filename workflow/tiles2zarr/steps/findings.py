"""Findings: what the steps notice, told in the log, and as one short list at the end.

The list has one finding per code, never one per image.
"""

import logging
from collections.abc import Iterable

import numpy as np

from tiles2zarr.config.omezarr import ArrayOptions
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.pixels.layout import MAX_CHUNK_BYTES, chunk_shape
from tiles2zarr.steps.job import NOTED

LOG = logging.getLogger("tiles2zarr")


def log_findings(findings: Iterable[Finding], *, aloud: bool = False) -> None:
    """Write findings to the log, those that concern many images once.

    What asks for a look is told at the end of the log too.

    Args:
        findings: The findings.
        aloud: All but the mere infos are warnings, which reach the terminal too: for
            the one job that has them all.
    """
    for finding in group_findings(findings):
        level = logging.INFO
        if aloud and finding.severity != "info":
            level = logging.WARNING
        noted = {NOTED: finding.severity != "info"}
        LOG.log(level, "%s", finding_line(finding), extra=noted)


def finding_line(finding: Finding) -> str:
    """Return a finding as one line: code, image, message, first files."""
    (image, *others) = finding.images or ("",)
    place = f"{image}: " if image and not others else ""
    files = ", ".join(f for f in finding.files if f not in finding.message)
    tail = f" ({files})" if files else ""
    message = " ".join(finding.message.removeprefix(place).split())
    return f"{finding.code}: {place}{message}{tail}"


def hole_findings(image: str, receipt: Receipt) -> list[Finding]:
    """Return a finding on files whose headers read but whose pixels do not."""
    files = receipt.unreadable
    if not files:
        return []
    found = Finding(
        code="unreadable_files",
        severity="error",
        message=f"{len(files)} files cannot be decoded; their planes are holes.",
        count=len(files),
        images=(image,),
        files=files[:SHOWN],
    )
    return [found]


def chunk_findings(image: RegisteredImage, omezarr: ArrayOptions) -> list[Finding]:
    """Return a finding if the chunks asked for are too large and were made smaller."""
    itemsize = np.dtype(image.dtype).itemsize
    chunk, reduced = chunk_shape(omezarr.chunks, image.tile_shape, itemsize)
    if not reduced:
        return []
    shown = " x ".join(map(str, chunk))
    found = Finding(
        code="chunk_reduced",
        severity="info",
        message=(
            f"Chunks as asked for would have more than {MAX_CHUNK_BYTES >> 20} MiB; "
            f"they are {shown} (t, c, z, y, x)."
        ),
        images=(image.image,),
    )
    return [found]


def group_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding per code and severity where each names images, else as given.

    Counts are added up; the message is the first one's, with the number of further
    images; the first few images, files, rows and wells are kept. Equal findings are
    told once.
    """
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in dict.fromkeys(findings):
        same = finding.message if not finding.images else ""
        key = (finding.code, finding.severity, same)
        groups.setdefault(key, []).append(finding)
    return tuple(_one(members) for members in groups.values())


def _one(members: list[Finding]) -> Finding:
    first = members[0]
    if len(members) == 1:
        return first
    images = list(dict.fromkeys(image for m in members for image in m.images))
    message = first.message
    if first.images:
        message = f"{first.images[0]}: {message} The same in {len(members) - 1} more."
    return first.replace(
        message=message,
        count=sum(member.count for member in members),
        images=tuple(images[:SHOWN]),
        files=_first(members, "files"),
        rows=_first(members, "rows"),
        wells=_first(members, "wells"),
    )


def _first(members: list[Finding], name: str) -> tuple[object, ...]:
    values = [value for member in members for value in getattr(member, name)]
    return tuple(dict.fromkeys(values))[:SHOWN]
