"""A series killed while time points are added ends as if it was written in one go.

Old chunks stay the same files whatever happens: they are linked into the new image, so
a kill must neither harm them nor have them written again.
"""

import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import RunSnakemake
from tests.e2e.growing_plate import (
    SETTLE_S,
    SHARDED,
    THICK,
    WELLS,
    acquire,
    config,
    expected,
)
from tests.resume.ring import KILLED, LINKING, Ring, blows
from tests.resume.test_random_kills import OWNER, GroupHead, wait_for_group
from tests.resume.torture import IMAGE, Scene, copy_scene, differences, finish, run
from tests.resume.traced import Steps
from tests.rules.plate import Plate, contents, files_below

BEFORE, AFTER = 3, 5
"""Time points of the series as it was and as it is to be."""
SWAPPING = {"rename", "renameat", "renameat2", *LINKING}


@dataclass(frozen=True)
class Growth:
    """How an image is written that grows."""

    omezarr: Mapping[str, object]
    kept: int
    """Chunks (shards) along t that stay: those without the first new time point."""
    files: int = 3
    """Files per chunk along t: two fields, and one of both at half the size."""


GROWTHS = {
    "0.4": Growth({"ngff_version": "0.4"}, 3),
    "0.5": Growth({"ngff_version": "0.5"}, 3),
    "shards": Growth(SHARDED, 1, files=2),
    "thick": Growth(THICK, 1),
}
names = pytest.mark.parametrize("name", list(GROWTHS))
MakeScene = Callable[[str], Scene]


def settings(name: str) -> dict[str, object]:
    """Return the config."""
    found = config(GROWTHS[name].omezarr)
    return found | {"writing": {"settle": SETTLE_S, "images_per_job": 1}}


def start(work: Path, frames: int, wells: tuple[str, ...]) -> Plate:
    """Return a plate with its first time points acquired, its owner known."""
    plate = Plate(work)
    plate.state.mkdir(parents=True)
    (plate.state / "owner.json").write_text(OWNER)
    acquire(work, range(frames), wells)
    return plate


def arrays_of(image: Path) -> dict[str, bytes]:
    """Return all files of an image but its tables."""
    found = contents(files_below(image))
    return {k: raw for k, raw in found.items() if not k.startswith("tables/")}


def kept_chunks(image: Path, first: int) -> tuple[str, ...]:
    """Return the chunks of all levels that lie before a place along t."""
    names = []
    for path in files_below(image):
        level, _, key = path.partition("/")
        place = key.removeprefix("c/").partition("/")[0]
        if level in ("0", "1") and place.isdigit() and int(place) < first:
            names.append(path)
    return tuple(names)


@pytest.fixture(scope="module")
def scene_of(steps: Steps, tmp_path_factory: pytest.TempPathFactory) -> MakeScene:
    """Return ``scene_of(name)``, a well in front of its growth; not to be changed."""
    made: dict[str, Scene] = {}

    def scene_of(name: str) -> Scene:
        if name not in made:
            plate = start(tmp_path_factory.mktemp("s") / "work", BEFORE, ("B03",))
            run(steps, plate.work, settings(name), "parse", "register", "write")
            run(steps, plate.work, settings(name), "tables")
            kept = kept_chunks(plate.store / IMAGE, GROWTHS[name].kept)
            acquire(plate.work, range(BEFORE, AFTER), ("B03",))
            run(steps, plate.work, settings(name), "parse", "register")
            config = settings(name)
            made[name] = Scene(name, plate.work, "write", config, False, kept)
        return made[name]

    return scene_of


@names
def test_a_grown_image_is_that_of_one_go(
    steps: Steps, scene_of: MakeScene, name: str, tmp_path: Path
) -> None:
    """Chunks, headers and attributes with their windows are the same bytes."""
    scene = copy_scene(scene_of(name), tmp_path / "work")
    growth = GROWTHS[name]
    assert len(scene.kept) == growth.kept * growth.files
    finish(scene, steps)
    grown = Plate(scene.work)
    np.testing.assert_array_equal(grown.level(IMAGE), expected("B03", AFTER))
    once = start(tmp_path / "once", AFTER, ("B03",))
    run(steps, once.work, settings(name), "parse", "register", "write", "tables")
    assert arrays_of(grown.store / IMAGE) == arrays_of(once.store / IMAGE)


@pytest.mark.parametrize(("name", "step"), [("0.4", 43), ("shards", 47)])
def test_some_calls_of_growing(
    steps: Steps, scene_of: MakeScene, name: str, step: int, tmp_path: Path
) -> None:
    """Blows spread evenly over the write, and kills where names change."""
    ring = Ring(scene_of(name), steps, tmp_path / "work")
    everything = blows(ring.counts)
    some = everything[::step]
    swaps = [b for b in everything if b.call in SWAPPING and b.what == KILLED]
    for blow in [*some, *swaps[::2]]:
        ring.strike(blow)
    assert ring.faults == []
    assert ring.ends[KILLED, -9] > 5


@pytest.mark.full
@names
def test_every_call_of_growing(
    steps: Steps,
    scene_of: MakeScene,
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A kill and a failure at every single call of the write of one image."""
    ring = Ring(scene_of(name), steps, tmp_path / "work")
    everything = blows(ring.counts)
    for blow in everything:
        ring.strike(blow)
    kills = ring.ends[KILLED, -9]
    with capsys.disabled():
        print(f"\ngrowing, {name}: {len(everything)} blows, {kills} kills")
    assert ring.faults == []
    assert kills > 50


@pytest.mark.full
@names
def test_growing_killed_at_random_moments(
    tmp_path: Path,
    repository: Path,
    run_snakemake: RunSnakemake,
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whole runs over a series that grows between kills; what stands, stays.

    Time points come before a killed run is mended, as they do in a night.
    """
    once = start(tmp_path / "once", 6, WELLS)
    run_snakemake(once.work, settings(name))
    moments = random.Random(name)
    plate = start(tmp_path / "work", 2, WELLS)
    began = time.monotonic()
    run_snakemake(plate.work, settings(name))
    usual_s = time.monotonic() - began
    killed = 0
    stays: dict[Path, tuple[int, int]] = {}
    for frame in range(2, 6):
        first = frame if GROWTHS[name].kept == BEFORE else frame // 2
        if frame % 2 == 0:
            stays = {
                path: (path.stat().st_ino, path.stat().st_mtime_ns)
                for image in ("B/03/0", "D/05/0")
                for key in kept_chunks(plate.store / image, first)
                for path in [plate.store / image / key]
            }
        acquire(plate.work, [frame], WELLS)
        with GroupHead(plate.work, settings(name), repository, group=True) as head:
            head.strike(
                moments.uniform(0.2 * usual_s, 0.8 * usual_s), all_of_it=frame % 2 == 0
            )
            killed += head.process.returncode == -signal.SIGKILL
        run_snakemake(plate.work, settings(name), "--unlock")
        if frame % 2:
            run_snakemake(plate.work, settings(name))
            wait_for_group(head.process.pid)
            now = {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in stays}
            assert now == stays
    for image in ("B/03/0", "D/05/0"):
        found = arrays_of(plate.store / image)
        assert differences(dict(found), dict(arrays_of(once.store / image))) == []
    with capsys.disabled():
        print(f"\ngrowing, {name}: {killed} runs killed")
    assert killed > 1
