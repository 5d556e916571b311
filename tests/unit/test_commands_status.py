"""``status``: written, failed with the reason, waiting, and the last findings."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import TABLE, Plate, config, table_rows, write_csv
from tests.unit.conftest import Tell
from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.commands.progress import Progress, Standing
from tiles2zarr.commands.status import well_signs
from tiles2zarr.errors import FaultsError
from tiles2zarr.models.plan import BatchOutcome, ImageEntry, Outcome, Plan
from tiles2zarr.progress.events import Event, to_line
from tiles2zarr.state import State

STATE = State(Path("results/P1"))


def test_complete_plate(made: Plate, tell: Tell) -> None:
    """A plate that is made is complete: bytes of its chunks, findings, exit code 0."""
    chunks = [
        path
        for path in made.store.rglob("[0-9]")
        if path.is_file() and "tables" not in path.parts
    ]
    total = sum(path.stat().st_size for path in chunks)
    assert len(chunks) == 18
    said = tell("status")
    assert said.code == 0
    assert said.lines[:2] == [
        "P1: 3 of 3 images written, complete",
        f"  written   {total / 1000:.1f} kB of chunks in out",
    ]
    assert said.lines[2:-2] == [
        "      01 02 03 04 05 06 07 08 09 10 11 12",
        "   A   .  .  .  .  .  .  .  .  .  .  .  .",
        "   B   .  .  #  #  .  .  .  .  .  .  .  .",
        "   C   .  .  #  .  .  .  .  .  .  .  .  .",
        *(f"   {row} " + "  ." * 12 for row in "DEFGH"),
        "  # written, . not in the plan",
    ]
    assert said.lines[-2].split()[:2] == ["info", "tiles_moved"]


def test_not_begun(raw: Plate, tell: Tell) -> None:
    """Before the first run there is nothing to tell, and the exit code is 1."""
    said = tell("status")
    assert said.code == 1
    assert said.lines[0] == "P1: not begun, there is no results/P1/plan.json"
    assert said.lines[1].startswith("next: snakemake ")


def test_waiting_image(made: Plate, tell: Tell) -> None:
    """An image without a receipt waits."""
    STATE.written("C/03/0").unlink()
    said = tell("status")
    assert said.code == 1
    assert said.lines[0] == "P1: 2 of 3 images written, 1 waiting, not complete"
    assert "  waiting   C/03/0" in said.lines


@pytest.mark.parametrize("name", ["plate.json", "done/complete.json"])
def test_end_of_the_run_is_missing(made: Plate, tell: Tell, name: str) -> None:
    """All images alone are no complete plate: tables or the end are missing."""
    Path("results/P1", name).unlink()
    said = tell("status")
    assert said.code == 1
    assert said.lines[0] == "P1: 3 of 3 images written, not complete"
    assert any("tables    wait" in line for line in said.lines) == (
        name == "plate.json"
    )


@pytest.mark.parametrize("kind", ["failed", "blocked"])
def test_outcome_of_a_step(made: Plate, tell: Tell, kind: str) -> None:
    """What write_zarr said of an image stands over its earlier receipt."""
    path = STATE.done("write_zarr", "B_04_0")
    outcome = read_json(path, BatchOutcome)
    bad = Outcome.model_validate({"status": kind, "error": "the disk is full"})
    write_json(path, outcome.replace(images={"B/04/0": bad}))
    said = tell("status")
    assert said.code == 1
    assert said.lines[0] == f"P1: 2 of 3 images written, 1 {kind}, not complete"
    assert f"  {kind:<9} B/04/0: the disk is full" in said.lines


def test_failed_run(made: Plate, tell: Tell) -> None:
    """After a run its end took the outcome back; the log still tells the reason."""
    made.raw("B04", "F1", 0).write_bytes(b"no image")
    with pytest.raises(FaultsError, match="1 of 3 images are not written"):
        convert(config(), Path())
    log = Path("results/P1/logs/register/B_04_0.log")
    log.parent.mkdir(parents=True)
    log.write_text(
        "2026-01-02 03:04:05,678 INFO tiles2zarr 0.1.0, Python 3.11.9\n"
        "2026-01-02 03:04:05,679 ERROR B/04/0: the file is no TIFF\n"
        "2026-01-02 03:04:05,680 ERROR C/03/0: another batch's business\n"
    )
    assert not STATE.done("register", "B_04_0").exists()
    said = tell("status")
    assert said.code == 1
    assert said.lines[0] == "P1: 2 of 3 images written, 1 failed, not complete"
    assert "  failed    B/04/0: the file is no TIFF" in said.lines


def test_log_of_an_earlier_failure(made: Plate, tell: Tell) -> None:
    """An error in a log says nothing once the step's outcome is there."""
    log = Path("results/P1/logs/write_zarr/B_04_0.log")
    log.parent.mkdir(parents=True)
    log.write_text("2026-01-02 03:04:05,679 ERROR B/04/0: the disk is full\n")
    assert tell("status").code == 0


def test_long_lists_end(raw: Plate, tell: Tell) -> None:
    """Images that wait are named in one line, the map shows the others."""
    wells = [f"{row}{column:02d}" for row in "BC" for column in range(1, 13)]
    write_csv(Path(TABLE), table_rows(*wells))
    for well in wells:
        raw.write_well(well)
    convert(config(acquisition={"conditions": None}), Path())
    for path in list(Path("results/P1/written").rglob("*.json")):
        path.unlink()
    lines = tell("status").lines
    assert [line for line in lines if line.startswith("  waiting")] == [
        "  waiting   B/01/0, B/02/0, B/03/0, B/04/0, B/05/0 and 19 more"
    ]


def test_report_is_named(made: Plate, tell: Tell) -> None:
    """The page stands below what is written, as soon as it is there."""
    assert not any("report" in line for line in tell("status").lines)
    STATE.page.write_text("<!doctype html>")
    assert tell("status").lines[2] == "  report    results/P1/report.html"


def test_damaged_state_is_a_line(made: Plate, tell: Tell) -> None:
    """A receipt that is no receipt ends with a line that says what to do."""
    STATE.written("B/03/0").write_text("{}")
    said = tell("status")
    assert said.code == 1
    assert "results/P1/written/B/03/0.json does not hold a Receipt" in said.err


def live_job(*events: Event) -> None:
    """Write a run of batch ``b`` that has begun, in this process, and these events."""
    me = {"batch": "b", "host": socket.gethostname(), "pid": os.getpid()}
    lines = [Event(at=1000.0, kind="run"), Event(at=1001.0, kind="job", **me)]
    lines += [replace(event, **me) for event in events]
    shutil.rmtree(STATE.progress)
    STATE.progress.mkdir()
    (STATE.progress / "b.jsonl").write_bytes(b"".join(map(to_line, lines)))


def test_while_it_runs(made: Plate, tell: Tell) -> None:
    """Wells under way, rate and time left are told, and shown in the map."""
    for image in ("B/04/0", "C/03/0"):
        STATE.written(image).unlink()
    os.utime(STATE.written("B/03/0"), (1005.0, 1005.0))
    live_job(
        Event(at=1001.0, kind="image", image="B/03/0", octets=8_000_000),
        Event(at=1005.0, kind="done", image="B/03/0", octets=8_000_000),
        Event(at=time.time(), kind="image", image="C/03/0"),
    )
    lines = tell("status").lines
    assert lines[0] == "P1: 1 of 3 images written, 1 running, 1 waiting, not complete"
    assert lines[2] == "  running   C/03/0"
    assert re.fullmatch(
        r"  rate      \S+ MB/s of source pixels, about .* left", lines[3]
    )
    assert lines[6:8] == [
        "   B   .  .  #  -  .  .  .  .  .  .  .  .",
        "   C   .  .  >  .  .  .  .  .  .  .  .  .",
    ]
    assert "  # written, > running, - waiting, . not in the plan" in lines
    facts = json.loads(tell("status", "--json").out)["plates"][0]
    assert facts["images"]["running"] == ["C/03/0"]
    assert facts["run"]["bytes"] == 8_000_000
    assert facts["run"]["left_s"] > 0


def test_run_whose_process_is_gone(made: Plate, tell: Tell) -> None:
    """What a killed job began waits again."""
    STATE.written("C/03/0").unlink()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    gone = {"batch": "b", "host": socket.gethostname(), "pid": process.pid}
    job = Event(at=1001.0, kind="job", **gone)
    image = Event(at=1002.0, kind="image", image="C/03/0", **gone)
    shutil.rmtree(STATE.progress)
    STATE.progress.mkdir()
    (STATE.progress / "b.jsonl").write_bytes(to_line(job) + to_line(image))
    said = tell("status")
    assert said.lines[0] == "P1: 2 of 3 images written, 1 waiting, not complete"
    assert not any("running" in line for line in said.lines)


def test_document_of_a_complete_plate(made: Plate, tell: Tell) -> None:
    """The JSON holds the same as the lines, under keys that stay."""
    said = tell("status", "--json")
    document = json.loads(said.out)
    assert (document["command"], document["exit_code"], said.code) == ("status", 0, 0)
    (plate,) = document["plates"]
    assert plate.keys() == {
        "name",
        "begun",
        "complete",
        "tables",
        "written_bytes",
        "wells",
        "findings",
        "images",
        "reasons",
        "run",
    }
    assert plate["wells"] == dict.fromkeys(("B03", "B04", "C03"), "written")
    assert plate["images"]["written"] == ["B/03/0", "B/04/0", "C/03/0"]
    assert [found["code"] for found in plate["findings"]] == ["tiles_moved"]
    assert (plate["complete"], plate["run"]) == (True, None)


def test_document_of_a_plate_that_has_not_begun(raw: Plate, tell: Tell) -> None:
    """Before the first run the document says so."""
    said = tell("status", "--json")
    assert json.loads(said.out) == {
        "command": "status",
        "exit_code": 1,
        "plates": [{"name": "P1", "begun": False, "complete": False}],
    }
    assert said.code == 1


@pytest.mark.parametrize(
    ("standings", "sign"),
    [
        (("written", "written"), "#"),
        (("written", "waiting"), "+"),
        (("waiting", "running"), ">"),
        (("written", "failed"), "!"),
        (("blocked", "running"), "x"),
        (("waiting", "waiting"), "-"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_well_of_several_images(standings: tuple[Standing, ...], sign: str) -> None:
    """A well is shown as what weighs most among its images."""
    entry = ImageEntry(batch="b", well="B03", path="p", shape=(1, 1, 1, 9, 7), planes=1)
    images = {f"B/03/{number}": entry for number in range(len(standings))}
    plan = Plan(
        name="P1",
        kind="plate",
        acquisitions=(),
        images=images,
        batches=("b",),
        expected_bytes=1,
        expected_files=1,
    )
    progress = Progress(dict(zip(images, standings, strict=True)), {})
    assert well_signs(plan, progress) == {"B03": sign}
