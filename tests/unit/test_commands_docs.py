"""Pages with commands: every command of the examples prints what stands below it."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.e2e.convert import REPOSITORY, convert
from tests.unit.conftest import Tell
from tiles2zarr.__main__ import make_parser
from tiles2zarr.config.read import read_config
from tiles2zarr.demo.plate import make_demo

DOCUMENT = (REPOSITORY / "docs/commands.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CONFIG = "config/config.yaml"


def examples(document: str) -> list[tuple[str, str]]:
    """Return the commands of all examples, each with what it prints."""
    blocks = re.findall(r"^```console\n(.*?)^```$", document, re.M | re.S)
    parts = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks), re.M)
    return [(command, printed) for command, printed in parts]


def pattern(printed: str) -> str:
    """Return the expression for a printed text in which ``...`` is anything."""
    return re.escape(printed).replace(r"\.\.\.", ".*")


@pytest.mark.parametrize(
    ("document", "least"), [(DOCUMENT, 13), (README, 2)], ids=["commands", "readme"]
)
def test_examples_print_what_stands_there(
    document: str,
    least: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tell: Tell,
) -> None:
    """One after the other, the examples run on the demo plate as documented."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REPOSITORY / "config", "config")
    Path("Snakefile").touch()
    make_demo(Path("demo/raw"))
    convert(read_config(CONFIG), Path())
    found = examples(document)
    assert len(found) >= least
    for command, printed in found:
        program, *arguments = shlex.split(command)
        if program == "rm":
            path = Path(arguments[-1])
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif program == "snakemake":
            convert(read_config(CONFIG), Path())
        else:
            said = tell(*arguments, config=())
            assert program == "tiles2zarr"
            assert re.fullmatch(pattern(printed), said.out, re.S), said.out + said.err
            fine = not re.search("not whole|taken back", printed)
            assert said.code == (0 if fine else 1), command


def test_every_command_and_option_is_documented(tell: Tell) -> None:
    """No command and no long option is left out of the document."""
    names = re.findall(r"^    (\w+) ", make_parser().format_help(), re.M)
    assert len(names) == 7
    for name in names:
        assert f"## `{name}`" in DOCUMENT
        options = set(re.findall(r"--[a-z]+", tell(name, "--help", config=()).out))
        unsaid = {o for o in options - {"--help"} if o not in DOCUMENT}
        # init's file is shown by its short option
        assert unsaid - {"--output"} == set()
