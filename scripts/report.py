"""The report page of one plate, its contact sheet and its quality figures."""

from pathlib import Path

from tiles2zarr.config.options.report import ReportOptions
from tiles2zarr.state import State
from tiles2zarr.steps.job import job
from tiles2zarr.steps.report import report

with job(snakemake):
    page, *rest = map(Path, snakemake.output)
    options = ReportOptions.model_validate(snakemake.params.options)
    report(page, *rest, State(page.parent), options)
