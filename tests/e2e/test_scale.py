"""What large plates cost, measured in processes of their own."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

import tiles2zarr
from tests.rules.plate import (
    IMAGES,
    Plate,
    config,
    expected_level,
    write_tile,
)
from tiles2zarr.checkpoints import read_json
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.models.plan import BatchOutcome, Plan
from tiles2zarr.parsers.peek import plate_name

REPOSITORY = Path(__file__).parents[2]
WELLS_USED = [f"{row}{column:02d}" for row in "ABCDEFGH" for column in range(1, 13)]
FIELDS, CHANNELS, PLANES = 7, 6, 5
"""Per well: 210 tiles; of the 96 wells together 20,160."""
TILE = 8, 12
"""Height and width of a tile."""
PEAK_MB = 500
JOB = """
import json, resource, runpy, sys, time
from pathlib import Path
from types import SimpleNamespace

given = json.load(sys.stdin)
job = SimpleNamespace(**{
    name: SimpleNamespace(**value) if isinstance(value, dict) else value
    for name, value in given["job"].items()
})
start = time.perf_counter()
runpy.run_path(given["script"], init_globals={"snakemake": job})
seconds = time.perf_counter() - start
status = Path("/proc/self/status")
if status.exists():
    # ru_maxrss of a child starts at the memory its parent had, VmHWM does not
    peak = next(l for l in status.read_text().splitlines() if l.startswith("VmHWM:"))
    megabytes = int(peak.split()[1]) / 1024
else:
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
modules = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"seconds": seconds, "megabytes": megabytes, "modules": modules}))
"""
"""Runs the script of a rule as Snakemake does, and tells what it cost."""


def run_script(rule: str, work: Path, **job: object) -> dict[str, object]:
    """Run the script of a rule in a process of its own; return what it cost.

    Args:
        rule: Name of the rule.
        work: Working directory.
        **job: Attributes of the object ``snakemake`` that the script sees.

    Returns:
        ``seconds``, ``megabytes`` (largest resident memory) and ``modules`` (loaded
        top-level modules at the end).
    """
    frame = {"rule": rule, "log": [str(work / f"{rule}.log")]}
    script = REPOSITORY / "scripts" / f"{rule}.py"
    done = subprocess.run(
        [sys.executable, "-c", JOB],
        input=json.dumps({"script": str(script), "job": frame | job}),
        cwd=work,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "workflow")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    cost = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(cost, dict)
    return cost


def params(options: BaseModel, **more: object) -> dict[str, object]:
    """Return the ``params`` of a job."""
    frame = {
        "version": tiles2zarr.__version__,
        "package": str(Path(tiles2zarr.__file__).parent),
        "extensions": [],
        "options": options.model_dump(mode="json"),
    }
    return frame | more


def write_large_table(folder: Path) -> int:
    """Write a tile table of 20,160 rows and its files, links to one; return the rows.

    Every channel has the same planes; fields are in one row, edge to edge.
    """
    folder.mkdir()
    first = folder / "first.tif"
    write_tile(first, np.zeros(TILE, np.uint16))
    names = ("file_path", "row", "column", "fov_name", "start_x", "start_y")
    sizes = ("start_z", "start_c", "length_x", "length_y", "drug")
    count = 0
    with (folder / "tiles.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow((*names, *sizes))
        for well in WELLS_USED:
            for field, c, z in np.ndindex(FIELDS, CHANNELS, PLANES):
                name = f"{well}_{field}_{c}_{z}.tif"
                os.link(first, folder / name)
                place = name, well[0], well[1:], f"F{field}", field * TILE[1], 0
                writer.writerow((*place, z, c, TILE[1], TILE[0], f"drug{well[0]}"))
                count += 1
    return count


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a work folder with the table in ``raw``."""
    work = tmp_path_factory.mktemp("large")
    assert write_large_table(work / "raw") == 20_160
    return work


def large_config(work: Path) -> dict[str, object]:
    """Return the config of the table."""
    details = {"pixelsize": 0.5, "z_spacing": 2.0, "start_z_coo": "pixel"}
    start = {"start_x_coo": "pixel", "start_y_coo": "pixel"}
    return {
        "plate": {"name": "large", "layout": 96},
        "output": str(work / "out"),
        "acquisitions": [
            {
                "path": str(work / "raw/tiles.csv"),
                "format": "tile_table",
                "details": details | start,
            }
        ],
    }


def test_parse_tiles_of_20000_rows(
    large: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of 20,160 rows is parsed in less than 500 MB of memory."""
    options = slices.parse_options(
        load_configs(large_config(large), plate_name)["large"]
    )
    plan = large / "results/large/plan.json"
    cost = run_script(
        "parse_tiles",
        large,
        output={"plan": str(plan)},
        params=params(options, index=""),
    )
    with capsys.disabled():
        print(f"\nparse_tiles: {cost['seconds']:.1f} s, {cost['megabytes']:.0f} MB")
    assert float(str(cost["megabytes"])) < PEAK_MB
    made = read_json(plan, Plan)
    assert set(made.images) == {f"{well[0]}/{well[1:]}/0" for well in WELLS_USED}
    shape = (1, CHANNELS, PLANES, TILE[0], FIELDS * TILE[1])
    assert {entry.shape for entry in made.images.values()} == {shape}
    assert {entry.planes for entry in made.images.values()} == {210}
    assert made.findings == ()


def test_write_job_loads_no_table_library(tmp_path: Path) -> None:
    """A job that has written its images has loaded no table library, nor Snakemake."""
    plate = Plate(tmp_path)
    plate.write()
    (made,) = load_configs(config(), plate_name).values()
    plan = plate.state / "plan.json"
    run_script(
        "parse_tiles",
        tmp_path,
        output={"plan": str(plan)},
        params=params(slices.parse_options(made), index=""),
    )
    batches = read_json(plan, Plan).batches
    assert len(batches) == len(IMAGES)
    for batch in batches:
        registered = plate.state / f"done/register/{batch}.json"
        written = plate.state / f"done/write_zarr/{batch}.json"
        run_script(
            "register",
            tmp_path,
            input={"batch": str(plate.state / f"batches/{batch}.json")},
            output={"done": str(registered)},
            params=params(slices.register_options(made), waiting=[]),
        )
        cost = run_script(
            "write_zarr",
            tmp_path,
            input={"registered": str(registered)},
            output={"done": str(written)},
            params=params(slices.write_options(made), sources=""),
            threads=2,
        )
        outcomes = read_json(written, BatchOutcome).images
        assert {outcome.status for outcome in outcomes.values()} == {"done"}
        modules = cost["modules"]
        assert isinstance(modules, list)
        assert {"numpy", "tiles2zarr", "tifffile"} <= set(modules)
        unwanted = {"ngio", "pandas", "dask", "polars", "anndata", "scipy", "snakemake"}
        assert not unwanted & set(modules)
    for image in IMAGES:
        well = image[0] + image[2:4]
        assert np.array_equal(plate.level(image), expected_level(well))
