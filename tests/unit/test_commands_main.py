"""The command line as a whole: what it loads, what it refuses, how it fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.rules.plate import Plate, config
from tests.unit.conftest import Tell, write_config
from tiles2zarr.__main__ import main, make_parser

COMMANDS = ("init", "check", "plan", "status", "verify", "prune", "view")
HEAVY = {"numpy", "pandas", "zarr", "ngio", "dask", "scipy", "pydantic", "yaml"}


def loaded_by(*arguments: str) -> set[str]:
    """Return the top-level modules a process has after a command."""
    code = (
        "import sys\n"
        "from tiles2zarr.__main__ import main\n"
        "try:\n"
        f"    main({list(arguments)!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "print('\\nLOADED', *{name.split('.')[0] for name in sys.modules})"
    )
    workflow = Path(__file__).parents[2] / "workflow"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(workflow)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize("arguments", [("--help",), ("verify", "--help"), ("bad",)])
def test_help_is_cheap(arguments: tuple[str, ...]) -> None:
    """Help and usage errors load no array library, not even the config's models."""
    assert not loaded_by(*arguments) & HEAVY


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """All commands stand in the help, each with a sentence, which is in its own too."""
    text = make_parser().format_help()
    flat = " ".join(text.split())
    for name in COMMANDS:
        assert f"    {name} " in text
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        own = capsys.readouterr().out
        assert f"usage: tiles2zarr {name}" in own
        sentence = " ".join(own.split("\n\n")[1].split())
        assert f" {name} {sentence}" in flat


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check",), "required: --configfile"),
        (("verify",), "give either --configfile or --store"),
        (("verify", "--repair", "--adopt", "--configfile", "my.yaml"), "not allowed"),
        (("verify", "--store", "out/P1.zarr", "--repair"), "need --configfile"),
        (("verify", "--store", "out/P1.zarr", "--adopt"), "need --configfile"),
        (("view",), "give either PLATE.ZARR or --configfile"),
        (("plan", "--configfile", "my.yaml", "-d", "nowhere"), "nowhere is not a"),
        (("status", "--configfile", "my.yaml", "--plate", "P2"), "no plate 'P2'"),
        (("fly",), "invalid choice: 'fly'"),
        (("chek", "--json"), "; did you mean check?"),
        (
            ("plan", "--configfile", "my.yaml", "--imges"),
            "unrecognized arguments: --imges; did you mean --images?\n",
        ),
        (("check", "--configfile", "my.yaml", "B03"), "unrecognized arguments: B03\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_exit_code_2(
    raw: Plate, tell: Tell, arguments: tuple[str, ...], message: str
) -> None:
    """What cannot be asked for is a line with the command's usage and exit code 2."""
    said = tell(*arguments, config=())
    assert (said.code, said.out) == (2, "")
    command = f" {arguments[0]} " if arguments[0] in COMMANDS else " "
    assert said.err.startswith(f"usage: tiles2zarr{command}[-h]")
    assert message in said.err


@pytest.mark.parametrize("command", ["check", "plan", "status", "verify", "prune"])
def test_document_of_every_command(made: Plate, tell: Tell, command: str) -> None:
    """With ``--json`` there is one document, with command and exit code first."""
    said = tell(command, "--json")
    content = json.loads(said.out)
    assert list(content)[:2] == ["command", "exit_code"]
    assert (content["command"], content["exit_code"]) == (command, said.code)
    assert said.code == 0
    assert [plate["name"] for plate in content["plates"]] == ["P1"]


def test_document_of_verify(made: Plate, tell: Tell) -> None:
    """Whole, then a chunk lost, an image not written and a plate without its wells."""
    nothing = {"damaged": {}, "metadata": {}, "failed": [], "foreign": []}
    none = {"compared": 0, "differing": 0, "unknown": 0}
    content = json.loads(tell("verify", "--json").out)
    about = {"name": "P1", "depth": "chunks", "images": 3}
    assert content["lines"] == ["P1: 3 images whole (every chunk read)"]
    assert content["plates"] == [about | nothing | {"planes": none}]

    Path("out/P1.zarr/C/03/0/0/0/0/0/1").unlink()
    Path("results/P1/written/B/03/0.json").unlink()
    Path("out/P1.zarr/.zattrs").unlink()
    said = tell("verify", "--json", "--deep")
    content = json.loads(said.out)
    (plate,) = content["plates"]
    assert (said.code, content["exit_code"], plate["depth"]) == (1, 1, "sources")
    assert sorted(plate["damaged"]) == ["B/03/0", "C/03/0"]
    assert {one["part"] for one in plate["damaged"]["B/03/0"]} == {"receipt"}
    (lost,) = [one for one in plate["damaged"]["C/03/0"] if one["part"] == "pixels"]
    assert lost["message"].startswith("level 0: 1 chunk is missing")
    assert "P1.zarr" in plate["metadata"]
    # two fields of two channels in each image with a receipt; one lost its chunk
    assert plate["planes"] == {"compared": 7, "differing": 0, "unknown": 1}
    told = ("B/03/0: ", "C/03/0: ", "P1.zarr: ", "P1: 2 of 3 images not whole")
    assert all(any(line.startswith(t) for line in content["lines"]) for t in told)


def test_documents_of_check_prune_and_init(made: Plate, tell: Tell) -> None:
    """They hold what the lines say: input and output, leftovers, the config."""
    (plate,) = json.loads(tell("check", "--json").out)["plates"]
    assert plate["input"] == [{"path": "raw/tiles.csv", "format": "tile_table"}]
    assert plate["output"] == "out"
    (plate,) = json.loads(tell("prune", "--json").out)["plates"]
    nothing = {"orphans": [], "leftovers": {}, "removed": False}
    assert plate == {"name": "P1"} | nothing
    content = json.loads(tell("init", "raw/tiles.csv", "--json", config=()).out)
    assert (content["format"], content["written"]) == ("tile_table", None)
    assert yaml.safe_load(content["config"])["plate"]["name"] == "raw"


def test_document_of_an_error(made: Plate, tell: Tell) -> None:
    """An error is a document too, its faults one by one; the line stands on stderr."""
    write_config(Path(), plate={"layout": 97})
    said = tell("plan", "--json")
    content = json.loads(said.out)
    assert (said.code, content["exit_code"], content["command"]) == (1, 1, "plan")
    assert content["error"]["kind"] == "ConfigError"
    (fault,) = content["error"]["faults"]
    assert fault.startswith("plate.layout: ")
    assert said.err.startswith("config my.yaml: 1 fault\n")


@pytest.mark.parametrize("command", ["check", "plan", "status", "verify", "prune"])
def test_no_config_is_a_line(raw: Plate, tell: Tell, command: str) -> None:
    """A config that is not there ends with exit code 1 and says so."""
    said = tell(command, config=("--configfile", "other.yaml"))
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "config other.yaml: 1 fault\n  - cannot be read (No such file or directory); "
        "check the path and its rights\n"
    )


@pytest.mark.parametrize("command", ["check", "plan", "status", "verify", "prune"])
def test_faults_of_the_config_are_all_told(
    raw: Plate, tell: Tell, command: str
) -> None:
    """Every command names all faults of the config, as Snakemake would."""
    write_config(Path(), plate={"layout": 97}, omezarr={"num_levls": 3})
    said = tell(command)
    assert said.code == 1
    assert said.err.startswith("config my.yaml: 2 faults\n")
    assert "  - plate.layout: " in said.err
    assert "  - omezarr.num_levls: " in said.err


def test_directory_is_where_paths_start(
    made: Plate, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The config's path starts from here, all paths in it from ``--directory``."""
    work = Path().absolute()
    monkeypatch.chdir(work.parent)
    place = ("--configfile", "work/my.yaml", "-d", "work")
    assert tell("status", config=place).lines[0] == (
        "P1: 3 of 3 images written, complete"
    )
    assert Path().absolute() == work.parent
    assert tell("status", config=place[:2]).lines[0] == (
        "P1: not begun, there is no results/P1/plan.json"
    )


def test_results_follow_the_pathvars(made: Plate, tell: Tell) -> None:
    """State is looked for where Snakemake's ``pathvars`` put it."""
    Path("results").rename("state")
    assert tell("status").code == 1
    content = config() | {"pathvars": {"results": "state"}}
    Path("my.yaml").write_text(yaml.safe_dump(content))
    assert tell("status").code == 0


def test_plates_are_told_one_by_one(raw: Plate, tell: Tell) -> None:
    """Without ``--plate`` all plates of the config are looked at, with it that one."""
    shared = config()
    del shared["plate"]
    shared["plates"] = {"P1": {}, "P2": {}}
    Path("my.yaml").write_text(yaml.safe_dump(shared))
    one, two = (f"P{n}: not begun, there is no results/P{n}/plan.json" for n in (1, 2))
    assert tell("status").lines[:-1] == [one, "", two]
    assert tell("status", "--plate", "P2").lines[:-1] == [two]


def test_refused_by_the_system(made: Plate, tell: Tell) -> None:
    """What the system refuses is a line with the path, not a traceback."""
    Path("results/P1/findings.json").unlink()
    Path("results/P1/findings.json").symlink_to("findings.json")
    Path("results/P1/plan.json").unlink()
    Path("results/P1/plan.json").mkdir()
    said = tell("verify")
    assert said.code == 1
    assert said.err == (
        "results/P1/plan.json cannot be read: Is a directory. Run the workflow again; "
        "it makes this file.\n"
    )


def test_reader_that_leaves() -> None:
    """A reader that closes the pipe early ends the command without a complaint."""
    workflow = Path(__file__).parents[2] / "workflow"
    code = (
        "import sys\n"
        "from tiles2zarr import __main__ as cli\n"
        "class Command:\n"
        "    def run(self, choice):\n"
        "        raise BrokenPipeError\n"
        "sys.modules['tiles2zarr.commands.status'] = Command()\n"
        "sys.exit(cli.main(['status', '--configfile', 'x']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(workflow)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_init_prints_or_writes(raw: Plate, tell: Tell) -> None:
    """A config is printed, or written where nothing is; what is there stays."""
    printed = tell("init", "raw/tiles.csv", config=())
    assert printed.code == 0
    assert yaml.safe_load(printed.out)["acquisitions"] == [
        {
            "path": "raw/tiles.csv",
            "format": "tile_table",
            "details": {"pixelsize": None},
        }
    ]
    written = tell("init", "raw/tiles.csv", "-o", "new.yaml", config=())
    assert written.lines == [
        "new.yaml: written for format tile_table; look through it, and fill in what "
        "the files do not tell:",
        "  line 17: size of a pixel, micrometer; left blank, 1 is taken",
        "next: tiles2zarr check --configfile new.yaml",
    ]
    assert Path("new.yaml").read_text() == printed.out.replace(
        "# Save it as my.yaml and run: snakemake -c all --configfile my.yaml",
        "# Run: snakemake -c all --configfile new.yaml",
    )
    Path("new.yaml").write_text("mine")
    refused = tell("init", "raw/tiles.csv", "-o", "new.yaml", config=())
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "new.yaml exists and was not touched. Choose another name.\n"
    assert Path("new.yaml").read_text() == "mine"
    nowhere = tell("init", "raw/tiles.csv", "-o", "no/new.yaml", config=())
    assert (nowhere.code, nowhere.err) == (
        1,
        "no/new.yaml: No such file or directory\n",
    )
