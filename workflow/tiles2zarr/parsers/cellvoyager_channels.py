"""Channels of a CellVoyager measurement: which there are, and what they are called.

A channel is a channel number of the instrument. One number becomes several channels
where several actions or timelines record it at the same place and time, or where it is
projected in several ways: none may overwrite another.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.parsers.cellvoyager_settings import ChannelSetting, Detail, Frame

PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes that is rounding."""
NO_CHANNEL = -1
"""Index of records that belong to no channel of the result."""
_PLACE = ["row", "column", "fov", "time_point", "z_index"]
_SHADING = re.compile(r"SC_([^_]+)_")
Source = tuple[int, int]
"""Timeline and action."""


@dataclass(frozen=True)
class Channel:
    """One channel of the result.

    Args:
        number: Channel number of the instrument.
        projection: Name of the z processing, ``""`` for planes.
        sources: Timelines and actions that record it.
        suffix: What tells it from other channels of its number, e.g. ``"action 2"``.
        frame: Tile and pixel size.
        setting: What the protocol says of it.
    """

    number: int
    projection: str
    sources: tuple[Source, ...]
    suffix: str
    frame: Frame
    setting: ChannelSetting | None

    @property
    def id(self) -> str:
        """Return the instrument's number, with the suffix where it has several."""
        return f"{self.number} {self.suffix}".strip()

    @property
    def exposure_s(self) -> float:
        """Exposure time in seconds, NaN where not known."""
        exposure = self.setting.exposure_s if self.setting else None
        return nan if exposure is None else exposure


def find_channels(
    planes: pd.DataFrame, detail: Detail, settings: Mapping[int, ChannelSetting]
) -> tuple[Channel, ...]:
    """Return the channels that were acquired, by number, projection and source.

    Args:
        planes: Image records (``cellvoyager_records.read_records``) with the names of
            their fields in ``fov``, not empty.
        detail: Tile and pixel sizes.
        settings: What the protocol says, by channel number.

    Raises:
        ParserError: A channel has no sizes, or pixel sizes differ.
    """
    channels: list[Channel] = []
    for key, records in planes.groupby("ch", sort=True):
        number = int(str(key))
        frame = _frame(number, detail)
        kinds = sorted(records["projection"].unique())
        for kind in kinds:
            groups = _groups_of_sources(records[records["projection"] == kind])
            for place, sources in enumerate(groups):
                parts = [kind if len(kinds) > 1 else "", _difference(groups, place)]
                suffix = ", ".join(filter(None, parts))
                setting = settings.get(number)
                channels.append(Channel(number, kind, sources, suffix, frame, setting))
    _check_pixels(channels, detail.source)
    return tuple(channels)


def describe_channel(channel: Channel) -> ChannelInfo:
    """Return name, wavelength and colour of a channel for the result.

    Without a name in the protocol it is called by its emission filter, which stands in
    the name of its shading correction, else by its number (``"Ch3"``).
    """
    setting = channel.setting
    name = setting.name if setting else None
    if name is None:
        shading = _SHADING.match(channel.frame.shading or "")
        name = shading[1] if shading else f"Ch{channel.number}"
    return ChannelInfo(
        channel_label=f"{name} {channel.suffix}".strip(),
        wavelength_id="+".join(setting.wavelengths) or None if setting else None,
        colors=setting.color if setting else None,
    )


def channel_indices(
    records: pd.DataFrame, channels: Sequence[Channel]
) -> NDArray[np.int64]:
    """Return the index of every record's channel, ``NO_CHANNEL`` where it has none.

    A record that does not tell its timeline and action, as errors may, belongs to the
    only channel of its number if there is but one.
    """
    by_source = {
        (channel.number, channel.projection, *source): index
        for index, channel in enumerate(channels)
        for source in channel.sources
    }
    by_number: dict[tuple[int, str], list[int]] = {}
    for index, channel in enumerate(channels):
        by_number.setdefault((channel.number, channel.projection), []).append(index)
    keys = ["ch", "projection", "timeline", "action"]
    codes = records.groupby(keys, sort=False).ngroup().to_numpy()
    distinct = records[keys].drop_duplicates().itertuples(index=False, name=None)
    found = []
    for number, projection, timeline, action in distinct:
        alone = by_number.get((number, projection), [])
        alone = alone if len(alone) == 1 else [NO_CHANNEL]
        found.append(by_source.get((number, projection, timeline, action), alone[0]))
    return np.array(found, dtype=np.int64)[codes]


def _frame(number: int, detail: Detail) -> Frame:
    """Return the sizes of a channel.

    Raises:
        ParserError: The detail file does not have the channel.
    """
    frame = detail.frames.get(number)
    if frame is None:
        known = ", ".join(map(str, sorted(detail.frames))) or "none"
        raise ParserError(
            f"{detail.source} has no MeasurementChannel for channel {number}, which "
            f"was acquired; it has: {known}. Copy the file again from the instrument."
        )
    return frame


def _groups_of_sources(records: pd.DataFrame) -> list[tuple[Source, ...]]:
    """Return the sources of one channel number, apart where they share a place.

    Each source joins the first group that has no plane at any of its places and times,
    so that timelines in other wells, or actions at other times, stay one channel.
    """
    keys = ["timeline", "action"]
    distinct = records[keys].drop_duplicates().itertuples(index=False, name=None)
    sources = sorted((int(timeline), int(action)) for timeline, action in distinct)
    if len(sources) == 1:
        return [(sources[0],)]
    places = records.groupby(_PLACE, sort=False).ngroup().to_numpy()
    timelines, actions = records["timeline"], records["action"]
    groups: list[tuple[Source, ...]] = []
    taken: list[NDArray[np.bool_]] = []
    for source in sources:
        own = ((timelines == source[0]) & (actions == source[1])).to_numpy()
        mask = np.zeros(places.max() + 1, dtype=np.bool_)
        mask[places[own]] = True
        for number, other in enumerate(taken):
            if not (other & mask).any():
                groups[number] = (*groups[number], source)
                taken[number] = other | mask
                break
        else:
            groups.append((source,))
            taken.append(mask)
    return groups


def _difference(groups: Sequence[tuple[Source, ...]], index: int) -> str:
    """Return what tells a group from the others: ``"action 2"``, ``"timeline 1"``."""
    if len(groups) == 1:
        return ""
    for place, word in ((1, "action"), (0, "timeline")):
        sets = [{source[place] for source in group} for group in groups]
        if sum(map(len, sets)) == len(set[int]().union(*sets)):
            return f"{word} {'+'.join(map(str, sorted(sets[index])))}"
    return ", ".join(f"timeline {line} action {act}" for line, act in groups[index])


def _check_pixels(channels: Sequence[Channel], source: str) -> None:
    """Check that all channels have square pixels of one size.

    Raises:
        ParserError: They have not.
    """
    first = channels[0]
    size = first.frame.pixel_um[0]
    for channel in channels:
        x, y = channel.frame.pixel_um
        if max(abs(x - size), abs(y - size)) > PIXEL_TOLERANCE * size:
            raise ParserError(
                f"{source}: pixels of channel {channel.number} measure {x} x {y} um, "
                f"expected {size} x {size} um as in channel {first.number}. "
                "One acquisition has one pixel size; measure such channels apart."
            )
