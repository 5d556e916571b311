"""Lines of progress from the state of a plate."""

import os
import time
from pathlib import Path

import pytest

from tests.rules.plate import Plate
from tiles2zarr.errors import ConfigError, Tiles2ZarrError
from tiles2zarr.progress.events import Follower
from tiles2zarr.state import State
from tiles2zarr.steps.reporter import EVERY_S, Reporter, View, parse_interval, run_task

STATE = State(Path("results/P1"))


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, EVERY_S), (0, 0.0), (5, 5.0), (0.5, 0.5)]
)
def test_interval(value: object, seconds: float) -> None:
    """Half a minute is usual; 0 means no lines."""
    assert parse_interval(value) == seconds


@pytest.mark.parametrize("value", [-1, "soon", True, [3]])
def test_no_interval(value: object) -> None:
    """What is no number of seconds is an error."""
    with pytest.raises(ConfigError, match="is no number of seconds"):
        parse_interval(value)


def test_task_of_a_plan(made: Plate) -> None:
    """Images have their planes, wells, and whether they stood before a time."""
    os.utime(STATE.written("B/04/0"), (1000.0, 1000.0))
    task = run_task(STATE, (), 2000.0)
    assert task.weights == {"B/03/0": 4.0, "B/04/0": 4.0, "C/03/0": 4.0}
    assert task.wells == {"B/03/0": "B03", "B/04/0": "B04", "C/03/0": "C03"}
    assert task.before == {"B/04/0"}
    assert run_task(STATE, ("c3",), 2000.0).weights == {"C/03/0": 4.0}


def test_no_plan(raw: Plate) -> None:
    """Without a plan, or with a broken one, the error names it."""
    with pytest.raises(Tiles2ZarrError, match=r"results/P1/plan\.json cannot be read"):
        run_task(STATE, (), 0.0)
    STATE.root.mkdir(parents=True)
    STATE.plan.write_text("{}")
    with pytest.raises(Tiles2ZarrError, match=r"results/P1/plan\.json cannot be read"):
        run_task(STATE, (), 0.0)


def test_lines_of_a_plate(made: Plate) -> None:
    """A line tells the wells, is not told twice, and the end tells how long it took."""
    view = View("P1", STATE, ())
    line = view.line()
    assert line is not None
    assert line.startswith("P1: 3 of 3 wells, ")
    assert view.line() is None
    end = view.end()
    assert end is not None
    assert end.startswith(line + " in ")


def test_end_names_the_report_of_this_run(made: Plate) -> None:
    """A page that this run made stands in the last line, one of an earlier run not."""
    STATE.page.write_text("<!doctype html>")
    end = View("P1", STATE, ()).end()
    assert end is not None
    assert end.endswith("; report: results/P1/report.html")
    os.utime(STATE.page, (1000.0, 1000.0))
    end = View("P1", STATE, ()).end()
    assert end is not None
    assert "report" not in end


def test_run_without_jobs_tells_nothing(
    made: Plate, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that only began has no line, and marks its beginning in the state."""
    reporter = Reporter("results", ["P1"], ("B03",), 60.0)
    before = time.time()
    reporter.start()
    reporter.stop()
    assert capsys.readouterr().err == ""
    (begun,) = [e for e in Follower(STATE.progress).events() if e.kind == "run"]
    assert begun.only == ("B03",)
    assert before - 1 < begun.at < time.time() + 1
