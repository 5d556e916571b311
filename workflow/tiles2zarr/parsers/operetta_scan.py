"""The usual layout of a Harmony index, recognised without an XML parser.

An index has some 35 elements for each plane, and Harmony writes all of them alike:
``<Name>text</Name>`` or ``<Name Unit="m">text</Name>``. One regular expression takes
such a plane apart several times as fast as an XML parser. Whatever looks different in
any way (a comment, an entity, another attribute, a prefix, a file cut short) is left to
the parser, which also words the faults.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.operetta_index import IndexHandlers, Item, RawImage
from tiles2zarr.parsers.xml import open_binary
from tiles2zarr.parsers.xml_memory import parse_xml

CHUNK = 1 << 20
_OPEN, _CLOSE, _END = b"<Images>", b"</Images>", b"</Image>"
_DECLARATION = re.compile(rb'<\?xml version="1.0"(?: encoding="utf-8")?\?>', re.I)
_START = re.compile(r'\s*<Image(?: Version="[0-9]+")?>')
_FIELD = re.compile(
    r'<([A-Za-z]\w*)(?: Unit="([^"<>&]*)")?(?:>([^<>&\x00-\x1f]*)</\1>| ?/>)', re.ASCII
)


class UnusualLayoutError(Exception):
    """The index is not laid out as Harmony does; caught where the parser takes over."""


def scan_index(
    path: str, storage: Mapping[str, object] | None = None
) -> Iterator[Item]:
    """Return the images, then the root without content, plates and map entries.

    Args:
        path: The index file or its URL.
        storage: Options of the URL's file system.

    Raises:
        UnusualLayoutError: Something is laid out in another way, or the file cannot be
            read. What was returned so far is not to be used.
    """
    try:
        with open_binary(path, storage) as file:
            head, buffer = _read_head(file)
            images = _Images(head.count(b"\n") + 1)
            while True:
                end = buffer.rfind(_END) + len(_END)
                if end >= len(_END):
                    yield from images.take_apart(buffer[:end].decode())
                    buffer = buffer[end:]
                if not (chunk := file.read(CHUNK)):
                    break
                buffer += chunk
        if not buffer.lstrip().startswith(_CLOSE):
            raise UnusualLayoutError
        # line breaks in place of the images: faults tell the line in the file
        rest = head + b"\n" * (images.line - head.count(b"\n") - 1) + buffer
        yield from parse_xml(rest, IndexHandlers(path), path)
    except (OSError, UnicodeError, ParserError) as error:
        raise UnusualLayoutError from error


def _read_head(file: BinaryIO) -> tuple[bytes, bytes]:
    """Return what comes up to the first image, and what was read beyond."""
    head = b""
    while chunk := file.read(CHUNK):
        head += chunk
        before, mark, after = head.partition(_OPEN)
        if mark:
            before = before.removeprefix(codecs.BOM_UTF8)
            if not _DECLARATION.match(before):
                break
            return before + mark, after
    raise UnusualLayoutError


class _Images:
    """Takes images apart; counts them and the lines."""

    def __init__(self, line: int) -> None:
        """Begin at a line of the file, from 1."""
        self.line = line
        self._number = 0
        self._units: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]] = {}

    def take_apart(self, text: str) -> Iterator[RawImage]:
        """Return the images of a text that ends with one."""
        for block in text.split(_END.decode())[:-1]:
            found = _FIELD.findall(block)
            start = _START.match(block)
            opened = block.count("<") - block.count("</")
            if start is None or not found or opened != len(found) + 1:
                raise UnusualLayoutError
            names, units, texts = zip(*found, strict=True)
            self._number += 1
            yield RawImage(
                self._number,
                self.line + block.count("\n", 0, start.end()),
                dict(zip(names, texts, strict=True)),
                self._shared_units(names, units),
            )
            self.line += block.count("\n")

    def _shared_units(
        self, names: tuple[str, ...], units: tuple[str, ...]
    ) -> Mapping[str, str]:
        """Return unit by name, the same object for images that are written alike."""
        known = self._units.get((names, units))
        if known is None:
            known = {n: u for n, u in zip(names, units, strict=True) if u}
            self._units[names, units] = known
        return known
