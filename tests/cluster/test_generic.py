"""Jobs as another process on another node would run them, without a cluster."""

import importlib.util
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import Plate, arrays, config, contents

PLUGIN = "snakemake_executor_plugin_cluster_generic"
QSUB = """\
#!/bin/sh
echo "$@" >> submitted.txt
for last; do :; done
nohup sh "$last" >/dev/null 2>&1 &
echo $!
"""
"""A scheduler with room for everything."""


@pytest.mark.parametrize("rule", ["register", "write_zarr"])
def test_job_runs_on_a_node(
    plate: Plate, run_snakemake: RunSnakemake, rule: str
) -> None:
    """A node's Snakemake, which knows one job and no checkpoint, makes its output."""
    done = plate.state / f"done/{rule}/B_03_0.json"
    before = done.read_bytes()
    done.unlink()
    run_snakemake(
        plate.work,
        config(),
        *("--target-jobs", f"{rule}:plate=P1,batch=B_03_0"),
        *("--allowed-rules", rule, "--executor", "local", "--mode", "remote"),
        *("--force", "--nolock", "--jobs", "1"),
    )
    assert done.read_bytes() == before


@pytest.mark.full
def test_generic_profile(
    tmp_path: Path,
    converted: Plate,
    repository: Path,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Callable[[Completed], Counter[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through a submit command, told the needs, comes the store of a local run."""
    if importlib.util.find_spec(PLUGIN) is None:
        pytest.skip(f"{PLUGIN} is not installed")
    plate = Plate(tmp_path / "work")
    plate.write()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/qsub").write_text(QSUB)
    (tmp_path / "bin/qsub").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    profile = f"--workflow-profile={repository / 'profiles/generic'}"
    one_job = config(writing={"images_per_job": "auto"})
    monkeypatch.chdir(plate.work)
    result = run_snakemake(plate.work, one_job, profile)
    assert snakemake_jobs(result)["write_zarr"] == 1
    assert contents(arrays(plate.files())) == contents(arrays(converted.files()))
    submitted = (plate.work / "submitted.txt").read_text().splitlines()
    names = [line.split("-N ")[1].split()[0] for line in submitted]
    assert names == ["parse_tiles", "register", "write_zarr", "build_tables"]
    assert "-pe smp 1 -l h_vmem=1000M -l h_rt=0:11:0" in submitted[1]
