"""Plates opened by every validator and reader there is, in every version of the format.

The plate is the demo: three wells of a 24-well plate, two rows and three columns of
fields that are wider than high, two channels, three planes.
"""

import io
import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorstore
import tifffile
import zarr
from ngio import open_ome_zarr_container, open_ome_zarr_plate
from numpy.typing import NDArray

from tests.e2e.convert import convert
from tests.e2e.truth import halved
from tests.rules.plate import write_csv, write_tile
from tests.validators import attributes, image_paths, validate_plate
from tiles2zarr.demo import make_demo

Pixels = NDArray[np.generic]
IMAGES = ("B/03/0", "B/04/0", "C/03/0")
TILE = 270, 320
"""Height and width of a tile."""
GRID = 2, 3
"""Rows and columns of fields."""
SHAPE = 2, 3, 540, 960
"""(c, z, y, x) of every image: fields edge to edge."""
LEVELS = 5
FLAVOURS: Mapping[str, dict[str, object]] = {
    "0.4": {"ngff_version": "0.4"},
    "0.5": {"ngff_version": "0.5"},
    "0.5-shards": {
        "ngff_version": "0.5",
        "shards": {"kind": "multiple", "xy_factor": 2, "z_factor": 3},
    },
}


@dataclass(frozen=True)
class Made:
    """A converted demo plate."""

    raw: Path
    """Folder of its tiles."""
    store: Path
    """The plate, ``demo.zarr``."""
    flavour: str
    """Key of ``FLAVOURS``."""

    @property
    def version(self) -> str:
        """Return the OME-Zarr version."""
        return self.flavour.partition("-")[0]

    def level(self, image: str, number: int) -> zarr.Array:  # type: ignore[type-arg]
        """Return a level of an image as zarr-python opens it."""
        return zarr.open_array(str(self.store / image / str(number)), mode="r")

    def tiles(self, image: str) -> Pixels:
        """Return level 0 of an image put together from its files."""
        row, column, _ = image.split("/")
        pixels = np.zeros(SHAPE, np.uint16)
        for c, z, field in np.ndindex(SHAPE[0], SHAPE[1], GRID[0] * GRID[1]):
            line, place = divmod(field, GRID[1])
            name = f"demo_{row}{column}_T0001F{field + 1:03d}"
            file = f"{name}L01A{c + 1:02d}Z{z + 1:02d}C{c + 1:02d}.tif"
            top, left = line * TILE[0], place * TILE[1]
            box = slice(top, top + TILE[0]), slice(left, left + TILE[1])
            pixels[(c, z, *box)] = tifffile.imread(self.raw / file)
        return pixels


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo's tiles."""
    folder = tmp_path_factory.mktemp("demo") / "raw"
    make_demo(folder)
    return folder


@pytest.fixture(scope="module", params=FLAVOURS)
def made(
    request: pytest.FixtureRequest, raw: Path, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """Return the demo plate in one flavour of the format."""
    work = tmp_path_factory.mktemp("made")
    config = {
        "plate": {"name": "demo"},
        "output": str(work / "out"),
        "acquisitions": [{"path": str(raw), "format": "cellvoyager"}],
        "omezarr": FLAVOURS[request.param] | {"num_levels": LEVELS},
    }
    convert(config, work)
    return Made(raw, work / "out/demo.zarr", request.param)


def napari_layer(path: Path) -> tuple[list[Pixels], dict[str, object]]:
    """Return pyramid and settings of what napari would show, channels along axis 0.

    The reader gives one layer with a channel axis, from version 0.11 one per channel.
    """
    with warnings.catch_warnings(action="ignore"), redirect_stdout(io.StringIO()):
        # napari's own models use what pydantic has deprecated
        from napari_ome_zarr import napari_get_reader

        reader = napari_get_reader(str(path))
        assert reader is not None
        layers = reader(str(path))
    assert {kind for _, _, kind in layers} == {"image"}
    pyramids = [list(pyramid) for pyramid, _, _ in layers]
    settings = dict(layers[0][1])
    if "channel_axis" in settings:
        return pyramids[0], settings
    for key in ("name", "colormap", "contrast_limits"):
        settings[key] = [layer[key] for _, layer, _ in layers]
    settings["channel_axis"] = 0
    return [np.stack(level) for level in zip(*pyramids, strict=True)], settings


def test_every_validator_accepts_the_plate(made: Made) -> None:
    """No validator objects to the plate, its wells, its images and its tables."""
    validate_plate(made.store, made.version)


def test_validators_do_object(made: Made) -> None:
    """A plate without its last physical column is told, and by whom."""
    name = ".zattrs" if made.version == "0.4" else "zarr.json"
    path = made.store / name
    before = path.read_bytes()
    document = json.loads(before)
    found = document if made.version == "0.4" else document["attributes"]["ome"]
    found["plate"]["columns"] = found["plate"]["columns"][1:]
    path.write_text(json.dumps(document))
    try:
        with pytest.raises(AssertionError, match=r"specification on .*demo\.zarr"):
            validate_plate(made.store, made.version)
    finally:
        path.write_bytes(before)


def test_images_are_the_tiles(made: Made) -> None:
    """Level 0 is the files edge to edge, and every level the mean of the one before."""
    assert tuple(image_paths(made.store, made.version)) == IMAGES
    for image in IMAGES:
        expected = made.tiles(image)
        for number in range(LEVELS):
            assert np.array_equal(made.level(image, number)[...], expected)
            expected = halved(expected)


def test_readers_agree_on_every_level(made: Made) -> None:
    """zarr-python, tensorstore and ngio read the same pixels from every level."""
    driver = "zarr" if made.version == "0.4" else "zarr3"
    for image in IMAGES:
        container = open_ome_zarr_container(made.store / image, mode="r")
        assert container.level_paths == [str(number) for number in range(LEVELS)]
        for number in range(LEVELS):
            known = made.level(image, number)[...]
            place = {"driver": "file", "path": str(made.store / image / str(number))}
            opened = tensorstore.open({"driver": driver, "kvstore": place}).result()
            assert np.array_equal(opened.read().result(), known)
            seen = container.get_image(path=str(number)).get_as_numpy()
            assert np.array_equal(seen, known)


def test_shards_where_asked(made: Made) -> None:
    """Only the sharded plate has shards, each of whole chunks of one tile."""
    array = made.level("B/03/0", 0)
    assert array.chunks == (1, 1, *TILE)
    shards = (1, 3, 2 * TILE[0], 2 * TILE[1]) if "shards" in made.flavour else None
    assert array.shards == shards


def test_ngio_sees_plate_channels_and_fields(made: Made) -> None:
    """Ngio finds wells, channels, pixel sizes, and a field's pixels by its ROI."""
    plate = open_ome_zarr_plate(made.store, mode="r")
    assert plate.rows == ["A", "B", "C", "D"]
    assert plate.columns == [f"{n:02d}" for n in range(1, 7)]
    assert sorted(plate.get_images(max_workers=1)) == sorted(IMAGES)
    container = plate.get_image("B", 4, "0")
    image = container.get_image()
    assert image.channel_labels == ["DAPI", "GFP"]
    assert image.wavelength_ids == ["405", "488"]
    size = image.pixel_size
    assert (size.z, size.y, size.x) == (2.0, 0.65, 0.65)
    rois = container.get_generic_roi_table("FOV_ROI_table").rois()
    assert [roi.name for roi in rois] == ["1", "2", "3", "4", "5", "6"]
    seen = image.get_roi(rois[5])
    assert np.array_equal(seen, made.tiles("B/04/0")[:, :, 270:, 640:])


def test_napari_shows_an_image(made: Made) -> None:
    """A layer per channel: name, colour, micrometers, and limits around its values."""
    pyramid, settings = napari_layer(made.store / "C/03/0")
    assert [level.shape for level in pyramid] == [
        (2, 3, 540 >> number, 960 >> number) for number in range(LEVELS)
    ]
    assert settings["channel_axis"] == 0
    assert settings["name"] == ["demo C03 0: DAPI", "demo C03 0: GFP"]
    assert [colormap.name for colormap in settings["colormap"]] == ["blue", "green"]  # type: ignore[attr-defined]
    assert settings["scale"] == pytest.approx([2, 0.65, 0.65])
    assert settings["axis_labels"] == ("z", "y", "x")
    plate = np.stack([made.tiles(image) for image in IMAGES], axis=1)
    limits = settings["contrast_limits"]
    assert isinstance(limits, list)
    for (low, high), values in zip(limits, plate, strict=True):
        true_low, true_high = np.percentile(values, (0.1, 99.9))
        assert low == pytest.approx(true_low, abs=2)
        assert high == pytest.approx(true_high, rel=0.02)


def test_napari_shows_the_plate(made: Made) -> None:
    """The mosaic has all 4 x 6 wells, each image in its place, others 0."""
    pyramid, settings = napari_layer(made.store)
    height, width = 4 * SHAPE[2], 6 * SHAPE[3]
    assert pyramid[0].shape == (*SHAPE[:2], height, width)
    assert [level.shape[-1] for level in pyramid] == [width >> n for n in range(LEVELS)]
    assert [str(name).rpartition(": ")[2] for name in settings["name"]] == [  # type: ignore[attr-defined]
        "DAPI",
        "GFP",
    ]
    # level 2 is exact: 540 and 960 are multiples of 4
    expected = np.zeros((*SHAPE[:2], height // 4, width // 4), np.uint16)
    for image in IMAGES:
        row, column = ord(image[0]) - 65, int(image[2:4]) - 1
        top, left = row * 135, column * 240
        box = slice(top, top + 135), slice(left, left + 240)
        expected[(..., *box)] = made.level(image, 2)[...]
    assert np.array_equal(np.asarray(pyramid[2]), expected)


def test_ome_zarr_py_shows_the_plate(made: Made) -> None:
    """The reader of ome-zarr-py stitches the same mosaic, and knows the channels."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    with warnings.catch_warnings(action="ignore"), redirect_stdout(io.StringIO()):
        location = parse_url(made.store, mode="r")
        assert location is not None
        node = next(iter(Reader(location)()))
    assert node.data[0].shape == (*SHAPE[:2], 4 * SHAPE[2], 6 * SHAPE[3])
    assert node.metadata["channel_names"] == ["DAPI", "GFP"]


WELLS = ("B03", "B04", "C03")
CHANNELS, PLANES, FIELDS = 2, 3, 2
SMALL = 24, 40
"""Height and width of the tiles of uneven plates."""
Key = tuple[str, int, int, int]
"""Well, channel, plane and field of a tile."""


@dataclass(frozen=True)
class Uneven:
    """A plate of which one well lacks something."""

    lacks: Callable[[Key], bool]
    """Which tiles were never acquired."""
    finding: str
    """What the run must report."""


UNEVEN = {
    "channels": Uneven(lambda k: k[0] == "C03" and k[1] == 1, "uneven_channels"),
    "z": Uneven(lambda k: k[0] == "B04" and k[2] == 2, "uneven_z"),
    "width": Uneven(lambda k: k[0] == "B03" and k[3] == 1, "uneven_shape"),
}


def uneven_plate(uneven: Uneven, work: Path, uniform: bool) -> dict[Key, Pixels]:
    """Convert an uneven plate to ``out/P1.zarr``; return the pixels of its tiles."""
    random = np.random.default_rng(7)
    tiles: dict[Key, Pixels] = {}
    rows: list[dict[str, object]] = []
    for number, c, z, field in np.ndindex(len(WELLS), CHANNELS, PLANES, FIELDS):
        key = well, *_ = (WELLS[number], c, z, field)
        if uneven.lacks(key):
            continue
        tiles[key] = random.integers(1, 60000, SMALL, dtype=np.uint16)
        name = f"{well}_{c}_{z}_{field}.tif"
        write_tile(work / "raw" / name, tiles[key])  # type: ignore[arg-type]
        place = {"row": well[0], "column": int(well[1:]), "fov_name": f"F{field}"}
        start = {"start_x": field * SMALL[1], "start_y": 0, "start_z": z, "start_c": c}
        length = {"length_x": SMALL[1], "length_y": SMALL[0]}
        rows.append({"file_path": name} | place | start | length)
    write_csv(work / "raw/tiles.csv", rows)
    details = {
        "pixelsize": 0.5,
        "z_spacing": 2.0,
        "start_x_coo": "pixel",
        "start_y_coo": "pixel",
        "start_z_coo": "pixel",
        "channels": [{"channel_label": "DAPI"}, {"channel_label": "GFP"}],
    }
    acquisition = {"path": str(work / "raw/tiles.csv"), "details": details}
    config = {
        "plate": {"name": "P1", "layout": 24, "uniform": uniform},
        "output": str(work / "out"),
        "acquisitions": [acquisition | {"format": "tile_table"}],
        "omezarr": {"num_levels": 2},
    }
    convert(config, work)
    return tiles


uneven_plates = pytest.mark.parametrize("lack", UNEVEN)


@uneven_plates
def test_uneven_plates_are_told(lack: str, tmp_path: Path) -> None:
    """Napari cannot show an uneven plate as a whole; the run says so, and the cure.

    Its images are valid one by one.
    """
    uneven_plate(UNEVEN[lack], tmp_path, uniform=False)
    store = tmp_path / "out/P1.zarr"
    validate_plate(store, "0.4", mosaic=False)
    findings = json.loads((tmp_path / "results/P1/findings.json").read_text())
    by_code = {finding["code"]: finding for finding in findings["findings"]}
    assert UNEVEN[lack].finding in by_code
    assert "uniform" in by_code[UNEVEN[lack].finding]["message"]
    with pytest.raises(ValueError, match="Shapes do not align"):
        napari_layer(store)


@uneven_plates
def test_uniform_plates_open_as_a_whole(lack: str, tmp_path: Path) -> None:
    """With ``plate.uniform`` napari shows every tile in its well, 0 where none was."""
    tiles = uneven_plate(UNEVEN[lack], tmp_path, uniform=True)
    store = tmp_path / "out/P1.zarr"
    validate_plate(store, "0.4")
    pyramid, settings = napari_layer(store)
    height, width = SMALL[0], FIELDS * SMALL[1]
    expected = np.zeros((CHANNELS, PLANES, 4 * height, 6 * width), np.uint16)
    for (well, c, z, field), pixels in tiles.items():
        top = (ord(well[0]) - 65) * height
        left = (int(well[1:]) - 1) * width + field * SMALL[1]
        box = slice(top, top + SMALL[0]), slice(left, left + SMALL[1])
        expected[(c, z, *box)] = pixels
    assert np.array_equal(np.asarray(pyramid[0]), expected)
    assert len(settings["name"]) == CHANNELS  # type: ignore[arg-type]
    empty = {str(path.relative_to(store)) for path in store.glob("*/*/0/0/*/*/*/*")}
    assert len(empty) == len(tiles)
    assert attributes(store, "0.4")["plate"]
