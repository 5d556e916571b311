"""Images of a batch side by side: who waits for whom, and who does not."""

import json
import threading
import time
from pathlib import Path

import pytest

from tiles2zarr.errors import SourceError
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.plan import Outcome
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.progress.events import recorded_job
from tiles2zarr.steps.limits import lanes
from tiles2zarr.steps.write_zarr import write_images

NAMES = ("B/02/0", "B/10/0", "C/02/0")
REGISTERED = {name: Outcome(status="done", digest="d") for name in NAMES}
RECEIPT = Receipt.model_validate(
    {
        "collection": {"kind": "single", "image_path": "a"},
        "pixels": "p",
        "geometry": "g",
        "metadata": "m",
        "levels": [],
        "labels": [],
        "channels": [],
        "sources": {"file": [], "size": [], "mtime_ns": [], "digest": []},
        "software": {},
    }
)


@pytest.mark.parametrize(
    ("octets", "images", "together"),
    [
        (64 * 131_072, 64, 8),  # fields of 256 x 256
        (4 * 131_072, 4, 4),  # no more than there are
        (96 * 16 * 2**20, 96, 4),  # of 16 MiB, four at a time are 64 MiB
        (3 * 10**9, 12, 1),  # one is large enough
        (0, 2, 2),  # nothing but holes
    ],
)
def test_small_images_are_written_side_by_side(
    octets: int, images: int, together: int
) -> None:
    """Up to eight, and 64 MiB of source pixels at a time."""
    assert lanes(octets, images) == together


def test_all_lanes_are_used(tmp_path: Path) -> None:
    """Three images wait for each other; none ends before the last one has begun."""
    meeting = threading.Barrier(3, timeout=60)

    def write(image: str, *_: object) -> tuple[Receipt, list[Finding]]:
        meeting.wait()
        if image == "B/10/0":
            raise SourceError("B10.tif is cut short")
        return RECEIPT, [Finding(code="c", message=image, images=(image,))]

    with recorded_job(tmp_path / "b.jsonl", "b") as record:
        outcome = write_images(REGISTERED, write, record, 3)
    assert [o.status for o in outcome.images.values()] == ["done", "failed", "done"]
    assert list(outcome.images) == sorted(NAMES)
    assert [finding.message for finding in outcome.findings] == ["B/02/0", "C/02/0"]
    lines = (tmp_path / "b.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert {(e["image"], e["kind"]) for e in told if "image" in e} == {
        ("B/02/0", "kept"),
        ("B/10/0", "failed"),
        ("C/02/0", "kept"),
    }


@pytest.mark.parametrize("together", [1, 2])
def test_a_fault_of_ours_ends_the_job(tmp_path: Path, together: int) -> None:
    """What no image can be blamed for is raised, and what has not begun never does."""
    begun: list[str] = []
    first_begun = threading.Event()

    def write(image: str, *_: object) -> tuple[Receipt, list[Finding]]:
        begun.append(image)
        if image == "B/02/0":
            first_begun.wait(60)
            raise ZeroDivisionError
        first_begun.set()
        time.sleep(0.05)  # a hundred of them take longer than the first has to fail
        raise SourceError("no matter")

    if together == 1:
        first_begun.set()
    registered = {f"B/02/{n}": REGISTERED["B/02/0"] for n in range(1, 99)} | REGISTERED
    with (
        recorded_job(tmp_path / "b.jsonl", "b") as record,
        pytest.raises(ZeroDivisionError),
    ):
        write_images(registered, write, record, together)
    assert len(begun) < len(registered)


def test_what_register_gave_up_is_not_written(tmp_path: Path) -> None:
    """An image that failed before keeps its error, one that waits is not told."""

    def write(image: str, *_: object) -> tuple[Receipt, list[Finding]]:
        raise AssertionError(image)

    before = {
        "B/02/0": Outcome(status="failed", error="no header"),
        "B/10/0": Outcome(status="waiting"),
    }
    with recorded_job(tmp_path / "b.jsonl", "b") as record:
        outcome = write_images(before, write, record, 2)
    assert outcome.images == before
    assert "B/10/0" not in (tmp_path / "b.jsonl").read_text()
