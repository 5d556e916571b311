"""What a folder holds, local or behind a URL."""

import contextlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath

from tiles2zarr.errors import ParserError
from tiles2zarr.filesystems import (
    explain_remote,
    open_filesystem,
    patiently,
    remote_errors,
)

REPEATS = (
    ", or, for a plate saved as one folder per read, list their folders as path with "
    "on_repeat: time"
)
"""How to cure a folder with several acquisitions."""


_COPIED = "._"
"""How names of files begin in which macOS keeps what a disk of another kind cannot:
beside ``Index.xml`` lies ``._Index.xml``, which is no XML."""


@dataclass(frozen=True)
class Directory:
    """The names in a folder.

    Args:
        path: Path or URL of the folder, without a slash at its end.
        files: Names of its files, sorted; without those of macOS (``._Index.xml``).
        folders: Names of its folders, sorted.
    """

    path: str
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    def file(self, name: str) -> str | None:
        """Return the path of the file with this name, in any case, or nothing."""
        return self._pick(self.files, name)

    def folder(self, name: str) -> str | None:
        """Return the path of the folder with this name, in any case, or nothing."""
        return self._pick(self.folders, name)

    def _pick(self, names: tuple[str, ...], wanted: str) -> str | None:
        if wanted in names:
            return join(self.path, wanted)
        found = [name for name in names if name.casefold() == wanted.casefold()]
        return join(self.path, found[0]) if found else None


def join(folder: str, name: str) -> str:
    """Return the path or URL of ``name`` in ``folder``."""
    return f"{folder.rstrip('/')}/{name}" if folder != "/" else f"/{name}"


def parent(path: str) -> str:
    """Return the folder or URL that holds ``path``."""
    folder, slash, _ = path.rstrip("/").rpartition("/")
    return folder or slash or "."


def last_part(path: str) -> str:
    """Return the last name of a path or URL."""
    return PurePosixPath(path.rstrip("/")).name


def by_unique_name(files: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    """Return files by their names alone; a name that two files have tells neither.

    Args:
        files: Paths with slashes, each once.
        key: Gives a name the form in which it is compared.
    """
    named = [(key(file.rpartition("/")[2]), file) for file in files]
    counts = Counter(name for name, _ in named)
    return {name: file for name, file in named if counts[name] == 1}


def list_directory(
    path: str, storage: Mapping[str, object] | None = None
) -> Directory | None:
    """Return the names in a folder, or nothing if ``path`` is a file.

    Args:
        path: Folder or URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: There is nothing at ``path``, or it cannot be read.
    """
    path = path.rstrip("/") or "/"
    try:
        return _remote(path, storage) if "://" in path else _local(path)
    except NotADirectoryError:
        return None
    except remote_errors(ValueError, ImportError) as error:
        if "://" in path:
            why = explain_remote(error)
        elif isinstance(error, FileNotFoundError):
            shown = path if path.isprintable() else repr(path)
            raise ParserError(f"{shown} is not there. {_cure(path)}") from error
        else:
            why = getattr(error, "strerror", None) or str(error)
        raise ParserError(
            f"{path} cannot be listed: {why}. Check that it is there and readable."
        ) from error


def highest_folders(
    top: Directory,
    holds: Callable[[Directory], bool],
    levels: int,
    storage: Mapping[str, object] | None = None,
) -> list[Directory]:
    """Return the folders of the highest level on which some hold what is looked for.

    Args:
        top: The first level.
        holds: Whether a folder holds it.
        levels: Levels to look at; deeper ones are not listed.
        storage: Options of the URL's file system.

    Raises:
        ParserError: A folder cannot be read.
    """
    level = [top]
    for left in reversed(range(levels)):
        found = [folder for folder in level if holds(folder)]
        if found or not left:
            return found
        below = (
            list_directory(join(folder.path, name), storage)
            for folder in level
            for name in folder.folders
        )
        level = [folder for folder in below if folder is not None]
    return []


def _cure(path: str) -> str:
    """Return what to do about a path at which there is nothing."""
    if re.match(r"[A-Za-z]:[\\/]|\\\\", path) and os.name != "nt":
        return (
            "It is a path of Windows; give the folder under which this computer has "
            "it, such as /mnt/..."
        )
    if min(path) < " ":
        return (
            "It holds a control character, as a backslash in double quotes makes: "
            "write / or take single quotes."
        )
    with contextlib.suppress(OSError):
        alike = get_close_matches(last_part(path), os.listdir(parent(path)), n=1)
        if alike:
            return f"Correct the path; {alike[0]} is there."
    start = "" if os.path.isabs(path) else f"; it starts in {os.getcwd()}"
    return f"Correct the path{start}."


def _local(path: str) -> Directory:
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            (folders if entry.is_dir() else files).append(entry.name)
    return _directory(path, files, folders)


def _directory(path: str, files: list[str], folders: list[str]) -> Directory:
    own = (name for name in files if not name.startswith(_COPIED))
    return Directory(path, tuple(sorted(own)), tuple(sorted(folders)))


def _remote(path: str, storage: Mapping[str, object] | None) -> Directory:
    system, inner = open_filesystem(path, storage)
    inner = inner.rstrip("/")
    entries = patiently(lambda: system.ls(inner, detail=True))
    files: list[str] = []
    folders: list[str] = []
    for entry in entries:
        place = str(entry["name"]).rstrip("/")
        if place == inner and entry["type"] == "file":
            raise NotADirectoryError(path)
        if place != inner:
            kind = folders if entry["type"] == "directory" else files
            kind.append(last_part(place))
    return _directory(path, files, folders)
