"""The plane table: one row per plane that was acquired or should have been."""

import numpy as np

from tiles2zarr.models.image import PlaneColumns, TiledImage
from tiles2zarr.registration.boxes import TileNumbers
from tiles2zarr.registration.stage import Ints


def make_planes(image: TiledImage, numbers: TileNumbers) -> PlaneColumns:
    """Return the planes of all tiles, in table order, z fastest within a tile.

    Stage positions are those of the table. The z of a tile's further planes is counted
    on from its first one; times and exposures are the tile's.
    """
    tile, t, c, z = _expand(numbers)
    tiles, start = image.tiles, numbers.start
    rows = tile.tolist()
    z_um = np.array(tiles.z, dtype=np.float64)
    if tiles.z_um is not None:
        measured = np.array(tiles.z_um, dtype=np.float64)
        z_um = np.where(np.isnan(measured), z_um, measured)
    heights = z_um[tile] + z * image.acquisition.z_spacing
    files = [
        file if status == "ok" else ""
        for file, status in zip(tiles.file, tiles.status, strict=True)
    ]
    return PlaneColumns(
        fov=tuple(tiles.fov[row] for row in rows),
        c=tuple((start[tile, 1] + c).tolist()),
        z=tuple((start[tile, 2] + z).tolist()),
        t=tuple((start[tile, 0] + t).tolist()),
        time_s=_spread(tiles.time_s, rows),
        x_um=tuple(tiles.x[row] for row in rows),
        y_um=tuple(tiles.y[row] for row in rows),
        z_um=tuple(heights.tolist()),
        exposure_s=_spread(tiles.exposure_s, rows),
        file=tuple(files[row] for row in rows),
        status=tuple(tiles.status[row] for row in rows),
    )


def _expand(numbers: TileNumbers) -> tuple[Ints, Ints, Ints, Ints]:
    """Return tile, and (t, c, z) within it, of every plane."""
    counts = numbers.length[:, :3].prod(axis=1)
    tile = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(tile.size) - np.repeat(np.cumsum(counts) - counts, counts)
    len_c, len_z = numbers.length[tile, 1], numbers.length[tile, 2]
    return tile, step // (len_z * len_c), step // len_z % len_c, step % len_z


def _spread(
    values: tuple[float | None, ...] | None, rows: list[int]
) -> tuple[float | None, ...]:
    if values is None:
        return (None,) * len(rows)
    return tuple(values[row] for row in rows)
