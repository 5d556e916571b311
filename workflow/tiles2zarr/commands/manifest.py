"""A list of hashes of all files of the output, as ``sha256sum -c`` reads it."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tiles2zarr.checkpoints import replace_file
from tiles2zarr.commands.plates import Plate
from tiles2zarr.commands.threads import work_through
from tiles2zarr.errors import StoreError
from tiles2zarr.models.plan import Plan
from tiles2zarr.steps.output import open_store

_BESIDE = re.compile(r"\..+\.(partial-.+|old-.+|moved-.+|lock|lock\..+)")
"""Names of what writers keep beside an image; no part of the output."""
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


def write_manifest(
    path: Path, plates: Iterable[tuple[Plate, Plan]], threads: int
) -> int:
    """Write the sha256 of every file of the plates; return how many there are.

    Names are relative to the manifest's own folder: the two can be moved together.

    Args:
        path: Where the manifest goes, in one step.
        plates: The plates and what they hold.
        threads: Files read together.

    Raises:
        StoreError: The output is no folder, or a file cannot be read.
    """
    files = sorted({file for plate, plan in plates for file in _files(plate, plan)})
    hashes = work_through(files, _sha256, threads)
    lines = [
        _line(os.path.relpath(file, path.parent), sha)
        for file, sha in zip(files, hashes, strict=True)
    ]
    replace_file(path, "".join(lines).encode("utf-8", "surrogateescape"))
    return len(lines)


def _files(plate: Plate, plan: Plan) -> Iterator[Path]:
    """Yield the files of the plate, or of the images without one."""
    if "://" in plate.output:
        raise StoreError(
            f"{plate.output} is no folder: `sha256sum` reads files. Copy the output, "
            "and make the manifest there."
        )
    store = open_store(plate.output)
    roots = {_root(entry.path) for entry in plan.images.values()}
    for root in sorted(roots):
        for key, _ in store.sizes(root):
            if not any(_BESIDE.fullmatch(part) for part in key.split("/")):
                yield Path(plate.output, key)


def _root(path: str) -> str:
    """Return the outermost store of an image, the plate if it is in one."""
    parts = path.split("/")
    ends = [i for i, part in enumerate(parts, 1) if part.endswith(".zarr")]
    return "/".join(parts[: ends[0]]) if ends else path


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror}. Verify again."
        ) from error


def _line(name: str, sha: str) -> str:
    """Return a line of the manifest; odd names are escaped as sha256sum does it."""
    escaped = "".join(_ESCAPES.get(letter, letter) for letter in name)
    mark = "\\" if escaped != name else ""
    return f"{mark}{sha}  {escaped}\n"
