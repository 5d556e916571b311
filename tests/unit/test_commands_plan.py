"""``plan``: what would be made, found out without leaving a trace."""

from pathlib import Path

import pytest
import yaml

from tests.e2e.convert import convert
from tests.rules.plate import TABLE, Plate, config, files_below, table_rows, write_csv
from tests.unit.conftest import Tell, write_config
from tiles2zarr.commands.plan import describe, told
from tiles2zarr.commands.plates import Plate as ConfigPlate
from tiles2zarr.commands.plates import count, load_plates, size
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import ImageEntry, Plan


def test_plan_of_a_plate(raw: Plate, tell: Tell) -> None:
    """Wells, images, planes, bytes and files are those one counts by hand.

    Level 0 of a well is 2 channels of 24 x 80 pixels of 2 bytes, level 1 a quarter of
    it: 3 x 7680 x 1.25 bytes. Chunks are fields: two of level 0 and one of level 1 per
    channel and well.
    """
    said = tell("plan")
    assert said.code == 0
    assert said.lines[:7] == [
        "P1: plate of 3 wells, 3 images in 3 batches",
        "  shape     3 images of 1 x 2 x 1 x 24 x 80 (t, c, z, y, x)",
        "  planes    12 to read",
        "  pixels    28.8 kB with all levels, before compression",
        "  files     18 of chunks, if nothing is missing",
        "  written   0 of 3 images so far",
        "  placed    acquisition 0: snap_to_grid (fields stand on a grid of 24 x 38 px "
        "(y, x) with tiles of 24 x 40 px); axes czyx, 2 levels",
    ]


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
    assert tell("plan", "--images").lines[-3:] == [
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
    lines = list(describe(many(files), plate_of(ngff_version=version)))
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
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1.5e12, "1.5 TB"),
        (2e18, "2000.0 PB"),
    ],
)
def test_sizes(octets: float, text: str) -> None:
    """Bytes are told in powers of a thousand."""
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
    assert tell("verify", "--deep").lines == ["P1: 2 images whole (every chunk read)"]
