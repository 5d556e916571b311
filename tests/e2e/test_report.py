"""The report of a run: one page that opens anywhere, and never changes the outcome."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Completed, RunSnakemake
from tests.e2e.convert import convert
from tests.e2e.pages import page_of, picture_of, read_page
from tests.rules.plate import Plate, config, tile_pixels, write_tile

Jobs = Callable[[Completed], Counter[str]]
ON = {"report": {"enabled": True}}
SECTIONS = [
    "Plate",
    "Findings",
    "Missing tiles",
    "Stage and tiling",
    "Registration shifts",
    "Conditions",
    "Quality figures",
    "Wells",
    "Sizes and throughput",
    "Versions and config",
]


def test_report_is_made_once(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """Turned on later it costs its own job; the next run does nothing.

    Snakemake's own report holds it too.
    """
    before = plate.files()
    first = run_snakemake(plate.work, config(**ON))
    assert snakemake_jobs(first) == {"report": 1, "complete": 1}
    assert plate.files() == before
    assert snakemake_jobs(run_snakemake(plate.work, config(**ON))) == {}

    page = read_page(plate.state / "report.html")
    assert page.headings[0] == "P1"
    assert [h for h in page.headings if h in SECTIONS] == SECTIONS
    assert "All 3 images are written" in page.text
    assert {"well-B03", "well-B04", "well-C03"} <= set(page.ids)
    rows = csv.DictReader(io.StringIO((plate.state / "report/quality.csv").read_text()))
    means = {(row["well"], row["channel"]): float(row["mean"]) for row in rows}
    for channel, label in enumerate(("DAPI", "GFP")):
        tiles = [tile_pixels("B04", field, channel) for field in ("F1", "F2")]
        truth = np.mean([tile.mean() for tile in tiles])
        assert abs(means["B04", label] - truth) < 0.05 * truth
    with Image.open(plate.state / "report/contact_sheet.jpg") as sheet:
        # B03 to C04, two rows and columns 1.8 times as wide as high, and their names
        assert (sheet.width, sheet.height) == pytest.approx((768, 768 / 1.8), abs=60)
        assert min(sheet.width - 768, sheet.height - 768 / 1.8) > 20

    run_snakemake(plate.work, config(**ON), "--report", "snakemake.html")
    told = (plate.work / "snakemake.html").read_text()
    for word in ("report page", "contact sheet", "quality figures"):
        assert word in told


@pytest.mark.full
def test_report_tells_of_failures(
    plate: Plate, run_snakemake: RunSnakemake, snakemake_jobs: Jobs
) -> None:
    """A bad image leaves the exit code as it is and stands on the page with its reason.

    The run that mends it makes a new page.
    """
    torn = plate.raw("C03", "F2", 1)
    torn.write_bytes(torn.read_bytes()[:-100])
    result = run_snakemake(plate.work, config(**ON), check=False)
    assert result.returncode != 0
    assert "1 of 3 images are not written" in result.stdout + result.stderr
    page = read_page(plate.state / "report.html")
    assert "2 of 3 images written, 1 not written" in page.text
    assert page.text.count(torn.name) > 1

    write_tile(torn, tile_pixels("C03", "F2", 1))
    mended = run_snakemake(plate.work, config(**ON))
    assert snakemake_jobs(mended) == dict.fromkeys(
        ("register", "write_zarr", "build_tables", "report", "complete"), 1
    )
    assert "All 3 images are written" in read_page(plate.state / "report.html").text


def test_browser_draws_the_plate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chromium draws each well at its place in its colour, and the title above.

    Of a 24-well plate B03 is bright in the blue channel alone and C05 in the green one:
    a row and two columns lie between them, cells are 1040 / 6 pixels wide and high.
    """
    monkeypatch.chdir(tmp_path)
    lights = {("B", 3): (60000, 0), ("C", 5): (0, 60000)}
    table = ["file_path,row,column,fov_name,start_x,start_y,start_c,length_x,length_y"]
    for (row, column), values in lights.items():
        for channel, value in enumerate(values):
            name = f"{row}{column}_{channel}.tif"
            write_tile(Path("raw", name), np.full((48, 48), value, np.uint16))
            table.append(f"{name},{row},{column},F1,0,0,{channel},48,48")
    Path("raw/tiles.csv").write_text("\n".join(table))
    plain = config(plate={"layout": 24}, acquisition={"conditions": None})
    convert(plain, tmp_path)
    page_of(plain, tmp_path)
    page = tmp_path / "results/P1/report.html"
    shot = picture_of(page, 1400, 1250).astype(int)
    blue, green = (well_in(shot, color) for color in ((0, 0, 255), (0, 255, 0)))
    for seen in (blue, green):
        assert seen[2:] == pytest.approx((1040 / 6 * 0.96,) * 2, abs=4)
    distance = green[0] - blue[0], green[1] - blue[1]
    assert distance == pytest.approx((1040 / 6, 1040 / 6 * 2), abs=3)
    title = shot[40:120, 200:500]
    assert (title.max(axis=2) < 90).sum() > 300


def well_in(shot: np.ndarray, color: tuple[int, int, int]) -> tuple[float, ...]:
    """Return middle (y, x), height and width of the large square of a colour."""
    found = (np.abs(shot - color) < 40).all(axis=2)
    found &= found.sum(axis=1, keepdims=True) > 60
    rows, columns = np.nonzero(found)
    edges = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    top, bottom, left, right = map(float, edges)
    return (top + bottom) / 2, (left + right) / 2, bottom - top, right - left
