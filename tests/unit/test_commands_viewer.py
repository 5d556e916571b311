"""The viewer's server: which wells there are, and pictures with the right pixels."""

import io
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from tests.rules.plate import Plate, expected_level
from tests.unit.test_commands_view import ask
from tiles2zarr.commands.viewer import Viewer, make_viewer
from tiles2zarr.commands.viewer_images import (
    Channel,
    open_image,
    shown_channels,
    thumbnail,
    to_png,
)

DARK = {0: Channel("a", "FF0000", 0.0, 1.0)}


def pixels(png: bytes) -> np.ndarray:
    """Return the pixels of a PNG, by another reader than its writer."""
    with Pillow.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))


def body(viewer: Viewer, target: str) -> bytes:
    """Return the body of an answer."""
    answer = viewer.answer(target)
    assert answer is not None
    return answer[1]


def test_plate_in_its_true_frame(made: Plate) -> None:
    """All physical rows and columns are told, and which images the wells hold."""
    facts = json.loads(body(Viewer(Path("out/P1.zarr")), "/view/plate.json"))
    assert facts["name"] == "P1"
    assert facts["rows"] == list("ABCDEFGH")
    assert facts["columns"] == [f"{n:02d}" for n in range(1, 13)]
    assert facts["images"] == {"B03": ["B/03/0"], "B04": ["B/04/0"], "C03": ["C/03/0"]}


def test_image_as_the_page_needs_it(made: Plate) -> None:
    """Sizes of the levels, planes, pixel size and channels as the metadata say."""
    viewer = Viewer(Path("out/P1.zarr"))
    facts = json.loads(body(viewer, "/view/image.json?image=C/03/0"))
    assert facts["sizes"] == [[24, 80], [12, 40]]
    assert (facts["t"], facts["z"], facts["pixel_um"]) == (1, 1, 0.5)
    assert [c["label"] for c in facts["channels"]] == ["DAPI", "GFP"]
    assert [c["color"] for c in facts["channels"]] == ["0000FF", "00FF00"]


def test_tile_shows_the_pixels(made: Plate) -> None:
    """A channel in its colour: start is black, end is full, between is in proportion.

    DAPI is blue, GFP green, so both channels can be told apart in one picture.
    """
    target = "/view/tile.png?image=B/04/0&level=0&y=0&x=0&channels=0:0:60000,1:100:200"
    found = pixels(body(Viewer(Path("out/P1.zarr")), target))
    truth = expected_level("B04")[:, 0].astype(float)
    assert found.shape == (24, 80, 3)
    assert found[..., 0].max() == 0
    blue = np.clip(truth[0] / 60000, 0, 1) * 255
    green = np.clip((truth[1] - 100) / 100, 0, 1) * 255
    assert np.abs(found[..., 2] - blue).max() <= 0.51
    assert np.abs(found[..., 1] - green).max() <= 0.51


def test_thumbnail_is_the_whole_image(made: Plate) -> None:
    """An image smaller than a thumbnail is shown whole, channels added up."""
    png = body(Viewer(Path("out/P1.zarr")), "/view/thumbnail.png?image=B/03/0")
    found = pixels(png)
    assert found.shape == (24, 80, 3)
    assert found[..., 1].max() > 200
    assert found[..., 2].max() > 200


def test_no_channel_is_black(made: Plate) -> None:
    """With all channels off a tile is black, not an error."""
    target = "/view/tile.png?image=B/03/0&y=0&x=0&channels=,"
    assert pixels(body(Viewer(Path("out/P1.zarr")), target)).max() == 0


@pytest.mark.parametrize(
    "target",
    [
        "/view/tile.png?image=B/03/0&y=0&x=1",
        "/view/tile.png?image=B/03/0&y=-1&x=0",
        "/view/tile.png?image=B/03/0&y=0&x=0&level=2",
        "/view/tile.png?image=B/03/0&y=0&x=0&z=1",
        "/view/tile.png?image=B/03/0&y=0&x=0&channels=2:0:1",
        "/view/tile.png?image=B/03/0&y=0",
        "/view/tile.png?image=B/03/0&y=no&x=0",
        "/view/image.json?image=../../raw",
        "/view/image.json?image=B/05/0",
        "/view/image.json",
    ],
)
def test_what_is_not_there(made: Plate, target: str) -> None:
    """Tiles, planes and images that are not there, or are not listed, are refused."""
    with pytest.raises((LookupError, ValueError)):
        Viewer(Path("out/P1.zarr")).answer(target)


def test_image_alone(made: Plate) -> None:
    """A single image has no plate around it, and no channels if none are described."""
    image = Path("out/P1.zarr/C/03/0")
    viewer = Viewer(image)
    assert json.loads(body(viewer, "/view/plate.json"))["images"] == {}
    attributes = json.loads((image / ".zattrs").read_text())
    del attributes["omero"]
    (image / ".zattrs").write_text(json.dumps(attributes))
    open_image.cache_clear()
    facts = json.loads(body(Viewer(image), "/view/image.json"))
    assert [c["end"] for c in facts["channels"]] == [65535.0, 65535.0]


def test_channels_of_a_page(made: Plate) -> None:
    """Nothing asked for means the active channels; others come with their ends."""
    image = open_image(Path("out/P1.zarr/C/03/0").absolute())
    assert set(shown_channels(image, "")) == {0, 1}
    assert shown_channels(image, "1:5:9") == {1: Channel("GFP", "00FF00", 5.0, 9.0)}
    with pytest.raises(ValueError, match="no channel 7"):
        shown_channels(image, "7:0:1")


def test_large_level_is_thinned_out(made: Plate) -> None:
    """Of an image without a small level every n-th pixel is shown."""
    image = open_image(Path("out/P1.zarr/C/03/0").absolute())
    small = thumbnail(type(image)(image.arrays[:1], image.axes, (), image.scale), DARK)
    assert pixels(small).shape == (24, 80, 3)


def test_png_is_lossless() -> None:
    """Pixels come back as they were."""
    made = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    np.testing.assert_array_equal(pixels(to_png(made)), made)


@pytest.fixture
def port(made: Plate) -> Iterator[int]:
    """Serve the plate and its viewer; return the port."""
    open_image.cache_clear()
    with make_viewer(Path("out/P1.zarr").absolute(), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_page_pictures_and_data(port: int) -> None:
    """One server gives the page, pictures, and the files for other viewers."""
    status, page, headers = ask(port, path="/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"https://" not in page  # nothing is fetched from elsewhere
    status, png, headers = ask(port, path="/view/thumbnail.png?image=B/03/0")
    assert (status, headers["Content-Type"], png[:4]) == (200, "image/png", b"\x89PNG")
    assert ask(port, path="/P1.zarr/.zgroup")[0] == 200
    assert ask(port, path="/view/image.json?image=Z/01/0")[0] == 404
    assert ask(port, "HEAD", "/view/plate.json")[1] == b""


@pytest.mark.full
@pytest.mark.parametrize("place", ["", "#B%2F04%2F0"], ids=["plate", "image"])
def test_browser_draws_it(port: int, tmp_path: Path, place: str) -> None:
    """A browser draws wells, and an image in its channels' colours."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium")
    picture = tmp_path / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,600"]
    options += ["--virtual-time-budget=8000", f"--screenshot={picture}"]
    options += [f"--user-data-dir={tmp_path}/profile"]
    url = f"http://127.0.0.1:{port}/{place}"
    subprocess.run([browser, *options, url], capture_output=True, check=True)
    with Pillow.open(picture) as shown:
        rgb = np.asarray(shown.convert("RGB")).astype(int)
    vivid = (rgb[..., 2] > rgb[..., 0] + 60) | (rgb[..., 1] > rgb[..., 0] + 60)
    share = vivid.mean()
    # three wells of 96 px, letterboxed 24:80; or an image 1000 px wide, 300 high
    least = 3 * 90 * 25 / 600_000 if not place else 0.2
    assert share > least
