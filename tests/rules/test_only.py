"""``--config only=...`` converts some wells; a plain run goes on from there."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import Plate, config, contents, touched

Jobs = Callable[[Completed], Counter[str]]


def test_some_wells_first_and_then_the_rest(
    tmp_path: Path,
    converted: Plate,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Jobs,
) -> None:
    """One well of a batch of three is made, then the others; the first is not redone.

    The store is in the end, byte for byte, that of a run of the whole plate.
    """
    plate = Plate(tmp_path / "work")
    plate.write()
    content = config(writing={"images_per_job": "auto"})
    first = run_snakemake(plate.work, content, "--config", "only=b4")
    assert snakemake_jobs(first)["write_zarr"] == 1
    assert plate.wells() == ["B/04"]
    well = {path: seen for path, seen in plate.files().items() if "B/04" in path}
    plan = (plate.state / "plan.json").read_bytes()

    rest = run_snakemake(plate.work, content)
    assert snakemake_jobs(rest) == {
        "register": 1,
        "write_zarr": 1,
        "build_tables": 1,
        "complete": 1,
    }
    assert (plate.state / "plan.json").read_bytes() == plan
    assert plate.wells() == ["B/03", "B/04", "C/03"]
    arrays = {path for path in well if "/tables/" not in path and ".z" not in path}
    assert not touched(well, plate.files()) & arrays
    stable = {p: c for p, c in contents(plate.files()).items() if ".zattrs" not in p}
    whole = contents(converted.files())
    assert stable == {p: c for p, c in whole.items() if ".zattrs" not in p}


@pytest.mark.full
def test_whole_batches_are_not_redone(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """A whole batch is not redone by ``only``, nor by the plain run after it."""
    before = plate.files()
    result = run_snakemake(plate.work, config(), "--config", "only=B03,C/03/0")
    assert snakemake_jobs(result) == {"build_tables": 1, "complete": 1}
    again = run_snakemake(plate.work, config(), "--config", "only=B03,C/03/0")
    assert snakemake_jobs(again) == {}
    run_snakemake(plate.work, config())
    assert plate.files() == before


@pytest.mark.full
@pytest.mark.parametrize("first", [True, False], ids=["first run", "later run"])
def test_unknown_wells(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs, first: bool
) -> None:
    """A well that is not in the plan ends the run before anything is registered."""
    if first:
        (plate.state / "plan.json").unlink()
    result = run_snakemake(plate.work, config(), "--config", "only=B05", check=False)
    assert result.returncode == 1
    assert set(snakemake_jobs(result)) <= {"parse_tiles"}
    assert (
        "config: 1 fault\n  - only: 'B05' is no well and no image of P1; 3 are there, "
        "such as B03, B04, C03\n"
    ) in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.full
def test_empty_choice(plate: Plate, run_snakemake: RunSnakemake) -> None:
    """A choice without names ends before the DAG."""
    result = run_snakemake(plate.work, config(), "--config", "only=B03,", check=False)
    assert result.returncode == 1
    assert "only: a name is empty in 'B03,'" in result.stderr
    assert "Building DAG" not in result.stderr


@pytest.mark.full
def test_choice_alone_is_no_config(tmp_path: Path, repository: Path) -> None:
    """Without a config file a choice of wells is one of the demo plate."""
    shutil.copytree(repository / "config", tmp_path / "config")
    head = [sys.executable, "-m", "snakemake", "-s", str(repository / "Snakefile")]
    arguments = ["-d", str(tmp_path), "-c", "1", "-n", "--config", "only=B03"]
    result = subprocess.run(
        [*head, *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "results/demo/plan.json" in result.stdout + result.stderr
