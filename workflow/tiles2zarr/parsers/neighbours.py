"""Acquisitions that lie in the folder of another: told, since only one is taken."""

from collections.abc import Iterable, Iterator, Mapping

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import Directory, join, list_directory, parent
from tiles2zarr.parsers.imagexpress_names import read_folder
from tiles2zarr.parsers.peek import INDICES
from tiles2zarr.parsers.records import ParsedAcquisition

DEPTH = 3
"""Folders below each other that are looked into."""
MOST = 200
"""Folders that are looked into at most."""
Storage = Mapping[str, object] | None


def find_neighbours(
    path: str, parsed: ParsedAcquisition, storage: Storage = None
) -> tuple[Finding, ...]:
    """Return a finding on folders below ``path`` that hold an index of their own.

    Args:
        path: Where the acquisition was looked for; of a file, nothing is returned.
        parsed: The acquisition.
        storage: Options of the URL's file system.

    Raises:
        ParserError: ``path`` cannot be listed.
    """
    top = list_directory(path, storage)
    if top is None:
        return ()
    own = _own_folders(parsed)
    others = list(_others(top, own, storage))
    if not others:
        return ()
    message = (
        f"{len(others)} folders in {path} hold an acquisition of their own, which is "
        f"left out: {', '.join(others[:SHOWN])}. List it as an acquisition to convert "
        "it too."
    )
    finding = Finding(
        code="other_acquisitions",
        message=message,
        count=len(others),
        files=tuple(others[:SHOWN]),
    )
    return (finding,)


def _own_folders(parsed: ParsedAcquisition) -> frozenset[str]:
    """Return the folders of the tiles and of the index."""
    inner = {str(file).rpartition("/")[0] for file in parsed.table["file"].unique()}
    return frozenset(
        {parsed.resource, *(join(parsed.resource, name) for name in inner if name)}
    )


def _others(top: Directory, own: Iterable[str], storage: Storage) -> Iterator[str]:
    """Yield folders below that have an index; what lies in them is not looked at."""
    level = [top]
    looked_into = 0
    for _ in range(DEPTH):
        below: list[Directory] = []
        for path in _inner(level):
            looked_into += 1
            folder = _list(path, storage) if looked_into <= MOST else None
            if folder is None:
                continue
            held = any(recognised(folder) for _, recognised in INDICES)
            if held and path not in own and not _holds_own(path, own):
                yield path
            else:
                below.append(folder)
        level = below


def _inner(folders: Iterable[Directory]) -> Iterator[str]:
    """Yield the folders in folders, but outputs and the parts of a plate.

    Those repeat its index.
    """
    for folder in folders:
        for name in folder.folders:
            if not name.endswith(".zarr") and read_folder(name) is None:
                yield join(folder.path, name)


def _list(path: str, storage: Storage) -> Directory | None:
    try:
        return list_directory(path, storage)
    except ParserError:
        return None  # it may not be read, so it is none of this acquisition's


def _holds_own(path: str, own: Iterable[str]) -> bool:
    return any(parent(folder) == path for folder in own)
