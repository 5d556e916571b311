"""One image from stage positions to integer pixel boxes."""

from collections.abc import Sequence

from tiles2zarr.config.registration import (
    Registration,
    RegistrationStep,
    TilingMode,
)
from tiles2zarr.errors import RegistrationError
from tiles2zarr.geometry import Shape, level_count, union_shape
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.models.decisions import AcquisitionDecision, NoTiling
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.image import RegisteredImage, TiledImage
from tiles2zarr.registration.boxes import fields_of_view, make_boxes, number_tiles
from tiles2zarr.registration.channels import (
    find_channels,
    number_channels,
    unknown_channels,
)
from tiles2zarr.registration.checks import (
    check_axes,
    check_canvas,
    check_overlaid,
)
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
from tiles2zarr.registration.wells import well_of, well_origins


def register_image(
    image: TiledImage,
    decision: AcquisitionDecision,
    options: Registration,
    *,
    dtype: str,
    well_origin: tuple[float, float] | None = None,
    steps: Sequence[RegistrationStep] = (),
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
    check_axes(image.image, decision.axes, own)
    shape, canvas_notices = _canvas(image.image, own, decision)
    levels, level_notices = _levels(image.image, shape, decision.levels)
    numbers = number_tiles(tiles, placement, channels)
    check_overlaid(image, tiles, numbers)
    check_canvas(image, tiles, numbers)
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
        fovs=fields_of_view(image, tiles, numbers, placement),
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


def _positions(
    image: TiledImage,
    decision: AcquisitionDecision,
    options: Registration,
    well_origin: tuple[float, float] | None,
) -> Positions:
    """Return aligned tiles without offsets.

    Raises:
        RegistrationError: A position is not usable, or a channel not listed.
    """
    if well_origin is None:
        origins = well_origins([image], align_xy=options.align_xy)
    else:
        origins = {well_of(image): well_origin}
    no_tiling = isinstance(decision.tiling, NoTiling)
    found = find_positions([image], options, origins, no_tiling=no_tiling)
    owner, channel = find_channels(found.tiles)
    faults = {**unknown_channels([image], owner, channel), **found.faults}
    if faults:
        raise RegistrationError(f"image {image.image}: {faults[0]}")
    return found


def _place(
    image: TiledImage,
    found: Positions,
    decision: AcquisitionDecision,
    options: Registration,
) -> tuple[Placement, list[Finding]]:
    """Return where the tiles go; under auto an image that does not fit stays in place.

    Raises:
        RegistrationError: The tiling that was asked for does not suit the image, or a
            tile would lie before 0.
    """
    placement = place(found.tiles, decision.tiling, found.anchored)
    notices = tiling_notices(image.image, found, placement, decision)
    if placement.faults:
        why = placement.faults[0]
        if options.tiling_mode is not TilingMode.AUTO:
            raise RegistrationError(
                f"image {image.image} cannot be tiled by {decision.tiling.kind}: "
                f"{why}. Correct the positions, raise tiling_tolerance, or set "
                "registration.tiling_mode: auto or inplace."
            )
        notices = [_unlike_the_others(image.image, decision, why)]
    negative = negative_starts(found.tiles, placement, found.anchored)
    if negative:
        raise RegistrationError(f"image {image.image}: {negative[0]}")
    return placement, notices


def _unlike_the_others(image: str, decision: AcquisitionDecision, why: str) -> Finding:
    message = (
        f"The acquisition was placed by {decision.tiling.kind}, but this image does "
        f"not fit: {why}. Its tiles stay where the stage was; set "
        "registration.redecide: true to decide anew for all images."
    )
    return Finding(code="tiling_changed", message=message, images=(image,))


def _canvas(
    image: str, own: Shape, decision: AcquisitionDecision
) -> tuple[Shape, list[Finding]]:
    """Return the image's shape: its own, or with ``plate.uniform`` that of all."""
    if decision.canvas is None:
        return own, []
    shape = union_shape([own, decision.canvas])
    if shape == decision.canvas:
        return shape, []
    message = (
        f"The image is larger than the canvas {decision.canvas} decided for all images "
        "(t, c, z, y, x) and keeps its own size, so the plate is not uniform. Set "
        "registration.redecide: true to decide anew."
    )
    return shape, [Finding(code="canvas_exceeded", message=message, images=(image,))]


def _levels(image: str, shape: Shape, decided: int) -> tuple[int, list[Finding]]:
    possible = level_count(shape[3], shape[4], decided)
    if possible == decided:
        return decided, []
    message = (
        f"The image of {shape[3]} x {shape[4]} px has {possible} pyramid levels, the "
        f"others of its acquisition {decided}."
    )
    return possible, [Finding(code="fewer_levels", message=message, images=(image,))]


def _name(image: TiledImage, decision: AcquisitionDecision) -> str:
    """Return the name viewers show: plate, well and acquisition, or the path's end."""
    place = image.collection
    if isinstance(place, ImageInPlate):
        parts = [place.plate_name, place.well, str(place.acquisition)]
    else:
        parts = [place.image_path.rpartition("/")[2]]
    if isinstance(decision.tiling, NoTiling):
        parts.append(image.tiles.fov[0])
    return " ".join(parts)


def _translation(
    image: TiledImage, found: Positions, decision: AcquisitionDecision
) -> tuple[float, float, float] | None:
    """Return the position of a field that is an image of its own, micrometer."""
    if not isinstance(decision.tiling, NoTiling):
        return None
    stage = found.stage
    z = float(stage.z.min()) * image.acquisition.z_spacing
    return z, float(stage.y_um.min()), float(stage.x_um.min())
