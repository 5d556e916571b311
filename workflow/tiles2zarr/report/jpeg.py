"""The contact sheet as a file of its own, with the names of rows and columns."""

import io
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tiles2zarr.report.frame import Frame
from tiles2zarr.report.pictures import BLANK, Sheet, encode

INK = (60, 70, 84)
LETTERS = 3.0
"""Room of a column's name, in heights of its letters."""


def to_jpeg(sheet: Sheet, frame: Frame) -> bytes:
    """Return a sheet as JPEG, which every program opens, its lines named.

    Names of rows stand to the left and names of columns above, left out here and there
    where they would touch; single images have none, and no room for them either.
    """
    with Image.open(io.BytesIO(sheet.data)) as file:
        picture = file.convert("RGB")
    rows, columns = frame.row_names(), frame.column_names()
    if any(rows):
        picture = _named(picture, rows, columns)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return stream.getvalue()


def blank_sheet() -> bytes:
    """Return a JPEG of nothing: the sheet of a plate without a single picture."""
    return encode(np.full((64, 64), BLANK, dtype=np.uint8), 60, "JPEG")


def _named(
    picture: Image.Image, rows: tuple[str, ...], columns: tuple[str, ...]
) -> Image.Image:
    tall, wide = picture.height / len(rows), picture.width / len(columns)
    size = round(min(max(min(tall, wide) / 6, 11), 26))
    left, top = 2 * size, round(1.6 * size)
    named = Image.new("RGB", (picture.width + left, picture.height + top), "white")
    named.paste(picture, (left, top))
    pen, font = ImageDraw.Draw(named), ImageFont.load_default(size)
    for i in range(0, len(columns), math.ceil(LETTERS * size / 2 / wide)):
        place = left + (i + 0.5) * wide, top / 2
        pen.text(place, columns[i], fill=INK, font=font, anchor="mm")
    for i in range(0, len(rows), math.ceil(1.1 * size / tall)):
        place = left / 2, top + (i + 0.5) * tall
        pen.text(place, rows[i], fill=INK, font=font, anchor="mm")
    return named
