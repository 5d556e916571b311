"""From images to aligned tiles without offsets: what decide and register share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tiles2zarr.config.registration import Registration
from tiles2zarr.models.image import TiledImage
from tiles2zarr.registration.alignment import Anchors, align, anchors, remove_offsets
from tiles2zarr.registration.stage import Floats, StageTiles, stage_tiles
from tiles2zarr.registration.wells import well_of


@dataclass(frozen=True)
class Positions:
    """Tiles before and after alignment and removal of offsets."""

    stage: StageTiles
    """At stage positions, after swap and flips."""
    tiles: StageTiles
    """Aligned, offsets removed."""
    anchored: Anchors
    """What is 0 along each axis."""
    spread: Floats
    """How far the tiles of each field lay apart before alignment, pixel."""
    faults: Mapping[int, str]
    """Image to the sentences saying why its tiles cannot be placed."""


def find_positions(
    images: Sequence[TiledImage],
    options: Registration,
    origins: Mapping[str, tuple[float, float]],
    *,
    no_tiling: bool,
) -> Positions:
    """Return the tiles of ``images``, ready to be tiled.

    Args:
        images: Images of one acquisition.
        options: The ``registration`` section of the config.
        origins: (y, x) of each well, micrometer; used with ``offsets.xy: well``.
        no_tiling: Whether each image is one field with its position as translation.
    """
    stage = stage_tiles(images)
    anchored = anchors(options, no_tiling=no_tiling)
    aligned = align(stage, options)
    at = None
    if anchored.xy == "well":
        corners = np.array([origins[well_of(image)] for image in images])
        pixel = np.array([image.acquisition.pixelsize for image in images])
        at = corners[:, 0] / pixel, corners[:, 1] / pixel
    tiles = remove_offsets(aligned.tiles, anchored, at)
    return Positions(stage, tiles, anchored, aligned.spread, aligned.faults)
