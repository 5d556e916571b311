"""The receipt beside a swap, by hand: whatever is left, the image's own is found."""

from pathlib import Path

import pytest

from tests.unit.test_models_json import LEVEL, SOURCES, WELL
from tiles2zarr.checkpoints import write_json
from tiles2zarr.models.receipt import LevelReceipt, Receipt
from tiles2zarr.ngff.mark import Mark
from tiles2zarr.steps.fingerprints import content_digest
from tiles2zarr.steps.receipts import ReceiptPlace


def receipt(pixels: str, *levels: LevelReceipt) -> Receipt:
    """Return the receipt of an image of one level, the first unless given."""
    return Receipt(
        collection=WELL,
        pixels=pixels,
        geometry="b",
        metadata="c",
        levels=levels or (LEVEL,),
        labels=(),
        channels=(),
        sources=SOURCES,
    )


def mark(of: Receipt) -> Mark:
    """Return the mark of the image of a receipt."""
    return Mark(
        owner="me",
        pixels=of.pixels,
        metadata="c",
        geometry="b",
        content=content_digest(of.levels),
        chunks=2,
        bytes=18,
    )


OLD, NEW = receipt("a"), receipt("b", LEVEL.replace(path="1"))


@pytest.fixture
def place(tmp_path: Path) -> ReceiptPlace:
    """Return the place of a receipt, the old one there."""
    write_json(tmp_path / "0.json", OLD)
    return ReceiptPlace(tmp_path / "0.json")


@pytest.mark.parametrize("standing", [OLD, NEW], ids=["old", "new"])
@pytest.mark.parametrize("steps", [2, 3])
def test_death_around_the_swap(
    place: ReceiptPlace, standing: Receipt, steps: int, tmp_path: Path
) -> None:
    """Of a receipt laid beside and one put aside the image's own is taken."""
    place.begin(NEW)
    if steps == 3:
        place.withdraw()
        assert not place.path.exists()
    assert place.settle(mark(standing)) == standing
    assert [path.name for path in tmp_path.iterdir()] == ["0.json"]
    assert place.known() == standing


def test_a_finished_swap(place: ReceiptPlace, tmp_path: Path) -> None:
    """Afterwards there is the new receipt alone, a dead run's left-over included."""
    place.begin(NEW)
    place.withdraw()
    place.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["0.json"]
    write_json(place.former, OLD)
    assert place.settle(mark(NEW)) == NEW
    assert not place.former.exists()


def test_a_damaged_receipt_is_none(place: ReceiptPlace) -> None:
    """What cannot be read proves nothing."""
    place.path.write_text("{")
    place.pending.write_text("{")
    assert place.settle(mark(OLD)) is None
    assert not place.pending.exists()
