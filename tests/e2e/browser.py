"""A web viewer of others on a plate: its bundle served beside it, its picture taken.

The viewer is the npm package ``@galaxyproject/vizarr`` (vizarr, Viv and zarrita in one
bundle), as ``npm pack`` brings it. It asks a Galaxy server where the plate is; the
server here answers that one question. Nothing is fetched from elsewhere.
"""

import asyncio
import base64
import contextlib
import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import aiohttp
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiles2zarr.commands.serve import Handler

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--window-size=1200,800",
)
PATIENCE_S = 60
FROM_ELSEWHERE = b"https://cdn.jsdelivr.net/gh/mozilla/pdf.js@"
NO_JPX = b"export class JpxImage { parse() { throw new Error('none here'); } }"

Picture = NDArray[np.uint8]


def unpack(tarball: Path, folder: Path) -> None:
    """Put the bundle's script into ``folder``, its import from a CDN made local."""
    with tarfile.open(tarball) as packed:
        found = packed.extractfile("package/static/index.js")
        assert found is not None
        script = found.read()
    start = script.index(FROM_ELSEWHERE)
    end = script.index(b".js", start + len(FROM_ELSEWHERE)) + len(b".js")
    (folder / "index.js").write_bytes(script[:start] + b"/jpx.js" + script[end:])
    (folder / "jpx.js").write_bytes(NO_JPX)


class BesideViewer(Handler):
    """The handler of ``tiles2zarr view``, and what the bundle needs around it."""

    def do_GET(self) -> None:  # noqa: N802  (the base class's name)
        """Answer with the page, with where the plate is, or with a file."""
        host = f"http://{self.headers['Host']}/"
        if self.path.startswith("/page/"):
            told = {
                "visualization_config": {"dataset_id": self.path[6:]},
                "root": host,
            }
            page = (
                "<!doctype html><body style='margin:0;background:#000'><div id=app "
                f"data-incoming='{json.dumps(told)}' style='width:100vw;height:100vh'>"
                "</div><script type=module src=/index.js></script>"
            )
            self._say("text/html", page)
        elif self.path.startswith("/api/datasets/"):
            name = self.path.rsplit("/", 1)[1]
            sources = [{"source_uri": host + name}]
            told = {"id": name, "name": name, "state": "deferred", "sources": sources}
            self._say("application/json", json.dumps(told))
        else:
            super().do_GET()

    def _say(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Yield the address under which ``folder`` and the viewer are served."""
    handler = partial(BesideViewer, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def watch(
    chromium: str, profile: Path, url: str, shown: Callable[[Picture], bool]
) -> Picture:
    """Return the picture of a page as soon as ``shown`` is true of it.

    After a minute the last picture is returned, whatever it shows.
    """
    options = [*FLAGS, f"--user-data-dir={profile}"]
    browser = subprocess.Popen(
        [chromium, *options, url], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert browser.stderr is not None
    with browser, browser.stderr as said:
        try:
            line = next(line for line in said if b"DevTools listening on" in line)
            address = line.decode().split(" on ")[1].strip()
            return asyncio.run(_pictures(address, url, shown))
        finally:
            browser.kill()


async def _pictures(
    address: str, url: str, shown: Callable[[Picture], bool]
) -> Picture:
    host = address.replace("ws://", "http://").split("/devtools")[0]
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_S
    async with aiohttp.ClientSession() as session:
        page = await _page(session, host, url)
        async with session.ws_connect(page, max_msg_size=0) as talk:
            while True:
                picture = await _picture(talk)
                if shown(picture) or loop.time() > end:
                    return picture


async def _page(session: aiohttp.ClientSession, host: str, url: str) -> str:
    """Return the address at which the page is asked; it may take a moment to open."""
    while True:
        async with session.get(f"{host}/json/list") as answer:
            for target in await answer.json():
                if target["url"] == url:
                    return str(target["webSocketDebuggerUrl"])


async def _picture(talk: aiohttp.ClientWebSocketResponse) -> Picture:
    await talk.send_json({"id": 1, "method": "Page.captureScreenshot"})
    while "result" not in (answer := await talk.receive_json()):
        pass
    png = base64.b64decode(answer["result"]["data"])
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))
