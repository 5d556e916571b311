"""What the head process reads of plan and batches: plain JSON, nothing heavy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiles2zarr.errors import Tiles2ZarrError


def read_batch(path: Path) -> dict[str, int]:
    """Return what a batch asks for: ``threads``, ``mem_mb``, ``source_bytes``.

    Raises:
        Tiles2ZarrError: Its file is not there or damaged.
    """
    with state_of_disk(path):
        task = json.loads(path.read_bytes())
        return {key: int(task[key]) for key in ("threads", "mem_mb", "source_bytes")}


@contextmanager
def state_of_disk(path: Path) -> Iterator[None]:
    """Turn what reading a state file of parse_tiles may raise into one clear error.

    Raises:
        Tiles2ZarrError: It is not there or damaged.
    """
    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
        name = "plan.json" if path.name == "plan.json" else "plan.json beside it"
        raise Tiles2ZarrError(
            f"{path} is damaged or gone ({reason}). Delete {name} and run again: "
            "parse_tiles makes it anew."
        ) from error
