"""Where OME-XML stands: in companion files, in TIFF files, or in both."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN
from tiles2zarr.parsers.directory import (
    Directory,
    join,
    last_part,
    list_directory,
    parent,
)
from tiles2zarr.parsers.ome_xml_files import FileNames
from tiles2zarr.parsers.ome_xml_index import Document, parse_document, read_document
from tiles2zarr.parsers.ome_xml_tiff import is_tiff, read_description

COMPANIONS = (".companion.ome", ".ome", ".ome.xml")
"""Endings of files that hold nothing but OME-XML."""
Storage = Mapping[str, object] | None


@dataclass(frozen=True)
class Source:
    """One document and the TIFF file it stands in.

    Args:
        document: What it says.
        file: Name of the TIFF file in the folder, ``""`` for a companion.
    """

    document: Document
    file: str


@dataclass(frozen=True)
class Sources:
    """The documents of an acquisition.

    Args:
        folder: The folder they and their files lie in.
        documents: At least one.
        whole_folder: Whether everything in the folder belongs to them.
    """

    folder: Directory
    documents: tuple[Source, ...]
    whole_folder: bool


def find_sources(path: str, storage: Storage = None) -> Sources:
    """Return the documents at a folder, a companion file or an OME-TIFF.

    Of a folder these are its companion files; without any, the documents in its TIFF
    files, except those whose file another document names already (every file of a
    multi-file OME-TIFF may repeat the metadata of all). A folder that holds nothing
    but one other stands for that one.

    Args:
        path: Folder, file or URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: There is no OME-XML, or it cannot be read.
    """
    path = path.rstrip("/") or "/"
    folder = list_directory(path, storage)
    if folder is None:
        folder = list_directory(parent(path), storage) or Directory(parent(path))
        return Sources(folder, (_read(folder, last_part(path), storage),), False)
    companions = [name for name in folder.files if is_companion(name)]
    if companions:
        documents = [_read(folder, name, storage) for name in companions]
    else:
        documents = _read_tiffs(folder, storage)
    if not documents and len(folder.folders) == 1:  # a folder around the plate's own
        return find_sources(join(folder.path, folder.folders[0]), storage)
    if not documents:
        shown = ", ".join((*folder.files, *folder.folders)[:SHOWN]) or "nothing"
        raise ParserError(
            f"{path} should hold OME-TIFF or .companion.ome files; found: {shown}. "
            "Give the folder or the file with the OME metadata as path."
        )
    return Sources(folder, tuple(documents), True)


def is_companion(name: str) -> bool:
    """Say whether a file's name is one of OME-XML alone."""
    return name.lower().endswith(COMPANIONS)


def _read(folder: Directory, name: str, storage: Storage) -> Source:
    """Return the document of a file, or the one in another file that it points to."""
    source = _read_one(folder, name, storage)
    if source is None:
        raise ParserError(
            f"{join(folder.path, name)} holds no OME metadata. Use format pattern for "
            "plain TIFF files, or give the file that has the metadata."
        )
    pointers = source.document.pointers
    if not pointers:
        return source
    target = pointers[0].require("MetadataFile")
    found = FileNames(folder, storage).find(target, source.document.source)
    if found is None:
        raise pointers[0].fault(
            f"the metadata stand in {target!r}, which is not in {folder.path}",
            "Copy it there.",
        )
    pointed = _read_one(folder, found, storage)
    if pointed is None or pointed.document.pointers:
        raise pointers[0].fault(
            f"the metadata should stand in {target!r}, which holds none",
            "Copy it again from the instrument.",
        )
    return pointed


def _read_one(folder: Directory, name: str, storage: Storage) -> Source | None:
    """Return the document in a file, or nothing if a TIFF file has none."""
    place = join(folder.path, name)
    if not is_tiff(name):
        return Source(read_document(place, storage), "")
    text = read_description(place, storage)
    return None if text is None else Source(parse_document(text, place), name)


def _read_tiffs(folder: Directory, storage: Storage) -> list[Source]:
    """Return the documents of TIFF files, each file read only if none named it."""
    named: set[str] = set()
    known: set[str] = set()
    names = FileNames(folder, storage)
    found = []
    for name in folder.files:
        if not is_tiff(name) or name in named:
            continue
        source = _read_one(folder, name, storage)
        if source is not None and source.document.pointers:
            source = _read(folder, name, storage)
        if source is None or source.document.source in known:
            continue
        known.add(source.document.source)
        found.append(source)
        for text in set(source.document.blocks.texts["FileName"]):
            file = names.find(text, source.document.source) if text else None
            named.update({file} if file else ())
    return found
