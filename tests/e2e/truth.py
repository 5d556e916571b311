"""The truth of a case as a store, made with numpy from where its tiles must land."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tests.reference.case import Acquisition, Case, Tile, Truth
from tests.reference.store import Level, Row, Store, StoredImage

Pixels = NDArray[np.generic]
PHYSICAL = {96: (8, 12), 384: (16, 24), 1536: (32, 48)}
"""Wells of a plate to its rows and columns; without a layout 96 is the smallest."""


def expected_store(case: Case) -> Store:
    """Return what the conversion of a case must give."""
    images = {name: expected_image(case, name) for name in case.truths}
    if case.kind == "single":
        return Store(images)
    acquisitions = {name: acquisition_of(case, name) for name in case.truths}
    conditions = tuple(
        place_of(name, acquisitions[name]) | row
        for name, image in images.items()
        for row in image.conditions
    )
    rows, columns = PHYSICAL[case.plate.get("layout", 96)]
    return Store(
        images,
        acquisitions,
        conditions,
        tuple(f"{'A' * (n // 26)}{chr(65 + n % 26)}" for n in range(rows)),
        tuple(f"{n:02d}" for n in range(1, columns + 1)),
    )


def place_of(image: str, acquisition: int) -> Row:
    """Return the columns that name an image in the plate's condition table."""
    row, column, path = image.split("/")
    return {
        "row": row,
        "column": float(column),
        "well": row + column,
        "acquisition": float(acquisition),
        "path_in_well": path,
    }


def expected_image(case: Case, image: str) -> StoredImage:
    """Return one image of a case as it must come out."""
    truth = case.truths[image]
    pixels, _ = pasted(case, image)
    return StoredImage(
        truth.axes,
        truth.dtype,
        truth.labels,
        pyramid(pixels, truth),
        windows(case, image),
        rois=fov_rois(case, image),
        well_roi={"image": roi((0, 0, 0, 0), without_channel(truth.shape), truth)},
        conditions=tuple(row_of(row) for row in truth.conditions),
    )


def windows(case: Case, image: str) -> tuple[tuple[float, float], ...]:
    """Return percentiles 0.1 and 99.9 per channel of all acquired level-0 pixels.

    A channel's window is that of its acquisition over the whole plate, cut to the
    range of the image's pixel type.
    """
    values: dict[str, list[Pixels]] = {}
    for name, truth in case.truths.items():
        if acquisition_of(case, name) != acquisition_of(case, image):
            continue
        pixels, acquired = pasted(case, name)
        for c, label in enumerate(truth.labels):
            values.setdefault(label, []).append(pixels[:, c][acquired[:, c]])
    found = []
    for label in case.truths[image].labels:
        low, high = np.percentile(np.concatenate(values[label]), (0.1, 99.9))
        dtype = np.dtype(case.truths[image].dtype)
        if dtype.kind in "iu":
            low, high = np.clip((low, high), np.iinfo(dtype).min, np.iinfo(dtype).max)
        found.append((float(low), float(high)))
    return tuple(found)


def acquisition_of(case: Case, image: str) -> int:
    """Return the acquisition that an image belongs to."""
    return next(
        acquisition.id
        for acquisition in case.acquisitions
        for tile in acquisition.tiles
        if tile.image == image
    )


def pasted(case: Case, image: str) -> tuple[Pixels, NDArray[np.bool_]]:
    """Return level 0 (0 where nothing was acquired), and where something was."""
    truth = case.truths[image]
    pixels = np.zeros(truth.shape, truth.dtype)
    acquired = np.zeros(truth.shape, bool)
    for tile, source in case.tiles(image):
        if tile.absent:
            continue
        box = tuple(
            slice(start, start + length)
            for start, length in zip(tile.at, tile.box, strict=True)
        )
        pixels[box] = source.reshape(tile.box)
        acquired[box] = True
    return pixels, acquired


def pyramid(pixels: Pixels, truth: Truth) -> tuple[Level, ...]:
    """Return the levels: means of 2 x 2, integers rounded half up, odd edges cut."""
    levels = []
    for number in range(truth.levels):
        factor = 2.0**number
        scale = (*truth.scale[:3], truth.scale[3] * factor, truth.scale[4] * factor)
        chunks = None if number else truth.chunks
        levels.append(Level(pixels, scale, truth.translation, chunks))
        pixels = halved(pixels)
    return tuple(levels)


def halved(pixels: Pixels) -> Pixels:
    """Return the next level; the last odd row and column are dropped."""
    rows, columns = (length // 2 for length in pixels.shape[-2:])
    blocks = pixels[..., : 2 * rows, : 2 * columns].reshape(
        *pixels.shape[:-2], rows, 2, columns, 2
    )
    if pixels.dtype.kind == "f":
        mean = blocks.astype(np.float64).mean(axis=(-3, -1))
        return mean.astype(pixels.dtype)
    total = blocks.astype(np.int64).sum(axis=(-3, -1))
    return ((total + 2) // 4).astype(pixels.dtype)


def fov_rois(case: Case, image: str) -> dict[str, Row]:
    """Return the rows of FOV_ROI_table: per field the union of its tiles."""
    truth = case.truths[image]
    rois = {}
    for acquisition in case.acquisitions:
        fields: dict[str, list[Tile]] = {}
        for tile in acquisition.tiles:
            if tile.image == image:
                fields.setdefault(str(tile.fov), []).append(tile)
        for name, tiles in fields.items():
            starts = np.array([tile.at for tile in tiles])
            stops = starts + np.array([tile.box for tile in tiles])
            start, stop = starts.min(axis=0), stops.max(axis=0)
            span = without_channel(tuple(stop - start))
            rois[name] = roi(without_channel(tuple(start)), span, truth) | originals(
                acquisition, tiles
            )
    return rois


def without_channel(five: tuple[int, ...]) -> tuple[int, ...]:
    """Return (t, z, y, x) of (t, c, z, y, x)."""
    return five[0], *five[2:]


def roi(start: tuple[int, ...], shape: tuple[int, ...], truth: Truth) -> Row:
    """Return a ROI row from pixels over (t, z, y, x), in micrometer and second."""
    spacing = without_channel(truth.scale)  # type: ignore[arg-type]
    row: Row = {}
    for axis, first, length, step in zip("tzyx", start, shape, spacing, strict=True):
        unit = "second" if axis == "t" else "micrometer"
        if axis != "t" or "t" in truth.axes:
            row[f"{axis}_{unit}"] = float(first * step)
            row[f"len_{axis}_{unit}"] = float(length * step)
    return row


def originals(acquisition: Acquisition, tiles: list[Tile]) -> Row:
    """Return a field's position as acquired: the minimum over its tiles."""
    counted = acquisition.details.get("start_z_coo") == "pixel"
    spacing = float(str(acquisition.details.get("z_spacing", 1.0))) if counted else 1.0
    return {
        "x_micrometer_original": float(min(tile.x for tile in tiles)),
        "y_micrometer_original": float(min(tile.y for tile in tiles)),
        "z_micrometer_original": float(min(tile.z for tile in tiles) * spacing),
    }


def row_of(values: Mapping[str, object]) -> Row:
    """Return a condition row without nulls, numbers as float."""
    return {
        key: float(value) if isinstance(value, int | float) else value
        for key, value in values.items()
        if value is not None
    }
