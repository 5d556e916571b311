"""Small pictures: contrast, colours, and their places on a sheet."""

import io

import numpy as np
import pytest
from PIL import Image

from tiles2zarr.report.facts import Contrast, Stored
from tiles2zarr.report.frame import Frame
from tiles2zarr.report.jpeg import blank_sheet, to_jpeg
from tiles2zarr.report.pictures import (
    BLANK,
    Sheet,
    assemble,
    blend,
    cell_size,
    encode,
    encode_all,
    expose,
    picture_size,
    shrink,
    together,
    usual_aspect,
)
from tiles2zarr.steps.thumbnails import fitting_level


def test_contrast_is_fixed() -> None:
    """100 is black, 300 white, 200 in the middle, and what lies beyond is cut."""
    values = np.array([[50, 100, 200, 300, 900]], dtype=np.float32)
    assert expose(values, Contrast(100, 300)).tolist() == [[0, 0, 128, 255, 255]]


def test_colours_add_up() -> None:
    """Half blue and full green in one pixel; red and more red stay at 255."""
    grey = np.array([[128, 0]], np.uint8), np.array([[255, 255]], np.uint8)
    mixed = blend([(grey[0], "0000FF"), (grey[1], "00FF00")])
    assert mixed.tolist() == [[[0, 255, 128], [0, 255, 0]]]
    red = blend([(grey[1], "FF0000"), (grey[1], "FF0000")])
    assert red[0, 0].tolist() == [255, 0, 0]


def test_shrinking_keeps_means_and_shape() -> None:
    """40 x 80 pixels into 10 x 30: 10 x 20, each the mean of 4 x 4."""
    plane = np.arange(40 * 80, dtype=np.uint16).reshape(40, 80)
    small = shrink(plane, (10, 30))
    assert small.shape == (10, 20)
    truth = plane.reshape(10, 4, 20, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(small, truth, rtol=1e-5)
    assert shrink(np.full((2, 3), np.nan), (4, 6)).max() == 0


def test_pictures_stand_in_their_cells() -> None:
    """A 2 x 4 picture lies in the middle of the cell of row 1, column 2."""
    tile = np.full((2, 4, 3), 9, np.uint8)
    sheet = assemble(Frame(2, 3), (4, 6), {(1, 2): tile})
    assert sheet.shape == (8, 18, 3)
    rows, columns = np.nonzero(sheet[..., 0] == 9)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 6, 13, 16)
    assert sheet[0, 0, 0] == BLANK


def test_fields_share_a_cell() -> None:
    """Three pictures lie in two rows of two, the fourth place blank."""
    tiles = [np.full((2, 3), number, np.uint8) for number in range(3)]
    sheet = together(tiles)
    assert sheet[::2, ::3].tolist() == [[0, 1], [2, BLANK]]


def test_sizes_of_cells() -> None:
    """384 wells of square images get 64 pixels, wide images wide cells."""
    assert cell_size(Frame(16, 24), 1.0) == (64, 64)
    assert cell_size(Frame(8, 12), 1.6) == (80, 128)
    assert picture_size((64, 64)) == (61, 61)
    assert picture_size((64, 64), 4) == (30, 30)
    assert usual_aspect([(10, 20), (10, 15), (10, 10)]) == 1.5
    assert usual_aspect([(10, 900)]) == 1.8
    assert usual_aspect([]) == 1.0


def test_files_fit_the_budget() -> None:
    """Noise that is too large at the best quality is made to fit."""
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    (large,) = encode_all([noise], 10**7)
    (small,) = encode_all([noise], 20_000)
    assert len(small) <= 20_000 < len(large)
    for data in (large, small):
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.format == "WEBP"


def test_contact_sheet_names_rows_and_columns() -> None:
    """Names stand left of and above the wells drawn: row C, columns 05 and 06.

    The picture itself, blue, keeps its size and comes after them; of single images
    there are no names and no room for them.
    """
    blue = np.zeros((100, 240, 3), np.uint8)
    blue[..., 2] = 255
    sheet = Sheet("P", 0, "", (240, 100), encode(blue, 82))
    frame = Frame(1, 2, first=(2, 4), plate=(8, 12))
    with Image.open(io.BytesIO(to_jpeg(sheet, frame))) as picture:
        assert picture.format == "JPEG"
        shown = np.asarray(picture).astype(int)
    rows, columns = np.nonzero((shown[..., 2] > 150) & (shown[..., 0] < 90))
    top, left = rows.min(), columns.min()
    assert (shown.shape[0] - top, shown.shape[1] - left) == pytest.approx(
        (100, 240), abs=2
    )
    ink = shown.max(axis=2) < 150
    assert np.nonzero(ink[:, : left - 2])[0].mean() == pytest.approx(top + 50, abs=3)
    named = np.nonzero(ink[: top - 2])[1] - left
    for middle in (60, 180):
        mine = named[np.abs(named - middle) < 60]
        assert mine.mean() == pytest.approx(middle, abs=3)
    single = Frame(1, 1, singles=("a",))
    with Image.open(io.BytesIO(to_jpeg(sheet, single))) as picture:
        assert picture.size == (240, 100)
    assert blank_sheet()[:2] == b"\xff\xd8"


def test_part_of_a_plate_is_assembled() -> None:
    """Of a part that begins at C05, the picture of C06 lies in the second cell."""
    tile = np.full((4, 6), 9, np.uint8)
    frame = Frame(1, 2, first=(2, 4), plate=(8, 12))
    sheet = assemble(frame, (4, 6), {(2, 5): tile})
    assert (sheet == 9).tolist() == [[False] * 6 + [True] * 6] * 4


def test_level_fits_the_picture() -> None:
    """The smallest level that need not be stretched, the largest if all are small."""
    levels = {"0": (2, 400, 640), "1": (2, 200, 320), "2": (2, 100, 160)}
    stored = Stored(1, 1, levels)
    assert fitting_level(stored, (100, 100)) == "2"
    assert fitting_level(stored, (101, 161)) == "1"
    assert fitting_level(stored, (100, 300)) == "2"
    assert fitting_level(stored, (900, 900)) == "0"
