"""Disks that are full, locked or taken, files that may not be read, state by hand."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.conftest import RunSnakemake
from tests.e2e.convert import as_in_job
from tests.e2e.ended import finished, listed, run, surroundings
from tests.rules.plate import (
    IMAGES,
    Plate,
    config,
    contents,
    expected_level,
    files_below,
    touched,
)
from tiles2zarr.checkpoints import read_json
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.models.plan import BatchOutcome
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.register import register
from tiles2zarr.steps.write_zarr import write_zarr
from tiles2zarr.stores.lock import Holder, hold

NOBODY = 65534


@pytest.fixture
def fresh(tmp_path: Path) -> Plate:
    """Return the tiny plate before any run, in a folder with a file beside it."""
    (tmp_path / "beside.txt").write_text("not ours")
    plate = Plate(tmp_path / "work")
    plate.write()
    return plate


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return ``mount(name, options)``: a file system of its own, in memory."""
    with ExitStack() as mounted:

        def mount(folder: Path, options: str) -> Path:
            folder.mkdir(parents=True, exist_ok=True)
            command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"no file system can be mounted: {done.stderr!r}")
            mounted.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
            return folder

        yield mount


def test_a_full_output_disk(fresh: Plate, small_disk: Callable[..., Path]) -> None:
    """Wherever it ends, the message says what is full, and space alone heals it."""
    out = small_disk(fresh.work / "out", "size=20k")
    before = surroundings(fresh.work.parent)
    for size in (20, 100, 200):
        subprocess.run(["mount", "-o", f"remount,size={size}k", str(out)], check=True)
        ended = run(fresh.work, config())
        assert ended.code == 1
        for fault in ended.faults:
            assert fault.endswith(
                " cannot be written: No space left on device (ENOSPC). Free space on "
                "the output disk and run again."
            )
        assert surroundings(fresh.work.parent) == before
        assert not [name for name in files_below(out) if ".partial-" in name]
        for image in listed(fresh):
            well = image[0] + image[2:4]
            np.testing.assert_array_equal(fresh.level(image), expected_level(well))
    subprocess.run(["mount", "-o", "remount,size=9m", str(out)], check=True)
    assert run(fresh.work, config()).code == 0
    assert finished(fresh) == list(IMAGES)
    for image in IMAGES:
        well = image[0] + image[2:4]
        np.testing.assert_array_equal(fresh.level(image), expected_level(well))


def test_a_full_disk_of_the_state(
    fresh: Plate, small_disk: Callable[..., Path]
) -> None:
    """The run ends with a line, not a traceback, and no state is cut short."""
    small_disk(fresh.work / "results", "size=8k")
    ended = run(fresh.work, config())
    assert ended.code == 1
    assert "No space left on device (ENOSPC). Free space on the output" in ended.message
    for path in files_below(fresh.work / "results"):
        json.loads((fresh.work / "results" / path).read_text())
    assert not fresh.store.exists()


def test_a_read_only_output(fresh: Plate, small_disk: Callable[..., Path]) -> None:
    """Every image says so, and nothing is written anywhere else."""
    small_disk(fresh.work / "out", "ro")
    before = surroundings(fresh.work.parent)
    ended = run(fresh.work, config())
    assert ended.code == 1
    assert ended.faults == tuple(
        f"{image}: out/P1.zarr/{image[:4]}/.0.lock cannot be written: Read-only file "
        "system (EROFS). The output is read-only: choose another `output`."
        for image in IMAGES
    )
    assert surroundings(fresh.work.parent) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_files_that_may_not_be_read(what: str) -> None:
    """For a user without the right to read, the image is left out and says why."""
    with TemporaryDirectory() as root:
        plate = Plate(Path(root) / "work")
        plate.write()
        locked = plate.raw("B04", "F1", 0)
        if what == "folder":
            (plate.work / "raw/locked").mkdir()
            locked.rename(plate.work / "raw/locked/a.tif")
            locked.symlink_to("locked/a.tif")
        for path in (Path(root), plate.work, *plate.work.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        (locked if what == "file" else plate.work / "raw/locked").chmod(0)
        os.seteuid(NOBODY)
        try:
            ended = run(plate.work, config())
        finally:
            os.seteuid(0)
        assert ended.code == 1
        assert ended.faults == (
            "B/04/0: raw/B04_F1_c0.tif cannot be read: permission is denied. Give the "
            "user of the job read access.",
        )
        assert finished(plate) == ["B/03/0", "C/03/0"]


def cut(path: Path) -> None:
    """Take off the end of a file, as a full disk or an editor does."""
    path.write_bytes(path.read_bytes()[:-9])


def other(path: Path) -> None:
    """Replace a file by JSON of another kind."""
    path.write_text('["a", 1]\n')


def newer(path: Path) -> None:
    """Give a file a version that does not exist yet."""
    content = json.loads(path.read_text()) | {"schema": 99}
    path.write_text(json.dumps(content))


HEALED = [
    *("plan.json", "decisions.json", "batches/B_04_0.json", "tiles/B/04/0.json"),
    *("registered/B/04/0.json", "written/B/04/0.json", "tabled/B/04/0.json"),
    *("done/register/B_04_0.json", "done/write_zarr/B_04_0.json", "findings.json"),
    *("plate.json", "sources/B_04_0.txt"),
]
"""State that is made again, whatever is in it."""


def lasting(plate: Plate) -> dict[str, bytes]:
    """Return the state that is the same after every run: all but what tells of it."""
    found = contents(files_below(plate.state))
    return {name: data for name, data in found.items() if "progress/" not in name}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(cut, id="cut"),
        pytest.param(other, id="other", marks=pytest.mark.full),
        pytest.param(newer, id="newer", marks=pytest.mark.full),
    ],
)
def test_damaged_state_is_made_again(
    fresh: Plate, damage: Callable[[Path], None]
) -> None:
    """One file after the other: the steps run over it, and the plate is as it was."""
    assert run(fresh.work, config()).code == 0
    before = contents(fresh.files())
    state = lasting(fresh)
    for name in HEALED:
        if damage is newer and not name.endswith(".json"):
            continue
        damage(fresh.state / name)
        ended = run(fresh.work, config())
        assert (name, ended.code) == (name, 0)
        assert contents(fresh.files()) == before
        assert lasting(fresh) == state, name


def test_a_damaged_owner_is_not_guessed(fresh: Plate) -> None:
    """The id of the own images cannot be made again; the message says where it is."""
    assert run(fresh.work, config()).code == 0
    path = fresh.state / "owner.json"
    whole = path.read_bytes()
    for damage in (cut, other):
        damage(path)
        before = fresh.files()
        ended = run(fresh.work, config())
        assert (ended.code, ended.message) == (
            1,
            "results/P1/owner.json is damaged: it held the id by which this config "
            'knows its own images. Write it again as one line, {"owner":"<id>"}, with '
            "the id from attributes.tiles2zarr.owner of the plate.",
        )
        assert touched(before, fresh.files()) == set()
    plate = json.loads((fresh.store / ".zattrs").read_text())
    path.write_text(f'{{"owner":"{plate["tiles2zarr"]["owner"]}"}}\n')
    assert path.read_bytes() == whole
    assert run(fresh.work, config()).code == 0
    assert touched(before, fresh.files()) == set()


STEPS = [
    (
        "tiles/B/04/0.json",
        "register",
        "results/P1/tiles/B/04/0.json is not the file parse_tiles wrote. Delete "
        "results/P1/plan.json and run again: it will be made anew.",
    ),
    (
        "registered/B/04/0.json",
        "write_zarr",
        "results/P1/registered/B/04/0.json ",
    ),
]


@pytest.mark.parametrize(("name", "step", "told"), STEPS, ids=["tiles", "registered"])
@pytest.mark.parametrize("damage", [cut, other, newer], ids=lambda f: f.__name__)
def test_a_step_does_not_use_a_damaged_checkpoint(
    fresh: Plate, name: str, step: str, told: str, damage: Callable[[Path], None]
) -> None:
    """The job that needs it says which file it is, and its image fails alone."""
    assert run(fresh.work, config()).code == 0
    before = fresh.files()
    damage(fresh.state / name)
    with chdir(fresh.work):
        (plate,) = load_configs(config(), plate_name).values()
        state = State(Path("results/P1"))
        if step == "register":
            options = as_in_job(slices.register_options(plate))
            done = state.done(step, "B_04_0")
            outcome = register(state.batch("B_04_0"), done, state, options)
        else:
            outcome = write_zarr(
                state.done("register", "B_04_0"),
                state.done(step, "B_04_0"),
                state,
                as_in_job(slices.write_options(plate)),
                threads=1,
            )
    found = outcome.images["B/04/0"]
    assert found.status == "failed"
    assert str(found.error).startswith(told)
    assert touched(before, fresh.files()) == set()
    assert read_json(fresh.state / f"done/{step}/B_04_0.json", BatchOutcome) == outcome


@pytest.mark.full
@pytest.mark.parametrize("name", ["plan.json", "batches/B_04_0.json"])
@pytest.mark.parametrize("damage", [cut, other], ids=lambda f: f.__name__)
def test_the_workflow_says_what_brings_a_damaged_plan_back(
    plate: Plate, name: str, damage: Callable[[Path], None], run_snakemake: RunSnakemake
) -> None:
    """It names the file and the cure; with plan.json deleted the next run is clean."""
    before = contents(plate.files())
    damage(plate.state / name)
    result = run_snakemake(plate.work, config(), check=False)
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert f"results/P1/{name} is damaged or gone (" in output
    beside = "" if name == "plan.json" else " beside it"
    assert (
        f"Delete plan.json{beside} and run again: parse_tiles makes it anew" in output
    )
    (plate.state / "plan.json").unlink()
    run_snakemake(plate.work, config())
    assert contents(plate.files()) == before


def test_the_second_writer_waits_and_says_for_whom(
    fresh: Plate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that holds an image is waited for, then named."""
    place = fresh.store / "B/04"
    place.mkdir(parents=True)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from tiles2zarr.stores.lock import hold\n"
        "with hold(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(place / ".0.lock")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other_run:
        assert other_run.stdout is not None
        assert other_run.stdout.readline() == "held\n"
        # a second instead of ten minutes
        monkeypatch.setattr(hold.__wrapped__, "__defaults__", (1.0,))
        ended = run(fresh.work, config())
        host = Holder.current().host
        assert ended.code == 1
        assert ended.faults == (
            f"B/04/0: out/P1.zarr/B/04 is being written by process {other_run.pid} on "
            f"{host}, which has been alive for the 1 seconds this process waited. Wait "
            "for it or stop it, then run again (a dead one is taken over by itself).",
        )
        assert finished(fresh) == ["B/03/0", "C/03/0"]
        other_run.communicate("")
    assert run(fresh.work, config()).code == 0
    assert finished(fresh) == list(IMAGES)


def test_two_runs_at_once_make_one_plate(fresh: Plate, tmp_path: Path) -> None:
    """Two jobs on the same images, side by side: both end well, each image is whole."""
    assert run(fresh.work, config()).code == 0
    before = contents(fresh.files())
    with chdir(fresh.work):
        (plate,) = load_configs(config(), plate_name).values()
        state = State(Path("results/P1"))
        options = as_in_job(slices.write_options(plate))
        for image in IMAGES:
            state.written(image).unlink()
            (fresh.store / image / "0/.zarray").unlink()
        outcomes: list[BatchOutcome] = []

        def write(name: str) -> None:
            for batch in ("B_03_0", "B_04_0", "C_03_0"):
                done = tmp_path / name / f"{batch}.json"
                outcome = write_zarr(
                    state.done("register", batch), done, state, options, threads=2
                )
                outcomes.append(outcome)

        both = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
        for one in both:
            one.start()
        for one in both:
            one.join()
    assert len(outcomes) == 6
    assert {o.status for found in outcomes for o in found.images.values()} == {"done"}
    assert run(fresh.work, config()).code == 0
    assert contents(fresh.files()) == before
    assert finished(fresh) == list(IMAGES)
