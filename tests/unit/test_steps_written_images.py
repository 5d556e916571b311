"""What build_tables remembers of the images of a plate, and what it does not."""

import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_models_json import CHANNEL, LEVEL, SOURCES, WELL
from tiles2zarr.config import slices
from tiles2zarr.config.root import Config
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.state import State
from tiles2zarr.steps.image_tables import find_windows
from tiles2zarr.steps.written_images import Written, sum_up

RECEIPT = Receipt(
    collection=WELL,
    pixels="a",
    geometry="b",
    metadata="c",
    levels=(LEVEL, LEVEL.replace(path="1")),
    dtype="uint16",
    labels=("DAPI", "Cy5"),
    channels=(CHANNEL, CHANNEL),
    sources=SOURCES,
)


def test_sum_of_a_receipt() -> None:
    """Names of the levels, bytes of all chunks, the newest source."""
    told = sum_up("B/03/0", 2, RECEIPT, "d", "r")
    assert (told.levels, told.octets, told.newest_ns) == (("0", "1"), 36, 2)
    assert list(told.channels) == [(2, "DAPI"), (2, "Cy5")]
    assert told.origin.entry["pixels"] == "a"


@pytest.mark.parametrize("windows", ["plate", "image"])
def test_receipts_do_not_gather(windows: str) -> None:
    """Of 99 receipts, a megabyte each on large plates, two are held at a time."""
    held: list[weakref.ref[Receipt]] = []
    most = 0

    def alive() -> int:
        return sum(one() is not None for one in held)

    def read(numbers: range) -> Iterator[tuple[Written, Receipt]]:
        nonlocal most
        for number in numbers:
            receipt = RECEIPT.model_copy()
            held.append(weakref.ref(receipt))
            most = max(most, alive())
            yield sum_up(f"B/{number:02d}/0", 0, receipt, "d", "r"), receipt

    config = Config.model_validate(
        {
            "plate": {"name": "P1"},
            "output": "out",
            "acquisitions": [{"path": "a.csv", "details": {"pixelsize": 1}}],
            "omezarr": {"windows": windows},
        }
    )
    found = find_windows(
        read(range(1, 90)),
        read(range(90, 100)),
        State(Path("results/P1")),
        slices.tables_options(config),
    )
    assert (len(found.images), len(found.kept), len(found.windows)) == (89, 10, 89)
    assert most <= 2
    assert alive() <= 1
