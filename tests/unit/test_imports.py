"""The shape of the code: imports go one way, heavy ones stay where they belong."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "workflow/tiles2zarr"

LAYERS = (
    {"credentials", "errors"},
    {"filesystems", "geometry", "versions"},
    {"models"},
    {"config"},
    {"extension", "sheets", "state", "temporary", "versions"},
    {
        "checkpoints",
        "conditions",
        "filters",
        "grouping",
        "loaders",
        "parsers",
        "progress",
        "registration",
        "stores",
    },
    {"ngff", "pixels"},
    {"report"},
    {"steps"},
    {"api"},
    {"fractal"},
)
"""What may import what: a module sees the layers before its own, and itself.

A module that stands in no layer (the command line, the demo) may import any of these,
and none of these may import it.
"""
LEVEL = {name: level for level, layer in enumerate(LAYERS) for name in layer}

HOMES = {
    "ngio": ("ngff/tables",),
    "scipy": ("registration/corners",),
    "snakemake": (),
    "pandas": (
        "api/",
        "conditions",
        "filters/",
        "grouping",
        "ngff/tables",
        "parsers/",
        "sheets/",
    ),
}
"""Start of the only paths, in the package, that import a heavy library."""

HEAVY = {"numpy", "pandas", "zarr", "ngio", "dask", "scipy", "polars"}


def _name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


MODULES = sorted(PACKAGE.rglob("*.py"))
modules = pytest.mark.parametrize("path", MODULES, ids=_name)


def _imports(tree: ast.AST) -> Iterator[str]:
    """Yield every dotted name that is imported, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide what is imported"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _unit(dotted: str) -> str:
    """Return the part of the package that a dotted name lies in: ``models``."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else ""


@modules
def test_imports_go_one_way(path: Path) -> None:
    """A module imports the layers before its own, never a peer or a later one."""
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    level = LEVEL.get(own, len(LAYERS))
    for dotted in _imports(ast.parse(path.read_text())):
        if dotted.split(".")[0] != "tiles2zarr":
            continue
        other = _unit(dotted)
        if other in ("", own) or other.startswith("__"):
            continue
        assert LEVEL.get(other, len(LAYERS)) < level, f"{own} imports {dotted}"


@modules
def test_heavy_libraries_stay_in_their_modules(path: Path) -> None:
    """Libraries that are slow to import appear only in the modules that own them."""
    place = path.relative_to(PACKAGE).as_posix()
    for dotted in _imports(ast.parse(path.read_text())):
        homes = HOMES.get(dotted.split(".")[0])
        if homes is not None:
            assert place.startswith(homes), f"{place} imports {dotted}"


def _loaded(statements: str) -> set[str]:
    """Return the top-level modules a fresh process has after ``statements``."""
    code = f"{statements}\nimport sys\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_package_and_config_are_cheap() -> None:
    """The package and its config models load without any array library."""
    assert not _loaded("import tiles2zarr, tiles2zarr.config") & HEAVY


def test_head_process_is_cheap() -> None:
    """What the workflow imports on every start loads without any array library."""
    source = (PACKAGE.parent / "common.smk").read_text()
    imports = re.findall(
        r"^(?:import|from) tiles2zarr(?:[^(\n]*|.*\([^)]*\))$", source, re.MULTILINE
    )
    assert imports
    assert not _loaded("\n".join(imports)) & HEAVY


def test_write_job_loads_no_table_library() -> None:
    """The write step loads neither ngio nor pandas nor dask nor Snakemake."""
    loaded = _loaded("import tiles2zarr.steps.write_zarr")
    assert not loaded & {"ngio", "pandas", "dask", "polars", "snakemake"}


def test_tables_job_loads_no_table_library() -> None:
    """CSV tables, the default, are made of plain values: nothing heavy but numpy."""
    loaded = _loaded("import tiles2zarr.steps.build_tables")
    assert not loaded & (HEAVY - {"numpy"} | {"pyarrow", "snakemake"})


LONGEST = {
    "workflow/tiles2zarr/**/*.py": 400,
    "scripts/*.py": 15,
    "Snakefile": 40,
    "workflow/Snakefile": 40,
    "workflow/*.smk": 120,
    "workflow/rules/*.smk": 120,
}
"""Most lines of a file."""


@pytest.mark.parametrize(("pattern", "most"), LONGEST.items(), ids=LONGEST)
def test_files_stay_short(pattern: str, most: int) -> None:
    """No file is longer than one can read in a sitting."""
    files = sorted(REPOSITORY.glob(pattern))
    assert files, f"nothing matches {pattern}"
    lines = {_name(file): len(file.read_text().splitlines()) for file in files}
    assert {name: count for name, count in lines.items() if count > most} == {}
