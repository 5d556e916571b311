"""Every config shown is one; the parts in extensions.md have a test of their own."""

import re
from pathlib import Path

import pytest
import yaml

from tiles2zarr.config.load import load_configs

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    (page.name, number, text)
    for page in PAGES
    for number, text in enumerate(
        re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    )
    if "acquisitions:" in text and page.name != "extensions.md"
]


@pytest.mark.parametrize(
    ("page", "number", "text"), BLOCKS, ids=[f"{p}-{n}" for p, n, _ in BLOCKS]
)
def test_shown_config_loads(page: str, number: int, text: str) -> None:
    """A YAML block with acquisitions is accepted as it stands."""
    raw = {"name": "shown"} | yaml.safe_load(text)
    if raw.keys() & {"plate", "plates"}:
        del raw["name"]
    assert load_configs(raw, lambda path, kind: None), (page, number)


def test_pages_show_configs() -> None:
    """There are such blocks, so the test above looks at something."""
    assert len(BLOCKS) >= 3
