"""One image from stage positions to integer pixel boxes."""

from collections.abc import Callable, Sequence

import numpy as np

from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.errors import RegistrationError
from tiles2zarr.geometry import Shape, level_count
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import AcquisitionDecision, InplaceTiling, NoTiling
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.registration.boxes import fields_of_view, make_boxes, number_tiles
from tiles2zarr.registration.channels import (
    find_channels,
    number_channels,
    unknown_channels,
)
from tiles2zarr.registration.checks import check_axes, check_planes
from tiles2zarr.registration.custom import apply_steps
from tiles2zarr.registration.notices import alignment_notices, tiling_notices
from tiles2zarr.registration.placement import (
    Placement,
    extents,
    negative_starts,
    place,
)
from tiles2zarr.registration.planes import make_planes
from tiles2zarr.registration.positions import Positions, find_positions
from tiles2zarr.registration.wells import well_of

RegistrationFunction = Callable[[RegisteredImage], object]
"""A user's step: takes the registered image, returns a changed one."""


def register_image(
    image: TiledImage,
    decision: AcquisitionDecision,
    options: Registration,
    *,
    dtype: str,
    well_origin: tuple[float, float] | None = None,
    steps: Sequence[RegistrationFunction] = (),
) -> RegisteredImage:
    """Return the image with every tile as a box of whole pixels.

    Swap and flips, alignment inside each field, offsets, tiling, rounding, channels:
    in this order. All tiles count for positions, extent, channels and the plane table;
    boxes are made of those with pixels.

    Args:
        image: Tiles at stage positions; lengths are those of the files.
        decision: What was decided for the acquisition.
        options: The ``registration`` section of the config.
        dtype: Pixel type to write.
        well_origin: (y, x), micrometer, from `well_origins`; for ``offsets.xy: well``.
        steps: The user's own steps, run last.

    Raises:
        RegistrationError: The tiles cannot be placed; names image, field and cure.
        ExtensionError: A step of the user's did not return a usable image.
    """
    found = _positions(image, decision, options, well_origin)
    tiles = found.tiles
    placement, notices = _place(image, found, decision, options)
    t, z, y, x = extents(tiles, placement)[0].tolist()
    _, present = find_channels(tiles)
    channels = number_channels(image.image, present.tolist(), decision.channels)
    own = (t, len(channels), z, y, x)
    check_planes(image, tiles, placement)
    check_axes(image.image, decision.axes, own)
    shape, canvas_notices = _canvas(image.image, own, decision)
    levels, level_notices = _levels(image.image, shape, decision.levels)
    numbers = number_tiles(tiles, placement, channels)
    details = image.acquisition
    spacing = (details.z_spacing, details.pixelsize, details.pixelsize)
    registered = RegisteredImage(
        collection=image.collection,
        acquisition_id=image.acquisition_id,
        name=_name(image, decision),
        axes=decision.axes,
        shape=shape,
        tile_shape=(int(tiles.len_y[0]), int(tiles.len_x[0])),
        dtype=dtype,
        levels=levels,
        resource=image.resource,
        loader=image.loader,
        boxes=make_boxes(image, numbers),
        fovs=fields_of_view(image, tiles, placement),
        channels=tuple((details.channels or ())[channel] for channel in channels),
        pixel_size=(details.t_spacing, *spacing),
        translation=_translation(image, found, decision),
        planes=make_planes(image, numbers),
        conditions=image.conditions,
        findings=(
            *alignment_notices(image.image, found),
            *notices,
            *canvas_notices,
            *level_notices,
        ),
    )
    return apply_steps(registered, steps)
