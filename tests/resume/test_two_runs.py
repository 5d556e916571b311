"""Two runs of one plate, started at once: one makes it, the other says why not."""

import json
import shutil
import sys
import time
from contextlib import chdir, closing
from pathlib import Path

import pytest

from tests.conftest import RunSnakemake
from tests.e2e.convert import convert
from tests.resume.stops import WAIT_S, Head, Stop, stacked_config, write_stacks
from tests.rules.plate import Plate, files_below

SHARED = ("raw", "functions", "stops", "out")
"""What another work folder of the same plate shares."""
UNDER_WAY = "tiles2zarr: P1: another run of this plate is under way"


def bytes_of(plate: Plate) -> dict[str, bytes]:
    """Return the output's files, the plate's random owner id replaced by one word."""
    owner = json.loads((plate.state / "owner.json").read_text())["owner"]
    files = files_below(plate.work / "out")
    return {p: raw.replace(owner.encode(), b"owner") for p, (_, raw) in files.items()}


def first_to_end(heads: tuple[Head, Head]) -> tuple[Head, Head]:
    """Return the run that ended by itself, and the other one."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        for head, other in (heads, heads[::-1]):
            if head.process.poll() is not None:
                return head, other
        time.sleep(0.05)
    raise TimeoutError("\n".join(head.output for head in heads))


@pytest.mark.parametrize(
    ("folder", "arguments", "reasons"),
    [
        pytest.param("other", ("--nolock",), (UNDER_WAY,), id="another folder"),
        pytest.param(
            "work", ("--nolock",), (UNDER_WAY,), id="nolock", marks=pytest.mark.full
        ),
        pytest.param(
            "work",
            (),
            (UNDER_WAY, "Error: Directory cannot be locked"),
            id="same folder",
            marks=pytest.mark.full,
        ),
    ],
)
def test_two_runs_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    repository: Path,
    run_snakemake: RunSnakemake,
    folder: str,
    arguments: tuple[str, ...],
    reasons: tuple[str, ...],
) -> None:
    """The output is that of an undisturbed run; the loser did nothing and says so.

    The winner waits in the middle of an image until the loser has ended. A rerun in its
    folder has nothing to do.
    """
    plate, undisturbed = Plate(tmp_path / "work"), Plate(tmp_path / "undisturbed")
    write_stacks(plate)
    for name in ("out", "stops"):
        (plate.work / name).mkdir()
    # with the times of the tiles, which the marks of the images tell
    shutil.copytree(plate.work, undisturbed.work)
    monkeypatch.syspath_prepend(undisturbed.work / "functions")
    with chdir(undisturbed.work):
        convert(stacked_config(), Path())
    sys.modules.pop("stacks")
    second = tmp_path / folder
    if folder != "work":
        second.mkdir()
        for name in SHARED:
            (second / name).symlink_to(plate.work / name)
    content = stacked_config()
    with (
        closing(Stop(plate.work, "C03", "F2")) as stop,
        Head(plate.work, content, repository) as one,
        Head(second, content, repository, *arguments, log="second.log") as two,
    ):
        stop.wait()
        loser, winner = first_to_end((one, two))
        assert loser.end() == 1
        assert any(reason in loser.output for reason in reasons)
        assert "Traceback" not in loser.output
        stop.remove()
        stop.let_go()
        assert winner.end() == 0, winner.output
    made = Plate(plate.work if winner is one else second)
    assert bytes_of(made) == bytes_of(undisturbed)
    lost = Plate(plate.work if loser is one else second)
    if lost != made:
        assert not lost.state.exists()
    again = run_snakemake(made.work, content, "-n")
    assert "Nothing to be done" in again.stdout + again.stderr
