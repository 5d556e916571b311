"""What the suites share: the real plates, and Snakemake as a process of its own."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import hypothesis
import pytest
import yaml

from tests.rules.plate import converted, plate  # noqa: F401  # fixtures of two suites

REPOSITORY = Path(__file__).parents[1]
DATA_VARIABLE = "TILES2ZARR_DATA"

# a busy machine is slow, not wrong
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

Completed = subprocess.CompletedProcess[str]
RunSnakemake = Callable[..., Completed]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test on real plates, in the report too: CI counts their skips."""
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker("real")
        if item.get_closest_marker("real") is not None:
            item.user_properties.append(("real", "yes"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the folder that holds the Snakefile."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real plates, or skip where there is none."""
    named = os.environ.get(DATA_VARIABLE)
    folder = Path(named) if named else REPOSITORY.parent / "shared/data"
    if not folder.is_dir():
        pytest.skip(f"no real plates in {folder}; set {DATA_VARIABLE} to their folder")
    return folder.resolve()


@pytest.fixture(scope="session")
def run_snakemake() -> RunSnakemake:
    """Return ``run(workdir, config, *arguments, check=True, snakefile=...)``.

    ``config`` is a mapping, written to ``config.yaml`` in ``workdir``, or a path.
    Arguments of the caller come last, so ``--cores 1`` wins over the 2 given here.
    """

    def run(
        workdir: Path,
        config: Mapping[str, object] | Path,
        *arguments: str,
        check: bool = True,
        snakefile: Path = REPOSITORY / "Snakefile",
        timeout_s: float = 600,
    ) -> Completed:
        workdir.mkdir(parents=True, exist_ok=True)
        if isinstance(config, Path):
            configfile = config
        else:
            configfile = workdir / "config.yaml"
            configfile.write_text(yaml.safe_dump(dict(config), sort_keys=False))
        head = [sys.executable, "-m", "snakemake", "-s", str(snakefile)]
        place = ["-d", str(workdir), "--configfile", str(configfile), "--cores", "2"]
        result = subprocess.run(
            [*head, *place, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check and result.returncode != 0:
            pytest.fail(
                f"snakemake ended with exit code {result.returncode}\n"
                f"{result.stdout}\n{result.stderr}"
            )
        return result

    return run


@pytest.fixture(scope="session")
def snakemake_jobs() -> Callable[[Completed], Counter[str]]:
    """Return ``jobs(result)``: how often each rule was started, without ``all``.

    After a dry run it counts what would be started.
    """
    started = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$", re.MULTILINE)

    def jobs(result: Completed) -> Counter[str]:
        names = started.findall(result.stdout + "\n" + result.stderr)
        return Counter(name for name in names if name != "all")

    return jobs
