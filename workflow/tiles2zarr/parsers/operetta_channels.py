"""Channels of a Harmony measurement: which were acquired, and what is known of them.

V5 writes everything of a channel into each of its images, V6 and V7 into map entries
of its id. What an image says counts before what a map says.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan, nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import ChannelInfo, StageOrientation
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.operetta_values import (
    MAX_CHANNEL,
    MAX_PIXELS,
    UNKNOWN,
    read_number,
    read_whole,
)
from tiles2zarr.parsers.xml import Element

PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes that is rounding."""
NO_CHANNEL = -1
_NUMBERS: Mapping[str, str] = {
    "pixel_x_um": "ImageResolutionX",
    "pixel_y_um": "ImageResolutionY",
    "exposure_s": "ExposureTime",
    "excitation_nm": "MainExcitationWavelength",
    "emission_nm": "MainEmissionWavelength",
    "max_intensity": "MaxIntensity",
}
_SIZES: Mapping[str, str] = {"width": "ImageSizeX", "height": "ImageSizeY"}
_TEXTS: Mapping[str, str] = {
    "name": "ChannelName",
    "color": "ChannelColor",
    "orientation": "OrientationMatrix",
}
_KEY = ["ch", "flim", "kind"]


@dataclass(frozen=True)
class Channel:
    """One channel of the result.

    Args:
        number: ``ChannelID``.
        flim: ``FlimID``, ``""`` where not given.
        kind: ``ImageType``, ``""`` where not given.
        suffix: What tells it from other channels of its number.
        numbers: By column: pixel size, exposure, wavelengths, largest intensity; NaN
            where not known.
        sizes: Width and height of an image, ``UNKNOWN`` where not known.
        texts: By column: name, colour, orientation; ``""`` where not known.
    """

    number: int
    flim: str
    kind: str
    suffix: str
    numbers: Mapping[str, float]
    sizes: Mapping[str, int]
    texts: Mapping[str, str]

    @property
    def id(self) -> str:
        """The vendor's id, with the suffix where one id became several channels."""
        return f"{self.number} {self.suffix}".strip()


def find_channels(
    images: pd.DataFrame, entries: Sequence[Element], source: str
) -> tuple[Channel, ...]:
    """Return the channels of the images by id, FLIM id and type of image.

    Args:
        images: Acquired images, not empty.
        entries: Map entries of the index.
        source: The index, for messages.

    Raises:
        ParserError: A channel has no pixel size, or pixel sizes differ.
    """
    maps = _read_maps(entries)
    keys = images[_KEY].drop_duplicates().sort_values(_KEY, kind="stable")
    variants = list(keys.itertuples(index=False, name=None))
    codes = images.groupby(_KEY, sort=True).ngroup().to_numpy()
    channels = []
    for code, (number, flim, kind) in enumerate(variants):
        own = images[codes == code]
        same = [variant for variant in variants if variant[0] == number]
        parts = [f"FLIM {flim}"] if len({v[1] for v in same}) > 1 else []
        parts += [kind] if len({v[2] for v in same}) > 1 else []
        entry = maps.get(int(number), {})
        channels.append(
            Channel(
                number=int(number),
                flim=flim,
                kind=kind,
                suffix=" ".join(parts).strip(),
                numbers={name: _number(own[name], entry, name) for name in _NUMBERS},
                sizes={name: int(_whole(own[name], entry, name)) for name in _SIZES},
                texts={name: _text(own[name], entry, name) for name in _TEXTS},
            )
        )
    _check_pixels(channels, source)
    return tuple(channels)


def channel_indices(
    images: pd.DataFrame, channels: Sequence[Channel]
) -> NDArray[np.int64]:
    """Return the index of every image's channel, ``NO_CHANNEL`` where it has none.

    A failed image that does not tell its FLIM id or type belongs to the only channel of
    its id, if there is but one.
    """
    known = {(c.number, c.flim, c.kind): i for i, c in enumerate(channels)}
    by_number: dict[int, list[int]] = {}
    for index, channel in enumerate(channels):
        by_number.setdefault(channel.number, []).append(index)
    codes = images.groupby(_KEY, sort=False).ngroup().to_numpy()
    distinct = images[_KEY].drop_duplicates().itertuples(index=False, name=None)
    found = []
    for number, flim, kind in distinct:
        alone = by_number.get(int(number), [])
        alone = alone if len(alone) == 1 else [NO_CHANNEL]
        found.append(known.get((int(number), flim, kind), alone[0]))
    return np.array(found, dtype=np.int64)[codes]


def describe_channel(channel: Channel) -> ChannelInfo:
    """Return name, wavelengths (``"475/525"``) and colour of a channel."""
    waves = [channel.numbers[name] for name in ("excitation_nm", "emission_nm")]
    known = [f"{round(wave, 3):g}" for wave in waves if wave > 0]
    name = channel.texts["name"] or f"Channel {channel.number}"
    return ChannelInfo(
        channel_label=f"{name} {channel.suffix}".strip(),
        wavelength_id="/".join(known) or None,
        colors=_color(channel.texts["color"]),
    )


def read_orientation(
    channels: Sequence[Channel], source: str
) -> tuple[StageOrientation, tuple[Finding, ...]]:
    """Return how the stage's axes map to those of the images, and a finding.

    The matrix turns stage positions into image directions, with y downwards; its small
    deviations from whole numbers are calibration. Without one, y points up.

    Args:
        channels: The acquired channels.
        source: The index, for messages.

    Raises:
        ParserError: A matrix is none.
    """
    matrices = dict.fromkeys(c.texts["orientation"] for c in channels)
    found = [_orientation(text, source) for text in matrices if text]
    if not found:
        return StageOrientation(flip_y=True), ()
    if all(other == found[0] for other in found):
        return found[0], ()
    message = (
        "The channels have orientation matrices of different directions; that of "
        f"channel {channels[0].id} is taken. Check the positions of the fields, and "
        "set stage_corrections if they are mirrored."
    )
    return found[0], (Finding(code="orientations_differ", message=message),)


def _read_maps(entries: Sequence[Element]) -> Mapping[int, Mapping[str, object]]:
    """Return what the map entries say by channel id; of two values the first."""
    maps: dict[int, dict[str, object]] = {}
    for entry in entries:
        number = read_whole(entry, "ChannelID", 0, MAX_CHANNEL)
        if number == UNKNOWN:
            continue  # maps of other things than channels
        values: dict[str, object] = {
            **{name: read_number(entry, tag) for name, tag in _NUMBERS.items()},
            **{
                name: read_whole(entry, tag, 1, MAX_PIXELS)
                for name, tag in _SIZES.items()
            },
            **{name: entry.get(tag) or "" for name, tag in _TEXTS.items()},
        }
        known = maps.setdefault(number, {})
        for name, value in values.items():
            if not _blank(value):
                known.setdefault(name, value)
    return maps


def _blank(value: object) -> bool:
    return value in ("", UNKNOWN) or (isinstance(value, float) and isnan(value))


def _number(
    column: "pd.Series[float]", entry: Mapping[str, object], name: str
) -> float:
    given = column.dropna()
    value = float(given.iloc[0]) if len(given) else entry.get(name, nan)
    return float(value) if isinstance(value, int | float) else nan


def _whole(column: "pd.Series[int]", entry: Mapping[str, object], name: str) -> int:
    given = column[column != UNKNOWN]
    value = int(given.iloc[0]) if len(given) else entry.get(name, UNKNOWN)
    return value if isinstance(value, int) else UNKNOWN


def _text(column: "pd.Series[str]", entry: Mapping[str, object], name: str) -> str:
    given = column[column != ""]
    return str(given.iloc[0]) if len(given) else str(entry.get(name, ""))


def _color(text: str) -> str | None:
    """Return the colour in an ARGB number, as six hex digits."""
    known = text.isascii() and text.isdigit() and 0 < int(text[:10]) < 2**32
    return f"{int(text[:10]) & 0xFFFFFF:06X}" if known else None


def _orientation(text: str, source: str) -> StageOrientation:
    """Return the directions of a matrix ``[[1,0,0,0],[0,-1,0,0],...]``.

    Raises:
        ParserError: It is not a matrix of at least two rows and columns.
    """
    try:
        matrix = json.loads(text)
        (xx, xy), (yx, yy) = ([float(v) for v in row[:2]] for row in matrix[:2])
    except (ValueError, TypeError, RecursionError, KeyError) as error:
        raise ParserError(
            f"{source}: OrientationMatrix is {text[:80]!r}, expected rows of numbers. "
            "Export the measurement again."
        ) from error
    swap = abs(xy) > abs(xx)
    x, y = (xy, yx) if swap else (xx, yy)
    if not (isfinite(x * y) and x * y != 0):
        raise ParserError(
            f"{source}: OrientationMatrix {text[:80]!r} has no direction for x or y. "
            "Export the measurement again."
        )
    return StageOrientation(flip_x=x < 0, flip_y=y < 0, swap_xy=swap)


def _check_pixels(channels: Sequence[Channel], source: str) -> None:
    """Check that all channels have sizes, and square pixels of one size.

    Raises:
        ParserError: They have not.
    """
    size = channels[0].numbers["pixel_x_um"]
    for channel in channels:
        x, y = (channel.numbers[name] for name in ("pixel_x_um", "pixel_y_um"))
        if not (x > 0 and y > 0) or UNKNOWN in channel.sizes.values():
            raise ParserError(
                f"{source}: neither the images nor the maps tell ImageResolutionX and "
                f"Y and ImageSizeX and Y, above 0, of channel {channel.number}. Export "
                "the measurement again."
            )
        if max(abs(x - size), abs(y - size)) > PIXEL_TOLERANCE * size:
            raise ParserError(
                f"{source}: pixels of channel {channel.number} measure {x} x {y} um, "
                f"expected {size} x {size} um as in channel {channels[0].number}. One "
                "acquisition has one pixel size; export such channels apart."
            )
