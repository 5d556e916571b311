"""How a plate came about stands beside it and in it."""

import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
import zarr

from tests.e2e.convert import convert
from tests.rules.plate import CONDITIONS, IMAGES, TABLE, Plate, config, contents
from tests.unit.conftest import Tell, write_config
from tiles2zarr import __version__

STATE = Path("results/P1/provenance.json")
STORE = Path("out/P1.zarr")


def owner() -> str:
    """Return the id of the results folder."""
    return str(json.loads(Path("results/P1/owner.json").read_text())["owner"])


def test_what_stands_in_it(made: Plate) -> None:
    """Config with its defaults, packages, hashed inputs, sources of each image."""
    found = json.loads(STATE.read_text())
    assert found["config"]["omezarr"]["num_levels"] == 2
    assert found["config"]["omezarr"]["compressor"]["cname"] == "lz4"
    (entry,) = found["inputs"]
    assert entry == {
        "acquisition": 0,
        "roots": [TABLE],
        "sha256": {
            path: hashlib.sha256(Path(path).read_bytes()).hexdigest()
            for path in (CONDITIONS, TABLE)
        },
    }
    assert list(found["images"]) == list(IMAGES)
    image = found["images"]["C/03/0"]
    receipt = json.loads(Path("results/P1/written/C/03/0.json").read_text())
    size = sum(path.stat().st_size for path in Path("raw").glob("C03*.tif"))
    assert image["sources"]["files"] == 4
    assert image["sources"]["bytes"] == size
    software = found["software"]["images"][image["software"]]
    assert software == receipt["software"]
    assert software["imagecodecs"] == version("imagecodecs")
    assert software["tiles2zarr"] == __version__
    assert found["software"]["tables"]["ngio"] == version("ngio")


@pytest.mark.parametrize("ngff", ["0.4", "0.5"])
def test_pointer_in_the_plate(raw: Plate, ngff: str) -> None:
    """The plate's attributes name the group that holds the same, for any reader."""
    convert(write_config(Path(), omezarr={"ngff_version": ngff}), Path())
    plate = zarr.open_group(str(STORE), mode="r")
    mark = plate.attrs["tiles2zarr"]
    assert mark == {"owner": owner(), "provenance": "tiles2zarr"}
    group = zarr.open_group(f"{STORE}/{mark['provenance']}", mode="r")
    state = json.loads(STATE.read_text())
    for name in ("verify", "report"):
        del state["config"][name]
    for name in ("overwrite_mode", "writer_mode", "images_per_job", "dask"):
        del state["config"]["writing"][name]
    del state["config"]["writing"]["track_sources"]
    empty = [key for key, value in state["config"].items() if value == {}]
    for key in empty:
        del state["config"][key]
    assert group.attrs[owner()] == state
    # no member that readers would warn of
    assert {name for name, _ in plate.members()} >= {"B", "C", "tables", "tiles2zarr"}


def test_second_run_changes_nothing(made: Plate) -> None:
    """Made again it is the same, byte for byte, and the files are not touched."""
    state, store = STATE.stat().st_mtime_ns, made.files()
    convert(config(), Path())
    assert STATE.stat().st_mtime_ns == state
    assert made.files() == store


def test_archived_tables_keep_their_hashes(made: Plate) -> None:
    """Inputs that are gone keep the hashes they had when they were read."""
    from tests.e2e.convert import as_in_job
    from tiles2zarr.config import slices
    from tiles2zarr.config.load import load_configs
    from tiles2zarr.state import State
    from tiles2zarr.steps.build_tables import build_tables

    before = json.loads(STATE.read_text())["inputs"]
    shutil.rmtree("raw")
    (plate,) = load_configs(config(), lambda path, form: None).values()
    options = as_in_job(slices.tables_options(plate))
    build_tables(State(STATE.parent), options, plate)
    assert json.loads(STATE.read_text())["inputs"] == before


def test_two_configs_in_one_plate(made: Plate) -> None:
    """Who extends a plate adds his provenance and leaves that of others."""
    first = owner()
    Path("results").rename("first")
    content = config(writing={"overwrite_mode": "extend"})
    content["acquisitions"][0] |= {"id": 1}  # type: ignore[index]
    convert(content, Path())
    group = json.loads((STORE / "tiles2zarr/.zattrs").read_text())
    assert set(group) == {first, owner()}
    assert list(group[owner()]["images"]) == ["B/03/1", "B/04/1", "C/03/1"]
    assert json.loads((STORE / ".zattrs").read_text())["tiles2zarr"]["owner"] == first


@pytest.mark.parametrize("harm", ["lost", "cut"])
def test_lost_provenance_is_told_and_healed(made: Plate, tell: Tell, harm: str) -> None:
    """A plate that points to nothing is not whole; repair and a rerun mend it."""
    whole = contents(made.files())
    path = STORE / "tiles2zarr/.zattrs"
    if harm == "lost":
        path.unlink()
    else:
        path.write_text("{")
    said = tell("verify", "--repair")
    assert said.code == 1
    assert said.lines[0].startswith("P1.zarr: ")
    convert(config(), Path())
    assert tell("verify").code == 0
    assert contents(made.files()) == whole
