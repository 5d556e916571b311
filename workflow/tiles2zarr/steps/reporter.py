"""One line of progress every half minute, from the process that runs Snakemake."""

import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tiles2zarr.errors import ConfigError, Tiles2ZarrError
from tiles2zarr.progress.estimate import Task, estimate, this_run
from tiles2zarr.progress.events import Event, Follower, Recorder
from tiles2zarr.progress.wording import duration, progress_line
from tiles2zarr.state import State
from tiles2zarr.steps.only import chosen_images

EVERY_S = 30.0
"""Seconds between two lines."""


def parse_interval(value: object) -> float:
    """Return the seconds between two lines from ``--config progress=...``; 0 is never.

    Raises:
        ConfigError: Not a number of seconds.
    """
    if value is None:
        return EVERY_S
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        message = f"progress: {value!r} is no number of seconds. Give 0 for no lines"
        raise ConfigError("config", [message])
    return float(value)


def run_task(state: State, only: Sequence[str], began: float) -> Task:
    """Return what a run is about: its images, by planes, and those that stood before.

    Args:
        state: The plate's state, with a plan.
        only: Wells or images the run is about; none means all.
        began: When it began, seconds since 1970.

    Raises:
        Tiles2ZarrError: The plan cannot be read, or lacks what was asked for.
    """
    try:
        plan = json.loads(state.plan.read_bytes())
        images: Mapping[str, Mapping[str, object]] = plan["images"]
        wells = {i: str(e["well"]) if e["well"] else None for i, e in images.items()}
        planes = {i: max(1.0, float(str(e["planes"]))) for i, e in images.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Tiles2ZarrError(
            f"{state.plan} cannot be read: {error}. Run the workflow again; it makes "
            "this file."
        ) from error
    chosen = chosen_images(str(plan["name"]), wells, only)
    return Task(
        weights={image: planes[image] for image in chosen},
        wells={image: wells[image] for image in chosen},
        before=frozenset(i for i in chosen if _stood(state.written(i), began)),
    )


def _stood(file: Path, began: float) -> bool:
    try:
        return file.stat().st_mtime < began
    except OSError:
        return False


class Reporter:
    """Prints how far the plates of a run are, from a thread, until it is stopped.

    The thread ends with the main thread too, so that no run waits for it.
    """

    def __init__(
        self, results: str, plates: Sequence[str], only: Sequence[str], every_s: float
    ) -> None:
        """Print nothing yet.

        Args:
            results: Folder of all state.
            plates: Names of the plates.
            only: Wells or images this run is about; none means all.
            every_s: Seconds between two lines; 0 prints none.
        """
        self._views = [View(name, State(Path(results, name)), only) for name in plates]
        self._every_s = every_s
        self._over = threading.Event()

    def start(self) -> None:
        """Mark the beginning of the run in the state, and begin to print."""
        for view in self._views:
            view.begin()
        if self._every_s:
            threading.Thread(target=self._print_lines, name="progress").start()

    def stop(self) -> None:
        """End with a line on what this run wrote."""
        self._over.set()
        for view in self._views if self._every_s else ():
            _print(view.end())

    def _print_lines(self) -> None:
        main = threading.main_thread()
        following = time.monotonic() + self._every_s
        while main.is_alive() and not self._over.wait(0.2):
            if time.monotonic() >= following:
                following += self._every_s
                for view in self._views:
                    _print(view.line())


def _print(line: str | None) -> None:
    if line:
        print(f"tiles2zarr: {line}", file=sys.stderr, flush=True)


class View:
    """One plate of a run, as far as its jobs told."""

    def __init__(self, name: str, state: State, only: Sequence[str]) -> None:
        """Look at nothing yet."""
        self._name, self._state, self._only = name, state, tuple(only)
        self._follower = Follower(state.progress)
        self._task: tuple[int, Task] | None = None
        self._last: str | None = None

    def begin(self) -> None:
        """Mark the beginning of a run."""
        Recorder(self._state.progress / "run.jsonl").tell("run", only=self._only)

    def line(self) -> str | None:
        """Return where the plate stands; nothing if no job began, or all is told."""
        seen = self._seen()
        if seen is None:
            return None
        task, events = seen
        line = progress_line(self._name, task, estimate(task, events, time.time()))
        told, self._last = self._last, line
        return None if line == told else line

    def end(self) -> str | None:
        """Return what this run wrote; nothing if no job began."""
        seen = self._seen()
        if seen is None:
            return None
        task, events = seen
        found = estimate(task, events, events[-1].at)
        line = progress_line(self._name, task, found)
        line = f"{line} in {duration(found.elapsed_s)}"
        page = self._state.page
        made = page.is_file() and not _stood(page, events[0].at)
        return f"{line}; report: {page}" if made else line

    def _seen(self) -> tuple[Task, Sequence[Event]] | None:
        events = this_run(self._follower.events())
        if len(events) < 2:
            return None
        try:
            return self._known_task(events[0].at), events
        except (OSError, Tiles2ZarrError):
            # parse_tiles is about to replace the plan, or the choice is not in it
            return None

    def _known_task(self, began: float) -> Task:
        changed = self._state.plan.stat().st_mtime_ns
        if self._task is None or self._task[0] != changed:
            self._task = changed, run_task(self._state, self._only, began)
        return self._task[1]
