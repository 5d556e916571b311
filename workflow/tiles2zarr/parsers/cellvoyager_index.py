"""The records of a CellVoyager index as they are written, one after the other.

An index may hold a million records, so they are read as plain tuples: a general XML
element for each would take as long as everything else together.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.parsers import expat

from tiles2zarr.parsers.xml import Element, LocalNames, stream_xml

RECORD = "MeasurementRecord"
Names = tuple[str, ...]


class Record(NamedTuple):
    """One record as it is written."""

    number: int
    """Place in the file, from 1."""
    line: int
    """Line it begins on, from 1."""
    text: str
    """Content, without blanks around it."""
    names: Names
    """Local names of the attributes."""
    values: tuple[str, ...]
    """Values of the attributes."""


def check_root(root: Element, name: str) -> None:
    """Check the name of a CellVoyager document's root element.

    Raises:
        ParserError: It is another kind of document.
    """
    if root.name != name:
        raise root.fault(
            f"the root element should be {name}",
            "Give the measurement folder as the instrument wrote it.",
        )


def iter_records(
    path: str, storage: Mapping[str, object] | None = None
) -> Iterator[Record]:
    """Return the records of an index in file order.

    Args:
        path: The ``.mlf`` file or its URL.
        storage: Options of the file system, for URLs.

    Raises:
        ParserError: The file cannot be read, is damaged or of another kind.
    """
    return stream_xml(path, _RecordHandlers(path), storage)


class _RecordHandlers:
    """Collects the records, and checks the root element on the way."""

    def __init__(self, source: str) -> None:
        """Prepare for the document ``source``."""
        self.done: list[Record] = []
        self._source = source
        self._local = LocalNames()
        self._shapes: dict[Names, Names] = {}
        self._attributes: dict[str, str] | None = None
        self._line = 0
        self._number = 0
        self._root_seen = False
        self._text: list[str] = []

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handlers to the parser."""
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._text.clear()
        self._line = self._parser.CurrentLineNumber
        if not self._root_seen:
            values = attributes.values()
            local = dict(zip(self._names(attributes), values, strict=True))
            root = Element(self._local[name], local, self._source, self._line)
            check_root(root, "MeasurementData")
            self._root_seen = True
        elif self._local[name] == RECORD:
            self._attributes = attributes

    def _end(self, name: str) -> None:
        attributes = self._attributes
        if attributes is not None and self._local[name] == RECORD:
            self._number += 1
            self.done.append(
                Record(
                    self._number,
                    self._line,
                    "".join(self._text).strip(),
                    self._names(attributes),
                    tuple(attributes.values()),
                )
            )
            self._attributes = None

    def _names(self, attributes: dict[str, str]) -> Names:
        """Return the local names of attributes, made once for all alike."""
        written = tuple(attributes)
        names = self._shapes.get(written)
        if names is None:
            names = tuple(self._local[key] for key in written)
            self._shapes[written] = names
        return names
