# Config to validated models, targets and params of the rules.
# Every remote job reads this file again: only pydantic and yaml are imported here.
import json
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(workflow.current_basedir))

import tiles2zarr
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.named_functions import check_functions
from tiles2zarr.steps.sweep import batch_digest, index_digest

RESULTS = workflow.pathvars.get("results")
PACKAGE = {"version": tiles2zarr.__version__, "package": tiles2zarr.__path__[0]}

try:
    CONFIGS = load_configs(config, plate_name)
    for one in CONFIGS.values():
        check_functions(one)
except Tiles2ZarrError as error:
    raise WorkflowError(str(error))


wildcard_constraints:
    plate="|".join(map(re.escape, CONFIGS)),
    batch="[A-Za-z0-9._-]+",


def state_of(wildcards):
    return State(Path(RESULTS, wildcards.plate))


def extensions(wildcards):
    return list(CONFIGS[wildcards.plate].extensions)


def options_of(step):
    """Return the params function of a step: its slice of the plate's config."""
    select = getattr(slices, f"{step}_options")
    return lambda wildcards: select(CONFIGS[wildcards.plate]).model_dump(mode="json")


def index_of(wildcards):
    recorded = state_of(wildcards).sources("index")
    return index_digest(CONFIGS[wildcards.plate], recorded)


def batches_of(plate):
    """Return the plan's batches, never a glob's: what a lost file held is missed."""
    with checkpoints.parse_tiles.get(plate=plate).output.plan.open() as plan:
        return json.load(plan)["batches"]


def batch_of(wildcards):
    batches_of(wildcards.plate)
    return json.loads(state_of(wildcards).batch(wildcards.batch).read_text())


def sources_of(wildcards):
    batches_of(wildcards.plate)
    state = state_of(wildcards)
    watched = CONFIGS[wildcards.plate].writing.track_sources is not False
    return batch_digest(state, wildcards.batch) if watched else "not watched"


def write_memory(wildcards):
    return batch_of(wildcards)["mem_mb"]


def write_threads(wildcards):
    """Spread the cores over the batches; a remote job gets what its batch can use."""
    share = (workflow.cores or 1) // len(batches_of(wildcards.plate))
    return max(1, min(share, batch_of(wildcards)["threads"]))


def written_batches(wildcards):
    done = f"{RESULTS}/{wildcards.plate}/done/write_zarr"
    return [f"{done}/{batch}.json" for batch in batches_of(wildcards.plate)]


def targets_of(plate):
    """Batch outputs stand here too: only then is one that was taken back missed."""

    def targets(wildcards):
        named = snakemake.iocontainers.Wildcards(fromdict={"plate": plate})
        return [*written_batches(named), f"{RESULTS}/{plate}/done/complete.json"]

    return targets


# a function per plate: of one for all, Snakemake plans a plate after the other
ALL_TARGETS = list(map(targets_of, CONFIGS))
