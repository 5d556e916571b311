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
from tiles2zarr.steps.sweep import batch_digest, index_digest

RESULTS = workflow.pathvars.get("results")
PACKAGE = {"version": tiles2zarr.__version__, "package": tiles2zarr.__path__[0]}

try:
    CONFIGS = load_configs(config, plate_name)
except Tiles2ZarrError as error:
    raise WorkflowError(str(error))


wildcard_constraints:
    plate="|".join(map(re.escape, CONFIGS)),
    batch="[A-Za-z0-9._-]+",


def extensions(wildcards):
    return list(CONFIGS[wildcards.plate].extensions)


def options_of(step):
    """Return the params function of a step: its slice of the plate's config."""
    select = getattr(slices, f"{step}_options")

    def options(wildcards):
        return select(CONFIGS[wildcards.plate]).model_dump(mode="json")

    return options


def state_of(wildcards):
    return Path(RESULTS, wildcards.plate)


def index_of(wildcards):
    recorded = state_of(wildcards) / "sources/index.txt"
    return index_digest(CONFIGS[wildcards.plate], recorded)


def plan(plate):
    """Return plan.json of a plate; before parse_tiles has run the DAG waits for it."""
    with checkpoints.parse_tiles.get(plate=plate).output.plan.open() as file:
        return json.load(file)


def batch_of(wildcards):
    """Return a batch's task, once there is a plan."""
    plan(wildcards.plate)
    return json.loads(batch_file(wildcards).read_text())


def batch_file(wildcards):
    return state_of(wildcards) / f"batches/{wildcards.batch}.json"


def sources_of(wildcards):
    if CONFIGS[wildcards.plate].writing.track_sources is False:
        return "not tracked"
    plan(wildcards.plate)
    recorded = state_of(wildcards) / f"sources/{wildcards.batch}.txt"
    return batch_digest(str(batch_file(wildcards)), recorded)


def write_memory(wildcards):
    return batch_of(wildcards)["mem_mb"]


def write_threads(wildcards):
    """Spread the cores over the batches; a remote job gets what its batch can use."""
    share = (workflow.cores or 1) // len(plan(wildcards.plate)["batches"])
    return max(1, min(share, batch_of(wildcards)["threads"]))


def batches_of_plate(plate):
    """Return the outputs of all batches, from the plan: a lost file is then missed."""
    done = f"{RESULTS}/{plate}/done/write_zarr"
    return [f"{done}/{batch}.json" for batch in plan(plate)["batches"]]


def written_batches(wildcards):
    return batches_of_plate(wildcards.plate)


def all_targets(wildcards):
    """Batch outputs stand here too: only then is one that was taken back missed."""
    batches = [path for plate in CONFIGS for path in batches_of_plate(plate)]
    return batches + [f"{RESULTS}/{plate}/done/complete.json" for plate in CONFIGS]
