"""Arrays and pyramids of a batch of images."""

from pathlib import Path

from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.state import State
from tiles2zarr.steps.job import job
from tiles2zarr.steps.write_zarr import write_zarr

with job(snakemake):
    registered, done = Path(snakemake.input.registered), Path(snakemake.output.done)
    state = State(registered.parents[2])
    options = WriteOptions.model_validate(snakemake.params.options)
    sources = snakemake.params.sources
    write_zarr(registered, done, state, options, snakemake.threads, sources)
