"""``verify --store``: a store measured against its own marks, without any state."""

import json
from pathlib import Path

import pytest

from tests.rules.plate import Plate
from tests.unit.conftest import Tell


def test_store_by_its_marks(made: Plate, tell: Tell) -> None:
    """No state is needed: the marks tell number and bytes of chunks."""
    store = Path("out/P1.zarr")
    Path("results").rename("gone")
    asked = ("--store", "out/P1.zarr")
    assert tell("verify", "--quick", config=asked).lines == [
        "out/P1.zarr: 3 of 3 images marked (number and bytes of chunks)",
        "out/P1.zarr: whole",
    ]
    chunk = store / "B/03/0/0/0/0/0/0"
    size = chunk.stat().st_size
    total = json.loads((store / "B/03/0/.zattrs").read_text())["tiles2zarr"]["bytes"]
    chunk.unlink()
    (store / "B/04/0/1/.zarray").write_text("{")
    (store / "C/03/0/.zattrs").write_text("{}")
    rows = json.loads((store / ".zattrs").read_text())
    rows["plate"]["rows"] = [{"name": "B"}, {"name": "C"}]
    (store / ".zattrs").write_text(json.dumps(rows))
    said = tell("verify", "--quick", config=asked)
    assert said.code == 1
    assert said.lines == [
        f"B/03/0: holds 5 chunks of {total - size:,} bytes, its mark says 6 of "
        f"{total:,}",
        "B/04/0: the header of level 1 is damaged",
        "C/03/0: carries no mark of tiles2zarr, so nothing proves it whole",
        "out/P1.zarr: rows are not all listed: A is left out",
        "out/P1.zarr: 1 of 3 images marked (number and bytes of chunks)",
    ]


def test_level_of_another_shape(made: Plate, tell: Tell) -> None:
    """A level that is not half the one before is told, by the store alone."""
    path = Path("out/P1.zarr/B/03/0/1/.zarray")
    header = json.loads(path.read_text()) | {"shape": [2, 1, 12, 41]}
    path.write_text(json.dumps(header))
    image = ("--store", "out/P1.zarr/B/03/0")
    assert tell("verify", "--quick", config=image).lines[0] == (
        "out/P1.zarr/B/03/0: level 1 is 2 x 1 x 12 x 41, expected 2 x 1 x 12 x 40"
    )


@pytest.mark.parametrize("depth", ["", "--deep"])
def test_store_is_read(made: Plate, tell: Tell, depth: str) -> None:
    """Every chunk is read, and with deep each level measured against the one before."""
    asked = ("--store", "out/P1.zarr", *filter(None, [depth]))
    how = ", levels as means of each other" if depth else ""
    assert tell("verify", config=asked).lines == [
        f"out/P1.zarr: 3 of 3 images marked (every chunk read{how})",
        "out/P1.zarr: whole",
    ]
    chunk = Path("out/P1.zarr/B/04/0/1/0/0/0/0")
    raw = chunk.read_bytes()
    chunk.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    assert tell("verify", config=asked).lines[0] == (
        "B/04/0: the content of its chunks is not what was written"
    )


def test_image_that_is_not_listed(made: Plate, tell: Tell) -> None:
    """An image in a well that the plate does not list is mentioned, no more."""
    path = Path("out/P1.zarr/C/03/.zattrs")
    path.write_text(json.dumps({"well": {"version": "0.4", "images": []}}))
    said = tell("verify", config=("--store", "out/P1.zarr"))
    assert said.code == 0
    assert said.lines[0] == (
        "C/03/0: is not listed in the plate (left out of the counts)"
    )


def test_path_without_a_store(raw: Plate, tell: Tell) -> None:
    """A path without OME-Zarr is a line, not a whole store of no images."""
    said = tell("verify", config=("--store", "raw"))
    assert said.code == 1
    assert said.err == "raw is not an OME-Zarr group. Give the path of a .zarr.\n"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("[]", "the header of level 1 is damaged"),
        ("{}", "an array header has no shape"),
        (None, "level 1 has no array header"),
    ],
)
def test_damaged_header(
    made: Plate, tell: Tell, header: str | None, message: str
) -> None:
    """An array header that is none is told."""
    path = Path("out/P1.zarr/B/03/0/1/.zarray")
    path.unlink()
    if header is not None:
        path.write_text(header)
    said = tell("verify", config=("--store", "out/P1.zarr"))
    assert said.code == 1
    assert said.lines[0] == f"B/03/0: {message}"


def test_image_without_levels(made: Plate, tell: Tell) -> None:
    """An image whose attributes lost their levels is told."""
    path = Path("out/P1.zarr/B/03/0/.zattrs")
    attributes = json.loads(path.read_text())
    del attributes["multiscales"]
    path.write_text(json.dumps(attributes))
    said = tell("verify", config=("--store", "out/P1.zarr"))
    assert said.lines[0] == "B/03/0: its attributes list no levels"
