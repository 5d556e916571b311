"""Several plates in one invocation, and what a run leaves of its surroundings."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Completed, RunSnakemake
from tests.e2e.convert import convert
from tests.rules.plate import (
    Plate,
    arrays,
    config,
    contents,
    files_below,
    table_rows,
    write_csv,
)


def test_a_bad_plate_costs_only_itself(
    tmp_path: Path,
    converted: Plate,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Callable[[Completed], Counter[str]],
) -> None:
    """One plate's table is broken and is told; the other is whole; sources stay."""
    plate = Plate(tmp_path / "work")
    plate.write()
    rows = table_rows("B03")
    write_csv(plate.work / "raw/bad.csv", [row | {"length_x": "?"} for row in rows])
    before = files_below(plate.work / "raw")
    shared = config(writing={"images_per_job": "auto"})
    shared["plate"] = {"layout": 96}
    shared["plates"] = {"P0": {"path": "raw/bad.csv"}, "P1": {}}
    result = run_snakemake(plate.work, shared, check=False)
    assert result.returncode != 0
    assert "raw/bad.csv" in result.stdout + result.stderr
    assert snakemake_jobs(result)["build_tables"] == 1
    assert contents(arrays(plate.files())) == contents(arrays(converted.files()))
    assert files_below(plate.work / "raw") == before


def test_group_folders_stay_the_group_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a setgid folder all is its group's and, by umask 002, writable for it."""
    plate = Plate(tmp_path / "work")
    plate.write()
    out = plate.work / "out"
    out.mkdir()
    group = 4321 if os.geteuid() == 0 else os.getegid()
    os.chown(out, -1, group)
    out.chmod(0o2775)
    monkeypatch.chdir(plate.work)
    old = os.umask(0o002)
    try:
        convert(config(), plate.work)
        plate.write_well("B03")
        convert(config(omezarr={"num_levels": 3}), plate.work)
    finally:
        os.umask(old)
    for path in out.rglob("*"):
        status = path.stat()
        wanted = 0o2775 if path.is_dir() else 0o664
        assert (path, oct(status.st_mode & 0o7777)) == (path, oct(wanted))
        assert (path, status.st_gid) == (path, group)
