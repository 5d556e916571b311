"""The demo plate is a right CellVoyager folder, and its tiles fit together."""

import hashlib
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from zarr.storage import StoreLike

from tiles2zarr.demo import make_demo
from tiles2zarr.demo.__main__ import main
from tiles2zarr.demo.scene import Culture, expose, grow
from tiles2zarr.demo.summary import summarise
from tiles2zarr.errors import StoreError

BTS = "{http://www.yokogawa.co.jp/BTS/BTSSchema/1.0}"
PIXEL_UM = 0.65


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a freshly made demo plate, not to be changed."""
    out = tmp_path_factory.mktemp("demo") / "raw"
    make_demo(out)
    return out


def _digest(folder: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
    }


def _records(folder: Path) -> list[dict[str, str]]:
    """Return the attributes of each record, with ``file``."""
    root = ET.parse(folder / "MeasurementData.mlf").getroot()
    return [
        {name.removeprefix(BTS): value for name, value in node.attrib.items()}
        | {"file": str(node.text)}
        for node in root
    ]


def _attributes(path: Path, tag: str) -> list[dict[str, str]]:
    root = ET.fromstring(path.read_text(encoding="utf-8-sig"))
    return [
        {name.removeprefix(BTS): value for name, value in node.attrib.items()}
        for node in root.iter(f"{BTS}{tag}")
    ]


def test_other_seed_other_pixels(plate: Path, tmp_path: Path) -> None:
    """Another seed changes every tile and no index file."""
    make_demo(tmp_path, seed=7)
    first, second = _digest(plate), _digest(tmp_path)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {name for name in first if name.endswith(".tif")}


def test_second_call_touches_nothing_and_mends_what_is_broken(
    plate: Path, tmp_path: Path
) -> None:
    """Files that are right keep their time; one that is damaged is written again."""
    shutil.copytree(plate, tmp_path / "raw")
    times = {
        file.name: file.stat().st_mtime_ns for file in (tmp_path / "raw").iterdir()
    }
    broken = tmp_path / "raw/demo_C03_T0001F002L01A01Z03C01.tif"
    broken.write_bytes(b"half a tile")
    make_demo(tmp_path / "raw")
    after = {
        file.name: file.stat().st_mtime_ns for file in (tmp_path / "raw").iterdir()
    }
    assert {name for name in times if times[name] != after[name]} == {broken.name}
    assert _digest(tmp_path / "raw") == _digest(plate)


def test_index_lists_what_is_on_disk(plate: Path) -> None:
    """The mlf names every TIFF once: 3 wells, 6 fields, 2 channels, 3 planes."""
    listed = [record["file"] for record in _records(plate)]
    assert len(listed) == 3 * 6 * 2 * 3
    assert sorted(listed) == sorted(file.name for file in plate.glob("*.tif"))
    wells = {(record["Row"], record["Column"]) for record in _records(plate)}
    assert wells == {("2", "3"), ("2", "4"), ("3", "3")}


def test_file_names_agree_with_their_records(plate: Path) -> None:
    """Well, field, action, plane and channel in a file name are those of its record."""
    for record in _records(plate):
        well = "ABCD"[int(record["Row"]) - 1] + f"{int(record['Column']):02d}"
        field, z, channel = (
            int(record[name]) for name in ("FieldIndex", "ZIndex", "Ch")
        )
        assert record["file"] == (
            f"demo_{well}_T0001F{field:03d}L01A{channel:02d}Z{z:02d}C{channel:02d}.tif"
        )


def test_other_files_describe_plate_and_channels(plate: Path) -> None:
    """Plate size, pixel size, tile size, channel names and colours are told."""
    layout = _attributes(plate / "demo.wpi", "WellPlate")[0]
    assert (layout["Rows"], layout["Columns"]) == ("4", "6")
    detail = _attributes(plate / "MeasurementDetail.mrf", "MeasurementDetail")[0]
    assert (detail["RowCount"], detail["ColumnCount"]) == ("4", "6")
    assert (detail["FieldCount"], detail["ZCount"]) == ("6", "3")
    for channel in _attributes(plate / "MeasurementDetail.mrf", "MeasurementChannel"):
        assert float(channel["HorizontalPixelDimension"]) == PIXEL_UM
        size = (channel["VerticalPixels"], channel["HorizontalPixels"])
        assert size == ("270", "320")
    channels = _attributes(plate / "demo.mes", "Channel")
    assert [(channel["Target"], channel["Color"]) for channel in channels] == [
        ("DAPI", "#FF0000FF"),
        ("GFP", "#FF00FF00"),
    ]


def test_tiles_are_plain_planes_that_know_their_pixel_size(plate: Path) -> None:
    """A tile is one uint16 page of 270 rows and 320 columns at 0.65 micrometer."""
    with tifffile.TiffFile(plate / "demo_B04_T0001F004L01A02Z01C02.tif") as tiff:
        assert len(tiff.pages) == 1
        assert tiff.pages[0].shape == (270, 320)
        assert tiff.pages[0].dtype == np.uint16
        per_cm, unit = tiff.pages[0].tags["XResolution"].value
        assert 1e4 * unit / per_cm == pytest.approx(PIXEL_UM)


def test_overlaps_agree_with_stage_positions(plate: Path) -> None:
    """Pasted at their stage positions, Y upwards, tiles hold equal values twice."""
    records = [record for record in _records(plate) if record["Row"] == "3"]
    left = min(float(record["X"]) for record in records)
    top = max(float(record["Y"]) for record in records)
    canvas: dict[tuple[str, str], np.ndarray] = {}
    twice = 0
    for record in records:
        x = round((float(record["X"]) - left) / PIXEL_UM)
        y = round((top - float(record["Y"])) / PIXEL_UM)
        tile = tifffile.imread(plate / record["file"])
        picture = canvas.setdefault(
            (record["Ch"], record["ZIndex"]), np.zeros((513, 896), np.uint16)
        )
        window = picture[y : y + 270, x : x + 320]
        seen = window > 0
        twice += int(seen.sum())
        np.testing.assert_array_equal(window[seen], tile[seen])
        window[:] = tile
    lost = 6 * 270 * 320 - 513 * 896
    assert twice == 6 * lost
    assert all((picture > 0).all() for picture in canvas.values())


def test_second_plane_is_in_focus(plate: Path) -> None:
    """The middle plane of a stack has the largest steps between neighbouring pixels."""
    sharp = []
    for z in (1, 2, 3):
        tile = tifffile.imread(plate / f"demo_B03_T0001F001L01A01Z{z:02d}C01.tif")
        sharp.append(np.diff(tile.astype(float), axis=1).var())
    assert sharp[1] == max(sharp)


def test_nuclei_lie_inside_cells() -> None:
    """Where a nucleus shines the cytoplasm is above its background too."""
    rng = np.random.default_rng(3)
    nuclei, bodies = grow(Culture(cells=12, expression=1.0), (150, 260), rng)
    assert nuclei.shape == bodies.shape == (150, 260)
    inside = nuclei > 200
    assert 0.01 < inside.mean() < 0.5
    assert np.median(bodies[inside]) > 2 * np.median(bodies[bodies < 40])


def test_camera_adds_its_offset_and_shot_noise() -> None:
    """An even light of 400 photons gives counts around 500 with deviation near 20."""
    light = np.full((200, 300), 400, np.float32)
    frame = expose(light, 0, np.random.default_rng(0))
    assert frame.dtype == np.uint16
    assert frame.mean() == pytest.approx(500, abs=1)
    assert frame.std() == pytest.approx(20.2, abs=0.5)


def test_command_makes_the_same_plate_again(
    plate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``python -m tiles2zarr.demo OUT`` writes the same bytes into any folder."""
    assert main([str(tmp_path / "raw")]) == 0
    assert "raw: 108 tiles" in capsys.readouterr().out
    assert _digest(tmp_path / "raw") == _digest(plate)


def _small_plate(store: StoreLike, version: str) -> None:
    """Write a plate of one well: 2 channels, 12 x 20 pixels, 2 levels, 1 table."""
    root = zarr.open_group(store, mode="w", zarr_format=3 if version == "0.5" else 2)

    def put(path: str, attributes: dict[str, object]) -> None:
        group = root.require_group(path) if path else root
        group.attrs.update({"ome": attributes} if version == "0.5" else attributes)

    put(
        "",
        {
            "plate": {
                "rows": [{"name": "A"}, {"name": "B"}],
                "columns": [{"name": "01"}, {"name": "02"}, {"name": "03"}],
                "wells": [{"path": "B/03", "rowIndex": 1, "columnIndex": 2}],
            }
        },
    )
    put("B/03", {"well": {"images": [{"path": "0"}]}})
    put(
        "B/03/0",
        {
            "multiscales": [
                {
                    "axes": [{"name": name} for name in "cyx"],
                    "datasets": [{"path": "0"}, {"path": "1"}],
                }
            ],
            "omero": {"channels": [{"label": "DAPI"}, {"label": "GFP"}]},
        },
    )
    root.create_array("B/03/0/0", shape=(2, 12, 20), dtype="uint16")
    root.create_array("B/03/0/1", shape=(2, 6, 10), dtype="uint16")
    root.require_group("B/03/0/tables").attrs["tables"] = ["FOV_ROI_table"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_summary_shows_the_plate_and_how_to_open_it(
    tmp_path: Path, version: str
) -> None:
    """The summary names wells, shape, levels, channels, tables and the first image."""
    store = tmp_path / "p.zarr"
    _small_plate(store, version)
    lines = summarise(store).splitlines()
    assert (
        lines[0] == f"{store}: OME-Zarr {version}, plate of 2 x 3 wells, 1 with images"
    )
    assert lines[1] == (
        "  B/03/0  c=2 y=12 x=20 | uint16 | 2 levels down to 6 x 10 | DAPI, GFP"
        " | FOV_ROI_table"
    )
    assert '  image = plate.get_image("B", 3, "0")' in lines
    program, command, path = lines[lines.index("Open it in a browser:") + 1].split()
    assert (Path(program).name, command, path) == ("tiles2zarr", "view", str(store))


def test_summary_of_nothing_tells_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a plate the message names the folder and the command that makes one."""
    message = "none.zarr is not an OME-Zarr plate.*make demo"
    with pytest.raises(StoreError, match=message):
        summarise(tmp_path / "none.zarr")
    assert main(["--summary", str(tmp_path / "none.zarr")]) == 1
    assert "make demo" in capsys.readouterr().err
