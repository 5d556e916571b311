"""The frame of a job: log file, user folders, version check, errors as lines."""

import logging
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import tiles2zarr
from tiles2zarr.errors import Tiles2ZarrError, VersionError
from tiles2zarr.extension import add_paths
from tiles2zarr.steps.process import spare_blas, spare_collector
from tiles2zarr.stores.local import refused
from tiles2zarr.versions import installed_version

LOG = logging.getLogger("tiles2zarr")
NOTED = "noted"
"""Attribute of log records that are told again at the end of the log."""
_TOLD = ("numpy", "zarr", "tifffile", "imagecodecs", "pandas", "ngio")
"""Packages that decide what a job makes; told if the job used them."""

# the script of write_zarr, whose jobs have several threads, imports this before numpy
spare_blas()


class JobParams(Protocol):
    """The ``params`` every rule gives its script."""

    version: str
    package: str
    extensions: Sequence[str]


class Job(Protocol):
    """The parts of Snakemake's ``snakemake`` object that every script has."""

    params: JobParams
    log: Sequence[str]
    rule: str


class _Remembered(logging.Handler):
    """Keeps warnings, errors and findings that ask for a look, for the log's end."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING or getattr(record, NOTED, False):
            self.lines.append(record.getMessage())


@contextmanager
def job(snakemake: Job) -> Iterator[logging.Logger]:
    """Run a script's body: log to its file, end with a line instead of a traceback.

    The log ends with the versions of what was used, and with all warnings once more.

    Raises:
        SystemExit: The step failed; the message stands in the log and on stderr.
    """
    spare_collector()
    handlers = _start_logging(Path(snakemake.log[0]), snakemake.rule)
    remembered = _Remembered()
    LOG.addHandler(remembered)
    began = time.monotonic()
    try:
        LOG.info("%s begins", snakemake.rule)
        check_version(snakemake.params.version, snakemake.params.package)
        add_paths(snakemake.params.extensions)
        yield LOG
    except Tiles2ZarrError as error:
        LOG.error("%s", error)
        raise SystemExit(1) from None
    except OSError as error:
        LOG.error("%s", refused(error))
        LOG.info("where it happened", exc_info=error)
        raise SystemExit(1) from None
    finally:
        LOG.removeHandler(remembered)
        _log_end(remembered.lines, time.monotonic() - began)
        for handler in handlers:
            LOG.removeHandler(handler)
            handler.close()


def _log_end(lines: Sequence[str], took_s: float) -> None:
    LOG.info("took %.1f s with %s", took_s, ", ".join(_versions()))
    LOG.info("%d warnings", len(lines))
    for line in lines:
        LOG.info("warning: %s", line)


def _versions() -> Iterator[str]:
    """Yield name and version of what this process uses."""
    yield f"tiles2zarr {tiles2zarr.__version__}"
    yield f"Python {platform.python_version()}"
    for name in _TOLD:
        if name in sys.modules:
            yield f"{name} {_version(name)}"


def _version(name: str) -> str:
    """Return a version for the log, whose end no disk error may keep from coming."""
    try:
        return installed_version(name) or "of unknown version"
    except OSError as error:
        return f"of unknown version ({error.strerror})"


def check_version(version: str, package: str) -> None:
    """Make sure this process runs the package that planned the job.

    Raises:
        VersionError: Another installation of tiles2zarr comes first in the job.
    """
    if tiles2zarr.__version__ != version:
        raise VersionError(
            f"this job imports tiles2zarr {tiles2zarr.__version__} from "
            f"{Path(tiles2zarr.__file__).parent}, but the workflow is version "
            f"{version} in {package}. Uninstall the other one, or install the "
            "workflow's own into this environment."
        )


def _start_logging(path: Path, rule: str) -> tuple[logging.Handler, ...]:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    file = logging.FileHandler(path, mode="w", encoding="utf-8")
    file.setFormatter(text)
    screen = logging.StreamHandler(sys.stderr)
    screen.setLevel(logging.WARNING)
    screen.setFormatter(logging.Formatter(f"{rule}: %(message)s"))
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    for handler in (file, screen):
        LOG.addHandler(handler)
    return file, screen
