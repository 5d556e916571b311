"""A plate or image in any browser: a page of our own and the pictures it asks for.

The server makes the pictures, so the page needs no decoder and no network.
"""

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from tiles2zarr.commands.serve import Handler, bind
from tiles2zarr.commands.viewer_images import (
    Picture,
    in_store,
    open_image,
    shown_channels,
    thumbnail,
    tile,
)
from tiles2zarr.errors import StoreError
from tiles2zarr.models.well import column_name, row_name
from tiles2zarr.ngff.plate_groups import read_plate
from tiles2zarr.stores.local import LocalStore

Asked = Mapping[str, str]
Answer = tuple[str, bytes]
"""Media type and body."""


class Viewer:
    """Answers what the page asks about one plate or image."""

    def __init__(self, store: Path) -> None:
        """Read the metadata of the plate.

        Raises:
            StoreError: They are damaged.
        """
        self._store = store
        found = read_plate(LocalStore(store))
        self._plate = found[0] if found else None
        listed = [i.image for i in self._plate.images] if self._plate else []
        self._images = in_store(store, listed) if self._plate else in_store(store, [])
        self._pages: Mapping[str, Callable[[Asked], Answer]] = {
            "/": self._page,
            "/view/plate.json": self._facts,
            "/view/image.json": self._image,
            "/view/thumbnail.png": self._thumbnail,
            "/view/tile.png": self._tile,
        }

    def answer(self, target: str) -> Answer | None:
        """Return the answer to a request; ``None`` if it is for a file.

        Raises:
            StoreError: The image cannot be read.
            ValueError: The request makes no sense.
            LookupError: It is for something that is not there.
        """
        parts = urlsplit(target)
        page = self._pages.get(unquote(parts.path))
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return page(asked) if page else None

    def _page(self, asked: Asked) -> Answer:
        page = files("tiles2zarr.commands").joinpath("viewer.html")
        return "text/html; charset=utf-8", page.read_bytes()

    def _facts(self, asked: Asked) -> Answer:
        name = self._store.name.removesuffix(".zarr")
        plate = self._plate
        if plate is None:
            return _json({"name": name, "rows": [], "columns": [], "images": {}})
        images: dict[str, list[str]] = {}
        for image in plate.images:
            well = f"{row_name(image.row)}{column_name(image.column)}"
            images.setdefault(well, []).append(image.image)
        rows, columns = plate.layout.rows, plate.layout.columns
        return _json(
            {
                "name": plate.name or name,
                "rows": [row_name(row) for row in range(rows)],
                "columns": [column_name(column) for column in range(columns)],
                "images": images,
            }
        )

    def _image(self, asked: Asked) -> Answer:
        return _json(open_image(self._path(asked)).facts())

    def _thumbnail(self, asked: Asked) -> Answer:
        image = open_image(self._path(asked))
        channels = shown_channels(image, asked.get("channels", ""))
        return "image/png", thumbnail(image, channels)

    def _tile(self, asked: Asked) -> Answer:
        image = open_image(self._path(asked))
        level = int(asked.get("level", 0))
        if not 0 <= level < len(image.arrays):
            raise IndexError(f"no level {level}")
        channels = shown_channels(image, asked.get("channels", ""))
        picture = Picture(
            level, int(asked.get("t", 0)), int(asked.get("z", 0)), channels
        )
        row, column = int(asked["y"]), int(asked["x"])
        return "image/png", tile(image, picture, row, column)

    def _path(self, asked: Asked) -> Path:
        """Return the folder of an image that the plate lists, never of another."""
        return self._images[asked.get("image", "")]


def _json(content: Mapping[str, object]) -> Answer:
    return "application/json", json.dumps(content).encode()


class ViewerHandler(Handler):
    """Serves the viewer beside the files of the folder."""

    def __init__(self, *arguments: object, viewer: Viewer, **named: object) -> None:
        """Keep the viewer: the base class answers the request in its constructor."""
        self._viewer = viewer
        super().__init__(*arguments, **named)  # type: ignore[arg-type]

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Return the answer to a request of the page, or the part of a file."""
        try:
            answer = self._viewer.answer(self.path)
        except (StoreError, ValueError, LookupError) as error:
            self.send_error(HTTPStatus.NOT_FOUND, explain=str(error))
            return None
        if answer is None:
            return super().send_head()
        kind, body = answer
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


def make_viewer(store: Path, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server of a store's folder and its viewer; port 0 takes a free one.

    Raises:
        StoreError: The port is taken, or the plate's metadata are damaged.
    """
    viewer = Viewer(store)
    handler = partial(ViewerHandler, viewer=viewer, directory=str(store.parent))
    return bind(handler, host, port)
