"""Other workflows use this one as a module and get the plate of a plain run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import RunSnakemake
from tests.rules.plate import Plate, config, contents
from tiles2zarr.checkpoints import read_json
from tiles2zarr.models.plan import Plan

CALLER = """
rule all:
    input: "said/{{}}.txt".format(config["word"])
module tiles2zarr:
    snakefile: {snakefile}
    config: config["tiles"]
    {place}
use rule * from tiles2zarr as t2z_*
rule say:
    input: rules.t2z_all.input
    output: "said/{{plate}}.txt"
    shell: "echo done > {{output}}"
"""
"""A workflow with its own first rule, and a wildcard named as one of the module's."""
DEPLOYED = """
configfile: "config/config.yaml"
module tiles2zarr:
    snakefile: {snakefile}
    config: config
use rule * from tiles2zarr
"""
"""What `snakedeploy deploy-workflow` writes, beside a copied config folder."""
HOSTED = 'github("facility/tiles2zarr", path="workflow/Snakefile", tag="v1.0.0")'


@pytest.fixture
def raw(tmp_path: Path) -> Plate:
    """Return the plate, not converted."""
    plate = Plate(tmp_path / "work")
    plate.write()
    return plate


@pytest.fixture
def hosted(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a module's snakefile on a git host, whose clone Snakemake has already."""
    source, cache = tmp_path / "source", tmp_path / "cache"
    for folder in ("workflow", "scripts", "envs"):
        shutil.copytree(
            repository / folder,
            source / folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "release")
    git(source, "tag", "v1.0.0")
    clones = "snakemake/snakemake/source-cache/snakemake-git-cache"
    clone = cache / clones / "github.com/facility/tiles2zarr"
    git(source, "clone", "--quiet", "--bare", str(source), str(clone))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return HOSTED


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder, as somebody."""
    somebody = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", "-C", str(folder), *somebody, *arguments], check=True)


def call(plate: Plate, text: str, **parts: str) -> Path:
    """Write a workflow that uses this one; return its Snakefile."""
    snakefile = plate.work / "workflow/Snakefile"
    snakefile.parent.mkdir()
    snakefile.write_text(text.format(**parts))
    return snakefile


def one_batch() -> dict[str, object]:
    """Return the plate's config with all images in one job."""
    return config(writing={"images_per_job": "auto"})


def store(plate: Plate, state: Path) -> dict[str, bytes]:
    """Return the store's files; the owner's id, made once per state, reads OWNER."""
    owner = yaml.safe_load((state / "owner.json").read_text())["owner"]
    return {
        path: content.replace(owner.encode(), b"OWNER")
        for path, content in contents(plate.files()).items()
    }


@pytest.mark.parametrize(
    ("place", "state"),
    [
        pytest.param('pathvars: results="made/state"', "made/state/P1", id="pathvars"),
        pytest.param(
            'prefix: "made"', "made/results/P1", id="prefix", marks=pytest.mark.full
        ),
    ],
)
def test_module_gives_the_plate_of_a_plain_run(
    raw: Plate,
    converted: Plate,
    repository: Path,
    run_snakemake: RunSnakemake,
    place: str,
    state: str,
) -> None:
    """The caller's first rule is the target; state is where it says, the plate alike.

    The caller's own files named `{plate}` are not held to the module's plates, and a
    second run does nothing.
    """
    path = repr(str(repository / "workflow/Snakefile"))
    snakefile = call(raw, CALLER, snakefile=path, place=place)
    settings = {"tiles": one_batch(), "word": "hello"}
    run_snakemake(raw.work, settings, snakefile=snakefile)
    assert (raw.work / "said/hello.txt").read_text() == "done\n"
    assert not (raw.work / "results").exists()
    assert store(raw, raw.work / state) == store(converted, converted.state)
    again = run_snakemake(raw.work, settings, snakefile=snakefile)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_module_from_a_git_host(
    raw: Plate, converted: Plate, hosted: str, run_snakemake: RunSnakemake
) -> None:
    """Rules fetched at a tag run with the installed package, as snakedeploy sets up."""
    snakefile = call(raw, DEPLOYED, snakefile=hosted)
    (raw.work / "config").mkdir()
    deployed = raw.work / "config/config.yaml"
    deployed.write_text(yaml.safe_dump(one_batch()))
    run_snakemake(raw.work, deployed, snakefile=snakefile)
    assert store(raw, raw.state) == store(converted, converted.state)
    assert len(read_json(raw.state / "plan.json", Plan).batches) == 1


def test_snakedeploy_takes_config_and_profiles(
    repository: Path, tmp_path: Path
) -> None:
    """A deployed workflow starts with the demo's config, schema and profiles."""
    command = Path(sys.executable).with_name("snakedeploy")
    if not command.is_file():
        pytest.skip("snakedeploy is not installed")
    target = tmp_path / "deployed"
    source = tmp_path / "source"
    for folder in ("workflow", "config", "profiles"):
        shutil.copytree(repository / folder, source / folder)
    shutil.copy(repository / "LICENSE", source)
    git(source, "init", "--quiet", "--initial-branch", "main")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "release")
    subprocess.run(
        [command, "deploy-workflow", source, target, "--branch", "main"], check=True
    )
    for path in ("config/config.yaml", "config/config.schema.json"):
        assert (target / path).read_bytes() == (repository / path).read_bytes()
    assert (target / "profiles/default/config.yaml").is_file()
    assert "use rule * from source" in (target / "workflow/Snakefile").read_text()
