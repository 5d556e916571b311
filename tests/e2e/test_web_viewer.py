"""A plate in a web viewer of others: wells, colours and contrast at first sight."""

import os
import shutil
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.e2e.browser import Picture, serve, unpack, watch
from tests.e2e.convert import REPOSITORY, convert
from tests.validators import attributes
from tiles2zarr.config.read import read_config
from tiles2zarr.demo.plate import make_demo

VARIABLE = "TILES2ZARR_VIZARR"
WELLS = {"B/03": (0, 0), "B/04": (0, 1), "C/03": (1, 0)}
"""Well to where it lies among those that are there."""


def without_panel(picture: Picture) -> Picture:
    """Return the picture with the viewer's list of channels, top left, made black."""
    bare = picture.copy()
    bare[:260, :220] = 0
    return bare


def runs(lit: np.ndarray) -> list[tuple[int, int]]:
    """Return the half-open stretches in which ``lit`` is true."""
    edges = np.flatnonzero(np.diff(np.r_[False, lit, False].astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def frame(picture: Picture) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the stretches of rows and columns in which something is drawn."""
    lit = without_panel(picture).max(axis=2) > 0
    return runs(lit.any(axis=1)), runs(lit.any(axis=0))


def means(picture: Picture) -> dict[str, np.ndarray]:
    """Return the mean (red, green, blue) of each well; the fourth place is ``none``."""
    bare = without_panel(picture).astype(float)
    (top, bottom), (left, right) = (runs[0] for runs in frame(picture))
    area = (bottom - top) * (right - left)
    halves = bare[:bottom], bare[bottom:]
    places = {**WELLS, "none": (1, 1)}
    return {
        well: (halves[row][:, :right], halves[row][:, right:])[column].sum(axis=(0, 1))
        / area
        for well, (row, column) in places.items()
    }


def expected(image: Path, version: str) -> np.ndarray:
    """Return the mean (red, green, blue) of the middle plane in its stored contrast."""
    told = attributes(image, version)
    channels = told["omero"]["channels"]  # type: ignore[index, call-overload]
    assert [channel["color"] for channel in channels] == ["0000FF", "00FF00"]
    windows = [channel["window"] for channel in channels]
    level = zarr.open_array(image / "4", mode="r")[:, 1].astype(float)
    blue, green = (
        255 * np.clip((p - w["start"]) / (w["end"] - w["start"]), 0, 1).mean()
        for p, w in zip(level, windows, strict=True)
    )
    return np.array([0, green, blue])


@pytest.fixture
def tools() -> tuple[str, Path]:
    """Return Chromium and the packed viewer, or skip where one is not there."""
    chromium, packed = shutil.which("chromium"), os.environ.get(VARIABLE)
    if chromium is None or packed is None:
        pytest.skip(f"needs chromium, and {VARIABLE} with the viewer's package")
    return chromium, Path(packed)


@pytest.mark.full
@pytest.mark.parametrize(
    "omezarr",
    [
        {"ngff_version": "0.4"},
        {"ngff_version": "0.5"},
        {"ngff_version": "0.5", "shards": {"kind": "multiple"}},
    ],
    ids=["0.4", "0.5", "0.5-shards"],
)
def test_wells_are_drawn_in_their_colours(
    tools: tuple[str, Path], tmp_path: Path, omezarr: dict[str, object]
) -> None:
    """Every well stands in its place, DAPI blue, GFP green, in the plate's contrast."""
    chromium, packed = tools
    with chdir(tmp_path):
        make_demo(Path("demo/raw"))
        config = dict(read_config(REPOSITORY / "config/config.yaml"))
        convert({**config, "omezarr": omezarr}, Path())
    folder = tmp_path / "demo/out"
    unpack(packed, folder)
    truth = {
        well: expected(folder / "demo.zarr" / well / "0", str(omezarr["ngff_version"]))
        for well in WELLS
    }
    truth["none"] = np.zeros(3)

    def right(picture: Picture) -> bool:
        rows, columns = frame(picture)
        if not rows or len(columns) != 2:
            return False
        found = means(picture)
        return all(
            np.allclose(found[well], truth[well], rtol=0.1, atol=2) for well in truth
        )

    with serve(folder) as address:
        url = f"{address}/page/demo.zarr"
        picture = watch(chromium, tmp_path / "profile", url, right)
    assert right(picture), (frame(picture), truth)
