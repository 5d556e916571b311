"""Compute tasks one by one: what each reads and leaves, and who finishes the plate."""

import json
import logging
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tiles2zarr
from tests.fractal.stores import differences
from tests.fractal.test_tasks import compute, conditions, images, plate, start
from tests.resume.test_kill import wait_for
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.fractal.plans import ComputeCall
from tiles2zarr.fractal.runs import RunState, open_run, plate_lock
from tiles2zarr.stores.lock import hold
from tiles2zarr.stores.swap import ImagePlace


def state_of(calls: list[ComputeCall]) -> RunState:
    """Return the state of an init task."""
    return open_run(calls[0]["init_args"]["run"])


def found(state: RunState) -> dict[str, object]:
    """Return the findings of a finished plate by their codes."""
    listed = json.loads(state.findings.read_text())["findings"]
    return {finding["code"]: finding for finding in listed}


def own_file(tables: list[Path], well: tuple[str, int]) -> Path:
    """Let a well of the second table read a file of its own; return the file."""
    table = pd.read_csv(tables[1])
    used = table["file_path"][0]
    lone = tables[1].parent / "alone.npy"
    shutil.copy(tables[1].parent / used, lone)
    here = (table["row"] == well[0]) & (table["column"] == well[1])
    table.loc[here & (table["file_path"] == used), "file_path"] = lone.name
    table.to_csv(tables[1], index=False)
    return lone


def test_a_compute_task_reads_nothing_of_other_images(
    tables: list[Path], output: Path
) -> None:
    """Its cost does not grow with the plate: neither plan nor other images are read."""
    calls = start(tables, output)
    compute(calls[:3])
    state = state_of(calls)
    state.plan.write_text("not read")
    for kind in ("tiles", "registered", "written", "tabled"):
        for image in ("A/02/0", "A/02/1", "A/11/0"):
            getattr(state, kind)(image).write_text("not read")
    (output / "P1.zarr/A/02/.zattrs").write_text("not read")
    compute(calls[4:5])
    assert [well["path"] for well in plate(output)["wells"]] == ["A/02", "A/11", "B/07"]
    assert conditions(output) == ["A02/0", "A02/1", "A11/0", "B07/0"]


def test_a_half_done_plate_counts_its_fields(tables: list[Path], output: Path) -> None:
    """Acquisitions and the counts of fields are those of the images that are there."""
    calls = start(tables, output)
    compute(calls[3:4])
    found = plate(output)
    assert found["acquisitions"] == [
        {"id": 0, "name": "0"},
        {"id": 1, "name": "1", "maximumfieldcount": 1},
    ]
    assert found["field_count"] == 1


def test_nothing_is_told_of_images_that_are_to_come(
    tables: list[Path], output: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A task warns of no image that left the plan, and guesses no smaller plate."""
    table = pd.read_csv(tables[0])
    table.loc[table["row"] == "B", "column"] = 20  # no 96-well plate has it
    table.to_csv(tables[0], index=False)
    calls = start(tables[:1], output)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        compute(calls[:2])
    assert caplog.messages == []
    compute(calls[2:])
    assert found(state_of(calls)).keys() == {"layout_guessed", "tiles_moved"}
    assert len(plate(output)["columns"]) == 24


def test_the_last_task_finishes_a_plate_that_is_made_anew(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """After a second init the tasks list their images, and only the last one finishes.

    Else each of them would find all others through from the first time, and finish the
    plate: a plate of thousands of images thousands of times.
    """
    lone = own_file(tables, ("A", 2))
    calls = start(tables, output)
    compute(calls)
    state = state_of(calls)
    np.save(lone, np.load(lone)[::-1])
    calls = start(tables, output)
    for call in calls[:-1]:
        compute([call])
        # those before the changed one leave the plate as it is
        assert state.plate.is_file() is (call == calls[0])
    compute(calls[-1:])
    assert state.plate.is_file()
    compute(start(tables, tmp_path / "whole"))
    told = {"A/02/1/tables/plane_table/table.csv"}
    assert {*differences(output / "P1.zarr", tmp_path / "whole/P1.zarr")} <= told


def test_a_failure_after_a_second_init_is_in_the_findings(
    tables: list[Path], output: Path
) -> None:
    """The plate is finished with it, whether its task ends last or not."""
    lone = own_file(tables, ("A", 2))
    calls = start(tables, output)
    compute(calls)
    lone.write_bytes(lone.read_bytes()[:-3])
    calls = start(tables, output)
    with pytest.raises(Tiles2ZarrError, match=r"^A/02/1: .*alone\.npy"):
        compute(calls[1:2])
    compute([*calls[:1], *calls[2:]])
    kept = found(state_of(calls))["earlier_image_kept"]
    assert kept["images"] == ["A/02/1"]
    assert images(output) == [str(c["init_args"]["image"]) for c in calls]


def test_a_plate_that_was_removed_is_laid_out_again(
    tables: list[Path], output: Path
) -> None:
    """Compute tasks whose plate is gone make it with all its rows and columns."""
    calls = start(tables, output)
    shutil.rmtree(output / "P1.zarr")
    compute(calls[2:3])
    assert images(output) == ["A/11/0"]
    assert (len(plate(output)["rows"]), len(plate(output)["columns"])) == (8, 12)


def test_a_process_killed_while_it_lists_its_image(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """Its lock on the plate is taken over at once, and the plate comes out right."""
    calls = start(tables, output)
    compute(calls[1:2])
    state = state_of(calls)
    code = (
        "import json, sys\n"
        "from tiles2zarr.fractal.tasks import convert_image_compute as task\n"
        "task.convert_image_compute(**json.loads(sys.argv[1]))"
    )
    package = str(Path(tiles2zarr.__file__).parents[1])
    lock = plate_lock(state)
    with ExitStack() as stack:
        with hold(lock):
            process = subprocess.Popen(
                [sys.executable, "-c", code, json.dumps(calls[0])],
                env={"PYTHONPATH": package},
                stderr=subprocess.DEVNULL,
            )
            wait_for(state.done("write_zarr", "A_02_0"))
            stack.enter_context(hold(ImagePlace(output / "P1.zarr/A/02/0").lock))
        wait_for(lock)  # it lists, and waits for its image
        process.kill()
        process.wait()
    assert images(output) == ["A/02/1"]
    compute(calls)
    compute(start(tables, tmp_path / "whole"))
    assert differences(output / "P1.zarr", tmp_path / "whole/P1.zarr") == []
