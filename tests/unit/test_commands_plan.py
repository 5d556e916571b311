"""``plan``: what would be made, found out without leaving a trace."""

import json
from pathlib import Path

import pytest
import yaml

from tests.e2e.convert import convert
from tests.rules.plate import (
    HEIGHT,
    TABLE,
    WIDTH,
    Plate,
    config,
    files_below,
    table_rows,
    write_csv,
)
from tests.unit.conftest import Tell, write_config
from tiles2zarr.commands.outlook import Outlook
from tiles2zarr.commands.plan import told
from tiles2zarr.commands.plan_lines import describe
from tiles2zarr.commands.plates import Plate as ConfigPlate
from tiles2zarr.commands.plates import count, load_plates, size
from tiles2zarr.commands.sampling import Sample
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Batch, ImageEntry, Plan


def test_plan_of_a_plate(raw: Plate, tell: Tell) -> None:
    """Wells, images, planes, bytes and files are those one counts by hand.

    Level 0 of a well is 2 channels of 24 x 80 pixels of 2 bytes, level 1 a quarter of
    it: 3 x 7680 x 1.25 bytes. Chunks are fields: two of level 0 and one of level 1 per
    channel and well.
    """
    said = tell("plan")
    assert said.code == 0
    assert said.lines[:4] == [
        "P1: plate of 3 wells, 3 images in 3 batches",
        "  shape     3 images of 1 x 2 x 1 x 24 x 80 (t, c, z, y, x)",
        "  input     12 planes in 12 files, 23.0 kB of pixels",
        "  output    28.8 kB of pixels with all levels",
    ]
    assert [line.split()[0] for line in said.lines[4:7]] == ["disk", "time", "memory"]
    assert said.lines[7:12] == [
        "  files     18 of chunks, if nothing is missing",
        "  written   0 of 3 images so far",
        "      01 02 03 04 05 06 07 08 09 10 11 12",
        "   A   .  .  .  .  .  .  .  .  .  .  .  .",
        "   B   .  .  o  o  .  .  .  .  .  .  .  .",
    ]
    assert said.lines[18:-2] == [
        "  o as most, . not in the plan",
        "  pixels    acquisition 0: 0.5 micrometer; channels DAPI, GFP",
        "  placed    acquisition 0: snap_to_grid (fields stand on a grid of 24 x 38 px "
        "(y, x) with tiles of 24 x 40 px); axes czyx, 2 levels",
        "    inplace       3 images of 24 x 78 px, 28.1 kB of pixels stored",
        "    snap_to_grid  3 images of 24 x 80 px, 28.8 kB of pixels stored (chosen)",
        "    no_tiling     6 images of 24 x 40 px, 28.8 kB of pixels stored",
    ]


def test_next_command(raw: Plate, tell: Tell) -> None:
    """A plan ends with the command that carries it out, for wells it has."""
    Path("Snakefile").touch()
    assert tell("plan").lines[-2:] == [
        "next: snakemake -c all --configfile my.yaml",
        "      (a few wells first: add --config only=B03,B04)",
    ]


def test_document(raw: Plate, tell: Tell) -> None:
    """The JSON holds the same figures under keys that stay.

    Inplace: 24 x 78 pixels, 2 channels of 2 bytes, 3 wells, level 1 a quarter.
    """
    (plate,) = json.loads(tell("plan", "--json").out)["plates"]
    assert plate["images"].keys() == {"B/03/0", "B/04/0", "C/03/0"}
    assert (plate["planes"], plate["source_files"]) == (12, 12)
    assert plate["source_bytes"] == 3 * 2 * 2 * HEIGHT * WIDTH * 2
    assert plate["pixel_bytes"] == 28_800
    assert (plate["files"], plate["many_files"]) == (18, False)
    assert plate["sample"]["raw_bytes"] == 3 * HEIGHT * WIDTH * 2
    assert plate["stored_bytes"] > 20_000
    assert plate["job_memory_mb"] >= 300
    assert plate["seconds"] > 0
    (acquisition,) = plate["acquisitions"].values()
    assert acquisition["tiling"]["kind"] == "snap_to_grid"
    inplace, grid, alone = acquisition["modes"]
    assert inplace == {
        "name": "inplace",
        "images": 3,
        "canvas": [24, 78],
        "stored_bytes": 24 * 78 * 2 * 2 * 3 * 5 // 4,
        "fault": None,
    }
    assert (grid["canvas"], grid["stored_bytes"]) == ([24, 80], 28_800)
    assert (alone["images"], alone["canvas"]) == (6, [24, 40])
    assert plate["wells"] == {"planned": ["B03", "B04", "C03"], "uneven": {}}
    assert plate.keys() >= {"name", "kind", "batches", "cores", "findings", "written"}


def test_uneven_wells_are_told(raw: Plate, tell: Tell) -> None:
    """A well with fewer fields is marked in the map and told with what it holds."""
    rows = [row for row in table_rows("B03", "B04", "C03") if row["row"] == "B"]
    rows += [row for row in table_rows("C03") if row["fov_name"] == "F1"]
    write_csv(Path(TABLE), rows)
    lines = tell("plan").lines
    assert "   C   .  .  ~  .  .  .  .  .  .  .  .  ." in lines
    assert "  o as most, ~ differs from most, . not in the plan" in lines
    assert "  uneven    C03: (1 x 2 x 1 x 24 x 40, 2 planes)" in lines


def test_modes_that_do_not_suit(raw: Plate, tell: Tell) -> None:
    """Where the grid does not suit it says why; in place, gaps store no chunks.

    F2 lies 300 micrometer = 600 pixels away: 640 wide in place, but only the chunks
    that hold pixels are stored: column 0, and columns 15 (all 40 pixels of F2).
    """
    rows = table_rows("B03", "B04", "C03")
    for row in rows:
        if row["fov_name"] == "F2":
            row["start_x"], row["start_y"] = 300.0, 70.0
    write_csv(Path(TABLE), rows)
    lines = tell("plan").lines
    (inplace,) = (line for line in lines if line.startswith("    inplace"))
    # y from 140: rows 120..143 and 144..163 of chunks 24 high, 5 and 6
    stored = (24 * 40 + (24 + 20) * 40) * 2 * 2 * 3 * 5 // 4
    assert inplace == (
        f"    inplace       3 images of 164 x 640 px, {stored / 1000:.1f} kB of pixels "
        "stored (chosen)"
    )


def test_fields_that_are_images_already(raw: Plate, tell: Tell) -> None:
    """With no_tiling only that mode is told."""
    content = config()
    content["registration"] = {"tiling_mode": "no_tiling"}
    Path("my.yaml").write_text(yaml.safe_dump(content))
    lines = tell("plan").lines
    assert lines[-3] == (
        "    no_tiling     6 images of 24 x 40 px, 28.8 kB of pixels stored (chosen)"
    )
    assert not any("inplace" in line for line in lines)


def test_nothing_can_be_sampled(raw: Plate, tell: Tell) -> None:
    """Planes that cannot be read leave time and disk unknown, and say so."""
    for path in Path("raw").glob("*.tif"):
        path.write_bytes(path.read_bytes()[:200])
    said = tell("plan")
    assert said.code == 0
    assert (
        "  time      not known: none of the planes that were tried can be read"
        in said.lines
    )


def test_plan_leaves_no_trace(raw: Plate, tell: Tell) -> None:
    """No state and no output is made."""
    before = files_below(raw.work)
    assert tell("plan").code == 0
    assert files_below(raw.work) == before


def test_plan_beside_a_run(made: Plate, tell: Tell) -> None:
    """The state of a run is not touched; what is written is told."""
    before = files_below(Path("results"))
    write_csv(Path(TABLE), table_rows("B03", "B04", "C03", "D04"))
    made.write_well("D04")
    said = tell("plan")
    assert said.lines[0] == "P1: plate of 4 wells, 4 images in 4 batches"
    assert "  written   3 of 4 images so far" in said.lines
    assert files_below(Path("results")) == before


def test_images_are_listed(raw: Plate, tell: Tell) -> None:
    """With ``--images`` every image has a line with its batch."""
    assert tell("plan", "--images").lines[-5:-2] == [
        f"  {image}: 1 x 2 x 1 x 24 x 80, 4 planes, batch {image.replace('/', '_')}"
        for image in ("B/03/0", "B/04/0", "C/03/0")
    ]


def test_earlier_decisions_are_kept(made: Plate, tell: Tell) -> None:
    """Tiles that no longer fit the kept decision are a finding, as in a run."""
    rows = table_rows("B03", "B04", "C03")
    for row in rows:
        if row["fov_name"] == "F2":
            row["start_x"] = 300.0
    write_csv(Path(TABLE), rows)
    said = tell("plan")
    assert "acquisition 0: snap_to_grid" in said.out
    assert "  warning   tiling_changed: Acquisition 0 was placed by" in said.out


def test_faults_of_a_table(raw: Plate, tell: Tell) -> None:
    """What is wrong in a tile table ends the plan with its lines."""
    rows = table_rows("B03")
    rows[1]["start_x"] = "left"
    write_csv(Path(TABLE), rows)
    said = tell("plan")
    assert (said.code, said.out) == (1, "")
    assert "raw/tiles.csv: 1 fault" in said.err
    assert "'left'" in said.err


def test_missing_function_is_told(raw: Plate, tell: Tell) -> None:
    """A function that cannot be imported ends the plan before anything is read."""
    filters = [{"kind": "custom", "function": "mine:keep"}]
    write_config(Path(), acquisition={"filters": filters})
    said = tell("plan")
    assert said.code == 1
    assert "acquisitions[0].filters[0].function: " in said.err


def many(files: int) -> Plan:
    """Return a plan of one image and many files."""
    entry = ImageEntry(
        batch="b", well="B03", path="P1.zarr/B/03/0", shape=(1, 1, 1, 9, 7), planes=1
    )
    return Plan(
        name="P1",
        kind="plate",
        acquisitions=(),
        images={"B/03/0": entry},
        batches=("b",),
        expected_bytes=126,
        expected_files=files,
    )


def plate_of(**omezarr: object) -> ConfigPlate:
    """Return the plate of a config with these OME-Zarr options."""
    write_config(Path(), omezarr=omezarr)
    return load_plates("my.yaml")[0]


@pytest.mark.parametrize(
    ("files", "version", "cure"),
    [
        (1_000_000, "0.4", None),
        (1_000_001, "0.4", 'omezarr: {ngff_version: "0.5", shards: {kind: multiple}}'),
        (1_000_001, "0.5", "omezarr.shards: {kind: multiple, xy_factor: 4,"),
    ],
)
def test_many_files_are_a_warning_with_cures(
    raw: Plate, files: int, version: str, cure: str | None
) -> None:
    """More than a million files are a warning that names shards and bigger chunks."""
    batch = Batch(images={}, decisions={}, sources={}, source_bytes=126, mem_mb=300)
    decisions = Decisions(acquisitions={}, block=(1, 1), jobs="auto")
    outlook = Outlook(many(files), decisions, (batch,), None, {}, 0)
    lines = list(describe(outlook, plate_of(ngff_version=version)))
    warnings = [line for line in lines if line.startswith("  warning")]
    assert len(warnings) == (cure is not None)
    if cure is not None:
        assert cure in warnings[0]
        assert "xy_scaling: 4" in warnings[0]


def test_findings_are_ordered_by_weight() -> None:
    """Errors come first; a count above one is told; line breaks are gone."""
    found = [
        Finding(code="a", severity="info", message="fine"),
        Finding(code="b", message="two\nlines", count=1200),
        Finding(code="c", severity="error", message="bad"),
    ]
    assert list(told(found)) == [
        "  error     c: bad",
        "  warning   b (1,200): two lines",
        "  info      a: fine",
    ]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1.5e12, "1.5 TB"),
        (2e18, "2000 PB"),
    ],
)
def test_sizes(octets: float, text: str) -> None:
    """Powers of a thousand, with one digit after the point at most."""
    assert size(octets) == text


def test_counts() -> None:
    """A noun follows its number."""
    assert [count(1, "image"), count(0, "batch", "batches"), count(2345, "row")] == [
        "1 image",
        "0 batches",
        "2,345 rows",
    ]


def test_single_images(raw: Plate, tell: Tell) -> None:
    """Images outside a plate are told as such."""
    rows = table_rows("B03", "C03")
    singles = [
        {k: v for k, v in row.items() if k not in ("row", "column")}
        | {"image_path": f"{row['row']}-{row['column']}"}
        for row in rows
    ]
    write_csv(Path(TABLE), singles)
    content = config(acquisition={"conditions": None})
    content["name"] = content.pop("plate")["name"]  # type: ignore[index]
    Path("my.yaml").write_text(yaml.safe_dump(content))
    said = tell("plan")
    assert said.lines[0] == "P1: single images, 2 images in 2 batches"
    convert(content, Path())
    assert tell("status").code == 0
    assert tell("verify", "--deep").lines == [
        "P1: 2 images whole (every chunk read, 8 of 8 planes as in the source)"
    ]


def test_sample_of_many_images(raw: Plate) -> None:
    """A guess of the time follows from the planes tried: read once, packed 4/3."""
    sample = Sample(planes=1, raw_bytes=1000, packed_bytes=500, read_s=1.0, pack_s=3.0)
    assert sample.ratio == 2.0
    one = sample.seconds(2000, 0, 1) - sample.seconds(0, 0, 1)
    assert one == pytest.approx(2 * (1.0 + 4.0))
    assert sample.seconds(2000, 0, 2) < sample.seconds(2000, 0, 1)
