"""Channels of all images of an acquisition: which are the same, and their names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.parsers.ome_xml_images import ChannelRecord, ImageRecord

_RGB = ("red", "green", "blue", "alpha")
_RGB_COLORS = ("FF0000", "00FF00", "0000FF", None)
_Key = tuple[str | None, float | None, float | None, int, int, int]


@dataclass(frozen=True)
class Channels:
    """The channels of an acquisition.

    Args:
        infos: Names, wavelengths and colours.
        ids: Ids as in the documents, unique.
        places: Per image, index in ``infos`` of each of its channels.
    """

    infos: tuple[ChannelInfo, ...]
    ids: tuple[str, ...]
    places: tuple[tuple[int, ...], ...]


def find_channels(images: Sequence[ImageRecord]) -> Channels:
    """Return the channels of the images, by first appearance.

    Channels of two images are one if name and wavelengths agree (a well may lack some
    of the others' channels), or their numbers where neither is given. A colour channel
    (RGB) is one channel per sample.
    """
    known: dict[_Key, int] = {}
    infos: list[ChannelInfo] = []
    ids: list[str] = []
    places = []
    for image in images:
        keys = _keys(image.channels)
        for number, (key, channel) in enumerate(zip(keys, image.channels, strict=True)):
            if key not in known:
                known[key] = len(infos)
                infos += _infos(channel, number)
                ids += _ids(channel, number)
        places.append(tuple(known[key] for key in keys))
    unique = ids if len(set(ids)) == len(ids) else [str(n) for n in range(len(ids))]
    return Channels(tuple(infos), tuple(unique), tuple(places))


def _keys(channels: Sequence[ChannelRecord]) -> list[_Key]:
    """Return what identifies each channel of an image.

    Names and wavelengths, or the number in the image where there are none; how many of
    the channels before it have the same.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    keys = []
    for number, channel in enumerate(channels):
        told = channel.name, channel.excitation_nm, channel.emission_nm
        unnamed = number if told == (None, None, None) else -1
        same = (*told, channel.samples, unnamed)
        keys.append((*same, seen[same]))
        seen[same] += 1
    return keys


def _infos(channel: ChannelRecord, number: int) -> list[ChannelInfo]:
    """Return a channel's name, wavelength and colour; one per sample."""
    wave = channel.excitation_nm or channel.emission_nm
    wavelength = f"{wave:g}" if wave else None
    unnamed = channel.name is None and wavelength is None
    label = channel.name or wavelength or f"channel_{number}"
    if channel.samples == 1:
        return [
            ChannelInfo(
                channel_label=label, wavelength_id=wavelength, colors=channel.color
            )
        ]
    known = channel.samples in (3, 4)
    infos = []
    for sample in range(channel.samples):
        suffix = _RGB[sample] if known else str(sample)
        infos.append(
            ChannelInfo(
                channel_label=suffix if known and unnamed else f"{label} {suffix}",
                colors=_RGB_COLORS[sample] if known else None,
            )
        )
    return infos


def _ids(channel: ChannelRecord, number: int) -> list[str]:
    name = channel.id or str(number)
    if channel.samples == 1:
        return [name]
    return [f"{name}:{sample}" for sample in range(channel.samples)]
