"""What is odd about an ND2 file."""

import numpy as np

from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.container_records import left_out
from tiles2zarr.parsers.nikon_nd2_file import Nd2Record


def find_oddities(name: str, record: Nd2Record) -> list[Finding]:
    """Return findings on metadata that cannot be read, and on frames.

    Args:
        name: Name of the file.
        record: What its metadata tell.
    """
    planned = int(np.prod([length for _, length in record.loops] or [1]))
    findings = []
    if record.fault:
        message = (
            f"{name}: names of channels, wavelengths, pixel size and the stage's axes "
            f"cannot be read ({record.fault}). Set them in details."
        )
        findings.append(_finding("metadata_unreadable", message, name, 1))
    missing = planned - record.frames
    if missing > 0:
        message = (
            f"{name}: {missing} of {planned} planned frames were never acquired, the "
            f"last ones along its loops {dict(record.loops)}."
        )
        findings.append(_finding("planned_not_acquired", message, name, missing))
    if missing < 0:
        what = "frames are beyond the loops the file tells"
        numbers = [str(number) for number in range(planned, record.frames)]
        findings.append(left_out("frames_unexplained", what, name, numbers))
    return findings


def _finding(code: str, message: str, name: str, count: int) -> Finding:
    return Finding(code=code, message=message, count=count, files=(name,))
