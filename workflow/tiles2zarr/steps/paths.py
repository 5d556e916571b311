"""Several paths of one acquisition: what their metadata must have in common."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from math import isclose

import numpy as np

from tiles2zarr.errors import TableError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.parsers.records import ParsedAcquisition

_ALIKE = ("pixelsize", "z_spacing")
"""Details that an acquisition has once, and that places are computed with."""
_SLACK = 1e-3
"""Relative; sizes measured twice differ in their last digits."""


def align_paths(
    parts: Sequence[ParsedAcquisition], paths: Sequence[str], stated: Collection[str]
) -> list[ParsedAcquisition]:
    """Return the paths with the same channels, numbered alike: all that any has.

    Channels are the same if they have one name. A path that lacks some has other
    numbers for the rest, which would be taken for the first path's.

    Args:
        parts: What was read of each path.
        paths: Where they come from, for messages.
        stated: Names of the details that the config states.

    Raises:
        TableError: Paths differ in pixel size, spacing of planes or axis directions,
            or names of their channels do not tell these apart.
    """
    faults = []
    first = parts[0].details
    for part, path in zip(parts[1:], paths[1:], strict=True):
        for name in _ALIKE:
            one, other = getattr(first, name), getattr(part.details, name)
            if name not in stated and not isclose(one, other, rel_tol=_SLACK):
                faults.append(
                    f"{name} is {one:g} in {paths[0]} and {other:g} in {path}. Set "
                    f"details.{name} if one holds for all, or make the paths two "
                    "acquisitions."
                )
        if part.details.stage_corrections != first.stage_corrections:
            faults.append(
                f"the axes of {path} run otherwise than those of {paths[0]}. Make the "
                "paths two acquisitions."
            )
    if faults:
        raise TableError("paths of the acquisition", faults)
    return _with_channels(parts, paths)


def _with_channels(
    parts: Sequence[ParsedAcquisition], paths: Sequence[str]
) -> list[ParsedAcquisition]:
    """Return the parts with the channels of all, and ``c`` their number there."""
    named = [[c.channel_label for c in p.details.channels or ()] for p in parts]
    if all(names == named[0] for names in named):
        return list(parts)
    for names, part, path in zip(named, parts, paths, strict=True):
        if len(set(names)) < len(names) or (not names and len(part.table)):
            what = "two channels of one name" if names else "channels without names"
            raise TableError(
                "paths of the acquisition",
                [
                    f"{path} has {what}, and another path has other channels. Make "
                    "the paths two acquisitions."
                ],
            )
    channels: dict[str, ChannelInfo] = {}
    ids: dict[str, str] = {}
    for part in parts:
        own = part.details.channels or ()
        given = part.channel_ids or [channel.channel_label for channel in own]
        for channel, key in zip(own, given, strict=True):
            label = channel.channel_label
            if label not in channels:
                channels[label] = channel
                ids[label] = label if key in ids.values() else key
    number = {label: index for index, label in enumerate(channels)}
    return [
        replace(
            part,
            details=part.details.replace(channels=tuple(channels.values())),
            channel_ids=tuple(ids.values()),
            table=part.table.assign(
                c=np.array([number[names[c]] for c in part.table["c"]], np.int64)
            ),
        )
        for part, names in zip(parts, named, strict=True)
    ]
