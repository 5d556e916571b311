"""The pixel size where parser and config leave it open."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tiles2zarr.models.acquisition import AcquisitionDetails
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.records import ParsedAcquisition, build_table, empty_table
from tiles2zarr.steps.pixel_size import find_pixel_size

UNKNOWN = Finding(
    code="pixel_size_unknown",
    message="Neither the config nor the files tell the pixel size: 1 micrometer is "
    "taken, and positions in micrometer are taken for pixels. Set details.pixelsize.",
)


def _write(path: Path, per_cm: float | None) -> None:
    """Write a tile of 20 rows and 30 columns with pixels per centimeter."""
    resolution = None if per_cm is None else (per_cm, per_cm)
    tifffile.imwrite(
        path,
        np.zeros((20, 30), np.uint16),
        resolution=resolution,
        resolutionunit=None if per_cm is None else "CENTIMETER",
        metadata=None,
    )


def _parsed(folder: Path, *files: str, **known: object) -> ParsedAcquisition:
    columns = {
        "file": list(files),
        "fov": "1",
        "row": 1,
        "column": 2,
        "x": 0.0,
        "y": 0.0,
        "len_x": 30.0,
        "len_y": 20.0,
        "status": known.pop("status", "ok"),
    }
    table = build_table(columns) if files else empty_table()
    details = AcquisitionDetails.model_validate(known)
    return ParsedAcquisition(table, details, resource=str(folder))


def test_the_tag_of_the_first_file(tmp_path: Path) -> None:
    """20,000 pixels per centimeter are 0.5 micrometer each."""
    _write(tmp_path / "a.tif", 20_000)
    _write(tmp_path / "b.tif", 10_000)
    size, (finding,) = find_pixel_size(_parsed(tmp_path, "a.tif", "b.tif"), {})
    assert size == pytest.approx(0.5)
    assert finding == Finding(
        code="pixel_size_from_tag",
        severity="info",
        message="The pixel size of 0.5 micrometer is that of a.tif.",
    )


def test_what_the_parser_knows_is_not_looked_for(tmp_path: Path) -> None:
    """A size the parser states counts, also 1 micrometer; no file is opened."""
    parsed = _parsed(tmp_path, "gone.tif", pixelsize=1.0)
    assert find_pixel_size(parsed, {}) == (None, ())


def test_files_that_should_not_be_there_are_not_opened(tmp_path: Path) -> None:
    """The first file with pixels is asked, not one reported as failed."""
    _write(tmp_path / "b.tif", 25_000)
    parsed = _parsed(tmp_path, "a.tif", "b.tif", status=["error", "ok"])
    size, _ = find_pixel_size(parsed, {})
    assert size == pytest.approx(0.4)


@pytest.mark.parametrize(
    "files",
    [["plain.tif"], ["gone.tif"], ["damaged.tif"], ["printer.tif"], []],
    ids=["no-tag", "missing", "damaged", "printer", "no-tiles"],
)
def test_nobody_knows(tmp_path: Path, files: list[str]) -> None:
    """Without a size in the first file 1 micrometer is taken, and told."""
    _write(tmp_path / "plain.tif", None)
    _write(tmp_path / "printer.tif", 28.3)
    (tmp_path / "damaged.tif").write_bytes(b"II*\0 and no more")
    assert find_pixel_size(_parsed(tmp_path, *files), {}) == (None, (UNKNOWN,))


def test_all_planes_missing(tmp_path: Path) -> None:
    """Where no plane has a file there is none to ask."""
    _write(tmp_path / "a.tif", 20_000)
    parsed = _parsed(tmp_path, "a.tif", status="missing")
    assert find_pixel_size(parsed, {}) == (None, (UNKNOWN,))
