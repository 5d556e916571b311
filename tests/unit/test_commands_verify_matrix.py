"""Every kind of damage in every layout: found, named, healed by repair and a rerun."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import Plate, arrays, contents, images_of, touched
from tests.unit.conftest import Tell, write_config

STORE = Path("out/P1.zarr")
IMAGE = STORE / "C/03/0"
LAYOUTS: dict[str, dict[str, object]] = {
    "0.4": {"ngff_version": "0.4"},
    "0.5": {"ngff_version": "0.5"},
    "sharded": {
        "ngff_version": "0.5",
        "shards": {"kind": "multiple", "xy_factor": 2, "c_factor": 2},
        "table_backend": "parquet",
    },
}


def chunk(level: int) -> Path:
    """Return the first object of a level of the image."""
    folder = IMAGE / str(level)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return next(p for p in files if p.name not in (".zarray", "zarr.json"))


def flip(path: Path, place: int) -> None:
    """Change one byte."""
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x10
    path.write_bytes(bytes(raw))


def document(folder: Path) -> Path:
    """Return the document with a group's attributes."""
    old = folder / ".zattrs"
    return old if old.exists() else folder / "zarr.json"


def change_rows(path: Path) -> None:
    """Leave the rows of the plate without wells out."""
    text = json.loads(path.read_text())
    inner = text["attributes"]["ome"] if "attributes" in text else text
    inner["plate"]["rows"] = [{"name": "B"}, {"name": "C"}]
    path.write_text(json.dumps(text))


def exchange() -> None:
    """Exchange the images of two wells."""
    (STORE / "B/03/0").rename("aside")
    IMAGE.rename(STORE / "B/03/0")
    Path("aside").rename(IMAGE)


def alter_table() -> None:
    """Rename a field of view in a table, where it lies in the file."""
    (path,) = (IMAGE / "tables/FOV_ROI_table").glob("table.*")
    raw = path.read_bytes()
    assert b"F1" in raw
    path.write_bytes(raw.replace(b"F1", b"F9"))


def drop_table() -> None:
    """Remove a table of the plate."""
    shutil.rmtree(STORE / "tables/FOV_table")


HARMS: dict[str, tuple[Callable[[], object], str, str]] = {
    "chunk lost": (
        lambda: chunk(0).unlink(),
        "C/03/0: level 0: 1 chunk is missing",
        "C/03/0",
    ),
    "chunk of level 2 lost": (
        lambda: chunk(2).unlink(),
        "C/03/0: level 2: 1 chunk is missing",
        "C/03/0",
    ),
    "byte flipped": (
        lambda: flip(chunk(0), 40),
        "C/03/0: level 0: 1 chunk is of another content",
        "C/03/0",
    ),
    "byte of level 2 flipped": (
        lambda: flip(chunk(2), -1),
        "C/03/0: level 2: 1 chunk is of another content",
        "C/03/0",
    ),
    "level lost": (
        lambda: shutil.rmtree(IMAGE / "1"),
        "C/03/0: level 1 has no array header",
        "C/03/0",
    ),
    "images exchanged": (exchange, "B/03/0: ", ""),
    "well damaged": (
        lambda: document(STORE / "B/04").write_text('{"attributes'),
        "P1.zarr: B/04/",
        "",
    ),
    "rows left out": (
        lambda: change_rows(document(STORE)),
        "P1.zarr: rows are not all listed: A is left out",
        "",
    ),
    "table altered": (alter_table, "C/03/0: FOV_ROI_table ", ""),
    "table lost": (drop_table, "P1.zarr: FOV_table of the plate is missing", ""),
}
"""Name to the harm, the beginning of the line, and the image that is written anew."""


@pytest.fixture(scope="module", params=LAYOUTS)
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the work folder of a plate of this layout; not to be changed."""
    work = tmp_path_factory.mktemp(request.param.replace(".", ""))
    plate = Plate(work)
    plate.write()
    omezarr = {"num_levels": 3, "chunks": {"kind": "fov", "xy_scaling": 0.5}}
    content = write_config(work, omezarr=omezarr | LAYOUTS[request.param])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        convert(content, Path())
    (work / "content.json").write_text(json.dumps(content))
    return work


@pytest.mark.parametrize("name", HARMS)
def test_damage(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell, name: str
) -> None:
    """Told by image and file; after repair and a run all bytes are there again."""
    shutil.copytree(whole, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    plate = Plate(Path())
    before = plate.files()
    harm, line, image = HARMS[name]
    harm()
    said = tell("verify")
    assert said.code == 1
    assert said.lines[0].startswith(line)
    assert tell("verify", "--repair").code == 1
    convert(json.loads(Path("content.json").read_text()), Path())
    assert tell("verify", "--deep").code == 0
    after = plate.files()
    assert contents(arrays(after)) == contents(arrays(before))
    assert after.keys() == before.keys()
    changed = {p for p in touched(arrays(before), arrays(after)) if "/c/" in f"/{p}"}
    assert images_of(changed) <= {image}
