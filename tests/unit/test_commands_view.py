"""``view`` tells how to open a plate; its server gives ranges to any page."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.plate import Plate
from tests.unit.conftest import Tell
from tiles2zarr.commands.serve import make_server
from tiles2zarr.commands.view import addresses, has_napari
from tiles2zarr.errors import StoreError

DIGITS = b"0123456789"


def test_plate(made: Plate, tell: Tell) -> None:
    """A plate is opened in napari and by ngio, with its first image as the example."""
    said = tell("view", "--how", config=("out/P1.zarr",))
    assert said.code == 0
    assert said.lines == [
        "out/P1.zarr: plate, 3 images",
        "in napari (pip install 'napari[all]' napari-ome-zarr):",
        "  napari --plugin napari-ome-zarr 'out/P1.zarr'",
        "in Python:",
        "  from ngio import open_ome_zarr_plate",
        '  plate = open_ome_zarr_plate("out/P1.zarr", mode="r")',
        '  image = plate.get_image("B", 3, "0")',
        "  pixels = image.get_image().get_as_numpy()",
    ]
    assert tell("view", "--how").lines == said.lines


def test_document(made: Plate, tell: Tell) -> None:
    """The JSON tells what there is to open, and opens nothing."""
    assert json.loads(tell("view", "--json").out) == {
        "command": "view",
        "exit_code": 0,
        "stores": [
            {
                "path": "out/P1.zarr",
                "kind": "plate",
                "version": "0.4",
                "images": ["B/03/0", "B/04/0", "C/03/0"],
            }
        ],
    }


def test_napari_needs_a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a screen napari is not chosen, whether it is installed or not."""
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not has_napari()


@pytest.mark.parametrize("path", ["out/P1.zarr", "out/P1.zarr/C/03/0"])
def test_python_that_is_told_works(made: Plate, tell: Tell, path: str) -> None:
    """The lines of Python open the image: (c, z, y, x) pixels of the whole well."""
    lines = tell("view", "--how", config=(path,)).lines
    code = "\n".join(line.strip() for line in lines[lines.index("in Python:") + 1 :])
    scope: dict[str, object] = {}
    exec(code, scope)
    assert scope["pixels"].shape == (2, 1, 24, 80)  # type: ignore[attr-defined]


def test_no_store(raw: Plate, tell: Tell) -> None:
    """A path without OME-Zarr is a line."""
    said = tell("view", config=("raw",))
    assert (said.code, said.out) == (1, "")
    assert said.err == "raw is not an OME-Zarr group. Give the path of a .zarr.\n"
    said = tell("view", config=("no.zarr",))
    assert (said.code, said.err) == (1, "no.zarr is not there. Give its path.\n")
    said = tell("view", "--json")
    assert (said.code, said.err) == (
        1,
        "out/P1.zarr is not there. Run the workflow first.\n",
    )
    assert tell("view").code == 1


def test_addresses() -> None:
    """Viewers get the URL of the store, blanks quoted."""
    assert list(addresses("out/my plate.zarr/", "127.0.0.1", 8000)) == [
        "open http://127.0.0.1:8000/ in a browser; Ctrl-C ends it",
        "  data: http://127.0.0.1:8000/my%20plate.zarr",
        "  validator (needs a network): https://ome.github.io/ome-ngff-validator/?source="
        "http://127.0.0.1:8000/my%20plate.zarr",
        "  vizarr (needs a network): https://hms-dbmi.github.io/vizarr/?source="
        "http://127.0.0.1:8000/my%20plate.zarr",
    ]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Serve a folder with a file of ten digits; return the port."""
    (tmp_path / "served/P1.zarr").mkdir(parents=True)
    (tmp_path / "served/P1.zarr/0").write_bytes(DIGITS)
    (tmp_path / "secret").write_bytes(b"no")
    with make_server(tmp_path / "served", "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(
    port: int, method: str = "GET", path: str = "/P1.zarr/0", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("asked", "status", "body", "place"),
    [
        (None, 200, DIGITS, None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
        ("bytes=-40", 206, DIGITS, "bytes 0-9/10"),
        ("bytes=8-40", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=5-4", 416, b"", "bytes */10"),
        ("bytes=-", 200, DIGITS, None),
        ("lines=1-2", 200, DIGITS, None),
    ],
)
def test_ranges(
    port: int, asked: str | None, status: int, body: bytes, place: str | None
) -> None:
    """A range of bytes comes as asked for, or the whole file."""
    headers = {} if asked is None else {"Range": asked}
    found = ask(port, **headers)
    assert found[:2] == (status, body)
    assert found[2].get("Content-Range") == place
    assert found[2]["Access-Control-Allow-Origin"] == "*"


def test_any_page_may_ask(port: int) -> None:
    """A browser's question before a range is answered with yes."""
    status, body, headers = ask(port, "OPTIONS", Origin="https://example.org")
    assert (status, body) == (204, b"")
    assert headers["Access-Control-Allow-Headers"] == "Range"
    assert ask(port, "HEAD", Range="bytes=0-1")[:2] == (206, b"")


def test_nothing_else_is_served(port: int) -> None:
    """Files that are not there and files above the folder are not given."""
    assert ask(port, path="/P1.zarr/1")[0] == 404
    assert ask(port, path="/../secret")[0] == 404
    assert ask(port, "PUT")[0] == 501


def test_port_that_is_taken(port: int, tmp_path: Path) -> None:
    """A port in use is a line that names the option."""
    with pytest.raises(
        StoreError, match=f"^127.0.0.1:{port} cannot be served: Address already.*--port"
    ):
        make_server(tmp_path, "127.0.0.1", port)
    with pytest.raises(StoreError, match="Choose another --port"):
        make_server(tmp_path, "127.0.0.1", 70000)


def test_serving_ends_with_an_interrupt(made: Plate) -> None:
    """The command serves the store's folder until Ctrl-C, which is no failure."""
    command = [sys.executable, "-m", "tiles2zarr", "view", "out/P1.zarr", "--serve"]
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = next(line for line in process.stdout if line.startswith("  data: "))
        found = re.search(r"http://127\.0\.0\.1:(\d+)/P1\.zarr", said)
        assert found is not None
        status, body, _ = ask(int(found[1]), path="/P1.zarr/.zgroup")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert (status, b"zarr_format" in body) == (200, True)
    assert process.returncode == 0
