"""A folder over HTTP, readable by viewers in a browser: CORS and byte ranges."""

import io
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)
from pathlib import Path
from typing import BinaryIO

from tiles2zarr.errors import StoreError

_RANGE = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range",
    "Access-Control-Allow-Private-Network": "true",
    "Access-Control-Expose-Headers": "Content-Range, Content-Length, Accept-Ranges",
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache",
}


class Handler(SimpleHTTPRequestHandler):
    """Serves files, whole or a range of them, to pages of any origin; read-only."""

    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        """Send the headers that let a page of another origin read the answer."""
        for name, value in _CORS.items():
            self.send_header(name, value)
        super().end_headers()

    def do_OPTIONS(self) -> None:
        """Answer a browser's question whether it may ask with a Range."""
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Return the part of the file that was asked for, or the whole file.

        Shards are read this way: a reader asks for the index at the end, then for
        single chunks.
        """
        asked = _RANGE.fullmatch(self.headers.get("Range", "").strip())
        path = Path(self.translate_path(self.path))
        if asked is None or asked.group(0) == "bytes=-" or not path.is_file():
            return super().send_head()
        with path.open("rb") as stream:
            total = stream.seek(0, io.SEEK_END)
            first, end = _ends(asked["first"], asked["last"], total)
            if first >= end:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None
            stream.seek(first)
            part = stream.read(end - first)
        self.send_response(HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{end - 1}/{total}")
        self.end_headers()
        return io.BytesIO(part)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: a viewer asks for thousands of chunks."""


def _ends(first: str, last: str, total: int) -> tuple[int, int]:
    """Return the half-open range of bytes of ``first-last`` (``-n`` is the last n)."""
    if not first:
        return max(0, total - int(last)), total
    return int(first), min(total, int(last) + 1 if last else total)


def make_server(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server of a folder, not yet running; port 0 takes a free one.

    Raises:
        StoreError: The port is taken or not allowed.
    """
    return bind(partial(Handler, directory=str(folder)), host, port)


def bind(
    handler: Callable[..., BaseHTTPRequestHandler], host: str, port: int
) -> ThreadingHTTPServer:
    """Return a server on a port, not yet running; port 0 takes a free one.

    Raises:
        StoreError: The port is taken or not allowed.
    """
    try:
        return ThreadingHTTPServer((host, port), handler)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{host}:{port} cannot be served: {why}. Choose another --port."
        ) from error
