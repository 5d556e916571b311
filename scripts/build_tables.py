"""Plate and well metadata, ROI and condition tables of one plate."""

from pathlib import Path

from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.state import State
from tiles2zarr.steps.build_tables import build_tables
from tiles2zarr.steps.configs import plate_config
from tiles2zarr.steps.job import job

with job(snakemake):
    state = State(Path(snakemake.output.plate).parent)
    options = TablesOptions.model_validate(snakemake.params.options)
    # not a param: a config that changes no table must not run this again
    build_tables(state, options, plate_config(snakemake.config, state.root.name))
