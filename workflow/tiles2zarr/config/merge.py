"""The vendor's details of an acquisition, with what the config states put over them."""

from collections.abc import Mapping, Sequence

from tiles2zarr.config.details import ChannelChange, Details, ListedChannel
from tiles2zarr.errors import ConfigError
from tiles2zarr.models.acquisition import AcquisitionDetails, ChannelInfo


def merge_details(
    vendor: AcquisitionDetails, override: Details, channel_ids: Sequence[str]
) -> AcquisitionDetails:
    """Return the vendor's details with what the config states put over them.

    Args:
        vendor: What the vendor's metadata say; plain defaults where there are none.
        override: ``details`` of the acquisition in the config.
        channel_ids: The vendor's ids of ``vendor.channels`` in their order, or nothing.

    Raises:
        ConfigError: ``channels`` does not fit the channels of the acquisition.
    """
    fields = [name for name in Details.model_fields if name != "channels"]
    stated = {name: getattr(override, name) for name in fields}
    changes = {name: value for name, value in stated.items() if value is not None}
    match override.channels:
        case None:
            return vendor.replace(**changes)
        case tuple() as listed:
            channels = _merge_list(vendor.channels, listed, channel_ids)
        case mapping:
            channels = _merge_mapping(vendor.channels or (), mapping, channel_ids)
    return vendor.replace(**changes, channels=channels)


def _apply(channel: ChannelInfo, change: ChannelChange) -> ChannelInfo:
    fields = {name: getattr(change, name) for name in ChannelInfo.model_fields}
    return channel.replace(**{k: v for k, v in fields.items() if v is not None})


def _merge_list(
    channels: tuple[ChannelInfo, ...] | None,
    listed: tuple[ListedChannel, ...],
    ids: Sequence[str],
) -> tuple[ChannelInfo, ...]:
    if channels is None:
        named = (ChannelInfo(channel_label=c.channel_label) for c in listed)
        return tuple(map(_apply, named, listed))
    if len(channels) != len(listed):
        raise _channel_error(
            f"details.channels: lists {len(listed)} channels, the acquisition has "
            f"{len(channels)}: {_known(channels, ids)}. List all of them in this "
            "order, or change single ones by a mapping from id or name"
        )
    return tuple(map(_apply, channels, listed))


def _merge_mapping(
    channels: tuple[ChannelInfo, ...],
    mapping: Mapping[str, ChannelChange],
    ids: Sequence[str],
) -> tuple[ChannelInfo, ...]:
    changes: dict[int, ChannelChange] = {}
    faults = []
    for key, change in mapping.items():
        found = _find(channels, ids, key)
        if len(found) == 1 and found[0] not in changes:
            changes[found[0]] = change
        elif len(found) == 1:
            faults.append(f"details.channels.{key}: names a channel a second time")
        elif found:
            faults.append(
                f"details.channels.{key}: {len(found)} channels have this name; "
                f"use the id: {_known(channels, ids)}"
            )
        else:
            faults.append(
                f"details.channels.{key}: no such channel; the acquisition has: "
                f"{_known(channels, ids) or 'none named by the vendor, give a list'}"
            )
    if faults:
        raise _channel_error(*faults)
    return tuple(
        _apply(channel, changes[index]) if index in changes else channel
        for index, channel in enumerate(channels)
    )


def _find(channels: tuple[ChannelInfo, ...], ids: Sequence[str], key: str) -> list[int]:
    """Return the channels a key may mean: an id before a name, then any case."""
    labels = [channel.channel_label for channel in channels]
    for names, wanted in (
        (list(ids), key),
        (labels, key),
        ([label.lower() for label in labels], key.lower()),
    ):
        found = [index for index, name in enumerate(names) if name == wanted]
        if found:
            return found
    return []


def _known(channels: tuple[ChannelInfo, ...], ids: Sequence[str]) -> str:
    labels = [repr(channel.channel_label) for channel in channels]
    if not ids:
        return ", ".join(labels)
    return ", ".join(f"{i} ({n})" for i, n in zip(ids, labels, strict=True))


def _channel_error(*faults: str) -> ConfigError:
    return ConfigError("channels of the acquisition", faults)
