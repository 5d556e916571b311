"""What a folder is, and what its plate is called, from a look at a few names.

Runs in the head process whenever a config names no plate: no array library is imported
and no index is read to its end.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.directory import (
    Directory,
    join,
    last_part,
    list_directory,
    parent,
)
from tiles2zarr.parsers.operetta_files import INDICES as HARMONY_INDICES
from tiles2zarr.parsers.xml import iter_xml, read_xml

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
"""Endings of tile tables."""
DEPTH = 4
"""Folders below each other that are looked into."""
BREADTH = 50
"""Folders beside each other that are looked into."""
_MOLECULAR_DEVICES = re.compile(
    r"_(?-i:[A-Z]|A[A-V]|[a-p])[0-9]{2}(_s[0-9]+)?(_w[0-9]+)?"
    r"([0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12})?\.tif",
    re.IGNORECASE,
)
_SCANR = re.compile(r"--W[0-9]{5}--P[0-9]{5}--.*\.tiff?", re.IGNORECASE)
_OME = (".companion.ome", ".ome.tif", ".ome.tiff", ".ome.xml", ".ome")


def _is_cellvoyager(folder: Directory) -> bool:
    return folder.file("MeasurementData.mlf") is not None


def _is_operetta(folder: Directory) -> bool:
    return any(folder.file(name) for name in HARMONY_INDICES)


def _is_scanr(folder: Directory) -> bool:
    return folder.file("metadata.ome.xml") is not None


def _named(pattern: re.Pattern[str]) -> Callable[[Directory], bool]:
    """Return a sign for names that tell the instrument; an index tells it better."""
    return lambda folder: any(pattern.search(name) for name in folder.files)


def _ending(*extensions: str) -> Callable[[Directory], bool]:
    """Return a sign for files that are an index, or hold a whole acquisition each."""
    return lambda folder: any(n.lower().endswith(extensions) for n in folder.files)


Signs = tuple[tuple[str, Callable[[Directory], bool]], ...]
INDICES: Signs = (
    ("cellvoyager", _is_cellvoyager),
    ("operetta", _is_operetta),
    ("scanr", _is_scanr),
    ("imagexpress", _ending(".htd")),
    ("ome_xml", _ending(".companion.ome")),
)
"""Formats of which one folder with an index is one acquisition, with the index."""
SIGNS: Signs = (
    *INDICES,
    ("imagexpress", _ending(".jdce", ".mxprotocol")),
    ("scanr", _named(_SCANR)),
    ("imagexpress", _named(_MOLECULAR_DEVICES)),
    ("ome_xml", _ending(*_OME)),
    ("czi", _ending(".czi")),
    ("nd2", _ending(".nd2")),
    ("lif", _ending(".lif")),
)
"""Formats in the order they are tried, each with how its folder is recognised."""


def detect(path: str, storage: Mapping[str, object] | None = None) -> str:
    """Return the short name of the format of what stands at ``path``.

    A folder is looked at first, then the folders in it, up to four below each other.

    Args:
        path: Folder, file or URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: There is nothing, or nothing is recognised.
    """
    top = list_directory(path, storage)
    if top is None:
        return _detect_file(path)
    for folder in _below(top, storage):
        for name, recognised in SIGNS:
            if recognised(folder):
                return name
    _refuse_part(top, storage)
    shown = ", ".join((*top.files, *(f"{f}/" for f in top.folders))[:5]) or "nothing"
    raise ParserError(
        f"{path} is of no format that is recognised by its files (it holds {shown}). "
        "Set the acquisition's format, or describe the file names with format: pattern "
        "(`tiles2zarr init FOLDER` proposes one)."
    )


def _refuse_part(top: Directory, storage: Mapping[str, object] | None) -> None:
    """Say which path to give for a folder that is a part of an acquisition.

    Raises:
        ParserError: The folder above is recognised.
    """
    try:
        above = list_directory(parent(top.path), storage)
    except ParserError:
        return
    for name, recognised in SIGNS if above and parent(top.path) != "." else ():
        if above is not None and recognised(above):
            raise ParserError(
                f"{top.path} is a folder of the {name} acquisition in {above.path}. "
                f"Give {above.path} as path."
            )


def _detect_file(path: str) -> str:
    name = last_part(path).lower()
    if name.endswith(_OME):
        return "scanr" if name == "metadata.ome.xml" else "ome_xml"
    if name.endswith(TABLES):
        return "tile_table"
    folder = Directory("", (last_part(path),))
    for known, recognised in SIGNS:
        if recognised(folder):
            return known
    raise ParserError(
        f"{path} is a file of no known format. Give a tile table (CSV or Parquet), the "
        "folder the microscope wrote, or its index file."
    )


def _below(top: Directory, storage: Mapping[str, object] | None) -> Iterator[Directory]:
    """Yield a folder and the first few in it, level by level."""
    level = [top]
    for _ in range(DEPTH):
        yield from level
        below = [
            list_directory(join(folder.path, name), storage)
            for folder in level
            for name in folder.folders[:BREADTH]
        ]
        level = [folder for folder in below if folder is not None][:BREADTH]


def plate_name(path: str, format_name: str) -> str | None:
    """Return what the metadata at ``path`` call the plate, if they do.

    Anything that cannot be read is left to parse_tiles, which says what is wrong.
    """
    if "://" in path or ":" in format_name:
        return None
    try:
        name = detect(path) if format_name == "auto" else format_name
        return _NAMES[name](path) if name in _NAMES else None
    except ParserError:
        return None


def _cellvoyager_name(path: str) -> str | None:
    file = _find(path, "MeasurementDetail.mrf")
    plate = None if file is None else read_xml(file).find("MeasurementSamplePlate")
    return None if plate is None else plate.get("Name")


def _operetta_name(path: str) -> str | None:
    found = (_find(path, name) for name in HARMONY_INDICES)
    file = next(filter(None, found), None)
    return None if file is None else _first_plate(file)


def _imagexpress_name(path: str) -> str | None:
    if path.lower().endswith(".htd"):
        return last_part(path)[: -len(".htd")]
    for folder in _folders(path):
        for name in folder.files:
            if name.lower().endswith(".htd"):
                return name[: -len(".htd")]
            if name.lower().endswith(".jdce"):
                return _experiment_name(join(folder.path, name))
    return None


def _experiment_name(file: str) -> str | None:
    try:
        root = json.loads(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    stack = root.get("ImageStack") if isinstance(root, dict) else None
    name = stack.get("PlateId") if isinstance(stack, dict) else None
    return (name.strip() or None) if isinstance(name, str) else None


def _ome_xml_name(path: str) -> str | None:
    top = list_directory(path)
    folders = _below(top, None) if top else ()
    files = [
        join(folder.path, name)
        for folder in folders
        for name in folder.files
        if name.lower().endswith((".companion.ome", ".ome.xml"))
    ]
    if top is None and path.lower().endswith((".ome", ".xml")):
        files = [path]
    return _acquired_plate(files[0]) if len(files) == 1 else None


def _acquired_plate(file: str) -> str | None:
    """Return the name of the first plate that has images, read no further than that."""
    for element in iter_xml(file, frozenset({"Plate"})):
        if element.name == "Plate" and any(True for _ in element.iter("ImageRef")):
            return element.get("Name")
    return _first_plate(file)


def _first_plate(file: str) -> str | None:
    """Return the name of the first plate of an index, read no further than that."""
    for element in iter_xml(file, frozenset({"Plate"})):
        if element.name == "Plate":
            return element.get("Name")
    return None


def _find(path: str, name: str) -> str | None:
    return next((file for f in _folders(path) if (file := f.file(name))), None)


def _folders(path: str) -> Iterator[Directory]:
    """Yield the folder at a path, of a file the one it lies in, and those below."""
    top = list_directory(path) or list_directory(parent(path))
    return _below(top, None) if top else iter(())


_NAMES: Mapping[str, Callable[[str], str | None]] = {
    "cellvoyager": _cellvoyager_name,
    "cq3k": _cellvoyager_name,
    "operetta": _operetta_name,
    "imagexpress": _imagexpress_name,
    "ome_xml": _ome_xml_name,
    "scanr": _ome_xml_name,
}
