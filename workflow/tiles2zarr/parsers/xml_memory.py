"""Secure reading of XML that is already in memory, e.g. from the tag of a TIFF file."""

from collections.abc import Iterator
from typing import NoReturn, TypeVar
from xml.parsers import expat

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.xml import Element, Handlers
from tiles2zarr.parsers.xml import _ElementHandlers as ElementHandlers

T = TypeVar("T")


def parse_xml(content: bytes, handlers: Handlers[T], source: str) -> Iterator[T]:
    """Return what ``handlers`` make of a document in UTF-8.

    Document types and entities are refused, so nothing is expanded or fetched.

    Args:
        content: The document, perhaps with a byte order mark.
        handlers: New for this document.
        source: Path or URL it comes from, for messages.

    Raises:
        ParserError: It is not well-formed, or declares entities.
    """

    def refuse(*_: object) -> NoReturn:
        raise ParserError(
            f"{source}, line {parser.CurrentLineNumber}: a document type or entity is "
            "declared, which no instrument writes. Export the metadata again."
        )

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    handlers.attach(parser)
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ParserError(
            f"{source}, line {error.lineno}: not well-formed XML "
            f"({expat.ErrorString(error.code)}). The file is damaged or incomplete; "
            "copy it again from the instrument."
        ) from error
    yield from handlers.done


def read_text(content: bytes, source: str) -> Element:
    """Return the root element of a document in UTF-8 with everything below it.

    Args:
        content: The document.
        source: Path or URL it comes from, for messages.

    Raises:
        ParserError: It is not well-formed, or declares entities.
    """
    *_, root = parse_xml(content, ElementHandlers(source, None), source)
    return root
