"""Images written from Python, compared with numpy."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import zarr
from PIL import Image

from tests.unit.api_samples import (
    COLUMNS,
    DETAILS,
    GRID,
    ROWS,
    Sample,
    halve,
    make_sample,
)
from tiles2zarr import (
    AcquisitionDetails,
    CollectionInterface,
    ConverterOptions,
    DefaultImageLoader,
    FixedSizeChunking,
    ImageInPlate,
    ImageLoaderInterface,
    OmeZarrOptions,
    SingleImage,
    StartPosition,
    Tile,
    TiledImage,
    TileShape,
    add_collection_handler,
    build_default_registration_pipeline,
    build_dummy_tile,
    hcs_images_from_dataframe,
    setup_ome_zarr_collection,
    single_images_from_dataframe,
    tiled_image_creation_pipeline,
    tiled_image_from_tiles,
    write_tiled_image_as_zarr,
)
from tiles2zarr.api.registry import COLLECTIONS
from tiles2zarr.errors import ExtensionError, SourceError, StoreError


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Return the sample plate."""
    return make_sample(tmp_path)


@pytest.fixture
def images(sample: Sample) -> list[TiledImage]:
    """Return the images of the sample plate."""
    tiles = hcs_images_from_dataframe(
        tiles_table=sample.table, acquisition_details=DETAILS, plate_name="P1"
    )
    return tiled_image_from_tiles(
        tiles=tiles, converter_options=GRID, resource=sample.raw
    )


class Sevens(ImageLoaderInterface):
    """Two channels of three planes of 4 x 9 pixels, all 7."""

    def load_data(self, resource: str | None = None) -> np.ndarray:
        """Return the pixels as (c, z, y, x)."""
        return np.full((2, 3, 4, 9), 7, np.uint16)


def write(image: TiledImage, output: Path, **changes: object) -> None:
    """Write an image below the output, by the grid."""
    arguments: dict[str, object] = {"converter_options": GRID, **changes}
    write_tiled_image_as_zarr(
        zarr_url=f"{output}/{image.path}", tiled_image=image, **arguments
    )


def level(output: Path, path: str, number: int = 0) -> np.ndarray:
    """Return the pixels of a level."""
    return zarr.open_array(output / path / str(number), mode="r")[:]


def attributes(folder: Path) -> dict[str, object]:
    """Return the attributes of a group of OME-Zarr 0.4."""
    return json.loads((folder / ".zattrs").read_text())


def times(folder: Path) -> dict[str, int]:
    """Return when each file below a folder was changed."""
    return {
        str(path): path.stat().st_mtime_ns
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_plate_is_the_truth(
    images: list[TiledImage], sample: Sample, tmp_path: Path
) -> None:
    """Every level of every image is what numpy makes of the tiles."""
    output = tmp_path / "out"
    for image in images:
        write(image, output)
    setup_ome_zarr_collection(
        tiled_images=images, collection_type="ImageInPlate", zarr_dir=str(output)
    )
    for path, truth in sample.truth.items():
        expected = truth
        for number in range(5):
            found = level(output / "P1.zarr", path, number)
            np.testing.assert_array_equal(found, expected)
            expected = halve(expected)
    plate = attributes(output / "P1.zarr")["plate"]
    assert [well["path"] for well in plate["wells"]] == ["A/01", "B/03"]
    assert (len(plate["rows"]), len(plate["columns"])) == (8, 12)
    well = attributes(output / "P1.zarr/B/03")["well"]
    assert well["images"] == [{"path": "0", "acquisition": 0}]


def test_tables_of_a_plate(images: list[TiledImage], tmp_path: Path) -> None:
    """Fields stand where they were put, in world units, and tell where they were."""
    output = tmp_path / "out"
    for image in images:
        write(image, output)
    setup_ome_zarr_collection(
        tiled_images=images, collection_type="ImageInPlate", zarr_dir=str(output)
    )
    tables = output / "P1.zarr/A/01/0/tables"
    fovs = pd.read_csv(tables / "FOV_ROI_table/table.csv", index_col="FieldIndex")
    assert fovs.loc["FOV_2", "x_micrometer"] == 16.0
    assert fovs.loc["FOV_2", "x_micrometer_original"] == -986.0
    assert fovs.loc["FOV_2", "y_micrometer_original"] == -500.0
    assert fovs.loc["FOV_1", "len_z_micrometer"] == 4.0
    planes = pd.read_csv(tables / "plane_table/table.csv")
    assert len(planes) == 8
    assert planes["z_micrometer_original"].tolist() == [0.0, 2.0] * 4
    assert planes["x_micrometer_original"].tolist() == [-1000.0] * 4 + [-986.0] * 4
    plate = pd.read_csv(output / "P1.zarr/tables/condition_table/table.csv")
    assert plate["well"].tolist() == ["A01", "B03"]
    assert plate["drug"].tolist()[0] == "DMSO"
    assert plate["drug"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "mode",
    ["By Tile", "By FOV", "In Memory", "By FOV (Using Dask)", "By Tile (Using Dask)"],
)
def test_all_writer_modes_write_the_same(
    images: list[TiledImage], sample: Sample, tmp_path: Path, mode: str
) -> None:
    """The documented label of a mode chooses it; the pixels do not differ."""
    write(images[1], tmp_path / "out", writer_mode=mode)
    found = level(tmp_path / "out/P1.zarr", "B/03/0")
    np.testing.assert_array_equal(found, sample.truth["B/03/0"])


def test_version_and_chunks_are_the_options(
    images: list[TiledImage], sample: Sample, tmp_path: Path
) -> None:
    """Version 0.5, three levels and fixed chunks are what comes out."""
    options = GRID.replace(
        omezarr_options=OmeZarrOptions(
            ngff_version="0.5", num_levels=3, chunks=FixedSizeChunking(xy_chunk=16)
        )
    )
    output = tmp_path / "out"
    write(images[0], output, converter_options=options)
    group = json.loads((output / "P1.zarr/A/01/0/zarr.json").read_text())
    datasets = group["attributes"]["ome"]["multiscales"][0]["datasets"]
    assert [dataset["path"] for dataset in datasets] == ["0", "1", "2"]
    array = zarr.open_array(output / "P1.zarr/A/01/0/0", mode="r")
    assert array.chunks == (1, 1, 16, 16)
    np.testing.assert_array_equal(array[:], sample.truth["A/01/0"])


def test_a_second_call_touches_nothing(
    images: list[TiledImage], tmp_path: Path
) -> None:
    """The same image again leaves every file as it was, in every overwrite mode."""
    output = tmp_path / "out"
    write(images[0], output)
    before = times(output / "P1.zarr")
    for mode in ("No Overwrite", "Overwrite", "Extend"):
        write(images[0], output, overwrite_mode=mode)
    assert times(output / "P1.zarr") == before


def test_changed_pixels_are_written_again(
    images: list[TiledImage], sample: Sample, tmp_path: Path
) -> None:
    """A source that changed makes the image anew."""
    output = tmp_path / "out"
    write(images[0], output)
    np.save(sample.raw / "A1_f0_c0_z0.npy", np.full((ROWS, COLUMNS), 7, np.uint16))
    write(images[0], output)
    found = level(output / "P1.zarr", "A/01/0")
    assert (found[0, 0, :, :COLUMNS] == 7).all()
    np.testing.assert_array_equal(found[1], sample.truth["A/01/0"][1])


def test_a_foreign_image_is_not_touched(
    images: list[TiledImage], tmp_path: Path
) -> None:
    """What someone else put there is replaced by `Overwrite` only."""
    output = tmp_path / "out"
    zarr.open_group(output / images[0].path, mode="w", zarr_format=2)
    before = times(output)
    with pytest.raises(StoreError, match="was not made by this config"):
        write(images[0], output)
    assert times(output / images[0].path) == {
        path: time for path, time in before.items() if images[0].path in path
    }
    write(images[0], output, overwrite_mode="Overwrite")
    assert level(output, images[0].path).shape == (2, 2, ROWS, 2 * COLUMNS)


def test_a_source_that_is_not_as_declared(
    images: list[TiledImage], sample: Sample, tmp_path: Path
) -> None:
    """One plane of another size or type is an error that names the file; no image."""
    output = tmp_path / "out"
    np.save(sample.raw / "A1_f1_c1_z1.npy", np.zeros((1, COLUMNS), np.uint16))
    with pytest.raises(SourceError, match=r"A1_f1_c1_z1\.npy holds 1 x 32 pixels"):
        write(images[0], output)
    np.save(sample.raw / "A1_f1_c1_z1.npy", np.zeros((ROWS, COLUMNS), np.uint8))
    with pytest.raises(
        SourceError, match=r"uint16 pixels but .*A1_f1_c1_z1\.npy uint8"
    ):
        write(images[0], output)
    assert not (output / images[0].path).exists()


def test_holes_are_left_where_files_are_absent(
    images: list[TiledImage], sample: Sample, tmp_path: Path
) -> None:
    """With `on_missing: report` an absent file is a hole; the plane table says so."""
    (sample.raw / "A1_f1_c1_z1.npy").unlink()
    output = tmp_path / "out"
    write(images[0], output, converter_options=GRID.replace(on_missing="report"))
    expected = sample.truth["A/01/0"].copy()
    expected[1, 1, :, COLUMNS:] = 0
    np.testing.assert_array_equal(level(output, images[0].path), expected)
    table = output / images[0].path / "tables/plane_table/table.csv"
    planes = pd.read_csv(table)
    assert planes["status"].tolist() == ["ok"] * 7 + ["missing"]
    assert planes["x_micrometer_original"].tolist()[-1] == -986.0


def test_time_series_of_channels_with_holes(tmp_path: Path) -> None:
    """Channels 0 and 2 of three become 0 and 1, with their names; t is an axis."""
    rows, expected = [], np.zeros((2, 2, 1, ROWS, COLUMNS), np.uint16)
    for time, channel in np.ndindex(2, 2):
        value = 10 * time + channel + 1
        np.save(
            tmp_path / f"{time}{channel}.npy", np.full((ROWS, COLUMNS), value, "u2")
        )
        expected[time, channel] = value
        rows.append(
            {
                "file_path": f"{time}{channel}.npy",
                "image_path": "movie",
                "fov_name": "F1",
                "start_x": 0,
                "start_y": 0,
                "start_t": 30.0 * time,
                "start_c": 2 * channel,
                "length_x": COLUMNS,
                "length_y": ROWS,
            }
        )
    details = AcquisitionDetails(
        t_spacing=30, channels=[{"channel_label": name} for name in ("A", "B", "C")]
    )
    tiles = single_images_from_dataframe(
        tiles_table=pd.DataFrame(rows), acquisition_details=details
    )
    image = tiled_image_from_tiles(tiles=tiles, resource=tmp_path)[0]
    assert image.axes == ("t", "c", "z", "y", "x")
    write(image, tmp_path / "out")
    np.testing.assert_array_equal(level(tmp_path / "out", "movie.zarr"), expected)
    omero = attributes(tmp_path / "out/movie.zarr")["omero"]
    assert [channel["label"] for channel in omero["channels"]] == ["A", "C"]


def test_no_tiling_keeps_the_position_as_translation(
    sample: Sample, tmp_path: Path
) -> None:
    """Each field is an image at its stage position, the same on every level."""
    tiles = hcs_images_from_dataframe(
        tiles_table=sample.table, acquisition_details=DETAILS, plate_name="P1"
    )
    options = ConverterOptions(tiling_mode="No Tiling")
    images = tiled_image_from_tiles(
        tiles=tiles, converter_options=options, resource=sample.raw
    )
    second = images[1]
    write(second, tmp_path / "out", converter_options=options)
    truth = sample.truth["A/01/0"][..., COLUMNS:]
    np.testing.assert_array_equal(level(tmp_path / "out", second.path), truth)
    multiscale = attributes(tmp_path / "out" / second.path)["multiscales"][0]
    assert multiscale["name"] == "P1 A01 0 FOV_2"
    for dataset in multiscale["datasets"]:
        shift = dataset["coordinateTransformations"][1]["translation"]
        assert shift == [0.0, 0.0, -500.0, -986.0]


def test_any_place_will_do(images: list[TiledImage], tmp_path: Path) -> None:
    """An image may go to another path than its collection says."""
    place = tmp_path / "elsewhere/one.zarr"
    write_tiled_image_as_zarr(
        zarr_url=str(place), tiled_image=images[0], converter_options=GRID
    )
    assert zarr.open_array(place / "0", mode="r").shape == (2, 2, ROWS, 2 * COLUMNS)


def test_registration_and_writing_in_one(
    images: list[TiledImage], sample: Sample, tmp_path: Path
) -> None:
    """The pipeline of the call decides, not the options."""
    receipt = tiled_image_creation_pipeline(
        zarr_url=f"{tmp_path}/out/{images[0].path}",
        tiled_image=images[0],
        registration_pipeline=build_default_registration_pipeline(
            tiling_mode="Inplace"
        ),
        converter_options=GRID,
        writer_mode="By Tile",
        overwrite_mode="No Overwrite",
        resource=str(sample.raw),
    )
    assert receipt.levels[0].shape == (2, 2, ROWS, 60)
    assert len(receipt.sources.file) == 8


def dummy(collection: object, name: str = "F1", x: float = 0) -> Tile:
    """Return a made-up tile of 40 x 30 pixels and 2 planes."""
    return build_dummy_tile(
        fov_name=name,
        start=StartPosition(x=x),
        shape=TileShape(x=40, y=30, z=2),
        collection=collection,
        acquisition_details=AcquisitionDetails(),
    )


def test_loaders_of_ones_own_are_written(tmp_path: Path) -> None:
    """Pixels come from the loader of each tile, not from a file."""
    place = SingleImage(image_path="made/up")
    tiles = [dummy(place, "F1"), dummy(place, "F2", x=40)]
    image = tiled_image_from_tiles(tiles=tiles)[0]
    write(image, tmp_path / "out")
    found = level(tmp_path / "out", "made/up.zarr")
    assert found.shape == (1, 2, 30, 80)
    expected = [tile.image_loader.load_data()[0] for tile in tiles]
    np.testing.assert_array_equal(found, np.concatenate(expected, axis=-1))


class ByDrug(CollectionInterface):
    """Images in a folder per drug."""

    drug: str
    number: int

    def path(self) -> str:
        """Return the path of the image."""
        return f"{self.drug}/image{self.number}{self.suffix}.zarr"


@pytest.fixture
def handled() -> Iterator[list[str]]:
    """Return the paths that the handler of one's own was given."""
    seen: list[str] = []

    def setup(
        zarr_dir: str,
        tiled_images: list[TiledImage],
        ngff_version: str,
        overwrite_mode: str,
    ) -> None:
        seen.extend(f"{image.path} {ngff_version}" for image in tiled_images)

    add_collection_handler(function=setup, collection_type="ByDrug")
    yield seen
    COLLECTIONS.remove("ByDrug")


def test_collections_of_ones_own(handled: list[str], tmp_path: Path) -> None:
    """A class says the path; its handler sets up what is around the images."""
    image = tiled_image_from_tiles(tiles=[dummy(ByDrug(drug="Taxol", number=3))])[0]
    assert image.path == "Taxol/image3.zarr"
    write(image, tmp_path / "out")
    setup_ome_zarr_collection(
        tiled_images=[image], collection_type="ByDrug", zarr_dir=str(tmp_path / "out")
    )
    assert handled == ["Taxol/image3.zarr 0.4"]
    assert level(tmp_path / "out", "Taxol/image3.zarr").shape == (1, 2, 30, 40)
    with pytest.raises(ExtensionError, match="Did you mean 'ByDrug'"):
        setup_ome_zarr_collection(
            tiled_images=[image], collection_type="ByDrugs", zarr_dir=str(tmp_path)
        )


def test_no_path_leaves_the_output(tmp_path: Path) -> None:
    """A collection of one's own cannot lead out of the output folder."""
    with pytest.raises(ValueError, match=r"name '\.\.' must be"):
        tiled_image_from_tiles(tiles=[dummy(ByDrug(drug="..", number=1))])


def test_single_images_need_no_setup(tmp_path: Path) -> None:
    """Nothing is around single images."""
    image = tiled_image_from_tiles(tiles=[dummy(SingleImage(image_path="a"))])[0]
    setup_ome_zarr_collection(
        tiled_images=[image],
        collection_type="SingleImage",
        zarr_dir=str(tmp_path / "o"),
    )
    assert not (tmp_path / "o").exists()


def test_layout_holds_all_wells_that_were_planned(tmp_path: Path) -> None:
    """A well beyond 96 makes a plate of 384, before any image is there."""
    places = [ImageInPlate(plate_name="P", row=row, column=2) for row in ("A", "J")]
    images = tiled_image_from_tiles(tiles=[dummy(place) for place in places])
    write(images[0], tmp_path)
    setup_ome_zarr_collection(
        tiled_images=images, collection_type="ImageInPlate", zarr_dir=str(tmp_path)
    )
    plate = attributes(tmp_path / "P.zarr")["plate"]
    assert (len(plate["rows"]), len(plate["columns"])) == (16, 24)
    assert [well["path"] for well in plate["wells"]] == ["A/02"]


def test_swapped_axes_of_tiles_that_are_not_square(
    sample: Sample, tmp_path: Path
) -> None:
    """Fields along the stage's y lie along the image's x; pixels keep their shape."""
    swapped = sample.table.rename(columns={"start_x": "start_y", "start_y": "start_x"})
    details = DETAILS.replace(stage_corrections={"swap_xy": True})
    tiles = hcs_images_from_dataframe(
        tiles_table=swapped, acquisition_details=details, plate_name="P1"
    )
    image = tiled_image_from_tiles(
        tiles=tiles, converter_options=GRID, resource=sample.raw
    )[0]
    write(image, tmp_path / "out")
    found = level(tmp_path / "out", image.path)
    np.testing.assert_array_equal(found, sample.truth["A/01/0"])
    table = tmp_path / "out" / image.path / "tables/FOV_ROI_table/table.csv"
    fovs = pd.read_csv(table, index_col="FieldIndex")
    assert fovs.loc["FOV_2", "x_micrometer"] == 16.0
    assert fovs.loc["FOV_2", "y_micrometer_original"] == -986.0


def test_files_of_several_planes_and_of_colours(tmp_path: Path) -> None:
    """A file's planes are the tile's z; colours of a picture become channels."""
    stack = np.arange(3 * ROWS * COLUMNS, dtype=np.uint16).reshape(3, ROWS, COLUMNS)
    colours = np.arange(ROWS * COLUMNS * 3, dtype=np.uint16).astype(np.uint8)
    colours = colours.reshape(ROWS, COLUMNS, 3)
    np.save(tmp_path / "stack.npy", stack)
    Image.fromarray(colours).save(tmp_path / "colours.png")
    common = {"fov_name": "F", "start_x": 0, "start_y": 0}
    size = {"length_x": COLUMNS, "length_y": ROWS}
    rows = [
        {"file_path": "stack.npy", "image_path": "stack", "length_z": 3},
        {"file_path": "colours.png", "image_path": "colours", "length_z": 1},
    ]
    tiles = single_images_from_dataframe(
        tiles_table=pd.DataFrame([{**row, **common, **size} for row in rows]),
        acquisition_details=AcquisitionDetails(),
    )
    first, second = tiled_image_from_tiles(tiles=tiles, resource=tmp_path)
    assert [channel.channel_label for channel in first.channels] == [
        "red",
        "green",
        "blue",
    ]
    for image in (first, second):
        write(image, tmp_path / "out")
    expected = colours.transpose(2, 0, 1)[:, np.newaxis]
    np.testing.assert_array_equal(level(tmp_path / "out", "colours.zarr"), expected)
    np.testing.assert_array_equal(first.load_data(), expected)
    found = level(tmp_path / "out", "stack.zarr")
    np.testing.assert_array_equal(found, stack[np.newaxis])
    np.testing.assert_array_equal(second.load_data_dask().compute(), found)


def test_cycles_of_a_well_overlay(sample: Sample, tmp_path: Path) -> None:
    """With `offsets.xy: well` a cycle that lacks the first field keeps its place."""
    tiles = []
    for cycle, table in enumerate(
        (sample.table, sample.table[sample.table["fov_name"] == "FOV_2"])
    ):
        tiles += hcs_images_from_dataframe(
            tiles_table=table,
            acquisition_details=DETAILS,
            plate_name="P1",
            acquisition_id=cycle,
        )
    options = GRID.replace(alignment_correction={"offsets": {"xy": "well"}})
    images = tiled_image_from_tiles(
        tiles=tiles, converter_options=options, resource=sample.raw
    )
    for image in images[:2]:
        write(image, tmp_path / "out", converter_options=options)
    expected = sample.truth["A/01/0"].copy()
    expected[..., :COLUMNS] = 0
    found = level(tmp_path / "out/P1.zarr", "A/01/1")
    np.testing.assert_array_equal(found, expected)


def test_a_file_beside_other_loaders_keeps_its_axes(tmp_path: Path) -> None:
    """ImageJ saves channel after channel; beside a loader of one's own it counts too.

    Plane z of channel c is 10 c + z; the field next to it is all 7.
    """
    saved = np.array([[0, 10], [1, 11], [2, 12]], np.uint16)[..., None, None]
    planes = np.broadcast_to(saved, (3, 2, 4, 9))
    (tmp_path / "raw").mkdir()
    path = tmp_path / "raw/a.tif"
    tifffile.imwrite(path, planes, imagej=True, metadata={"axes": "ZCYX"})
    size = {"length_x": 9, "length_y": 4, "length_z": 3, "length_c": 2}
    place = ImageInPlate(plate_name="P1", row="B", column=3)
    loaders = (DefaultImageLoader(file_path="a.tif"), Sevens())
    tiles = [
        Tile(
            fov_name=f"F{number}",
            start_x=number * 4.5,
            start_y=0.0,
            collection=place,
            image_loader=loader,
            acquisition_details=DETAILS,
            **size,
        )
        for number, loader in enumerate(loaders)
    ]
    (image,) = tiled_image_from_tiles(
        tiles=tiles, converter_options=GRID, resource=tmp_path / "raw"
    )
    write(image, tmp_path / "out", resource=tmp_path / "raw")
    pixels = level(tmp_path / "out", image.path)
    assert pixels[:, :, 3, 8].tolist() == [[0, 1, 2], [10, 11, 12]]
    assert (pixels[:, :, :, 9:] == 7).all()
