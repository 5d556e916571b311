"""Every model of the state survives its JSON: ``load(dump(m)) == m``, byte for byte."""

import importlib
import json
import math
import pkgutil
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles2zarr import models
from tiles2zarr.checkpoints import parse_json, to_bytes
from tiles2zarr.models.acquisition import (
    AcquisitionDetails,
    ChannelInfo,
    DataTypeEnum,
    StageOrientation,
)
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.collection import ImageInPlate, SingleImage
from tiles2zarr.models.decisions import (
    AcquisitionDecision,
    CornerTiling,
    Decisions,
    GridTiling,
    InplaceTiling,
    NoTiling,
)
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.growing import ReadAcquisition, Waiting
from tiles2zarr.models.image import (
    BoxColumns,
    ConditionRow,
    FieldOfView,
    PlaneColumns,
    RegisteredImage,
    SourceStats,
    TiledImage,
)
from tiles2zarr.models.loader import CustomLoader, FileLoader
from tiles2zarr.models.plan import (
    AcquisitionEntry,
    Batch,
    BatchOutcome,
    ImageEntry,
    Outcome,
    Plan,
)
from tiles2zarr.models.receipt import (
    ChannelStats,
    ChunkColumns,
    Histogram,
    HoleColumns,
    LevelReceipt,
    Receipt,
    SourceColumns,
)
from tiles2zarr.models.tabled import Tabled
from tiles2zarr.models.tiles import Columns, TileColumns
from tiles2zarr.models.well import PlateLayout

WELL = ImageInPlate(plate_name="P1", row="AF", column=48, acquisition=2, suffix="F1")
SINGLE = SingleImage(image_path="day 1/embryo", suffix="_F1")
CHANNELS = (
    ChannelInfo(channel_label="DAPI", wavelength_id="405", colors="0000FF"),
    ChannelInfo(channel_label="Cy5"),
)
DETAILS = AcquisitionDetails(
    pixelsize=0.65,
    z_spacing=2.5,
    t_spacing=30,
    start_z_coo="pixel",
    length_x_coo="world",
    channels=CHANNELS,
    axes="tczyx",
    data_type=DataTypeEnum.UINT16,
    condition_table_path="layout.csv",
    stage_corrections=StageOrientation(flip_y=True, swap_xy=True),
)
LOADER = CustomLoader(
    function="my.readers:read", options={"gain": 2.0, "dark": None, "raw": True}
)
TILES = TileColumns(
    file=("a.tif", "b é.tif", "c.tif"),
    plane=(0, 0, 1),
    fov=("1", "2", "2"),
    x=(-1000.5, 0.0, 0.0),
    y=(0.1, 0.2, 0.30000000000000004),
    z=(0.0, 0.0, 0.0),
    t=(1e12, 0.0, 0.0),
    c=(0, 1, 1),
    len_x=(30, 30, 30),
    len_y=(20, 20, 20),
    len_z=(1, 1, 1),
    len_c=(1, 1, 1),
    len_t=(1, 1, 1),
    status=("ok", "missing", "error"),
    z_um=(5.5, None, 6.5),
    exposure_s=(0.1, 0.1, 0.1),
)
BOXES = BoxColumns(
    file=("a.tif", "b.tif"),
    plane=(0, 0),
    fov=("1", "2"),
    t=(0, 0),
    c=(0, 0),
    z=(0, 1),
    y=(0, 0),
    x=(0, 30),
    len_t=(1, 1),
    len_c=(1, 1),
    len_z=(1, 1),
    len_y=(20, 20),
    len_x=(30, 30),
)
PLANES = PlaneColumns(
    fov=("1", "2"),
    c=(0, 0),
    z=(0, 1),
    t=(0, 0),
    time_s=(None, 12.5),
    x_um=(0.0, 19.5),
    y_um=(0.0, 0.0),
    z_um=(1.5, 1.5),
    exposure_s=(None, None),
    file=("a.tif", ""),
    status=("ok", "missing"),
)
FIELD = FieldOfView(
    name="1",
    start=(0, 0, 0, 30),
    shape=(1, 2, 20, 30),
    x_original=19.5,
    y_original=-3.25,
    z_original=0.0,
    moved_px=(0.0, -1.5),
)
FINDING = Finding(
    code="missing_planes",
    severity="error",
    message="2 planes are missing.",
    count=2,
    images=("B/03/0",),
    files=("a.tif",),
    rows=(1, 7),
    wells=("B03",),
)
STATS = SourceStats(file=("a.tif", "b.tif"), size=(-1, 9), mtime_ns=(0, 17 * 10**17))
ROWS = (
    ConditionRow(fov="1", values={"drug": "DMSO", "dose": 0.5, "control": True}),
    ConditionRow(values={"drug": None, "dose": 1, "control": False}),
)
TILED = TiledImage(
    collection=WELL,
    acquisition=DETAILS,
    acquisition_id=2,
    resource="s3://bucket/raw",
    loader=LOADER,
    tiles=TILES,
    conditions=ROWS,
    dtype="uint16",
    fault="Two files for one place.",
)
REGISTERED = RegisteredImage(
    collection=SINGLE,
    name="embryo",
    axes="zyx",
    shape=(1, 1, 2, 20, 60),
    tile_shape=(20, 30),
    dtype="uint16",
    levels=2,
    boxes=BOXES,
    fovs=(FIELD,),
    channels=CHANNELS,
    pixel_size=(30.0, 2.5, 0.65, 0.65),
    translation=(0.0, -3.25, 19.5),
    planes=PLANES,
    key="0f" * 32,
    sources=STATS,
    conditions=ROWS,
    findings=(FINDING,),
)
TILINGS = {
    0: GridTiling(pitch=(20.5, 30.25), tolerance=1.0),
    1: CornerTiling(),
    2: InplaceTiling(),
    3: NoTiling(),
}
DECISIONS = {
    number: AcquisitionDecision(
        axes="czyx",
        levels=3,
        tiling=tiling,
        reason="The fields lie on a grid.",
        requested="ab" * 32,
        channels=(0, 2),
        canvas=(1, 2, 1, 20, 60),
    )
    for number, tiling in TILINGS.items()
}
LEVEL = LevelReceipt(
    path="0",
    shape=(2, 1, 20, 60),
    chunks=ChunkColumns(
        key=("0/0/0/0", "1/0/0/0"), size=(9, 9), digest=("0" * 16, "f" * 16)
    ),
)
CHANNEL = ChannelStats(
    histogram=Histogram(start=-0.5, width=1.0, counts=(3, 0, 7)),
    minimum=0,
    maximum=2,
    saturated=0.25,
    mean=1.4,
    background=0.5,
    vignetting=0.875,
    light=(1.5, 1.25),
    focus=1.5,
    z_mean=(1.0, None, 1.8),
    z_focus=(0.5, None, 1.5),
    t_mean=(1.5, 1.3),
)
SOURCES = SourceColumns(
    file=("a.tif", "b.tif"), size=(9, 9), mtime_ns=(1, 2), digest=("0", "f")
)
EXAMPLES: tuple[Frozen, ...] = (
    HoleColumns(file=("a.tif",), plane=(2,)),
    WELL,
    SINGLE,
    *CHANNELS,
    DETAILS,
    AcquisitionDetails(),
    DETAILS.stage_corrections,
    LOADER,
    FileLoader(),
    TILES,
    BOXES,
    PLANES,
    FIELD,
    FINDING,
    STATS,
    *ROWS,
    TILED,
    REGISTERED,
    *TILINGS.values(),
    *DECISIONS.values(),
    Decisions(acquisitions=DECISIONS, block=(2, 3), jobs="auto"),
    LEVEL,
    LEVEL.chunks,
    CHANNEL,
    CHANNEL.histogram,
    SOURCES,
    Receipt(
        collection=WELL,
        pixels="a",
        geometry="b",
        metadata="c",
        levels=(LEVEL,),
        labels=("DAPI", "Cy5"),
        channels=(CHANNEL, CHANNEL),
        sources=SOURCES,
    ),
    Tabled(key="k", conditions=({"row": "B", "dose": 0.5},), fovs=({"n": None},)),
    PlateLayout(rows=32, columns=48),
    Batch(
        images={"B/03/0": "ab" * 32},
        decisions=DECISIONS,
        sources={"raw": ("a.tif", "b.tif")},
        origins={"B/03/0": (-3.25, 19.5)},
        source_bytes=1200,
        mem_mb=500,
        threads=2,
    ),
    Outcome(status="blocked", digest="d", error="Labels stand in the way."),
    BatchOutcome(images={"B/03/0": Outcome(status="done")}, findings=(FINDING,)),
    AcquisitionEntry(
        id=0, name="cycle 1", description="é", start_time=0, end_time=17 * 10**11
    ),
    ReadAcquisition(
        options="ab" * 32,
        entry=AcquisitionEntry(id=0, name="cycle 1"),
        layout=PlateLayout(rows=16, columns=24),
        findings=(FINDING,),
        indexes=("raw/Index.xml",),
    ),
    Waiting(files={0: ("raw/a.tif",), 2: ()}),
    ImageEntry(
        batch="r0c0",
        acquisition=1,
        well="B03",
        path="P1.zarr/B/03/1",
        shape=(1, 2, 1, 20, 60),
        planes=4,
    ),
    Plan(
        name="P1",
        kind="plate",
        layout=PlateLayout(rows=8, columns=12),
        acquisitions=(AcquisitionEntry(id=0),),
        images={
            "B/03/0": ImageEntry(
                batch="r0c0", path="P1.zarr/B/03/0", shape=(1,) * 5, planes=1
            )
        },
        batches=("r0c0",),
        expected_bytes=2400,
        expected_files=9,
        findings=(FINDING,),
    ),
)


def _every_model() -> Iterator[type[Frozen]]:
    """Yield every model that a JSON file can hold a part of."""
    bases = {Frozen, Columns}
    for module in pkgutil.iter_modules(models.__path__):
        found = importlib.import_module(f"tiles2zarr.models.{module.name}")
        for value in vars(found).values():
            model = isinstance(value, type) and issubclass(value, Frozen)
            if model and value not in bases and value.__module__ == found.__name__:
                yield value


def _name(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("model", EXAMPLES, ids=_name)
def test_a_model_survives_its_json(model: Frozen) -> None:
    """A model read from its JSON is equal, and gives the same bytes again."""
    raw = to_bytes(model)
    again = parse_json(raw, type(model), "example.json")
    assert again == model
    assert to_bytes(again) == raw


def test_every_model_has_an_example() -> None:
    """No model of the state is left out of the round trip."""
    assert {type(example) for example in EXAMPLES} == set(_every_model())


@pytest.mark.parametrize("model", EXAMPLES, ids=_name)
def test_a_model_refuses_what_it_does_not_know(model: Frozen) -> None:
    """An unknown field is an error, not a field that is dropped."""
    plain = json.loads(to_bytes(model))
    with pytest.raises(ValueError, match="strangeField"):
        type(model).model_validate(plain | {"strangeField": 1})


@pytest.mark.parametrize("model", EXAMPLES, ids=_name)
def test_a_model_cannot_be_changed(model: Frozen) -> None:
    """Assigning to a field of a model is an error."""
    name = next(iter(type(model).model_fields))
    with pytest.raises(ValueError, match="frozen"):
        setattr(model, name, getattr(model, name))


def test_the_tag_of_a_union_is_kept() -> None:
    """Collections, loaders and tilings come back as the variant they were."""
    tiled = parse_json(to_bytes(TILED), TiledImage, "t")
    registered = parse_json(to_bytes(REGISTERED), RegisteredImage, "r")
    assert type(tiled.collection) is ImageInPlate
    assert type(tiled.loader) is CustomLoader
    assert type(registered.collection) is SingleImage
    assert type(registered.loader) is FileLoader


def test_schema_is_written_by_its_short_name() -> None:
    """The version of a file's format stands under ``schema``."""
    assert json.loads(to_bytes(TILED))["schema"] == 1


texts = st.text(max_size=8)
names = st.text(min_size=1, max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(min_value=0, max_value=2**40)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | finite | texts


@st.composite
def _tile_columns(draw: st.DrawFn) -> TileColumns:
    rows = draw(st.integers(0, 6))

    def column(cells: st.SearchStrategy[object]) -> tuple[object, ...]:
        several = st.lists(cells, min_size=rows, max_size=rows)
        return tuple(draw(several | cells.map(lambda cell: [cell] * rows)))

    drawn: dict[str, object] = {}
    for name, field in TileColumns.model_fields.items():
        if name in ("file", "fov"):
            drawn[name] = column(texts)
        elif name in ("x", "y", "z", "t"):
            drawn[name] = column(finite)
        elif name == "status":
            drawn[name] = column(st.sampled_from(["ok", "missing", "error"]))
        elif not field.is_required():
            given_at_all = draw(st.booleans())
            drawn[name] = column(st.none() | finite) if given_at_all else None
        else:
            drawn[name] = column(counts)
    return TileColumns.model_validate(drawn)


@given(_tile_columns())
def test_tiles_survive_their_json(tiles: TileColumns) -> None:
    """Any tiles come back with the same rows, constant columns and nulls included."""
    again = parse_json(to_bytes(tiles), TileColumns, "tiles.json")
    assert again == tiles
    assert len(again) == len(tiles)


@given(st.dictionaries(names, scalars, max_size=5), st.none() | texts)
def test_conditions_survive_their_json(
    values: dict[str, str | int | float | bool | None], fov: str | None
) -> None:
    """Condition values keep their type: ``"1"``, 1, 1.0 and true stay apart."""
    row = ConditionRow(fov=fov, values=values)
    again = parse_json(to_bytes(row), ConditionRow, "row.json")
    assert again == row
    assert [type(value) for value in again.values.values()] == [
        type(values[name]) for name in again.values
    ]


@given(
    st.sampled_from([0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]) | finite,
    st.sampled_from([-1, 1]),
)
def test_positions_survive_to_the_last_bit(value: float, sign: int) -> None:
    """A position comes back as the very same double."""
    field = FIELD.replace(x_original=sign * value)
    again = parse_json(to_bytes(field), FieldOfView, "field.json")
    assert again.x_original == sign * value
    assert math.copysign(1, again.x_original) == math.copysign(1, sign * value)
