"""A step disturbed at a chosen call, and everything looked at before and after."""

from collections import Counter
from pathlib import Path

from tests.resume.torture import (
    Scene,
    Snapshot,
    copy_scene,
    differences,
    finish,
    lies,
    looks,
    snapshot,
)
from tests.resume.traced import Blow, Steps

KILLED, FULL, BROKEN = "signal=KILL", "error=ENOSPC", "error=EIO"
WRITING = {"write", "pwrite64", "fsync", "fdatasync"}
"""Calls that meet a full disk."""
LINKING = {"link", "linkat"}
"""Calls that make a chunk stay; where one fails the chunk is copied."""


def blows(counts: Counter[str]) -> list[Blow]:
    """Return everything that can go wrong in a step that makes these calls.

    A full disk stays full until the step ends; a broken one fails once, of the many
    calls that open a file at every fifth.
    """
    places = [(c, k) for c in sorted(counts) for k in range(1, counts[c] + 1)]
    kills = [Blow(call, KILLED, str(k)) for call, k in places]
    full = [Blow(call, FULL, f"{k}+") for call, k in places if call in WRITING]
    broken = [
        Blow(call, BROKEN, str(k))
        for call, k in places
        if call != "openat" or k % 5 == 0
    ]
    return [*kills, *full, *broken]


class Ring:
    """One scene, how it ends undisturbed, and how it ended otherwise."""

    def __init__(self, scene: Scene, steps: Steps, work: Path) -> None:
        """Run the scene undisturbed, and once more to count its calls."""
        self._scene, self._steps, self._work = scene, steps, work
        self._old = snapshot(copy_scene(scene, work).work)
        self.new = self._undisturbed()
        counted = copy_scene(scene, work)
        self.counts = steps.count(counted.work, scene.step, scene.config)
        self.faults: list[str] = []
        self.ends: Counter[tuple[str, int]] = Counter()

    def _undisturbed(self) -> Snapshot:
        scene = copy_scene(self._scene, self._work)
        finish(scene, self._steps)
        return snapshot(scene.work)

    def strike(self, blow: Blow) -> None:
        """Disturb the scene, look for lies, let the next run follow, and compare."""
        scene = copy_scene(self._scene, self._work)
        before = looks(scene)
        end = self._steps.run(scene.work, scene.step, scene.config, *blow.strace)
        self.ends[blow.what, end] += 1
        faults = list(lies(scene, self._old, self.new))
        if end not in ((-9, 0) if blow.what == KILLED else (0, 1)):
            faults.append(f"ended with exit code {end}")
        finish(scene, self._steps)
        faults += differences(snapshot(scene.work), self.new)
        after = looks(scene)
        if blow.call not in LINKING or blow.what == KILLED:
            changed = [path for path in before if after[path] != before[path]]
            faults += [f"{path} was written again" for path in changed]
        self.faults += [f"{blow}: {fault}" for fault in faults]
