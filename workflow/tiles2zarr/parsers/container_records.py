"""What a file of a whole acquisition (CZI, ND2, LIF) holds, whatever its format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import DefaultColors, StageOrientation
from tiles2zarr.models.finding import Finding

PLANE_COLUMNS: Mapping[str, str] = {
    "plane": "int64",
    "place": "int64",
    "t": "int64",
    "c": "int64",
    "z": "int64",
    "z_um": "float64",
    "time_s": "float64",
    "exposure_s": "float64",
}
"""Columns of ``ContainerImage.planes`` with their dtypes; the last three may be NaN."""
SAMPLES = (
    ("red", DefaultColors.RED.value),
    ("green", DefaultColors.GREEN.value),
    ("blue", DefaultColors.BLUE.value),
)
"""Names and colours of the samples of a colour channel."""


@dataclass(frozen=True)
class ContainerChannel:
    """A channel: its label, emission in nanometer and colour, where known."""

    label: str
    wavelength_nm: float | None = None
    color: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a stack of planes was taken: a scene or position, or a mosaic tile of it.

    Args:
        scene: Name of the scene or position; ``""`` where there is none.
        number: Number of the scene in its image, from 0.
        tile: Number of the mosaic tile, nothing outside of mosaics.
        well: Row and column, from 0, where known.
        x_um: Stage x, micrometer; NaN where not known.
        y_um: Stage y, micrometer; NaN where not known.
        width: Columns, pixel.
        height: Rows, pixel.
    """

    scene: str
    number: int
    tile: int | None
    well: tuple[int, int] | None
    x_um: float
    y_um: float
    width: int
    height: int


@dataclass(frozen=True)
class ContainerImage:
    """Planes that share channels and spacings: a CZI or ND2 file, an image of a LIF.

    Args:
        file: Name of the file.
        title: Name of the image in the file; ``""`` if the file is one image.
        channels: Channels in the order of ``c``.
        places: Where stacks were taken, in paste order.
        planes: One row per plane, see ``PLANE_COLUMNS``; ``place`` is an index into
            ``places``, ``plane`` the number of the plane in the file.
        pixel_um: Size of a pixel, micrometer, where known.
        z_um: Distance of planes, micrometer, where known.
        t_s: Distance of time points, second, where known.
        start_ms: Start, epoch milliseconds, where known.
        stage: How the stage's axes run along the image's.
        plate: Name of the plate, where known.
        findings: What reading noticed.
    """

    file: str
    title: str
    channels: tuple[ContainerChannel, ...]
    places: tuple[Place, ...]
    planes: pd.DataFrame
    pixel_um: float | None = None
    z_um: float | None = None
    t_s: float | None = None
    start_ms: int | None = None
    stage: StageOrientation = field(default_factory=StageOrientation)
    plate: str | None = None
    findings: tuple[Finding, ...] = ()


def plane_table(columns: Mapping[str, object], source: str) -> pd.DataFrame:
    """Return the planes of an image; columns left out are NaN.

    Args:
        columns: Arrays or one value for all, at least those of whole numbers.
        source: File and image, for messages.

    Raises:
        ParserError: A column does not convert.
    """
    rows = len(np.atleast_1d(np.asarray(columns["plane"])))
    try:
        return pd.DataFrame(
            {
                name: np.broadcast_to(
                    np.asarray(columns.get(name, np.nan), dtype=dtype), rows
                )
                for name, dtype in PLANE_COLUMNS.items()
            }
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise ParserError(
            f"{source}: the numbers of its planes do not fit each other ({error}). "
            "Copy the file again from the instrument."
        ) from error


def colour_channels(
    channel: ContainerChannel, samples: int, *, alone: bool
) -> list[ContainerChannel]:
    """Return the channels that the samples of one channel make.

    Args:
        channel: The channel.
        samples: 1 for grey values, 3 for colours.
        alone: It is the only channel, so that the colours' names are enough.
    """
    if samples == 1:
        return [channel]
    return [
        ContainerChannel(name if alone else f"{channel.label} {name}", None, color)
        for name, color in SAMPLES[:samples]
    ]


def hex_color(text: str | None) -> str | None:
    """Return six hex digits of ``#AARRGGBB`` or ``#RRGGBB``; nothing for all else."""
    digits = (text or "").strip().lstrip("#").upper()[-6:]
    known = len(digits) == 6 and not set(digits) - set("0123456789ABCDEF")
    return digits if known else None


def positive(value: float | None) -> float | None:
    """Return a positive finite number, nothing for all else."""
    usable = value is not None and isfinite(value) and value > 0
    return value if usable else None


def left_out(code: str, what: str, file: str, names: Sequence[str]) -> Finding:
    """Return a finding on images or scenes that did not become pixels."""
    shown = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
    return Finding(
        code=code,
        message=f"{file}: {len(names)} {what}: {shown}. They are left out.",
        count=len(names),
        files=(file,),
    )
