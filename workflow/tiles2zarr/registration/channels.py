"""Channels: which are there, and their numbers without holes (rule 4)."""

from collections.abc import Sequence

import numpy as np

from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration.stage import Ints, StageTiles


def find_channels(tiles: StageTiles) -> tuple[Ints, Ints]:
    """Return every (image, channel) pair that has a tile, sorted, none twice.

    Tiles that are missing count: their channel was meant to be there.
    """
    longest = int(tiles.len_c.max(initial=0))
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for step in range(longest):
        some = tiles.len_c > step
        pairs.append(np.stack([tiles.image[some], tiles.c[some] + step], axis=1))
    found = np.unique(np.concatenate(pairs), axis=0)
    return found[:, 0], found[:, 1]


def unknown_channels(
    images: Sequence[TiledImage], owner: Ints, channel: Ints
) -> dict[int, str]:
    """Return a sentence per image with a channel its acquisition does not list."""
    listed = np.array([len(image.acquisition.channels or ()) for image in images])
    faults: dict[int, str] = {}
    for place in np.flatnonzero((channel < 0) | (channel >= listed[owner])):
        number = int(owner[place])
        faults.setdefault(
            number,
            f"a tile has channel {channel[place]}, but the acquisition lists "
            f"{listed[number]} channels (0 to {listed[number] - 1}). Correct start_c "
            "and length_c, or list every channel in details.channels.",
        )
    return faults


def number_channels(
    image: str, present: Sequence[int], decided: tuple[int, ...] | None
) -> tuple[int, ...]:
    """Return the acquisition's channels in the order they get in the image.

    Args:
        image: Image id, for the message.
        present: Channels of the image.
        decided: The channels of every image, with ``plate.uniform``.

    Raises:
        RegistrationError: The image has a channel that was not decided for all.
    """
    if decided is None:
        return tuple(sorted(present))
    extra = sorted(set(present) - set(decided))
    if extra:
        raise RegistrationError(
            f"image {image} has channel {extra[0]}, but plate.uniform gives all images "
            f"of its acquisition the channels {', '.join(map(str, decided))}. Set "
            "registration.redecide: true to decide anew with this image."
        )
    return decided
