"""The plate of a plain run, made by a real SLURM; its head killed on the way."""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.cluster.slurm import Slurm, missing
from tests.resume.stops import Stop, stacked_config, write_stacks
from tests.resume.test_kill import check_finished
from tests.rules.plate import Plate

PLUGIN = "snakemake_executor_plugin_slurm"
WAIT_S = 400.0
"""Longest wait: a job through SLURM takes half a minute on a busy machine."""
LOOK_OFTEN = (
    "--slurm-no-account",
    "--slurm-status-command=squeue",
    "--slurm-init-seconds-before-status-checks=1",
    "--seconds-between-status-checks=1",
)
"""No accounting runs here, and nobody else asks this SLURM anything."""
pytestmark = pytest.mark.full


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[Slurm]:
    """Return a running SLURM, or skip where its programs are not installed."""
    reason = missing()
    if importlib.util.find_spec(PLUGIN) is None:
        reason = f"{PLUGIN} is not installed"
    if reason is not None:
        pytest.skip(reason)
    with Slurm(tmp_path / "slurm") as running:
        yield running


class Head:
    """A Snakemake with the SLURM profile, output in a file; ends with its context."""

    def __init__(
        self, work: Path, config: Mapping[str, object], repository: Path, slurm: Slurm
    ) -> None:
        """Start it."""
        path = work / "config.yaml"
        path.write_text(yaml.safe_dump(dict(config)))
        profile = f"--workflow-profile={repository / 'profiles/slurm'}"
        self.command = [sys.executable, "-m", "snakemake", profile, *LOOK_OFTEN]
        self.command += ["-s", f"{repository}/Snakefile", "-d", str(work)]
        self.command += ["--configfile", str(path)]
        self._environment = slurm.environment
        self._log = work / "head.log"
        with self._log.open("w") as stream:
            self._process = subprocess.Popen(
                self.command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Head":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, if it runs."""
        self.kill()

    def kill(self) -> None:
        """End it at once; its jobs go on."""
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Return its exit code when it ends."""
        return self._process.wait(WAIT_S)

    def unlock(self) -> None:
        """Unlock the work folder of a killed head."""
        subprocess.run(
            [*self.command, "--unlock"],
            env=self._environment,
            capture_output=True,
            check=True,
        )

    @property
    def output(self) -> str:
        """Return what it said so far."""
        return self._log.read_text()


def one_batch() -> dict[str, object]:
    """Return the config of the stacks, all images in one job."""
    return stacked_config() | {"writing": {"images_per_job": "auto"}}


def wait_for(path: Path) -> None:
    """Return when a file is there, made by another process."""
    end = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.1)


def test_killed_head_of_a_cluster_run(
    tmp_path: Path, converted: Plate, repository: Path, slurm: Slurm
) -> None:
    """Jobs ask for what their batch says; a killed head leaves its job to the rerun.

    The job of the killed head holds an image while the rerun's job for the same batch
    waits for it; then both go on, and the store is that of an uninterrupted local run.
    """
    plate = Plate(tmp_path / "work")
    write_stacks(plate)
    stop = Stop(plate.work, "C03", "F2")
    with closing(stop), Head(plate.work, one_batch(), repository, slurm) as head:
        orphan = stop.wait(WAIT_S)
        (batch,) = (plate.state / "batches").iterdir()
        asked = json.loads(batch.read_text())
        assert slurm.jobs() == [f"RUNNING 1 {400 + asked['mem_mb']}M 11:00"]
        head.kill()
        assert slurm.jobs() == [f"RUNNING 1 {400 + asked['mem_mb']}M 11:00"]
        stop.remove()
        head.unlock()

        log = plate.state / f"logs/write_zarr/{batch.stem}.log"
        log.unlink()
        with Head(plate.work, one_batch(), repository, slurm) as rerun:
            wait_for(log)
            lock = json.loads((plate.store / "C/03/.0.lock").read_text())
            assert lock["pid"] == orphan
            stop.let_go()
            assert rerun.end() == 0, rerun.output
    check_finished(plate, converted)
    assert slurm.jobs() == []
