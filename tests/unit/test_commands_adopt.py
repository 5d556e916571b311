"""``verify --adopt``: receipts from whole images, for state that was lost."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import (
    IMAGES,
    Plate,
    config,
    files_below,
    tile_pixels,
    touched,
)
from tests.rules.plate import write_tile as write
from tests.unit.conftest import Tell, write_config
from tiles2zarr.checkpoints import read_json
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.models.plan import Plan
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.register import register

STATE = State(Path("results/P1"))
STORE = Path("out/P1.zarr")
COMPLETE = "P1: all that a run leaves is there; Snakemake has no job left"
LEFT = "P1: run the workflow now; it makes what is left"


def plan_anew() -> None:
    """Run parse_tiles and register, as a run that is refused by the store does."""
    (plate,) = load_configs(
        json.loads(Path("my.json").read_text()), plate_name
    ).values()
    parse_tiles(STATE, slices.parse_options(plate))
    for batch in read_json(STATE.plan, Plan).batches:
        options = slices.register_options(plate)
        register(STATE.batch(batch), STATE.done("register", batch), STATE, options)


@pytest.fixture
def lost(made: Plate) -> dict[str, Receipt]:
    """Lose all state and plan anew; return the receipts that were lost."""
    Path("my.json").write_text(json.dumps(config()))
    receipts = {image: read_json(STATE.written(image), Receipt) for image in IMAGES}
    shutil.rmtree(STATE.root)
    plan_anew()
    return receipts


def test_receipts_are_those_that_were_lost(
    lost: dict[str, Receipt], made: Plate, tell: Tell
) -> None:
    """Adopted receipts differ from the lost ones in the sources' digests alone.

    Figures of the channels are counted again from the pixels in the store.
    """
    before = made.files()
    said = tell("verify", "--adopt")
    assert said.lines == [
        *(f"{image}: adopted" for image in IMAGES),
        COMPLETE,
        "P1: 3 images whole (every chunk read)",
    ]
    assert said.code == 0
    for image, old in lost.items():
        receipt = read_json(STATE.written(image), Receipt)
        assert receipt.sources.digest == ("",) * 4
        known = receipt.sources.replace(digest=old.sources.digest)
        assert receipt.replace(sources=known) == old
    assert made.files() == before


def test_run_after_adoption_touches_nothing(
    lost: dict[str, Receipt], made: Plate, tell: Tell
) -> None:
    """The store is ours again: the next run writes no file of it."""
    before = made.files()
    tell("verify", "--adopt")
    convert(config(), Path())
    assert touched(before, made.files()) == set()
    assert tell("status").code == 0


def test_touched_source_is_read_again(
    lost: dict[str, Receipt], made: Plate, tell: Tell
) -> None:
    """Without digests a source under a new time is not trusted: its image is redone."""
    tell("verify", "--adopt")
    write(made.raw("B03", "F1", 0), tile_pixels("B03", "F1", 0, seed=1))
    convert(config(), Path())
    assert tell("verify", "--deep").code == 0
    assert made.level("B/03/0")[0, 0, 0, 0] == tile_pixels("B03", "F1", 0, 1)[0, 0]


def test_one_lost_receipt(made: Plate, tell: Tell) -> None:
    """Only images without a receipt are looked at; their batch is made anew."""
    STATE.written("B/04/0").write_text("damaged")
    batches = [STATE.done("write_zarr", name) for name in ("B_03_0", "B_04_0")]
    # a number of a file that went may be given to a new one, its time not
    before = [path.stat().st_mtime_ns for path in (STATE.plan, *batches)]
    said = tell("verify", "--adopt")
    assert said.lines[:2] == ["B/04/0: adopted", COMPLETE]
    assert len(said.lines) == 3
    after = [path.stat().st_mtime_ns for path in (STATE.plan, *batches)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [
        True,
        True,
        False,
    ]


def test_nothing_lost(made: Plate, tell: Tell) -> None:
    """Where all is there, nothing of the state is touched."""
    before = files_below(STATE.root)
    said = tell("verify", "--adopt")
    assert said.lines[0] == COMPLETE
    assert touched(before, files_below(STATE.root)) == set()


@pytest.mark.parametrize("lost", ["done", "done/complete.json", "plate.json", "tiles"])
def test_other_state_lost(made: Plate, tell: Tell, lost: str) -> None:
    """With all receipts there, what else is missing comes back as it was."""
    store, state = made.files(), files_below(STATE.root)
    path = STATE.root / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    said = tell("verify", "--adopt")
    assert said.lines == [COMPLETE, "P1: 3 images whole (every chunk read)"]
    assert touched(store, made.files()) == set()
    found = files_below(STATE.root)
    assert found.keys() == state.keys()
    # a conversion in this process knows no digests of sources
    differ = {path for path in state if state[path][1] != found[path][1]}
    assert {path.partition("/")[0] for path in differ} <= {"progress", "sources"}


def test_image_that_does_not_stand_is_left_to_the_run(made: Plate, tell: Tell) -> None:
    """No pixel is written, though a job of that batch is due; the next run does it."""
    STATE.done("write_zarr", "C_03_0").unlink()
    (STORE / "C/03/0/0/0/0/0/0").unlink()
    before = made.files()
    said = tell("verify", "--adopt")
    assert said.code == 1
    assert said.lines[:2] == [
        "C/03/0: left to the next run: it does not stand as its sources and the config "
        "have it now; the next run makes it anew",
        LEFT,
    ]
    assert touched(before, made.files()) == set()
    assert not STATE.done("register", "C_03_0").exists()
    assert STATE.done("write_zarr", "B_03_0").exists()
    convert(config(), Path())
    assert tell("verify", "--deep").code == 0


def test_image_that_cannot_be_registered(made: Plate, tell: Tell) -> None:
    """The reason is told; batches of other images are finished."""
    shutil.rmtree(STATE.root)
    made.raw("C03", "F1", 0).unlink()
    said = tell("verify", "--adopt")
    assert said.code == 1
    assert said.lines[:2] == ["B/03/0: adopted", "B/04/0: adopted"]
    assert said.lines[2].startswith("C/03/0: not adopted: ")
    assert "C03_F1_c0.tif" in said.lines[2]
    assert said.lines[3] == LEFT
    assert STATE.done("write_zarr", "B_04_0").exists()
    assert not STATE.done("register", "C_03_0").exists()
    assert not STATE.complete.exists()


def test_overlap_and_holes_count_as_acquired_only(raw: Plate, tell: Tell) -> None:
    """Figures leave out pixels that no tile covers, as the writer's do."""
    rows = Path("raw/tiles.csv").read_text().splitlines()
    kept = [r for r in rows if not r.startswith("C03_F2_c1")]
    Path("raw/tiles.csv").write_text("\n".join(kept).replace(",19.0,", ",33.0,") + "\n")
    content = write_config(
        Path(),
        omezarr={"num_levels": 2, "chunks": {"kind": "fixed", "xy_chunk": 16}},
    ) | {"registration": {"tiling_mode": "inplace"}}
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())
    old = {image: read_json(STATE.written(image), Receipt) for image in IMAGES}
    for image in IMAGES:
        STATE.written(image).unlink()
    assert tell("verify", "--adopt").code == 0
    for image in IMAGES:
        assert read_json(STATE.written(image), Receipt).channels == old[image].channels
    assert old["C/03/0"].channels[1].minimum >= 1


def test_sharded_zarr_3(raw: Plate, tell: Tell) -> None:
    """Shards of Zarr 3 are adopted too."""
    omezarr = {"ngff_version": "0.5", "shards": {"kind": "multiple"}, "num_levels": 2}
    content = write_config(Path(), omezarr=omezarr)
    convert(content, Path())
    old = read_json(STATE.written("B/03/0"), Receipt)
    STATE.written("B/03/0").unlink()
    assert tell("verify", "--adopt").code == 0
    new = read_json(STATE.written("B/03/0"), Receipt)
    assert (new.levels, new.channels) == (old.levels, old.channels)


def test_damaged_image_is_not_adopted(
    lost: dict[str, Receipt], made: Plate, tell: Tell
) -> None:
    """An image whose content is not that of its mark gets no receipt."""
    total = sum(sum(level.chunks.size) for level in lost["C/03/0"].levels)
    chunk = STORE / "C/03/0/0/0/0/0/0"
    size = chunk.stat().st_size
    chunk.unlink()
    said = tell("verify", "--adopt")
    assert said.code == 1
    assert [*said.lines[2:5]] == [
        f"C/03/0: not adopted: it is damaged: 5 chunks of {total - size:,} bytes are "
        f"not the 6 of {total:,} bytes that were written",
        LEFT,
        "C/03/0: is not written, there is no receipt",
    ]
    assert not STATE.written("C/03/0").exists()
    convert(config(), Path())
    assert tell("verify", "--deep").code == 0


def test_image_without_a_mark(
    lost: dict[str, Receipt], made: Plate, tell: Tell
) -> None:
    """What carries no mark, or is not there, cannot be adopted."""
    (STORE / "B/03/0/.zattrs").write_text("{}")
    shutil.rmtree(STORE / "B/04/0")
    said = tell("verify", "--adopt")
    assert said.lines[:2] == [
        "B/03/0: not adopted: out/P1.zarr/B/03/0 carries no mark of tiles2zarr",
        "B/04/0: not adopted: out/P1.zarr/B/04/0 is not there",
    ]


def test_other_options(lost: dict[str, Receipt], made: Plate, tell: Tell) -> None:
    """An image the config would make otherwise is left to the next run."""
    write_config(Path(), omezarr={"num_levels": 2, "compressor": {"name": "zstd"}})
    assert tell("verify", "--adopt").lines[0] == (
        "B/03/0: not adopted: it was made from other sources or options; the next run "
        "makes it anew"
    )


@pytest.mark.parametrize("kept", ["nothing", "plan", "decisions.json"])
def test_all_that_a_run_leaves(made: Plate, tell: Tell, kept: str) -> None:
    """Whatever else is lost, adoption makes each file of the state as it was.

    Receipts miss the digests of the sources, and the state what is made of receipts.
    """
    before = made.files()
    old = {path: raw for path, (_, raw) in files_below(STATE.root).items()}
    shutil.rmtree(STATE.root)
    if kept == "plan":
        Path("my.json").write_text(json.dumps(config()))
        plan_anew()
        STATE.registered("B/03/0").unlink()
    if kept == "decisions.json":
        STATE.root.mkdir()
        STATE.decisions.write_bytes(old[kept])
    said = tell("verify", "--adopt")
    assert said.lines[:4] == [*(f"{image}: adopted" for image in IMAGES), COMPLETE]
    assert said.code == 0
    found = {path: raw for path, (_, raw) in files_below(STATE.root).items()}
    assert found.keys() == old.keys()
    differ = {path for path in old if old[path] != found[path]}
    assert {path.partition("/")[0] for path in differ} == {
        "done",
        "plate.json",
        "progress",
        "sources",
        "tabled",
        "written",
    }
    assert touched(before, made.files()) == set()
    convert(config(), Path())
    assert touched(before, made.files()) == set()
    assert tell("verify", "--deep").code == 0


def test_what_is_not_adopted_counts(made: Plate, tell: Tell) -> None:
    """Where all state was lost the exit code tells of images that are not whole."""
    shutil.rmtree(STATE.root)
    (STORE / "C/03/0/0/0/0/0/0").unlink()
    said = tell("verify", "--adopt")
    assert said.code == 1
    assert said.lines[2].startswith("C/03/0: not adopted: it is damaged: ")


def test_store_of_another_config(made: Plate, tell: Tell) -> None:
    """With receipts of one's own, images under another owner are not taken over."""
    STATE.written("C/03/0").unlink()
    path = STORE / "C/03/0/.zattrs"
    attributes = json.loads(path.read_text())
    attributes["tiles2zarr"]["owner"] = "x"
    path.write_text(json.dumps(attributes))
    before = STATE.owner.read_bytes()
    said = tell("verify", "--adopt")
    assert said.code == 1
    assert said.err == (
        "P1: the store was made by another config (owner x), and results/P1 holds "
        "receipts of its own. Restore the lost owner.json, or use another output.\n"
    )
    assert STATE.owner.read_bytes() == before
