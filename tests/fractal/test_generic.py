"""The init task and its compute tasks: repeated, interrupted, side by side."""

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import zarr

import tiles2zarr
from tests.unit.api_samples import COLUMNS, DETAILS, GRID, ROWS, Sample, make_sample
from tiles2zarr import (
    ConverterOptions,
    ConvertParallelInitArgs,
    DefaultImageLoader,
    ImageInPlate,
    OmeZarrOptions,
    TiledImage,
    cleanup_if_exists,
    dump_to_json,
    generic_compute_task,
    hcs_images_from_dataframe,
    remove_json,
    setup_images_for_conversion,
    single_images_from_dataframe,
    tiled_image_from_json,
    tiles_aggregation_pipeline,
)
from tiles2zarr.errors import SourceError, StoreError, Tiles2ZarrError

Arguments = list[dict[str, object]]


class Mover(logging.Handler):
    """Puts a hidden file in place when it is told that the file is looked for."""

    def __init__(self, url: str) -> None:
        """Remember the file."""
        super().__init__()
        self.url = Path(url)

    def emit(self, record: logging.LogRecord) -> None:
        """Move the file beside its folder to its place."""
        assert str(self.url) in record.getMessage()
        (self.url.parents[1] / "hidden").rename(self.url)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Return the sample plate."""
    return make_sample(tmp_path)


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for a file once only."""
    monkeypatch.setenv("CONVERTERS_TOOLS_NUM_RETRIES", "1")


def aggregate(
    sample: Sample, *, acquisition: int = 0, options: ConverterOptions = GRID
) -> list[TiledImage]:
    """Return the images of the sample plate."""
    tiles = hcs_images_from_dataframe(
        tiles_table=sample.table,
        acquisition_details=DETAILS,
        plate_name="P1",
        acquisition_id=acquisition,
    )
    return tiles_aggregation_pipeline(
        tiles, converter_options=options, resource=sample.raw
    )


def start(images: Sequence[TiledImage], output: Path, **changes: object) -> Arguments:
    """Run the init task."""
    arguments: dict[str, object] = {
        "collection_type": "ImageInPlate",
        "converter_options": GRID,
        **changes,
    }
    return setup_images_for_conversion(images, zarr_dir=str(output), **arguments)


def plate(output: Path) -> dict[str, object]:
    """Return the plate's metadata."""
    return json.loads((output / "P1.zarr/.zattrs").read_text())["plate"]


def wells(output: Path) -> list[object]:
    """Return the wells the plate lists."""
    return [well["path"] for well in plate(output)["wells"]]


def waiting(output: Path) -> list[str]:
    """Return the images that wait as JSON."""
    return sorted(path.name for path in (output / "_tmp_json").glob("*"))


def times(output: Path) -> dict[str, int]:
    """Return when each file of the plate was changed."""
    files = sorted((output / "P1.zarr").rglob("*"))
    return {str(file): file.stat().st_mtime_ns for file in files if file.is_file()}


def level(output: Path, path: str) -> np.ndarray:
    """Return the pixels of level 0."""
    return zarr.open_array(output / path / "0", mode="r")[:]


def test_init_then_compute_is_the_truth(sample: Sample, output: Path) -> None:
    """One call per image makes the plate, and says what Fractal lists."""
    calls = start(aggregate(sample), output)
    assert [call["zarr_url"] for call in calls] == [
        f"{output}/P1.zarr/A/01/0",
        f"{output}/P1.zarr/B/03/0",
    ]
    assert wells(output) == []
    assert len(waiting(output)) == 2
    updates = [generic_compute_task(**call)["image_list_updates"] for call in calls]
    assert updates[1] == [
        {
            "zarr_url": f"{output}/P1.zarr/B/03/0",
            "types": {"is_3D": True},
            "attributes": {"plate": "P1.zarr", "well": "B03", "acquisition": 0},
        }
    ]
    for path, truth in sample.truth.items():
        np.testing.assert_array_equal(level(output / "P1.zarr", path), truth)
    assert wells(output) == ["A/01", "B/03"]
    assert not (output / "_tmp_json").exists()


def test_conditions_are_attributes(sample: Sample, output: Path) -> None:
    """A condition of the whole image is told, a blank one or one per field is not."""
    fields = sample.table["fov_name"].tolist()
    frame = sample.table.assign(drug="DMSO", dose=1.5, blank=None, site=fields)
    calls = start(aggregate(Sample(frame, sample.raw, {})), output)
    update = generic_compute_task(**calls[1])["image_list_updates"][0]
    place = {"plate": "P1.zarr", "well": "B03", "acquisition": 0}
    assert update["attributes"] == {"drug": "DMSO", "dose": 1.5, **place}


def test_arguments_travel_as_json(sample: Sample, output: Path) -> None:
    """The arguments are plain JSON, and a model of them is taken, too."""
    call = json.loads(json.dumps(start(aggregate(sample), output)[0]))
    args = ConvertParallelInitArgs.model_validate(call["init_args"])
    assert args.converter_options == GRID
    generic_compute_task(
        zarr_url=call["zarr_url"],
        init_args=args,
        collection_type=ImageInPlate,
        image_loader_type=DefaultImageLoader,
        resource=str(sample.raw),
    )
    assert wells(output) == ["A/01"]


def test_a_compute_task_is_a_process_of_its_own(sample: Sample, output: Path) -> None:
    """Nothing but the JSON and the arguments is needed."""
    call = start(aggregate(sample), output)[1]
    code = (
        "import json, sys, tiles2zarr\n"
        "print(tiles2zarr.generic_compute_task(**json.loads(sys.argv[1])))"
    )
    package = str(Path(tiles2zarr.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", code, json.dumps(call)],
        env={"PYTHONPATH": package},
        check=True,
        capture_output=True,
    )
    truth = sample.truth["B/03/0"]
    np.testing.assert_array_equal(level(output / "P1.zarr", "B/03/0"), truth)


def test_compute_tasks_run_side_by_side(sample: Sample, output: Path) -> None:
    """No well is lost when images finish at the same time."""
    frame = pd.concat(
        [
            sample.table[sample.table["row"] == "A"].assign(row=row, column=column)
            for row in "ABC"
            for column in (2, 7)
        ]
    )
    calls = start(aggregate(Sample(frame, sample.raw, {})), output)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda call: generic_compute_task(**call), calls))
    assert wells(output) == ["A/02", "A/07", "B/02", "B/07", "C/02", "C/07"]
    table = pd.read_csv(output / "P1.zarr/tables/condition_table/table.csv")
    assert table["well"].tolist() == ["A02", "A07", "B02", "B07", "C02", "C07"]


def test_a_failed_compute_task_can_be_repeated(sample: Sample, output: Path) -> None:
    """The plate lists what is complete; the same call again makes the rest."""
    broken = sample.raw / "B3_f1_c0_z0.npy"
    content = broken.read_bytes()
    calls = start(aggregate(sample), output)
    generic_compute_task(**calls[0])
    broken.write_bytes(content[:-5])
    with pytest.raises(SourceError, match=r"B3_f1_c0_z0\.npy"):
        generic_compute_task(**calls[1])
    assert wells(output) == ["A/01"]
    assert not (output / "P1.zarr/B/03/0").exists()
    assert len(waiting(output)) == 1
    broken.write_bytes(content)
    generic_compute_task(**calls[1])
    assert wells(output) == ["A/01", "B/03"]
    truth = sample.truth["B/03/0"]
    np.testing.assert_array_equal(level(output / "P1.zarr", "B/03/0"), truth)


def test_after_success_a_repeated_task_touches_nothing(
    sample: Sample, output: Path
) -> None:
    """Init and compute again, or compute alone: same answer, same files, same times."""
    calls = start(aggregate(sample), output)
    first = [generic_compute_task(**call) for call in calls]
    before = times(output)
    assert [generic_compute_task(**call) for call in calls] == first
    again = start(aggregate(sample), output)
    assert again == calls
    assert wells(output) == ["A/01", "B/03"]
    assert [generic_compute_task(**call) for call in again] == first
    assert times(output) == before


def test_a_task_without_its_json_says_so(
    sample: Sample, output: Path, once: None
) -> None:
    """An image that neither waits nor was converted is an error with the way out."""
    calls = start(aggregate(sample), output)
    generic_compute_task(**calls[0])
    remove_json(str(output / "_tmp_json" / waiting(output)[0]))
    with pytest.raises(Tiles2ZarrError, match="Run the init task again"):
        generic_compute_task(**calls[1])


def test_two_runs_into_one_folder_keep_their_json(sample: Sample, output: Path) -> None:
    """The init of a second run, and its compute tasks, leave the first run's files."""
    first = start(aggregate(sample), output)
    before = waiting(output)
    options = GRID.replace(tiling_mode="Inplace")
    second = start(
        aggregate(sample, acquisition=1, options=options),
        output,
        converter_options=options,
    )
    assert set(before) < set(waiting(output))
    assert len(waiting(output)) == 4
    for call in second:
        generic_compute_task(**call)
    assert waiting(output) == before
    for call in first:
        generic_compute_task(**call)
    assert not (output / "_tmp_json").exists()
    assert level(output / "P1.zarr", "A/01/0").shape == (2, 2, ROWS, 2 * COLUMNS)
    assert level(output / "P1.zarr", "A/01/1").shape == (2, 2, ROWS, 60)
    well = json.loads((output / "P1.zarr/A/01/.zattrs").read_text())["well"]
    assert [image["path"] for image in well["images"]] == ["0", "1"]
    conditions = pd.read_csv(output / "P1.zarr/tables/condition_table/table.csv")
    assert conditions["acquisition"].tolist() == [0, 1, 0, 1]


def test_runs_over_the_same_image_have_json_of_their_own(
    sample: Sample, output: Path
) -> None:
    """Other tiles for one image wait in another file, by content, not by chance."""
    images = aggregate(sample)
    url = dump_to_json(str(output / "json"), images[0])
    assert dump_to_json(str(output / "json"), images[0]) == url
    fewer = images[0].replace(regions=images[0].regions[:4])
    other = dump_to_json(str(output / "json"), fewer)
    assert other != url
    assert tiled_image_from_json(url) == images[0]
    assert tiled_image_from_json(other) == fewer
    assert not cleanup_if_exists(str(output / "json"))
    remove_json(url)
    remove_json(url)
    assert tiled_image_from_json(other) == fewer
    remove_json(other)
    assert cleanup_if_exists(str(output / "json"))
    assert cleanup_if_exists(str(output / "json"))


def test_json_may_wait_in_an_object_store(sample: Sample, once: None) -> None:
    """A URL is as good as a folder."""
    image = aggregate(sample)[0]
    url = dump_to_json("memory://waiting", image)
    assert url.startswith("memory://waiting/P1.zarr_A_01_0-")
    assert tiled_image_from_json(url) == image
    assert not cleanup_if_exists("memory://waiting")
    remove_json(url)
    with pytest.raises(Tiles2ZarrError, match="does not exist"):
        tiled_image_from_json(url)


def test_json_that_is_seen_late_is_waited_for(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that comes after the first look is read at a later one."""
    image = aggregate(sample)[0]
    url = dump_to_json(str(tmp_path / "json"), image)
    hidden = Path(url).rename(tmp_path / "hidden")
    monkeypatch.setenv("CONVERTERS_TOOLS_NUM_RETRIES", "2")
    monkeypatch.setattr(logging.getLogger("tiles2zarr"), "handlers", [Mover(url)])
    assert tiled_image_from_json(url) == image
    assert not hidden.exists()


@pytest.mark.parametrize("tries", ["0", "-1", "some"])
def test_the_number_of_looks_is_checked(
    tries: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An impossible number of retries is an error that names the variable."""
    monkeypatch.setenv("CONVERTERS_TOOLS_NUM_RETRIES", tries)
    with pytest.raises(Tiles2ZarrError, match="expected a whole number from 1"):
        tiled_image_from_json(str(tmp_path / "a.json"))


def test_the_temporary_folder_is_an_option(sample: Sample, tmp_path: Path) -> None:
    """JSON may wait outside of the output."""
    options = GRID.replace(temp_json_options={"temp_url": f"{tmp_path}/scratch"})
    calls = start(aggregate(sample), tmp_path / "out", converter_options=options)
    assert len(list((tmp_path / "scratch").iterdir())) == 2
    for call in calls:
        generic_compute_task(**call)
    assert not (tmp_path / "scratch").exists()
    assert wells(tmp_path / "out") == ["A/01", "B/03"]


def test_a_foreign_plate_is_refused_or_extended(sample: Sample, output: Path) -> None:
    """No Overwrite touches nothing; Extend lists foreign images beside the new ones."""
    foreign = zarr.open_group(output / "P1.zarr", mode="w", zarr_format=2)
    names = {"rows": [{"name": "H"}], "columns": [{"name": "12"}]}
    entry = {"path": "H/12", "rowIndex": 0, "columnIndex": 0}
    foreign.attrs["plate"] = {**names, "wells": [entry], "version": "0.4"}
    well = foreign.create_group("H/12")
    well.attrs["well"] = {"images": [{"path": "0"}], "version": "0.4"}
    before = times(output)
    with pytest.raises(StoreError, match="was not made by this config"):
        start(aggregate(sample), output)
    assert times(output) == before
    calls = start(aggregate(sample), output, overwrite_mode="Extend")
    assert wells(output) == ["H/12"]
    for call in calls:
        generic_compute_task(**call)
    assert wells(output) == ["A/01", "B/03", "H/12"]


def test_table_backend_and_version_reach_the_plate(
    sample: Sample, output: Path
) -> None:
    """Plate and images are of the version and have tables of the backend asked for."""
    options = GRID.replace(
        omezarr_options=OmeZarrOptions(ngff_version="0.5", table_backend="json")
    )
    for call in start(aggregate(sample), output, converter_options=options):
        generic_compute_task(**call)
    before = times(output)
    start(aggregate(sample), output, converter_options=options)
    assert times(output) == before
    group = json.loads((output / "P1.zarr/zarr.json").read_text())["attributes"]
    assert group["ome"]["version"] == "0.5"
    assert len(group["ome"]["plate"]["wells"]) == 2
    table = output / "P1.zarr/tables/condition_table/zarr.json"
    assert json.loads(table.read_text())["attributes"]["backend"] == "json"


def test_single_images_by_init_and_compute(sample: Sample, output: Path) -> None:
    """Single images have no plate, and flat ones are not 3D."""
    flat = sample.table["start_z"] == 0
    frame = sample.table[flat].drop(columns=["row", "column", "drug"])
    frame = frame.assign(image_path=["a"] * 4 + ["b"] * 4)
    tiles = single_images_from_dataframe(tiles_table=frame, acquisition_details=DETAILS)
    images = tiles_aggregation_pipeline(
        tiles, converter_options=GRID, resource=sample.raw
    )
    calls = start(images, output, collection_type="SingleImage")
    updates = [generic_compute_task(**call)["image_list_updates"][0] for call in calls]
    assert updates[1] == {
        "zarr_url": f"{output}/b.zarr",
        "types": {"is_3D": False},
        "attributes": {},
    }
    truth = sample.truth["B/03/0"][:, :1]
    np.testing.assert_array_equal(level(output, "b.zarr"), truth)


def test_version_may_be_given_to_init(sample: Sample, output: Path) -> None:
    """The documented argument wins over the options, for plate and images."""
    calls = start(aggregate(sample), output, ngff_version="0.5")
    generic_compute_task(**calls[0])
    assert (output / "P1.zarr/zarr.json").is_file()
    assert (output / "P1.zarr/A/01/0/zarr.json").is_file()


def test_json_that_cannot_be_written(sample: Sample, tmp_path: Path) -> None:
    """A file where the folder should be is an error that names it."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError, match=r"taken/P1.*cannot be written"):
        dump_to_json(str(tmp_path / "taken"), aggregate(sample)[0])


def test_single_images_and_plates_have_states_of_their_own(
    sample: Sample, tmp_path: Path
) -> None:
    """A compute task finds its plate's state by the place of its image."""
    outputs = [tmp_path / "one", tmp_path / "one/two"]
    for place in outputs:
        for call in start(aggregate(sample), place):
            generic_compute_task(**call)
            generic_compute_task(**call)
    assert [wells(place) for place in outputs] == [["A/01", "B/03"]] * 2
