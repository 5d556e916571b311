"""Whole runs killed at random moments, all processes or Snakemake alone, end right.

The moments are random, not the tests: each kill and each rerun must leave what an
uninterrupted run would, whenever it comes. Both take minutes.
"""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import RunSnakemake
from tests.resume.stops import WAIT_S, Head
from tests.resume.torture import differences
from tests.rules.plate import IMAGES, Plate, config, files_below

pytestmark = pytest.mark.full
ROUNDS = 6
"""Plates converted per way to kill and version."""
KILLS = 3
"""Kills on the way to one plate."""
OWNER = '{"owner":"0123456789abcdef0123456789abcdef"}\n'
Looks = dict[str, tuple[int, int]]
"""Inode and time of each file of an image, by path."""


def settings(version: str) -> dict[str, object]:
    """Return the config."""
    return config(omezarr={"ngff_version": version})


def new_plate(work: Path, raw: Path) -> Plate:
    """Return a plate not yet converted, its tiles shared, its owner known."""
    plate = Plate(work)
    plate.state.mkdir(parents=True)
    (work / "raw").symlink_to(raw)
    (plate.state / "owner.json").write_text(OWNER)
    return plate


def products(plate: Plate) -> dict[str, bytes | None]:
    """Return all files of the store and of the state, without logs and times."""
    store = {f"out/{p}": raw for p, (_, raw) in files_below(plate.work / "out").items()}
    state = files_below(plate.work / "results")
    return {
        **store,
        **{
            f"results/{path}": raw
            for path, (_, raw) in state.items()
            if not path.startswith(("P1/logs/", "P1/benchmarks/"))
        },
    }


def complete_images(plate: Plate) -> dict[str, Looks]:
    """Return the arrays of the images that have a receipt."""
    return {
        image: {
            str(path): (path.stat().st_ino, path.stat().st_mtime_ns)
            for level in ("0", "1")
            for path in (plate.store / image / level).rglob("*")
            if path.is_file()
        }
        for image in IMAGES
        if plate.receipt(image).is_file()
    }


def wait_for_group(group: int) -> None:
    """Return when no process of a group is left."""
    end = time.monotonic() + WAIT_S
    with suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            assert time.monotonic() < end, "an orphan does not end"
            time.sleep(0.05)


class GroupHead(Head):
    """A Snakemake with a process group of its own, its jobs in it."""

    def strike(self, after_s: float, *, all_of_it: bool) -> None:
        """Kill it, or all of its group, after a time, unless it ends before."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(after_s)
            return
        if all_of_it:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.kill()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("all_of_it", [True, False], ids=["group", "head"])
def test_killed_at_random_moments(
    tmp_path: Path,
    repository: Path,
    run_snakemake: RunSnakemake,
    capsys: pytest.CaptureFixture[str],
    version: str,
    all_of_it: bool,
) -> None:
    """The plate is that of an uninterrupted run; complete images are not rewritten."""
    Plate(tmp_path).write()
    whole = new_plate(tmp_path / "whole", tmp_path / "raw")
    start = time.monotonic()
    run_snakemake(whole.work, settings(version))
    usual_s = time.monotonic() - start
    expected = products(whole)
    moments = random.Random(f"{version} {all_of_it}")
    killed = 0
    for number in range(ROUNDS):
        plate = new_plate(tmp_path / f"{number}", tmp_path / "raw")
        groups = []
        for _ in range(KILLS):
            before = complete_images(plate)
            with GroupHead(
                plate.work, settings(version), repository, group=True
            ) as head:
                head.strike(moments.uniform(0.3, 0.6 * usual_s), all_of_it=all_of_it)
                killed += head.process.returncode == -signal.SIGKILL
                groups.append(head.process.pid)
            run_snakemake(plate.work, settings(version), "--unlock")
            after = complete_images(plate)
            assert {image: after.get(image) for image in before} == before
        before = complete_images(plate)
        run_snakemake(plate.work, settings(version))
        for group in groups:
            wait_for_group(group)
        after = complete_images(plate)
        assert {image: after[image] for image in before} == before
        assert differences(products(plate), expected) == []
    with capsys.disabled():
        print(f"\n{version}, {'group' if all_of_it else 'head'}: {killed} kills")
    assert killed > ROUNDS // 2
