"""Pictures of the pages: drawn by the project, small, and in step with it."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import tiles2zarr

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of pictures drawn now."""
    folder = tmp_path_factory.mktemp("images")
    subprocess.run(
        [sys.executable, str(ROOT / "docs/draw_tiling.py"), str(folder)],
        env={"PYTHONPATH": str(Path(tiles2zarr.__file__).parents[1])},
        check=True,
    )
    return folder


@pytest.mark.parametrize("mode", ["inplace", "snap_to_grid", "no_tiling"])
def test_tiling_pictures_show_what_registration_does(drawn: Path, mode: str) -> None:
    """Each committed picture is what ``docs/draw_tiling.py`` draws."""
    name = f"tiling_{mode}.svg"
    assert (IMAGES / name).read_bytes() == (drawn / name).read_bytes()


def test_grid_picture_is_closed_edge_to_edge(drawn: Path) -> None:
    """Fields of 320 x 240 stand at multiples of their size, from a margin of 24."""
    text = (drawn / "tiling_snap_to_grid.svg").read_text()
    for x, y in ((24, 24), (344, 24), (664, 24), (24, 264), (344, 264)):
        assert f'<rect x="{x}" y="{y}" width="320" height="240"' in text


def test_readme_begins_with_the_plate() -> None:
    """One sentence, then the picture of a plate, in colour and under 200 kB."""
    readme = (ROOT / "README.md").read_text()
    assert readme.splitlines()[4].endswith("(docs/images/plate.jpg)")
    path = IMAGES / "plate.jpg"
    assert path.stat().st_size < 200_000
    with Image.open(path) as picture:
        assert picture.mode == "RGB"
        assert min(picture.size) > 600
