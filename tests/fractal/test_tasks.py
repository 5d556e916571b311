"""The ready tasks called as functions: repeated, interrupted, extended, replaced."""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import zarr

import tiles2zarr
from tests.fractal.samples import arguments
from tests.fractal.stores import differences, times
from tests.resume.test_kill import wait_for
from tiles2zarr.errors import ConfigError, StoreError, TableError, Tiles2ZarrError
from tiles2zarr.fractal.plans import ComputeCall
from tiles2zarr.fractal.runs import open_run, plate_lock
from tiles2zarr.fractal.tasks.convert_image_compute import convert_image_compute
from tiles2zarr.fractal.tasks.convert_single_images_init import (
    convert_single_images_init,
)
from tiles2zarr.fractal.tasks.convert_tile_table_init import convert_tile_table_init
from tiles2zarr.stores.lock import hold

Calls = list[ComputeCall]


def start(tables: list[Path], output: Path, **changes: object) -> Calls:
    """Run the init task."""
    given = json.loads(json.dumps(arguments(tables, output, **changes)))
    return convert_tile_table_init(**given)["parallelization_list"]


def compute(calls: Sequence[ComputeCall]) -> list[object]:
    """Run compute tasks one after the other; return their updates."""
    plain = json.loads(json.dumps(calls))
    return [convert_image_compute(**call)["image_list_updates"][0] for call in plain]


def plate(output: Path) -> dict[str, object]:
    """Return the plate's metadata."""
    return json.loads((output / "P1.zarr/.zattrs").read_text())["plate"]


def images(output: Path) -> list[str]:
    """Return the images that plate and wells list."""
    found = []
    for well in plate(output)["wells"]:
        path = output / "P1.zarr" / well["path"] / ".zattrs"
        listed = json.loads(path.read_text())["well"]["images"]
        found += [f"{well['path']}/{image['path']}" for image in listed]
    return found


def conditions(output: Path) -> list[str]:
    """Return the images the plate's condition table has rows of."""
    table = pd.read_csv(output / "P1.zarr/tables/condition_table/table.csv")
    return [f"{r.well}/{r.path_in_well}" for r in table.itertuples()]


def test_init_lays_the_plate_out(tables: list[Path], output: Path) -> None:
    """The plate has its physical rows and columns, and lists no image before one is."""
    calls = start(tables, output)
    assert [call["zarr_url"] for call in calls][:2] == [
        f"{output}/P1.zarr/A/02/0",
        f"{output}/P1.zarr/A/02/1",
    ]
    assert len(plate(output)["rows"]) == 8
    assert len(plate(output)["columns"]) == 12
    assert images(output) == []


def test_the_plate_is_the_same_in_any_order(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """Compute tasks may end in any order: files and bytes are the same."""
    compute(start(tables, output))
    compute(start(tables, tmp_path / "other")[::-1])
    assert differences(output / "P1.zarr", tmp_path / "other/P1.zarr") == []


def test_a_plate_half_done_lists_what_is_complete(
    tables: list[Path], output: Path
) -> None:
    """Processes that never come back cost their images only."""
    calls = start(tables, output)
    compute(calls[1:4])
    assert images(output) == ["A/02/1", "A/11/0", "A/11/1"]
    assert conditions(output) == ["A02/1", "A11/0", "A11/1"]
    table = output / "P1.zarr/A/11/0/tables/FOV_ROI_table/table.csv"
    assert pd.read_csv(table)["FieldIndex"].tolist() == ["FOV_1", "FOV_2"]


def test_a_failure_and_its_repetition(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """The plate is right without the image that failed, and with it when it is made."""
    whole = tmp_path / "whole"
    compute(start(tables, whole))
    table = pd.read_csv(tables[1])
    broken = table["file_path"][0]
    lone = tables[1].parent / "alone.npy"
    lone.write_bytes((tables[1].parent / broken).read_bytes())
    in_well = (table["row"] == "B") & (table["file_path"] == broken)
    table.loc[in_well, "file_path"] = lone.name
    table.to_csv(tables[1], index=False)
    calls = start(tables, output)
    content = lone.read_bytes()
    lone.write_bytes(content[:-3])
    compute(calls[:-1])
    with pytest.raises(Tiles2ZarrError, match=r"^B/07/1: .*alone\.npy"):
        compute(calls[-1:])
    assert images(output) == ["A/02/0", "A/02/1", "A/11/0", "A/11/1", "B/07/0"]
    assert not (output / "P1.zarr/B/07/1").exists()
    lone.write_bytes(content)
    compute(calls[-1:])
    assert images(output)[-1] == "B/07/1"
    told = "P1.zarr/B/07/1/tables/plane_table"
    assert [
        name
        for name in differences(output / "P1.zarr", whole / "P1.zarr")
        if not f"P1.zarr/{name}".startswith(told) and name != "B/07/1/.zattrs"
    ] == []


def test_repeated_tasks_touch_nothing(tables: list[Path], output: Path) -> None:
    """Init and compute again, or compute alone: same answer, same files, same times."""
    calls = start(tables, output)
    first = compute(calls)
    before = times(output / "P1.zarr")
    assert compute(calls) == first
    assert start(tables, output) == calls
    assert images(output) == [str(c["init_args"]["image"]) for c in calls]
    assert compute(calls) == first
    assert times(output / "P1.zarr") == before


def test_a_killed_process_and_its_repetition(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """Killed between image and plate, a task is run again and the plate is right."""
    calls = start(tables, output)
    state = open_run(calls[0]["init_args"]["run"])
    code = (
        "import json, sys\n"
        "from tiles2zarr.fractal.tasks import convert_image_compute as task\n"
        "task.convert_image_compute(**json.loads(sys.argv[1]))"
    )
    package = str(Path(tiles2zarr.__file__).parents[1])
    command = [sys.executable, "-c", code, json.dumps(calls[0])]
    with hold(plate_lock(state)):
        process = subprocess.Popen(
            command, env={"PYTHONPATH": package}, stderr=subprocess.DEVNULL
        )
        wait_for(state.done("write_zarr", "A_02_0"))
        process.kill()
        process.wait()
    assert (output / "P1.zarr/A/02/0/0/.zarray").is_file()
    assert images(output) == []
    compute(calls)
    compute(start(tables, tmp_path / "whole"))
    assert differences(output / "P1.zarr", tmp_path / "whole/P1.zarr") == []


def test_a_task_may_run_twice_at_once(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """Two processes on one image, as after a lost connection, make it once."""
    calls = start(tables, output)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda call: compute([call])[0], [*calls, *calls]))
    assert found[:6] == found[6:]
    compute(start(tables, tmp_path / "whole"))
    assert differences(output / "P1.zarr", tmp_path / "whole/P1.zarr") == []


def test_overwrite_removes_what_left_the_table(
    tables: list[Path], output: Path
) -> None:
    """With fewer wells, images of the others stay; Overwrite takes them away."""
    compute(start(tables[:1], output))
    table = pd.read_csv(tables[0])
    table[table["row"] == "B"].to_csv(tables[0], index=False)
    compute(start(tables[:1], output))
    assert images(output) == ["A/02/0", "A/11/0", "B/07/0"]
    compute(start(tables[:1], output, overwrite="Overwrite"))
    assert images(output) == ["B/07/0"]
    assert conditions(output) == ["B07/0"]
    assert not (output / "P1.zarr/A/02/0").exists()


def test_two_init_tasks_make_one_plate(
    tables: list[Path], output: Path, tmp_path: Path
) -> None:
    """Acquisitions that come by tasks of their own, side by side, are all listed."""
    both = [start(tables, tmp_path / "both")]
    first = start(tables[:1], output)
    second = arguments(tables, output)
    second["acquisitions"] = second["acquisitions"][1:]
    more = convert_tile_table_init(**second)["parallelization_list"]
    assert {call["init_args"]["run"] for call in first} != {
        call["init_args"]["run"] for call in more
    }
    for pair in zip(first, more, strict=True):
        compute(pair)
    compute(both[0])
    assert differences(output / "P1.zarr", tmp_path / "both/P1.zarr") == []


def test_a_foreign_plate_is_refused_extended_or_replaced(
    tables: list[Path], output: Path
) -> None:
    """No Overwrite touches nothing, Extend lists all, Overwrite lists its own."""
    foreign = zarr.open_group(output / "P1.zarr", mode="w", zarr_format=2)
    names = {"rows": [{"name": "H"}], "columns": [{"name": "12"}]}
    entry = {"path": "H/12", "rowIndex": 0, "columnIndex": 0}
    foreign.attrs["plate"] = {**names, "wells": [entry], "version": "0.4"}
    well = foreign.create_group("H/12")
    well.attrs["well"] = {"images": [{"path": "0"}], "version": "0.4"}
    before = times(output / "P1.zarr")
    with pytest.raises(StoreError, match="was not made by this config"):
        start(tables[:1], output)
    assert times(output / "P1.zarr") == before
    calls = start(tables[:1], output, overwrite="Extend")
    assert images(output) == ["H/12/0"]
    compute(calls)
    assert images(output) == ["A/02/0", "A/11/0", "B/07/0", "H/12/0"]
    compute(start(tables[:1], output, overwrite="Overwrite"))
    assert images(output) == ["A/02/0", "A/11/0", "B/07/0"]


def test_wells_may_be_added(tables: list[Path], output: Path) -> None:
    """A longer table adds its wells; images that stand keep their files."""
    table = pd.read_csv(tables[0])
    table[table["row"] == "B"].to_csv(tables[0], index=False)
    compute(start(tables[:1], output))
    before = times(output / "P1.zarr/B/07/0/0")
    table.to_csv(tables[0], index=False)
    calls = start(tables[:1], output)
    assert images(output) == ["B/07/0"]
    compute(calls)
    assert images(output) == ["A/02/0", "A/11/0", "B/07/0"]
    assert times(output / "P1.zarr/B/07/0/0") == before


def test_stage_corrections_are_applied(tables: list[Path], output: Path) -> None:
    """Flipped in x, the two fields of a well change places."""
    compute(start(tables[:1], output)[:1])
    given = arguments(tables[:1], output.with_name("flipped"))
    given["acquisitions"][0]["advanced"]["stage_corrections"] = {"flip_x": True}
    compute(convert_tile_table_init(**given)["parallelization_list"][:1])
    plain, flipped = (
        zarr.open_array(folder / "P1.zarr/A/02/0/0", mode="r")[:]
        for folder in (output, output.with_name("flipped"))
    )
    assert (plain[..., :32] == flipped[..., 32:]).all()
    assert (plain[..., 32:] == flipped[..., :32]).all()


def test_filters_and_conditions_are_taken(tables: list[Path], output: Path) -> None:
    """Filters have their documented names; a condition table adds attributes."""
    extra = tables[0].with_name("conditions.csv")
    extra.write_text("row,column,dose\nA,2,5\nA,11,7\nB,7,9\n")
    given = arguments(tables[:1], output)
    given["acquisitions"][0]["advanced"] |= {
        "condition_table_path": str(extra),
        "filters": [{"name": "Well Exclude Filter", "wells": ["A2", "B07"]}],
    }
    updates = compute(convert_tile_table_init(**given)["parallelization_list"])
    assert [update["attributes"] for update in updates] == [
        {
            "drug": "A11",
            "dose": 7,
            "plate": "P1.zarr",
            "well": "A11",
            "acquisition": 0,
        }
    ]


def test_numbers_of_acquisitions_are_unique(tables: list[Path], output: Path) -> None:
    """Two acquisitions of one plate with one number are an error that names it."""
    given = arguments(tables, output)
    given["acquisitions"][1]["acquisition_id"] = 0
    with pytest.raises(ConfigError, match="each acquisition needs an id of its own"):
        convert_tile_table_init(**given)


def test_wells_do_not_make_single_images(tables: list[Path], output: Path) -> None:
    """A table of a plate is refused by the task for single images."""
    given = [{"path": str(tables[0])}]
    with pytest.raises(TableError, match="Use the task for plates"):
        convert_single_images_init(zarr_dir=str(output), acquisitions=given)


def test_an_image_of_another_plan_is_told(tables: list[Path], output: Path) -> None:
    """An image that left the plan since is an error with the way out."""
    call = start(tables[:1], output)[0]
    call["init_args"]["image"] = "C/01/0"
    with pytest.raises(Tiles2ZarrError, match=r"C/01/0 is not in the plan of"):
        compute([call])


def test_the_version_is_an_option(tables: list[Path], output: Path) -> None:
    """Plate and images are of the version asked for."""
    options = {"omezarr_options": {"ngff_version": "0.5"}}
    compute(start(tables[:1], output, converter_options=options))
    group = json.loads((output / "P1.zarr/zarr.json").read_text())["attributes"]
    assert group["ome"]["version"] == "0.5"
    assert len(group["ome"]["plate"]["wells"]) == 3
    assert (output / "P1.zarr/B/07/0/0/zarr.json").is_file()
