"""``status``: written, failed with the reason, waiting, and the last findings."""

from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import TABLE, Plate, config, table_rows, write_csv
from tests.unit.conftest import Tell
from tiles2zarr.checkpoints import read_json, write_json
from tiles2zarr.errors import FaultsError
from tiles2zarr.models.plan import BatchOutcome, Outcome
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
    assert [line.split()[:2] for line in said.lines[2:]] == [["info", "tiles_moved"]]


def test_not_begun(raw: Plate, tell: Tell) -> None:
    """Before the first run there is nothing to tell, and the exit code is 1."""
    said = tell("status")
    assert said.code == 1
    assert said.lines == ["P1: not begun, there is no results/P1/plan.json"]


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
    """No more than twenty images of a kind are listed."""
    wells = [f"{row}{column:02d}" for row in "BC" for column in range(1, 13)]
    write_csv(Path(TABLE), table_rows(*wells))
    for well in wells:
        raw.write_well(well)
    convert(config(acquisition={"conditions": None}), Path())
    for path in list(Path("results/P1/written").rglob("*.json")):
        path.unlink()
    lines = tell("status").lines
    assert sum(line.startswith("  waiting") for line in lines) == 21
    assert "  waiting   and 4 more" in lines


def test_damaged_state_is_a_line(made: Plate, tell: Tell) -> None:
    """A receipt that is no receipt ends with a line that says what to do."""
    STATE.written("B/03/0").write_text("{}")
    said = tell("status")
    assert said.code == 1
    assert "results/P1/written/B/03/0.json does not hold a Receipt" in said.err
