"""What the system refuses is told as a sentence that names the file and the cure."""

import errno
import os

import pytest

from tiles2zarr.stores.local import refused


@pytest.mark.parametrize(
    ("number", "file", "told"),
    [
        pytest.param(
            errno.ENOSPC,
            "results/P1/plan.json",
            "results/P1/plan.json cannot be written: No space left on device (ENOSPC). "
            "Free space on the output disk and run again.",
            id="full",
        ),
        pytest.param(
            errno.EIO,
            None,
            "Input/output error (EIO). Check the disk and the rights, and run again.",
            id="broken, no file named",
        ),
    ],
)
def test_refusals_are_sentences(number: int, file: str | None, told: str) -> None:
    """The file comes first if the system names it, then reason, symbol and cure."""
    assert str(refused(OSError(number, os.strerror(number), file))) == told
