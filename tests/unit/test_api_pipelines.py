"""From tables to registered images: frames, filters, checks, registration."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.api_samples import COLUMNS, DETAILS, GRID, ROWS, Sample, make_sample
from tiles2zarr import (
    AcquisitionDetails,
    AlignmentCorrections,
    ConverterOptions,
    FilterModel,
    RegexExcludeFilter,
    RegexIncludeFilter,
    RegistrationStep,
    SingleImage,
    Tile,
    TiledImage,
    ValidatorStep,
    WellExcludeFilter,
    WellIncludeFilter,
    add_filter,
    add_registration_func,
    add_validator,
    apply_filter_pipeline,
    apply_registration_pipeline,
    build_default_registration_pipeline,
    hcs_images_from_dataframe,
    single_images_from_dataframe,
    tiled_image_from_tiles,
    tiles_aggregation_pipeline,
)
from tiles2zarr.api.registry import FILTERS, REGISTRATION, VALIDATORS
from tiles2zarr.errors import (
    ConfigError,
    ExtensionError,
    RegistrationError,
    TableError,
)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """Return the sample plate."""
    return make_sample(tmp_path)


@pytest.fixture
def tiles(sample: Sample) -> list[Tile]:
    """Return the tiles of the sample plate."""
    return hcs_images_from_dataframe(
        tiles_table=sample.table, acquisition_details=DETAILS, plate_name="P1"
    )


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Take back what a test added by name."""
    yield
    for registry in (FILTERS, VALIDATORS, REGISTRATION):
        registry.remove("mine")


def test_a_table_becomes_a_tile_per_row(sample: Sample, tiles: list[Tile]) -> None:
    """Wells are normalised, attributes kept, blank cells are nulls."""
    before = sample.table.copy()
    assert len(tiles) == 16
    tile = tiles[8]
    assert tile.collection.path == "P1.zarr/B/03/0"
    assert tile.image_loader.file_path == "B3_f0_c0_z0.npy"
    assert (tile.start_x, tile.start_y, tile.length_x) == (-1000.0, -500.0, COLUMNS)
    assert tile.attributes == {"drug": (None,)}
    pd.testing.assert_frame_equal(sample.table, before)


def test_texts_and_numbers_of_a_table_are_read_alike(sample: Sample) -> None:
    """A frame read as text makes the same tiles as one read as numbers."""
    numbers = sample.table.drop(columns="drug")
    made = [
        hcs_images_from_dataframe(tiles_table=frame, acquisition_details=DETAILS)
        for frame in (numbers, numbers.astype(str))
    ]
    assert made[0] == made[1]
    assert made[0][0].collection.plate_name == "Plate"


def test_faults_of_a_table_are_told_together(sample: Sample) -> None:
    """The checks are those of every tile table, with row numbers."""
    broken = sample.table.assign(row=["A", "?", *["A"] * 14], lenght_z=1)
    broken.loc[3, "start_x"] = np.nan
    with pytest.raises(TableError) as caught:
        hcs_images_from_dataframe(tiles_table=broken, acquisition_details=DETAILS)
    text = str(caught.value)
    assert "row '?' is neither letters" in text
    assert "start_x is empty in table row 4" in text
    assert "column 'lenght_z' is nearly 'length_z'" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[:0], "it has no rows"),
        (lambda frame: frame.drop(columns=["row", "column"]), "needs the column 'row'"),
        (
            lambda frame: pd.concat([frame, frame["row"]], axis=1),
            "'row' stands 2 times",
        ),
    ],
    ids=["empty", "no wells", "twice"],
)
def test_tables_that_are_none(sample: Sample, change: object, message: str) -> None:
    """A frame without rows, wells, or with a column twice is refused."""
    with pytest.raises(TableError, match=message):
        hcs_images_from_dataframe(
            tiles_table=change(sample.table), acquisition_details=DETAILS
        )


def test_single_images_go_by_their_path(sample: Sample) -> None:
    """Tiles of one path make one image, conditions may be several rows."""
    frame = sample.table.drop(columns=["row", "column"])
    frame = frame.assign(image_path=["first"] * 8 + ["sub/second"] * 8)
    tiles = single_images_from_dataframe(tiles_table=frame, acquisition_details=DETAILS)
    assert tiles[0].collection == SingleImage(image_path="first")
    images = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)
    assert [image.path for image in images] == ["first.zarr", "sub/second.zarr"]
    with pytest.raises(TableError, match="needs the column 'image_path'"):
        single_images_from_dataframe(
            tiles_table=sample.table, acquisition_details=DETAILS
        )


FILTERED = [
    (WellIncludeFilter(wells=("b3",)), {"B/03"}, 8),
    (WellExcludeFilter(wells=("B03",)), {"A/01"}, 8),
    (RegexIncludeFilter(regex=r"_c1_"), {"A/01", "B/03"}, 8),
    (RegexExcludeFilter(regex=r"_c1_z1"), {"A/01", "B/03"}, 12),
    ({"kind": "attribute", "key": "drug", "values": [None]}, {"B/03"}, 8),
    ({"name": "FOV Name Filter", "regex": "2$"}, {"A/01", "B/03"}, 8),
]


@pytest.mark.parametrize(("chosen", "wells", "count"), FILTERED, ids=range(6))
def test_built_in_filters(
    tiles: list[Tile], chosen: object, wells: set[str], count: int
) -> None:
    """A filter takes its tiles and keeps their order."""
    taken = apply_filter_pipeline(tiles, filters_config=[chosen])
    assert len(taken) == count
    assert {tile.collection.image.rpartition("/")[0] for tile in taken} == wells
    assert taken == [tile for tile in tiles if tile in taken]


def test_filters_are_chained(tiles: list[Tile]) -> None:
    """Every filter must let a tile pass."""
    chain = [WellIncludeFilter(wells=("A1",)), RegexIncludeFilter(regex="z0")]
    assert len(apply_filter_pipeline(tiles, filters_config=chain)) == 4


def test_a_filter_may_leave_an_acquisition_empty(tiles: list[Tile]) -> None:
    """Only when nothing at all is left is it an error, which says the filter."""
    second = [t.replace(collection=t.collection.replace(acquisition=1)) for t in tiles]
    chosen = {"kind": "acquisition", "acquisitions": [1]}
    taken = apply_filter_pipeline([*tiles, *second], filters_config=[chosen])
    assert taken == second
    with pytest.raises(
        ConfigError, match=r"filters_config\[0\].*\n.*all of the last 16"
    ):
        apply_filter_pipeline(tiles, filters_config=[chosen])


def test_a_filter_that_does_not_apply_is_an_error(tiles: list[Tile]) -> None:
    """A misspelt attribute is no empty result."""
    chosen = {"kind": "attribute", "key": "drag", "values": ["DMSO"]}
    with pytest.raises(ConfigError, match="Did you mean 'drug'"):
        apply_filter_pipeline(tiles, filters_config=[chosen])


class Nth(FilterModel):
    """Takes one field."""

    name: str = "mine"
    field: str


def test_a_filter_of_ones_own(tiles: list[Tile]) -> None:
    """An added filter is asked tile by tile with its parameters."""

    def take(tile: Tile, filter_params: Nth) -> bool:
        return tile.fov_name == filter_params.field

    add_filter(function=take, name="mine")
    assert len(apply_filter_pipeline(tiles, filters_config=[Nth(field="FOV_2")])) == 8
    with pytest.raises(ExtensionError, match="no filter named 'mien'"):
        apply_filter_pipeline(tiles, filters_config=[Nth(name="mien", field="")])


def test_names_are_taken_once() -> None:
    """A second function of a name needs `overwrite`."""
    add_filter(function=len, name="mine")
    with pytest.raises(ExtensionError, match="a filter named 'mine' already"):
        add_filter(function=max, name="mine")
    add_filter(function=max, name="mine", overwrite=True)
    assert FILTERS.get("mine") is max
    with pytest.raises(ExtensionError, match="is no function"):
        add_filter(function="len", name="mine")


def test_validators_refuse_images(tiles: list[Tile], sample: Sample) -> None:
    """A check that raises ends the aggregation with its name and reason."""

    def at_most(image: TiledImage, fields: int) -> None:
        if len(image.group_by_fov()) > fields:
            raise ValueError(f"{image.path} has more than {fields} fields")

    add_validator(function=at_most, name="mine")
    arguments = {"converter_options": GRID, "resource": sample.raw}
    fine: ValidatorStep = {"name": "mine", "params": {"fields": 2}}
    images = tiles_aggregation_pipeline(tiles, validators=[fine], **arguments)
    assert len(images) == 2
    strict: ValidatorStep = {"name": "mine", "params": {"fields": 1}}
    with pytest.raises(ExtensionError, match=r"'mine' failed: ValueError: P1\.zarr"):
        tiles_aggregation_pipeline(tiles, validators=[strict], **arguments)


def test_no_tiles_make_no_images() -> None:
    """An empty list is an empty list."""
    assert tiles_aggregation_pipeline([], converter_options=GRID) == []


def test_grid_closes_the_overlap(tiles: list[Tile], sample: Sample) -> None:
    """Registered, the second field begins at 32 px = 16 um; the image is the truth."""
    image = tiles_aggregation_pipeline(
        tiles, converter_options=GRID, resource=sample.raw
    )[1]
    placed = apply_registration_pipeline(
        image, build_default_registration_pipeline(tiling_mode="Snap to Grid")
    )
    assert placed.regions[4].roi.get("x").start == 16.0
    assert placed.regions[0].roi.get("x").start == 0.0
    assert placed.regions[4].roi.x_micrometer_original == -986.0
    np.testing.assert_array_equal(placed.load_data(), sample.truth["B/03/0"])
    assert not image.registered
    assert image.regions[4].roi.get("x").start == -986.0
    with pytest.raises(RegistrationError, match="is registered"):
        placed.add_tile(tiles[8])


def test_inplace_leaves_the_overlap(tiles: list[Tile], sample: Sample) -> None:
    """Inplace, the second field begins at 28 px, 4 px over the first."""
    image = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)[0]
    placed = apply_registration_pipeline(
        image, build_default_registration_pipeline(tiling_mode="Inplace")
    )
    assert placed.regions[4].roi.get("x").start == 14.0
    assert placed.shape() == (2, 2, ROWS, 60)


def test_the_pitch_is_that_of_the_acquisition(sample: Sample) -> None:
    """A well that lacks the middle field keeps its place, as decided for all wells."""
    frame = sample.table[sample.table["start_c"].eq(0) & sample.table["start_z"].eq(0)]
    third = frame[frame["fov_name"] == "FOV_2"].assign(fov_name="FOV_3")
    third = third.assign(start_x=third["start_x"] + 14.0)
    gap = (frame["row"] == "B") & (frame["fov_name"] == "FOV_2")
    table = pd.concat([frame[~gap], third])
    tiles = hcs_images_from_dataframe(
        tiles_table=table, acquisition_details=DETAILS, plate_name="P1"
    )
    images = tiled_image_from_tiles(
        tiles=tiles, converter_options=GRID, resource=sample.raw
    )
    steps = build_default_registration_pipeline(tiling_mode="Snap to Grid")
    placed = [apply_registration_pipeline(image, steps) for image in images]
    starts = [[r.roi.get("x").start for r in image.regions] for image in placed]
    assert starts == [[0.0, 16.0, 32.0], [0.0, 32.0]]


def test_plates_do_not_share_their_wells(tiles: list[Tile], sample: Sample) -> None:
    """A well of another plate, at other positions, is no origin of this one."""
    other = [
        tile.replace(
            collection=tile.collection.replace(plate_name="P0"),
            start_x=tile.start_x - 5000.0,
        )
        for tile in tiles
    ]
    images = tiled_image_from_tiles(tiles=[*tiles, *other], resource=sample.raw)
    origins = {image.path: image.well_origin for image in images}
    assert origins["P0.zarr/A/01/0"] == (-500.0, -6000.0)
    assert origins["P1.zarr/A/01/0"] == (-500.0, -1000.0)


def test_no_tiling_makes_an_image_per_field(tiles: list[Tile], sample: Sample) -> None:
    """Each field is an image whose translation is the field's stage position."""
    images = tiled_image_from_tiles(
        tiles=tiles, split_per_fov=True, resource=sample.raw
    )
    ends = [
        f"0FOV{n}{hashlib.sha256(f'FOV_{n}'.encode()).hexdigest()[:6]}" for n in (1, 2)
    ]
    assert [image.path for image in images] == [
        f"P1.zarr/{well}/{end}" for well in ("A/01", "B/03") for end in ends
    ]
    placed = apply_registration_pipeline(
        images[1], build_default_registration_pipeline()
    )
    assert placed.translation == (0.0, -500.0, -986.0)
    assert placed.shape() == (2, 2, ROWS, COLUMNS)


def test_a_mosaic_cannot_be_split_later(tiles: list[Tile], sample: Sample) -> None:
    """No Tiling for an image of two fields says to aggregate with that option."""
    image = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)[0]
    steps = build_default_registration_pipeline(tiling_mode="No Tiling")
    with pytest.raises(RegistrationError, match="has 2 fields of view"):
        apply_registration_pipeline(image, steps)


def test_alignment_moves_every_field_to_its_own_first_plane(sample: Sample) -> None:
    """With align_z a field that begins 4 um higher begins at plane 0, too."""
    high = sample.table["fov_name"] == "FOV_2"
    table = sample.table.assign(start_z=sample.table["start_z"] + 4.0 * high)
    tiles = hcs_images_from_dataframe(tiles_table=table, acquisition_details=DETAILS)
    image = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)[0]
    depths = [
        apply_registration_pipeline(
            image,
            build_default_registration_pipeline(AlignmentCorrections(align_z=align)),
        ).shape()[1]
        for align in (False, True)
    ]
    assert depths == [4, 2]


def test_a_registration_step_of_ones_own(tiles: list[Tile], sample: Sample) -> None:
    """An added step runs where it stands in the pipeline, with its parameters."""

    def shift(image: TiledImage, by_um: float) -> TiledImage:
        moved = [
            region.replace(roi=region.roi.move_to(x=region.roi.get("x").start + by_um))
            for region in image.regions
        ]
        return image.replace(regions=tuple(moved))

    add_registration_func(function=shift, name="mine")
    own: RegistrationStep = {"name": "mine", "params": {"by_um": 3.0}}
    default = build_default_registration_pipeline(tiling_mode="Snap to Grid")
    image = tiled_image_from_tiles(
        tiles=tiles, converter_options=GRID, resource=sample.raw
    )[0]
    before = apply_registration_pipeline(image, [own, *default])
    after = apply_registration_pipeline(image, [*default, own])
    assert before.regions[0].roi.get("x").start == 0.0
    assert after.regions[0].roi.get("x").start == 3.0


def test_a_registration_step_must_return_an_image(tiles: list[Tile]) -> None:
    """What is no image is refused by the name of the step."""
    add_registration_func(function=lambda image: None, name="mine")
    image = tiled_image_from_tiles(tiles=tiles)[0]
    with pytest.raises(ExtensionError, match="'mine' returned NoneType"):
        apply_registration_pipeline(image, [{"name": "mine", "params": {}}])
    with pytest.raises(ExtensionError, match="Did you mean 'mine'"):
        apply_registration_pipeline(image, [{"name": "mien", "params": {}}])


def test_two_files_for_one_place_are_a_fault_of_their_image(sample: Sample) -> None:
    """The other well goes on; the image with the fault says both files."""
    twice = sample.table.iloc[[0]].assign(file_path="A1_f0_c0_z1.npy")
    tiles = hcs_images_from_dataframe(
        tiles_table=pd.concat([sample.table, twice]), acquisition_details=DETAILS
    )
    bad, good = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)
    steps = build_default_registration_pipeline()
    with pytest.raises(RegistrationError, match="stand for one place"):
        apply_registration_pipeline(bad, steps)
    assert apply_registration_pipeline(good, steps).registered


def test_conditions_come_from_attributes_and_table(
    sample: Sample, tmp_path: Path
) -> None:
    """The acquisition's condition table is joined; several values make several rows."""
    path = tmp_path / "dose.csv"
    path.write_text("row,column,dose\nA,1,0.5\nB,3,\n")
    details = DETAILS.replace(condition_table_path=str(path))
    tiles = hcs_images_from_dataframe(
        tiles_table=sample.table, acquisition_details=details
    )
    images = tiled_image_from_tiles(tiles=tiles, resource=sample.raw)
    assert images[0].attributes == {"drug": ("DMSO",), "dose": (0.5,)}
    several = [t.replace(attributes={"drug": ("a", "b")}) for t in tiles]
    images = tiled_image_from_tiles(tiles=several, resource=sample.raw)
    assert images[1].attributes == {"drug": ("a", "b"), "dose": (None, None)}


def test_twenty_thousand_rows_take_seconds() -> None:
    """Nothing in the Python path grows faster than the table."""
    count = 20_000
    number = np.arange(count)
    table = pd.DataFrame(
        {
            "file_path": [f"{n}.tif" for n in number],
            "row": (number // 200) % 8 + 1,
            "column": number // 1600 + 1,
            "fov_name": [f"F{n % 100}" for n in number],
            "start_x": (number % 100 // 10) * 640.0,
            "start_y": (number % 10) * 480.0,
            "start_c": number // 100 % 2,
            "length_x": 640,
            "length_y": 480,
        }
    )
    tiles = hcs_images_from_dataframe(
        tiles_table=table, acquisition_details=AcquisitionDetails(), plate_name="P"
    )
    images = tiled_image_from_tiles(tiles=tiles, converter_options=ConverterOptions())
    assert len(images) == 100
    assert sum(len(image.regions) for image in images) == count
