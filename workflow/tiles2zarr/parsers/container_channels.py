"""Channels of containers (CZI, ND2, LIF): one list for all images."""

from collections.abc import Sequence

from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.parsers.container_records import ContainerChannel, ContainerImage


def join_channels(
    images: Sequence[ContainerImage],
) -> tuple[list[ContainerChannel], list[list[int]]]:
    """Return the channels of all images, and for each image their numbers.

    Channels of two images are one if label and wavelength agree (the first of a label
    with the first, the second with the second).
    """
    keys: dict[tuple[str, float | None, int], int] = {}
    channels: list[ContainerChannel] = []
    numbers: list[list[int]] = []
    for image in images:
        seen: dict[tuple[str, float | None], int] = {}
        own = []
        for channel in image.channels:
            name = (channel.label, channel.wavelength_nm)
            seen[name] = seen.get(name, -1) + 1
            key = (*name, seen[name])
            if key not in keys:
                keys[key] = len(channels)
                channels.append(channel)
            own.append(keys[key])
        numbers.append(own)
    return channels, numbers


def channel_infos(channels: Sequence[ContainerChannel]) -> tuple[ChannelInfo, ...]:
    """Return the channels with wavelengths where these tell all of them apart."""
    waves = [c.wavelength_nm for c in channels if c.wavelength_nm is not None]
    apart = len(set(waves)) == len(waves)
    return tuple(
        ChannelInfo(
            channel_label=channel.label,
            wavelength_id=f"{channel.wavelength_nm:g}"
            if apart and channel.wavelength_nm is not None
            else None,
            colors=channel.color,
        )
        for channel in channels
    )
