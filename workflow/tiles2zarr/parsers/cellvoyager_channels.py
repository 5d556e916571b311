"""Channels of a CellVoyager measurement: which there are, and what they are called.

A channel is a channel number of the instrument. One number becomes several channels
where several actions or timelines record it at the same place and time, or where it is
projected in several ways: none may overwrite another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan

import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.cellvoyager_settings import ChannelSetting, Detail, Frame

PIXEL_TOLERANCE = 1e-3
"""Relative difference of pixel sizes that is rounding."""
_PLACE = ["row", "column", "field", "time_point", "z_index", "x_um", "y_um"]
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
    def exposure_s(self) -> float:
        """Exposure time in seconds, NaN where not known."""
        exposure = self.setting.exposure_s if self.setting else None
        return nan if exposure is None else exposure


def find_channels(
    planes: pd.DataFrame, detail: Detail, settings: Mapping[int, ChannelSetting]
) -> tuple[Channel, ...]:
    """Return the channels that were acquired, by number, timeline and action.

    Args:
        planes: Image records (``cellvoyager_records.read_records``), not empty.
        detail: Tile and pixel sizes.
        settings: What the protocol says, by channel number.

    Raises:
        ParserError: A channel has no sizes, or pixel sizes differ.
    """
    channels: list[Channel] = []
    for number, records in planes.groupby("ch", sort=True):
        frame = detail.frames.get(int(str(number)))
        if frame is None:
            known = ", ".join(map(str, sorted(detail.frames))) or "none"
            raise ParserError(
                f"{detail.source} has no MeasurementChannel for channel {number}, which "
                f"was acquired; it has: {known}. Copy the file again from the "
                "instrument."
            )
        kinds = sorted(records["projection"].unique())
        for kind in kinds:
            groups = _groups_of_sources(records[records["projection"] == kind])
            channels += [
                Channel(
                    number=int(str(number)),
                    projection=kind,
                    sources=sources,
                    suffix=", ".join(
                        filter(
                            None,
                            [
                                kind if len(kinds) > 1 else "",
                                _difference(groups, i),
                            ],
                        )
                    ),
                    frame=frame,
                    setting=settings.get(int(str(number))),
                )
                for i, sources in enumerate(groups)
            ]
    _check_pixels(channels, detail.source)
    return tuple(channels)
