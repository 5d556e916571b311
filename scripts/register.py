"""Stage positions of a batch of images to pixel boxes."""

from pathlib import Path

from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.state import State
from tiles2zarr.steps.job import job
from tiles2zarr.steps.register import register

with job(snakemake):
    batch, done = Path(snakemake.input.batch), Path(snakemake.output.done)
    state = State(batch.parents[1])
    options = RegisterOptions.model_validate(snakemake.params.options)
    register(batch, done, state, options, frozenset(snakemake.params.waiting))
