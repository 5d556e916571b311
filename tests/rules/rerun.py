"""The workflow in this process, and which jobs a run of it starts.

A rerun through Snakemake costs seconds, and a matrix of changes needs many. Here the
steps are called as the scripts call them, where Snakemake would start their jobs: an
output is missing, an input has other content, a param has another value, or a job ran
that makes an input. Some cases run through Snakemake itself, and must start the same.
"""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

from tests.e2e.convert import as_in_job
from tiles2zarr.checkpoints import digest
from tiles2zarr.config import slices
from tiles2zarr.config.root import Config
from tiles2zarr.state import State
from tiles2zarr.steps import sweep
from tiles2zarr.steps.build_tables import build_tables
from tiles2zarr.steps.complete import complete
from tiles2zarr.steps.configs import checked_configs
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.register import register
from tiles2zarr.steps.sweep import batch_digest, index_digest, step_options
from tiles2zarr.steps.write_zarr import write_zarr

STATE = State(Path("results/P1"))
THREADS = 2


class Workflow:
    """Runs of one work folder; knows how each output came about, as Snakemake does."""

    def __init__(self, work: Path) -> None:
        """Start with no output made."""
        self._work = work
        self._made: dict[Path, str] = {}
        self._ran: Counter[str] = Counter()

    def moved(self, work: Path) -> "Workflow":
        """Return the same for a copy of the work folder."""
        copy = Workflow(work)
        copy._made = dict(self._made)
        return copy

    def run(
        self, config: Mapping[str, object], *, killed: bool = False
    ) -> Counter[str]:
        """Run a config in the work folder; return how many jobs of each rule ran.

        Args:
            config: The config of the plate.
            killed: The run ends when the images are written, before their tables.

        Raises:
            Tiles2ZarrError: As the step that ended the run.
        """
        self._ran = Counter()
        # a run of Snakemake is a process of its own
        sweep.forget()
        with chdir(self._work):
            (plate,) = checked_configs(config).values()
            self._run(plate, killed=killed)
        return self._ran

    def _run(self, config: Config, *, killed: bool) -> None:
        index = index_digest(config, STATE)
        parse = _key(step_options("parse", config), index)
        if self._due("parse_tiles", STATE.plan, parse):
            parse_tiles(STATE, as_in_job(slices.parse_options(config)), index)
        batches = json.loads(STATE.plan.read_text())["batches"]
        written = [self._batch(batch, config) for batch in batches]
        if killed:
            return
        upstream = bool(self._ran)
        options = as_in_job(slices.tables_options(config))
        tables = _key(step_options("tables", config), *map(_content, written))
        if self._due("build_tables", STATE.plate, tables, upstream=upstream):
            build_tables(STATE, options, config)
        output = STATE.root / "done/complete.json"
        if self._due("complete", output, "", upstream=bool(self._ran)):
            complete(output, STATE)

    def _batch(self, batch: str, config: Config) -> Path:
        task = STATE.batch(batch)
        sources = batch_digest(config, STATE, batch)
        registered = STATE.done("register", batch)
        key = _key(step_options("register", config), sources, _content(task))
        ran = self._due("register", registered, key)
        if ran:
            options = as_in_job(slices.register_options(config))
            register(task, registered, STATE, options)
        written = STATE.done("write_zarr", batch)
        key = _key(step_options("write", config), sources, _content(registered))
        if self._due("write_zarr", written, key, upstream=ran):
            write = as_in_job(slices.write_options(config))
            write_zarr(registered, written, STATE, write, THREADS, sources)
        return written

    def _due(
        self, rule: str, output: Path, key: str, *, upstream: bool = False
    ) -> bool:
        """Say whether a job has to run, and take its output away if so."""
        known = self._made.get(output)
        self._made[output] = key
        if output.is_file() and known in (key, None) and not upstream:
            return False
        output.unlink(missing_ok=True)
        self._ran[rule] += 1
        return True


def _key(options: Mapping[str, object], *others: str) -> str:
    return digest({"options": options, "others": list(others)})


def _content(path: Path) -> str:
    return digest(path.read_bytes())
