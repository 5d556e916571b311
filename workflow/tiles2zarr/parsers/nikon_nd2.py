"""Nikon ND2: a file of positions (wells of a plate, or images), or a folder."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import StageOrientation
from tiles2zarr.parsers.container_files import (
    find_containers,
    read_options,
    reading,
    well_of,
    wells_of_names,
)
from tiles2zarr.parsers.container_records import (
    ContainerChannel,
    ContainerImage,
    Place,
    colour_channels,
    plane_table,
    positive,
)
from tiles2zarr.parsers.container_tiles import build_acquisition
from tiles2zarr.parsers.directory import join
from tiles2zarr.parsers.nikon_nd2_file import Nd2Record, read_file
from tiles2zarr.parsers.nikon_nd2_findings import find_oddities
from tiles2zarr.parsers.records import ParsedAcquisition

_POSITION_WELL = re.compile(r"([A-P][0-9]{2})(?:[_-][0-9]+)?")
"""Name of a position in a plate, like ``A01_0000``."""
_EPOCH_JULIAN_DAY = 2440587.5
_DAY_MS = 86_400_000
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def parse(
    path: str,
    options: Mapping[str, object] | None = None,
    storage: Mapping[str, object] | None = None,
) -> ParsedAcquisition:
    """Return the tiles of an ND2 file, or of a folder of such files.

    Positions with wells in their names make a plate, others single images. In a folder,
    the names of files may tell the wells.

    Args:
        path: File or folder, local or a URL.
        options: ``images``, ``positions``; see ``read_options``.
        storage: Options of the file system.

    Raises:
        ParserError: A file is damaged, or nd2 is not installed.
    """
    chosen = read_options(options or {}, "nd2")
    folder, names, several = find_containers(path, "nd2", storage)
    images = []
    for name in names:
        file = join(folder, name)
        with reading(file, "nd2", "nd2", storage):
            images.append(make_image(name, read_file(file, storage)))
    wells = wells_of_names(names) if several else {}
    return build_acquisition(images, folder, chosen, wells)


@dataclass(frozen=True)
class _Frames:
    """Indices of the acquired frames along time, position and z."""

    t: Integers
    p: Integers
    z: Integers


def make_image(name: str, record: Nd2Record) -> ContainerImage:
    """Return a file's planes, numbered as their reader does, and its positions.

    Args:
        name: Name of the file.
        record: What its metadata tell.

    Raises:
        ParserError: Loops and frames do not fit each other.
    """
    frames = _frames(name, record)
    channels: list[ContainerChannel] = []
    for channel in record.channels:
        alone = len(record.channels) == 1
        channels += colour_channels(channel, record.samples, alone=alone)
    times = _times(record, len(frames.t))
    planes = _planes(record, frames, times, len(channels))
    return ContainerImage(
        file=name,
        title="",
        channels=tuple(channels),
        places=_places(record, frames),
        planes=plane_table(planes, name),
        pixel_um=record.pixel_um,
        z_um=record.z_um,
        t_s=_interval(record, frames, times),
        start_ms=_start_ms(record),
        stage=_stage(record.to_stage),
        findings=tuple(find_oddities(name, record)),
    )


def _planes(
    record: Nd2Record, frames: _Frames, times: Floats, components: int
) -> dict[str, object]:
    """Return the columns of the plane table, one row per component of a frame."""
    count = len(frames.t)
    frame = np.repeat(np.arange(count), components)
    component = np.tile(np.arange(components), count)
    return {
        "plane": frame * components + component,
        "place": frames.p[frame],
        "t": frames.t[frame],
        "c": component,
        "z": _upwards(frames.z, record)[frame],
        "z_um": _heights(record, frames)[frame],
        "time_s": times[frame],
        "exposure_s": record.exposure_s,
    }


def _frames(name: str, record: Nd2Record) -> _Frames:
    """Return the indices of the frames that were acquired."""
    lengths = [length for _, length in record.loops]
    planned = int(np.prod(lengths)) if lengths else 1
    axes = [axis for axis, _ in record.loops]
    if len(set(axes)) != len(axes) or planned < 1 or record.frames < 1:
        raise ParserError(
            f"{name}: its loops {dict(record.loops)} and {record.frames} frames are no "
            "acquisition of positions, times and planes. Export it from NIS-Elements."
        )
    count = min(record.frames, planned)
    found = np.unravel_index(np.arange(count), lengths) if lengths else ()
    index = dict(zip(axes, found, strict=True))
    zero = np.zeros(count, dtype=np.int64)
    return _Frames(index.get("T", zero), index.get("P", zero), index.get("Z", zero))


def _upwards(z: Integers, record: Nd2Record) -> Integers:
    """Return z indices that grow upwards, also for stacks taken downwards."""
    length = dict(record.loops).get("Z", 1)
    return z if record.bottom_to_top else length - 1 - z


def _heights(record: Nd2Record, frames: _Frames) -> Floats:
    """Return the height of each frame, micrometer, from its position's and its step."""
    base = np.asarray([z for _, _, z in record.positions_um], dtype=float)
    if record.z_um is None or "Z" not in dict(record.loops):
        return base[frames.p]
    steps = _upwards(frames.z, record)
    heights: Floats = base[frames.p] + steps * record.z_um
    return heights


def _places(record: Nd2Record, frames: _Frames) -> tuple[Place, ...]:
    """Return all positions up to the last one that was acquired."""
    places = []
    for number in range(int(frames.p.max()) + 1):
        name = record.position_names[number]
        match = _POSITION_WELL.fullmatch(name.strip())
        x, y, _ = record.positions_um[number]
        places.append(
            Place(
                scene=name,
                number=number,
                tile=None,
                well=well_of(match[1]) if match else None,
                x_um=x,
                y_um=y,
                width=record.width,
                height=record.height,
            )
        )
    return tuple(places)


def _times(record: Nd2Record, count: int) -> Floats:
    """Return seconds since the first frame, NaN where not known."""
    if len(record.times_ms) < count:
        return np.full(count, nan)
    times = np.asarray(record.times_ms[:count], dtype=float)
    seconds: Floats = (times - np.nanmin(times)) / 1000
    return seconds


def _interval(
    record: Nd2Record,
    frames: _Frames,
    times: Floats,
) -> float | None:
    """Return the median distance of time points, second: measured, else planned."""
    first = (frames.p == 0) & (frames.z == 0)
    steps = np.diff(times[first])
    known = steps[np.isfinite(steps)]
    measured = positive(float(np.median(known))) if known.size else None
    return measured if measured is not None else record.period_s


def _start_ms(record: Nd2Record) -> int | None:
    day = record.julian_day
    if day is None or not isfinite(day) or day < _EPOCH_JULIAN_DAY:
        return None
    return round((day - _EPOCH_JULIAN_DAY) * _DAY_MS)


def _stage(matrix: Sequence[float] | None) -> StageOrientation:
    """Return how stage axes run along those of the image.

    Args:
        matrix: ``(a, b, d, e)``: stage x is ``a * column + b * row``, stage y
            ``d * column + e * row``, up to a scale; nothing if not known.
    """
    if matrix is None or not all(map(isfinite, matrix)) or not any(matrix):
        return StageOrientation()
    a, b, d, e = matrix
    if abs(a) >= abs(b):
        return StageOrientation(flip_x=a < 0, flip_y=e < 0)
    return StageOrientation(swap_xy=True, flip_x=d < 0, flip_y=b < 0)
