"""Fixtures of the tests of tasks."""

from pathlib import Path

import pytest

from tests.fractal.samples import make_tables


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    """Return the tile tables of two acquisitions."""
    return make_tables(tmp_path)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return the output folder, not made yet."""
    return tmp_path / "out"
