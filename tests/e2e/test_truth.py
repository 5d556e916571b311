"""Every side-by-side case against numpy truth, without the reference."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.convert import convert, run_workflow
from tests.e2e.truth import expected_store
from tests.reference.case import Case
from tests.reference.cases import CASES
from tests.reference.compare import compare
from tests.reference.store import Store, StoredImage, read_plate, read_singles

WORKFLOW = ("overlap_grid", "two_acquisitions", "shards")
"""Cases that go through Snakemake too."""
SHARE = 0.9
"""Part of the channel windows that must agree; ours come from histograms."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_store_is_the_truth(case: Case, tmp_path: Path) -> None:
    """Pixels, metadata and tables are those placed and computed by hand."""
    folder = case.write(tmp_path / "source")
    output = tmp_path / "out"
    convert(case.config(folder, output), tmp_path)
    store = (
        read_singles(output)
        if case.kind == "single"
        else read_plate(output / f"{case.name}.zarr")
    )
    truth = expected_store(case)
    found = compare(truth, store, share=SHARE)
    assert not found, "\n".join(map(str, found))
    assert (store.rows, store.columns) == (truth.rows, truth.columns)


def files_of(store: Path) -> dict[str, bytes]:
    """Return all files of a store, without those that name the run that made it."""
    return {
        path.relative_to(store).as_posix(): path.read_bytes()
        for path in store.rglob("*")
        if path.is_file() and path.name not in (".zattrs", "zarr.json")
    }


def test_workflow_writes_what_the_steps_write(tmp_path: Path) -> None:
    """Snakemake, with several plates in one config, writes the very same files."""
    cases = [case for case in CASES if case.name in WORKFLOW]
    plates = {}
    for case in cases:
        folder = case.write(tmp_path / "source" / case.name)
        convert(case.config(folder, tmp_path / "steps"), tmp_path / case.name)
        plates[case.name] = case.config(folder, tmp_path / "workflow")
    first = plates[cases[0].name]
    run_workflow({"acquisitions": first["acquisitions"], "plates": plates}, tmp_path)
    for case in cases:
        one, two = (
            files_of(tmp_path / by / f"{case.name}.zarr")
            for by in ("steps", "workflow")
        )
        assert one == two
        assert one


def changed(image: StoredImage, aspect: str) -> StoredImage:
    """Return an image that is wrong in one aspect."""
    level = image.levels[0]
    match aspect:
        case "pixels":
            pixels = level.pixels.copy()
            pixels[0, -1, -1, 3, 5] += 1
            changes: dict[str, object] = {"levels": (replace(level, pixels=pixels),)}
        case "shape":
            cut = replace(level, pixels=level.pixels[..., :-1])
            changes = {"levels": (cut,)}
        case "scale" | "translation":
            moved = replace(level, **{aspect: (1.0, 1.0, 1.0, 0.5, 0.51)})
            changes = {"levels": (moved,)}
        case "rois" | "well_roi" | "originals":
            name = "well_roi" if aspect == "well_roi" else "rois"
            key = "x_micrometer_original" if aspect == "originals" else "x_micrometer"
            rows = dict(getattr(image, name))
            first = next(iter(rows))
            changes = {name: rows | {first: rows[first] | {key: 77.0}}}
        case "windows":
            changes = {"windows": tuple((a, b + (b - a)) for a, b in image.windows)}
        case _:
            changes = {
                "axes": {"axes": "tczyx"},
                "dtype": {"dtype": "uint8"},
                "labels": {"labels": ("GFP",)},
                "conditions": {"conditions": ()},
            }[aspect]
    return replace(image, **changes)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    "aspect",
    [
        *("axes", "dtype", "shape", "scale", "translation", "labels", "pixels"),
        *("windows", "rois", "originals", "well_roi", "conditions"),
    ],
)
def test_comparison_sees(aspect: str) -> None:
    """The comparison names the one aspect in which an image is wrong."""
    truth = expected_store(
        next(case for case in CASES if case.name == "two_acquisitions")
    )
    image = truth.images["B/03/0"]
    one = replace(image, levels=image.levels[:1])
    wrong = changed(one, aspect)
    found = compare(Store({"B/03/0": one}), Store({"B/03/0": wrong}), share=SHARE)
    assert {difference.aspect for difference in found} == {aspect}
