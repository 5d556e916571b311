"""A plate that grows: wells come, time points come, and what stands is not touched."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
import zarr

from tests.conftest import Completed, RunSnakemake
from tests.e2e.convert import convert
from tests.e2e.growing_plate import (
    IMAGES,
    OLD_S,
    SHARDED,
    THICK,
    WELLS,
    acquire,
    age,
    config,
    expected,
    pixels,
    row,
)
from tests.rules.plate import (
    TABLE,
    WIDTH,
    Pixels,
    Row,
    arrays,
    contents,
    files_below,
    write_csv,
    write_tile,
)
from tests.rules.rerun import Workflow
from tiles2zarr.__main__ import main
from tiles2zarr.checkpoints import read_json
from tiles2zarr.errors import ConfigError, SourceError, TableError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt


def level(well: str) -> Pixels:
    """Return level 0 of a well, (t, c, z, y, x)."""
    path = f"out/P1.zarr/{IMAGES[well]}/0"
    return np.asarray(zarr.open_array(path, mode="r")[...])


def receipt(well: str, work: Path = Path()) -> Receipt:
    """Return a well's receipt."""
    return read_json(work / f"results/P1/written/{IMAGES[well]}.json", Receipt)


def chunks() -> dict[str, tuple[int, int]]:
    """Return inode and time of every chunk of the plate."""
    found = {}
    for path in Path("out").rglob("*"):
        if path.is_file() and path.name[0].isdigit():
            status = path.stat()
            found[path.as_posix()] = status.st_ino, status.st_mtime_ns
    return found


def array_contents(work: Path) -> dict[str, bytes]:
    """Return the chunks and array headers of the plate in a work folder."""
    found = contents(arrays(files_below(work / "out")))
    return {k: raw for k, raw in found.items() if b'"node_type": "group"' not in raw}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new work folder, the current one."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("omezarr", "before", "kept"),
    [
        pytest.param({}, 2, 2, id="0.4"),
        pytest.param({"ngff_version": "0.5"}, 2, 2, id="0.5"),
        pytest.param(SHARDED, 3, 2, id="shards-of-two"),
        pytest.param(THICK, 3, 2, id="chunks-of-two"),
    ],
)
def test_time_points_are_added_to_what_stands(
    work: Path, tmp_path: Path, omezarr: dict[str, object], before: int, kept: int
) -> None:
    """Old chunks stay the same files; the whole is what one run would have made.

    A chunk or shard that holds the old end and the new beginning is written again; its
    old time points are counted once all the same.
    """
    acquire(work, range(before))
    convert(config(omezarr), work)
    old = chunks()
    acquire(work, range(before, 5))
    convert(config(omezarr), work)
    for well in WELLS:
        np.testing.assert_array_equal(level(well), expected(well, 5))
    new = chunks()
    same = {path for path in old if new[path] == old[path]}
    times = 1 if omezarr in (SHARDED, THICK) else kept
    per_time = len(old) // (2 if omezarr in (SHARDED, THICK) else before)
    assert len(same) == times * per_time

    once = tmp_path / "once"
    once.mkdir()
    os.chdir(once)
    acquire(once, range(5))
    convert(config(omezarr), once)
    assert array_contents(work) == array_contents(once)
    for well in WELLS:
        ours, theirs = receipt(well, work), receipt(well, once)
        assert (ours.levels, ours.pixels) == (theirs.levels, theirs.pixels)
        assert ours.sources.file == theirs.sources.file
        assert ours.sources.digest == theirs.sources.digest
        (figures,), (wanted,) = ours.channels, theirs.channels
        assert figures.minimum == wanted.minimum
        assert figures.maximum == wanted.maximum
        assert figures.histogram == wanted.histogram
        assert figures.t_mean == wanted.t_mean
        assert figures.mean == pytest.approx(wanted.mean, rel=1e-4)
        assert figures.focus == pytest.approx(wanted.focus, rel=0.01)


def test_verify_accepts_a_grown_plate(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Deep verification finds every chunk, and a third run touches nothing."""
    acquire(work, range(2))
    convert(config(), work)
    acquire(work, [2])
    convert(config(), work)
    before = files_below(work / "out")
    convert(config(), work)
    assert files_below(work / "out") == before
    Path("my.yaml").write_text(yaml_of(config()))
    assert main(["verify", "--configfile", "my.yaml", "--deep"]) == 0
    capsys.readouterr()


def test_a_file_of_several_time_points_across_a_chunk(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file read in part, for the chunk it shares with the next, is still the same."""
    series = np.stack([pixels("B03", 0, frame) for frame in range(5)])
    rows: list[Row] = []
    for start, stop in ((0, 3), (3, 5)):
        path = work / f"raw/t{start}.tif"
        path.parent.mkdir(exist_ok=True)
        tifffile.imwrite(path, series[start:stop], photometric="minisblack")
        rows.append(row(f"B03_f0_t{start}.tif"))
        rows[-1] |= {"file_path": path.name, "length_t": stop - start}
        write_csv(work / TABLE, rows)
        age(work / TABLE, OLD_S)
        age(path, OLD_S)
        age(work / TABLE, OLD_S)
        convert(config(THICK), work)
    np.testing.assert_array_equal(level("B03")[:, 0, 0], series)
    Path("my.yaml").write_text(yaml_of(config(THICK)))
    assert main(["verify", "--configfile", "my.yaml", "--deep"]) == 0
    capsys.readouterr()
    old = chunks()
    age(work / "raw/t0.tif", OLD_S / 2)
    convert(config(THICK), work)
    assert chunks() == old


def yaml_of(mapping: dict[str, object]) -> str:
    """Return a config as YAML."""
    return str(yaml.safe_dump(mapping))


def test_a_changed_old_time_point_writes_the_image_anew(work: Path) -> None:
    """If an old file has other pixels of the same size, nothing of it is kept."""
    acquire(work, range(2))
    convert(config(), work)
    acquire(work, [2])
    changed = pixels("B03", 1, 0, seed=1)
    write_tile(work / "raw/B03_f1_t0.tif", changed)
    age(work / "raw/B03_f1_t0.tif", OLD_S / 2)
    old = chunks()
    convert(config(), work)
    wanted = expected("B03", 3)
    wanted[0, 0, 0, :, WIDTH:] = changed
    np.testing.assert_array_equal(level("B03"), wanted)
    new = chunks()
    same = {path.split("/")[2] for path in old if new[path] == old[path]}
    assert same == {"D"}


def test_young_files_and_the_last_time_point_wait(work: Path) -> None:
    """While a file is young, series end before it and before their last time point.

    An hour later all is taken.
    """
    acquire(work, range(3))
    age(work / "raw/D05_f1_t1.tif", 1)
    convert(config(), work)
    np.testing.assert_array_equal(level("B03"), expected("B03", 2))
    np.testing.assert_array_equal(level("D05"), expected("D05", 1))
    plan = read_json(work / "results/P1/plan.json", Plan)
    (found,) = [f for f in plan.findings if f.code == "not_settled"]
    assert (found.images, found.count) == (("B/03/0", "D/05/0"), 6)
    age(work / "raw/D05_f1_t1.tif", OLD_S)
    convert(config(), work)
    for well in WELLS:
        np.testing.assert_array_equal(level(well), expected(well, 3))


def test_a_written_image_is_not_taken_out_again(work: Path) -> None:
    """A file of a finished well that is written anew does not cost the well."""
    acquire(work, range(1))
    convert(config(), work)
    write_tile(work / "raw/D05_f0_t0.tif", pixels("D05", 0, 0, seed=1))
    convert(config(), work)
    assert set(read_json(work / "results/P1/plan.json", Plan).images) == {
        "B/03/0",
        "D/05/0",
    }


def test_nothing_settled_yet(work: Path) -> None:
    """If all files are young there is nothing to do, and the message says when."""
    acquire(work, range(1))
    for path in (work / "raw").glob("*.tif"):
        age(path, 1)
    message = (
        "No image has all its files older than writing.settle, 60 seconds, yet. "
        "Run again later."
    )
    with pytest.raises(SourceError) as caught:
        convert(config(), work)
    assert str(caught.value) == message


def test_new_wells_are_picked_up_when_they_settle(
    work: Path,
    run_snakemake: Callable[..., object],
    snakemake_jobs: Callable[[object], dict[str, int]],
) -> None:
    """The workflow itself notices that a waiting file is finished, then rests."""
    acquire(work, range(1))
    age(work / "raw/D05_f0_t0.tif", 0)
    run_snakemake(work, config())
    plan = work / "results/P1/plan.json"
    assert set(read_json(plan, Plan).images) == {"B/03/0"}
    age(work / "raw/D05_f0_t0.tif", OLD_S)
    before = files_below(work / "out/P1.zarr/B/03/0/0")
    second = run_snakemake(work, config())
    assert snakemake_jobs(second)["parse_tiles"] == 1
    assert files_below(work / "out/P1.zarr/B/03/0/0") == before
    np.testing.assert_array_equal(level("D05"), expected("D05", 1))
    assert not snakemake_jobs(run_snakemake(work, config()))


def test_a_half_written_table(work: Path) -> None:
    """A young table that ends within a line waits: its last number may lack digits.

    Without an earlier plan the run ends; with one it goes on with that.
    """
    acquire(work, range(1))
    table = work / "raw/tiles.csv"
    whole = table.read_bytes()
    table.write_bytes(whole.rstrip())
    message = (
        "raw/tiles.csv ends within a line. But raw/tiles.csv is younger than "
        "writing.settle, 60 seconds, and may be half written"
    )
    with pytest.raises(SourceError) as caught:
        convert(config(), work)
    assert str(caught.value) == f"{message}: run again later."
    age(table, OLD_S)
    convert(config(), work)
    np.testing.assert_array_equal(level("D05"), expected("D05", 1))
    before = chunks()
    for half in (whole.rstrip(), whole[: whole.index(b"\n") + 1], b""):
        table.write_bytes(half)
        convert(config(), work)
        (found,) = findings(work, "index_not_settled")
        assert "raw/tiles.csv is younger than writing.settle" in found.message
        assert chunks() == before
    age(table, OLD_S)
    with pytest.raises(TableError):
        convert(config(), work)
    table.write_bytes(whole)
    convert(config(), work)
    assert findings(work, "index_not_settled") == []
    assert chunks() == before


def test_a_table_that_is_written_in_place_by_the_line(work: Path) -> None:
    """Whole lines of a young table are no reason to take an image, or half of it, out.

    When the table has settled it is believed.
    """
    acquire(work, range(2))
    convert(config(), work)
    before = chunks()
    table = work / "raw/tiles.csv"
    lines = table.read_bytes().splitlines(keepends=True)
    for count in (2, 4, 6, 8):
        table.write_bytes(b"".join(lines[:count]))
        convert(config(), work)
        assert chunks() == before
        assert findings(work, "index_not_settled")
    age(table, OLD_S)
    convert(config(), work)
    assert level("D05").shape[-1] == 2 * WIDTH
    assert level("D05").shape[0] == 2
    assert not findings(work, "index_not_settled")


def test_a_half_written_index_ends_no_run(
    work: Path,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Callable[[Completed], Counter[str]],
) -> None:
    """The workflow ends well and looks again each time, and fails once it is old.

    Mended, it is picked up, and then there is nothing to do.
    """
    acquire(work, range(1))
    run_snakemake(work, config())
    before = chunks()
    table = work / "raw/tiles.csv"
    acquire(work, [1])
    whole = table.read_bytes()
    table.write_bytes(whole.rstrip())
    for tables in (1, 0):
        done = run_snakemake(work, config())
        jobs = snakemake_jobs(done)
        assert (jobs["parse_tiles"], jobs["write_zarr"]) == (1, 0)
        # said once: a plan with nothing new makes nothing new
        assert jobs["build_tables"] == tables
        assert ("index_not_settled" in done.stderr) == bool(tables)
        told = json.loads((work / "results/P1/findings.json").read_text())["findings"]
        assert "index_not_settled" in {finding["code"] for finding in told}
        assert chunks() == before
        table.write_bytes(whole[:-10])
    age(table, OLD_S)
    failed = run_snakemake(work, config(), check=False)
    assert failed.returncode == 1
    assert chunks() == before
    table.write_bytes(whole)
    age(table, OLD_S)
    run_snakemake(work, config())
    assert not snakemake_jobs(run_snakemake(work, config()))
    np.testing.assert_array_equal(level("D05"), expected("D05", 2))


def findings(work: Path, code: str) -> list[Finding]:
    """Return the findings with a code in the plan."""
    plan = read_json(work / "results/P1/plan.json", Plan)
    return [found for found in plan.findings if found.code == code]


def test_a_tile_written_again_waits(work: Path) -> None:
    """An image stays while its file is written anew, half or whole, then follows."""
    acquire(work, range(2))
    flow = Workflow(work)
    flow.run(config())
    before = chunks()
    path = work / "raw/B03_f1_t0.tif"
    new = pixels("B03", 1, 0, seed=1)
    write_tile(path, new)
    whole = path.read_bytes()
    for content in (b"", whole[:50], whole[:-200], whole):
        path.write_bytes(content)
        flow.run(config())
        assert chunks() == before
        told = json.loads((work / "results/P1/findings.json").read_text())["findings"]
        codes = {finding["code"] for finding in told}
        assert "sources_not_settled" in codes
        assert "earlier_image_kept" not in codes
    age(path, OLD_S / 2)
    assert flow.run(config())["write_zarr"] == 1
    wanted = expected("B03", 2)
    wanted[0, 0, 0, :, WIDTH:] = new
    np.testing.assert_array_equal(level("B03"), wanted)
    assert flow.run(config()) == {}


def test_a_new_field_of_a_written_time_point_waits(work: Path) -> None:
    """What comes to a time point that stands is left until its files have settled."""
    acquire(work, range(1))
    convert(config(), work)
    before = chunks()
    late = work / "raw/B03_f2_t0.tif"
    write_tile(late, pixels("B03", 2, 0))
    whole = late.read_bytes()
    names = sorted(path.name for path in (work / "raw").glob("*.tif"))
    write_csv(work / TABLE, [row(name) for name in names])
    late.write_bytes(whole[:60])
    convert(config(), work)
    assert chunks() == before
    (found,) = findings(work, "not_settled")
    assert (found.images, found.count) == (("B/03/0",), 1)
    late.write_bytes(whole)
    age(late, OLD_S)
    convert(config(), work)
    wanted = np.concatenate([pixels("B03", f, 0) for f in range(3)], axis=1)
    np.testing.assert_array_equal(level("B03")[0, 0, 0], wanted)


def test_the_plate_must_be_named(work: Path) -> None:
    """Metadata that tell the plate's name late would make a second plate."""
    acquire(work, range(1))
    unnamed = config() | {"plate": {"layout": 96}}
    with pytest.raises(
        ConfigError, match=r"plate\.name: is needed with writing\.settle"
    ):
        convert(unnamed, work)
