"""One run of a plate at a time, whatever work folders the runs have."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.rules.plate import Plate, config
from tests.unit.conftest import Tell
from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.errors import LockedError
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.steps import run_lock
from tiles2zarr.steps.run_lock import RunLocks, hold_run

MakeConfig = Callable[[str], Config]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a second for another run."""
    monkeypatch.setattr(run_lock, "WAIT_S", 1.0)


@pytest.fixture
def config_to() -> MakeConfig:
    """Return ``config_to(output)``: the plate's config with another output."""

    def make(output: str) -> Config:
        content = config() | {"output": output}
        return load_configs(content, plate_name)["P1"]

    return make


def test_second_run_is_refused(tmp_path: Path, config_to: MakeConfig) -> None:
    """It is told who holds the plate; other plates of the output are free."""
    out = str(tmp_path / "out")
    with hold_run("P1", config_to(out)):
        with (
            pytest.raises(LockedError) as refused,
            hold_run("P1", config_to(f"file://{out}")),
        ):
            pass
        with hold_run("P2", config_to(out)):
            pass
    said = str(refused.value)
    assert said.startswith(
        "P1: another run of this plate is under way, and this one did nothing. "
        f"{out} is being written by process {os.getpid()} on "
    )
    assert said.endswith(
        ", which has been alive for the 1 seconds this process waited. Wait for it or "
        "stop it, then run again (a dead one is taken over by itself)."
    )


def test_second_run_waits_for_the_end_of_the_first(
    tmp_path: Path,
    config_to: MakeConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says that it waits, and begins when the first has ended."""
    monkeypatch.setattr(run_lock, "WAIT_S", 60.0)
    said: list[str] = []
    first = ExitStack()
    first.enter_context(hold_run("P1", config_to(str(tmp_path / "out"))))

    def warn(line: str) -> None:
        said.append(line)
        first.close()

    monkeypatch.setattr(run_lock, "_warn", warn)
    with hold_run("P1", config_to(str(tmp_path / "out"))):
        assert said == [
            "P1: another run of this plate is under way; waiting 60 seconds for its end"
        ]


def test_plate_is_free_after_a_run(tmp_path: Path, config_to: MakeConfig) -> None:
    """A run leaves no lock; an error of its body is not taken for one of the lock."""
    out = tmp_path / "out"
    for _ in range(2):
        with (
            pytest.raises(LockedError, match=r"^an image is held$"),
            hold_run("P1", config_to(str(out))),
        ):
            raise LockedError("an image is held")
        assert list(out.iterdir()) == []


def test_output_that_cannot_be_written(
    tmp_path: Path, config_to: MakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told and not held: a run may have nothing to write there."""
    (tmp_path / "file").write_text("no folder")
    entered = False
    with hold_run("P1", config_to(str(tmp_path / "file/out"))):
        entered = True
    assert entered
    said = capsys.readouterr().err
    assert said.startswith("tiles2zarr: P1 is not held against other runs: ")
    assert str(tmp_path / "file/out") in said


def test_run_holds_all_its_plates_or_ends(
    tmp_path: Path, config_to: MakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run with one plate that is held ends with a line, and gives the others back."""
    plates = {name: config_to(str(tmp_path / "out")) for name in ("P0", "P1")}
    with hold_run("P1", plates["P1"]):
        locks = RunLocks(plates)
        with pytest.raises(SystemExit) as ended:
            locks.take()
        assert ended.value.code == 1
        assert capsys.readouterr().err.startswith("tiles2zarr: P1: another run of this")
        locks.give_back()
        with hold_run("P0", plates["P0"]):
            pass
    locks = RunLocks(plates)
    locks.take()
    with pytest.raises(LockedError, match=r"^P0: "), hold_run("P0", plates["P0"]):
        pass
    locks.give_back()
    with hold_run("P0", plates["P0"]):
        pass


def test_adoption_refuses_beside_a_run(
    made: Plate, tell: Tell, config_to: MakeConfig
) -> None:
    """It would take the outputs of the run's jobs away."""
    with hold_run("P1", config_to("out")):
        said = tell("verify", "--adopt")
    assert said.code == 1
    assert "\nP1: another run of this plate is under way, and this one did" in said.err
