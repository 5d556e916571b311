"""Sources that fail: what is left out, what is kept, what is said of it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.conftest import RunSnakemake
from tests.e2e.convert import convert
from tests.e2e.ended import run
from tests.e2e.truth import expected_store
from tests.reference.cases import CASES
from tests.reference.compare import compare
from tests.reference.store import read_plate, read_rows
from tests.rules.plate import (
    IMAGES,
    WIDTH,
    Plate,
    config,
    expected_level,
    files_below,
    tile_pixels,
    touched,
    write_csv,
    write_tile,
)
from tiles2zarr.checkpoints import read_json
from tiles2zarr.errors import FaultsError
from tiles2zarr.models.receipt import Receipt

REPORT = {"on_missing": "report", "images_per_job": "auto"}


@pytest.fixture
def fresh(tmp_path: Path) -> Plate:
    """Return the tiny plate before any run."""
    plate = Plate(tmp_path / "work")
    plate.write()
    return plate


def spoil(path: Path, pixels: np.ndarray) -> None:
    """Write a plane whose header reads and whose compressed pixels do not."""
    tifffile.imwrite(path, pixels, compression="zlib", metadata=None, software="")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[0].dataoffsets[0]
    raw = bytearray(path.read_bytes())
    raw[start + 20 : start + 60] = b"\xff" * 40
    path.write_bytes(raw)


def spoil_plane(plate: Plate, well: str, field: str, channel: int) -> None:
    """Spoil the file of one plane."""
    pixels = tile_pixels(well, field, channel)
    spoil(plate.raw(well, field, channel), pixels)


def found(plate: Plate, code: str) -> dict[str, object]:
    """Return the one finding with this code."""
    raw = json.loads((plate.state / "findings.json").read_text())
    (finding,) = [f for f in raw["findings"] if f["code"] == code]
    return dict(finding)


def statuses(plate: Plate, image: str) -> dict[tuple[str, int], str]:
    """Return the status of every plane by field and channel."""
    rows = read_rows(plate.store / image, "plane_table")
    return {
        (str(r["fov_name"]), int(float(str(r["c"])))): str(r["status"]) for r in rows
    }


WAYS = [
    pytest.param("by_fov", "0.4", id="by_fov-0.4"),
    pytest.param("by_fov", "0.5", id="by_fov-0.5"),
    pytest.param("by_tile", "0.4", id="by_tile-0.4", marks=pytest.mark.full),
    pytest.param("in_memory", "0.4", id="in_memory-0.4"),
    pytest.param("by_fov_dask", "0.5", id="by_fov_dask-0.5", marks=pytest.mark.full),
]


@pytest.mark.parametrize(("mode", "version"), WAYS)
def test_undecodable_planes_are_left_out(fresh: Plate, mode: str, version: str) -> None:
    """Field F1 of channel 0 has no chunk, status error and a finding; F2 is there."""
    spoil_plane(fresh, "B04", "F1", 0)
    shards = {"kind": "multiple", "xy_factor": 2}
    omezarr = {"ngff_version": version, "num_levels": 3}
    omezarr |= {"shards": shards} if version == "0.5" else {}
    ended = run(
        fresh.work, config(writing=REPORT | {"writer_mode": mode}, omezarr=omezarr)
    )
    assert ended.code == 0
    truth = expected_level("B04")
    truth[0, 0, :, :WIDTH] = 0
    np.testing.assert_array_equal(fresh.level("B/04/0"), truth)
    assert statuses(fresh, "B/04/0") == {
        ("F1", 0): "error",
        ("F1", 1): "ok",
        ("F2", 0): "ok",
        ("F2", 1): "ok",
    }
    receipt = read_json(fresh.receipt("B/04/0"), Receipt)
    assert (receipt.holes.file, receipt.holes.plane) == (("B04_F1_c0.tif",), (0,))
    finding = found(fresh, "unreadable_files")
    assert (finding["count"], finding["files"]) == (1, ["B04_F1_c0.tif"])
    level = {
        "0.4": {"0/0/0/1", "1/0/0/0", "1/0/0/1"},
        "0.5": {"c/0/0/0/0", "c/1/0/0/0"},
    }
    stored = {k for k in files_below(fresh.store / "B/04/0/0") if k[-1].isdigit()}
    assert stored == level[version]


def test_a_channel_without_a_readable_plane_has_no_objects(fresh: Plate) -> None:
    """No level of it holds a chunk, and the image opens with zeros there."""
    for field in ("F1", "F2"):
        spoil_plane(fresh, "B03", field, 1)
    assert run(fresh.work, config(writing=REPORT)).code == 0
    truth = expected_level("B03")
    truth[1] = 0
    np.testing.assert_array_equal(fresh.level("B/03/0"), truth)
    keys = files_below(fresh.store / "B/03/0")
    assert not [k for k in keys if k.startswith(("0/1/", "1/1/"))]


def test_absent_files_are_missing_planes(fresh: Plate) -> None:
    """Under report a file that is not there gives status missing."""
    fresh.raw("B04", "F2", 0).unlink()
    assert run(fresh.work, config(writing=REPORT)).code == 0
    assert statuses(fresh, "B/04/0")["F2", 0] == "missing"
    assert found(fresh, "unreadable_files")["files"] == ["B04_F2_c0.tif"]


def test_the_first_file_is_absent_and_axes_are_swapped(tmp_path: Path) -> None:
    """Lengths along the stage are known from the first file that is there."""
    (case,) = [case for case in CASES if case.name == "swap_xy"]
    (acquisition,) = case.acquisitions
    first, *others = acquisition.tiles
    tiles = (replace(first, absent=True), *others)
    holed = replace(
        case,
        acquisitions=(replace(acquisition, tiles=tiles),),
        writing={"on_missing": "report"},
    )
    folder = holed.write(tmp_path / "source")
    convert(holed.config(folder, tmp_path / "out"), tmp_path)
    store = read_plate(tmp_path / "out/swap_xy.zarr")
    assert not compare(expected_store(holed), store, share=0.9)


def test_archived_files_and_swapped_axes(tmp_path: Path) -> None:
    """Lengths along the stage are known of files that are gone since."""
    (case,) = [case for case in CASES if case.name == "swap_xy"]
    folder = case.write(tmp_path / "source")
    settings = case.config(folder, tmp_path / "out")
    convert(settings, tmp_path)
    shutil.rmtree(folder / "a0")
    before = files_below(tmp_path / "out")
    convert(settings, tmp_path)
    assert touched(before, files_below(tmp_path / "out")) == set()
    store = read_plate(tmp_path / "out/swap_xy.zarr")
    assert not compare(expected_store(case), store, share=0.9)


def test_an_image_with_a_hole_is_kept_when_its_files_are_archived(
    tmp_path: Path,
) -> None:
    """It is not written anew from nothing, whether or not its table changed."""
    (case,) = [case for case in CASES if case.name == "swap_xy"]
    folder = case.write(tmp_path / "source")
    next((folder / "a0").iterdir()).unlink()
    settings = case.config(folder, tmp_path / "out")
    settings["writing"] = {"on_missing": "report"}
    convert(settings, tmp_path)
    shutil.rmtree(folder / "a0")
    before = files_below(tmp_path / "out")
    convert(settings, tmp_path)
    assert touched(before, files_below(tmp_path / "out")) == set()
    table = folder / "tiles_0.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(FaultsError, match="none of its 5 files can be read any more"):
        convert(settings, tmp_path)
    images = read_plate(tmp_path / "out/swap_xy.zarr").images
    assert images["B/03/0"].levels[0].pixels.any()


def test_archived_files_in_colour(tmp_path: Path) -> None:
    """Three channels stay of a colour file that is gone since."""
    (tmp_path / "raw").mkdir()
    colours = np.zeros((24, 40, 3), np.uint8) + np.array([1, 2, 3], np.uint8)
    tifffile.imwrite(tmp_path / "raw/a.tif", colours, photometric="rgb")
    row = {"file_path": "a.tif", "row": "B", "column": 3, "fov_name": "F1"}
    row |= {"start_x": 0, "start_y": 0, "length_x": 40, "length_y": 24}
    write_csv(tmp_path / "raw/tiles.csv", [row])
    table = {"path": str(tmp_path / "raw/tiles.csv"), "details": {"pixelsize": 0.5}}
    settings = {
        "plate": {"name": "P1"},
        "output": str(tmp_path / "out"),
        "acquisitions": [table],
    }
    convert(settings, tmp_path)
    (tmp_path / "raw/a.tif").unlink()
    convert(settings, tmp_path)
    image = read_plate(tmp_path / "out/P1.zarr").images["B/03/0"]
    assert image.labels == ("red", "green", "blue")
    assert image.levels[0].pixels[0, :, 0, 23, 39].tolist() == [1, 2, 3]


def test_a_field_without_any_file_where_axes_are_swapped(tmp_path: Path) -> None:
    """Its lengths are told as those of the other fields, and so is the canvas."""
    (case,) = [case for case in CASES if case.name == "swap_xy"]
    folder = case.write(tmp_path / "source")
    next((folder / "a0").iterdir()).unlink()
    settings = case.config(folder, tmp_path / "out")
    settings["plate"] = {"name": "swap_xy", "uniform": True}
    settings["registration"] = {"tiling_mode": "no_tiling"}
    settings["writing"] = {"on_missing": "report"}
    convert(settings, tmp_path)
    images = read_plate(tmp_path / "out/swap_xy.zarr").images
    assert len(images) == 6
    assert {image.levels[0].pixels.shape[-2:] for image in images.values()} == {
        (32, 40)
    }


def test_a_hole_is_filled_when_its_file_is_mended(fresh: Plate) -> None:
    """Until then a run touches nothing; afterwards just this image is made anew."""
    spoil_plane(fresh, "B04", "F1", 0)
    settings = config(writing=REPORT)
    assert run(fresh.work, settings).code == 0
    before = fresh.files()
    assert run(fresh.work, settings).code == 0
    assert touched(before, fresh.files()) == set()
    write_tile(fresh.raw("B04", "F1", 0), tile_pixels("B04", "F1", 0))
    assert run(fresh.work, settings).code == 0
    np.testing.assert_array_equal(fresh.level("B/04/0"), expected_level("B04"))
    assert "error" not in statuses(fresh, "B/04/0").values()
    assert "unreadable_files" not in fresh.findings()
    chunks = {p for p in touched(before, fresh.files()) if "/tables/" not in p}
    assert {p[:6] for p in chunks if p[7:8].isdigit()} == {"B/04/0"}


@pytest.mark.parametrize("fault", ["absent", "undecodable"])
def test_the_image_of_an_earlier_run_is_kept(fresh: Plate, fault: str) -> None:
    """A source lost later fails the run, and the whole old image stays listed."""
    assert run(fresh.work, config()).code == 0
    before = fresh.files()
    if fault == "absent":
        fresh.raw("B04", "F1", 0).unlink()
    else:
        spoil_plane(fresh, "B04", "F1", 0)
    ended = run(fresh.work, config())
    assert ended.code == 1
    assert len(ended.faults) == 1
    assert ended.faults[0].startswith("B/04/0: raw/B04_F1_c0.tif cannot be read: ")
    assert touched(before, fresh.files()) == set()
    assert sorted(read_plate(fresh.store).images) == list(IMAGES)
    np.testing.assert_array_equal(fresh.level("B/04/0"), expected_level("B04"))
    kept = found(fresh, "earlier_image_kept")
    assert (kept["images"], kept["severity"]) == (["B/04/0"], "error")
    assert (
        "WARNING earlier_image_kept: B/04/0: 1 images could not be made anew; what an "
        "earlier run wrote of them stays in the plate, pixels and tables."
    ) in ended.entries
    write_tile(fresh.raw("B04", "F1", 0), tile_pixels("B04", "F1", 0))
    assert run(fresh.work, config()).code == 0
    assert "earlier_image_kept" not in fresh.findings()


def test_a_damaged_image_of_an_earlier_run_is_not_kept(fresh: Plate) -> None:
    """With a chunk gone it is taken off the plate while its source is away."""
    assert run(fresh.work, config()).code == 0
    fresh.raw("B04", "F1", 0).unlink()
    (fresh.store / "B/04/0/0/0/0/0/0").unlink()
    assert run(fresh.work, config()).code == 1
    assert sorted(read_plate(fresh.store).images) == ["B/03/0", "C/03/0"]
    assert "earlier_image_kept" not in fresh.findings()


def test_chunks_beyond_the_limit_are_made_smaller_and_said(fresh: Plate) -> None:
    """z_chunk 40000 of 24 x 40 pixels is 73 MiB: the chunk is halved along y and x."""
    chunks = {"kind": "fov", "z_chunk": 40000}
    ended = run(fresh.work, config(omezarr={"chunks": chunks}))
    assert ended.code == 0
    finding = found(fresh, "chunk_reduced")
    assert finding["count"] == 3
    assert finding["message"] == (
        "B/03/0: Chunks as asked for would have more than 64 MiB; they are 1 x 1 x "
        "40000 x 12 x 20 (t, c, z, y, x). The same in 2 more."
    )
    assert any(e.startswith("INFO chunk_reduced: B/03/0: ") for e in ended.entries)


def test_findings_of_every_step_are_in_the_log(fresh: Plate) -> None:
    """What the list at the end holds stands in the log, with its code."""
    spoil_plane(fresh, "B04", "F1", 0)
    fresh.raw("C03", "F2", 1).unlink()
    ended = run(fresh.work, config(writing=REPORT, plate={"layout": None}))
    codes = {"unreadable_files", "tiles_moved", "layout_guessed"}
    assert fresh.findings() == codes
    for code in codes:
        assert any(f" {code}: " in entry for entry in ended.entries)


ON_MISSING = {
    "auto": (1, ["B/03/0", "C/03/0"]),
    "error": (1, ["B/03/0", "C/03/0"]),
    "report": (0, list(IMAGES)),
}


@pytest.mark.full
@pytest.mark.parametrize("policy", ON_MISSING)
def test_a_fault_that_goes_away(
    fresh: Plate,
    policy: str,
    run_snakemake: RunSnakemake,
    snakemake_jobs: Callable[[object], dict[str, int]],
) -> None:
    """One unreadable tile costs its image at most; a plain rerun does just that one."""
    code, listed = ON_MISSING[policy]
    settings = config(writing={"on_missing": policy})
    plane = fresh.raw("B04", "F1", 0)
    plane.write_bytes(b"no image at all")
    result = run_snakemake(fresh.work, settings, check=False)
    output = result.stdout + result.stderr
    assert (result.returncode != 0) == (code != 0)
    assert "raw/B04_F1_c0.tif cannot be read: it is no TIFF file" in output
    assert "Traceback" not in output
    assert sorted(read_plate(fresh.store).images) == listed
    write_tile(plane, tile_pixels("B04", "F1", 0))
    again = run_snakemake(fresh.work, settings)
    assert snakemake_jobs(again) == {
        "register": 1,
        "write_zarr": 1,
        "build_tables": 1,
        "complete": 1,
    }
    for image in IMAGES:
        well = image[0] + image[2:4]
        np.testing.assert_array_equal(fresh.level(image), expected_level(well))
