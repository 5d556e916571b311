"""The tasks of all formats make what the steps of the rules make of the same input."""

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.e2e.convert import convert
from tests.formats.plates import IMAGEXPRESS, PLATES, RealPlate
from tests.fractal.samples import make_single
from tests.fractal.stores import differences
from tests.unit.container_samples import (
    CziTile,
    LifImage,
    czi_xml,
    position_loop,
    stack_loop,
    write_czi,
    write_lif,
    write_nd2,
)
from tiles2zarr.demo.plate import make_demo
from tiles2zarr.fractal.tasks.convert_image_compute import convert_image_compute

Acquisition = dict[str, object]


def pixels(*shape: int) -> np.ndarray:
    """Return random pixels."""
    return np.random.default_rng(7).integers(0, 60_000, shape, dtype=np.uint16)


def demo(folder: Path) -> Acquisition:
    """Write the demo plate, a CellVoyager folder."""
    make_demo(folder)
    (index,) = folder.rglob("MeasurementData.mlf")
    return {"path": str(index.parent)}


def named_files(folder: Path) -> Acquisition:
    """Write planes whose names say well, field and channel."""
    for number, name in enumerate(["B03_s1", "B03_s2", "C11_s1", "C11_s2"]):
        for channel in (1, 2):
            plane = pixels(20, 36) + number + channel
            tifffile.imwrite(folder / f"{name}_w{channel}.tif", plane)
    name = "{row:[A-Z]}{column:d}_s{field:d}_w{channel:d}.tif"
    return {
        "path": str(folder),
        "options": {"pattern": name, "grid": {"rows": 1, "columns": 2}},
        "details": {"pixelsize": 0.5, "z_spacing": 1.0, "t_spacing": 1.0},
    }


def ome_tiff(folder: Path) -> Acquisition:
    """Write an OME-TIFF with channels and planes."""
    metadata = {
        "axes": "CZYX",
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.5,
        "PhysicalSizeZ": 2.0,
        "Channel": {"Name": ["DAPI", "GFP"]},
    }
    tifffile.imwrite(folder / "a.ome.tif", pixels(2, 3, 20, 36), metadata=metadata)
    return {"path": str(folder)}


def czi(folder: Path) -> Acquisition:
    """Write a CZI with two wells."""
    pytest.importorskip("pylibCZIrw", reason="the extra czi is not installed")
    tiles = [
        CziTile(well, (1000 * well, 0), {"C": 0, "Z": z}, pixels(32, 48) + well + z)
        for well in range(2)
        for z in range(2)
    ]
    xml = czi_xml(
        '<Dimensions><Channels><Channel Id="Channel:0" Name="DAPI"/></Channels>'
        '<S><Scenes><Scene Index="0" Name="A2-1"/><Scene Index="1" Name="B3-1"/>'
        "</Scenes></S></Dimensions>",
        '<Distance Id="X"><Value>5e-7</Value></Distance>',
    )
    write_czi(folder / "p.czi", tiles, xml)
    return {"path": str(folder / "p.czi")}


def nd2(folder: Path) -> Acquisition:
    """Write an ND2 with two wells."""
    pytest.importorskip("nd2", reason="the extra nd2 is not installed")
    wells = [("A01_0000", 0.0, 0.0, 0.0), ("B03_0001", 1000.0, 0.0, 0.0)]
    loops = [position_loop(wells), stack_loop(3, 2.0)]
    write_nd2(folder / "p.nd2", pixels(6, 20, 36, 2), loops, names=("DAPI", "GFP"))
    return {"path": str(folder)}


def lif(folder: Path) -> Acquisition:
    """Write a LIF with two images that are in no plate."""
    pytest.importorskip("liffile", reason="the extra lif is not installed")
    images = [
        LifImage("stack", pixels(2, 3, 40, 30), "CZYX"),
        LifImage("movie", pixels(2, 20, 64), "TYX"),
    ]
    write_lif(folder / "p.lif", {"": images})
    return {"path": str(folder / "p.lif")}


def config(format_name: str, acquisition: Acquisition, output: Path) -> dict:
    """Return the config of a workflow that converts one acquisition."""
    return {
        "output": str(output),
        "acquisitions": [{**acquisition, "format": format_name}],
    }


def run_tasks(
    format_name: str,
    acquisition: Acquisition,
    output: Path,
    plate: Mapping[str, object] | None = None,
) -> list:
    """Run init and compute tasks; return the updates of the image list."""
    module = import_module(f"tiles2zarr.fractal.tasks.convert_{format_name}_init")
    options = dict(acquisition.get("options", {}))
    given = {"path": acquisition["path"], **options}
    if "details" in acquisition:
        given["advanced"] = {"pixel_info": acquisition["details"]}
    more = {}
    if plate:
        given["plate_name"] = plate["name"]
        more["plate"] = {"wells": plate["layout"]}
    init = getattr(module, f"convert_{format_name}_init")
    result = init(zarr_dir=str(output), acquisitions=[given], **more)
    calls = json.loads(json.dumps(result["parallelization_list"]))
    return [convert_image_compute(**c)["image_list_updates"][0] for c in calls]


MAKERS: Mapping[str, Callable[[Path], Acquisition]] = {
    "cellvoyager": demo,
    "cq3k": demo,
    "auto": ome_tiff,
    "ome_xml": ome_tiff,
    "pattern": named_files,
    "czi": czi,
    "nd2": nd2,
    "lif": lif,
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.full] if maker is demo else [])
        for name, maker in MAKERS.items()
    ],
)
def test_a_format_by_tasks_is_the_format_by_steps(name: str, tmp_path: Path) -> None:
    """All files below the output are the same, and every image is told to Fractal."""
    source = tmp_path / "source"
    source.mkdir()
    acquisition = MAKERS[name](source)
    convert(config(name, acquisition, tmp_path / "steps"), tmp_path / "work")
    updates = run_tasks(name, acquisition, tmp_path / "tasks")
    stores = sorted(tmp_path.glob("steps/*.zarr"))
    assert stores
    assert [store.name for store in stores] == sorted(
        store.name for store in tmp_path.glob("tasks/*.zarr")
    )
    for store in stores:
        assert differences(tmp_path / "tasks" / store.name, store) == []
    groups = [Path(str(update["zarr_url"])) for update in updates]
    assert groups
    assert all((group / "0/.zarray").is_file() for group in groups)


def test_single_images_by_tasks_are_those_by_steps(tmp_path: Path) -> None:
    """A table of single images gives the same stores by tasks and by steps."""
    _, table = make_single(tmp_path)
    acquisition = {
        "path": str(table),
        "details": {"pixelsize": 0.5, "z_spacing": 2.0, "t_spacing": 1.0},
    }
    steps = config("tile_table", acquisition, tmp_path / "steps") | {"name": "images"}
    convert(steps, tmp_path / "work")
    updates = run_tasks("single_images", acquisition, tmp_path / "tasks")
    for name in ("a.zarr", "b.zarr"):
        assert differences(tmp_path / "tasks" / name, tmp_path / "steps" / name) == []
    assert [update["zarr_url"] for update in updates] == [
        f"{tmp_path}/tasks/{name}.zarr" for name in "ab"
    ]


@pytest.mark.full
@pytest.mark.parametrize("plate", PLATES, ids=lambda plate: Path(plate.folder).name)
def test_a_real_plate_by_tasks_is_the_plate_by_steps(
    plate: RealPlate, real_data: Path, tmp_path: Path
) -> None:
    """Real plates come out the same by tasks as by steps, file by file."""
    given = plate.config(real_data, tmp_path / "steps")
    convert(given, tmp_path / "work")
    (acquisition,) = given["acquisitions"]
    assert set(acquisition) <= {"path", "format", "details"}
    run_tasks(plate.format, acquisition, tmp_path / "tasks", plate.declared)
    name = f"{plate.name}.zarr"
    assert differences(tmp_path / "tasks" / name, tmp_path / "steps" / name) == []


@pytest.mark.full
def test_projections_make_a_second_plate(real_data: Path, tmp_path: Path) -> None:
    """Kept projections come out as a plate of their own, by tasks as by steps."""
    acquisition = {
        "path": str(real_data / IMAGEXPRESS.folder),
        "options": {"projections": "keep"},
    }
    convert(config("imagexpress", acquisition, tmp_path / "steps"), tmp_path / "work")
    run_tasks("imagexpress", acquisition, tmp_path / "tasks")
    stores = sorted(store.name for store in tmp_path.glob("steps/*"))
    assert [name.endswith("_mip.zarr") for name in stores] == [False, True]
    for name in stores:
        assert differences(tmp_path / "tasks" / name, tmp_path / "steps" / name) == []
