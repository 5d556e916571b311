"""The line on the command that comes next: it runs where it is printed."""

import argparse
import shlex
from pathlib import Path

import pytest

from tests.rules.plate import Plate
from tests.unit.conftest import Tell
from tiles2zarr.commands.following import OWN, next_look, next_run


def _choice(directory: str = ".") -> argparse.Namespace:
    return argparse.Namespace(configfile="my plate.yaml", directory=directory)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_workflow_is_named_where_there_is_none() -> None:
    """In a folder of data Snakemake is told where the workflow is, and it is there."""
    words = shlex.split(next_run(_choice()))
    assert words == [
        *("next:", "snakemake", "-s", str(OWN), "-c", "all"),
        *("--configfile", "my plate.yaml"),
    ]
    assert "workflow/Snakefile" in OWN.read_text()


@pytest.mark.parametrize("name", ["Snakefile", "workflow/Snakefile"])
def test_workflow_of_the_folder_is_taken(name: str) -> None:
    """Where Snakemake finds a workflow, the command is the short one."""
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).touch()
    assert next_run(_choice()) == (
        "next: snakemake -c all --configfile 'my plate.yaml'"
    )


def test_directory_is_kept() -> None:
    """What was given as ``-d`` is given on, with the workflow: both start from here."""
    Path("Snakefile").touch()
    assert next_run(_choice("work")) == (
        f"next: snakemake -s {OWN} -d work -c all --configfile 'my plate.yaml'"
    )
    assert next_look("plan", _choice("work")) == (
        "next: tiles2zarr plan --configfile 'my plate.yaml' -d work"
    )


def test_status_says_what_to_do(made: Plate, tell: Tell) -> None:
    """A plate that is complete is to be seen, one that is not is to be run again."""
    Path("Snakefile").touch()
    assert tell("status").lines[-1] == "next: tiles2zarr view --configfile my.yaml"
    Path("results/P1/done/complete.json").unlink()
    assert tell("status").lines[-1] == "next: snakemake -c all --configfile my.yaml"
