"""What no placement can make right: planes on one another, axes left out."""

from math import prod

import numpy as np

from tiles2zarr.errors import RegistrationError
from tiles2zarr.geometry import Shape
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration.boxes import TileNumbers
from tiles2zarr.registration.stage import StageTiles, same_rows

MAX_EXTENT_UM = 1e6
"""Longest canvas along x, y and z, micrometer: ten times the longest plate."""
MAX_SPARSE = 10_000
"""Pixels of the canvas per acquired pixel; wells with a few fields have hundreds."""
MIN_SPARSE_BYTES = 2**30
"""A canvas below this is never refused."""
_WORDS = {"t": "time points", "c": "channels", "z": "planes"}


def check_overlaid(image: TiledImage, tiles: StageTiles, numbers: TileNumbers) -> None:
    """Check that no two tiles of a field begin at one place, plane and channel.

    Tiles of different fields may overlap: there the later one wins. Tiles without
    pixels do not count.

    Raises:
        RegistrationError: Two tiles do; names both files.
    """
    known = np.flatnonzero([status == "ok" for status in image.tiles.status])
    if known.size < 2:
        return
    start = numbers.start[known]
    place = same_rows(tiles.field[known], *start.T)
    order = np.argsort(place, kind="stable")
    again = np.flatnonzero(np.diff(place[order]) == 0)
    if not again.size:
        return
    one, other = known[order[again[0]]], known[order[again[0] + 1]]
    t, c, z, _, _ = numbers.start[one].tolist()
    raise RegistrationError(
        f"image {image.image}: {image.tiles.file[one]!r} and "
        f"{image.tiles.file[other]!r} of field {image.tiles.fov[one]!r} fall on one "
        f"plane (t {t}, channel {c}, z {z}). {_cure(image, one, other)}"
    )


def _cure(image: TiledImage, one: int, other: int) -> str:
    tiles, details = image.tiles, image.acquisition
    for axis, word in (("z", "plane"), ("t", "time point")):
        values = getattr(tiles, axis)
        if values[one] == values[other]:
            continue
        if getattr(details, f"start_{axis}_coo") == "pixel":
            return f"Give whole {word} numbers in start_{axis}."
        return (
            f"start_{axis} looks like {word} numbers: set details.start_{axis}_coo: "
            f"pixel, or correct details.{axis}_spacing."
        )
    return "Delete one of them, or correct start_z, start_c or start_t."


def check_axes(image: str, axes: str, shape: Shape) -> None:
    """Check that an axis that is not written has one entry.

    Raises:
        RegistrationError: It has more; they would be lost.
    """
    for axis, length in zip(AXES[:3], shape[:3], strict=True):
        if axis not in axes and length > 1:
            wanted = "".join(a for a in AXES if a in axes + axis)
            raise RegistrationError(
                f"image {image} has {length} {_WORDS[axis]}, but the axes {axes} leave "
                f"out {axis}. Set details.axes: {wanted}, or filter the tiles (and set "
                "registration.redecide: true if an earlier run decided the axes)."
            )


def check_canvas(image: TiledImage, tiles: StageTiles, numbers: TileNumbers) -> None:
    """Check that the canvas is one that a microscope can have covered.

    A slipped cell puts one tile so far out that the image would have terabytes, nearly
    all of them empty.

    Raises:
        RegistrationError: It is not; names the tile that lies farthest out.
    """
    shape = (numbers.start + numbers.length).max(axis=0).tolist()
    acquired = int(numbers.length.prod(axis=1).sum())
    size = prod(shape) * 2
    details = image.acquisition
    spacing = (0.0, 0.0, details.z_spacing, details.pixelsize, details.pixelsize)
    extents = [n * um for n, um in zip(shape, spacing, strict=True)]
    sparse = size > MIN_SPARSE_BYTES and prod(shape) > MAX_SPARSE * acquired
    if not sparse and max(extents) <= MAX_EXTENT_UM:
        return
    axis = max(range(5), key=lambda a: shape[a] / numbers.length[:, a].max())
    starts = numbers.start[:, axis]
    far = int(np.argmax(np.abs(starts - np.median(starts))))
    raise RegistrationError(
        f"image {image.image} would be {' x '.join(map(str, shape))} pixels (t, c, z, "
        f"y, x), {size / 2**40:.3g} TiB at 16 bit, and nearly all of it empty: "
        f"{image.tiles.file[far]!r} of field {tiles.field_name[tiles.field[far]]!r} "
        f"starts at {AXES[axis]} {starts[far]}. Correct its start_{AXES[axis]}, or set "
        "registration.tiling_mode: no_tiling to make each field an image of its own."
    )
