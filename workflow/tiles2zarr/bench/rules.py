"""Seconds and memory per rule, from the benchmark files Snakemake leaves."""

import csv
from collections import defaultdict
from pathlib import Path

from tiles2zarr.errors import TableError

_HEAD = ("rule", "jobs", "seconds", "cpu_seconds", "peak_mb")


def benchmark_table(results: Path) -> str:
    """Return a table of all runs below ``results``, one line per rule.

    A rule's files are ``<plate>/benchmarks/<rule>.tsv`` or one per batch in
    ``<plate>/benchmarks/<rule>/``. Seconds are summed over the jobs, the peak is that
    of the largest job.

    Raises:
        TableError: There are no benchmark files.
    """
    files = sorted(results.glob("*/benchmarks/**/*.tsv"))
    if not files:
        raise TableError(
            str(results), ["no */benchmarks/*.tsv; run the workflow first"]
        )
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for file in files:
        rule = file.relative_to(results).parts[2].removesuffix(".tsv")
        with file.open(newline="") as lines:
            rows[rule] += csv.DictReader(lines, delimiter="\t")
    table = [_line(*_HEAD)]
    for rule, jobs in rows.items():
        seconds, cpu, peak = (
            [_number(job[column]) for job in jobs]
            for column in ("s", "cpu_time", "max_rss")
        )
        table.append(
            _line(
                rule,
                str(len(jobs)),
                f"{sum(seconds):.1f}",
                f"{sum(cpu):.1f}",
                f"{max(peak):.0f}",
            )
        )
    return "\n".join(table)


def _number(cell: str) -> float:
    """Return a cell as a number; a job too short to be measured says ``NA``."""
    return 0.0 if cell in ("NA", "-") else float(cell)


def _line(rule: str, *cells: str) -> str:
    return f"{rule:<14}" + "".join(f"{cell:>13}" for cell in cells)
