"""Secure reading of vendor XML: whole documents, or one element after the other.

The expat parser is driven directly, because it tells line numbers and keeps nothing
that is not asked for (a 200 MB index needs a few megabytes). What defusedxml refuses
is refused here: document types and entities, so nothing can be expanded or fetched.
Names are local (``bts:Row`` is ``Row``): prefixes and namespaces differ between
versions of one instrument.
"""

import codecs
import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol, TypeVar
from xml.parsers import expat

from tiles2zarr.errors import ParserError
from tiles2zarr.filesystems import explain_remote, read_object, remote_errors

CHUNK = 1 << 16
MAX_DEPTH = 64
"""No vendor nests deeper; stops a file made to exhaust memory."""
_NONE_KEPT = MAX_DEPTH + 1
T = TypeVar("T")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class Element:
    """An element with local names; ``fault`` makes its errors.

    Args:
        name: Local name of the element.
        attributes: Values by local name (namespace declarations as written).
        source: Path or URL of the document, for messages.
        line: Line the element begins on, from 1.
    """

    __slots__ = ("attributes", "children", "line", "name", "source", "text")

    def __init__(
        self, name: str, attributes: dict[str, str], source: str, line: int
    ) -> None:
        """Begin an element without text and children."""
        self.name = name
        self.attributes = attributes
        self.source = source
        self.line = line
        self.text = ""
        self.children: list[Element] = []

    def fault(self, message: str, cure: str = "") -> ParserError:
        """Return an error that names the file, the line and this element.

        Args:
            message: What is wrong, e.g. ``"attribute Row is 'x', not a number"``.
            cure: How to mend it; by default, to export the metadata again.
        """
        cure = cure or "Copy or export the file again from the instrument."
        return ParserError(
            f"{self.source}, line {self.line}, element {self.name}: {message}. {cure}"
        )

    def find(self, name: str) -> "Element | None":
        """Return the first child with this name, or nothing."""
        return next((child for child in self.children if child.name == name), None)

    def findall(self, name: str) -> list["Element"]:
        """Return the children with this name."""
        return [child for child in self.children if child.name == name]

    def child(self, name: str) -> "Element":
        """Return the first child with this name.

        Raises:
            ParserError: There is none.
        """
        found = self.find(name)
        if found is None:
            raise self.fault(f"it holds no element {name}")
        return found

    def iter(self, name: str) -> Iterator["Element"]:
        """Return all elements with this name below this one, in document order."""
        stack = self.children[::-1]
        while stack:
            element = stack.pop()
            if element.name == name:
                yield element
            stack.extend(reversed(element.children))

    def get(self, name: str) -> str | None:
        """Return an attribute, else the text of a child; blank or absent is nothing."""
        value = self.attributes.get(name)
        if value is None:
            child = self.find(name)
            value = "" if child is None else child.text
        return value.strip() or None

    def require(self, name: str) -> str:
        """Return what ``get`` returns.

        Raises:
            ParserError: There is nothing, or it is blank.
        """
        value = self.get(name)
        if value is None:
            raise self.fault(f"{name} is not given")
        return value

    def integer(self, name: str) -> int:
        """Return a whole number.

        Raises:
            ParserError: It is not given or not a whole number.
        """
        value = self.require(name)
        if not re.fullmatch(r"[+-]?[0-9]{1,15}", value):
            raise self.fault(f"{name} is {value!r}, not a whole number")
        return int(value)

    def number(self, name: str) -> float:
        """Return a finite number.

        Raises:
            ParserError: It is not given or not a finite number.
        """
        value = self.require(name)
        try:
            number = float(value)
        except ValueError as error:
            raise self.fault(f"{name} is {value!r}, not a number") from error
        if not isfinite(number) or "_" in value:
            raise self.fault(f"{name} is {value!r}, not a finite number")
        return number


class LocalNames(dict[str, str]):
    """Local names by name as written, each split once."""

    def __missing__(self, name: str) -> str:
        """Split a name seen for the first time; namespace declarations stay whole."""
        declaration = name.startswith("xmlns")
        local = self[name] = name if declaration else name.rpartition(":")[2]
        return local


class Handlers(Protocol[T]):
    """What turns the events of one document into results."""

    done: list[T]
    """Results complete so far; emptied by the caller."""

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handlers to the parser."""


class _ElementHandlers:
    """Builds the wanted elements."""

    def __init__(self, source: str, names: frozenset[str] | None) -> None:
        """Prepare handlers; ``names`` None keeps the whole document."""
        self.done: list[Element] = []
        self._source = source
        self._names = names
        self._local = LocalNames()
        self._stack: list[Element] = []
        self._kept = 0 if names is None else _NONE_KEPT
        self._text: list[str] = []

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handlers to the parser."""
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local, stack = self._local, self._stack
        if attributes:
            attributes = {local[key]: value for key, value in attributes.items()}
        element = Element(
            local[name], attributes, self._source, self._parser.CurrentLineNumber
        )
        depth = len(stack)
        if depth >= MAX_DEPTH:
            raise element.fault(f"nested deeper than {MAX_DEPTH} elements")
        if depth > self._kept:
            stack[-1].children.append(element)
        elif self._names is not None:
            if depth == 0:
                self.done.append(element)
            elif element.name in self._names:
                self._kept = depth
        stack.append(element)
        self._text.clear()

    def _end(self, _: str) -> None:
        element = self._stack.pop()
        if self._text:
            element.text = "".join(self._text).strip()
            self._text.clear()
        if len(self._stack) == self._kept:
            self.done.append(element)
            if self._names is not None:
                self._kept = _NONE_KEPT


def read_xml(path: str, storage: Mapping[str, object] | None = None) -> Element:
    """Return the root element of a document with everything below it.

    Args:
        path: File or URL.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file cannot be read, is not XML, or declares entities.
    """
    *_, root = stream_xml(path, _ElementHandlers(path, None), storage)
    return root


def iter_xml(
    path: str, names: frozenset[str], storage: Mapping[str, object] | None = None
) -> Iterator[Element]:
    """Return the root without its content, then every element called one of ``names``.

    An element comes complete with everything below it, when it ends; nothing else is
    kept, so memory does not grow with the file. The root comes first, with attributes
    only.

    Args:
        path: File or URL.
        names: Local names of the elements wanted; inside one of them none is looked
            for.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file cannot be read, is not XML, or declares entities; raised
            when the iteration gets there.
    """
    return stream_xml(path, _ElementHandlers(path, names), storage)


def open_binary(
    path: str, storage: Mapping[str, object] | None = None
) -> contextlib.AbstractContextManager[BinaryIO]:
    """Return an open file or URL, to be used in a ``with`` statement.

    Raises:
        OSError: It cannot be opened.
    """
    if "://" not in path:
        return Path(path).open("rb")
    try:
        return io.BytesIO(read_object(path, storage))
    except FileNotFoundError:
        raise
    except remote_errors(ValueError, ImportError) as error:
        raise OSError(explain_remote(error)) from error


def stream_xml(
    path: str, handlers: Handlers[T], storage: Mapping[str, object] | None = None
) -> Iterator[T]:
    """Return what ``handlers`` make of a document, while it is being read.

    Args:
        path: File or URL.
        handlers: New for this document.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file cannot be read, is not XML, or declares entities; raised
            when the iteration gets there.
    """

    def refuse(*_: object) -> NoReturn:
        raise ParserError(
            f"{path}, line {parser.CurrentLineNumber}: a document type or entity is "
            "declared, which no instrument writes. Export the metadata again."
        )

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    handlers.attach(parser)
    try:
        with open_binary(path, storage) as file:
            for chunk in _utf8_chunks(file):
                parser.Parse(chunk, False)
                yield from handlers.done
                handlers.done.clear()
        parser.Parse(b"", True)
        yield from handlers.done
    except OSError as error:
        raise ParserError(
            f"{path} cannot be read: {error}. Check that it is there and readable."
        ) from error
    except expat.ExpatError as error:
        raise ParserError(
            f"{path}, line {error.lineno}: not well-formed XML "
            f"({expat.ErrorString(error.code)}). The file is damaged or incomplete; "
            "copy it again from the instrument."
        ) from error
    except (UnicodeError, LookupError) as error:
        raise ParserError(
            f"{path}: its text does not fit its declared encoding ({error}). Copy it "
            "again from the instrument, or save it as UTF-8."
        ) from error


def _utf8_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Return the document in UTF-8, without byte order mark and leading blanks."""
    head = file.read(CHUNK)
    encoding, skip = _encoding(head)
    head = head[skip:]
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        yield head.lstrip()
        while chunk := file.read(CHUNK):
            yield chunk
        return
    b"<?".decode(encoding, "replace")  # LookupError for codecs that make no text
    decoder = codecs.getincrementaldecoder(encoding)()
    yield decoder.decode(head).lstrip().encode()
    while chunk := file.read(CHUNK):
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", True).encode()


def _encoding(head: bytes) -> tuple[str, int]:
    """Return the encoding and how many bytes of byte order mark come first."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    if head.startswith((b"<\0", b"\0<")):
        return ("utf-16-le" if head[1] == 0 else "utf-16-be"), 0
    declared = _DECLARED.match(head[:200].lstrip())
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    return ("utf-8" if name.startswith(("utf-16", "ucs-2")) else name), 0
