"""Lines of progress beside Snakemake's own output."""

import re
from pathlib import Path

import pytest

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import Plate, config


def told(result: Completed) -> list[str]:
    """Return the lines of progress on standard error, whole lines only."""
    assert "tiles2zarr: " not in result.stdout
    return re.findall(r"^tiles2zarr: (.*)$", result.stderr, re.M)


def test_lines_of_a_run(plate: Plate, run_snakemake: RunSnakemake) -> None:
    """A run ends with a line on what it wrote; a run that writes nothing has none."""
    (plate.state / "done/write_zarr/B_04_0.json").unlink()
    lines = told(run_snakemake(plate.work, config()))
    assert len(lines) == 1
    assert re.fullmatch(r"P1: 3 of 3 wells in \d+ s", lines[0])
    assert told(run_snakemake(plate.work, config())) == []


@pytest.mark.full
def test_lines_while_it_runs(tmp_path: Path, run_snakemake: RunSnakemake) -> None:
    """Lines come while jobs run: wells done of all, rate and time left."""
    plate = Plate(tmp_path / "work")
    plate.write()
    steps = ["--config", "progress=0.2", "--cores", "1"]
    result = run_snakemake(plate.work, config(), *steps)
    lines = told(result)
    assert len(lines) >= 3
    assert all(re.match(r"P1: [0-3] of 3 wells", line) for line in lines)
    assert any(re.search(r"MB/s, about \d+ s left", line) for line in lines)
    assert re.fullmatch(r"P1: 3 of 3 wells, \S+ MB/s in \d+ s", lines[-1])
    assert (
        told(run_snakemake(plate.work, config(), "-F", "--config", "progress=0")) == []
    )


@pytest.mark.full
def test_lines_of_some_wells(plate: Plate, run_snakemake: RunSnakemake) -> None:
    """With ``only`` the wells of the run are counted, not those of the plate."""
    (plate.state / "done/write_zarr/B_04_0.json").unlink()
    lines = told(run_snakemake(plate.work, config(), "--config", "only=B03,B04"))
    assert [line.partition(" in ")[0] for line in lines] == ["P1: 2 of 2 wells"]
