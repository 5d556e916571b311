# Config to validated models, targets and params of the rules.
# Every remote job reads this file again: only pydantic and yaml are imported here.
import re
import sys
from pathlib import Path
from snakemake.exceptions import WorkflowError

# beside this file, or installed: as a module from a git host only rules are fetched
sys.path.insert(0, str(workflow.current_basedir))

import tiles2zarr
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.state import State
from tiles2zarr.steps.configs import checked_configs
from tiles2zarr.steps.only import chosen_batches, left_out, parse_only
from tiles2zarr.steps.process import end_timers, spare_collector
from tiles2zarr.steps.reporter import Reporter, parse_interval
from tiles2zarr.steps.run_lock import RunLocks
from tiles2zarr.steps.state_files import read_batch
from tiles2zarr.steps.sweep import batch_digest, index_digest, step_options

spare_collector()
RESULTS = workflow.pathvars.get("results")
# a caller's `module ... prefix:` is put before rule paths only, not before ours
FOLDER = workflow.modifier.path_modifier.replace_prefix(RESULTS)
PACKAGE = {"version": tiles2zarr.__version__, "package": tiles2zarr.__path__[0]}
try:
    CONFIGS = checked_configs(config)
    ONLY = parse_only(config.get("only"))
    EVERY_S = parse_interval(config.get("progress"))
except Tiles2ZarrError as error:
    raise WorkflowError(str(error))


wildcard_constraints:
    plate="|".join(map(re.escape, CONFIGS)),
    batch="[A-Za-z0-9._-]+",


def state_of(wildcards):
    return State(Path(FOLDER, wildcards.plate))


def extensions(wildcards):
    return list(CONFIGS[wildcards.plate].extensions)


def options_of(step):
    """Return the params function of a step: its slice of the plate's config."""
    return lambda wildcards: step_options(step, CONFIGS[wildcards.plate])


def index_of(wildcards):
    return index_digest(CONFIGS[wildcards.plate], state_of(wildcards))


def batches_of(wildcards):
    """Return the plan's batches, never a glob's: what a lost file held is missed."""
    parsed = checkpoints.parse_tiles.get(plate=wildcards.plate)
    try:
        return chosen_batches(Path(parsed.output.plan), ONLY)
    except Tiles2ZarrError as error:
        # as an exception of an input function it would be told with a traceback
        print(error, file=sys.stderr)
        sys.exit(1)


def left_out_of(wildcards):
    """Return the images of a batch that wait, as `--config only=...` has it."""
    return left_out(state_of(wildcards).plan, wildcards.batch, ONLY)


def task_of(wildcards):
    """Return what a batch asks for; not by the checkpoint, which a cluster job lacks."""
    return read_batch(state_of(wildcards).batch(wildcards.batch))


def sources_of(wildcards):
    return batch_digest(CONFIGS[wildcards.plate], state_of(wildcards), wildcards.batch)
