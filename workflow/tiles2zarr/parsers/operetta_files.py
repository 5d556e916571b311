"""The files of a Harmony measurement: where they are, and which are not tiles."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import (
    REPEATS,
    Directory,
    by_unique_name,
    highest_folders,
    join,
    last_part,
    list_directory,
    parent,
)

INDICES = ("Index.idx.xml", "Index.xml", "Index.ref.xml")
"""Names of the index, V5, other versions, references; the first that is there counts.
"""
LAYOUTS = ("Assaylayout",)
PROFILES = ("FFC_Profile", "flatfieldcorrection")
"""Folders of a plate, by what lies in them."""
DEPTH = 4
"""Folders below each other that are looked into for an index."""
_IMAGES = [".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".flex"]
_TIFF = (".tiff", ".tif")


@dataclass(frozen=True)
class Measurement:
    """A measurement's folders and what they hold.

    Args:
        index: Path of the index.
        folder: The folder of the index and the images.
        plate: The folder above it, where its name tells that it is one of a plate's
            folders; else ``folder`` itself.
        inner: Folders in ``folder`` and ``plate`` (not ``folder`` itself), listed.
    """

    index: str
    folder: Directory
    plate: Directory
    inner: tuple[Directory, ...]

    def documents(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the paths of the XML files in the plate's folders of these names."""
        wanted = {name.casefold() for name in names}
        return tuple(
            join(folder.path, file)
            for folder in self.inner
            if parent(folder.path) == self.plate.path
            and last_part(folder.path).casefold() in wanted
            for file in folder.files
            if file.lower().endswith(".xml")
        )


@dataclass(frozen=True)
class Located:
    """Where the files of the images are.

    Args:
        files: File per image, relative to the index, as on disk where it is there,
            else as listed.
        findings: Absent and renamed files, files that are not tiles.
    """

    files: tuple[str, ...]
    findings: tuple[Finding, ...]


def find_measurement(
    path: str, storage: Mapping[str, object] | None = None
) -> Measurement:
    """Return the measurement at ``path``: its plate, its images' folder or its index.

    Raises:
        ParserError: There is none, or there are several.
    """
    top = list_directory(path, storage)
    if top is None:
        folder = list_directory(parent(path), storage)
        if folder is not None:
            return _measurement(path, folder, storage)
    found = highest_folders(top, _holds_index, DEPTH, storage) if top else []
    if len(found) != 1:
        listed = ", ".join(folder.path for folder in found[:SHOWN]) or "none"
        raise ParserError(
            f"{path} should hold one {', '.join(INDICES[:-1])} or {INDICES[-1]}; "
            f"found in: {listed}. Give the plate's folder as path, the one "
            f"that holds the folder Images{REPEATS if found else ''}."
        )
    index = next(file for name in INDICES if (file := found[0].file(name)))
    return _measurement(index, found[0], storage)


def locate_files(
    measurement: Measurement,
    listed: Sequence[str],
    left_out: Iterable[str] = (),
    documents: Iterable[str] = (),
) -> Located:
    """Return where the files are that the index lists.

    A file is looked for as it is listed, else by its name alone (the index may hold
    the paths or URLs of the instrument's computer, and lie above the images), in any
    case, ``.tif`` for ``.tiff``.

    Args:
        measurement: The measurement.
        listed: File of every image, as written.
        left_out: Files of images that are in the index and not taken.
        documents: Other files that were read.
    """
    exact = set(_relative_files(measurement))
    names, known = _written(listed), _written(left_out)
    similar: dict[str, str] = {}
    if not exact.issuperset((*names, *known)):
        similar = {_key(name): name for name in sorted(exact, reverse=True)}
        similar |= _by_name_alone(exact)
    files = [_find(name, exact, similar) for name in names]
    used = {*files, *(_find(name, exact, similar) for name in known)}
    return Located(
        tuple(files),
        (
            *_missing(files, exact),
            *_renamed(names, files, exact),
            *_others(measurement, used, {measurement.index, *documents}),
        ),
    )


def _holds_index(folder: Directory) -> bool:
    return any(folder.file(name) for name in INDICES)


def _measurement(
    index: str, folder: Directory, storage: Mapping[str, object] | None
) -> Measurement:
    """Return a measurement with everything listed that lies beside its images."""
    plate: Directory | None = None
    if last_part(folder.path).casefold() == "images":
        plate = list_directory(parent(folder.path), storage)
    plate = plate or folder
    paths = [join(folder.path, name) for name in folder.folders]
    if plate is not folder:
        own = last_part(folder.path)
        paths += [join(plate.path, name) for name in plate.folders if name != own]
    inner = [list_directory(path, storage) for path in paths]
    return Measurement(index, folder, plate, tuple(d for d in inner if d is not None))


def _relative_files(measurement: Measurement) -> list[str]:
    """Return the files in and below the folder of the images, relative to it."""
    folder = measurement.folder
    files = list(folder.files)
    for inner in measurement.inner:
        if parent(inner.path) == folder.path:
            name = last_part(inner.path)
            files += [f"{name}/{file}" for file in inner.files]
    return files


def _by_name_alone(files: Iterable[str]) -> dict[str, str]:
    """Return files by their names, those beside the index before those in folders.

    Thumbnails have the names of images, and a name in two folders tells neither.
    """
    inner = [f for f in files if "/" in f and "thumb" not in f.lower()]
    found = by_unique_name(inner, lambda name: f"*/{_key(name)}")
    beside = (file for file in sorted(files, reverse=True) if "/" not in file)
    return found | {f"*/{_key(file)}": file for file in beside}


def _written(names: Iterable[str]) -> list[str]:
    """Return names as they are written, with slashes."""
    return [name.replace("\\", "/").removeprefix("./") for name in names]


def _find(name: str, exact: set[str], similar: Mapping[str, str]) -> str:
    """Return the file on disk that is meant by a name, else a name in the folder."""
    if name in exact:
        return name
    found = similar.get(_key(name)) or similar.get(f"*/{_key(_last(name))}")
    leads_out = name.startswith("/") or ":" in name or "/../" in f"/{name}"
    return found or (_last(name) if leads_out else name)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _key(name: str) -> str:
    """Return a name in one form of its letters, with one ending for TIFF files."""
    name = unicodedata.normalize("NFC", name).casefold()
    for ending in _TIFF:
        if name.endswith(ending):
            return name.removesuffix(ending) + ".tif"
    return name


def _missing(files: Sequence[str], on_disk: set[str]) -> list[Finding]:
    """Return a finding on files that the index lists and the disk does not hold."""
    absent = [file for file in dict.fromkeys(files) if file not in on_disk]
    if not absent:
        return []
    message = (
        f"{len(absent)} of {len(set(files))} files that the index lists are not on "
        f"disk, e.g. {absent[0]}. Copy them, or set writing.on_missing to report to go "
        "on without."
    )
    return [
        Finding(
            code="missing_files",
            severity="error",
            message=message,
            count=len(absent),
            files=tuple(absent[:SHOWN]),
        )
    ]


def _renamed(
    names: Sequence[str], files: Sequence[str], on_disk: set[str]
) -> list[Finding]:
    """Return a finding on files that have another name on disk than in the index."""
    pairs = {
        file: name
        for name, file in zip(names, files, strict=True)
        if name != file and file in on_disk
    }
    if not pairs:
        return []
    first = next(iter(pairs))
    message = (
        f"{len(pairs)} files have another name or folder on disk than in the index, "
        f"e.g. {first} for {pairs[first]}; the files on disk are taken."
    )
    return [
        Finding(
            code="renamed_files",
            severity="info",
            message=message,
            count=len(pairs),
            files=tuple(pairs)[:SHOWN],
        )
    ]


def _others(
    measurement: Measurement, used: set[str], documents: set[str]
) -> list[Finding]:
    """Return a finding on the files of the plate that are no tiles."""
    folder, plate = measurement.folder, measurement.plate
    tiles = {join(folder.path, name) for name in used}
    folders = [folder, *measurement.inner]
    folders += [plate] if plate is not folder else []
    paths = [join(listed.path, name) for listed in folders for name in listed.files]
    others = sorted(p for p in paths if p not in tiles and p not in documents)
    if not others:
        return []
    names = [path.removeprefix(plate.path).lstrip("/") for path in others]
    counts = Counter(map(_kind, names))
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return [
        Finding(
            code="other_files",
            severity="info",
            message=f"{len(others)} files in {plate.path} are no tiles of the index "
            f"and are left out: {kinds}.",
            count=len(others),
            files=tuple(names[:SHOWN]),
        )
    ]


def _kind(name: str) -> str:
    """Return what a file that is no tile is, in the plural."""
    lower = name.lower()
    if "thumb" in lower:
        return "thumbnails"
    if lower.endswith(tuple(_IMAGES)):
        return "images that the index does not list"
    return "other files"
