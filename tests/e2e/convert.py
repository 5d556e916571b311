"""The steps of the workflow in this process, or the workflow itself.

A start of Snakemake and its jobs costs seconds of processor time per plate; the steps
called one after the other, as the scripts call them, cost a tenth. The cases run by the
steps; a few of them run through Snakemake too and must give the same bytes.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel

from tiles2zarr.checkpoints import read_json
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.config.root import Config
from tiles2zarr.models.plan import Plan
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.build_tables import build_tables
from tiles2zarr.steps.complete import complete
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.register import register
from tiles2zarr.steps.sweep import step_options
from tiles2zarr.steps.write_zarr import write_zarr

REPOSITORY = Path(__file__).parents[2]
THREADS = 2
Options = TypeVar("Options", bound=BaseModel)


def convert(config: Mapping[str, object], work: Path) -> None:
    """Run all steps of all plates of a config; state goes to ``work/results``.

    Raises:
        Tiles2ZarrError: The config is wrong, or an image could not be written.
    """
    for name, plate in load_configs(config, plate_name).items():
        convert_plate(plate, State(work / "results" / name))


def convert_plate(config: Config, state: State) -> None:
    """Run the steps of one plate, with the options of their jobs."""
    options_of_parse = ParseOptions.model_validate(step_options("parse", config))
    parse_tiles(state=state, options=options_of_parse)
    for batch in read_json(state.plan, Plan).batches:
        registered = state.done("register", batch)
        written = state.done("write_zarr", batch)
        given = step_options("register", config)
        options = RegisterOptions.model_validate(given)
        register(state.batch(batch), registered, state, options)
        options_of_write = as_in_job(slices.write_options(config))
        write_zarr(registered, written, state, options_of_write, THREADS)
    build_tables(state, as_in_job(slices.tables_options(config)), config)
    complete(state.root / "done" / "complete.json", state)


def as_in_job(options: Options) -> Options:
    """Return the options as a job reads them from its params."""
    return type(options).model_validate(options.model_dump(mode="json"))


def run_workflow(config: Mapping[str, object], work: Path) -> None:
    """Run the workflow itself on a config, in the folder ``work``.

    Raises:
        AssertionError: Snakemake's exit code is not 0; holds its output.
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / "config.yaml"
    path.write_text(yaml.safe_dump(dict(config)))
    command = [sys.executable, "-m", "snakemake", "-s", str(REPOSITORY / "Snakefile")]
    done = subprocess.run(
        [*command, "-d", str(work), "--configfile", str(path), "-c", "2"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
