"""Where tasks keep what one hands to the other, and what makes them repeatable."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from tiles2zarr.api.urls import local_url_to_path
from tiles2zarr.api.writing import STATE
from tiles2zarr.checkpoints import digest
from tiles2zarr.config.root import Config
from tiles2zarr.config.values import Count
from tiles2zarr.models.base import Frozen
from tiles2zarr.state import State
from tiles2zarr.temporary import is_temporary

SINGLE_IMAGES = "images"
"""Name of the set that single images without a plate make."""
_SHARED = ("written", "tabled")


class Run(Frozen):
    """``run.json``: what an init task was asked for."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    config: Config
    """The config of a workflow that would do the same."""
    threads: Count
    """Chunks of an image worked on at the same time."""


class ConvertImageInitArgs(Frozen):
    """What the init task of a format hands to the compute task of one image."""

    run: str
    """Folder with the plan of the init task."""
    image: str
    """Id of the image in the plan, e.g. ``B/03/0``."""


@dataclass(frozen=True)
class RunState(State):
    """State of one run; owner, receipts and tables are shared by a plate's runs.

    Runs over one plate have plans of their own, so they never touch each other's, and
    an image that one of them made is known to all.
    """

    folder: Path

    @property
    def _own(self) -> State:
        return State(self.folder)

    @property
    def run(self) -> Path:
        """What the init task was asked for."""
        return self.folder / "run.json"

    @property
    def plan(self) -> Path:
        """What will be made."""
        return self._own.plan

    @property
    def decisions(self) -> Path:
        """What was decided once per acquisition."""
        return self._own.decisions

    @property
    def plate(self) -> Path:
        """Output of build_tables."""
        return self._own.plate

    @property
    def findings(self) -> Path:
        """Everything noticed, merged by build_tables."""
        return self._own.findings

    def sources(self, what: str) -> Path:
        """Digest of the sources, as last used."""
        return self._own.sources(what)

    def batch(self, batch: str) -> Path:
        """The input of a batch's register job."""
        return self._own.batch(batch)

    def done(self, step: str, batch: str) -> Path:
        """The outcome of a batch's job."""
        return self._own.done(step, batch)

    def tiles(self, image: str) -> Path:
        """Checkpoint of parse_tiles."""
        return self._own.tiles(image)

    def registered(self, image: str) -> Path:
        """Checkpoint of register."""
        return self._own.registered(image)

    def images(self, kind: str) -> Iterator[str]:
        """Yield the ids of all images with a file of ``kind``."""
        return super().images(kind) if kind in _SHARED else self._own.images(kind)

    def all_ran(self) -> bool:
        """Say whether the compute tasks of all images ended, in whatever way.

        By two listings, as each compute task asks: thousands of looks at single files
        take seconds on a file server.
        """
        batches, ended = self.batch("").parent, self.done("write_zarr", "").parent
        wanted = {name for name in os.listdir(batches) if not is_temporary(name)}
        return ended.is_dir() and wanted <= set(os.listdir(ended))


def run_state(zarr_dir: str, name: str, config: Config) -> RunState:
    """Return the state of the run that a config is: the same config, the same run.

    Raises:
        StoreError: The output is not local.
    """
    plate = name if name == SINGLE_IMAGES else f"{name}.zarr"
    root = local_url_to_path(zarr_dir) / STATE / plate
    return RunState(root, root / "runs" / digest(config)[:16])


def open_run(folder: str) -> RunState:
    """Return the state of a run by its folder."""
    path = local_url_to_path(folder)
    return RunState(path.parents[1], path)


def plate_lock(state: State) -> Path:
    """Return the lock of whoever writes the plate's own groups and tables."""
    return state.root / "plate.lock"
