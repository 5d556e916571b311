"""The files of a CellVoyager measurement: where they are, and which are not tiles."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import (
    REPEATS,
    Directory,
    by_unique_name,
    highest_folders,
    join,
    list_directory,
    parent,
)

_ASIDE = re.compile("thumb|projection", re.IGNORECASE).search
"""Folders whose files may have the names of planes elsewhere."""
_LEADS_OUT = re.compile(r"^/|:|(^|/)\.\./")
DEPTH = 4
"""Folders below each other that are searched."""
INDEX = "MeasurementData.mlf"
DETAIL = "MeasurementDetail.mrf"
IMAGES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp"})
_DOCUMENTS = frozenset({".mlf", ".mrf", ".mes", ".wpi", ".wpp"})
_KINDS = (
    ("SC_", "shading corrections (SC_)"),
    ("DC_", "dark corrections (DC_)"),
)


@dataclass(frozen=True)
class Measurement:
    """A measurement's folder and what it holds.

    Args:
        folder: The folder with the index, and the names in it.
        index: Path of the index.
        detail: Path of the ``.mrf``.
    """

    folder: Directory
    index: str
    detail: str

    def document(self, name: str | None, suffix: str) -> str | None:
        """Return the path of a document: the one named, else the only one of its kind.

        Args:
            name: File name as the ``.mrf`` gives it.
            suffix: Extension of that kind, with its dot.
        """
        files = {_key(file): file for file in self.folder.files}
        file = files.get(_key(name)) if name else None
        if file is None:
            kind = [f for f in self.folder.files if f.lower().endswith(suffix)]
            file = kind[0] if len(kind) == 1 else None
        return None if file is None else join(self.folder.path, file)


@dataclass(frozen=True)
class Located:
    """Where the files of the records are.

    Args:
        files: Path relative to the measurement's folder per record, as on disk where
            it is there, else as listed.
        absent: Per record, whether no such file is on disk.
        findings: Absent files, replaced extensions, files that are not tiles.
    """

    files: tuple[str, ...]
    absent: tuple[bool, ...]
    findings: tuple[Finding, ...]


def find_measurement(
    path: str, storage: Mapping[str, object] | None = None
) -> Measurement:
    """Return the measurement at ``path``: its index, its folder or one above.

    Raises:
        ParserError: There is none, there are several, or it has no ``.mrf``.
    """
    folder = list_directory(path, storage) or list_directory(parent(path), storage)
    folders = (
        highest_folders(folder, _holds_index, DEPTH + 1, storage) if folder else []
    )
    if len(folders) != 1:
        found = ", ".join(inner.path for inner in folders[:SHOWN]) or "none"
        raise ParserError(
            f"{path} should hold one {INDEX}, in it or in a folder below; found: "
            f"{found}. Give the folder of one measurement as path"
            f"{REPEATS if folders else ''}."
        )
    index, detail = folders[0].file(INDEX), folders[0].file(DETAIL)
    if index is None or detail is None:
        raise ParserError(
            f"{folders[0].path} holds no {DETAIL}, where pixel and tile sizes stand. "
            "Copy it from the instrument; every measurement has one."
        )
    return Measurement(folders[0], index, detail)


def _holds_index(folder: Directory) -> bool:
    return bool(folder.file(INDEX))


def locate_files(
    measurement: Measurement,
    listed: Sequence[str],
    left_out: Sequence[str] = (),
    storage: Mapping[str, object] | None = None,
) -> Located:
    """Return where the files are that the index lists, from one listing per folder.

    A file may have another image extension than listed (converted to PNG), and its
    name another form of the same letters (non-ASCII names after a copy). It may have
    been moved to or from a folder: then its name alone tells it, if nothing else has
    that name. Of a path that leads out of the measurement (on the instrument's
    computer), the name alone counts.

    Args:
        measurement: The measurement.
        listed: File of every image record that becomes a tile, as written.
        left_out: Files of the other image records: need not be there, but are known.
        storage: Options of the file system, for URLs.
    """
    names, others = _written(listed), _written(left_out)
    on_disk = _list_files(measurement, (*names, *others), storage)
    found = _find_each((*names, *others), on_disk)
    absent = [file is None for file in found[: len(names)]]
    files = [file or name for name, file in zip(names, found, strict=False)]
    known = frozenset(file for file in found if file is not None)
    findings = [
        *_missing(names, absent),
        *_replaced(names, files),
        *_others(on_disk, known, measurement.folder),
    ]
    return Located(tuple(files), tuple(absent), tuple(findings))


def _written(names: Iterable[str]) -> list[str]:
    """Return names with slashes, without folders where they lead out."""
    slashed = (name.replace("\\", "/") for name in names)
    return [n.rpartition("/")[2] if _LEADS_OUT.search(n) else n for n in slashed]


def _find_each(names: Sequence[str], on_disk: Sequence[str]) -> list[str | None]:
    """Return the file on disk for every name: itself, one alike, or nothing."""
    exact = set(on_disk)
    if exact.issuperset(names):
        return list(names)
    similar = {_key(name): name for name in reversed(on_disk)}
    similar |= {_stem(n): n for n in reversed(on_disk) if _is_image(n)}
    found = [
        name if name in exact else similar.get(_key(name)) or similar.get(_stem(name))
        for name in names
    ]
    if None not in found:
        return found
    wanted = Counter(map(_base, names))
    files = [file for file in on_disk if not _ASIDE(file.rpartition("/")[0])]
    moved = by_unique_name(files, _key)
    return [
        file or (moved.get(_base(name)) if wanted[_base(name)] == 1 else None)
        for name, file in zip(names, found, strict=True)
    ]


def _base(name: str) -> str:
    return _key(name.rpartition("/")[2])


def _key(name: str) -> str:
    """Return a name in one form of its letters and in lower case."""
    return unicodedata.normalize("NFC", name).casefold()


def _stem(name: str) -> str:
    """Return the name without an image's extension, marked as a stem."""
    return _key(name.rpartition(".")[0]) + "/*" if _is_image(name) else name + "/*"


def _is_image(name: str) -> bool:
    return "." + name.rpartition(".")[2].lower() in IMAGES


def _list_files(
    measurement: Measurement,
    names: Iterable[str],
    storage: Mapping[str, object] | None,
) -> list[str]:
    """Return all files of the measurement's folder, one folder below and where listed.

    Paths are relative to the measurement's folder.
    """
    wanted: set[str] = set()
    for folder in {name.rpartition("/")[0] for name in names}:
        parts = folder.split("/")
        wanted.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))
    files: list[str] = []
    pending = [(measurement.folder, "")]
    while pending:
        listing, prefix = pending.pop()
        files += [prefix + name for name in listing.files]
        for inner in listing.folders:
            if not prefix or prefix + inner in wanted:
                below = list_directory(join(listing.path, inner), storage)
                if below is not None:
                    pending.append((below, f"{prefix}{inner}/"))
    return sorted(files)


def _missing(names: Sequence[str], absent: Sequence[bool]) -> list[Finding]:
    """Return a finding on files that the index lists and the disk does not hold."""
    gone = [name for name, is_absent in zip(names, absent, strict=True) if is_absent]
    if not gone:
        return []
    message = (
        f"{len(gone)} of {len(names)} files that the index lists are not on disk, e.g. "
        f"{gone[0]}. Copy them, or set writing.on_missing to report to go on without."
    )
    return [
        Finding(
            code="missing_files",
            severity="error",
            message=message,
            count=len(gone),
            files=tuple(gone[:SHOWN]),
        )
    ]


def _replaced(names: Sequence[str], files: Sequence[str]) -> list[Finding]:
    """Return a finding on files that have another name on disk than in the index."""
    pairs = [
        (name, file) for name, file in zip(names, files, strict=True) if name != file
    ]
    if not pairs:
        return []
    message = (
        f"{len(pairs)} files have another name on disk than in the index, e.g. "
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


def _others(
    on_disk: Sequence[str], tiles: frozenset[str], folder: Directory
) -> list[Finding]:
    """Return findings on files that are no tiles, and on images no record lists."""
    others = [
        name
        for name in on_disk
        if name not in tiles and PurePosixPath(name).suffix.lower() not in _DOCUMENTS
    ]
    kinds = {name: _kind(name) for name in others}
    findings = []
    if others:
        counts = Counter(kinds.values())
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        findings.append(
            Finding(
                code="other_files",
                severity="info",
                message=f"{len(others)} files in {folder.path} are no tiles of the "
                f"index and are left out: {listed}.",
                count=len(others),
                files=tuple(others[:SHOWN]),
            )
        )
    return findings


def _kind(name: str) -> str:
    """Return what a file that is no tile is, in the plural."""
    base = name.rpartition("/")[2]
    for prefix, kind in _KINDS:
        if base.startswith(prefix):
            return kind
    if "thumb" in name.lower():
        return "thumbnails"
    if "projection" in name.lower():
        return "projections"
    return "images that no record lists" if _is_image(name) else "other files"
