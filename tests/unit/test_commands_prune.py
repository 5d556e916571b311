"""``prune``: what left the plan and what the dead left behind; never a live job's."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import TABLE, Plate, arrays, config, table_rows, write_csv
from tests.unit.conftest import Tell, write_config
from tiles2zarr.state import State
from tiles2zarr.stores.lock import Holder

STATE = State(Path("results/P1"))
STORE = Path("out/P1.zarr")


def narrow(mode: str = "no_overwrite") -> dict[str, object]:
    """Take well C03 out of the table and run again; return the config."""
    write_csv(Path(TABLE), table_rows("B03", "B04"))
    content = write_config(Path(), writing={"overwrite_mode": mode})
    convert(content, Path())
    return content


def test_nothing_to_remove(made: Plate, tell: Tell) -> None:
    """A plate that is whole has nothing to remove."""
    said = tell("prune", "--yes")
    assert (said.code, said.lines) == (0, ["P1: nothing to remove"])


@pytest.mark.parametrize("mode", ["no_overwrite", "extend"])
def test_image_that_left_the_plan(made: Plate, tell: Tell, mode: str) -> None:
    """It is listed, and removed with ``--yes``: pixels, state and place in the plate.

    The other images stay as they are; the run after it makes the plate's tables anew.
    """
    content = narrow(mode)
    assert ("C/03" in made.wells()) == (mode == "extend")
    assert (STORE / "C/03/0/0/.zarray").is_file()
    before = made.files()
    said = tell("prune")
    assert (said.code, said.lines) == (
        0,
        [
            "C/03/0: left the plan",
            "P1: 1 image out of the plan; `--yes` removes them",
        ],
    )
    assert made.files() == before
    said = tell("prune", "--yes")
    assert said.lines[-1] == "P1: removed 1 image out of the plan"
    assert not (STORE / "C/03/0").exists()
    assert not STATE.written("C/03/0").exists()
    assert made.wells() == ["B/03", "B/04"]
    kept = {k: v for k, v in arrays(before).items() if not k.startswith("C/03/0/")}
    assert arrays(made.files()) == kept
    convert(content, Path())
    assert made.wells() == ["B/03", "B/04"]
    assert "C03" not in (STORE / "tables/FOV_table/table.csv").read_text()
    assert tell("verify", "--deep").code == 0
    assert tell("prune").lines == ["P1: nothing to remove"]


def test_foreign_image_stays(made: Plate, tell: Tell) -> None:
    """What others put in the place of an image that left the plan stays."""
    narrow()
    path = STORE / "C/03/0/.zattrs"
    attributes = json.loads(path.read_text())
    attributes["tiles2zarr"]["owner"] = "x"
    path.write_text(json.dumps(attributes))
    assert tell("prune", "--yes").code == 0
    assert path.is_file()
    assert tell("prune").lines == ["P1: nothing to remove"]


def lock(holder: Holder, path: Path = STORE / "B/03/.0.lock") -> Path:
    """Write the lock of a process."""
    path.write_text(json.dumps(holder.__dict__))
    return path


def dead() -> Holder:
    """Return a process of this host that is gone."""
    return replace(Holder.current(), started="1")


def test_leftovers_of_the_dead(made: Plate, tell: Tell) -> None:
    """Half-written images and locks of processes that are gone are removed."""
    lock(dead())
    partial = STORE / "B/03/.0.partial-0123456789ab"
    shutil.copytree(STORE / "B/03/0", partial)
    before = arrays(made.files())
    said = tell("prune")
    assert said.lines == [
        "out/P1.zarr/B/03/0: left by a dead process: .0.lock, .0.partial-0123456789ab",
        "P1: leftovers at 1 place; `--yes` removes them",
    ]
    assert arrays(made.files()) == before
    assert tell("prune", "--yes").code == 0
    assert sorted(path.name for path in (STORE / "B/03").iterdir()) == [
        ".zattrs",
        ".zgroup",
        "0",
    ]
    assert tell("verify", "--deep").code == 0


def test_interrupted_swap_is_finished(made: Plate, tell: Tell) -> None:
    """Labels that a dead process left in the old image come into the new one."""
    old = STORE / "B/03/.0.old-0123456789ab"
    shutil.copytree(STORE / "B/03/0", old)
    (old / "labels/cells").mkdir(parents=True)
    assert "left by a dead process: .0.old-0123456789ab" in tell("prune").out
    assert tell("prune", "--yes").code == 0
    assert (STORE / "B/03/0/labels/cells").is_dir()
    assert not old.exists()


def test_live_writer_is_left_alone(made: Plate, tell: Tell) -> None:
    """The lock and the half-written image of a live process are no leftovers."""
    path = lock(Holder.current())
    partial = STORE / "B/03/.0.partial-0123456789ab"
    partial.mkdir()
    assert tell("prune", "--yes").lines == ["P1: nothing to remove"]
    assert path.exists()
    assert partial.exists()


@pytest.mark.parametrize(("silent_s", "stale"), [(60, False), (3600, True)])
def test_writer_on_another_host(
    made: Plate, tell: Tell, silent_s: int, stale: bool
) -> None:
    """A process elsewhere counts as gone after ten minutes without a heartbeat."""
    path = lock(replace(Holder.current(), host="elsewhere"))
    then = path.stat().st_mtime - silent_s
    os.utime(path, (then, then))
    assert tell("prune", "--yes").code == 0
    assert path.exists() != stale


def test_single_image_that_left(raw: Plate, tell: Tell) -> None:
    """A single image that left the plan is removed as a whole."""
    rows = [
        {k: v for k, v in row.items() if k not in ("row", "column")}
        | {"image_path": f"sub/{row['row']}"}
        for row in table_rows("B03", "C03")
    ]
    write_csv(Path(TABLE), rows)
    content = config(acquisition={"conditions": None}) | {"plate": None, "name": "P1"}
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())
    write_csv(Path(TABLE), rows[:4])
    convert(content, Path())
    assert tell("prune", "--yes").lines[0] == "sub/C: left the plan"
    assert sorted(path.name for path in Path("out/sub").iterdir()) == ["B.zarr"]
