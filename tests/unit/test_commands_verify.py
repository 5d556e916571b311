"""``verify``: every kind of damage is told by image, and healed by repair and rerun."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.rules.plate import (
    IMAGES,
    Files,
    Plate,
    arrays,
    config,
    contents,
    files_below,
    images_of,
    table_rows,
    touched,
    write_csv,
)
from tests.unit.conftest import Tell, write_config
from tiles2zarr.errors import FaultsError
from tiles2zarr.state import State
from tiles2zarr.stores.lock import Holder

STATE = State(Path("results/P1"))
STORE = Path("out/P1.zarr")
IMAGE = "C/03/0"
WHOLE = "P1: 3 images whole (every chunk read, 12 of 12 planes as in the source)"
Harm = Callable[[Path], None]


def edit(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change a JSON file."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def truncate(path: Path) -> None:
    """Take the end of a file."""
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    """Change the last byte of a file, not its size."""
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))


def shorten(path: Path) -> None:
    """Take the last line of a table."""
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def drop_mark(path: Path) -> None:
    """Take our mark off a group."""
    edit(path, lambda attributes: attributes.pop("tiles2zarr"))


def swap_axes(path: Path) -> None:
    """Change the axes of an image."""
    edit(path, lambda a: a["multiscales"][0]["axes"].reverse())  # type: ignore[index]


def foreign(path: Path) -> None:
    """Write another's owner into a mark."""
    edit(path, lambda a: a["tiles2zarr"].update(owner="x"))  # type: ignore[attr-defined]


DAMAGES: dict[str, tuple[str, Harm, str, bool]] = {
    "chunk lost": ("0/0/0/0/1", Path.unlink, "level 0: 1 chunk is missing", False),
    "chunk cut": ("0/0/0/0/1", truncate, "level 0: 1 chunk is of another size", False),
    "chunk changed": ("0/1/0/0/0", flip, "level 0: 1 chunk is of another", True),
    "chunk beyond": (
        "1/0/0/0/7",
        lambda path: path.write_bytes(b"x"),
        "level 1: 1 chunk is beyond the receipt's (0/0/0/7)",
        False,
    ),
    "header lost": ("1/.zarray", Path.unlink, "level 1 has no array header", False),
    "header damaged": ("1/.zarray", truncate, "the header of level 1 is", False),
    "header changed": (
        "0/.zarray",
        lambda path: edit(path, lambda header: header.update(dtype="<i2")),
        "0/.zarray is not the header that was written",
        False,
    ),
    "level lost": (
        "1",
        shutil.rmtree,
        "level 1 has no array header; level 1: 2",
        False,
    ),
    "image lost": ("", shutil.rmtree, "out/P1.zarr/C/03/0 is not there", False),
    "attributes lost": (".zattrs", Path.unlink, "carries no mark of tiles2zarr", False),
    "attributes cut": (".zattrs", truncate, "its attributes are damaged", False),
    "group lost": (".zgroup", Path.unlink, "carries no mark of tiles2zarr", False),
    "mark lost": (".zattrs", drop_mark, "carries no mark of tiles2zarr", False),
    "axes changed": (".zattrs", swap_axes, "axes and levels in its attributes", False),
    "table lost": (
        "tables/FOV_ROI_table",
        shutil.rmtree,
        "FOV_ROI_table is missing",
        False,
    ),
    "table file lost": (
        "tables/plane_table/table.csv",
        Path.unlink,
        "plane_table is missing",
        False,
    ),
    "table cut": (
        "tables/FOV_ROI_table/table.csv",
        shorten,
        "FOV_ROI_table has 1 row, expected 2",
        True,
    ),
    "tables unlisted": (
        "tables/.zattrs",
        lambda path: path.write_text("{}"),
        "FOV_ROI_table is missing; well_ROI_table is missing; condition_table is",
        False,
    ),
    "tables damaged": ("tables/.zattrs", truncate, "its tables are damaged", False),
}
"""Name to the file harmed, the harm, the line's beginning, if quick misses it."""


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told(made: Plate, tell: Tell, name: str) -> None:
    """One line names the image and what is amiss; looking changes nothing."""
    key, harm, message, unseen = DAMAGES[name]
    harm(STORE / IMAGE / key)
    before = files_below(Path())
    assert tell("verify", "--quick").code == (0 if unseen else 1)
    said = tell("verify")
    assert said.code == 1
    assert said.lines[0].startswith(f"{IMAGE}: {message}")
    assert said.lines[1:] == [
        "P1: 1 of 3 images not whole (every chunk read)",
        "P1: `--repair` takes back what stands on it, for a rerun",
    ]
    assert files_below(Path()) == before


@pytest.mark.parametrize(
    "names",
    [tuple(DAMAGES)[n : n + len(IMAGES)] for n in range(0, len(DAMAGES), len(IMAGES))],
    ids=", ".join,
)
def test_damage_is_healed(made: Plate, tell: Tell, names: tuple[str, ...]) -> None:
    """Repair and a rerun bring back every byte, whatever was harmed in each image."""
    whole = files_below(STORE)
    for name, image in zip(names, IMAGES, strict=False):
        key, harm, _, _ = DAMAGES[name]
        harm(STORE / image / key)
    mended = tell("verify", "--deep", "--repair")
    assert mended.code == 1
    assert mended.lines[-1] == "P1: taken back; run the workflow again to heal it"
    convert(config(), Path())
    assert tell("verify", "--deep").lines == [WHOLE]
    assert contents(files_below(STORE)) == contents(whole)


def test_whole_images_are_left_alone(made: Plate, tell: Tell) -> None:
    """Repair takes back what stands on the damaged image, and nothing else."""
    before = files_below(Path())
    (STORE / IMAGE / "0/0/0/0/1").unlink()
    tell("verify", "--repair")
    results = {f"results/P1/{name}/{IMAGE}.json" for name in ("tabled", "written")}
    assert touched(before, files_below(Path())) == results | {
        f"{STORE}/{IMAGE}/0/0/0/0/1",
        "results/P1/done/write_zarr/C_03_0.json",
        "results/P1/done/complete.json",
        "results/P1/plate.json",
    }
    harmed = made.files()
    convert(config(), Path())
    assert images_of(touched(arrays(harmed), arrays(made.files()))) == {IMAGE}


def test_several_damages(made: Plate, tell: Tell) -> None:
    """Each damaged image has one line, with all that is amiss with it."""
    (STORE / "B/03/0/0/0/0/0/0").unlink()
    (STORE / "B/03/0/0/1/0/0/1").unlink()
    shutil.rmtree(STORE / "B/03/0/tables/well_ROI_table")
    (STORE / "C/03/0/1/.zarray").unlink()
    assert tell("verify").lines[:3] == [
        "B/03/0: level 0: 2 chunks are missing (0/0/0/0); well_ROI_table is missing",
        "C/03/0: level 1 has no array header",
        "P1: 2 of 3 images not whole (every chunk read)",
    ]


def test_lost_receipt(made: Plate, tell: Tell) -> None:
    """An image without a receipt is not proven; repair takes its batch back."""
    STATE.written(IMAGE).unlink()
    said = tell("verify", "--repair")
    assert said.lines[0] == f"{IMAGE}: is not written, there is no receipt"
    assert not STATE.done("write_zarr", "C_03_0").exists()
    assert STATE.done("register", "C_03_0").exists()
    assert STATE.done("write_zarr", "B_03_0").exists()


def test_damaged_receipt(made: Plate, tell: Tell) -> None:
    """A receipt that is none is told, and healed like a lost one."""
    STATE.written(IMAGE).write_text("[]")
    said = tell("verify", "--repair")
    assert said.lines[0].startswith(f"{IMAGE}: results/P1/written/C/03/0.json does not")
    convert(config(), Path())
    assert tell("verify").code == 0


@pytest.mark.parametrize("harm", [Path.unlink, truncate])
def test_checkpoint_of_register(made: Plate, tell: Tell, harm: Harm) -> None:
    """A lost or changed checkpoint is told; repair takes register's output back."""
    before = made.files()
    harm(STATE.registered(IMAGE))
    said = tell("verify", "--repair")
    assert said.code == 1
    assert said.lines[0].startswith(f"{IMAGE}: results/P1/registered/C/03/0.json is ")
    assert not STATE.done("register", "C_03_0").exists()
    convert(config(), Path())
    assert tell("verify").code == 0
    assert touched(before, made.files()) == set()


def test_reason_of_an_image_that_failed(made: Plate, tell: Tell) -> None:
    """An image that was never written is told with the reason its job gave."""
    STATE.written(IMAGE).unlink()
    edit(
        STATE.done("write_zarr", "C_03_0"),
        lambda done: done["images"].update(  # type: ignore[attr-defined]
            {IMAGE: {"status": "failed", "error": "the disk is full"}}
        ),
    )
    line = f"{IMAGE}: is not written, there is no receipt; the disk is full"
    assert tell("verify").lines[0] == line


def test_image_that_failed_needs_no_repair(raw: Plate, tell: Tell) -> None:
    """What was never written is made by a rerun; other damage asks for repair."""
    raw.raw("C03", "F1", 0).write_bytes(b"no image")
    with pytest.raises(FaultsError, match="1 of 3 images are not written"):
        convert(config(), Path())
    log = Path("results/P1/logs/register/C_03_0.log")
    log.parent.mkdir(parents=True)
    log.write_text("2026-01-02 03:04:05,679 ERROR C/03/0: the file is no TIFF\n")
    assert tell("verify").lines == [
        "C/03/0: is not written, there is no receipt; the file is no TIFF",
        "P1: 1 of 3 images not whole (every chunk read)",
        "P1: mend the causes and run the workflow again",
    ]
    (STORE / "B/03/0/0/.zarray").unlink()
    assert tell("verify").lines[-1] == (
        "P1: `--repair` takes back what stands on it, for a rerun"
    )


def test_foreign_image(made: Plate, tell: Tell) -> None:
    """An image that another config put in the place of ours is told."""
    foreign(STORE / IMAGE / ".zattrs")
    line = tell("verify").lines[0]
    assert line.startswith(f"{IMAGE}: was made by another config (owner x, ours is ")


def test_stale_mark(made: Plate, tell: Tell) -> None:
    """A mark of another content than the receipt's is told."""
    edit(
        STORE / IMAGE / ".zattrs",
        lambda a: a["tiles2zarr"].update(content="0"),  # type: ignore[attr-defined]
    )
    assert tell("verify").lines[0] == f"{IMAGE}: its mark is not that of the receipt"


def test_changed_options_are_no_damage(made: Plate, tell: Tell) -> None:
    """A store made with other options is whole until the next run."""
    write_config(Path(), omezarr={"num_levels": 2, "compressor": {"name": "zstd"}})
    assert tell("verify", "--deep").code == 0


PLATES: dict[str, tuple[str, Harm, str]] = {
    "rows left out": (
        ".zattrs",
        lambda path: edit(path, lambda a: a["plate"].update(rows=[{"name": "B"}])),  # type: ignore[attr-defined]
        "P1.zarr: rows are not all listed: A, C is left out",
    ),
    "used ones only": (
        ".zattrs",
        lambda path: edit(
            path,
            lambda a: a["plate"].update(  # type: ignore[attr-defined]
                columns=[{"name": f"{n:02d}"} for n in range(1, 5)]
            ),
        ),
        "P1.zarr: lists 8 rows and 4 columns, expected 8 and 12",
    ),
    "order": (
        ".zattrs",
        lambda path: edit(path, lambda a: a["plate"]["columns"].reverse()),  # type: ignore[index]
        "P1.zarr: columns are not listed in their order from 01 on",
    ),
    "well left out": (
        ".zattrs",
        lambda path: edit(path, lambda a: a["plate"]["wells"].pop()),  # type: ignore[index]
        "C/03/0: is not listed in the plate",
    ),
    "image left out": (
        "C/03/.zattrs",
        lambda path: edit(path, lambda a: a["well"].update(images=[])),  # type: ignore[attr-defined]
        "C/03/0: is not listed in the plate",
    ),
    "other acquisition": (
        "C/03/.zattrs",
        lambda path: edit(
            path,
            lambda a: a["well"]["images"][0].update(acquisition=4),  # type: ignore[index]
        ),
        "C/03/0: is listed with acquisition 4, expected 0",
    ),
    "image too many": (
        "C/03/.zattrs",
        lambda path: edit(
            path,
            lambda a: a["well"]["images"].append({"path": "9", "acquisition": 0}),  # type: ignore[index]
        ),
        "C/03/9: is listed in the plate but is not one of its images",
    ),
    "attributes lost": (
        ".zattrs",
        Path.unlink,
        "P1.zarr: the metadata of the plate are missing",
    ),
    "attributes cut": (".zattrs", truncate, "P1.zarr: .zattrs in the output is not"),
    "group lost": (
        ".zgroup",
        Path.unlink,
        "P1.zarr: the metadata of the plate are missing",
    ),
    "well cut": ("B/04/.zattrs", truncate, "P1.zarr: B/04/.zattrs in the output is"),
    "mark lost": (".zattrs", drop_mark, "P1.zarr: carries no mark of this config"),
    "table lost": (
        "tables/condition_table",
        shutil.rmtree,
        "P1.zarr: condition_table of the plate is missing",
    ),
    "tables cut": ("tables/.zattrs", truncate, "P1.zarr: tables/.zattrs in the output"),
}
"""Name to the file of the plate harmed, the harm, the line's beginning."""


@pytest.mark.parametrize("name", PLATES)
def test_damaged_plate_is_told(made: Plate, tell: Tell, name: str) -> None:
    """Metadata and tables of plate and wells are measured, not those of images only."""
    key, harm, message = PLATES[name]
    harm(STORE / key)
    said = tell("verify")
    assert said.code == 1
    assert said.lines[0].startswith(message)
    assert said.lines[-2] == "P1: 0 of 3 images not whole (every chunk read)"


@pytest.mark.parametrize(
    "names",
    [
        ("rows left out", "image left out", "well cut", "table lost"),
        ("used ones only", "other acquisition", "tables cut"),
        ("attributes cut", "image too many"),
        ("attributes lost", "well cut"),
        ("group lost",),
        ("mark lost", "order"),
    ],
    ids=", ".join,
)
def test_damaged_plate_is_healed(
    made: Plate, tell: Tell, names: tuple[str, ...]
) -> None:
    """Repair and a rerun bring the metadata back; no array is touched."""
    whole = made.files()
    for name in names:
        key, harm, _ = PLATES[name]
        harm(STORE / key)
    assert tell("verify", "--repair").code == 1
    convert(config(), Path())
    assert tell("verify", "--deep").code == 0
    after = made.files()
    assert touched(arrays(whole), arrays(after)) == set()
    assert attributes(after) == attributes(whole)


def attributes(files: Files) -> dict[str, object]:
    """Return the content of every document of attributes."""
    found = contents(files).items()
    return {path: json.loads(raw) for path, raw in found if path.endswith(".zattrs")}


def test_nothing_is_repaired_while_a_job_writes(made: Plate, tell: Tell) -> None:
    """A live writer's image is told as such, and nothing is taken back."""
    (STORE / IMAGE / "0/0/0/0/0").unlink()
    holder = Holder.current()
    lock = STORE / "C/03/.0.lock"
    lock.write_text(json.dumps(holder.__dict__))
    before = files_below(STATE.root)
    said = tell("verify", "--repair")
    assert said.code == 1
    assert said.lines[0] == (
        f"{IMAGE}: level 0: 1 chunk is missing (0/0/0/0); process {holder.pid} on "
        f"{socket.gethostname()} is writing it now"
    )
    assert said.err.endswith(
        "is writing it now. Nothing was taken back: repair when the run is over.\n"
    )
    assert files_below(STATE.root) == before


def test_no_plan(raw: Plate, tell: Tell) -> None:
    """Before the first run there is nothing to measure against."""
    said = tell("verify")
    assert said.code == 1
    assert said.err == (
        "P1: not begun, there is no results/P1/plan.json. Run the workflow first, or "
        "name the folder it ran in with -d. If the results folder was lost: tiles2zarr "
        "verify --adopt.\n"
    )


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_formats(raw: Plate, tell: Tell, version: str) -> None:
    """Zarr 2 and Zarr 3, sharded too, are whole when made and told when harmed."""
    omezarr: dict[str, object] = {"ngff_version": version, "table_backend": "json"}
    if version == "0.5":
        omezarr["shards"] = {"kind": "multiple", "xy_factor": 2}
    content = write_config(Path(), omezarr={"num_levels": 2} | omezarr)
    convert(content, Path())
    assert tell("verify", "--deep").code == 0
    store = ("--store", str(STORE))
    assert tell("verify", "--deep", config=store).code == 0
    key = "0/c/1/0/0/0" if version == "0.5" else "0/1/0/0/0"
    flip(STORE / IMAGE / key)
    assert tell("verify", "--quick").code == 0
    line = "level 0: 1 chunk is of another content (1/0/0/0)"
    name = key.removeprefix("0/")
    assert tell("verify", "--deep").lines[0] == f"{IMAGE}: " + line.replace(
        "1/0/0/0", name
    )
    assert tell("verify", "--deep", config=store).lines[0] == (
        f"{IMAGE}: the content of its chunks is not what was written"
    )
    tell("verify", "--deep", "--repair")
    convert(content, Path())
    assert tell("verify", "--deep").code == 0


def test_plate_that_others_made_too(made: Plate, tell: Tell) -> None:
    """With extend, images of others may be listed, if they are there."""
    content = write_config(Path(), writing={"overwrite_mode": "extend"})
    convert(content, Path())
    edit(
        STORE / "C/03/.zattrs",
        lambda a: a["well"]["images"].append({"path": "9", "acquisition": 0}),  # type: ignore[index]
    )
    line = "C/03/9: is listed in the plate but is not there"
    assert tell("verify").lines[0] == line
    shutil.copytree(STORE / IMAGE, STORE / "C/03/9")
    assert tell("verify").code == 0
    truncate(STORE / ".zattrs")
    before = made.files()
    assert tell("verify", "--repair").code == 1
    assert made.files() == before


def test_images_that_others_added(made: Plate, tell: Tell) -> None:
    """An extended plate of ours is whole: larger, with rows and images of others.

    What they add is told. An image that is gone, or ours and not planned, is damage.
    """
    for well in ("D04", "D13"):
        made.write_well(well)
    write_csv(made.work / "raw/more.csv", table_rows("D04", "D13"))
    theirs = config(
        plate={"layout": 384},
        acquisition={"path": "raw/more.csv", "conditions": None},
        writing={"overwrite_mode": "extend"},
    )
    convert(theirs, Path("other"))
    note = "P1: 2 images of others in the plate, not looked at, e.g. D/04/0"
    said = tell("verify", "--deep")
    assert (said.code, said.lines) == (0, [note, WHOLE])
    (facts,) = json.loads(tell("verify", "--json").out)["plates"]
    assert facts["foreign"] == ["D/04/0", "D/13/0"]

    owner = json.loads((STORE / IMAGE / ".zattrs").read_text())["tiles2zarr"]["owner"]
    edit(STORE / "D/04/0/.zattrs", lambda a: a["tiles2zarr"].update(owner=owner))  # type: ignore[attr-defined]
    shutil.rmtree(STORE / "D/13/0")
    said = tell("verify")
    assert said.code == 1
    message = "is listed in the plate but is not one of its images"
    assert said.lines[:2] == [f"D/04/0: {message}", f"D/13/0: {message}"]


def test_rows_beside_those_of_others(made: Plate, tell: Tell) -> None:
    """A plate of ours that others extended still has all of our rows and columns."""
    made.write_well("D04")
    write_csv(made.work / "raw/more.csv", table_rows("D04"))
    theirs = config(
        acquisition={"path": "raw/more.csv", "conditions": None},
        writing={"overwrite_mode": "extend"},
    )
    convert(theirs, Path("other"))
    edit(
        STORE / ".zattrs",
        lambda a: a["plate"].update(  # type: ignore[attr-defined]
            columns=[{"name": f"{n:02d}"} for n in range(1, 5)]
        ),
    )
    said = tell("verify")
    assert said.code == 1
    assert said.lines[0] == "P1.zarr: lists 8 rows and 4 columns, expected 8 and 12"


def test_layout_that_is_guessed(raw: Plate, tell: Tell) -> None:
    """A layout nobody told is the one that build_tables took."""
    content = write_config(Path(), plate={"layout": None})
    convert(content, Path())
    assert tell("verify").code == 0


def test_real_plate(real_data: Path, raw: Plate, tell: Tell) -> None:
    """A real plate is whole once it is made."""
    folder = real_data / "yokogawa/cv8000-minimal"
    content: dict[str, object] = {"plate": {"name": "P1"}, "output": "out"}
    content["acquisitions"] = [{"path": str(folder)}]
    Path("my.yaml").write_text(json.dumps(content))
    convert(content, Path())
    assert tell("check").code == 0
    assert tell("plan").code == 0
    assert tell("status").code == 0
    assert tell("verify", "--deep").code == 0
