"""Looks at a report page: its tags, texts and addresses, and how a browser draws it."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.e2e.convert import as_in_job
from tiles2zarr.config import slices
from tiles2zarr.config.load import load_configs
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State
from tiles2zarr.steps.report import report

VOID = frozenset({"br", "col", "hr", "img", "meta"})
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Page(HTMLParser):
    """A page parsed strictly: every tag that is opened is closed, in order."""

    text: str
    open: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Parse the text."""
        super().__init__()
        self.feed(self.text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "src", "xlink:href") and value:
                self.links.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that is closed at once."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close a tag."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep texts of headings."""
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)


def read_page(path: Path) -> Page:
    """Return a page that is well formed and needs nothing but itself."""
    page = Page(path.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("#", "data:image/"))
        assert not link.startswith("#") or link[1:] in page.ids
    for address in re.findall(r"url\(([^)]*)\)", page.text):
        assert address.startswith("#"), address
    assert "http" not in page.text.replace("&", "")
    return page


def page_of(config: Mapping[str, object], work: Path) -> Page:
    """Return the page of the only plate of a config that was converted in ``work``."""
    ((name, plate),) = load_configs(config, plate_name).items()
    state = State(work / "results" / name)
    files = [
        state.root / f for f in ("report.html", "report/sheet.jpg", "report/q.csv")
    ]
    page, sheet, figures = files
    report(page, sheet, figures, state, as_in_job(slices.report_options(plate)))
    assert sheet.read_bytes()[:3] == b"\xff\xd8\xff"
    return read_page(page)


def picture_of(page: Path, width: int, height: int) -> NDArray[np.uint8]:
    """Return how Chromium draws the top of a page, (y, x, 3); skips without it."""
    if CHROMIUM is None:
        pytest.skip("no chromium")
    shot = page.with_suffix(".png")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--hide-scrollbars", f"--window-size={width},{height}"]
    command += [f"--user-data-dir={page.parent / 'chromium'}", f"--screenshot={shot}"]
    subprocess.run(
        [*command, page.as_uri()], check=True, capture_output=True, timeout=120
    )
    with Image.open(shot) as picture:
        return np.asarray(picture.convert("RGB"))
