"""Runs the tasks of the manifest as the platform does, without the platform.

Every executable is a process of its own that is given two files: its arguments, and
where its result goes. The compute tasks of a task run at the same time.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import tiles2zarr

PACKAGE = Path(tiles2zarr.__file__).parent
MANIFEST = PACKAGE / "__FRACTAL_MANIFEST__.json"
Values = Mapping[str, object]


def manifest_tasks(package: Path = PACKAGE) -> dict[str, dict[str, object]]:
    """Return the tasks of a package's manifest by their names."""
    listed = json.loads((package / MANIFEST.name).read_text())["task_list"]
    return {task["name"]: task for task in listed}


class Platform:
    """A workflow task with an image list; state is kept in a folder."""

    def __init__(
        self, folder: Path, package: Path = PACKAGE, python: str = sys.executable
    ) -> None:
        """Start with an empty image list.

        Args:
            folder: Where arguments and results are kept.
            package: The package whose tasks are run.
            python: The interpreter of its environment.
        """
        self.folder = folder
        self.package = package
        self.python = python
        self.images: dict[str, dict[str, object]] = {}
        self._numbers = count(1)

    def run(self, executable: object, arguments: Values) -> dict[str, object]:
        """Run an executable of the package and return what it wrote.

        Raises:
            AssertionError: It failed; holds its output.
        """
        done, out = self.attempt(executable, arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, object] = json.loads(out.read_text())
        return result

    def attempt(
        self, executable: object, arguments: Values
    ) -> tuple[subprocess.CompletedProcess[str], Path]:
        """Run an executable; return how it ended, and the file of its result."""
        folder = self.folder / f"job{next(self._numbers):03d}"
        folder.mkdir(parents=True)
        (folder / "args.json").write_text(json.dumps(arguments))
        out = folder / "out.json"
        command = [self.python, str(self.package / str(executable))]
        files = ["--args-json", str(folder / "args.json"), "--out-json", str(out)]
        done = subprocess.run(
            [*command, *files],
            env=os.environ | {"PYTHONPATH": str(self.package.parent)},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done, out

    def convert(self, name: str, arguments: Values, *, at_once: int = 4) -> None:
        """Run init and all compute tasks of a task, and update the image list."""
        task = manifest_tasks(self.package)[name]
        calls = self.run(task["executable_non_parallel"], arguments)
        listed = calls["parallelization_list"]
        assert isinstance(listed, list)
        self.compute(name, listed, at_once=at_once)

    def compute(self, name: str, calls: Sequence[Values], *, at_once: int = 4) -> None:
        """Run compute tasks at the same time, and update the image list."""
        executable = manifest_tasks(self.package)[name]["executable_parallel"]
        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(lambda call: self.run(executable, call), calls))
        for result in results:
            updates = result["image_list_updates"] if result else []
            assert isinstance(updates, list)
            self.images |= {update["zarr_url"]: update for update in updates}
