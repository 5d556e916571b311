"""A hook of MkDocs: two pages from outside ``docs`` become part of the site."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "index.md", "config/README.md": "config.md"}
"""File in the repository to page of the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Return the files of the site, with the pages from elsewhere."""
    for source, name in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Return a page with the links of the repository as links of the site."""
    del config, files
    here = "" if page.file.src_uri in PAGES.values() else "../"
    for source, name in PAGES.items():
        markdown = markdown.replace(f"]({here}{source})", f"]({name})")
    if not here:
        markdown = markdown.replace("](docs/", "](").replace(
            "[BSD-3-Clause](LICENSE)", "BSD-3-Clause"
        )
    return markdown
