"""Plates of formats that have no real sample, from end to end against their truth."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.e2e.convert import convert
from tests.formats.made_cellvoyager import cq3k
from tests.formats.made_plates import MADE
from tests.formats.made_truth import Truth
from tests.unit.imagexpress_samples import plan_text, write_plan, write_plane
from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.formats import parse_acquisition

Made = tuple[Truth, Path]


@pytest.fixture(
    scope="module",
    params=[(name, auto) for name in MADE for auto in (False, True)],
    ids=lambda param: f"{param[0]}-{'auto' if param[1] else 'named'}",
)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """Return the truth of a plate and the folder it was converted in."""
    name, auto = request.param
    work = tmp_path_factory.mktemp("made")
    truth = MADE[name](work / "in")
    acquisition = {
        "path": str(work / "in" / truth.path),
        "format": "auto" if auto else truth.format,
        **truth.options,
    }
    convert({"output": str(work / "out"), "acquisitions": [acquisition]}, work)
    return truth, work


def _store(made: Made) -> Path:
    (store,) = (made[1] / "out").iterdir()
    return store


def _attributes(group: Path) -> dict[str, object]:
    found = json.loads((group / ".zattrs").read_text())
    assert isinstance(found, dict)
    return found


def test_plates_have_their_wells_and_layout(made: Made) -> None:
    """Name, rows and columns are the vendor's, wells those acquired."""
    truth, _ = made
    plate = _attributes(_store(made))["plate"]
    assert isinstance(plate, dict)
    assert plate["name"] == truth.name
    assert (len(plate["rows"]), len(plate["columns"])) == truth.layout
    wells = [well["path"].replace("/", "") for well in plate["wells"]]
    assert wells == sorted(truth.planes)


def test_planes_are_where_they_belong(made: Made) -> None:
    """Every plane has its time, channel, depth and place; all else is 0."""
    truth, _ = made
    for well in truth.planes:
        image = _store(made) / well[0] / well[1:] / "0"
        (multiscale,) = _attributes(image)["multiscales"]  # type: ignore[misc]
        axes = [axis["name"] for axis in multiscale["axes"]]
        pixels = np.asarray(zarr.open_array(str(image / "0"), mode="r")[...])
        missing = [n for n, axis in enumerate("tczyx") if axis not in axes]
        whole = np.expand_dims(pixels, tuple(missing))
        expected = truth.expected(well)
        assert whole.shape == expected.shape
        assert np.array_equal(whole, expected)
        scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
        sizes = dict(zip(axes, scale, strict=True))
        assert sizes["x"] == sizes["y"] == pytest.approx(truth.pixel_um)
        assert sizes["z"] == pytest.approx(truth.z_um)


def test_channels_keep_their_names(made: Made) -> None:
    """Channels of a well are those acquired there, by the names of the metadata."""
    truth, _ = made
    for well, labels in truth.labels.items():
        omero = _attributes(_store(made) / well[0] / well[1:] / "0")["omero"]
        assert isinstance(omero, dict)
        assert [channel["label"] for channel in omero["channels"]] == list(labels)


def test_what_is_odd_is_told(made: Made) -> None:
    """Everything that did not become a pixel is reported, and nothing else."""
    truth, work = made
    (file,) = (work / "results").glob("*/findings.json")
    found = json.loads(file.read_text())["findings"]
    assert {f["code"]: f["count"] for f in found} == dict(truth.findings)


@pytest.mark.parametrize("name", MADE)
def test_a_folder_above_will_do(tmp_path: Path, name: str) -> None:
    """Folders around a plate are searched, by ``auto`` and by the format alike."""
    truth = MADE[name](tmp_path / "around/export/plate")
    options = dict(truth.options.get("options", {}))  # type: ignore[call-overload]
    count = sum(map(len, truth.planes.values()))
    for format_name in ("auto", truth.format):
        parsed = parse_acquisition(str(tmp_path / "around"), format_name, options, {})
        assert (parsed.table["status"] == "ok").sum() == count


def test_a_folder_inside_says_which_path_to_give(tmp_path: Path) -> None:
    """A folder of images alone is recognised by the index above."""
    cq3k(tmp_path / "plate")
    part = tmp_path / "plate/Projection"
    with pytest.raises(ParserError) as error:
        parse_acquisition(str(part), "auto", {}, {})
    assert str(error.value) == (
        f"{part} is a folder of the cellvoyager acquisition in {tmp_path}/plate. Give "
        f"{tmp_path}/plate as path."
    )


def test_one_time_point_of_a_plate_is_told(tmp_path: Path) -> None:
    """A folder of a time point is converted, with a word on what is not looked at."""
    MADE["ImageXpress export"](tmp_path)
    parsed = parse_acquisition(str(tmp_path / "TimePoint_2"), "auto", {}, {})
    (found,) = parsed.findings
    assert found.code == "part_of_a_plate"
    assert f"Give {tmp_path} as path to convert the plate." in found.message


def test_kinetics_of_one_folder_per_read(tmp_path: Path) -> None:
    """The folder of all reads says how to join them; joined, they are a time series."""
    paths = [tmp_path / f"in/2024-03-0{day}" for day in (1, 2, 3)]
    for day, path in enumerate(paths, 1):
        write_plan(path / f"{day}/P.HTD", plan_text([(1, 2)]))
        write_plane(path / f"{day}/TimePoint_1/P_B03.TIF", second=3600 * day)
    with pytest.raises(ParserError, match=r"list their folders as path with on_repeat"):
        parse_acquisition(str(tmp_path / "in"), "auto", {}, {})
    reads = {"path": list(map(str, paths)), "on_repeat": "time"}
    convert({"output": str(tmp_path / "out"), "acquisitions": [reads]}, tmp_path)
    image = tmp_path / "out/P.zarr/B/03/0"
    (multiscale,) = _attributes(image)["multiscales"]  # type: ignore[misc]
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale == [3600, 1, 1, 0.5, 0.5]
    assert zarr.open_array(str(image / "0"), mode="r").shape == (3, 1, 1, 4, 6)
