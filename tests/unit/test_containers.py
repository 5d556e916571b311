"""Containers are set up by the steps of `make setup`, which CI runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = [ROOT / "containers/Dockerfile", ROOT / "containers/tiles2zarr.def"]


def installs(text: str) -> list[str]:
    """Return the arguments of each pip install, in order."""
    return re.findall(r"-m pip install (.*?)(?: \\)?$", text, re.MULTILINE)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_recipe_installs_as_make_setup_does(recipe: Path) -> None:
    """The same lock, then the package, by pip with the same options."""
    makefile = (ROOT / "Makefile").read_text()
    lock = re.search(r"^LOCK := (.*)$", makefile, re.MULTILINE)
    assert lock is not None
    wanted = [line.replace("$(LOCK)", lock[1]) for line in installs(makefile)]
    assert len(wanted) == 2
    assert installs(recipe.read_text()) == wanted


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_recipe_keeps_byte_code(recipe: Path) -> None:
    """Byte code is compiled, nothing forbids it, and Python is one the lock is for."""
    text = recipe.read_text()
    assert "-m compileall" in text
    assert "PYTHONDONTWRITEBYTECODE" not in text
    assert "python:3.12-slim" in text


def test_workflow_names_the_image() -> None:
    """The global container is the file that the documented command builds."""
    snakefile = (ROOT / "workflow/Snakefile").read_text()
    named = re.search(r'^container: "(.*)"$', snakefile, re.MULTILINE)
    assert named is not None
    docs = (ROOT / "docs/clusters.md").read_text()
    assert f"apptainer build {named[1]} containers/tiles2zarr.def" in docs
