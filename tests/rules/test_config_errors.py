"""From a config to the plates of a run: faults, places, several plates, modules."""

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import (
    IMAGES,
    TABLE,
    WELLS,
    Plate,
    arrays,
    config,
    contents,
    files_below,
    table_rows,
    write_csv,
)

Jobs = Callable[[Completed], Counter[str]]
FOLDERS = ("workflow", "scripts", "profiles", "config", "envs")
"""What a checkout needs to run, besides the Snakefile."""
MODULE = """\
configfile: "config.yaml"

module tiles:
    snakefile: "{repository}/workflow/Snakefile"
    config: config
    pathvars:
        results="state"

use rule * from tiles
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Plate:
    """Return the plate as files and tables, not converted."""
    plate = Plate(tmp_path / "work")
    plate.write()
    return plate


def test_bad_config_tells_all_faults_before_any_job(
    fresh: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Every fault stands in one message of lines; no job starts, nothing is made."""
    wrong = config(
        plate={"layout": 97},
        omezarr={"num_levls": 3},
        writing={"overwrite_mode": "overwite"},
        acquisition={"details": {"pixelsize": -0.5}},
    )
    result = run_snakemake(fresh.work, wrong, check=False)
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert "config: 4 faults" in output
    for place in (
        "plate.layout: ",
        "omezarr.num_levls: ",
        "writing.overwrite_mode: ",
        "acquisitions[0].details.pixelsize: ",
    ):
        assert sum(f"  - {place}" in line for line in output.splitlines()) == 1
    assert "num_levels" in output
    assert "Traceback" not in output
    assert snakemake_jobs(result) == {}
    assert not fresh.state.exists()
    assert not fresh.store.exists()


def test_bad_table_tells_all_rows_without_a_traceback(
    fresh: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """A fault of the tile table ends the run in parse_tiles with its rows named."""
    rows = table_rows(*WELLS)
    rows[2]["start_x"] = "left"
    rows[5]["length_y"] = -24
    write_csv(fresh.work / TABLE, rows)
    result = run_snakemake(fresh.work, config(), check=False)
    output = result.stdout + result.stderr
    assert result.returncode != 0
    assert f"{TABLE}: 2 faults" in output
    for part in ("start_x", "'left'", "length_y", "-24"):
        assert part in output
    assert "Traceback" not in output
    assert set(snakemake_jobs(result)) == {"parse_tiles"}
    assert not fresh.store.exists()


def test_relative_paths_start_from_the_working_folder(
    fresh: Plate, repository: Path, run_snakemake: RunSnakemake
) -> None:
    """In a checkout, and from anywhere by -s and -d, one config makes one plan."""
    run_snakemake(fresh.work, config(), "--until", "parse_tiles")
    checkout = fresh.work.parent / "checkout"
    for part in FOLDERS:
        shutil.copytree(repository / part, checkout / part)
    shutil.copy(repository / "Snakefile", checkout)
    shutil.copytree(fresh.work / "raw", checkout / "raw")
    (checkout / "my.yaml").write_text(yaml.safe_dump(config()))
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    result = subprocess.run(
        [*command, "--configfile", "my.yaml", "--until", "parse_tiles"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    one, two = (
        {
            path: raw
            for path, raw in contents(files_below(root / "results/P1")).items()
            if path == "plan.json" or path.startswith(("tiles/", "batches/"))
        }
        for root in (fresh.work, checkout)
    )
    assert {f"tiles/{image}.json" for image in IMAGES} <= one.keys()
    assert one == two


def test_plates_of_one_config_are_planned_side_by_side(
    fresh: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Each plate has its own folder of state and its own input; one may be a file."""
    shutil.copytree(fresh.work / "raw", fresh.work / "raw2")
    write_csv(fresh.work / "raw2/tiles.csv", table_rows("C03"))
    (fresh.work / "second.yaml").write_text("path: raw2/tiles.csv\n")
    shared = config()
    del shared["plate"]
    shared["plates"] = {"P1": {}, "P2": "second.yaml"}
    result = run_snakemake(fresh.work, shared, "--until", "parse_tiles")
    assert snakemake_jobs(result) == {"parse_tiles": 2}
    tiles = {
        plate: sorted(
            path.relative_to(fresh.work / "results" / plate / "tiles").as_posix()
            for path in (fresh.work / "results" / plate / "tiles").rglob("*.json")
        )
        for plate in ("P1", "P2")
    }
    assert tiles == {"P1": [f"{i}.json" for i in IMAGES], "P2": ["C/03/0.json"]}


def test_workflow_is_usable_as_a_module(
    converted: Plate,
    fresh: Plate,
    repository: Path,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Jobs,
) -> None:
    """Another Snakefile takes all rules, puts the state elsewhere, gets the store."""
    snakefile = fresh.work / "Snakefile"
    snakefile.write_text(MODULE.format(repository=repository))
    together = config(writing={"images_per_job": "auto"})
    result = run_snakemake(fresh.work, together, snakefile=snakefile)
    assert snakemake_jobs(result) == dict.fromkeys(
        ("parse_tiles", "register", "write_zarr", "build_tables", "complete"), 1
    )
    assert (fresh.work / "state/P1/done/complete.json").is_file()
    assert not (fresh.work / "results").exists()
    assert contents(arrays(fresh.files())) == contents(arrays(converted.files()))
