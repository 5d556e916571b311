"""The command that comes next, as it can be typed where this one was."""

import argparse
import shlex
from pathlib import Path

import tiles2zarr

SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
"""Where Snakemake looks for a workflow that is not named."""
OWN = Path(tiles2zarr.__file__).parents[2] / "Snakefile"
"""Of the repository this package lies in; a package that was installed has none."""


def next_look(command: str, choice: argparse.Namespace) -> str:
    """Return the line on another command of ours for the same config."""
    words = ["tiles2zarr", command, "--configfile", choice.configfile]
    if choice.directory != ".":
        words += ["-d", choice.directory]
    return f"next: {shlex.join(words)}"


def next_run(choice: argparse.Namespace) -> str:
    """Return the line on the conversion.

    Names the workflow where Snakemake would not find one: in folders without a
    Snakefile, and with ``--directory``, as it is looked for where the user stands.
    """
    words = ["snakemake"]
    elsewhere = choice.directory != "."
    found = any(Path(name).is_file() for name in SNAKEFILES)
    if (elsewhere or not found) and OWN.is_file():
        words += ["-s", str(OWN)]
    if elsewhere:
        words += ["-d", choice.directory]
    words += ["-c", "all", "--configfile", choice.configfile]
    return f"next: {shlex.join(words)}"
