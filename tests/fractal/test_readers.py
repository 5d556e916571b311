"""What tasks of others find in the output: ngio, and the core tasks of Fractal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

from tests.fractal.platform import Platform, manifest_tasks
from tests.fractal.samples import arguments, make_tables
from tiles2zarr.fractal.tasks.convert_image_compute import convert_image_compute
from tiles2zarr.fractal.tasks.convert_tile_table_init import convert_tile_table_init

CORE_PYTHON = "TILES2ZARR_FRACTAL_CORE"
"""Interpreter of an environment with fractal-tasks-core; left out, one is made."""
IMAGES = [f"{well}/{number}" for well in ("A/02", "A/11", "B/07") for number in (0, 1)]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a plate that tasks made."""
    folder = tmp_path_factory.mktemp("readers")
    given = arguments(make_tables(folder), folder / "out")
    for call in convert_tile_table_init(**given)["parallelization_list"]:
        convert_image_compute(**json.loads(json.dumps(call)))
    return folder / "out"


def level(image: Path) -> np.ndarray:
    """Return the pixels of level 0."""
    return np.asarray(zarr.open_array(str(image / "0"), mode="r")[:])


def test_ngio_opens_plate_images_and_tables(output: Path) -> None:
    """Plate, wells, channels, pixel sizes, regions and conditions are as given."""
    from ngio import open_ome_zarr_container, open_ome_zarr_plate

    plate = open_ome_zarr_plate(output / "P1.zarr")
    assert sorted(plate.images_paths(max_workers=1)) == IMAGES
    assert plate.acquisition_ids == [0, 1]
    image = open_ome_zarr_container(output / "P1.zarr/B/07/1")
    assert image.channel_labels == ["DAPI", "GFP"]
    assert image.get_image().shape == (2, 2, 24, 64)
    assert image.get_image().pixel_size.zyx == (2.0, 0.5, 0.5)
    regions = image.get_table("FOV_ROI_table").rois()
    assert [region.get_name() for region in regions] == ["FOV_1", "FOV_2"]
    found = image.get_image().get_roi(regions[1])
    assert np.array_equal(found, level(output / "P1.zarr/B/07/1")[..., 32:])
    conditions = plate.get_table("condition_table").dataframe
    assert conditions["drug"].tolist() == ["A2", "A2", "A11", "A11", "B7", "B7"]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Return a platform with the tasks of fractal-tasks-core, in their environment."""
    folder = tmp_path_factory.mktemp("core")
    python = os.environ.get(CORE_PYTHON)
    if python is None:
        python = str(folder / "venv/bin/python")
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        install = [python, "-m", "pip", "install", "-q", "fractal-tasks-core>=2.1,<3"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"fractal-tasks-core cannot be installed: {done.stderr[-200:]}")
    code = "import fractal_tasks_core; print(fractal_tasks_core.__path__[0])"
    command = [python, "-c", code]
    found = subprocess.run(
        command, env={}, capture_output=True, text=True, check=True
    ).stdout
    return Platform(folder / "jobs", Path(found.strip()), python)


@pytest.mark.full
def test_core_tasks_run_on_the_output(output: Path, core: Platform) -> None:
    """Projection, illumination correction and segmentation take plate and tables."""
    urls = [f"{output}/P1.zarr/{image}" for image in IMAGES]
    core.convert(
        "Project Image (HCS Plate)", {"zarr_urls": urls, "zarr_dir": str(output)}
    )
    assert len(core.images) == 6
    for image in IMAGES:
        (projected,) = output.glob(f"P1_*.zarr/{image}")
        whole = level(output / "P1.zarr" / image)
        assert np.array_equal(level(projected), whole.max(axis=1, keepdims=True))
    profiles = output / "profiles"
    profiles.mkdir()
    flat = np.full((24, 32), 1000, np.uint16)
    for name in ("DAPI", "GFP"):
        tifffile.imwrite(profiles / f"{name}.tif", flat)
    named = {name: f"{name}.tif" for name in ("DAPI", "GFP")}
    urls = urls[:2]
    calls = [
        {
            "zarr_url": url,
            "illumination_profiles": {"folder": str(profiles), "profiles": named},
        }
        for url in urls
    ]
    core.compute("Illumination Correction", calls)
    for url in urls:
        assert np.array_equal(level(Path(f"{url}_illum_corr")), level(Path(url)))
    channel = {"mode": "label", "identifier": "DAPI"}
    calls = [{"zarr_url": url, "channel": channel} for url in urls]
    core.compute("Threshold Segmentation", calls)
    for url in urls:
        labels = level(Path(url) / "labels/DAPI_segmented")
        assert labels.shape == (2, 24, 64)
        assert labels.max() > 0


@pytest.mark.full
def test_labels_of_core_tasks_stay_when_a_task_is_repeated(
    output: Path, core: Platform, tmp_path: Path
) -> None:
    """Compute tasks run again find their images complete and leave labels alone."""
    given = arguments(make_tables(tmp_path), tmp_path / "out")
    calls = convert_tile_table_init(**given)["parallelization_list"][:1]
    plain = json.loads(json.dumps(calls))
    convert_image_compute(**plain[0])
    url = plain[0]["zarr_url"]
    assert "Threshold Segmentation" in manifest_tasks(core.package)
    channel = {"mode": "label", "identifier": "DAPI"}
    core.compute("Threshold Segmentation", [{"zarr_url": url, "channel": channel}])
    before = level(Path(url) / "labels/DAPI_segmented")
    convert_image_compute(**plain[0])
    assert np.array_equal(level(Path(url) / "labels/DAPI_segmented"), before)
