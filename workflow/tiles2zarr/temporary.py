"""Names of files that are not finished: written beside, then renamed into place.

A name tells the process that writes the file, so that whoever writes the same file next
can remove what a killed process left, and never what a live one is writing.
"""

import os
import re
import secrets
from pathlib import Path

_NAME = re.compile(r"\.(?P<of>.+)\.(?P<pid>[0-9]+)-[0-9a-f]{8}")


def beside(path: Path) -> Path:
    """Return a new name beside ``path`` for this process to write to."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")


def is_temporary(name: str) -> bool:
    """Say whether a file's name is one of ``beside``."""
    return _NAME.fullmatch(name) is not None


def sweep(*paths: Path) -> None:
    """Remove what processes that are gone left of their tries to write ``paths``.

    Their folders are there and are listed once each. A process of another host counts
    as gone; it notices when it renames.
    """
    folders: dict[Path, set[str]] = {}
    for path in paths:
        folders.setdefault(path.parent, set()).add(path.name)
    for folder, wanted in folders.items():
        for name in os.listdir(folder):
            match = _NAME.fullmatch(name) if name.startswith(".") else None
            if match and match["of"] in wanted and not _alive(int(match["pid"])):
                (folder / name).unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
