# What a run is to make: the outputs of all batches, the page, the end.
from snakemake.iocontainers import Wildcards


def written_batches(wildcards):
    done = f"{RESULTS}/{wildcards.plate}/done/write_zarr"
    return [f"{done}/{batch}.json" for batch in batches_of(wildcards)]


def pages_of(wildcards):
    wanted = CONFIGS[wildcards.plate].report.enabled
    return f"{RESULTS}/{wildcards.plate}/report.html" if wanted else []


def targets_of(plate):
    """Batch outputs stand here too: only then is one that was taken back missed."""
    done = f"{RESULTS}/{plate}/done/complete.json"
    return lambda _: [*written_batches(Wildcards(fromdict={"plate": plate})), done]
