"""A job that stops in the middle of an image until a test lets it go on or kills it.

The tiles are stacks of two channels, read by a function of the user's. Register asks it
for plane 0 only, so plane 1 is read by write_zarr alone: there it tells its process id
through one pipe and waits for a word from another. Nothing depends on time.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import yaml

from tests.rules.plate import (
    CHANNELS,
    TABLE,
    WELLS,
    Pixels,
    Plate,
    config,
    table_rows,
    tile_pixels,
    write_csv,
)

WAIT_S = 120.0
"""Longest wait for another process, on a busy machine."""
LOADER = '''\
"""Planes of stacks; stops at plane 1 of a file where a test waits for it."""

import os
import select
from pathlib import Path

import numpy as np


def read(path, plane, options):
    stop = Path(options["stops"], Path(path).name)
    if plane == 1 and stop.is_dir():
        # opened before it is told: what comes then, at once or late, is not missed
        go = os.open(stop / "go", os.O_RDONLY | os.O_NONBLOCK)
        (stop / "reached").write_text(f"{os.getpid()}\\n")
        waiting = select.poll()
        waiting.register(go)
        waiting.poll()
        os.close(go)
    return np.load(path)[plane]
'''


def stack(well: str, field: str, seed: int = 0) -> Pixels:
    """Return the channels of a field."""
    return np.stack([tile_pixels(well, field, c, seed) for c in range(CHANNELS)])


def write_stacks(plate: Plate) -> None:
    """Write the plate's tiles as stacks, their table, conditions and the function."""
    plate.write()
    rows = [row for row in table_rows(*WELLS) if row["start_c"] == 0]
    for row in rows:
        well = f"{row['row']}{row['column']:02d}"
        field = str(row["fov_name"])
        np.save(plate.work / "raw" / f"{well}_{field}.npy", stack(well, field))
        row |= {"file_path": f"{well}_{field}.npy", "length_c": CHANNELS}
    write_csv(plate.work / TABLE, rows)
    (plate.work / "functions").mkdir()
    (plate.work / "functions/stacks.py").write_text(LOADER)


def stacked_config() -> dict[str, object]:
    """Return the plate's config with the function as loader."""
    loader = {"function": "stacks:read", "options": {"stops": "stops"}}
    return config(acquisition={"loader": loader}) | {"extensions": ["functions"]}


class Stop:
    """Makes the write of one file stop; one job can stop there, once."""

    def __init__(self, work: Path, well: str, field: str) -> None:
        """Lay the pipes for the file of a field."""
        self._folder = work / "stops" / f"{well}_{field}.npy"
        self._folder.mkdir(parents=True)
        os.mkfifo(self._folder / "reached")
        os.mkfifo(self._folder / "go")
        flags = os.O_RDONLY | os.O_NONBLOCK
        self._reached = os.open(self._folder / "reached", flags)
        self.pid: int | None = None

    def wait(self, seconds: float = WAIT_S) -> int:
        """Return the id of the process that has stopped.

        Raises:
            TimeoutError: None came.
        """
        ready, _, _ = select.select([self._reached], [], [], seconds)
        if not ready:
            raise TimeoutError(f"nobody came to {self._folder}")
        self.pid = int(os.read(self._reached, 100))
        return self.pid

    def remove(self) -> None:
        """Let others pass; who stands here stays."""
        for name in ("reached", "go"):
            (self._folder / name).rename(self._folder.parent / name)
        self._folder.rmdir()

    def let_go(self) -> None:
        """Let the process go on; after ``remove``."""
        pipe = os.open(self._folder.parent / "go", os.O_WRONLY | os.O_NONBLOCK)
        os.close(pipe)
        self.pid = None

    def kill(self) -> None:
        """End the process that stands here, if any, as the system would."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.pid = None

    def close(self) -> None:
        """Leave no process behind."""
        self.kill()
        os.close(self._reached)


class Head:
    """A Snakemake that runs beside the test, one job at a time, output in a file.

    As a context it ends with it, whatever happens in the test.
    """

    def __init__(
        self,
        work: Path,
        config: Mapping[str, object],
        repository: Path,
        *arguments: str,
        group: bool = False,
        log: str = "head.log",
    ) -> None:
        """Start it, in a process group of its own if ``group``."""
        (work / "config.yaml").write_text(yaml.safe_dump(dict(config)))
        self._log = work / log
        command = [sys.executable, "-m", "snakemake", "-s", f"{repository}/Snakefile"]
        place = ["-d", str(work), "--configfile", f"{work}/config.yaml", "--cores", "1"]
        with self._log.open("w") as stream:
            self.process = subprocess.Popen(
                [*command, *place, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=group,
            )

    def __enter__(self) -> "Head":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, if it runs."""
        self.kill()

    def end(self) -> int:
        """Return its exit code when it ends."""
        return self.process.wait(WAIT_S)

    @property
    def output(self) -> str:
        """Return what it said so far."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it at once; its jobs go on."""
        self.process.kill()
        self.process.wait()
