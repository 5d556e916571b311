"""Whether a file may still be written; asked by the head, so nothing heavy here."""

import os
import time
from collections.abc import Iterable


def file_state(path: str, settle_s: float) -> str:
    """Return ``young``, ``settled`` or ``absent``.

    Args:
        path: A local file.
        settle_s: Age from which it is settled, second.
    """
    try:
        changed = os.stat(path).st_mtime
    except (OSError, ValueError):
        return "absent"
    return "young" if time.time() - changed < settle_s else "settled"


def waiting_lines(paths: Iterable[str], settle_s: float) -> list[str]:
    """Return each waiting file with its state, for a digest that sees it settle."""
    return [f"{path}|{file_state(path, settle_s)}" for path in paths]
