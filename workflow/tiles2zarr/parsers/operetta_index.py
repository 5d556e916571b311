"""The index of a Harmony measurement as it is written, one element after the other.

While a plane is read, the parser's events go straight into its dictionaries; only what
lies outside the planes becomes elements.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.parsers import expat

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.xml import MAX_DEPTH, Element, LocalNames, stream_xml

IMAGE, IMAGES = "Image", "Images"
_WANTED = frozenset({"Plate", "Entry", "InstrumentType"})


@dataclass(frozen=True, slots=True)
class RawImage:
    """One ``Image`` as it is written.

    Args:
        number: Place in the file, from 1.
        line: Line it begins on, from 1.
        texts: Text by element name.
        units: The attribute ``Unit`` by element name, where given.
        page: The attribute ``BufferNo`` of ``URL``: the plane's index in its file.
    """

    number: int
    line: int
    texts: Mapping[str, str]
    units: Mapping[str, str]
    page: str = "0"

    def fault(self, source: str, message: str) -> ParserError:
        """Return an error that names the file, the line and this image."""
        named = f"{IMAGE} {self.texts.get('id') or self.number}"
        return Element(named, {}, source, self.line).fault(message)


Item: TypeAlias = Element | RawImage


def iter_index(
    path: str, storage: Mapping[str, object] | None = None
) -> Iterator[Item]:
    """Return the root without content, then everything wanted and images in order.

    Wanted are plates, map entries and the instrument's type, as elements.

    Args:
        path: The index file or its URL.
        storage: Options of the URL's file system.

    Raises:
        ParserError: The file cannot be read, is damaged or incomplete.
    """
    return stream_xml(path, IndexHandlers(path), storage)


class IndexHandlers:
    """Collects images flat, what else is wanted as elements."""

    def __init__(self, source: str) -> None:
        """Prepare for the document ``source``."""
        self.done: list[Item] = []
        self._source = source
        self._local = LocalNames()
        self._path: list[str] = []
        self._built: list[Element] = []
        self._text: list[str] = []
        self._texts: dict[str, str] = {}
        self._attributes: dict[str, dict[str, str]] = {}
        self._image = ""
        self._line = 0
        self._images = 0

    def attach(self, parser: expat.XMLParserType) -> None:
        """Connect the handlers to the parser."""
        self._parser = parser
        parser.CharacterDataHandler = self._text.append
        self._read_elements()

    def _read_elements(self) -> None:
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = self._local[name]
        path, built = self._path, self._built
        self._text.clear()
        if local == IMAGE and path[1:] == [IMAGES]:
            self._start_image(name)
            return
        element = Element(local, {}, self._source, self._parser.CurrentLineNumber)
        if len(path) >= MAX_DEPTH:
            raise element.fault(f"nested deeper than {MAX_DEPTH} elements")
        if built or local in _WANTED or not path:
            element.attributes = {self._local[k]: v for k, v in attributes.items()}
        if not path:
            self.done.append(element)
        elif built or local in _WANTED:
            if built:
                built[-1].children.append(element)
            built.append(element)
        path.append(local)

    def _end(self, _: str) -> None:
        self._path.pop()
        if self._built:
            element = self._built.pop()
            element.text = "".join(self._text).strip()
            if not self._built:
                self.done.append(element)
        self._text.clear()

    def _start_image(self, name: str) -> None:
        """Let the events of an image pass straight into its dictionaries."""
        self._images += 1
        self._image = name
        self._line = self._parser.CurrentLineNumber
        self._texts, self._attributes = {}, {}
        self._parser.StartElementHandler = self._attributes.__setitem__
        self._parser.EndElementHandler = self._end_in_image

    def _end_in_image(self, name: str) -> None:
        if name != self._image:
            self._texts[self._local[name]] = "".join(self._text).strip()
            self._text.clear()
            return
        attributes = {
            self._local[element]: {self._local[key]: v for key, v in given.items()}
            for element, given in self._attributes.items()
            if given
        }
        units = {n: given["Unit"] for n, given in attributes.items() if "Unit" in given}
        page = attributes.get("URL", {}).get("BufferNo", "0")
        self.done.append(RawImage(self._images, self._line, self._texts, units, page))
        self._text.clear()
        self._read_elements()
