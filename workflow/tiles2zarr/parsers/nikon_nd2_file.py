"""The metadata of an ND2 file as a record, read with the library nd2."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.container_records import (
    ContainerChannel,
    hex_color,
    positive,
)
from tiles2zarr.parsers.xml import open_binary

if TYPE_CHECKING:
    from nd2 import ND2File
    from nd2.structures import Channel

_UNREADABLE = (NameError, LookupError, TypeError, ValueError, AttributeError)
"""What nd2 raises on metadata it has no words for, of files with intact pixels."""
_AXES: Mapping[str, str] = {
    "TimeLoop": "T",
    "NETimeLoop": "T",
    "XYPosLoop": "P",
    "ZStackLoop": "Z",
}
_SINGLE = (nan, nan, nan)
Position = tuple[float, float, float]


@dataclass(frozen=True)
class Nd2Record:
    """What the metadata of a file tell.

    Args:
        width: Columns, pixel.
        height: Rows, pixel.
        frames: Frames that were acquired.
        samples: Samples per pixel of a channel: 1, or 3 for colours.
        channels: Channels in the order of the file.
        loops: Axis (``T``, ``P``, ``Z``) and length of each loop, slowest first.
        position_names: Name of each position, ``""`` where there is none.
        positions_um: Stage x, y, and z of the lowest plane, of each position,
            micrometer; NaN where not known.
        pixel_um: Size of a pixel, micrometer, where known.
        z_um: Distance of planes, micrometer, where there are several.
        bottom_to_top: The stack was taken upwards.
        period_s: Planned time between time points, second, where known.
        times_ms: Time of each frame, millisecond; empty if not known.
        julian_day: Start, as a Julian day, where known.
        exposure_s: Exposure time, second; NaN where not known.
        fault: Why channels, pixel size and places could not be read; ``""`` if they
            could.
        to_stage: ``(a, b, d, e)`` of the matrix from pixels to the stage, where known.
    """

    width: int
    height: int
    frames: int
    samples: int
    channels: tuple[ContainerChannel, ...]
    loops: tuple[tuple[str, int], ...] = ()
    position_names: tuple[str, ...] = ("",)
    positions_um: tuple[Position, ...] = (_SINGLE,)
    pixel_um: float | None = None
    z_um: float | None = None
    bottom_to_top: bool = True
    period_s: float | None = None
    times_ms: tuple[float, ...] = ()
    julian_day: float | None = None
    exposure_s: float = nan
    to_stage: tuple[float, float, float, float] | None = None
    fault: str = ""


def read_file(file: str, storage: Mapping[str, object] | None) -> Nd2Record:
    """Return the record of a file; pixels are not read.

    Args:
        file: Path or URL.
        storage: Options of the file system.

    Raises:
        ParserError: The file has loops of an unknown kind.
    """
    from nd2 import ND2File

    with (
        warnings.catch_warnings(action="ignore"),  # what is not told is NaN here
        open_binary(file, storage) as handle,
        ND2File(handle) as nd2,
    ):
        return _record(nd2, file)


def _record(nd2: "ND2File", file: str) -> Nd2Record:
    about = nd2.attributes
    count = int(about.channelCount or 1)
    metadata, first, fault = _metadata(nd2)
    loops, parameters = _loops(nd2, file)
    listed = getattr(metadata, "channels", None) or ()
    volume = listed[0].volume if listed else None
    stack = parameters.get("Z")
    step_um = abs(float(getattr(stack, "stepUm", 0) or 0))
    depth_um = step_um * int(getattr(stack, "homeIndex", 0) or 0)
    names, places = _positions(parameters.get("P"), first[0], depth_um)
    return Nd2Record(
        width=int(about.widthPx or 0),
        height=int(about.heightPx),
        frames=int(about.sequenceCount),
        samples=int(about.componentCount) // count,
        channels=_channels(listed, count),
        loops=loops,
        pixel_um=_pixel_um(volume),
        to_stage=_to_stage(volume),
        julian_day=first[1],
        fault=fault,
        times_ms=_times(nd2, int(about.sequenceCount)),
        position_names=names,
        positions_um=places,
        z_um=positive(step_um),
        bottom_to_top=bool(getattr(stack, "bottomToTop", True)),
        period_s=_period_s(parameters.get("T")),
    )


def _metadata(nd2: "ND2File") -> tuple[object, tuple[Position, float | None], str]:
    """Return metadata, the first frame's place and day, and why there are none."""
    try:
        return nd2.metadata, _first_frame(nd2), ""
    except _UNREADABLE as error:
        return None, (_SINGLE, None), f"{type(error).__name__}: {error}"


def _channels(listed: Sequence["Channel"], count: int) -> tuple[ContainerChannel, ...]:
    channels = []
    for number in range(count):
        about = listed[number].channel if number < len(listed) else None
        color = getattr(about, "color", None)
        text = None if color is None else f"{color.r:02X}{color.g:02X}{color.b:02X}"
        wave = getattr(about, "emissionLambdaNm", None)
        name = getattr(about, "name", None) or f"channel_{number}"
        channels.append(ContainerChannel(name, positive(wave), hex_color(text)))
    return tuple(channels)


def _loops(
    nd2: "ND2File", file: str
) -> tuple[tuple[tuple[str, int], ...], Mapping[str, object]]:
    """Return the loops, and their parameters by axis."""
    loops: list[tuple[str, int]] = []
    parameters: dict[str, object] = {}
    for loop in nd2.experiment:
        axis = _AXES.get(str(loop.type))
        if axis is None and int(loop.count) > 1:
            raise ParserError(
                f"{file}: it holds a loop of the kind {loop.type}, expected positions, "
                "times and planes only. Export it from NIS-Elements without that loop."
            )
        if axis is not None:
            loops.append((axis, int(loop.count)))
            parameters[axis] = loop.parameters
    return tuple(loops), parameters


def _positions(
    loop: object, single: Position, depth_um: float
) -> tuple[tuple[str, ...], tuple[Position, ...]]:
    """Return names and places of the loop's positions, or of the single one.

    Args:
        loop: The loop's parameters, if there is one.
        single: Place of the first frame, at its lowest plane.
        depth_um: How far the lowest plane is below a position's z.
    """
    points = getattr(loop, "points", None)
    if not points:
        return ("",), (single,)
    stages = [point.stagePositionUm for point in points]
    own_z = bool(getattr(loop, "isSettingZ", False))
    places = tuple(
        (float(at.x), float(at.y), float(at.z) - depth_um if own_z else single[2])
        for at in stages
    )
    return tuple(point.name or "" for point in points), places


def _period_s(loop: object) -> float | None:
    """Return the planned time between time points, second; of the first phase."""
    phases: Sequence[object] = getattr(loop, "periods", None) or [loop]
    period = getattr(phases[0], "periodMs", None)
    return positive(float(period) / 1000) if period else None


def _pixel_um(volume: object) -> float | None:
    calibrated = getattr(volume, "axesCalibrated", None) or (False,)
    sizes = getattr(volume, "axesCalibration", None) or (nan,)
    return positive(float(sizes[0])) if calibrated[0] else None


def _to_stage(volume: object) -> tuple[float, float, float, float] | None:
    """Return the linear part of pixels to stage: told, else the camera's rotation."""
    told = getattr(volume, "pixelToStageTransformationMatrix", None)
    if told:
        a, b, _, d, e, _ = map(float, told)
        return a, b, d, e
    camera = getattr(volume, "cameraTransformationMatrix", None)
    if not camera:
        return None
    a, b, d, e = map(float, camera)
    return a, b, d, e


def _first_frame(nd2: "ND2File") -> tuple[Position, float | None]:
    """Return the stage position of the first frame at its lowest plane, and its day."""
    try:
        frame = nd2.frame_metadata(0)
    except IndexError:  # the file tells no times
        return _SINGLE, None
    channels = getattr(frame, "channels", None)  # older files have a mapping here
    if not channels:
        return _SINGLE, None
    at = channels[0].position.stagePositionUm
    day = getattr(channels[0].time, "absoluteJulianDayNumber", None)
    return (float(at.x), float(at.y), float(at.z)), day


def _times(nd2: "ND2File", frames: int) -> tuple[float, ...]:
    """Return the times of the frames, millisecond; nothing if they are not told."""
    events = nd2.events(orient="records")
    told = {
        int(row["Index"]): float(row["Time [s]"]) * 1000
        for row in events
        if "Index" in row and "Time [s]" in row
    }
    times = tuple(told.get(number, nan) for number in range(frames))
    return times if any(map(isfinite, times)) else ()
