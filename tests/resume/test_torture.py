"""A step killed at any of its file-system calls, or on a disk that fails, does no harm.

Whatever call is the last one: nothing looks complete that is not, and the next run ends
in the files of a run that nobody disturbed, byte for byte, labels and tables of others
included. ``make torture`` tries every call, the usual run a few.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.resume.ring import KILLED, Ring, blows
from tests.resume.torture import (
    IMAGE,
    Scene,
    Version,
    copy_scene,
    finish,
    make_scenes,
)
from tests.resume.traced import Steps
from tests.rules.plate import Plate, expected_level, tile_file, tile_pixels

RENAMING = {"rename", "renameat", "renameat2"}
SCENES = ("first", "replace", "relabel", "drop", "first tables", "tables")
MakeScene = Callable[[str, Version], Scene]


@pytest.fixture(scope="module")
def scene_of(steps: Steps, tmp_path_factory: pytest.TempPathFactory) -> MakeScene:
    """Return ``scene_of(name, version)``; not to be changed."""
    made: dict[Version, dict[str, Scene]] = {}

    def scene_of(name: str, version: Version) -> Scene:
        if version not in made:
            made[version] = make_scenes(tmp_path_factory.mktemp("s"), steps, version)
        return made[version][name]

    return scene_of


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_scenes_are_what_they_are_called(
    steps: Steps, scene_of: MakeScene, version: Version, tmp_path: Path
) -> None:
    """An undisturbed run of a scene ends in the right pixels."""
    left, right = np.split(expected_level("B03"), 2, axis=-1)
    new = tile_pixels("B03", "F1", 0, seed=1)
    expected = {
        "first": expected_level("B03"),
        "replace": expected_level("B03", {tile_file("B03", "F1", 0): new}),
        "drop": np.concatenate([right, left], axis=-1),
    }
    for name, pixels in expected.items():
        scene = copy_scene(scene_of(name, version), tmp_path / "work")
        finish(scene, steps)
        found = Plate(scene.work).level(IMAGE)
        np.testing.assert_array_equal(found, pixels)


SAMPLES = [
    pytest.param("first", "0.4", 61, id="first-0.4"),
    pytest.param("replace", "0.5", 79, id="replace-0.5"),
    pytest.param("tables", "0.4", 97, id="tables-0.4"),
]


@pytest.mark.parametrize(("name", "version", "step"), SAMPLES)
def test_some_calls(
    steps: Steps,
    scene_of: MakeScene,
    name: str,
    version: Version,
    step: int,
    tmp_path: Path,
) -> None:
    """Blows spread evenly over a step, and in a replacement a kill at every rename."""
    ring = Ring(scene_of(name, version), steps, tmp_path / "work")
    everything = blows(ring.counts)
    some = everything[::step]
    if name == "replace":
        some += [b for b in everything if b.call in RENAMING and b.what == KILLED]
    for blow in some:
        ring.strike(blow)
    assert ring.faults == []
    assert ring.ends[KILLED, -9] > 1


@pytest.mark.full
@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", SCENES)
def test_every_call(
    steps: Steps,
    scene_of: MakeScene,
    name: str,
    version: Version,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A kill and a failure at every single call of a step."""
    ring = Ring(scene_of(name, version), steps, tmp_path / "work")
    everything = blows(ring.counts)
    for blow in everything:
        ring.strike(blow)
    kills = ring.ends[KILLED, -9]
    others = len(everything) - sum(n for (w, _), n in ring.ends.items() if w == KILLED)
    bad = {fault.split(":")[0] for fault in ring.faults}
    with capsys.disabled():
        print(
            f"\n{name}, {version}: {kills} kills, {others} failures, {len(bad)} harms"
        )
    assert ring.faults == []
    assert kills > 50
