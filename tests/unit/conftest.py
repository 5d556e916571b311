"""A converted plate for the tests of the command line."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.convert import convert
from tests.rules.plate import Plate, config
from tiles2zarr.__main__ import main


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Return the lines on stdout."""
        return self.out.splitlines()


Tell = Callable[..., Said]


@pytest.fixture(scope="session")
def converted_in_process(tmp_path_factory: pytest.TempPathFactory) -> Plate:
    """Return the tiny plate converted by the steps alone; not to be changed."""
    plate = Plate(tmp_path_factory.mktemp("in-process"))
    plate.write()
    write_config(plate.work)
    with chdir(plate.work):
        convert(config(), Path())
    return plate


@pytest.fixture
def made(
    converted_in_process: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Plate:
    """Return a copy of the converted plate; its work folder is the current one."""
    shutil.copytree(converted_in_process.work, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return Plate(Path(os.curdir))


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plate:
    """Return the plate before any run; its work folder is the current one."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    plate = Plate(Path(os.curdir))
    plate.write()
    write_config(plate.work)
    return plate


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Return ``tell("verify", "--deep")``: what a command says of ``my.yaml``."""

    def run(
        *arguments: str, config: Sequence[str] = ("--configfile", "my.yaml")
    ) -> Said:
        capsys.readouterr()
        try:
            code = main([arguments[0], *config, *arguments[1:]])
        except SystemExit as error:
            code = int(error.code or 0)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err + printed.out
        return Said(code, printed.out, printed.err)

    return run


def write_config(work: Path, **sections: dict[str, object]) -> dict[str, object]:
    """Write ``my.yaml`` for the plate, sections laid over its own; return it."""
    content = config(**sections)
    (work / "my.yaml").write_text(yaml.safe_dump(content))
    return content
