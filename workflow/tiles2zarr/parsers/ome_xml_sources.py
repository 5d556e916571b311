"""Where OME-XML stands: in companion files, in TIFF files, or in both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import (
    Directory,
    highest_folders,
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
DEPTH = 4
"""Folders below each other that are searched."""
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
        by_uuid: TIFF file by the UUID its own document gives it.
        findings: Documents that were not taken.
    """

    folder: Directory
    documents: tuple[Source, ...]
    whole_folder: bool
    by_uuid: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def find_sources(path: str, storage: Storage = None) -> Sources:
    """Return the documents at a folder, a companion file or an OME-TIFF.

    Of a folder these are its companion files; without any, the documents in its TIFF
    files. Each is taken once: every file of a multi-file OME-TIFF may repeat the
    metadata of all. A folder without either stands for the one below that has them.

    Args:
        path: Folder, file or URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: There is no OME-XML, it is in several folders, or it cannot be
            read.
    """
    path = path.rstrip("/") or "/"
    folder = list_directory(path, storage)
    if folder is None:
        folder = list_directory(parent(path), storage) or Directory(parent(path))
        source = _read(folder, last_part(path), storage)
        return Sources(folder, (source,), False, _by_uuid([source]))
    companions = [name for name in folder.files if is_companion(name)]
    if companions:
        found = [_read(folder, name, storage) for name in companions]
        documents, repeats = _without_repeats(found)
        return Sources(folder, documents, True, findings=_repeated(repeats))
    read, unreadable = _read_tiffs(folder, storage)
    if read:
        documents, _ = _without_repeats(read)
        return Sources(folder, documents, True, _by_uuid(read), _unread(unreadable))
    if unreadable:
        raise unreadable[0]
    inner = highest_folders(replace(folder, files=()), _holds_files, DEPTH, storage)
    if len(inner) == 1:
        return find_sources(inner[0].path, storage)
    raise _not_one(path, folder, inner)


def _not_one(path: str, folder: Directory, inner: list[Directory]) -> ParserError:
    if inner:
        return ParserError(
            f"{path} should hold OME-TIFF or .companion.ome files; they are in "
            f"{len(inner)} folders below: "
            f"{', '.join(found.path for found in inner[:SHOWN])}. Give one of them as "
            "path, or list all whose wells make up the plate."
        )
    shown = ", ".join((*folder.files, *folder.folders)[:SHOWN]) or "nothing"
    return ParserError(
        f"{path} should hold OME-TIFF or .companion.ome files; found: {shown}. "
        "Give the folder or the file with the OME metadata as path."
    )


def _holds_files(folder: Directory) -> bool:
    return any(is_companion(name) or is_tiff(name) for name in folder.files)


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


def _read_tiffs(
    folder: Directory, storage: Storage
) -> tuple[list[Source], list[ParserError]]:
    """Return the documents of TIFF files, and why some cannot be read.

    A file that another one names is not read.
    """
    named: set[str] = set()
    known: set[str] = set()
    names = FileNames(folder, storage)
    found: list[Source] = []
    unreadable: dict[str, ParserError] = {}
    for name in folder.files:
        if not is_tiff(name) or name in named:
            continue
        try:
            source = _read_one(folder, name, storage)
        except ParserError as error:
            unreadable[name] = error
            continue
        if source is not None and source.document.pointers:
            source = _read(folder, name, storage)
        if source is None or source.document.source in known:
            continue
        known.add(source.document.source)
        found.append(source)
        for text in set(source.document.blocks.texts["FileName"]):
            file = names.find(text, source.document.source) if text else None
            named.update({file} if file else ())
    return found, [error for name, error in unreadable.items() if name not in named]


def _by_uuid(sources: Iterable[Source]) -> dict[str, str]:
    return {
        uuid: source.file
        for source in sources
        if source.file and (uuid := source.document.root.get("UUID"))
    }


def _without_repeats(
    sources: Iterable[Source],
) -> tuple[tuple[Source, ...], list[Source]]:
    """Return the sources that say something new, and the others."""
    taken: list[Source] = []
    repeats: list[Source] = []
    seen: set[object] = set()
    for source in sources:
        content = _content(source.document)
        again = content is not None and content in seen
        (repeats if again else taken).append(source)
        seen.add(content)
    return tuple(taken), repeats


def _content(document: Document) -> object:
    """Return what two documents on the same planes have in common.

    Nothing where a plane's file is not named: it is then the document's own.
    """
    blocks = document.blocks
    pairs = zip(blocks.texts["FileName"], blocks.texts["UUID"], strict=True)
    if not len(blocks) or not all(name or uuid for name, uuid in pairs):
        return None
    wells = (well for plate in document.plates for well in plate.findall("Well"))
    return (
        tuple(image.get("ID") for image in document.images),
        tuple((well.get("Row"), well.get("Column")) for well in wells),
        tuple(blocks.images),
        tuple(tuple(blocks.texts[name]) for name in sorted(blocks.texts)),
    )


def _repeated(sources: list[Source]) -> tuple[Finding, ...]:
    files = [source.document.source for source in sources]
    return _finding(
        files,
        "repeated_metadata",
        "info",
        f"{len(files)} OME-XML files describe the same planes as another one and are "
        f"left out, e.g. {files[0] if files else ''}.",
    )


def _unread(errors: list[ParserError]) -> tuple[Finding, ...]:
    return _finding(
        errors,
        "unreadable_files",
        "error",
        f"{len(errors)} TIFF files that no metadata name cannot be read and are left "
        f"out, e.g. {errors[0] if errors else ''}",
    )


def _finding(
    items: list[str] | list[ParserError], code: str, severity: str, message: str
) -> tuple[Finding, ...]:
    if not items:
        return ()
    values = {"code": code, "severity": severity, "message": message}
    return (Finding.model_validate(values | {"count": len(items)}),)
