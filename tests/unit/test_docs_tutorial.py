"""docs/tutorial.md: its files are made, its commands run, in the order of the page."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.convert import REPOSITORY, convert
from tests.unit.conftest import Tell
from tests.unit.test_commands_docs import examples, pattern
from tiles2zarr.config.read import read_config

PAGE = (REPOSITORY / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)


def run_script(text: str) -> str:
    """Return what a Python block prints, run as the file that its first line names."""
    name = text.splitlines()[0].removeprefix("# ")
    Path(name).write_text(text)
    ran = subprocess.run(
        [sys.executable, "-W", "error", name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def run_command(command: str, printed: str, tell: Tell) -> None:
    """Run an example; what it prints is what stands below it."""
    program, *arguments = shlex.split(command)
    if program == "snakemake":
        convert(read_config(arguments[-1]), Path())
        return
    said = tell(*arguments, config=())
    assert (program, said.code) == ("tiles2zarr", 0), said.err
    assert re.fullmatch(pattern(printed), said.out, re.S), said.out


def test_tutorial_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
    """Scripts, configs, commands and outputs of the page, one after the other."""
    monkeypatch.chdir(tmp_path)
    out = ""
    for kind, text in BLOCKS:
        if kind == "python":
            out = run_script(text)
        elif kind == "yaml":
            Path(text.splitlines()[0].removeprefix("# ")).write_text(text)
        elif kind == "text":
            assert re.fullmatch(pattern(text), out, re.S), out
        else:
            assert kind == "console"
            for command, printed in examples(f"```console\n{text}```"):
                run_command(command, printed, tell)
    fields = sorted(path.name for path in Path("results/fields.zarr/A/02").glob("0*"))
    assert fields == ["0F1", "0F2", "0F3", "0F4"]
    assert [kind for kind, _ in BLOCKS].count("console") == 3
