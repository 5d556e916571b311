"""``python -m tiles2zarr.bench`` times the workflow; used by ``make bench``."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from tiles2zarr.bench.limit import composed_limit
from tiles2zarr.bench.measure import (
    Figures,
    measure,
    medians,
    tree_size,
    wait_until_quiet,
)
from tiles2zarr.bench.plates import SIZES, config_of, find_plate
from tiles2zarr.bench.rules import benchmark_table
from tiles2zarr.errors import Tiles2ZarrError

REPOSITORY = Path(__file__).parents[3]
SHARED = REPOSITORY.parent / "shared/bench"
LEVELS = 5
QUIET = 1.0
"""Load above which a run is void."""
PATIENCE_S = 180.0
"""How long a machine is given to come to rest before the runs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Time the plates asked for and print a table; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        for size in options.size:
            _bench(size, options)
    except Tiles2ZarrError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tiles2zarr.bench")
    parser.add_argument("--size", nargs="+", choices=SIZES, default=["S", "M"])
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each")
    parser.add_argument("--cores", default="2")
    parser.add_argument("--ngff", choices=("0.4", "0.5"), default="0.4")
    parser.add_argument("--folder", type=Path, default=Path("demo/bench"))
    parser.add_argument("--reference", help="Python with the reference converter")
    return parser


def _bench(name: str, options: argparse.Namespace) -> None:
    folder = options.folder.absolute()
    generator = SHARED / "make_plate.py"
    plate = find_plate(name, folder, generator if generator.is_file() else None)
    tiles = sorted((plate / "data").iterdir())
    ours: list[Figures] = []
    theirs: list[Figures] = []
    for _ in range(options.runs):
        wait_until_quiet(QUIET, PATIENCE_S)
        ours.append(_run_ours(name, plate, folder, options))
        if options.reference:
            wait_until_quiet(QUIET, PATIENCE_S)
            theirs.append(_run_reference(plate, folder, options))
    limit = composed_limit(tiles, folder / "limit", _levels(name))
    size = SIZES[name]
    print(
        f"\n{name}: {size.source_bytes / 1e6:.0f} MB of pixels, OME-Zarr {options.ngff}"
    )
    print(f"load before the runs {max(f.load for f in ours):.2f}{_void(ours)}")
    rows = {"tiles2zarr": ours, "reference": theirs}
    print(f"{'':<12}{'wall s':>10}{'CPU s':>10}{'peak MiB':>10}{'files':>10}{'MB':>10}")
    for label, runs in rows.items():
        if runs:
            print(_row(label, medians(runs), folder / f"out-{label}"))
    print(f"{'limit':<12}{'':>10}{limit:>10.2f}")
    if theirs:
        one, two = medians(ours), medians(theirs)
        print(
            f"{'ratio':<12}{two.wall_s / one.wall_s:>10.2f}"
            f"{two.cpu_s / one.cpu_s:>10.2f}{two.peak_mb / one.peak_mb:>10.2f}"
        )
    print(benchmark_table(folder / "work/results"))


def _levels(name: str) -> int:
    size = SIZES[name]
    return min(LEVELS, min(size.rows, size.columns).bit_length())


def _void(runs: Sequence[Figures]) -> str:
    cores = os.cpu_count() or 1
    loud = max(run.load for run in runs) > QUIET
    return f" on {cores} cores" + (": VOID, the machine was busy" if loud else "")


def _row(label: str, run: Figures, store: Path) -> str:
    files, size = tree_size(store)
    return (
        f"{label:<12}{run.wall_s:>10.2f}{run.cpu_s:>10.2f}{run.peak_mb:>10.0f}"
        f"{files:>10}{size / 1e6:>10.0f}"
    )


def _run_ours(
    name: str, plate: Path, folder: Path, options: argparse.Namespace
) -> Figures:
    work, output = folder / "work", folder / "out-tiles2zarr"
    for place in (work, output):
        shutil.rmtree(place, ignore_errors=True)
    work.mkdir(parents=True)
    config = work / "config.yaml"
    config.write_text(yaml.safe_dump(config_of(plate, name, output, options.ngff)))
    snakemake = [sys.executable, "-m", "snakemake", "-s", str(REPOSITORY / "Snakefile")]
    rest = ["-d", str(work), "--configfile", str(config), "-c", options.cores]
    return measure([*snakemake, *rest], folder / "ours.log")


def _run_reference(plate: Path, folder: Path, options: argparse.Namespace) -> Figures:
    output = folder / "out-reference"
    driver = SHARED / "reference_convert.py"
    if not driver.is_file():
        raise Tiles2ZarrError(
            f"{driver} is not there, so the reference cannot be timed. Leave "
            "--reference out."
        )
    command = [options.reference, str(driver), str(plate), str(output)]
    return measure([*command, "--ngff", options.ngff], folder / "reference.log")


if __name__ == "__main__":
    sys.exit(main())
