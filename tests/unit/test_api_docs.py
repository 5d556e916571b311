"""What the pages on Python say is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

import tiles2zarr
from tests.unit.api_samples import make_sample
from tests.unit.test_api_names import NAMES

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs/python.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(Path(tiles2zarr.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_ten_line_example_makes_the_plate(tmp_path: Path) -> None:
    """The first block of the page, run as it stands, makes the plate; and again."""
    sample = make_sample(tmp_path)
    sample.table.to_csv(sample.raw / "tiles.csv", index=False)
    assert len([line for line in BLOCKS[0].splitlines() if line]) <= 10
    for _ in range(2):
        result = _run(BLOCKS[0], tmp_path)
        assert result.returncode == 0, result.stderr
        for path, truth in sample.truth.items():
            level = zarr.open_array(tmp_path / "out/P1.zarr" / path / "0", mode="r")
            np.testing.assert_array_equal(level[:], truth)


def test_the_loader_of_the_page_reads_pixels(tmp_path: Path) -> None:
    """The loader in the second block gives the pixels of a raw file."""
    np.arange(12, dtype="<u2").tofile(tmp_path / "a.raw")
    use = "print(RawCamera(file='a.raw', width=4).load_data('.').tolist())"
    result = _run(f"{BLOCKS[1]}\n{use}", tmp_path)
    assert result.stdout.strip() == str(np.arange(12).reshape(3, 4).tolist())


@pytest.mark.parametrize("name", NAMES)
def test_the_vocabulary_lists_every_name(name: str) -> None:
    """Every documented name stands in the first column of a table."""
    text = (REPOSITORY / "docs/vocabulary.md").read_text()
    firsts = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    assert any(f"`{name}`" in cell for cell in firsts)


def test_config_keys_of_the_vocabulary_exist() -> None:
    """Every key the vocabulary names is in the schema of the config."""
    schema = (REPOSITORY / "config/config.schema.json").read_text()
    text = (REPOSITORY / "docs/vocabulary.md").read_text()
    cells = [line.split("|")[3] for line in text.splitlines() if line.count("|") == 4]
    keys = {
        key
        for cell in cells
        for part in re.findall(r"`([a-z_\[\].]+)`", cell)
        for key in re.findall(r"[a-z_]+", part)
    }
    columns = {"row", "column", "fov_name", "image_path", "file_path"}
    rules = {"parse_tiles", "register", "write_zarr", "build_tables"}
    assert len(keys) > 30
    missing = {k for k in keys - columns - rules if f'"{k}"' not in schema}
    assert missing == set()
