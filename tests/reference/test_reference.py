"""Side by side with the reference converter: the same files, converted by both.

Needs an interpreter that has the reference (``pip install
ome-zarr-converters-tools==1.1.1`` in an environment of its own), named by the variable
``TILES2ZARR_REFERENCE``.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.convert import convert
from tests.e2e.truth import expected_store
from tests.reference.case import Case
from tests.reference.cases import CASES
from tests.reference.compare import compare
from tests.reference.store import Store, read_plate, read_singles

pytestmark = pytest.mark.full
DRIVER = Path(__file__).parent / "convert_reference.py"
VARIABLE = "TILES2ZARR_REFERENCE"
OURS_ONLY = ("well",)
"""Columns of our plate table that the reference does not write."""
LOOSE = {"windows", "chunks"}
"""Windows the reference takes per image from the lowest level, and we over the plate
from acquired pixels of the highest; its chunks are the box around all of a field."""
FAILING = [case for case in CASES if case.reference_fails]
WORKING = [case for case in CASES if not case.reference_fails]


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of all cases, each converted by the reference."""
    python = os.environ.get(VARIABLE)
    if not python:
        pytest.skip(f"set {VARIABLE} to a Python that has the reference converter")
    root = tmp_path_factory.mktemp("cases")
    for case in CASES:
        case.write(root / case.name)
    subprocess.run(
        [python, str(DRIVER), str(root)], check=True, capture_output=True, timeout=600
    )
    return root


def reference_of(case: Case, root: Path) -> Store:
    """Return what the reference made of a case."""
    error = json.loads((root / case.name / "reference.json").read_text())["error"]
    assert error is None, error
    return read_store(case, root / case.name / "reference")


def read_store(case: Case, output: Path) -> Store:
    """Return the plate or the single images of a case."""
    if case.kind == "single":
        return read_singles(output)
    return read_plate(output / f"{case.name}.zarr")


def reference_names(case: Case) -> dict[str, str]:
    """Return the image ids that the reference names otherwise."""
    return {name: t.reference for name, t in case.truths.items() if t.reference}


@pytest.mark.parametrize("case", WORKING, ids=lambda case: case.name)
def test_reference_is_wrong_only_where_we_say_so(case: Case, converted: Path) -> None:
    """The reference differs from the truth in the aspects a case names, no others."""
    found = compare(
        expected_store(case),
        reference_of(case, converted),
        reference_names(case),
        OURS_ONLY,
    )
    seen = {difference.aspect for difference in found} - LOOSE
    assert seen == set(case.differs), "\n".join(map(str, found))


@pytest.mark.parametrize("case", FAILING, ids=lambda case: case.name)
def test_reference_fails_where_we_say_so(case: Case, converted: Path) -> None:
    """The reference fails with the message a case names."""
    path = converted / case.name / "reference.json"
    error = json.loads(path.read_text())["error"]
    assert case.reference_fails in (error or "no error")


@pytest.mark.parametrize("case", WORKING, ids=lambda case: case.name)
def test_ours_is_what_the_reference_makes(
    case: Case, converted: Path, tmp_path: Path
) -> None:
    """Our store differs from the reference's only in the aspects a case names."""
    folder = converted / case.name
    convert(case.config(folder, tmp_path / "out"), tmp_path)
    found = compare(
        read_store(case, tmp_path / "out"),
        reference_of(case, converted),
        reference_names(case),
        OURS_ONLY,
    )
    others = [d for d in found if d.aspect not in set(case.differs) | LOOSE]
    assert not others, "\n".join(map(str, others))
