"""Small pictures: contrast, colours, and their places on a sheet."""

import io

import numpy as np
from PIL import Image

from tiles2zarr.report.facts import Contrast
from tiles2zarr.report.frame import Frame
from tiles2zarr.report.pictures import (
    BLANK,
    assemble,
    blank_sheet,
    blend,
    cell_size,
    encode_all,
    expose,
    picture_size,
    shrink,
    to_jpeg,
    together,
    usual_aspect,
)


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
    with Image.open(io.BytesIO(to_jpeg(large))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (400, 400))
    assert blank_sheet()[:2] == b"\xff\xd8"
