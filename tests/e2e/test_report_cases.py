"""Pages of plates of many kinds: each opens, is whole, and shows what is there."""

import base64
import io
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.convert import convert
from tests.e2e.pages import page_of
from tests.reference.cases import CASES
from tests.rules.plate import config as plate_config
from tests.rules.plate import write_tile
from tiles2zarr.errors import FaultsError

BY_NAME = {case.name: case for case in CASES}
Config = Mapping[str, object]


def converted(name: str, tmp_path: Path) -> Config:
    """Return the config of a case that was converted."""
    case = BY_NAME[name]
    config = case.config(case.write(tmp_path / "source"), tmp_path / "out")
    convert(config, tmp_path)
    return config


KINDS = {
    "time_and_z": ("Over time and z", "mean over time", "sharpness over z"),
    "axes_yx": ("channel_0",),
    "two_acquisitions": ("acquisition 0", "acquisition 1"),
    "no_tiling": ("no_tiling",),
    "single_images": ('id="image-1"',),
    "sparse_channels": ("The image is written",),
    "absent_file": ("Fields with missing planes", "List of 1 missing plane"),
    "wells_1536": ("AF",),
    "shards": ("Stored",),
    "dtype_float32": ("float32",),
    "attributes_per_field": ("Conditions",),
    "missing_planes": ("Missing tiles",),
    "brick_inplace": ("two fields cover the same place",),
    "small_image": ("Complete",),
}
"""Cases and what their pages say."""


@pytest.mark.parametrize("name", KINDS)
def test_page_of_every_kind(name: str, tmp_path: Path) -> None:
    """A page is well formed, without outside addresses, and no section is left out."""
    config = converted(name, tmp_path)
    page = page_of(config, tmp_path)
    assert "could not be" not in page.text
    for words in KINDS[name]:
        assert words in page.text


def test_one_channel_is_shown_in_grey(tmp_path: Path) -> None:
    """A channel alone is no mixture: its colour would only take light from it."""
    page = page_of(converted("axes_yx", tmp_path), tmp_path)
    (data,) = re.findall(r"data:image/webp;base64,([^\"]+)", page.text)
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert np.ptp(pixels, axis=2).max() <= 4
    assert np.ptp(pixels) > 100


def test_failed_image_is_told(tmp_path: Path) -> None:
    """An image that could not be read is crossed out, its reason on the page."""
    case = BY_NAME["two_acquisitions"]
    folder = case.write(tmp_path / "source")
    next(folder.rglob("*.tif")).unlink()
    config = case.config(folder, tmp_path / "out")
    with pytest.raises(FaultsError):
        convert(config, tmp_path)
    page = page_of(config, tmp_path)
    assert "Not complete" in page.text
    assert 'class="absent"' in page.text


def test_failed_image_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A tile of 40 x 60 pixels declared as 41 x 60: image, file, and no image again."""
    monkeypatch.chdir(tmp_path)
    write_tile(Path("raw/a.tif"), np.zeros((40, 60), np.uint16))
    head = "file_path,row,column,fov_name,start_x,start_y,length_x,length_y"
    Path("raw/tiles.csv").write_text(f"{head}\na.tif,B,3,F1,0,0,60,41")
    details = {"pixelsize": 0.5}
    plain = plate_config(acquisition={"conditions": None, "details": details})
    with pytest.raises(FaultsError):
        convert(plain, tmp_path)
    (told,) = [line for line in caplog.messages if "a.tif" in line]
    assert told.startswith("B/03/0: a.tif holds 40 x 60 pixels")


@pytest.mark.parametrize("lost", ["written", "registered", "done", "benchmarks"])
def test_lost_state_costs_its_part(lost: str, tmp_path: Path) -> None:
    """Without receipts, boxes, outcomes or times there is still a page."""
    config = converted("two_acquisitions", tmp_path)
    (state,) = (tmp_path / "results").iterdir()
    shutil.rmtree(state / lost, ignore_errors=True)
    page = page_of(config, tmp_path)
    assert "could not be drawn" not in page.text
    assert ("state unknown" in page.text) == (lost == "written")


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    """A chunk that does not decode costs its picture and nothing else."""
    config = converted("two_acquisitions", tmp_path)
    chunks = [p for p in (tmp_path / "out").rglob("B/03/0/*/*") if p.is_dir()]
    assert chunks
    for path in chunks:
        for file in path.rglob("*"):
            if file.is_file():
                file.write_bytes(b"\x00" * 7)
    page = page_of(config, tmp_path)
    assert "1 picture could not be made" in page.text
    assert "B/03/0: " in page.text


@pytest.mark.parametrize(
    ("bright", "end"),
    [pytest.param(1, 1500, id="one"), pytest.param(4, 6000, id="half")],
)
def test_few_bright_wells_do_not_darken_the_others(
    bright: int, end: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of eight wells with ramps to 1000, one goes to 6000: white is at 1.5 x 1000.

    Where half of them do, they are what is usual, and white is at 6000.
    """
    monkeypatch.chdir(tmp_path)
    table = ["file_path,row,column,fov_name,start_x,start_y,length_x,length_y"]
    for column in range(1, 9):
        high = 6000 if column <= bright else 1000
        ramp = np.linspace(0, high, 40 * 60).reshape(40, 60)
        write_tile(Path("raw", f"{column}.tif"), ramp.astype(np.uint16))
        table.append(f"{column}.tif,B,{column},F1,0,0,60,40")
    Path("raw/tiles.csv").write_text("\n".join(table))
    details = {"pixelsize": 0.5, "channels": [label_of("DAPI")]}
    plain = plate_config(acquisition={"conditions": None, "details": details})
    convert(plain, tmp_path)
    page = page_of(plain, tmp_path)
    (white,) = re.findall("DAPI<small> [0-9.]+ to ([0-9,]+)</small>", page.text)
    assert float(white.replace(",", "")) == pytest.approx(end, rel=0.02)


def test_names_are_escaped(tmp_path: Path) -> None:
    """Labels and conditions with <, & and quotes stand as text, not as markup."""
    case = BY_NAME["attributes"]
    config = case.config(case.write(tmp_path / "source"), tmp_path / "out")
    (acquisition,) = config["acquisitions"]
    label = "A<script>\"&'b"
    acquisition["details"] = {**acquisition["details"], "channels": [label_of(label)]}
    convert(json.loads(json.dumps(config)), tmp_path)
    page = page_of(config, tmp_path)
    assert "A&lt;script&gt;\"&amp;'b" in page.text


def label_of(label: str) -> dict[str, str]:
    """Return a channel with a label."""
    return {"channel_label": label, "wavelength_id": "405", "colors": "0000FF"}


def test_foreign_wells_are_marked(tmp_path: Path) -> None:
    """In a plate that others made their wells are drawn and named, not counted."""
    converted("two_acquisitions", tmp_path)
    shutil.rmtree(tmp_path / "results")
    other = BY_NAME["documented_table"]
    extending = {
        **other.config(other.write(tmp_path / "other"), tmp_path / "out"),
        "plate": {"name": "two_acquisitions", "layout": 96},
        "writing": {"overwrite_mode": "extend"},
    }
    convert(extending, tmp_path)
    page = page_of(extending, tmp_path)
    assert "B03: made by others" in page.text
    assert "All 1 image" not in page.text
