"""Images that left the plan: what is removed, what stays, what is told."""

from pathlib import Path

import pytest

from tiles2zarr.checkpoints import write_json
from tiles2zarr.config.load import load_configs
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.config.slices import tables_options
from tiles2zarr.models.collection import Collection, ImageInPlate, SingleImage
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import AcquisitionEntry, ImageEntry, Plan
from tiles2zarr.models.receipt import Receipt, SourceColumns
from tiles2zarr.ngff.documents import write_attributes
from tiles2zarr.ngff.mark import KEY, Mark
from tiles2zarr.state import State
from tiles2zarr.steps.orphans import find_orphans, remove_image, settle_orphans
from tiles2zarr.steps.output import Owner
from tiles2zarr.stores.local import LocalStore

OWNER = "ours"


def _place(row: str, column: int) -> ImageInPlate:
    return ImageInPlate(plate_name="P1", row=row, column=column)


def _receipt(collection: Collection) -> Receipt:
    return Receipt(
        collection=collection,
        pixels="p",
        geometry="g",
        metadata="m",
        levels=(),
        labels=(),
        channels=(),
        sources=SourceColumns(file=(), size=(), mtime_ns=(), digest=()),
    )


def _make(
    state: State, output: Path, collection: Collection, owner: str = OWNER
) -> Path:
    """Make the state files of an image, and its group in the output by an owner."""
    write_json(state.written(collection.image), _receipt(collection))
    for path in (state.registered(collection.image), state.tabled(collection.image)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    folder = output / collection.path
    mark = Mark(
        owner=owner,
        pixels="p",
        metadata="m",
        geometry="g",
        content="c",
        chunks=0,
        bytes=0,
    )
    write_attributes(LocalStore(folder), "", {KEY: mark.model_dump()}, "0.4")
    (folder / "labels").mkdir()
    (folder / "labels" / ".zgroup").write_text("{}")
    return folder


def _plan(*images: str) -> Plan:
    entry = ImageEntry(batch="b", path="p", shape=(1, 1, 1, 20, 30), planes=1)
    return Plan(
        name="P1",
        kind="plate",
        acquisitions=(AcquisitionEntry(id=0),),
        images=dict.fromkeys(images, entry),
        batches=("b",),
        expected_bytes=0,
        expected_files=0,
    )


def _options(output: Path, mode: str) -> TablesOptions:
    raw = {
        "plate": {"name": "P1"},
        "output": str(output),
        "acquisitions": [{"path": "raw"}],
        "writing": {"overwrite_mode": mode},
    }
    (config,) = load_configs(raw, lambda path, form: None).values()
    return tables_options(config)


@pytest.fixture
def state(tmp_path: Path) -> State:
    """Return the state of a results folder with an owner."""
    state = State(tmp_path / "results")
    write_json(state.owner, Owner(owner=OWNER))
    return state


def _files(state: State, image: str) -> list[bool]:
    paths = state.written(image), state.registered(image), state.tabled(image)
    return [path.exists() for path in paths]


def test_orphans_are_written_images_outside_of_the_plan(
    state: State, tmp_path: Path
) -> None:
    """Of three written images, two of them planned, one is an orphan."""
    for row, column in (("B", 3), ("B", 11), ("C", 2)):
        _make(state, tmp_path / "out", _place(row, column))
    plan = _plan("B/03/0", "C/02/0", "D/01/0")
    assert find_orphans(plan, state) == ("B/11/0",)
    assert find_orphans(_plan("B/03/0", "B/11/0", "C/02/0"), state) == ()


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        (
            "no_overwrite",
            "they stay on disk but not in the plate. `tiles2zarr prune` removes them.",
        ),
        ("extend", "they stay, also in the plate. `tiles2zarr prune` removes them."),
    ],
)
def test_orphans_stay(state: State, tmp_path: Path, mode: str, what: str) -> None:
    """Image and state are left, and a finding says so, in every run again."""
    folder = _make(state, tmp_path / "out", _place("B", 11))
    for _ in range(2):
        found = settle_orphans(_plan("B/03/0"), state, _options(tmp_path / "out", mode))
        assert found == (
            Finding(
                code="orphan_image",
                message=f"Images that left the plan: 1; {what}",
                count=1,
                images=("B/11/0",),
            ),
        )
    assert folder.is_dir()
    assert _files(state, "B/11/0") == [True, True, True]


def test_overwrite_removes_orphans(state: State, tmp_path: Path) -> None:
    """With their labels and state; the planned image beside stays; told once."""
    kept = _make(state, tmp_path / "out", _place("B", 3))
    gone = _make(state, tmp_path / "out", _place("B", 11))
    plan, options = _plan("B/03/0"), _options(tmp_path / "out", "overwrite")
    (finding,) = settle_orphans(plan, state, options)
    assert finding.message == (
        "Images that left the plan: 1; they were removed, as writing.overwrite_mode: "
        "overwrite asks for."
    )
    assert not gone.exists()
    assert kept.is_dir()
    assert _files(state, "B/11/0") == [False, False, False]
    assert _files(state, "B/03/0") == [True, True, True]
    assert settle_orphans(plan, state, options) == ()


def test_an_image_of_others_in_an_orphans_place_stays(
    state: State, tmp_path: Path
) -> None:
    """Only our own claim to it goes."""
    folder = _make(state, tmp_path / "out", _place("B", 11), owner="theirs")
    assert not remove_image("B/11/0", state, str(tmp_path / "out"))
    assert folder.is_dir()
    assert _files(state, "B/11/0") == [False, False, False]


def test_an_orphan_that_is_gone_already(state: State, tmp_path: Path) -> None:
    """Nothing is removed, and its state is forgotten."""
    write_json(state.written("B/11/0"), _receipt(_place("B", 11)))
    assert not remove_image("B/11/0", state, str(tmp_path / "out"))
    assert _files(state, "B/11/0") == [False, False, False]


def test_single_images_are_removed_too(state: State, tmp_path: Path) -> None:
    """An image of its own is a store of its own; images beside it stay."""
    gone = _make(state, tmp_path / "out", SingleImage(image_path="day 1/left"))
    kept = _make(state, tmp_path / "out", SingleImage(image_path="day 1/right"))
    options = _options(tmp_path / "out", "overwrite")
    settle_orphans(_plan("day 1/right"), state, options)
    assert not gone.exists()
    assert kept.is_dir()


def test_many_orphans_are_one_finding(state: State, tmp_path: Path) -> None:
    """Seven are counted, five are named."""
    for column in range(1, 8):
        _make(state, tmp_path / "out", _place("C", column))
    options = _options(tmp_path / "out", "no_overwrite")
    (finding,) = settle_orphans(_plan("B/03/0"), state, options)
    assert finding.count == 7
    assert finding.images == tuple(f"C/{column:02d}/0" for column in range(1, 6))
