"""The log of a job: what was used, and every warning once more at its end."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

import tiles2zarr
from tiles2zarr.errors import StoreError
from tiles2zarr.models.finding import Finding
from tiles2zarr.steps.findings import log_findings
from tiles2zarr.steps.job import job


@dataclass
class Params:
    """The params of a rule."""

    version: str = tiles2zarr.__version__
    package: str = "here"
    extensions: tuple[str, ...] = ()


@dataclass
class Snakemake:
    """What a script gets."""

    log: list[str]
    rule: str = "write_zarr"
    params: Params = field(default_factory=Params)


def log_of(path: Path) -> list[str]:
    """Return the lines of a log without their times."""
    return [line.split(" ", 2)[2] for line in path.read_text().splitlines()]


def test_log_ends_with_versions_and_warnings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Warnings, and findings that ask for a look, stand at the end; notes do not."""
    path = tmp_path / "logs/b.log"
    with job(Snakemake([str(path)])) as log:
        log.info("a step")
        log.warning("the disk is slow")
        log_findings(
            [
                Finding(code="tiles_moved", severity="info", message="fine"),
                Finding(code="holes", message="two\nlines", count=1200),
            ]
        )
    lines = log_of(path)
    assert lines[:5] == [
        "INFO write_zarr begins",
        "INFO a step",
        "WARNING the disk is slow",
        "INFO tiles_moved: fine",
        "INFO holes: two lines",
    ]
    assert lines[5].startswith("INFO took 0.")
    assert f"with tiles2zarr {tiles2zarr.__version__}, Python 3." in lines[5]
    assert lines[6:] == [
        "INFO 2 warnings",
        "INFO warning: the disk is slow",
        "INFO warning: holes: two lines",
    ]
    assert capsys.readouterr().err == "write_zarr: the disk is slow\n"


def test_log_of_a_step_that_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error is a line in the log, at its end, and on the screen."""
    path = tmp_path / "b.log"
    with pytest.raises(SystemExit) as ended, job(Snakemake([str(path)])):
        raise StoreError("the disk is full")
    assert ended.value.code == 1
    lines = log_of(path)
    assert lines[1] == "ERROR the disk is full"
    assert lines[-2:] == ["INFO 1 warnings", "INFO warning: the disk is full"]
    assert capsys.readouterr().err == "write_zarr: the disk is full\n"
