"""The files OME-XML names: where they are, and which are not there."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import Directory, by_unique_name, join, list_directory
from tiles2zarr.parsers.ome_xml_tiff import is_tiff

_DRIVE = re.compile(r"^([A-Za-z]:|/)")
_THUMBS = re.compile("thumb", re.IGNORECASE).search


class FileNames:
    """Finds files below one folder by the names that metadata give.

    A name may differ on disk in case and in the form of its letters (non-ASCII names
    after a copy). Absolute paths are those of the computer that wrote them: only their
    last part counts. A file that is not where it should be is looked for by its name
    alone, in the folder and those in it.
    """

    def __init__(
        self, folder: Directory, storage: Mapping[str, object] | None = None
    ) -> None:
        """Begin with the names in a folder; others are listed when they are needed."""
        self._folder = folder
        self._storage = storage
        self._exact: dict[str, frozenset[str]] = {"": frozenset(folder.files)}
        self._similar: dict[str, dict[str, str]] = {}
        self._moved: dict[str, str] | None = None

    def find(self, name: str, source: str) -> str | None:
        """Return the path of a file relative to the folder, or nothing.

        Args:
            name: As metadata give it.
            source: The metadata, for messages.

        Raises:
            ParserError: The name leads out of the folder.
        """
        clean = clean_name(name, source)
        inner, _, base = clean.rpartition("/")
        there = self._look(inner, base)
        if there is None:
            return self._everywhere().get(_key(base))
        return f"{inner}/{there}" if inner else there

    def _look(self, inner: str, base: str) -> str | None:
        """Return the name that a file has in a folder, or nothing."""
        names = self._names(inner)
        if base in names:
            return base
        if inner not in self._similar:
            self._similar[inner] = {_key(n): n for n in sorted(names, reverse=True)}
        return self._similar[inner].get(_key(base))

    def _everywhere(self) -> Mapping[str, str]:
        """Return the paths of files in the folder and those in it, by their names.

        Folders of thumbnails are left out: their files have the names of images.
        """
        if self._moved is None:
            inner = [f for f in self._folder.folders if not _THUMBS(f)]
            below = [f"{f}/{name}" for f in inner for name in self._names(f)]
            self._moved = by_unique_name((*self._names(""), *below), _key)
        return self._moved

    def _names(self, inner: str) -> frozenset[str]:
        if inner not in self._exact:
            above, _, last = inner.rpartition("/")
            known = self._folder if not above else self._list(above)
            listed = self._list(inner) if known and last in known.folders else None
            self._exact[inner] = frozenset(listed.files if listed else ())
        return self._exact[inner]

    def _list(self, inner: str) -> Directory | None:
        return list_directory(join(self._folder.path, inner), self._storage)


def clean_name(name: str, source: str) -> str:
    """Return a file name with slashes, without the folders of another computer.

    Raises:
        ParserError: It leads out of its folder.
    """
    clean = name.replace("\\", "/").strip().removeprefix("./")
    if _DRIVE.match(clean):
        clean = clean.rpartition("/")[2]
    if not clean or "/../" in f"/{clean}/" or "\0" in clean:
        raise ParserError(
            f"{source} names the file {name!r}, which lies outside of its folder. "
            "Put the files beside their metadata and correct the name."
        )
    return clean


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def missing_files(names: Sequence[str], total: int) -> list[Finding]:
    """Return a finding on files that metadata name and the disk does not hold.

    Args:
        names: The absent files.
        total: Number of all files named.
    """
    if not names:
        return []
    message = (
        f"{len(names)} of {total} files that the metadata name are not on disk, e.g. "
        f"{names[0]}. Copy them, or set writing.on_missing to report to go on without."
    )
    return [
        Finding(
            code="missing_files",
            severity="error",
            message=message,
            count=len(names),
            files=tuple(names[:SHOWN]),
        )
    ]


def renamed_files(pairs: Sequence[tuple[str, str]]) -> list[Finding]:
    """Return a finding on files with another name than the metadata give.

    Args:
        pairs: Name in the metadata and on disk.
    """
    if not pairs:
        return []
    message = (
        f"{len(pairs)} files have another name on disk than in the metadata, e.g. "
        f"{pairs[0][1]} for {pairs[0][0]}; the files on disk are taken."
    )
    return [
        Finding(
            code="renamed_files",
            severity="info",
            message=message,
            count=len(pairs),
            files=tuple(file for _, file in pairs[:SHOWN]),
        )
    ]


def other_files(
    folder: Directory, used: Iterable[str], documents: Iterable[str] = ()
) -> list[Finding]:
    """Return a finding on files of a folder that are neither tiles nor metadata.

    Args:
        folder: The folder.
        used: Files of the tiles.
        documents: Files with metadata.
    """
    known = frozenset((*used, *documents))
    others = [name for name in folder.files if name not in known]
    if not others:
        return []
    kinds = Counter(PurePosixPath(name).suffix.lower() or "none" for name in others)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    others.sort(key=lambda name: not is_tiff(name))
    message = (
        f"{len(others)} files in {folder.path} are no tiles of the metadata and are "
        f"left out ({listed}), e.g. {others[0]}."
    )
    return [
        Finding(
            code="other_files",
            severity="info",
            message=message,
            count=len(others),
            files=tuple(others[:SHOWN]),
        )
    ]
