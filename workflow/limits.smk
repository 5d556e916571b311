# Threads, memory and minutes of the jobs of a batch, for clusters; see steps/limits.py.
from tiles2zarr.steps.limits import memory_mb, runtime_minutes


def write_threads(wildcards):
    """Return a batch's threads; Snakemake holds them below --cores where it is given."""
    return task_of(wildcards)["threads"]


def memory_of(step):
    return lambda wildcards, attempt: memory_mb(step, task_of(wildcards), attempt)


def runtime_of(step):
    return lambda wildcards, attempt: runtime_minutes(step, task_of(wildcards), attempt)
