"""``verify --adopt`` after the results folder was lost: Snakemake has no job left."""

import shutil
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

from tests.conftest import RunSnakemake
from tests.e2e.convert import convert
from tests.formats.made_imagexpress import hcs_ai
from tests.rules.plate import IMAGES, Plate, config, files_below, touched
from tests.rules.test_verify import tiles2zarr

Content = Mapping[str, object]


def check_adopted(plate: Plate, images: int, *names: str) -> None:
    """All images of the plates are adopted, and no file of the output is touched."""
    before = files_below(plate.work / "out")
    shutil.rmtree(plate.work / "results")
    said = tiles2zarr(plate, "verify", "--adopt")
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.count(": adopted\n") == images
    for name in names:
        assert f"{name}: all that a run leaves is there" in said.stdout
    assert touched(before, files_below(plate.work / "out")) == set()


def check_nothing_to_do(
    plate: Plate, run: RunSnakemake, content: Content, *arguments: str
) -> None:
    """Snakemake has no job, and touches neither state nor output."""
    before = files_below(plate.work / "out"), files_below(plate.work / "results")
    said = run(plate.work, content, *arguments)
    assert "Nothing to be done" in said.stdout + said.stderr, said.stdout
    after = files_below(plate.work / "out"), files_below(plate.work / "results")
    assert before == after


def test_results_lost(plate: Plate, run_snakemake: RunSnakemake) -> None:
    """By Snakemake's records and, when they are lost too, by times, no job is due.

    The plate has three batches.
    """
    check_adopted(plate, len(IMAGES), "P1")
    check_nothing_to_do(plate, run_snakemake, config(), "-n")
    shutil.rmtree(plate.work / ".snakemake")
    check_nothing_to_do(plate, run_snakemake, config(), "-n")
    check_nothing_to_do(plate, run_snakemake, config())
    assert tiles2zarr(plate, "status").returncode == 0


@pytest.mark.parametrize(
    "recorded", [False, pytest.param(True, marks=pytest.mark.full)]
)
def test_results_of_several_plates_lost(
    tmp_path: Path, run_snakemake: RunSnakemake, recorded: bool
) -> None:
    """Plates of a list, their kept projections and their reports are all adopted.

    Snakemake has records of all of them, or of none: its steps alone made the plates.
    """
    hcs_ai(tmp_path / "raw/left")
    hcs_ai(tmp_path / "raw/right")
    content = {
        "output": "out",
        "acquisitions": [{"format": "imagexpress", "options": {"projections": "keep"}}],
        "writing": {"images_per_job": 1},
        "omezarr": {"num_levels": 2, "table_backend": "json"},
        "plates": {"left": {"path": "raw/left"}, "right": {"path": "raw/right"}},
    }
    if recorded:
        run_snakemake(tmp_path, content)
    else:
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(content))
        with chdir(tmp_path):
            convert(content, Path())
    names = ("left", "left_mip", "right", "right_mip")
    check_adopted(Plate(tmp_path), 4, *names)
    for name in names:
        pages = tmp_path / "results" / name
        assert (pages / "report.html").is_file()
        assert (pages / "report/contact_sheet.jpg").is_file()
        assert (pages / "report/quality.csv").is_file()
    check_nothing_to_do(Plate(tmp_path), run_snakemake, content, "-n")
