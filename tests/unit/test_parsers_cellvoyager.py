"""CellVoyager measurements: real plates, places of planes, details, findings."""

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.unit.cellvoyager_samples import (
    channel,
    codes,
    detail,
    finding,
    image,
    protocol,
    write_measurement,
)
from tiles2zarr.demo.plate import make_demo
from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import ChannelInfo, StageOrientation
from tiles2zarr.models.well import PlateLayout, parse_well
from tiles2zarr.parsers.cellvoyager import parse
from tiles2zarr.parsers.records import check_table

MINIMAL = "CV8000-Minimal-DataSet-2C-3W-4S-FP2-stack"
CARDIO = "20200812-CardiomyocyteDifferentiation14-Cycle1"


def test_cv8000_plate(real_data: Path) -> None:
    """The CV8000 plate has 3 wells of 4 fields, 2 channels and 4 planes 3 um apart."""
    parsed = parse(str(real_data / "yokogawa/cv8000-minimal" / MINIMAL))
    table = parsed.table
    check_table(table, (), "cellvoyager")
    assert len(table) == 96
    wells = {(3, 7), (4, 2), (5, 7)}
    assert set(zip(table["row"], table["column"], strict=True)) == wells
    assert set(table["fov"]) == {"1", "2", "3", "4"}
    assert (
        (table.groupby(["row", "column", "fov", "c"])["z"].apply(list))
        .map(lambda z: z == [0, 1, 2, 3])
        .all()
    )
    assert set(table["t"]) == {0.0}
    assert set(table["len_x"]) == set(table["len_y"]) == {2000.0}
    assert (table["status"] == "ok").all()
    assert set(table["exposure_s"]) == {0.1}
    last = table.iloc[-1]
    assert last["file"] == f"{MINIMAL}_F08_T0001F004L01A02Z04C02.tif"
    assert (last["x"], last["y"], last["z_um"]) == (82.8, -247.0, 9.0)


def test_cv8000_details(real_data: Path) -> None:
    """Names, colours and lasers come from the .mes, the plate of 8 x 12 from .wpi."""
    parsed = parse(str(real_data / "yokogawa/cv8000-minimal" / MINIMAL))
    details = parsed.details
    assert details.channels == (
        ChannelInfo(channel_label="405", wavelength_id="405", colors="002FFF"),
        ChannelInfo(channel_label="488", wavelength_id="488", colors="00FFA1"),
    )
    assert parsed.channel_ids == ("1", "2")
    assert (details.pixelsize, details.z_spacing) == (0.325, 3.0)
    assert (details.start_z_coo, details.start_t_coo) == ("pixel", "pixel")
    assert details.stage_corrections == StageOrientation(flip_y=True)
    assert parsed.layout == PlateLayout(rows=8, columns=12)
    assert parsed.plate_name == parsed.name == MINIMAL
    assert parsed.description == "Default Plate Information"
    assert (parsed.start_time, parsed.end_time) == (1695038319401, 1695038355966)
    assert parsed.extras["instrument"] == "CV8000 R2.06.03"
    other = finding(parsed, "other_files")
    assert other.count == 8
    assert "2 dark corrections (DC_)" in other.message
    assert "4 shading corrections (SC_)" in other.message
    assert codes(parsed) == {"other_files"}


@pytest.mark.parametrize("place", ["", MINIMAL, f"{MINIMAL}/MeasurementData.mlf"])
def test_path_may_be_folder_above_or_index(real_data: Path, place: str) -> None:
    """The folder above and the index name the same measurement as its folder."""
    root = real_data / "yokogawa/cv8000-minimal"
    assert parse(str(root / place)).resource == str(root / MINIMAL)


def test_cv7000_plate_tells_the_truth_per_tile(real_data: Path) -> None:
    """Every tile of the CV7000 plate lies where world.csv says; its time point 2 is 0.

    Without a .mes, channels are called by the filter of their shading correction.
    """
    folder = real_data / "yokogawa/cv7000-hipsc-2x2"
    parsed = parse(str(folder))
    with (folder / "world.csv").open() as file:
        world = {row["file"]: row for row in csv.DictReader(file)}
    assert len(parsed.table) == len(world) == 48
    for tile in parsed.table.itertuples():
        truth = world[tile.file]
        assert (tile.row, tile.column) == parse_well(truth["well"])
        assert tile.fov == truth["field"]
        assert (tile.c, tile.z) == (int(truth["ch"]) - 1, int(truth["z"]) - 1)
        assert tile.t == 0
        assert (tile.x, tile.y) == (
            float(truth["stage_x_um"]),
            float(truth["stage_y_um"]),
        )
        size = float(truth["width"]), float(truth["height"])
        assert (tile.len_x, tile.len_y) == size
    assert (parsed.details.pixelsize, parsed.details.z_spacing) == (1.3, 1.0)
    assert [c.channel_label for c in parsed.details.channels or ()] == [
        "BP445-45",
        "BP675-30",
        "BP525-50",
    ]
    assert finding(parsed, "channels_unnamed").count == 3


def test_png_plate(real_data: Path) -> None:
    """The PNG plate has two fields of one plane, 416 um apart: no z spacing known."""
    parsed = parse(str(real_data / "yokogawa/cv7000-hipsc-real-png"))
    assert list(parsed.table["file"]) == [
        f"{CARDIO}_B03_T0001F001L01A01Z01C01.png",
        f"{CARDIO}_B03_T0001F002L01A01Z01C01.png",
    ]
    assert np.diff(parsed.table["x"])[0] == pytest.approx(416.0)
    assert parsed.details.z_spacing == 1.0


def test_demo_plate(tmp_path: Path) -> None:
    """The demo reads back: 3 wells, 6 fields, 2 channels, 3 planes on a 4 x 6 plate."""
    measurement = make_demo(tmp_path / "demo")
    parsed = parse(str(tmp_path / "demo"))
    assert len(parsed.table) == len(measurement.records) == 108
    assert parsed.layout == PlateLayout(rows=4, columns=6)
    labels = [c.channel_label for c in parsed.details.channels or ()]
    assert labels == ["DAPI", "GFP"]
    assert parsed.details.z_spacing == 2.0
    assert parsed.findings == ()


def test_rows_come_by_well_time_field_channel_plane(tmp_path: Path) -> None:
    """Planes are sorted by the numbers of the index, whatever their order in it."""
    places = [
        (well, t, field, ch, z)
        for well in ((1, 12), (2, 3))
        for t in (1, 3)
        for field in (2, 10)
        for ch in (1, 2)
        for z in (1, 2)
    ]
    records = [
        image(well, field, z, ch, t, xy=(field * 100.0, 0.0))
        for well, t, field, ch, z in reversed(places)
    ]
    table = parse(str(write_measurement(tmp_path, records))).table
    columns = ["row", "column", "t", "fov", "c", "z"]
    assert list(table[columns].itertuples(index=False, name=None)) == [
        (row - 1, column - 1, t // 2, str(field), ch - 1, z - 1)
        for (row, column), t, field, ch, z in places
    ]
    assert list(table["source_row"]) == list(range(32, 0, -1))


def test_channels_keep_their_identity(tmp_path: Path) -> None:
    """Channels 3, 4 and 1 without 2 stay three with their own names and ids."""
    mes = protocol(
        {"Ch": 1, "Target": "DAPI", "Color": "#FF0000FF", "ExposureTime": 50},
        {"Ch": 2, "Target": "GFP"},
        {"Ch": 3, "Fluorophore": "Cy3", "ExposureTime": 200},
        {"Ch": 4, "Acquisition": "BP676/29"},
    )
    records = [image(ch=ch, action=n) for n, ch in enumerate((3, 4, 1), start=1)]
    parsed = parse(str(write_measurement(tmp_path, records, mes=mes)))
    assert parsed.channel_ids == ("1", "3", "4")
    labels = [(c.channel_label, c.colors) for c in parsed.details.channels or ()]
    assert labels == [("DAPI", "0000FF"), ("Cy3", None), ("BP676/29", None)]
    assert list(parsed.table["c"]) == [0, 1, 2]
    exposures = parsed.table["exposure_s"].to_numpy()
    np.testing.assert_array_equal(exposures, [0.05, 0.2, np.nan])


def test_sparse_times_and_channels(tmp_path: Path) -> None:
    """Time points are numbered over the acquisition: 2, 5 and 8 become 0, 1 and 2."""
    records = [
        image((2, 3), ch=1, t=2),
        image((2, 3), ch=3, t=8),
        image((4, 3), ch=3, t=5),
        image((4, 3), ch=3, t=8),
    ]
    parsed = parse(str(write_measurement(tmp_path, records)))
    table = parsed.table
    assert list(zip(table["row"], table["t"], table["c"], strict=True)) == [
        (1, 0, 0),
        (1, 2, 1),
        (3, 1, 1),
        (3, 2, 1),
    ]
    assert list(table["time_s"]) == [0, 360, 180, 360]
    assert parsed.details.t_spacing == 180.0


def test_plane_keeps_its_index_beside_a_stack(tmp_path: Path) -> None:
    """A channel of one plane stands at its own index; planes count from the lowest."""
    records = [image(z=z) for z in (3, 4, 5)] + [image(z=4, ch=2)]
    table = parse(str(write_measurement(tmp_path, records))).table
    assert list(table["z"]) == [0, 1, 2, 1]
    assert list(table["z_um"]) == [5.0, 7.5, 10.0, 7.5]


def test_z_spacing_is_never_between_channels(tmp_path: Path) -> None:
    """Channels of one plane each, at other heights, tell no z spacing: it stays 1."""
    records = [image(ch=1, Z=0), image(ch=2, Z=1.5)]
    parsed = parse(str(write_measurement(tmp_path, records)))
    assert parsed.details.z_spacing == 1.0


def test_z_spacing_is_not_rounded_by_heights(tmp_path: Path) -> None:
    """Steps of 0.25 um, written as 0, 0.2, 0.5, 0.8 and 1, are 0.25."""
    heights = (0, 0.2, 0.5, 0.8, 1.0)
    records = [image(z=z + 1, Z=height) for z, height in enumerate(heights)]
    parsed = parse(str(write_measurement(tmp_path, records)))
    assert parsed.details.z_spacing == 0.25


def test_well_outside_of_the_layout(tmp_path: Path) -> None:
    """A well that the plate cannot hold leaves the layout open, with a finding."""
    records = [image((9, 3)), image((2, 14))]
    parsed = parse(str(write_measurement(tmp_path, records)))
    assert parsed.layout is None
    assert finding(parsed, "layout_contradicted").message == (
        "The plate is said to have 8 rows and 12 columns, which does not hold well "
        "I14; its layout is taken from the wells."
    )


def test_wells_of_the_protocol_without_records(tmp_path: Path) -> None:
    """Wells that were to be imaged and have no record are told."""
    wells = "".join(
        f'<bts:TargetWell bts:Row="{r}" bts:Column="{c}">{on}</bts:TargetWell>'
        for r, c, on in ((2, 3, "true"), (4, 11, "true"), (5, 6, "false"))
    )
    mes = protocol({"Ch": 1, "Target": "DAPI"}, wells=wells)
    parsed = parse(str(write_measurement(tmp_path, [image()], mes=mes)))
    found = finding(parsed, "wells_not_acquired")
    assert (found.count, found.wells) == (1, ("D11",))


def test_cq3k_plate(tmp_path: Path) -> None:
    """A CQ3K folder reads alike: W0029 and letters beyond ASCII, blank description."""
    name = "Prüfung_W0029F0001T0001Z001C1.tif"
    folder = write_measurement(
        tmp_path / "µ-plate",
        [image((3, 5), name=name, PartialTileIndex=1)],
        mrf=detail([channel(1)], TargetSystem="CQ3K"),
    )
    (folder / "P7.wpi").write_text(
        '<WellPlate Name="Zürich" Rows="16" Columns="24"><Description/></WellPlate>',
        encoding="utf-8",
    )
    parsed = parse(str(folder))
    assert list(parsed.table["file"]) == [name]
    assert (parsed.table["row"][0], parsed.table["column"][0]) == (2, 4)
    assert parsed.layout == PlateLayout(rows=16, columns=24)
    assert parsed.description is None
    assert codes(parsed) == {"channels_unnamed"}


def test_pixels_of_two_sizes(tmp_path: Path) -> None:
    """Channels with pixels of different size are an error that names both."""
    mrf = detail([channel(1), channel(2, HorizontalPixelDimension=0.25)])
    folder = write_measurement(tmp_path, [image(), image(ch=2)], mrf=mrf)
    message = (
        f"{folder}/MeasurementDetail.mrf: pixels of channel 2 measure 0.25 x 0.5 um, "
        "expected 0.5 x 0.5 um as in channel 1. One acquisition has one pixel size; "
        "measure such channels apart."
    )
    with pytest.raises(ParserError) as caught:
        parse(str(folder))
    assert str(caught.value) == message


def test_channel_without_sizes(tmp_path: Path) -> None:
    """A channel that was acquired and has no sizes is an error."""
    folder = write_measurement(tmp_path, [image(ch=7)], mrf=detail([channel(1)]))
    message = "has no MeasurementChannel for channel 7, which was acquired; it has: 1."
    with pytest.raises(ParserError, match=message):
        parse(str(folder))


def test_parsing_twice_gives_the_same(tmp_path: Path) -> None:
    """A second call gives an equal table and equal findings."""
    folder = write_measurement(tmp_path, [image(z=z) for z in (2, 1)])
    first, second = parse(str(folder)), parse(str(folder))
    assert first.table.equals(second.table)
    assert (first.details, first.findings) == (second.details, second.findings)
