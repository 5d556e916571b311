"""``verify --deep``: every acquired plane against its source, bit by bit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import xxhash
import zarr
from numpy.typing import NDArray

from tests.e2e.convert import convert
from tests.rules.plate import (
    FIELDS,
    HEIGHT,
    IMAGES,
    ODD_NAME,
    TABLE,
    WELLS,
    WIDTH,
    Plate,
    config,
    contents,
    table_rows,
    tile_file,
    write_csv,
    write_tile,
)
from tests.unit.conftest import Tell, write_config
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.state import State
from tiles2zarr.steps.fingerprints import content_digest

STATE = State(Path("results/P1"))
STORE = Path("out/P1.zarr")
IMAGE = "C/03/0"
WHOLE = "P1: 3 images whole (every chunk read, 12 of 12 planes as in the source)"


def forge(level: int, change: Callable[[zarr.Array], None]) -> None:
    """Change pixels through zarr-python, and receipt and mark to fit them.

    Nothing but the sources, or the level below, can tell such a chunk.
    """
    array = zarr.open_array(str(STORE / IMAGE / str(level)), mode="r+")
    change(array)
    path = STATE.written(IMAGE)
    receipt = json.loads(path.read_text())
    chunks = receipt["levels"][level]["chunks"]
    files = [STORE / IMAGE / str(level) / key for key in chunks["key"]]
    chunks["size"] = [file.stat().st_size for file in files]
    chunks["digest"] = [xxhash.xxh3_64_hexdigest(f.read_bytes()) for f in files]
    path.write_text(json.dumps(receipt))
    remark()


def remark() -> None:
    """Make the mark of the image fit its receipt."""
    levels = Receipt.model_validate_json(STATE.written(IMAGE).read_bytes()).levels
    group = STORE / IMAGE / ".zattrs"
    attributes = json.loads(group.read_text())
    attributes["tiles2zarr"]["content"] = content_digest(levels)
    group.write_text(json.dumps(attributes))


def add_one(array: zarr.Array) -> None:
    """Change two pixels of the second field, c 1."""
    array[1, 0, 5:7, WIDTH + 3] = array[1, 0, 5:7, WIDTH + 3] + np.uint16(1)


def test_every_plane_is_compared(made: Plate, tell: Tell) -> None:
    """Two fields and channels in three wells are twelve planes, all as in the files."""
    assert tell("verify", "--deep").lines == [WHOLE]


def test_pixels_of_another_value(made: Plate, tell: Tell) -> None:
    """Pixels that fit receipt and mark, but not their source, are told and healed."""
    whole = made.files()
    forge(0, add_one)
    assert tell("verify").code == 0
    said = tell("verify", "--deep", "--repair")
    assert said.code == 1
    assert said.lines[0] == (
        f"{IMAGE}: level 1: 1 chunk is no mean of level 0 (1/0/0/0); 1 plane differs "
        "from the source (C03_F2_c1.tif, plane 0, in t 0, c 1, z 0: 2 pixels)"
    )
    assert said.lines[1] == (
        "P1: 1 of 3 images not whole (every chunk read, 11 of 12 planes as in the "
        "source)"
    )
    convert(config(), Path())
    assert tell("verify", "--deep").lines == [WHOLE]
    assert contents(made.files()) == contents(whole)


def test_level_that_is_no_mean(made: Plate, tell: Tell) -> None:
    """A coarser level is measured against the one before it."""

    def change(array: zarr.Array) -> None:
        array[0, 0, 11, 39] = 7

    forge(1, change)
    assert tell("verify").code == 0
    assert tell("verify", "--deep", "--repair").lines[0] == (
        f"{IMAGE}: level 1: 1 chunk is no mean of level 0 (0/0/0/0)"
    )
    convert(config(), Path())
    assert tell("verify", "--deep").lines == [WHOLE]


def test_chunk_that_nobody_misses(made: Plate, tell: Tell) -> None:
    """A chunk gone from store, receipt and mark is missed where a tile lies."""
    path = STATE.written(IMAGE)
    receipt = json.loads(path.read_text())
    (STORE / IMAGE / "0" / receipt["levels"][0]["chunks"]["key"][0]).unlink()
    for column in receipt["levels"][0]["chunks"].values():
        del column[: len(column) > 1]
    path.write_text(json.dumps(receipt))
    remark()
    assert tell("verify").code == 0
    said = tell("verify", "--deep")
    assert said.lines[0] == (
        f"{IMAGE}: level 0: 1 chunk is acquired but not in the receipt (0/0/0/0)"
    )


def test_pixels_outside_all_tiles(raw: Plate, tell: Tell) -> None:
    """What no tile covers must be empty."""
    rows = [row for row in table_rows("C03") if row["fov_name"] == "F1"]
    far = [row | {"start_x": 30.0} for row in table_rows("C03") if row not in rows]
    write_csv(raw.work / TABLE, rows + far)
    content = write_config(
        Path(),
        omezarr={"chunks": {"kind": "fixed", "xy_chunk": 128}},
        acquisition={"conditions": None},
    ) | {"registration": {"tiling_mode": "inplace"}}
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())
    # the second tile starts at 30 um = pixel 60, the first ends at 40
    assert zarr.open_array(str(STORE / IMAGE / "0"), mode="r").shape == (2, 1, 24, 100)

    def change(array: zarr.Array) -> None:
        array[0, 0, 3, 50:53] = 9

    forge(0, change)
    assert "3 pixels outside all tiles are not empty" in tell("verify", "--deep").out


@pytest.fixture
def overlapping(raw: Plate) -> dict[str, object]:
    """Return the config of wells whose second field lies 2 pixels over the first."""
    content = write_config(Path()) | {"registration": {"tiling_mode": "inplace"}}
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())
    return content


def test_later_tile_wins(overlapping: dict[str, object], tell: Tell) -> None:
    """Where tiles overlap the later one is compared, and the other one told as hidden.

    Two columns of 24 rows are hidden in each of two channels of three wells.
    """
    array = zarr.open_array(str(STORE / IMAGE / "0"), mode="r")
    assert array.shape == (2, 1, HEIGHT, 2 * WIDTH - 2)
    second = tifffile.imread(f"raw/{tile_file('C03', 'F2', 0)}")
    np.testing.assert_array_equal(array[0, 0, :, WIDTH - 2 :], second)
    assert tell("verify", "--deep").lines == [
        "P1: 288 pixels of 6 planes lie under other tiles and are not in the output",
        WHOLE,
    ]


def test_tile_that_should_be_below(overlapping: dict[str, object], tell: Tell) -> None:
    """The earlier tile's pixels in the overlap are a difference of the later one."""
    first = tifffile.imread(f"raw/{tile_file('C03', 'F1', 0)}")

    def change(array: zarr.Array) -> None:
        array[0, 0, :, WIDTH - 2 : WIDTH] = first[:, -2:]

    forge(0, change)
    assert (
        "(C03_F2_c0.tif, plane 0, in t 0, c 0, z 0: 48 pixels)"
        in tell("verify", "--deep").out
    )


def test_archived_sources(made: Plate, tell: Tell) -> None:
    """Sources that are gone are no damage; what could not be compared is told."""
    Path(f"raw/{tile_file('C03', 'F1', 0)}").unlink()
    for path in Path("raw").glob("B*.tif"):
        path.unlink()
    said = tell("verify", "--deep")
    assert said.code == 0
    gone = "cannot be read: there is no such file. Correct the path in the table"
    more = " (relative to its folder), or copy the file."
    assert said.lines == [
        f"B/03/0: not compared: raw/B03_F1_c0.tif {gone}{more} (and 3 more files)",
        f"B/04/0: not compared: raw/B04_F1_c0.tif {gone}{more} (and 2 more files)",
        f"C/03/0: not compared: raw/C03_F1_c0.tif {gone}{more}",
        "P1: 3 images whole (every chunk read, 4 of 12 planes as in the source)",
    ]


@pytest.mark.parametrize("repair", [False, True])
def test_changed_source(made: Plate, tell: Tell, repair: bool) -> None:
    """A source that rotted since is told, and never overwrites the good pixels."""
    path = Path("raw") / ODD_NAME
    pixels = tifffile.imread(path)
    pixels[3, 4] += 1
    write_tile(path, pixels)
    before = STATE.written("B/04/0").read_bytes()
    said = tell("verify", "--deep", *(["--repair"] if repair else []))
    assert said.code == 1
    assert said.lines[0] == (
        f"B/04/0: the source {ODD_NAME} changed since the image was written from it. "
        "Restore it, or touch it and run again to take it as it is"
    )
    assert STATE.written("B/04/0").read_bytes() == before


def test_source_that_cannot_be_read(made: Plate, tell: Tell) -> None:
    """A source that is there but damaged is told with its reason."""
    path = Path("raw") / tile_file("C03", "F1", 1)
    path.write_bytes(path.read_bytes()[:1000])
    said = tell("verify", "--deep")
    assert said.code == 1
    assert said.lines[0].startswith(
        f"{IMAGE}: the source cannot be compared: raw/C03_F1_c1.tif cannot be read: "
    )
    assert said.lines[-2].endswith("11 of 12 planes as in the source)")


def test_holes_are_not_compared(raw: Plate, tell: Tell) -> None:
    """A file that was a hole when the image was written is told as not compared."""
    path = Path("raw") / tile_file("C03", "F1", 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    content = write_config(Path(), writing={"on_missing": "report"})
    convert(content, Path())
    said = tell("verify", "--deep")
    assert said.code == 0
    assert said.lines[0].startswith("C/03/0: not compared: C03_F1_c1.tif: it could")
    path.write_bytes(whole)
    assert tell("verify", "--deep").lines == said.lines


TYPES = ("uint8", "int16", "uint32", "float32", "float64")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_pixel_types(raw: Plate, tell: Tell, dtype: str, version: str) -> None:
    """Every pixel type keeps every bit, NaN too; odd chunks, shards and codecs too."""
    random = np.random.default_rng(5)
    for well in WELLS:
        for field in FIELDS:
            for channel in range(2):
                pixels: NDArray[np.generic] = random.integers(
                    0, 250, (HEIGHT, WIDTH)
                ).astype(dtype)
                if dtype.startswith("float"):
                    pixels[2, 3] = np.nan
                write_tile(raw.raw(well, field, channel), pixels)
    omezarr: dict[str, object] = {
        "ngff_version": version,
        "num_levels": 3,
        "chunks": {"kind": "fixed", "xy_chunk": 13},
        "compressor": {"name": "zstd" if version == "0.5" else "gzip"},
    }
    if version == "0.5":
        omezarr["shards"] = {"kind": "multiple", "xy_factor": 2, "c_factor": 2}
    convert(write_config(Path(), omezarr=omezarr), Path())
    assert tell("verify", "--deep").lines == [WHOLE]


def test_exchanged_images(made: Plate, tell: Tell) -> None:
    """Folders in each other's place are named, and go back with labels and tables."""
    whole = made.files()
    (STORE / "B/03/0/labels").mkdir()
    (STORE / "B/03/0/labels/nuclei").write_text("of B03")
    for one, other in (("B/03/0", "x"), (IMAGE, "B/03/0"), ("x", IMAGE)):
        (STORE / one).rename(STORE / other)
    said = tell("verify")
    assert said.code == 1
    assert [line.split(": ")[0] for line in said.lines[:2]] == ["B/03/0", IMAGE]
    assert said.lines[0].endswith(f"; its folder holds the image of {IMAGE}")
    assert tell("verify", "--repair").code == 1
    convert(config(), Path())
    assert tell("verify", "--deep").lines == [WHOLE]
    (STORE / "B/03/0/labels/nuclei").unlink()
    assert made.files() == whole


def test_copied_image(made: Plate, tell: Tell) -> None:
    """An image copied over another one is told and written anew."""
    shutil.rmtree(STORE / IMAGE)
    shutil.copytree(STORE / IMAGES[0], STORE / IMAGE)
    assert tell("verify", "--quick").code == 1
    said = tell("verify", "--repair")
    assert "its mark is not that of the receipt" in said.lines[0]
    convert(config(), Path())
    assert tell("verify", "--deep").lines == [WHOLE]
