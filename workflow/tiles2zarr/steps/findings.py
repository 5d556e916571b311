"""Findings of many jobs as one short list: one per code, never one per image."""

import logging
from collections.abc import Iterable

from tiles2zarr.models.finding import SHOWN, Finding

LOG = logging.getLogger("tiles2zarr")
NOTED = "noted"
"""Attribute of log records that are told again at the end of the log."""


def log_findings(findings: Iterable[Finding]) -> None:
    """Log a line per group of findings; what asks for a look is told at the end too.

    Not on the screen: a run of many batches would say the same many times, and `status`
    tells it once.
    """
    for finding in group_findings(findings):
        noted = finding.severity != "info"
        times = f" ({finding.count:,})" if finding.count > 1 else ""
        message = " ".join(finding.message.split())
        LOG.info("%s%s: %s", finding.code, times, message, extra={NOTED: noted})


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
