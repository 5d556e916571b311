"""Tasks run by their command line, many processes at once, against Snakemake's run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.e2e.convert import convert, run_workflow
from tests.fractal.platform import Platform, manifest_tasks
from tests.fractal.samples import arguments, config, make_single, make_tables
from tests.fractal.stores import differences

pytest.importorskip("fractal_task_tools")
TABLE = "Convert Tile Table to OME-Zarr"
INIT = "fractal/tasks/convert_tile_table_init.py"


def wells(plate: Path) -> list[str]:
    """Return the wells a plate lists."""
    listed = json.loads((plate / ".zattrs").read_text())["plate"]["wells"]
    return [well["path"] for well in listed]


@pytest.mark.parametrize(
    "workflow",
    [
        pytest.param(convert, id="steps"),
        pytest.param(run_workflow, id="snakemake", marks=pytest.mark.full),
    ],
)
def test_tasks_make_what_the_workflow_makes(
    workflow: Callable[..., None], tmp_path: Path
) -> None:
    """Plate, wells, arrays, attributes and tables are the same files, byte for byte."""
    tables = make_tables(tmp_path)
    platform = Platform(tmp_path / "jobs")
    platform.convert(TABLE, arguments(tables, tmp_path / "out"), at_once=6)
    workflow(config(tables, tmp_path / "results"), tmp_path / "work")
    plates = tmp_path / "out/P1.zarr", tmp_path / "results/P1.zarr"
    assert differences(*plates) == []
    assert wells(plates[0]) == ["A/02", "A/11", "B/07"]
    assert len(platform.images) == 6
    assert platform.images[f"{plates[0]}/B/07/1"] == {
        "zarr_url": f"{plates[0]}/B/07/1",
        "types": {"is_3D": True},
        "attributes": {
            "drug": "B7",
            "plate": "P1.zarr",
            "well": "B07",
            "acquisition": 1,
        },
    }


def test_a_failed_compute_task_is_a_line_and_can_be_repeated(tmp_path: Path) -> None:
    """The task that failed says why without a traceback; later it makes its image."""
    sample, table = make_single(tmp_path)
    platform = Platform(tmp_path / "jobs")
    task = "Convert Single Images to OME-Zarr"
    given = arguments([table], tmp_path / "out")
    for acquisition in given["acquisitions"]:
        del acquisition["plate_name"], acquisition["acquisition_id"]
    executables = manifest_tasks()[task]
    calls = platform.run(executables["executable_non_parallel"], given)
    broken = sample.raw / "B3_f1_c0_z0.npy"
    content = broken.read_bytes()
    broken.write_bytes(content[:-5])
    compute = executables["executable_parallel"]
    done, out = platform.attempt(compute, calls["parallelization_list"][1])
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("convert_image_compute: b: ")
    assert "B3_f1_c0_z0.npy" in last
    assert "Traceback" not in done.stderr
    assert not out.exists()
    assert not (tmp_path / "out/b.zarr").exists()
    broken.write_bytes(content)
    platform.compute(task, calls["parallelization_list"])
    assert [image["attributes"] for image in platform.images.values()] == [
        {"drug": "DMSO"},
        {},
    ]
    pixels = zarr.open_array(tmp_path / "out/b.zarr/0", mode="r")[:]
    np.testing.assert_array_equal(pixels, sample.truth["B/03/0"])


def test_arguments_that_do_not_fit_are_lines(tmp_path: Path) -> None:
    """An unknown key is told by its place, without a traceback."""
    platform = Platform(tmp_path)
    given = {"zarr_dir": str(tmp_path), "acquisitions": [{"path": "a", "plate": "P"}]}
    done, _ = platform.attempt(INIT, given)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-2:] == [
        "convert_tile_table_init: the arguments do not fit:",
        "  - acquisitions.0.plate: Extra inputs are not permitted",
    ]
