"""The site of the pages: nothing missing from it, every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.unit.test_imports import LEVEL

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
GENERATED = {"index.md", "config.md"}
"""Pages that docs/pages.py makes of README.md and config/README.md."""
PAGES = [ROOT / "README.md", ROOT / "config/README.md", *sorted(DOCS.glob("**/*.md"))]
ARCHITECTURE = (DOCS / "architecture.md").read_text()


def named(entry: object) -> Iterator[str]:
    """Yield the pages of a part of the navigation."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for inner in entry.values():
            yield from named(inner)
    elif isinstance(entry, list):
        for inner in entry:
            yield from named(inner)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures, none of code."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    found = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "code", text))
    return [link for link in found if not link.startswith(("https://", "http://"))]


def anchors(page: Path) -> set[str]:
    """Return the names of a page's headings, as MkDocs and git hosts make them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {
        re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower())
        for head in heads
    }


def test_navigation_has_every_page_once() -> None:
    """The navigation lists the pages of docs and the two from elsewhere, no other."""
    pages = list(named(SITE["nav"]))
    files = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("**/*.md")}
    assert sorted(pages) == sorted(files | GENERATED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A link inside the repository names a file that is there, and a heading of it."""
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


def test_pages_have_links() -> None:
    """There are links, so the test above looks at something."""
    assert len([link for page in PAGES for link in links(page)]) > 20


@pytest.mark.parametrize("page", PAGES[2:], ids=lambda page: page.name)
def test_links_out_of_docs_are_known_to_the_site(page: Path) -> None:
    """Pages of the site link only to pages of the site."""
    outside = {link.partition("#")[0] for link in links(page) if "../" in link}
    assert outside <= {"../README.md", "../config/README.md"}


def test_site_loads_nothing_from_elsewhere() -> None:
    """Fonts of other hosts are off, and broken links end a build."""
    assert SITE["theme"]["font"] is False
    assert SITE["strict"] is True


def test_data_flow_shows_every_rule_in_order() -> None:
    """The diagram names the rules in the order of the Snakefile."""
    snakefile = (ROOT / "workflow/Snakefile").read_text()
    rules = re.findall(r'^include: "rules/(\w+)\.smk"$', snakefile, re.M)
    diagram = ARCHITECTURE.split("```")[1]
    shown = re.findall(rf"(?<!\S)({'|'.join(rules)})(?!\S)", diagram)
    assert shown == rules


def test_table_of_packages_is_complete_and_in_order() -> None:
    """Every package stands in the table, below all that it may import."""
    table = ARCHITECTURE.split("| in `workflow/tiles2zarr`")[1].split("\n\n")[0]
    rows = [
        re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines()[2:]
    ]
    folder = ROOT / "workflow/tiles2zarr"
    packages = {path.stem for path in folder.iterdir() if path.suffix in ("", ".py")}
    listed = [name for row in rows for name in row]
    assert len(listed) == len(set(listed))
    assert {p for p in packages if not p.startswith("__")} == set(listed)
    levels = [[LEVEL.get(name, len(LEVEL)) for name in row] for row in rows]
    assert all(len(set(row)) == 1 for row in levels)
    assert levels == sorted(levels, key=lambda row: row[0])
