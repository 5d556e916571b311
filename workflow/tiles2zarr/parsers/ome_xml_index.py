"""An OME-XML document as it is written: elements, and its planes as columns of text.

A document may describe a million planes, so ``Plane`` and ``TiffData`` go straight into
columns; only plates and images become elements.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.xml import MAX_DEPTH, Element, LocalNames, stream_xml
from tiles2zarr.parsers.xml_memory import parse_xml

PLANE, BLOCK = "Plane", "TiffData"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    PLANE: (
        "TheC",
        "TheZ",
        "TheT",
        "PositionX",
        "PositionXUnit",
        "PositionY",
        "PositionYUnit",
        "PositionZ",
        "PositionZUnit",
        "DeltaT",
        "DeltaTUnit",
        "ExposureTime",
        "ExposureTimeUnit",
    ),
    BLOCK: ("FirstC", "FirstZ", "FirstT", "IFD", "PlaneCount", "FileName", "UUID"),
}
"""Attributes that are read of the elements kept as columns."""
_BUILT = frozenset({"Plate", "Image", "BinaryOnly"})
_MERGED = frozenset({"StagePosition", "PlaneTiming", "UUID"})
"""Children whose attributes are taken for those of the element around them: before 2010
a plane's position and times stood in elements of their own."""
_PIXELS = "BinData"


@dataclass(frozen=True)
class RawColumns:
    """Elements of one name as columns of text, ``""`` where not given.

    Args:
        name: Name of the elements.
        source: The document, for messages.
        images: Number of the image (from 0) each element belongs to.
        lines: Line each element begins on, from 1.
        texts: Values by attribute.
    """

    name: str
    source: str
    images: list[int]
    lines: list[int]
    texts: Mapping[str, list[str]]

    def __len__(self) -> int:
        """Return the number of elements."""
        return len(self.lines)

    def fault(self, row: int, message: str) -> ParserError:
        """Return an error that names the document, the line and the element."""
        return Element(self.name, {}, self.source, self.lines[row]).fault(message)


def _columns(name: str, source: str) -> RawColumns:
    return RawColumns(name, source, [], [], {key: [] for key in COLUMNS[name]})


@dataclass(frozen=True)
class Document:
    """One OME-XML document.

    Args:
        source: Path or URL it comes from.
        root: The root element, without content.
        planes: The ``Plane`` elements.
        blocks: The ``TiffData`` elements.
        plates: The plates.
        images: The images, without planes and blocks.
        pointers: ``BinaryOnly`` elements: the metadata stand in another file.
    """

    source: str
    root: Element
    planes: RawColumns
    blocks: RawColumns
    plates: list[Element] = field(default_factory=list)
    images: list[Element] = field(default_factory=list)
    pointers: list[Element] = field(default_factory=list)


def read_document(path: str, storage: Mapping[str, object] | None = None) -> Document:
    """Return what an OME-XML file says.

    Args:
        path: File or URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: The file cannot be read, is damaged, or is not OME-XML.
    """
    return _checked(stream_xml(path, _DocumentHandlers(path), storage))


def parse_document(text: str, source: str) -> Document:
    """Return what OME-XML in memory says.

    Args:
        text: The document.
        source: File it stands in, for messages.

    Raises:
        ParserError: It is damaged, or not OME-XML.
    """
    content = text.strip("\0 \t\r\n").encode("utf-8", "replace")
    return _checked(parse_xml(content, _DocumentHandlers(source), source))


def _checked(documents: Iterator[Document]) -> Document:
    (document,) = documents
    if document.root.name != "OME":
        raise document.root.fault(
            "the root element should be OME",
            "Give the OME-XML file (.companion.ome, .ome.xml) or the OME-TIFF.",
        )
    return document


class _DocumentHandlers:
    """Builds plates and images, and collects planes and blocks."""

    def __init__(self, source: str) -> None:
        """Prepare for the document ``source``."""
        self.done: list[Document] = []
        self._source = source
        self._local = LocalNames()
        self._document: Document | None = None
        self._depth = 0
        self._built: list[Element] = []
        self._row: dict[str, str] | None = None
        self._row_depth = 0
        self._kept: dict[str, str] = {}
        self._text: list[str] = []

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handlers to the parser."""
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = self._local[name]
        self._text.clear()
        self._depth += 1
        if self._row is not None:
            if local in _MERGED:
                self._row.update(attributes)
            return
        document, line = self._document, self._parser.CurrentLineNumber
        if self._depth > MAX_DEPTH:
            element = Element(local, {}, self._source, line)
            raise element.fault(f"nested deeper than {MAX_DEPTH} elements")
        if document is not None and self._built and local in COLUMNS:
            columns = document.planes if local == PLANE else document.blocks
            columns.images.append(len(document.images))
            columns.lines.append(line)
            self._row, self._row_depth = attributes, self._depth
        elif document is None or self._built or local in _BUILT:
            names = {self._local[key]: value for key, value in attributes.items()}
            self._build(Element(local, names, self._source, line))

    def _build(self, element: Element) -> None:
        if self._document is None:
            self._document = Document(
                self._source,
                element,
                _columns(PLANE, self._source),
                _columns(BLOCK, self._source),
            )
            return
        if self._built:
            self._built[-1].children.append(element)
        self._built.append(element)

    def _end(self, name: str) -> None:
        local = self._local[name]
        if self._row is not None:
            if local == "UUID":
                self._row["UUID"] = "".join(self._text).strip()
            if self._depth == self._row_depth:
                self._keep_row(local, self._row)
                self._row = None
        elif self._built:
            element = self._built.pop()
            if local != _PIXELS:
                element.text = "".join(self._text).strip()
            if not self._built:
                self._keep_element(element)
        self._text.clear()
        self._depth -= 1
        if self._depth == 0 and self._document is not None:
            self.done.append(self._document)

    def _keep_row(self, local: str, row: Mapping[str, str]) -> None:
        """Add a finished row to its columns, equal texts as one object."""
        assert self._document is not None
        document, kept = self._document, self._kept
        columns = document.planes if local == PLANE else document.blocks
        for key, texts in columns.texts.items():
            value = row.get(key, "")
            texts.append(kept.setdefault(value, value))

    def _keep_element(self, element: Element) -> None:
        assert self._document is not None
        document = self._document
        found = {"Plate": document.plates, "Image": document.images}
        found.get(element.name, document.pointers).append(element)
