"""Pixel size, distance of planes and of time points of OME-XML images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.ome_xml_images import ImageRecord

TOLERANCE = 1e-3
"""Relative difference of two sizes that is rounding."""
_DIFFERENT = 0.05
"""Relative difference of declared and measured z spacing that is told."""
_DIGITS = 6


def pixel_size(
    images: Sequence[ImageRecord], source: str
) -> tuple[float, list[Finding]]:
    """Return the pixel size in micrometer, 1.0 with a finding where it is not known.

    Raises:
        ParserError: Images differ in pixel size.
    """
    known = [i for i in images if i.pixel_um != (None, None)]
    sizes = [i.pixel_um[0] or i.pixel_um[1] or 1.0 for i in known]
    for image, size in zip(known, sizes, strict=True):
        if abs(size - sizes[0]) > TOLERANCE * sizes[0]:
            raise ParserError(
                f"{source}: the images have different pixel sizes, {sizes[0]:g} "
                f"micrometer ({known[0].id}) and {size:g} micrometer ({image.id}). "
                "Put images of one size into one folder each, and list each folder as "
                "an acquisition or run of its own."
            )
    if not known:
        message = (
            f"{source} tells no pixel size (PhysicalSizeX); 1 micrometer is assumed. "
            "Set details.pixelsize."
        )
        return 1.0, [Finding(code="pixel_size_unknown", message=message)]
    for image in known:
        x, y = image.pixel_um
        if x and y and abs(x - y) > TOLERANCE * x:
            message = (
                f"{source}: pixels are not square, {x:g} x {y:g} micrometer "
                f"(x by y, {image.id}); {x:g} is taken for both."
            )
            return sizes[0], [Finding(code="pixels_not_square", message=message)]
    return sizes[0], []


def z_spacing(
    table: pd.DataFrame, images: Sequence[ImageRecord], source: str
) -> tuple[float, list[Finding]]:
    """Return the distance of planes in micrometer, 1.0 where nothing has two planes.

    Measured within one channel, field and time point (channels differ by focus
    offsets), else as the document declares it.

    Args:
        table: Planes with ``image``, ``c``, ``t``, ``z`` and ``z_um``.
        images: The images.
        source: The document, for messages.
    """
    stacks = ["image", "c", "t"]
    if (table.groupby(stacks)["z"].nunique() < 2).all():
        return 1.0, []
    measured = _step(table, stacks, "z", "z_um")
    declared = next((image.z_um for image in images if image.z_um), None)
    if measured and declared and abs(measured - declared) > _DIFFERENT * declared:
        message = (
            f"{source} declares planes {declared:g} micrometer apart (PhysicalSizeZ), "
            f"their positions are {measured:g} micrometer apart, which is taken. Set "
            "details.z_spacing if that is wrong."
        )
        return measured, [Finding(code="z_spacing_contradicted", message=message)]
    if measured or declared:
        return measured or declared or 1.0, []
    message = (
        f"{source} tells no distance of planes (PhysicalSizeZ or PositionZ); 1 "
        "micrometer is assumed. Set details.z_spacing."
    )
    return 1.0, [Finding(code="z_spacing_unknown", message=message)]


def t_spacing(table: pd.DataFrame, images: Sequence[ImageRecord]) -> float:
    """Return the distance of time points in seconds, 1.0 where it is not known.

    Args:
        table: Planes with ``image``, ``c``, ``z``, ``t`` and ``delta_s``.
        images: The images.
    """
    measured = _step(table, ["image", "c", "z"], "t", "delta_s")
    declared = next((i.interval_s for i in images if (i.interval_s or 0) > 0), None)
    return measured or declared or 1.0


def plane_times(
    table: pd.DataFrame, images: Sequence[ImageRecord]
) -> NDArray[np.float64]:
    """Return the time of each plane in seconds since the first one, NaN unknown.

    Times count from the start of their image where every image tells its start, else
    from one start for all.
    """
    times = table["delta_s"].to_numpy(dtype=float)
    starts = [image.start for image in images]
    if None not in starts:
        first = min(start for start in starts if start is not None)
        after = np.array([(start or 0.0) - first for start in starts])
        times = times + after[table["image"].to_numpy()]
    known = times[np.isfinite(times)]
    return times - known.min() if known.size else times


def _step(
    table: pd.DataFrame, series: Sequence[str], index: str, place: str
) -> float | None:
    """Return the median distance of neighbours of a series, if it is positive."""
    known = table[table[place].notna()].sort_values([*series, index], kind="stable")
    if known.empty:
        return None
    same = known.duplicated(list(series)).to_numpy()[1:]
    steps = np.diff(known[index].to_numpy())
    apart = np.abs(np.diff(known[place].to_numpy()))
    several = same & (steps > 0)
    if not several.any():
        return None
    median = round(float(np.median(apart[several] / steps[several])), _DIGITS)
    return median or None
