"""Tile tables and vendor folders of one plate to JSON checkpoints per image."""

from pathlib import Path

from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.state import State
from tiles2zarr.steps.job import job
from tiles2zarr.steps.parse_tiles import parse_tiles

with job(snakemake):
    parse_tiles(
        state=State(Path(snakemake.output.plan).parent),
        options=ParseOptions.model_validate(snakemake.params.options),
        index=snakemake.params.index,
    )
