"""Small pictures of images, and the sheets that hold those of a whole plate."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiles2zarr.report.facts import Contrast
from tiles2zarr.report.frame import Frame, Place
from tiles2zarr.report.palette import rgb

Plane = NDArray[np.generic]
Tile = NDArray[np.uint8]
"""(y, x) in grey or (y, x, 3)."""
BLANK = 255
"""Grey of a sheet where there is no picture."""
SHEET_WIDTH = 1536
"""Pixels of a sheet from edge to edge, about."""
SHEET_PIXELS = 2_600_000
"""Most pixels of a sheet."""
QUALITIES = (82, 70, 55, 40, 25)
"""Of WebP, tried from the first until the sheets fit."""
NAME = 0.2
"""Share of a cell left free for a name."""
LEAST_EDGE = 64
"""Longest edge from which a sheet is not halved any more, pixel."""
GAP = 0.04
"""Share of a cell left free around a picture."""


@dataclass(frozen=True)
class Sheet:
    """The pictures of a plate in one, as a file."""

    group: str
    acquisition: int
    label: str
    """Channel, empty for all channels together in their colours."""
    size: tuple[int, int]
    """Width and height, pixel."""
    data: bytes
    """WebP."""


def usual_aspect(sizes: Sequence[tuple[int, int]]) -> float:
    """Return width over height of the usual picture, not too far from square.

    Args:
        sizes: Height and width of images.
    """
    shares = sorted(width / height for height, width in sizes if height and width)
    usual = shares[len(shares) // 2] if shares else 1.0
    return min(max(usual, 0.6), 1.8)


def cell_size(frame: Frame, aspect: float) -> tuple[int, int]:
    """Return the height and width, in pixels, that a well gets on a sheet."""
    by_width = SHEET_WIDTH / frame.columns
    by_area = (SHEET_PIXELS * aspect / (frame.rows * frame.columns)) ** 0.5
    width = max(8, int(min(by_width, by_area, 384)))
    return max(8, round(width / aspect)), width


def picture_size(
    cell: tuple[int, int], images: int = 1, *, named: bool = False
) -> tuple[int, int]:
    """Return the largest height and width of a picture in a cell that holds some.

    ``named`` leaves room for a name below it.
    """
    across = int(np.ceil(np.sqrt(images)))
    free = NAME if named else 0
    height, width = (max(4, int(edge * (1 - GAP - free)) // across) for edge in cell)
    return height, width


def shrink(plane: Plane, room: tuple[int, int]) -> NDArray[np.float32]:
    """Return a (y, x) plane fitted into a height and width, its shape kept."""
    values = np.nan_to_num(np.asarray(plane, dtype=np.float32))
    rows, columns = values.shape
    share = min(room[0] / rows, room[1] / columns)
    size = max(1, round(columns * share)), max(1, round(rows * share))
    way = Image.Resampling.BOX if share <= 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(values).resize(size, way), dtype=np.float32)


def expose(values: NDArray[np.float32], contrast: Contrast) -> Tile:
    """Return grey values, black at the contrast's start and white at its end."""
    span = max(contrast.end - contrast.start, 1e-12)
    shares = np.clip((values - contrast.start) / span, 0, 1)
    tile: Tile = (shares * 255 + 0.5).astype(np.uint8)
    return tile


def blend(channels: Sequence[tuple[Tile, str]]) -> Tile:
    """Return grey pictures of one size added up, each in its colour ``RRGGBB``."""
    total = np.zeros((*channels[0][0].shape, 3), dtype=np.float32)
    for grey, color in channels:
        total += grey[..., None] * (np.asarray(rgb(color), dtype=np.float32) / 255)
    return np.minimum(total + 0.5, 255).astype(np.uint8)


def together(tiles: Sequence[Tile]) -> Tile:
    """Return pictures side by side in a grid about as high as wide."""
    if len(tiles) == 1:
        return tiles[0]
    across = int(np.ceil(np.sqrt(len(tiles))))
    height = max(tile.shape[0] for tile in tiles)
    width = max(tile.shape[1] for tile in tiles)
    down = -(-len(tiles) // across)
    sheet = np.full(
        (down * height, across * width, *tiles[0].shape[2:]), BLANK, np.uint8
    )
    for number, tile in enumerate(tiles):
        top, left = number // across * height, number % across * width
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def assemble(frame: Frame, cell: tuple[int, int], tiles: Mapping[Place, Tile]) -> Tile:
    """Return one sheet with every picture in the middle of its cell."""
    depth = next((tile.shape[2:] for tile in tiles.values()), ())
    height, width = cell
    sheet = np.full(
        (frame.rows * height, frame.columns * width, *depth), BLANK, np.uint8
    )
    for place, tile in tiles.items():
        row, column = frame.drawn(place)
        part = tile[:height, :width]
        top = row * height + (height - part.shape[0]) // 2
        left = column * width + (width - part.shape[1]) // 2
        sheet[top : top + part.shape[0], left : left + part.shape[1]] = part
    return sheet


def encode(pixels: Tile, quality: int, form: str = "WEBP") -> bytes:
    """Return the picture as a file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form, quality=quality)
    return stream.getvalue()


def encode_all(sheets: Iterable[Tile], budget: int) -> list[bytes]:
    """Return all sheets as WebP, at the first quality at which they fit the budget.

    At the lowest quality they are halved until they fit.
    """
    pixels = list(sheets)
    for quality in QUALITIES:
        files = _encode_within(pixels, quality, budget)
        if files is not None:
            return files
    while min(max(sheet.shape[:2]) for sheet in pixels) > LEAST_EDGE:
        pixels = [sheet[::2, ::2] for sheet in pixels]
        files = _encode_within(pixels, QUALITIES[-1], budget)
        if files is not None:
            return files
    return [encode(sheet, QUALITIES[-1]) for sheet in pixels]


def _encode_within(
    sheets: Sequence[Tile], quality: int, budget: int
) -> list[bytes] | None:
    """Return the files, ``None`` as soon as they do not fit."""
    files: list[bytes] = []
    for sheet in sheets:
        files.append(encode(sheet, quality))
        budget -= len(files[-1])
        if budget < 0:
            return None
    return files
