"""Memory and minutes that jobs ask a cluster for, from the batch they take.

A scheduler kills what takes more, so both are generous: a job that ends early costs
nothing, one that is killed costs its image. Threads are the batch's own.
"""

from collections.abc import Mapping
from typing import Literal

Step = Literal["register", "write_zarr"]

START_MB = 400
"""Memory of the two Snakemakes around a cluster job (100 MB each) and of Python."""
START_MINUTES = 10
"""A busy node, a cold disk cache, and the wait for a lock left by a killed run."""
BYTES_PER_MINUTE = {"register": 3 * 10**9, "write_zarr": 600 * 10**6}
"""Source pixels a job gets through at worst: 10 MB/s of a busy file server when it
writes, headers only when it registers."""
LANES = 8
"""Small images written side by side where a server is waited for: each is a row of
requests, twelve of which wait for the one before. More keep one core no busier."""
LANE_BYTES = 64 * 2**20
"""Source pixels of all images that are written side by side."""


def memory_mb(step: Step, batch: Mapping[str, int], attempt: int) -> int:
    """Return the megabytes a batch's job asks for, more on each attempt.

    Args:
        step: The rule.
        batch: The batch's JSON, of which ``mem_mb`` is what writing it takes.
        attempt: 1 for the first.
    """
    needed = batch["mem_mb"] if step == "write_zarr" else 600
    return (START_MB + needed) * attempt


def runtime_minutes(step: Step, batch: Mapping[str, int], attempt: int) -> int:
    """Return the minutes a batch's job asks for, more on each attempt.

    Args:
        step: The rule.
        batch: The batch's JSON, of which ``source_bytes`` counts.
        attempt: 1 for the first.
    """
    minutes = -(-batch["source_bytes"] // BYTES_PER_MINUTE[step])
    return (START_MINUTES + minutes) * attempt


def lanes(source_bytes: int, images: int) -> int:
    """Return how many images of a batch are written side by side behind a URL.

    Args:
        source_bytes: Pixels of all images of the batch.
        images: How many they are.
    """
    mean = max(1, source_bytes // max(1, images))
    return int(max(1, min(LANES, LANE_BYTES // mean, images)))
