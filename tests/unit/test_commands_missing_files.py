"""``plan`` counts the source files that are not there, before anything is converted."""

import json
from pathlib import Path

import fsspec

from tests.rules.plate import Plate
from tests.unit.conftest import Tell, write_config
from tiles2zarr.commands.missing_files import find_missing
from tiles2zarr.commands.plates import load_plates
from tiles2zarr.models.plan import Batch


def test_plan_counts_missing_files(raw: Plate, tell: Tell) -> None:
    """Two of twelve files are gone: how many and the first are told, all in JSON."""
    files = sorted(Path("raw").glob("**/*.tif"))
    gone = [str(path) for path in (files[3], files[7])]
    for path in gone:
        Path(path).unlink()
    (line,) = [line for line in tell("plan").lines if "missing   " in line]
    assert line == f"  missing   2 of 12 files, the first is {gone[0]}"
    (plate,) = json.loads(tell("plan", "--json").out)["plates"]
    assert plate["missing_files"] == gone


def test_missing_folders_and_urls(raw: Plate, tmp_path: Path) -> None:
    """A folder that is gone misses all its files; URLs are looked up by listing."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "a.tif").touch()
    memory = fsspec.filesystem("memory")
    memory.pipe("/missing-files/c.tif", b"c")
    write_config(Path())
    (plate,) = load_plates("my.yaml", None)
    batch = Batch(
        images={},
        decisions={},
        sources={
            str(here): ("a.tif", "b.tif"),
            str(tmp_path / "gone"): ("x.tif",),
            "memory://missing-files": ("c.tif", "d.tif"),
        },
        far={"memory://missing-files": 0},
        source_bytes=0,
        mem_mb=1,
    )
    found = find_missing([batch, batch], plate.config)
    assert found == (
        str(tmp_path / "gone/x.tif"),
        str(here / "b.tif"),
        "memory://missing-files/d.tif",
    )
