"""The benchmark: what it makes, what it counts, and its table."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from tiles2zarr.bench import plates
from tiles2zarr.bench.__main__ import main
from tiles2zarr.bench.limit import composed_limit
from tiles2zarr.bench.measure import (
    Figures,
    measure,
    medians,
    tree_size,
    wait_until_quiet,
)
from tiles2zarr.bench.plates import Size, make_plate
from tiles2zarr.bench.rules import benchmark_table
from tiles2zarr.errors import TableError, Tiles2ZarrError

TINY = Size(wells=2, fields=3, channels=2, planes=1, rows=48, columns=64)


def test_plate_has_the_size_asked_for(tmp_path: Path) -> None:
    """Two wells of three fields and two channels are twelve tiles of 48 x 64."""
    make_plate(tmp_path, TINY)
    table = pd.read_csv(tmp_path / "tiles.csv")
    assert len(table) == TINY.tiles == 12
    assert TINY.source_bytes == 12 * 48 * 64 * 2
    shapes = {tifffile.imread(tmp_path / file).shape for file in table["file_path"]}
    assert shapes == {(48, 64)}


def test_measure_counts_the_whole_tree(tmp_path: Path) -> None:
    """Processor time and memory of a grandchild count."""
    work = "import numpy; a = numpy.ones(2**25); sum(range(10**6))"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    run = measure([sys.executable, "-c", code], tmp_path / "log")
    assert run.cpu_s > 0.02
    assert run.peak_mb > 256


def test_failed_command_names_its_log(tmp_path: Path) -> None:
    """A command that fails is an error with its exit code and log."""
    with pytest.raises(Tiles2ZarrError, match=r"exit code 3\. See .*/log\."):
        measure([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log")


@pytest.mark.parametrize(
    ("loads", "waits"), [([0.4], 0), ([3.0, 2.0, 0.9], 2), ([3.0] * 99, 4)]
)
def test_bench_waits_for_a_quiet_machine(
    monkeypatch: pytest.MonkeyPatch, loads: list[float], waits: int
) -> None:
    """It looks every five seconds, and no longer than twenty here."""
    now = [0.0]
    left = iter(loads)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("os.getloadavg", lambda: (next(left), 0.0, 0.0))
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", sleep)
    wait_until_quiet(1.0, 20.0)
    assert slept == [5.0] * waits


def test_medians_are_taken_per_figure() -> None:
    """The median of three runs, and the highest load."""
    runs = [Figures(1, 9, 5, 0.1), Figures(3, 7, 4, 0.9), Figures(2, 8, 6, 0.2)]
    assert medians(runs) == Figures(2, 8, 5, 0.9)


def test_tree_size_counts_files(tmp_path: Path) -> None:
    """Files and bytes below a folder, folders not counted."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_bytes(b"123")
    (tmp_path / "d").write_bytes(b"12345")
    assert tree_size(tmp_path) == (2, 8)


def test_limit_leaves_nothing_behind(tmp_path: Path) -> None:
    """The composed limit is some processor time, and its files are gone."""
    tile = tmp_path / "tile.tif"
    pixels = np.arange(64 * 96, dtype=np.uint16).reshape(64, 96)
    tifffile.imwrite(tile, pixels, metadata=None)
    assert composed_limit([tile] * 3, tmp_path / "scratch", 3) > 0
    assert not (tmp_path / "scratch").exists()


@pytest.mark.full
def test_table_is_printed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A run of the workflow is a row of the table, the limit another."""
    monkeypatch.setattr("tiles2zarr.bench.__main__.PATIENCE_S", 0.0)
    monkeypatch.setitem(plates.SIZES, "XS", TINY)
    assert main(["--size", "XS", "--runs", "1", "--folder", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    rows = {line.split()[0] for line in shown.splitlines() if line.strip()}
    assert {"tiles2zarr", "limit", "write_zarr", "build_tables"} <= rows


def test_benchmarks_are_added_up_by_rule(tmp_path: Path) -> None:
    """Seconds add up over a rule's jobs; memory is that of its largest job."""
    head = "s\th:m:s\tmax_rss\tcpu_time\n"
    files = {
        "parse_tiles.tsv": "1.5\t0:00:01\t80.0\t1.25\n",
        "write_zarr/b1.tsv": "2.0\t0:00:02\t300.4\t3.0\n",
        "write_zarr/b2.tsv": "3.0\t0:00:03\tNA\tNA\n",
    }
    for name, row in files.items():
        path = tmp_path / "demo/benchmarks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + row)
    table = [line.split() for line in benchmark_table(tmp_path).splitlines()]
    assert table == [
        ["rule", "jobs", "seconds", "cpu_seconds", "peak_mb"],
        ["parse_tiles", "1", "1.5", "1.2", "80"],
        ["write_zarr", "2", "5.0", "3.0", "300"],
    ]


def test_benchmarks_of_nothing_are_an_error(tmp_path: Path) -> None:
    """Without benchmark files the message names the folder and what was looked for."""
    with pytest.raises(TableError, match=r"benchmarks/.*run the workflow first"):
        benchmark_table(tmp_path)
