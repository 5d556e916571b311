"""Projections among the images of a CellVoyager measurement: taken or left out.

A projection may have its channel's number or, in CQ3K, one of its own: then name and
light in the protocol tell whose it is.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import Finding
from tiles2zarr.parsers.cellvoyager_settings import ChannelSetting
from tiles2zarr.parsers.projections import choose_images, report_alone, report_left_out


def split_projections(
    images: pd.DataFrame,
    choice: str,
    source: str,
    settings: Mapping[int, ChannelSetting],
) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Return the image records to take, those left out, and findings.

    Args:
        images: All image records.
        choice: One of ``CHOICES``; ``keep`` is ``auto``.
        source: The index, for messages.
        settings: What the protocol says, by channel number.

    Raises:
        ParserError: There is none to take.
    """
    if images.empty:
        raise ParserError(
            f"{source} holds errors only, no image was acquired. Leave this "
            "measurement out."
        )
    projected = (images["projection"] != "").to_numpy()
    usable = np.ones(len(images), dtype=bool)
    owners = images["ch"].map(_owners(images, settings))
    chosen = choose_images(owners, projected, usable, choice, source)
    taken, left_out = images[chosen.taken], images[~chosen.taken]
    alone = images[chosen.alone]
    names = [f"channel {number}" for number in sorted(alone["ch"].unique())]
    beside = bool((~projected).any())
    findings = report_alone(alone["text"].tolist(), names, beside)
    if choice != "only":
        findings += report_left_out(left_out["text"].tolist(), _listed(left_out, taken))
    return taken, left_out, findings


def _owners(
    images: pd.DataFrame, settings: Mapping[int, ChannelSetting]
) -> Mapping[int, int]:
    """Return by channel number whose images it holds: a number with planes, or itself.

    A number without planes of which the protocol says nothing belongs to the first
    with planes: taken for a channel, it might be one of them twice.
    """
    numbers = sorted(map(int, images["ch"].unique()))
    stacked = sorted(map(int, images["ch"][images["projection"] == ""].unique()))
    owners = {number: number for number in numbers}
    known = {_light(settings, n): n for n in reversed(stacked) if _light(settings, n)}
    for number in set(numbers) - set(stacked):
        light = _light(settings, number)
        if light is not None:
            owners[number] = known.get(light, number)
        elif stacked:
            owners[number] = stacked[0]
    return owners


def _light(
    settings: Mapping[int, ChannelSetting], number: int
) -> tuple[str, tuple[str, ...]] | None:
    """Return name and wavelengths of a channel, nothing where it has no name."""
    setting = settings.get(number)
    if setting is None or not setting.name:
        return None
    return setting.name, tuple(setting.wavelengths)


def _listed(left_out: pd.DataFrame, taken: pd.DataFrame) -> str:
    """Return how many there are of each kind, and channels that nothing else has."""
    kinds = left_out["projection"].value_counts().sort_index()
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    lost = ", ".join(map(str, sorted(set(left_out["ch"]) - set(taken["ch"]))))
    return f"{listed}; all images of channel {lost}" if lost else listed
