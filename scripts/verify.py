"""Whether every image of a plate is whole; no output if one is not."""

from pathlib import Path

from tiles2zarr.commands.verify import verify_plate
from tiles2zarr.config.root import Config
from tiles2zarr.state import State
from tiles2zarr.steps.job import job

with job(snakemake):
    done = Path(snakemake.output.done)
    config = Config.model_validate(snakemake.params.config)
    verify_plate(done, State(done.parents[1]), config, snakemake.threads)
