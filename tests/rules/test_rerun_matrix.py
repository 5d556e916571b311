"""Each change runs the steps it concerns, on the images it concerns, and no others.

A row of the matrix is a change to a finished plate. What ran is counted; which arrays
were written is seen by time and inode of each of their files.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import (
    CONDITIONS,
    IMAGES,
    ODD_NAME,
    TABLE,
    WELLS,
    WIDTH,
    Plate,
    channels,
    condition_rows,
    config,
    contents,
    images_of,
    is_array_file,
    table_rows,
    tile_pixels,
    walk,
    write_csv,
    write_tile,
)
from tests.rules.rerun import Workflow
from tiles2zarr.__main__ import main

Sections = dict[str, Mapping[str, object]]
Jobs = Callable[[Completed], Counter[str]]
Looks = dict[str, tuple[int, int]]
"""Inode and modification time by path."""
END = {"build_tables": 1, "complete": 1}


def nothing(plate: Plate) -> None:
    """Leave the files as they are."""


def change_condition(plate: Plate) -> None:
    """Give well B04 another drug."""
    write_csv(plate.work / CONDITIONS, condition_rows("nocodazole"))


def change_tile(plate: Plate) -> None:
    """Give a tile of B04 other pixels."""
    write_tile(plate.raw("B04", "F2", 1), tile_pixels("B04", "F2", 1, seed=1))


def touch_tile(plate: Plate) -> None:
    """Give a tile of B04 another time and the same pixels."""
    path = plate.work / "raw" / ODD_NAME
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def add_field(plate: Plate) -> None:
    """Add a third field to C03, one channel of it."""
    rows = table_rows(*WELLS)
    new = table_rows("C03")[0] | {"file_path": "new.tif", "fov_name": "F3"}
    write_csv(plate.work / TABLE, [*rows, new | {"start_x": (WIDTH - 2) * 1.0}])
    write_tile(plate.work / "raw/new.tif", tile_pixels("C03", "F3", 0))


def remove_tile(plate: Plate) -> None:
    """Remove the row of one plane of C03."""
    write_csv(plate.work / TABLE, table_rows(*WELLS)[:-1])


def add_well(plate: Plate) -> None:
    """Add well D05."""
    plate.write_well("D05")
    write_csv(plate.work / TABLE, table_rows(*WELLS, "D05"))


def remove_well(plate: Plate) -> None:
    """Remove the rows of well B04."""
    write_csv(plate.work / TABLE, table_rows("B03", "C03"))


def archive(plate: Plate) -> None:
    """Move tiles and tables elsewhere."""
    (plate.work / "raw").rename(plate.work / "archive")


def details(**given: object) -> Sections:
    """Return the config's acquisition with other details."""
    known = {"pixelsize": 0.5, "channels": channels()}
    return {"acquisition": {"details": known | given}}


@dataclass(frozen=True)
class Case:
    """A change and what it costs."""

    sections: Sections = field(default_factory=dict)
    """What is other in the config."""
    change: Callable[[Plate], None] = nothing
    """What is other in the files."""
    parse: int = 0
    register: int = 0
    write: int = 0
    """How many jobs of each rule run."""
    end: bool = True
    """Whether the plate's tables are looked at."""
    rewritten: frozenset[str] = frozenset()
    """Images with a file of an array that is new, gone or was written."""
    touched: frozenset[str] = frozenset()
    """Images with any such file: attributes and tables too."""

    @property
    def jobs(self) -> dict[str, int]:
        """Return the number of jobs by rule, none that do not run."""
        steps = {
            "parse_tiles": self.parse,
            "register": self.register,
            "write_zarr": self.write,
        }
        ran = steps | (END if self.end else {})
        return {rule: number for rule, number in ran.items() if number}


ALL, B04, C03 = frozenset(IMAGES), frozenset({"B/04/0"}), frozenset({"C/03/0"})
D05 = frozenset({"D/05/0"})
ONE = {"parse": 1, "register": 1, "write": 1}
EVERY = {"parse": 1, "register": 3, "write": 3}
MATRIX = {
    "nothing": Case(end=False),
    "sources archived": Case(change=archive, end=False),
    "table backend": Case({"omezarr": {"table_backend": "json"}}, touched=ALL),
    "windows": Case({"omezarr": {"windows": "image"}}, touched=ALL),
    "plate layout": Case({"plate": {"layout": 384}}),
    "label": Case(details(channels=channels("Hoechst")), **EVERY, touched=ALL),
    "colour": Case(details(channels=channels(color="00FFFF")), **EVERY, touched=ALL),
    "z spacing": Case(details(z_spacing=2.5), **EVERY, touched=ALL),
    "condition cell": Case(change=change_condition, **ONE, touched=B04),
    "tile changed": Case(
        change=change_tile, register=1, write=1, rewritten=B04, touched=ALL
    ),
    "tile touched": Case(change=touch_tile, register=1, write=1),
    "field added": Case(change=add_field, **ONE, rewritten=C03, touched=C03),
    "row removed": Case(change=remove_tile, **ONE, rewritten=C03, touched=C03),
    "well added": Case(change=add_well, **ONE, rewritten=D05, touched=ALL | D05),
    "well removed": Case(change=remove_well, parse=1, touched=ALL - B04),
    "chunk": Case(
        {"omezarr": {"chunks": {"kind": "fixed", "xy_chunk": 16}}},
        parse=1,
        write=3,
        rewritten=ALL,
        touched=ALL,
    ),
    "codec": Case(
        {"omezarr": {"compressor": {"name": "zstd"}}},
        write=3,
        rewritten=ALL,
        touched=ALL,
    ),
    "writer mode": Case({"writing": {"writer_mode": "by_tile"}}, parse=1, write=3),
    "overwrite mode": Case({"writing": {"overwrite_mode": "extend"}}, write=3),
}
"""Where pixels come or go the windows of the plate may move, in attributes of all."""
THROUGH_SNAKEMAKE = ("table backend",)


def looks(plate: Plate) -> Looks:
    """Return inode and time of every file of the store."""
    return {
        path.relative_to(plate.store).as_posix(): (status.st_ino, status.st_mtime_ns)
        for path in walk(plate.store)
        for status in [path.stat()]
    }


def check_files(before: Looks, after: Looks, case: Case) -> None:
    """Files of the images the case names were written, and of no other image."""
    paths = before.keys() | after.keys()
    changed = {path for path in paths if before.get(path) != after.get(path)}
    arrays = {path for path in changed if is_array_file(path)}
    assert images_of(arrays) == case.rewritten
    images = {path for path in changed if path.count("/") > 2 and path[1] == "/"}
    assert images_of(images) == case.touched


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plate, Workflow]:
    """Return a plate converted in this process, and what is known of its outputs."""
    plate = Plate(tmp_path_factory.mktemp("finished"))
    plate.write()
    workflow = Workflow(plate.work)
    assert workflow.run(config()) == {**EVERY_RULE, **END}
    return plate, workflow


EVERY_RULE = {"parse_tiles": 1, "register": 3, "write_zarr": 3}


@pytest.mark.parametrize("name", MATRIX)
def test_matrix(finished: tuple[Plate, Workflow], tmp_path: Path, name: str) -> None:
    """The change runs its jobs and writes its files; a second run does nothing."""
    case = MATRIX[name]
    old, known = finished
    shutil.copytree(old.work, tmp_path / "work")
    plate, workflow = Plate(tmp_path / "work"), known.moved(tmp_path / "work")
    before = looks(plate)
    case.change(plate)
    assert workflow.run(config(**case.sections)) == case.jobs
    check_files(before, looks(plate), case)
    after = looks(plate)
    assert workflow.run(config(**case.sections)) == {}
    assert looks(plate) == after


def test_only_moved_windows_cost(
    finished: tuple[Plate, Workflow], tmp_path: Path
) -> None:
    """A field that leaves the percentiles where they are makes its image's tables new.

    Those of the other images are not even looked at: their marks stay as they are.
    """
    shutil.copytree(finished[0].work, tmp_path / "work")
    plate, workflow = Plate(tmp_path / "work"), finished[1].moved(tmp_path / "work")

    def marks() -> dict[str, bytes]:
        folder = plate.state / "tabled"
        return {
            path.relative_to(folder).with_suffix("").as_posix(): path.read_bytes()
            for path in folder.rglob("*.json")
        }

    before = marks()
    assert before.keys() == ALL
    add_field(plate)
    workflow.run(config())
    after = marks()
    assert {image for image in ALL if before[image] != after[image]} == C03
    # a tile of other brightness moves them
    change_tile(plate)
    workflow.run(config())
    assert all(marks()[image] != after[image] for image in ALL)


def test_there_and_back(finished: tuple[Plate, Workflow], tmp_path: Path) -> None:
    """A label changed and, the run killed before the tables, changed back: as before.

    The marks of the tables stand, but the plate's contrast windows went with the
    attributes of the images.
    """
    shutil.copytree(finished[0].work, tmp_path / "work")
    plate, workflow = Plate(tmp_path / "work"), finished[1].moved(tmp_path / "work")
    before = contents(plate.files())
    there = config(**details(channels=channels("Hoechst")))
    assert workflow.run(there, killed=True) == EVERY_RULE
    assert contents(plate.files()) != before
    workflow.run(config())
    assert contents(plate.files()) == before


def test_lost_results(
    finished: tuple[Plate, Workflow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After adoption no job is left, and no file of the store was touched."""
    shutil.copytree(finished[0].work, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    plate, workflow = Plate(tmp_path / "work"), Workflow(tmp_path / "work")
    shutil.rmtree(plate.state)
    Path("config.yaml").write_text(json.dumps(config()))
    before = looks(plate)
    assert main(["verify", "--configfile", "config.yaml", "--adopt"]) == 0
    assert looks(plate) == before
    assert workflow.run(config()) == {}
    assert looks(plate) == before


def test_lost_results_and_a_chunk(
    finished: tuple[Plate, Workflow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged image is left to the run: its batch and the plate's jobs, no more."""
    shutil.copytree(finished[0].work, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    plate, workflow = Plate(tmp_path / "work"), Workflow(tmp_path / "work")
    whole = contents(plate.files())
    shutil.rmtree(plate.state)
    (plate.store / "C/03/0/0/0/0/0/0").unlink()
    Path("config.yaml").write_text(json.dumps(config()))
    before = looks(plate)
    assert main(["verify", "--configfile", "config.yaml", "--adopt"]) == 1
    assert looks(plate) == before
    assert workflow.run(config()) == {"register": 1, "write_zarr": 1, **END}
    assert contents(plate.files()) == whole
    assert workflow.run(config()) == {}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in THROUGH_SNAKEMAKE else pytest.mark.full)
        for name in MATRIX
    ],
)
def test_matrix_through_snakemake(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs, name: str
) -> None:
    """Snakemake starts the jobs that the matrix says."""
    case = MATRIX[name]
    before = looks(plate)
    case.change(plate)
    result = run_snakemake(plate.work, config(**case.sections))
    assert snakemake_jobs(result) == case.jobs
    check_files(before, looks(plate), case)
