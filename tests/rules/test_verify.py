"""Damage to a converted plate: told by ``verify``, healed by a plain rerun."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import (
    Plate,
    arrays,
    config,
    contents,
    images_of,
    tile_pixels,
    touched,
    write_tile,
)

Jobs = Callable[[Completed], Counter[str]]


def tiles2zarr(plate: Plate, command: str, *arguments: str) -> Completed:
    """Return what a command says of the plate, from another folder than its own."""
    place = ("--configfile", str(plate.work / "config.yaml"), "-d", str(plate.work))
    return subprocess.run(
        [sys.executable, "-m", "tiles2zarr", command, *place, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_damage_heals_by_repair_and_rerun(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Lost chunks, an image and a table come back; the intact image is not touched.

    Without repair a rerun sees nothing: the store is no output of Snakemake's.
    """
    whole = plate.files()
    assert tiles2zarr(plate, "verify", "--deep").returncode == 0
    (plate.store / "B/03/0/0/0/0/0/0").unlink()
    (plate.store / "B/03/0/.zattrs").write_text("{")
    shutil.rmtree(plate.store / "C/03/0")
    shutil.rmtree(plate.store / "B/04/0/tables/FOV_ROI_table")
    (plate.store / ".zattrs").unlink()
    assert snakemake_jobs(run_snakemake(plate.work, config())) == {}
    said = tiles2zarr(plate, "verify", "--deep", "--repair")
    assert said.returncode == 1
    assert [line.split(": ")[0] for line in said.stdout.splitlines()] == [
        "B/03/0",
        "B/04/0",
        "C/03/0",
        "P1.zarr",
        "P1",
        "P1",
    ]
    assert tiles2zarr(plate, "status").returncode == 1
    healed = run_snakemake(plate.work, config())
    assert snakemake_jobs(healed) == {
        "write_zarr": 2,
        "build_tables": 1,
        "complete": 1,
    }
    assert tiles2zarr(plate, "verify", "--deep").returncode == 0
    assert tiles2zarr(plate, "status").returncode == 0
    assert contents(plate.files()) == contents(whole)
    changed = images_of(touched(arrays(whole), arrays(plate.files())))
    assert changed == {"B/03/0", "C/03/0"}
    assert snakemake_jobs(run_snakemake(plate.work, config())) == {}


def test_status_tells_why(plate: Plate, run_snakemake: RunSnakemake) -> None:
    """After a run with a bad file the reason is told, though its outcome is gone."""
    plate.raw("C03", "F1", 0).write_bytes(b"no image at all")
    shutil.rmtree(plate.store / "C/03/0")
    plate.receipt("C/03/0").unlink()
    failed = run_snakemake(plate.work, config(), check=False)
    assert failed.returncode != 0
    said = tiles2zarr(plate, "status")
    assert said.returncode == 1
    lines = said.stdout.splitlines()
    assert lines[0] == "P1: 2 of 3 images written, 1 failed, not complete"
    (reason,) = [line for line in lines if line.startswith("  failed    C/03/0: ")]
    assert "C03_F1_c0.tif" in reason
    damage = tiles2zarr(plate, "verify").stdout.splitlines()[0]
    assert damage.startswith("C/03/0: is not written, there is no receipt; ")
    assert "C03_F1_c0.tif" in damage
    write_tile(plate.raw("C03", "F1", 0), tile_pixels("C03", "F1", 0))
    run_snakemake(plate.work, config())
    assert tiles2zarr(plate, "status").returncode == 0


def test_target_verify(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """The target looks whenever it is asked, as deep as the config says, and fails.

    It is no part of ``all``, and damage leaves none of its output behind.
    """
    done = plate.state / "done/verify.json"
    assert not done.exists()
    once = run_snakemake(plate.work, config(), "verify")
    assert snakemake_jobs(once) == {"verify": 1, "verify_plate": 1}
    assert json.loads(done.read_text()) == {
        "schema": 1,
        "depth": "chunks",
        "images": 3,
        "images_not_compared": 0,
    }
    deep = {"verify": {"deep": True, "manifest": True, "certificate": True}}
    again = run_snakemake(plate.work, config() | deep, "verify")
    assert snakemake_jobs(again) == {"verify": 1, "verify_plate": 1}
    assert json.loads(done.read_text())["depth"] == "sources"
    manifest = ("sha256sum", "-c", "--quiet", "--strict", "manifest.sha256")
    subprocess.run(manifest, cwd=plate.state, check=True)
    certificate = json.loads((plate.state / "certificate.json").read_text())
    assert len(certificate["plates"][0]["sources"]) == 12
    assert snakemake_jobs(run_snakemake(plate.work, config() | deep)) == {}
    (plate.store / "B/03/0/0/0/0/0/0").unlink()
    failed = run_snakemake(plate.work, config() | deep, "verify", check=False)
    assert failed.returncode != 0
    said = failed.stdout + failed.stderr
    assert "B/03/0: level 0: 1 chunk is missing (0/0/0/0)" in said
    assert "Traceback" not in said
    assert not done.exists()
    assert not (plate.state / "certificate.json").exists()
