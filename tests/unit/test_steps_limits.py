"""What jobs ask a cluster for."""

from pathlib import Path

import pytest

from tiles2zarr.steps.limits import Step, memory_mb, runtime_minutes

RULES = sorted((Path(__file__).parents[2] / "workflow/rules").glob("*.smk"))
BATCH = {"mem_mb": 500, "source_bytes": 4 * 10**9}


@pytest.mark.parametrize(
    ("step", "attempt", "memory", "minutes"),
    [
        ("register", 1, 1000, 12),
        ("register", 2, 2000, 24),
        ("write_zarr", 1, 900, 17),
        ("write_zarr", 3, 2700, 51),
    ],
)
def test_limits_follow_the_batch(
    step: Step, attempt: int, memory: int, minutes: int
) -> None:
    """4 GB at 600 MB a minute are 7 minutes on top of 10; memory is the batch's + 400.

    A second attempt may take twice as much, a third three times.
    """
    assert memory_mb(step, BATCH, attempt) == memory
    assert runtime_minutes(step, BATCH, attempt) == minutes


def test_a_begun_minute_counts() -> None:
    """One byte more than ten minutes take is eleven."""
    batch = BATCH | {"source_bytes": 6 * 10**9 + 1}
    assert runtime_minutes("write_zarr", batch, 1) == 21


@pytest.mark.parametrize("path", RULES, ids=[path.stem for path in RULES])
def test_every_rule_that_is_submitted_says_its_needs(path: Path) -> None:
    """A submit command names memory and minutes, so no submitted rule lacks them."""
    text = path.read_text()
    local = "localrule: True" in text
    assert local or ("mem_mb=" in text and "runtime=" in text)
