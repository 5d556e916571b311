"""How the channels of an image are named and coloured for viewers."""

from collections import Counter
from collections.abc import Iterable

from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.ngff.spectra import (
    BLUE,
    CYAN,
    GREEN,
    GREY,
    MAGENTA,
    ORANGE,
    PURPLE,
    RED,
    YELLOW,
    dye_color,
    find_wavelength,
    is_transmitted,
    wavelength_color,
)

PALETTE = (
    CYAN,
    MAGENTA,
    YELLOW,
    GREEN,
    RED,
    BLUE,
    ORANGE,
    PURPLE,
    "80FF00",
    "0080FF",
    "FF0080",
    "00FF80",
)
"""Colours of channels whose label says nothing, in the order they are handed out."""


def display_channels(channels: tuple[ChannelInfo, ...]) -> tuple[ChannelInfo, ...]:
    """Return the channels with unique labels, unique wavelength ids and colours.

    Labels that occur twice get their wavelength id appended where that tells them
    apart, else ``_2``, ``_3`` ... The wavelength id is the given one, else the number
    in the label, else the label. Given colours stay; the others come from the
    fluorophore or the wavelength, grey for transmitted light, else from a palette, and
    no two fluorescence channels share one while the palette lasts. Applied to its own
    result it changes nothing. Apply it to all channels of an acquisition, before a well
    that lacks some of them is written: then a channel looks the same in every well.
    """
    labels = _unique_labels(channels)
    wavelengths = _numbered(_wavelength(channel) for channel in channels)
    return tuple(
        ChannelInfo(channel_label=label, wavelength_id=wavelength, colors=color)
        for label, wavelength, color in zip(
            labels, wavelengths, _colors(channels), strict=True
        )
    )


def _unique_labels(channels: tuple[ChannelInfo, ...]) -> tuple[str, ...]:
    occurrences = Counter(channel.channel_label for channel in channels)
    pairs = Counter((c.channel_label, c.wavelength_id) for c in channels)
    told_apart = {
        label
        for label in occurrences
        if all(
            count == 1 and wavelength is not None
            for (name, wavelength), count in pairs.items()
            if name == label
        )
    }
    return _numbered(
        f"{c.channel_label}_{c.wavelength_id}"
        if occurrences[c.channel_label] > 1 and c.channel_label in told_apart
        else c.channel_label
        for c in channels
    )


def _numbered(names: Iterable[str]) -> tuple[str, ...]:
    """Append ``_2``, ``_3`` ... to names that occurred before."""
    given = tuple(names)
    taken = set(given)
    seen: set[str] = set()
    unique: list[str] = []
    for name in given:
        number, candidate = 1, name
        while candidate in seen or (number > 1 and candidate in taken):
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate)
        unique.append(candidate)
    return tuple(unique)


def _wavelength(channel: ChannelInfo) -> str:
    if channel.wavelength_id is not None:
        return channel.wavelength_id
    found = find_wavelength(channel.channel_label)
    return channel.channel_label if found is None else str(found[0])


def _expected_color(channel: ChannelInfo) -> str | None:
    """Return the colour the label or the wavelength asks for, if either says one."""
    color = dye_color(channel.channel_label)
    if color is not None:
        return color
    if is_transmitted(channel.channel_label):
        return GREY
    for text in (channel.channel_label, channel.wavelength_id or ""):
        found = find_wavelength(text)
        if found is not None:
            return wavelength_color(*found)
    return dye_color(channel.wavelength_id or "")


def _colors(channels: tuple[ChannelInfo, ...]) -> tuple[str, ...]:
    colors: list[str | None] = [channel.colors for channel in channels]
    for index, channel in enumerate(channels):
        expected = _expected_color(channel)
        if colors[index] is None and (expected == GREY or expected not in colors):
            colors[index] = expected
    free = [color for color in PALETTE if color not in colors]
    for index, color in enumerate(colors):
        if color is None:
            colors[index] = free.pop(0) if free else PALETTE[index % len(PALETTE)]
    return tuple(color for color in colors if color is not None)
