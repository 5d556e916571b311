"""What the page on Fractal says is what happens."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

import tiles2zarr
from tests.fractal.platform import manifest_tasks
from tests.unit.api_samples import Sample, make_sample

PAGE = (Path(__file__).parents[2] / "docs/fractal.md").read_text()


def block(kind: str) -> str:
    """Return the only block of a kind."""
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return text


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Write the table and the arguments of the page; return the truth."""
    sample = make_sample(tmp_path)
    sample.table.to_csv(sample.raw / "tiles.csv", index=False)
    (tmp_path / "init.json").write_text(block("json"))
    return sample


def run(arguments: list[str], folder: Path) -> str:
    """Run Python in a folder; return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(Path(tiles2zarr.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_of_the_page_makes_the_plate(sample: Sample, tmp_path: Path) -> None:
    """The block, run as it stands on the arguments shown, makes every pixel."""
    printed = run(["-c", block("python")], tmp_path)
    assert printed.count("image_list_updates") == 2
    for path, truth in sample.truth.items():
        level = zarr.open_array(tmp_path / "out/P1.zarr" / path / "0", mode="r")
        np.testing.assert_array_equal(level[:], truth)


def test_the_command_of_the_page_lists_the_images(
    sample: Sample, tmp_path: Path
) -> None:
    """The command, run as it stands, writes the list for the compute tasks."""
    pytest.importorskip("fractal_task_tools")
    program, *rest = shlex.split(block("sh"))
    assert program == "python"
    run(rest, tmp_path)
    calls = json.loads((tmp_path / "images.json").read_text())["parallelization_list"]
    assert [call["zarr_url"] for call in calls] == [
        f"{tmp_path}/out/P1.zarr/{path}" for path in sample.truth
    ]


def test_the_page_lists_every_task() -> None:
    """Every task of the manifest stands in the table, and no other."""
    rows = re.findall(r"^\| (Convert .*?) \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(manifest_tasks())
