"""Whatever is killed, a rerun ends in the store of an uninterrupted run."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Completed, RunSnakemake
from tests.resume.stops import (
    WAIT_S,
    Head,
    Stop,
    stack,
    stacked_config,
    write_stacks,
)
from tests.rules.plate import (
    IMAGES,
    Plate,
    arrays,
    config,
    contents,
    expected_level,
    files_below,
    touched,
)
from tiles2zarr.checkpoints import read_json
from tiles2zarr.models.receipt import Receipt

Jobs = Callable[[Completed], Counter[str]]
PIXELS = b"where cells are"
"""Stands for what others keep in labels and tables."""


@pytest.fixture
def stacks(tmp_path: Path) -> Plate:
    """Return the plate as stacks and a table, not converted."""
    plate = Plate(tmp_path / "work")
    write_stacks(plate)
    return plate


@pytest.fixture
def stop(stacks: Plate) -> Iterator[Stop]:
    """Return a stop in the last field of well C03."""
    stop = Stop(stacks.work, "C03", "F2")
    yield stop
    stop.close()


def listed(plate: Plate) -> set[str]:
    """Return the images that the plate's metadata list, none if there are none."""
    if not (plate.store / ".zattrs").is_file():
        return set()
    images = set()
    for well in plate.wells():
        attributes = json.loads((plate.store / well / ".zattrs").read_text())
        images |= {f"{well}/{i['path']}" for i in attributes["well"]["images"]}
    return images


def receipts(plate: Plate) -> set[str]:
    """Return the images with a receipt."""
    return {image for image in IMAGES if plate.receipt(image).is_file()}


def check_nothing_lies(plate: Plate) -> None:
    """What has its name, a receipt or a place in the plate is whole."""
    for image in receipts(plate):
        for level in read_json(plate.receipt(image), Receipt).levels:
            folder = plate.store / image / level.path
            sizes = {
                path.relative_to(folder).as_posix(): path.stat().st_size
                for path in folder.rglob("*")
                if path.is_file() and path.name != ".zarray"
            }
            chunks = zip(level.chunks.key, level.chunks.size, strict=True)
            assert sizes == dict(chunks)
    named = {image for image in IMAGES if (plate.store / image).exists()}
    assert named == receipts(plate)
    assert listed(plate) <= receipts(plate)


def check_finished(plate: Plate, uninterrupted: Plate) -> None:
    """The arrays are those of an uninterrupted run, and nothing else stands there."""
    found = contents(arrays(plate.files()))
    assert found == contents(arrays(uninterrupted.files()))
    assert listed(plate) == set(IMAGES)
    check_nothing_lies(plate)


def add_foreign(plate: Plate, image: str) -> None:
    """Add labels and a table that the workflow did not make."""
    for name in ("labels/nuclei/0/0/0/0/0", "tables/features/table.csv"):
        path = plate.store / image / name
        path.parent.mkdir(parents=True)
        path.write_bytes(PIXELS)


def check_foreign(plate: Plate, image: str) -> None:
    """Labels and table are in the image."""
    for name in ("labels/nuclei/0/0/0/0/0", "tables/features/table.csv"):
        assert (plate.store / image / name).read_bytes() == PIXELS


def wait_for(path: Path) -> None:
    """Return when a file is there, made by another process."""
    end = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.02)


def test_killed_worker(
    stacks: Plate,
    stop: Stop,
    converted: Plate,
    repository: Path,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Jobs,
) -> None:
    """A worker killed inside an image leaves no image; the rerun takes its lock over.

    Killed while it remakes an image, it leaves the old one as it was; the rerun carries
    labels and the tables of others over.
    """
    with Head(stacks.work, stacked_config(), repository) as head:
        stop.wait()
        stop.kill()
        assert head.end() != 0
    stop.remove()
    left = {path.name.split("-")[0] for path in (stacks.store / "C/03").iterdir()}
    assert left == {".0.lock", ".0.partial"}
    check_nothing_lies(stacks)
    assert receipts(stacks) == {"B/03/0", "B/04/0"}

    before = stacks.files()
    result = run_snakemake(stacks.work, stacked_config())
    assert snakemake_jobs(result) == dict.fromkeys(
        ("write_zarr", "build_tables", "complete"), 1
    )
    check_finished(stacks, converted)
    changed = touched(arrays(before), arrays(stacks.files()))
    assert all(path.startswith("C/03/") for path in changed)

    add_foreign(stacks, "C/03/0")
    before = stacks.files()
    np.save(stacks.work / "raw/C03_F1.npy", stack("C03", "F1", seed=1))
    stop = Stop(stacks.work, "C03", "F2")
    with closing(stop), Head(stacks.work, stacked_config(), repository) as head:
        stop.wait()
        stop.kill()
        assert head.end() != 0
    stop.remove()
    after = stacks.files()
    assert {p for p in touched(before, after) if not p.startswith("C/03/.0.")} == set()
    check_nothing_lies(stacks)
    assert listed(stacks) == set(IMAGES)

    run_snakemake(stacks.work, stacked_config())
    check_nothing_lies(stacks)
    check_foreign(stacks, "C/03/0")
    expected = expected_level("C03")
    expected[:, 0, :, :40] = stack("C03", "F1", seed=1)
    np.testing.assert_array_equal(stacks.level("C/03/0"), expected)
    assert {path.name for path in (stacks.store / "C/03").iterdir()} == {
        "0",
        ".zattrs",
        ".zgroup",
    }


def test_killed_head(
    stacks: Plate,
    stop: Stop,
    converted: Plate,
    repository: Path,
    run_snakemake: RunSnakemake,
) -> None:
    """Two writers of one image, an orphan and the rerun's, end in one whole image."""
    with Head(stacks.work, stacked_config(), repository) as head:
        orphan = stop.wait()
        head.kill()
    check_nothing_lies(stacks)
    assert "C/03/0" not in receipts(stacks)
    stop.remove()

    locked = run_snakemake(stacks.work, stacked_config(), check=False)
    assert locked.returncode != 0
    assert "--unlock" in locked.stdout + locked.stderr
    run_snakemake(stacks.work, stacked_config(), "--unlock")

    log = stacks.state / "logs/write_zarr/C_03_0.log"
    log.unlink()
    with Head(stacks.work, stacked_config(), repository) as rerun:
        wait_for(log)
        lock = json.loads((stacks.store / "C/03/.0.lock").read_text())
        assert lock["pid"] == orphan
        check_nothing_lies(stacks)
        stop.let_go()
        assert rerun.end() == 0, rerun.output
    check_finished(stacks, converted)


def dead_lock(path: Path) -> None:
    """Lay the lock of a process that was killed while it held it."""
    code = (
        "import os, sys, tiles2zarr.stores.lock as lock\n"
        "from pathlib import Path\n"
        "with lock.hold(Path(sys.argv[1])): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.is_file()


def test_swap_cut_short(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Cut after the first rename, after the second, or before both: all is kept.

    The state is what a killed writer leaves: its lock, no output of its batch, and no
    plate.json.
    """
    for image in IMAGES:
        add_foreign(plate, image)
    before = contents(plate.files())
    wells = [plate.store / image for image in IMAGES]
    for well in wells[:2]:
        os.rename(well, well.parent / ".0.old-beef")
    for name in ("0", "1", ".zattrs", ".zgroup"):
        wells[1].mkdir(exist_ok=True)
        os.rename(wells[1].parent / ".0.old-beef" / name, wells[1] / name)
    for well in (wells[0], wells[2]):
        (well.parent / ".0.partial-beef/0").mkdir(parents=True)
    for well, image in zip(wells, IMAGES, strict=True):
        dead_lock(well.parent / ".0.lock")
        name = image.replace("/", "_")
        (plate.state / f"done/write_zarr/{name}.json").unlink()
    (plate.state / "plate.json").unlink()

    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == {
        "write_zarr": 3,
        "build_tables": 1,
        "complete": 1,
    }
    assert contents(files_below(plate.store)) == before
