"""The files of an HCS.ai experiment: which are on disk, and which no row lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import Directory, join, last_part, list_directory


@dataclass(frozen=True)
class Located:
    """Where the images of an experiment are.

    Args:
        files: Per image its path as on disk, else as listed.
        findings: Absent files, and files that no row lists.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...]


def locate_images(
    folder: Directory,
    listed: Sequence[str],
    documents: frozenset[str],
    storage: Mapping[str, object] | None = None,
) -> Located:
    """Return where the listed files are, from one listing per folder.

    Args:
        folder: The experiment's folder.
        listed: Files as the table of images gives them, relative to the folder.
        documents: Names of the other files that were read.
        storage: Options of the file system, for URLs.
    """
    on_disk = _list_files(folder, listed, storage)
    exact = set(on_disk)
    similar = {name.casefold(): name for name in reversed(on_disk)}
    found = [name if name in exact else similar.get(name.casefold()) for name in listed]
    pairs = zip(listed, found, strict=True)
    files = tuple(there or name for name, there in pairs)
    home = last_part(folder.path)
    taken = set(files)
    others = [
        name
        for name in on_disk
        if name not in taken and name not in documents and not _is_protocol(name)
    ]
    absent = [n for n, there in zip(listed, found, strict=True) if there is None]
    return Located(
        files, (*_missing(home, absent, len(listed)), *_others(home, others))
    )


def _is_protocol(name: str) -> bool:
    return name.lower().endswith(".mxprotocol")


def _list_files(
    folder: Directory, listed: Sequence[str], storage: Mapping[str, object] | None
) -> list[str]:
    """Return the files of the folders that are listed, relative to the experiment."""
    wanted: set[str] = set()
    for name in {file.rpartition("/")[0] for file in listed}:
        parts = name.casefold().split("/")
        wanted.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    files: list[str] = []
    pending = [(folder, "")]
    while pending:
        listing, prefix = pending.pop()
        files += [prefix + name for name in listing.files]
        for inner in listing.folders:
            if (prefix + inner).casefold() in wanted:
                below = list_directory(join(listing.path, inner), storage)
                if below is not None:
                    pending.append((below, f"{prefix}{inner}/"))
    return sorted(files)


def _missing(home: str, absent: Sequence[str], count: int) -> list[Finding]:
    if not absent:
        return []
    message = (
        f"{len(absent)} of {count} files that the table of images in {home} lists are "
        f"not on disk, e.g. {absent[0]}. Copy them, or set writing.on_missing to "
        "report to go on without."
    )
    return [
        Finding(
            code="missing_files",
            severity="error",
            message=message,
            count=len(absent),
            files=tuple(f"{home}/{name}" for name in absent[:SHOWN]),
        )
    ]


def _others(home: str, others: Sequence[str]) -> list[Finding]:
    if not others:
        return []
    message = f"{len(others)} files in {home} are in no table of images and left out."
    return [
        Finding(
            code="other_files",
            severity="info",
            message=message,
            count=len(others),
            files=tuple(f"{home}/{name}" for name in others[:SHOWN]),
        )
    ]
