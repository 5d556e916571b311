"""One command as a process tree: wall and CPU seconds, peak memory."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tiles2zarr.errors import Tiles2ZarrError


@dataclass(frozen=True)
class Figures:
    """What a run cost."""

    wall_s: float
    cpu_s: float
    """User and system seconds of the command and all it waited for."""
    peak_mb: float
    """Resident memory of the largest single process, MiB."""
    load: float
    """Load of the machine before the run, one minute."""


def measure(command: Sequence[str], log: Path) -> Figures:
    """Run a command and return what it cost.

    Raises:
        Tiles2ZarrError: It failed; names its log.
    """
    load = os.getloadavg()[0]
    with open(log, "wb") as stream:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Tiles2ZarrError(
            f"{' '.join(command)} ended with exit code {process.returncode}. See {log}."
        )
    cpu = usage.ru_utime + usage.ru_stime
    return Figures(wall, cpu, usage.ru_maxrss / 1024, load)


def wait_until_quiet(load: float, patience_s: float) -> None:
    """Wait until the load of the last minute is at most ``load``, or patience ends.

    What went on before, the making of a plate for one, still counts in that load.
    """
    deadline = time.monotonic() + patience_s
    while os.getloadavg()[0] > load and time.monotonic() < deadline:
        time.sleep(min(5.0, max(0.0, deadline - time.monotonic())))


def medians(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure, and the highest load."""
    return Figures(
        wall_s=median(run.wall_s for run in runs),
        cpu_s=median(run.cpu_s for run in runs),
        peak_mb=median(run.peak_mb for run in runs),
        load=max(run.load for run in runs),
    )


def tree_size(folder: Path) -> tuple[int, int]:
    """Return files and bytes below a folder."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
