"""A rerun does what changed and touches nothing else."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable

import numpy as np

from tests.conftest import Completed, RunSnakemake
from tests.rules.plate import (
    CONDITIONS,
    FIELDS,
    IMAGES,
    ODD_NAME,
    TABLE,
    WELLS,
    WIDTH,
    Files,
    Plate,
    arrays,
    channels,
    condition_rows,
    config,
    expected_level,
    files_below,
    images_of,
    table_rows,
    tile_pixels,
    touched,
    write_csv,
    write_tile,
)

MODES = ("no_overwrite", "overwrite", "extend")
Jobs = Callable[[Completed], Counter[str]]


ROWS = {TABLE: table_rows(*WELLS), CONDITIONS: condition_rows()}
"""The tables as they are at first."""


def jobs_of(batches: int, *, parse: bool = False) -> dict[str, int]:
    """Return the jobs of a run that redoes some batches, then tables and the end."""
    jobs = {"build_tables": 1, "complete": 1}
    if batches:
        jobs |= {"register": batches, "write_zarr": batches}
    return jobs | {"parse_tiles": 1} if parse else jobs


def rewritten(before: Files, after: Files) -> set[str]:
    """Return the images of which a file of an array is new, gone or was written."""
    return images_of(touched(arrays(before), arrays(after)))


def check_pixels(plate: Plate, image: str, pixels: np.ndarray) -> None:
    """Level 0 of the image is these pixels."""
    np.testing.assert_array_equal(plate.level(image), pixels)


def test_first_run_makes_every_image_once(
    converted: Plate, snakemake_jobs: Jobs, run_snakemake: RunSnakemake
) -> None:
    """Each well has its pixels, and the plate lists the three wells."""
    for well, image in zip(WELLS, IMAGES, strict=True):
        check_pixels(converted, image, expected_level(well))
    assert converted.wells() == ["B/03", "B/04", "C/03"]


def test_second_run_does_nothing(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """In every overwrite mode a second run starts no job and touches no file."""
    shutil.rmtree(plate.work / "out")
    shutil.rmtree(plate.work / "results")
    plates = {
        f"plate {mode}": {"writing": {"overwrite_mode": mode, "images_per_job": "auto"}}
        for mode in MODES
    }
    shared = {**config(), "plate": {"layout": 96}, "plates": plates}
    first = run_snakemake(plate.work, shared)
    assert snakemake_jobs(first) == dict.fromkeys(
        ("parse_tiles", "register", "write_zarr", "build_tables", "complete"), 3
    )
    before = files_below(plate.work / "out")
    stores = {path.split("/")[0] for path in before}
    assert stores == {f"plate {mode}.zarr" for mode in MODES}
    second = run_snakemake(plate.work, shared)
    assert snakemake_jobs(second) == {}
    assert files_below(plate.work / "out") == before


def test_changed_and_touched_files(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """A changed file remakes its image; the same bytes under a new time do not."""
    before = plate.files()
    old_receipt = json.loads(plate.receipt("C/03/0").read_text())
    changed = tile_pixels("B04", "F2", 1, seed=1)
    write_tile(plate.raw("B04", "F2", 1), changed)
    same = plate.raw("C03", "F1", 0)
    later = same.stat().st_mtime_ns + 10**9
    os.utime(same, ns=(later, later))
    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == jobs_of(2)
    after = plate.files()
    assert rewritten(before, after) == {"B/04/0"}
    assert not any("/tables/" in f"/{path}" for path in touched(before, after))
    check_pixels(plate, "B/04/0", expected_level("B04", {ODD_NAME: changed}))
    receipt = json.loads(plate.receipt("C/03/0").read_text())
    assert later in receipt["sources"]["mtime_ns"]
    assert receipt["levels"] == old_receipt["levels"]
    assert receipt["sources"]["digest"] == old_receipt["sources"]["digest"]


def test_moved_field_and_changed_condition(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """New positions remake their image; a new condition changes tables alone."""
    before = plate.files()
    rows = table_rows(*WELLS)
    for row in rows:
        if (row["row"], row["column"], row["fov_name"]) == ("B", 3, "F2"):
            row["start_x"] = -0.5 * WIDTH
    write_csv(plate.work / TABLE, rows)
    write_csv(plate.work / CONDITIONS, condition_rows("nocodazole"))
    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == jobs_of(2, parse=True)
    after = plate.files()
    assert rewritten(before, after) == {"B/03/0"}
    left, right = np.split(expected_level("B03"), len(FIELDS), axis=-1)
    check_pixels(plate, "B/03/0", np.concatenate([right, left], axis=-1))
    tables = [path for path in after if path.startswith("B/04/0/tables/condition")]
    assert any(b"nocodazole" in after[path][1] for path in tables)
    assert images_of(touched(before, after)) & set(IMAGES) == {"B/03/0", "B/04/0"}


def test_removed_and_added_wells(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """A removed well leaves the plate, not the disk; a new one costs its own batch."""
    before = plate.files()
    write_csv(plate.work / TABLE, table_rows("B03", "B04"))
    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == jobs_of(0, parse=True)
    assert plate.wells() == ["B/03", "B/04"]
    assert "orphan_image" in plate.findings()
    assert rewritten(before, plate.files()) == set()

    plate.write_well("D05")
    write_csv(plate.work / TABLE, table_rows("B03", "B04", "D05"))
    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == jobs_of(1, parse=True)
    assert plate.wells() == ["B/03", "B/04", "D/05"]
    assert rewritten(before, plate.files()) == {"D/05/0"}
    check_pixels(plate, "D/05/0", expected_level("D05"))


def test_new_label_and_colour_touch_no_array(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Metadata are rewritten in place; every file of every array stays as it is."""
    before = plate.files()
    details = {"pixelsize": 0.5, "channels": channels("Hoechst", "00FFFF")}
    result = run_snakemake(plate.work, config(acquisition={"details": details}))
    assert snakemake_jobs(result) == jobs_of(3, parse=True)
    assert rewritten(before, plate.files()) == set()
    for image in IMAGES:
        attributes = json.loads((plate.store / image / ".zattrs").read_text())
        first = attributes["omero"]["channels"][0]
        assert (first["label"], first["color"]) == ("Hoechst", "00FFFF")


def test_bad_files_cost_their_image_only(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Other images are written, the message says what is wrong, a rerun mends it."""
    shutil.rmtree(plate.work / "out")
    shutil.rmtree(plate.work / "results")
    missing, torn = plate.raw("B04", "F1", 0), plate.raw("C03", "F2", 1)
    missing.unlink()
    torn.write_bytes(torn.read_bytes()[:-100])
    result = run_snakemake(plate.work, config(), check=False)
    assert result.returncode != 0
    assert plate.wells() == ["B/03"]
    check_pixels(plate, "B/03/0", expected_level("B03"))
    output = result.stdout + result.stderr
    lines = output.splitlines()
    for image, file in (("B/04/0", missing), ("C/03/0", torn)):
        assert any(f"{image}: " in line and file.name in line for line in lines)
    assert "2 of 3 images are not written" in output
    assert "Traceback" not in output

    before = plate.files()
    for well, field, channel in (("B04", "F1", 0), ("C03", "F2", 1)):
        write_tile(plate.raw(well, field, channel), tile_pixels(well, field, channel))
    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == jobs_of(2)
    assert plate.wells() == ["B/03", "B/04", "C/03"]
    assert rewritten(before, plate.files()) == {"B/04/0", "C/03/0"}
    check_pixels(plate, "C/03/0", expected_level("C03"))


def test_archived_sources_keep_the_plate(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Sources moved away are no reason to run; jobs run all the same touch no image."""
    before = plate.files()
    (plate.work / "raw").rename(plate.work / "archive")
    result = run_snakemake(plate.work, config())
    assert snakemake_jobs(result) == {}
    assert plate.files() == before

    for table in (TABLE, CONDITIONS):
        write_csv(plate.work / table, ROWS[table])
    result = run_snakemake(plate.work, config(), "--forceall")
    assert snakemake_jobs(result) == jobs_of(3, parse=True)
    assert rewritten(before, plate.files()) == set()
    assert plate.wells() == ["B/03", "B/04", "C/03"]
