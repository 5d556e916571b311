"""The exit code of the run: all images written, or the list of those that are not."""

from pathlib import Path

from tiles2zarr.state import State
from tiles2zarr.steps.complete import complete
from tiles2zarr.steps.job import job

with job(snakemake):
    done = Path(snakemake.output.done)
    complete(done, State(done.parents[1]), tuple(snakemake.params.only))
