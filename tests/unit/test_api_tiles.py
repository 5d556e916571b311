"""Tiles, slices, fields of view and images as Python users hold them."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from pydantic import ValidationError

from tests.unit.api_samples import COLUMNS, DETAILS, ROWS, Sample, make_sample
from tiles2zarr import (
    AcquisitionDetails,
    ChannelInfo,
    ConverterOptions,
    DefaultImageLoader,
    ImageInPlate,
    ImageLoaderInterface,
    SingleImage,
    StageOrientation,
    StartPosition,
    Tile,
    TiledImage,
    TileShape,
    TileSlice,
    build_dummy_tile,
    dump_to_json,
    hcs_images_from_dataframe,
    tiled_image_from_json,
    tiled_image_from_tiles,
)
from tiles2zarr.errors import (
    ExtensionError,
    RegistrationError,
    SourceError,
    TableError,
    Tiles2ZarrError,
)

B03 = ImageInPlate(plate_name="P1", row="b", column="3")


class Ramp(ImageLoaderInterface):
    """Pixels that count: the value is the number of the pixel in the tile."""

    planes: int = 1
    rows: int = ROWS
    columns: int = COLUMNS
    dtype: str = "uint16"

    def load_data(self, resource: str | None = None) -> np.ndarray:
        """Return the pixels as (plane, y, x)."""
        shape = (self.planes, self.rows, self.columns)
        return np.arange(np.prod(shape)).reshape(shape).astype(self.dtype)


def make_tile(**changes: object) -> Tile:
    """Return a tile of one plane at x 10, y 20 micrometer."""
    fields: dict[str, object] = {
        "fov_name": "F1",
        "start_x": 10.0,
        "start_y": 20.0,
        "length_x": COLUMNS,
        "length_y": ROWS,
        "collection": B03,
        "image_loader": Ramp(),
        "acquisition_details": DETAILS,
    }
    return Tile.model_validate(fields | changes)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Return the sample plate."""
    return make_sample(tmp_path)


@pytest.fixture
def image(sample: Sample) -> TiledImage:
    """Return the image of well A01 at stage positions."""
    tiles = hcs_images_from_dataframe(
        tiles_table=sample.table, acquisition_details=DETAILS, plate_name="P1"
    )
    options = ConverterOptions(tiling_mode="Snap to Grid")
    return tiled_image_from_tiles(
        tiles=tiles, converter_options=options, resource=sample.raw
    )[0]


def extent(tile: Tile, axis: str) -> tuple[float, float]:
    """Return start and length of a tile's region."""
    part = tile.to_roi().get(axis)
    return part.start, part.length


def test_tile_defaults() -> None:
    """What a tile does not say is 0 for starts and 1 for lengths."""
    tile = make_tile()
    assert (tile.start_z, tile.start_t, tile.start_c) == (0, 0, 0)
    assert (tile.length_z, tile.length_t, tile.length_c) == (1, 1, 1)
    assert tile.attributes == {}
    assert make_tile(fov_name=7).fov_name == "7"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"length_x": 0}, "length_x"),
        ({"start_x": float("nan")}, "start_x"),
        ({"start_c": -1}, "start_c"),
        ({"fov": "F1"}, "fov"),
    ],
    ids=["no length", "no number", "negative channel", "unknown field"],
)
def test_impossible_tiles_are_refused(changes: dict[str, object], field: str) -> None:
    """A tile that no image can hold is refused by the name of the field."""
    with pytest.raises(ValidationError, match=field):
        make_tile(**changes)


def test_region_of_a_tile_in_world_units() -> None:
    """Starts are world units, lengths pixels times their size: 32 px of 0.5 um."""
    tile = make_tile(start_z=4.0, length_z=3, start_c=1)
    assert extent(tile, "x") == (10.0, 16.0)
    assert extent(tile, "y") == (20.0, 12.0)
    assert extent(tile, "z") == (4.0, 6.0)
    assert extent(tile, "c") == (1.0, 1.0)
    assert tile.to_roi().get("x").end == 26.0
    with pytest.raises(RegistrationError, match="has no axis 'q'; it has t, c, z"):
        tile.to_roi().get("q")


def test_region_of_a_tile_in_pixels() -> None:
    """Starts in pixels are multiplied by their spacing, world lengths are not."""
    details = DETAILS.replace(
        start_x_coo="pixel", start_z_coo="pixel", length_y_coo="world"
    )
    tile = make_tile(
        acquisition_details=details, start_x=100, start_z=3, length_y=ROWS / 2
    )
    assert extent(tile, "x") == (50.0, 16.0)
    assert extent(tile, "y") == (20.0, 12.0)
    assert extent(tile, "z") == (6.0, 2.0)
    half = make_tile(acquisition_details=details, length_y=12.2)
    with pytest.raises(TableError, match="expected a whole number of pixels"):
        half.to_roi()


@pytest.mark.parametrize(
    ("orientation", "x", "y"),
    [
        ({"swap_xy": True}, 20.0, 10.0),
        ({"flip_x": True}, -10.0, 20.0),
        ({"swap_xy": True, "flip_y": True}, 20.0, -10.0),
    ],
    ids=["swap", "flip x", "swap then flip y"],
)
def test_orientation_moves_the_region_not_the_pixels(
    orientation: dict[str, bool], x: float, y: float
) -> None:
    """Swap and flips act on positions; where the stage was is kept."""
    stage = StageOrientation(**orientation)
    tile = make_tile(acquisition_details=DETAILS.replace(stage_corrections=stage))
    roi = tile.to_roi()
    assert (roi.get("x").start, roi.get("y").start) == (x, y)
    assert (roi.x_micrometer_original, roi.y_micrometer_original) == (10.0, 20.0)
    assert TileSlice.from_tile(tile).shape == (1, 1, 1, ROWS, COLUMNS)


def test_pixel_type_is_declared_or_found() -> None:
    """A declared pixel type is believed, else the loader is asked."""
    assert make_tile(image_loader=Ramp(dtype="int16")).find_data_type() == "int16"
    declared = DETAILS.replace(data_type="uint8")
    assert make_tile(acquisition_details=declared).find_data_type() == "uint8"


def test_pixel_type_of_a_file_is_in_its_header(sample: Sample) -> None:
    """The default loader needs the base folder and no pixels."""
    loader = DefaultImageLoader(file_path="A1_f0_c0_z0.npy")
    assert loader.find_data_type(str(sample.raw)) == "uint16"
    expected = np.load(sample.raw / "A1_f0_c0_z0.npy")
    np.testing.assert_array_equal(loader.load_data(str(sample.raw)), expected)
    with pytest.raises(SourceError, match="there is no such file"):
        DefaultImageLoader(file_path="absent.npy").load_data(str(sample.raw))


def test_slice_gives_its_pixels_with_the_asked_axes() -> None:
    """Planes become channels or z by the tile's lengths, z fastest."""
    part = TileSlice.from_tile(
        make_tile(image_loader=Ramp(planes=6), length_z=3, length_c=2)
    )
    loaded = part.load_data(axes="czyx")
    assert loaded.shape == (2, 3, ROWS, COLUMNS)
    assert loaded[1, 0, 0, 0] == 3 * ROWS * COLUMNS
    assert part.load_data(axes=["t", "c", "z", "y", "x"]).shape[0] == 1
    with pytest.raises(SourceError, match="cannot be given without z"):
        part.load_data(axes="cyx")


def test_slice_takes_planes_by_the_axes_its_file_tells(tmp_path: Path) -> None:
    """ImageJ saves channel after channel; plane z of channel c is still 10 c + z."""
    saved = np.array([[0, 10], [1, 11], [2, 12]], np.uint16)[..., None, None]
    planes = np.broadcast_to(saved, (3, 2, 4, 9))
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, planes, imagej=True, metadata={"axes": "ZCYX"})
    tile = make_tile(
        image_loader=DefaultImageLoader(file_path=str(path)),
        length_x=9,
        length_y=4,
        length_z=3,
        length_c=2,
    )
    loaded = TileSlice.from_tile(tile).load_data(axes="czyx")
    assert loaded[:, :, 3, 8].tolist() == [[0, 1, 2], [10, 11, 12]]
    (image,) = tiled_image_from_tiles(tiles=[tile])
    for pixels in (image.load_data(), image.load_data_dask().compute()):
        assert pixels[:, :, 3, 8].tolist() == [[0, 1, 2], [10, 11, 12]]


def test_slice_refuses_pixels_of_another_shape() -> None:
    """A file of another size is never stretched, one plane never repeated."""
    small = TileSlice.from_tile(make_tile(image_loader=Ramp(rows=1)))
    with pytest.raises(SourceError, match=r"loaded the shape \(1, 1, 32\)"):
        small.load_data()
    deep = TileSlice.from_tile(make_tile(length_z=2))
    with pytest.raises(SourceError, match="Correct the tile's lengths"):
        deep.load_data()


def test_image_knows_what_it_is(image: TiledImage) -> None:
    """Path, axes, spacings, channels and conditions of an aggregated image."""
    assert image.path == "P1.zarr/A/01/0"
    assert image.axes == ("c", "z", "y", "x")
    assert image.data_type == "uint16"
    assert (image.pixelsize, image.z_spacing, image.t_spacing) == (0.5, 2.0, 1.0)
    assert image.pixel_size.along("y") == 0.5
    assert [channel.channel_label for channel in image.channels] == ["DAPI", "GFP"]
    assert image.attributes == {"drug": ("DMSO",)}
    assert len(image.slices) == 8
    # tiles of 32 px, the second 28 px on
    assert image.shape() == (2, 2, ROWS, 60)
    assert image.roi().get("x").start == -1000.0
    assert image.roi().get("x").length == 30.0


def test_image_loads_its_pixels_later_tiles_win(
    image: TiledImage, sample: Sample
) -> None:
    """Where tiles overlap the later one shows; the Dask array is the same."""
    truth = sample.truth["A/01/0"]
    loaded = image.load_data()
    np.testing.assert_array_equal(loaded[..., 28:], truth[..., COLUMNS:])
    np.testing.assert_array_equal(loaded[..., :28], truth[..., :28])
    lazy = image.load_data_dask(chunks=(1, 1, 12, 60))
    assert lazy.chunks[2] == (12, 12)
    np.testing.assert_array_equal(lazy.compute(), loaded)


def test_fields_of_view_of_an_image(image: TiledImage, sample: Sample) -> None:
    """A field holds its slices in table order, and their pixels."""
    first, second = image.group_by_fov()
    assert (first.fov_name, second.fov_name) == ("FOV_1", "FOV_2")
    assert second.shape() == (2, 2, ROWS, COLUMNS)
    assert second.roi().get("x").start == -986.0
    assert second.ref_slice() == image.regions[4]
    truth = sample.truth["A/01/0"]
    np.testing.assert_array_equal(second.load_data(), truth[..., COLUMNS:])
    np.testing.assert_array_equal(
        first.load_data_dask().compute(), truth[..., :COLUMNS]
    )


def test_adding_a_tile_makes_another_image(image: TiledImage) -> None:
    """The image given stays as it was; the new tile comes last."""
    place = image.collection
    tile = make_tile(
        collection=place, fov_name="FOV_3", start_x=-972.0, start_y=-500.0, start_c=1
    )
    more = image.add_tile(tile)
    assert (len(image.regions), len(more.regions)) == (8, 9)
    assert more.regions[8].roi.name == "FOV_3"
    assert more.shape() == (2, 2, ROWS, 88)
    assert image.attributes == {"drug": ("DMSO",)}


def test_adding_a_tile_with_other_conditions_splits_them(image: TiledImage) -> None:
    """Conditions that differ between fields become rows of the fields."""
    tile = make_tile(
        collection=image.collection, fov_name="FOV_3", attributes={"drug": "Taxol"}
    )
    rows = [(row.fov, row.values["drug"]) for row in image.add_tile(tile).conditions]
    assert rows == [("FOV_1", "DMSO"), ("FOV_2", "DMSO"), ("FOV_3", "Taxol")]


OTHERS = [
    ({"pixelsize": 0.6}, "its pixelsize is 0.6, expected 0.5"),
    ({"z_spacing": 2.1}, "its z_spacing is 2.1, expected 2.0"),
    ({"axes": "tczyx"}, "its axes is tczyx, expected None"),
    (
        {"channels": (ChannelInfo(channel_label="RFP"),)},
        r"its channels is \['RFP'\], expected \['DAPI', 'GFP'\]",
    ),
]


@pytest.mark.parametrize(("changes", "message"), OTHERS, ids=["xy", "z", "axes", "c"])
def test_tiles_of_another_kind_are_not_added(
    image: TiledImage, changes: dict[str, object], message: str
) -> None:
    """Other spacings, axes or channels are refused, saying which and what."""
    other = make_tile(
        collection=image.collection, acquisition_details=DETAILS.replace(**changes)
    )
    with pytest.raises(RegistrationError, match=message):
        image.add_tile(other)


def test_tiles_of_another_place_or_channel_are_not_added(image: TiledImage) -> None:
    """A tile of another well, or of a channel that is not listed, is refused."""
    with pytest.raises(RegistrationError, match=r"its path is P1\.zarr/B/03/0"):
        image.add_tile(make_tile())
    beyond = make_tile(collection=image.collection, start_c=2)
    with pytest.raises(RegistrationError, match="its channel is 2, expected 0 to 1"):
        image.add_tile(beyond)


def test_spacings_may_differ_by_rounding(image: TiledImage) -> None:
    """1.0 and 1.0000001 are one spacing, when a tile is added and when aggregated."""
    details = DETAILS.replace(pixelsize=0.5000001, z_spacing=1.9999999)
    near = make_tile(collection=image.collection, acquisition_details=details)
    assert len(image.add_tile(near).regions) == 9
    images = tiled_image_from_tiles(
        tiles=[make_tile(), near.replace(fov_name="F2", start_x=40.0, collection=B03)]
    )
    assert [len(made.regions) for made in images] == [2]


def test_tiles_of_one_image_must_agree() -> None:
    """Tiles of one well with other pixel sizes are an error that names both."""
    other = make_tile(fov_name="F2", acquisition_details=DETAILS.replace(pixelsize=0.6))
    with pytest.raises(TableError, match=r"they disagree: pixelsize 0\.5 and 0\.6"):
        tiled_image_from_tiles(tiles=[make_tile(), other])


def test_image_comes_back_from_json_by_itself(
    image: TiledImage, tmp_path: Path
) -> None:
    """No types are asked for: collection and loaders say what they are."""
    custom = image.add_tile(make_tile(collection=image.collection, fov_name="F9"))
    url = dump_to_json(str(tmp_path / "json"), custom)
    back = tiled_image_from_json(url)
    assert back == custom
    assert isinstance(back.collection, ImageInPlate)
    assert isinstance(back.regions[0].image_loader, DefaultImageLoader)
    assert isinstance(back.regions[8].image_loader, Ramp)
    assert tiled_image_from_json(url, ImageInPlate, ImageLoaderInterface) == custom
    with pytest.raises(Tiles2ZarrError, match="expected SingleImage"):
        tiled_image_from_json(url, SingleImage)
    with pytest.raises(Tiles2ZarrError, match="holds a Ramp, expected Default"):
        tiled_image_from_json(url, ImageInPlate, DefaultImageLoader)


def test_a_tile_comes_back_from_json() -> None:
    """A tile travels as JSON with its loader of one's own."""
    tile = make_tile(attributes={"drug": ["a", "b"], "dose": 1.5})
    assert Tile.model_validate_json(tile.model_dump_json()) == tile


def test_a_loader_in_a_function_cannot_travel() -> None:
    """A class no other process can find is an error that says where to put it."""

    class Hidden(Ramp):
        pass

    with pytest.raises(ExtensionError, match="Move it to the top of a module"):
        tiled_image_from_tiles(tiles=[make_tile(image_loader=Hidden())])


def test_a_tag_of_something_else_is_refused() -> None:
    """JSON cannot make a class that is no loader."""
    with pytest.raises(ExtensionError, match="is not a ImageLoaderInterface"):
        make_tile(image_loader={"kind": "pathlib:Path", "x": 1})


def test_dummy_tiles_need_no_files() -> None:
    """A made-up tile shows a frame of 255 in uint8 pixels of the asked shape."""
    tile = build_dummy_tile(
        fov_name="F1",
        start=StartPosition(x=5, y=6),
        shape=TileShape(x=40, y=30, z=2),
        collection=B03,
        acquisition_details=AcquisitionDetails(),
    )
    pixels = tile.image_loader.load_data()
    assert (pixels.shape, tile.find_data_type()) == ((1, 1, 2, 30, 40), "uint8")
    assert (pixels[..., 0, :] == 255).all()
    assert (pixels[0, 0, 0, 1:-1, 1] == 0).all()
    assert pixels[0, 0, 0, 1:-1, 1:-1].max() > 0
    image = tiled_image_from_tiles(tiles=[tile])[0]
    assert (image.shape(), image.data_type) == ((1, 2, 30, 40), "uint8")


def test_conditions_of_added_tiles_leave_no_field_out(image: TiledImage) -> None:
    """A tile without conditions has nulls; so have fields before the first ones."""
    place = image.collection
    bare = make_tile(collection=place, fov_name="FOV_3")
    rows = [(row.fov, row.values) for row in image.add_tile(bare).conditions]
    assert rows[2] == ("FOV_3", {"drug": None})
    first = tiled_image_from_tiles(tiles=[make_tile()])[0]
    assert first.conditions == ()
    with_dose = make_tile(fov_name="F2", attributes={"dose": 2})
    rows = [(row.fov, row.values) for row in first.add_tile(with_dose).conditions]
    assert rows == [("F1", {"dose": None}), ("F2", {"dose": 2})]
    again = first.add_tile(with_dose).add_tile(with_dose)
    assert len(again.conditions) == 2
    assert first.add_tile(make_tile(fov_name="F2")).conditions == ()


def test_an_image_may_be_made_of_slices() -> None:
    """Slices, place and details are enough; attributes become condition rows."""
    later = make_tile(start_t=1.0, fov_name="F1")
    image = TiledImage(
        regions=tuple(map(TileSlice.from_tile, (make_tile(), later))),
        collection=B03,
        acquisition_details=DETAILS,
        attributes={"drug": ["a", "b"], "dose": 3, "empty": []},
    )
    assert image.axes == ("t", "c", "z", "y", "x")
    assert image.shape() == (2, 1, 1, ROWS, COLUMNS)
    assert image.load_data().dtype == "uint16"
    assert image.attributes == {
        "drug": ("a", "b"),
        "dose": (3, 3),
        "empty": (None, None),
    }


@pytest.mark.parametrize(
    ("attributes", "message"),
    [({"a": [1, 2], "b": [1, 2, 3]}, "expected equally many"), ([1], "must map names")],
    ids=["lengths", "no mapping"],
)
def test_attributes_that_are_no_table(attributes: object, message: str) -> None:
    """Columns of different length, or no columns, are refused."""
    with pytest.raises(ValidationError, match=message):
        TiledImage(
            regions=(TileSlice.from_tile(make_tile()),),
            collection=B03,
            acquisition_details=DETAILS,
            attributes=attributes,
        )


def test_pixel_types_of_one_image_must_agree() -> None:
    """A type the image cannot hold is refused, never cut to fit."""
    wide = make_tile(fov_name="F2", start_x=40.0, image_loader=Ramp(dtype="uint32"))
    image = tiled_image_from_tiles(tiles=[make_tile(), wide])[0]
    with pytest.raises(SourceError, match="holds uint32 pixels, the image is uint16"):
        image.load_data()
    with pytest.raises(SourceError, match="Make the files one pixel type"):
        image.load_data_dask().compute()


def test_lazy_pixels_are_of_the_declared_number(sample: Sample) -> None:
    """A file or loader with more planes than declared is an error, lazily too."""
    np.save(sample.raw / "two.npy", np.zeros((2, ROWS, COLUMNS), np.uint16))
    for loader in (DefaultImageLoader(file_path="two.npy"), Ramp(planes=2)):
        tiles = [make_tile(image_loader=loader)]
        image = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)[0]
        with pytest.raises(SourceError, match="holds 2 planes, the tile declares 1"):
            image.load_data_dask().compute()
