"""Real plates from end to end: every pixel, position, name and finding."""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from numpy.typing import NDArray

from tests.e2e.convert import convert
from tests.formats.plates import (
    CV7000,
    CV8000,
    DATABASE,
    IMAGEXPRESS,
    OPERETTA,
    PLATES,
    REAL_PNG,
    Plane,
    RealPlate,
    image_of,
    imagexpress_planes,
    read_pixels,
)
from tests.validators import validate_plate

Row = dict[str, str]


def attributes(group: Path) -> dict[str, object]:
    """Return the attributes of a group."""
    found = json.loads((group / ".zattrs").read_text())
    assert isinstance(found, dict)
    return found


def level(store: Path, well: str, number: int = 0) -> NDArray[np.generic]:
    """Return a level of a well's image."""
    array = zarr.open_array(str(store / image_of(well) / str(number)), mode="r")
    return np.asarray(array[...])


def rows_of(group: Path, table: str) -> list[Row]:
    """Return the rows of a table of an image or plate."""
    with (group / f"tables/{table}/table.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def numbers(row: Row, *columns: str) -> list[float]:
    """Return some cells of a row."""
    return [float(row[column]) for column in columns]


def findings(work: Path, name: str) -> dict[str, dict[str, object]]:
    """Return the findings of a plate by code."""
    found = json.loads((work / f"results/{name}/findings.json").read_text())["findings"]
    by_code = {finding["code"]: finding for finding in found}
    assert len(by_code) == len(found)
    return by_code


def letters(count: int) -> list[str]:
    """Return the names of the rows of a plate of at most 26."""
    return [chr(65 + number) for number in range(count)]


@pytest.fixture(
    scope="module",
    params=[(plate, auto) for plate in PLATES for auto in (False, True)],
    ids=lambda param: f"{Path(param[0].folder).name}-{'auto' if param[1] else 'named'}",
)
def made(
    request: pytest.FixtureRequest,
    real_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RealPlate, Path]]:
    """Return a real plate and the folder it was converted in, by name or by auto."""
    plate, auto = request.param
    work = tmp_path_factory.mktemp("real")
    changes = {"format": "auto"} if auto else {}
    convert(plate.config(real_data, work / "out", **changes), work)
    yield plate, work
    shutil.rmtree(work)


Made = tuple[RealPlate, Path]


def store_of(made: Made) -> Path:
    """Return the one store of a run."""
    plate, work = made
    (store,) = (work / "out").iterdir()
    assert store.name == f"{plate.name}.zarr"
    return store


def test_the_facts_hold(real_data: Path) -> None:
    """The files hold as many planes as the facts say, and each has its own place."""
    for plate in PLATES:
        planes = plate.read(real_data / plate.folder)
        places = {(plane.well, str(plate.place(plane))) for plane in planes}
        assert len(planes) == len(places) == plate.tiles
        assert {plane.well for plane in planes} == set(plate.wells)
        assert {plane.t for plane in planes} == {plate.first[1]}
        assert {read_pixels(plane.path).shape for plane in planes[:4]} == {
            plate.tile_px
        }


def test_plate_lists_wells_and_layout(made: Made) -> None:
    """All physical rows and columns are listed, and the wells that hold images."""
    plate, _ = made
    found = attributes(store_of(made))["plate"]
    assert isinstance(found, dict)
    rows, columns = plate.layout
    assert [row["name"] for row in found["rows"]] == letters(rows)
    names = [f"{n:02d}" for n in range(1, columns + 1)]
    assert [column["name"] for column in found["columns"]] == names
    assert found["wells"] == [
        {
            "path": f"{well[0]}/{well[1:]}",
            "rowIndex": ord(well[0]) - 65,
            "columnIndex": int(well[1:]) - 1,
        }
        for well in plate.wells
    ]
    assert [acquisition["id"] for acquisition in found["acquisitions"]] == [0]
    assert (found["name"], found["field_count"]) == (plate.name, 1)


def test_images_have_their_channels(made: Made) -> None:
    """Names, wavelengths and colours of the channels are those of the metadata."""
    plate, _ = made
    for well in plate.wells:
        omero = attributes(store_of(made) / image_of(well))["omero"]
        assert isinstance(omero, dict)
        assert [
            (channel["label"], channel["wavelength_id"], channel["color"])
            for channel in omero["channels"]
        ] == [(c.label, c.wavelength, c.color) for c in plate.channels]


def test_images_have_their_shape_and_scale(made: Made) -> None:
    """Channels, planes, rows and columns are right, in micrometer on every level."""
    plate, _ = made
    z_um, pixel_um = plate.scale_um
    for well in plate.wells:
        image = store_of(made) / image_of(well)
        (multiscale,) = attributes(image)["multiscales"]  # type: ignore[misc]
        assert [axis["name"] for axis in multiscale["axes"]] == list("czyx")
        assert [axis.get("unit") for axis in multiscale["axes"]] == [
            None,
            *["micrometer"] * 3,
        ]
        for number, dataset in enumerate(multiscale["datasets"]):
            (scale,) = dataset["coordinateTransformations"]
            step = pixel_um * 2**number
            assert scale["scale"] == pytest.approx([1, z_um, step, step], rel=1e-9)
        array = zarr.open_array(str(image / "0"), mode="r")
        assert (array.shape, array.dtype) == (plate.shape, np.uint16)


def test_every_plane_is_where_the_stage_was(made: Made, real_data: Path) -> None:
    """Each file's pixels are in its channel, plane, row and column, unchanged."""
    plate, _ = made
    planes = plate.read(real_data / plate.folder)
    for well in plate.wells:
        pixels = level(store_of(made), well)
        for plane in planes:
            if plane.well == well:
                found = pixels[plate.place(plane)]
                expected = read_pixels(plane.path)
                assert np.array_equal(found, expected), plane.path.name


def test_fields_have_their_positions(made: Made, real_data: Path) -> None:
    """FOV_ROI_table holds places in the image, and stage positions as acquired."""
    plate, _ = made
    planes = plate.read(real_data / plate.folder)
    z_um, pixel_um = plate.scale_um
    height, width = (length * pixel_um for length in plate.tile_px)
    for well in plate.wells:
        rows = rows_of(store_of(made) / image_of(well), "FOV_ROI_table")
        assert [row["FieldIndex"] for row in rows] == list(plate.grid)
        for row in rows:
            line, column = plate.grid[row["FieldIndex"]]
            assert numbers(
                row, "x_micrometer", "y_micrometer", "z_micrometer"
            ) == pytest.approx([column * width, line * height, 0])
            assert numbers(
                row, "len_x_micrometer", "len_y_micrometer", "len_z_micrometer"
            ) == pytest.approx([width, height, plate.depth * z_um])
            check_original(row, well, planes)


def check_original(row: Row, well: str, planes: list[Plane]) -> None:
    """Compare a field's stage position with the minimum over its planes."""
    stage = np.array(
        [
            plane.stage_um
            for plane in planes
            if (plane.well, plane.field) == (well, row["FieldIndex"])
        ]
    )
    x, y, z = stage.min(axis=0)
    found = numbers(row, *(f"{axis}_micrometer_original" for axis in "xyz"))
    assert found[:2] == pytest.approx([x, y], abs=1e-6)
    assert np.isnan(z) or found[2] == pytest.approx(z, abs=1e-6)


def test_plane_table_names_every_file(made: Made, real_data: Path) -> None:
    """The plane table has one row per plane: its file, its place, and that it is ok."""
    plate, _ = made
    planes = plate.read(real_data / plate.folder)
    for well in plate.wells:
        rows = rows_of(store_of(made) / image_of(well), "plane_table")
        assert len(rows) == plate.tiles // len(plate.wells)
        assert {row["status"] for row in rows} == {"ok"}
        for plane in planes:
            if plane.well == well:
                path = plane.path.as_posix()
                (row,) = (row for row in rows if path.endswith(f"/{row['file']}"))
                c, z, *_ = plate.place(plane)
                place = row["fov_name"], int(row["c"]), int(row["z"]), int(row["t"])
                assert place == (plane.field, c, z, 0)


def test_findings_are_counted(made: Made) -> None:
    """What is no tile, moved, or not named is told once with its number."""
    plate, work = made
    found = findings(work, plate.name)
    assert {code: finding["count"] for code, finding in found.items()} == plate.findings


@pytest.mark.full
def test_validators_accept_real_plates(made: Made) -> None:
    """Every validator and reader opens the plate."""
    validate_plate(store_of(made), "0.4")


def test_png_by_a_tile_table(real_data: Path, tmp_path: Path) -> None:
    """The same PNG files named by a tile table give the same pixels, side by side."""
    planes = sorted(REAL_PNG.read(real_data / REAL_PNG.folder), key=lambda p: p.field)
    with (tmp_path / "tiles.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        names = ("file_path", "row", "column", "fov_name", "start_x", "start_y")
        writer.writerow((*names, "length_x", "length_y"))
        for plane in planes:
            place = plane.stage_um[:2]
            writer.writerow((plane.path, "B", 3, plane.field, *place, 2560, 2160))
    label = {"channel_label": "BP445-45", "wavelength_id": "445"}
    config = {
        "plate": {"name": "table", "layout": 96},
        "output": str(tmp_path / "out"),
        "acquisitions": [
            {
                "path": str(tmp_path / "tiles.csv"),
                "format": "tile_table",
                "details": {"pixelsize": 0.1625, "channels": [label]},
            }
        ],
    }
    convert(config, tmp_path)
    store = tmp_path / "out/table.zarr"
    expected = np.concatenate([read_pixels(plane.path) for plane in planes], axis=1)
    assert expected.shape == (2160, 5120)
    assert np.array_equal(level(store, "B03"), expected[None, None])
    attrs = attributes(store / "B/03/0")
    (channel,) = attrs["omero"]["channels"]  # type: ignore[index]
    assert (channel["label"], channel["wavelength_id"]) == ("BP445-45", "445")
    rows = rows_of(store / "B/03/0", "FOV_ROI_table")
    assert [numbers(row, "x_micrometer", "len_x_micrometer") for row in rows] == [
        [0, pytest.approx(416)],
        [pytest.approx(416), pytest.approx(416)],
    ]
    assert findings(tmp_path, "table") == {}


def test_cv7000_has_the_larger_stage_y_on_top(real_data: Path, tmp_path: Path) -> None:
    """Stage y points up: fields at 1517.7 micrometer are above those at 1166.7."""
    convert(CV7000.config(real_data, tmp_path / "out"), tmp_path)
    pixels = level(tmp_path / f"out/{CV7000.name}.zarr", "B03")
    planes = CV7000.read(real_data / CV7000.folder)
    lefts = sorted({plane.stage_um[0] for plane in planes})
    tops = sorted({plane.stage_um[1] for plane in planes}, reverse=True)
    assert (lefts, tops) == ([-1448.3, -1032.3], [1517.7, 1166.7])
    for plane in planes:
        x, y, _ = plane.stage_um
        top, left = 270 * tops.index(y), 320 * lefts.index(x)
        found = pixels[plane.channel - 1, plane.z - 1, top:, left:][:270, :320]
        assert np.array_equal(found, read_pixels(plane.path)), plane.path.name


def test_cv8000_with_numbered_planes(real_data: Path, tmp_path: Path) -> None:
    """Under the real index, planes that hold their number each land in their place."""
    folder = tmp_path / "raw"
    planes = CV8000.read(real_data / CV8000.folder)
    for path in planes[0].path.parent.iterdir():
        if path.suffix != ".tif":
            folder.mkdir(exist_ok=True)
            shutil.copy(path, folder)
    picture = np.zeros(CV8000.tile_px, np.uint16)
    for number, plane in enumerate(planes, 1):
        picture[:] = 600 * number
        picture[: CV8000.tile_px[0] // 2] += 1
        tifffile.imwrite(folder / plane.path.name, picture, compression="zstd")
    convert(CV8000.config(tmp_path, tmp_path / "out", path=str(folder)), tmp_path)
    for well in CV8000.wells:
        pixels = level(tmp_path / "out/CV8000.zarr", well)
        for number, plane in enumerate(planes, 1):
            if plane.well == well:
                upper, lower = np.split(pixels[CV8000.place(plane)], 2)
                assert (upper == 600 * number + 1).all(), plane.path.name
                assert (lower == 600 * number).all(), plane.path.name


def test_cv8000_corrections_are_named(real_data: Path, tmp_path: Path) -> None:
    """Shading and dark corrections beside the tiles are left out and counted."""
    convert(CV8000.config(real_data, tmp_path / "out"), tmp_path)
    message = findings(tmp_path, CV8000.name)["other_files"]["message"]
    assert str(message).endswith(
        "are no tiles of the index and are left out: 2 dark corrections (DC_), "
        "2 other files, 4 shading corrections (SC_)."
    )


def test_imagexpress_in_place_overlaps(real_data: Path, tmp_path: Path) -> None:
    """Left where the stage was, the second field starts 230 pixels on and wins."""
    config = IMAGEXPRESS.config(real_data, tmp_path / "out")
    convert(config | {"registration": {"tiling_mode": "inplace"}}, tmp_path)
    for well in IMAGEXPRESS.wells:
        pixels = level(tmp_path / "out/9987.zarr", well)
        # 315 micrometer are 230.4 pixels
        assert pixels.shape == (2, 3, 256, 486)
        for plane in IMAGEXPRESS.read(real_data / IMAGEXPRESS.folder):
            if plane.well == well:
                left, width = (0, 230) if plane.field == "s1" else (230, 256)
                found = pixels[plane.channel - 1, plane.z - 1, :, left : left + width]
                assert np.array_equal(found, read_pixels(plane.path)[:, :width])


def test_imagexpress_seams_meet_in_place(real_data: Path, tmp_path: Path) -> None:
    """Where two fields of B03 overlap on the stage, they show the same cells."""
    planes = IMAGEXPRESS.read(real_data / IMAGEXPRESS.folder)
    one, two = (
        read_pixels(plane.path).astype(float)
        for plane in planes
        if (plane.well, plane.channel, plane.z) == ("B03", 1, 2)
    )
    same = np.corrcoef(one[:, -24:].ravel(), two[:, :24].ravel())[0, 1]
    turned = np.corrcoef(one[::-1, -24:].ravel(), two[:, :24].ravel())[0, 1]
    assert same > 0.8 > turned


@pytest.mark.parametrize(
    ("plate", "count"), [(IMAGEXPRESS, 8), (DATABASE, 4)], ids=["export", "database"]
)
def test_projections_on_request(
    plate: RealPlate, count: int, real_data: Path, tmp_path: Path
) -> None:
    """``projections: keep`` makes a second plate, of the projections alone."""
    folder = real_data / plate.folder
    options = {"projections": "keep"}
    convert(plate.config(real_data, tmp_path / "out", options=options), tmp_path)
    stores = {store.name for store in (tmp_path / "out").iterdir()}
    assert stores == {f"{plate.name}.zarr", f"{plate.name}_mip.zarr"}
    flat = replace(plate, depth=1, first=(0, 1))
    projections = imagexpress_planes(folder, projections=True)
    assert len(projections) == count
    for name, kind, planes in (
        (plate.name, plate, plate.read(folder)),
        (f"{plate.name}_mip", flat, projections),
    ):
        for well in plate.wells:
            pixels = level(tmp_path / f"out/{name}.zarr", well)
            assert pixels.shape == kind.shape
            for plane in planes:
                if plane.well == well:
                    found = pixels[kind.place(plane)]
                    assert np.array_equal(found, read_pixels(plane.path))


def test_operetta_layout_becomes_conditions(real_data: Path, tmp_path: Path) -> None:
    """The compound of the assay layout, blank for C03, is a column of the plate."""
    convert(OPERETTA.config(real_data, tmp_path / "out"), tmp_path)
    (row,) = rows_of(tmp_path / "out/Test_Sample_BALL.zarr", "condition_table")
    assert (row["well"], row["Compound"]) == ("C03", "")
