"""The files around the package say the same thing, and Snakemake reads its profile."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
LOCK = REPOSITORY / "envs/requirements.lock"
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
PROFILES = sorted(REPOSITORY.glob("profiles/*/config.yaml"))
PIN = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>.+))?")


def _pins() -> list[re.Match[str]]:
    lines = LOCK.read_text().splitlines()
    pins = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert None not in pins, "a line of the lock is not name==version ; marker"
    return [pin for pin in pins if pin is not None]


def _name(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return name[0].lower().replace("_", "-")


def test_lock_holds_versions_only() -> None:
    """The lock names no index, no folder and no user: it installs anywhere."""
    assert not re.search(r"://|--|\s/|@", LOCK.read_text())
    assert len(_pins()) > 100


def test_lock_covers_all_requirements() -> None:
    """Every requirement is pinned in the lock, extras too, but the site's tools."""
    extras = [
        names
        for extra, names in PYPROJECT["optional-dependencies"].items()
        if extra != "docs"
    ]
    wanted = [*PYPROJECT["dependencies"], *(name for extra in extras for name in extra)]
    pinned = {pin["name"] for pin in _pins()}
    assert {_name(requirement) for requirement in wanted} - pinned == set()


def test_conda_environment_agrees_with_the_lock() -> None:
    """The conda file pins each runtime requirement as the lock does for Python 3.12."""
    environment = yaml.safe_load((REPOSITORY / "envs/tiles2zarr.yaml").read_text())
    listed = environment["dependencies"][-1]["pip"]
    locked = {
        f"{pin['name']}=={pin['version']}"
        for pin in _pins()
        if pin["marker"] in (None, "python_full_version >= '3.12'")
    }
    assert set(listed) - locked == set()
    wanted = PYPROJECT["dependencies"] + PYPROJECT["optional-dependencies"]["s3"]
    assert {_name(line) for line in listed} == {_name(line) for line in wanted}


def test_snakemake_minimum_is_said_once() -> None:
    """The Snakefile asks for the Snakemake version that pyproject.toml asks for."""
    wanted = next(line for line in PYPROJECT["dependencies"] if "snakemake" in line)
    minimum = re.search(r">=([0-9.]+)", wanted)
    assert minimum is not None
    snakefile = (REPOSITORY / "workflow/Snakefile").read_text()
    assert f'min_version("{minimum[1]}")' in snakefile


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_profiles_repeat_what_every_run_needs(path: Path) -> None:
    """A profile replaces the default one, so each holds the options runs rely on."""
    profile = yaml.safe_load(path.read_text())
    assert profile["scheduler"] == "greedy"
    assert profile["keep-going"] is True
    assert profile["rerun-incomplete"] is True
    assert profile["max-checksum-file-size"] == 100_000_000


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_profile_entries_have_a_comment(path: Path) -> None:
    """Every block of a profile starts with a comment that gives its reason."""
    blocks = path.read_text().strip().split("\n\n")
    assert [block for block in blocks if not block.startswith("#")] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """What the README tells to type is what CI runs."""
    readme = (REPOSITORY / "README.md").read_text()
    assert "make test " in readme
    assert "make demo " in readme
    script = (REPOSITORY / ".ci/run").read_text()
    assert "\nmake check\n" in script
    assert "\nmake test " in script


def test_catalog_finds_what_it_needs() -> None:
    """Catalog file, README words, config README and rules stand where it looks."""
    catalog = yaml.safe_load(
        (REPOSITORY / ".snakemake-workflow-catalog.yml").read_text()
    )
    assert {"mandatory-flags", "software-stack-deployment"} <= set(catalog["usage"])
    readme = (REPOSITORY / "README.md").read_text().lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert (REPOSITORY / "config/README.md").is_file()
    assert list(REPOSITORY.glob("workflow/rules/*.smk"))


def test_each_rule_has_its_script() -> None:
    """Rule, step and script share one name: each script is that of one rule file."""
    rules = {path.stem for path in REPOSITORY.glob("workflow/rules/*.smk")}
    scripts = {path.stem for path in REPOSITORY.glob("scripts/*.py")}
    assert rules == scripts


TOY = """
rule all:
    default_target: True
    input: expand("done/{name}.txt", name=["a", "b"])
checkpoint parse:
    output: "plan.txt"
    shell: "echo {config[word]} > {output}"
rule write:
    input: "plan.txt"
    output: "done/{name}.txt"
    shell: "if [ {wildcards.name} = b ] && [ -e fail ]; then exit 1; fi; touch {output}"
"""


def test_default_profile_is_loaded_and_keeps_going(
    tmp_path: Path,
    run_snakemake: Callable[..., CompletedProcess[str]],
    snakemake_jobs: Callable[[CompletedProcess[str]], Counter[str]],
) -> None:
    """Beside a Snakefile the profile is read: one failed job leaves the other done."""
    workflow = tmp_path / "workflow"
    workflow.mkdir()
    (workflow / "Snakefile").write_text(TOY)
    profile = workflow / "profiles/default/config.yaml"
    profile.parent.mkdir(parents=True)
    profile.write_text((REPOSITORY / "profiles/default/config.yaml").read_text())
    place, config = tmp_path / "work", {"word": "hello"}
    place.mkdir()
    (place / "fail").touch()
    snakefile = workflow / "Snakefile"
    arguments = ("--cores", "1")
    first = run_snakemake(place, config, *arguments, snakefile=snakefile, check=False)
    assert first.returncode != 0
    assert "profiles/default for setting default" in first.stderr
    assert snakemake_jobs(first) == Counter(parse=1, write=2)
    assert (place / "done/a.txt").is_file()
    (place / "fail").unlink()
    second = run_snakemake(place, config, *arguments, snakefile=snakefile)
    assert snakemake_jobs(second) == Counter(write=1)
