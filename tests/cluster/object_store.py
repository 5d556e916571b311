"""A real S3 server beside the test, and a proxy before it that fails on purpose.

The server is moto's, a process of its own on a free port of the loopback. The proxy
forwards one request after the other, keeps a list of them, and spoils every tenth: with
what servers say when they are busy, with connections cut at every stage, and with
silence.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import s3fs

from tests.rules.plate import Plate

KEY = "AKIATILESTILESTILES0"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYTILESKEY00"
TOKEN = "FwoGZXIvYXdzEBYaDTILESTOKENTILESTOKEN"
FAULTS = ("busy", "broken", "refused", "lost", "half", "silent")
"""A 503, a 500, a cut before and one after the server's work, half an answer, none."""
SILENCE_S = 1.0
"""Seconds a client waits for an answer, by its options; a silent proxy waits longer."""
_ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Error><Code>{0}</Code><Message>spoiled on purpose</Message></Error>"
)
_STATUS = {"busy": (503, "SlowDown"), "broken": (500, "InternalError")}


class Request(NamedTuple):
    """One request that reached the proxy."""

    method: str
    key: str
    """Bucket and key."""
    whole: bool
    """Not a range of an object."""
    fault: str | None


class _Handler(BaseHTTPRequestHandler):
    """Forwards a request, or spoils it."""

    protocol_version = "HTTP/1.1"
    server: "Proxy"

    def handle_one_request(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle_one_request()

    def _forward(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        fault = self.server.note(self.command, self.path, "Range" not in self.headers)
        self.close_connection = True
        if self.server.blind and "list-type=" in self.path:
            self._say(403, "AccessDenied")
            return
        if fault in _STATUS:
            self._say(*_STATUS[str(fault)])
            return
        if fault == "refused":
            self._cut()
            return
        if fault == "silent":
            # ends when the client hangs up, or the proxy is closed
            self.connection.settimeout(30 * SILENCE_S)
            self.connection.recv(1)
            return
        status, headers, answer = self.server.ask(
            self.command, self.path, dict(self.headers), body
        )
        if fault == "lost":
            self._cut()
            return
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer[: len(answer) // 2] if fault == "half" else answer)
        if fault == "half":
            self.wfile.flush()
            self._cut()

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _forward  # noqa: N815

    def _say(self, status: int, code: str) -> None:
        content = b"" if self.command == "HEAD" else _ANSWER.format(code).encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _cut(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Proxy(ThreadingHTTPServer):
    """Stands before the server; spoils every tenth request if ``faulty``.

    If ``blind`` it does not let folders be listed.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, server: str) -> None:
        """Listen on a free port for requests to ``server``."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faulty = False
        self.blind = False
        self.kills: tuple[int, int] | None = None
        """A number of requests, and the process that is killed at it."""
        self.requests: list[Request] = []
        self._server = urlsplit(server)
        self._lock = threading.Lock()
        self._port = self.server_address[1]

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._port}"

    def note(self, method: str, path: str, whole: bool) -> str | None:
        """Keep a request; return what is to be done to it."""
        with self._lock:
            count = len(self.requests)
            fault = None
            if self.kills is not None and count == self.kills[0]:
                os.kill(self.kills[1], signal.SIGKILL)
            if self.faulty and count % 10 == 9:
                fault = FAULTS[count // 10 % len(FAULTS)]
            place = unquote(urlsplit(path).path).lstrip("/")
            self.requests.append(Request(method, place, whole, fault))
            return fault

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return the server's answer."""
        server = self._server
        link = http.client.HTTPConnection(server.hostname or "", server.port, 60)
        try:
            link.request(method, path, body, dict(headers) | {"Connection": "close"})
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    def faults(self) -> Counter[str]:
        """Return how many requests were spoiled in each way."""
        return Counter(r.fault for r in self.requests if r.fault is not None)

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients hang up on a silent server."""


@dataclass(frozen=True)
class Bucket:
    """A bucket of a test, looked at without the proxy."""

    name: str
    server: str
    proxy: Proxy
    system: s3fs.S3FileSystem

    @property
    def url(self) -> str:
        """Return the bucket's URL."""
        return f"s3://{self.name}"

    @property
    def options(self) -> dict[str, object]:
        """Return storage options that lead through the proxy."""
        return {"endpoint_url": self.proxy.url}

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """Return all objects below a prefix, by key behind it."""
        start = f"{self.name}/{prefix}".rstrip("/")
        keys = self.system.find(start)
        found = self.system.cat(keys) if keys else {}
        return {key[len(start) + 1 :]: raw for key, raw in found.items()}

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        self.system.pipe_file(f"{self.name}/{key}", content)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the address of an S3 server; it ends with the tests."""
    pytest.importorskip("moto.server", reason="moto is not installed")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    drain = threading.Thread(target=process.stderr.read)
    try:
        port = None
        while port is None:
            line = process.stderr.readline()
            assert line, "the S3 server did not start"
            port = re.search(r"Running on http://127\.0\.0\.1:(\d+)", line)
        # a full pipe would stop the server
        drain.start()
        yield f"http://127.0.0.1:{port[1]}"
    finally:
        process.kill()
        process.wait()
        if drain.ident is not None:
            drain.join()
        process.stderr.close()


@pytest.fixture
def bucket(
    server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bucket]:
    """Return an empty bucket behind a proxy; credentials are in the environment."""
    environment = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    system = s3fs.S3FileSystem(
        endpoint_url=server, use_listings_cache=False, skip_instance_cache=True
    )
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    name = f"{name}-{time.monotonic_ns() % 10**9}"
    system.mkdir(name)
    with serving(server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield Bucket(name, server, proxy, system)


@pytest.fixture
def tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plate:
    """Return a plate with tiles and no output; it is the working directory."""
    plate = Plate(tmp_path / "work")
    plate.write()
    monkeypatch.chdir(plate.work)
    return plate


@contextmanager
def serving(server: str) -> Iterator[Proxy]:
    """Return a proxy that answers until the end of the block."""
    with Proxy(server) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
