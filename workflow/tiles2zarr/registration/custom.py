"""Registration steps of the user's own."""

from collections.abc import Sequence

from tiles2zarr.config.registration import RegistrationStep
from tiles2zarr.errors import ExtensionError
from tiles2zarr.extension import call_function, load_function
from tiles2zarr.models.acquisition import AXES
from tiles2zarr.models.image import RegisteredImage


def apply_steps(
    image: RegisteredImage, steps: Sequence[RegistrationStep]
) -> RegisteredImage:
    """Return what the user's steps make of an image, one after the other.

    A step is called as ``function(image, options)`` and returns a `RegisteredImage`
    (``image.replace(...)``) whose boxes lie inside its shape.

    Raises:
        ExtensionError: A step cannot be imported, fails, or returns anything else.
    """
    for step in steps:
        function = load_function(step.function)
        returned = call_function(step.function, function, image, dict(step.options))
        image = _checked(returned, image, step.function)
    return image


def _checked(returned: object, before: RegisteredImage, name: str) -> RegisteredImage:
    if not isinstance(returned, RegisteredImage):
        raise ExtensionError(
            f"Registration step {name!r} returned {type(returned).__name__}, expected "
            "a RegisteredImage. Return image.replace(...)."
        )
    if returned.collection != before.collection:
        raise ExtensionError(
            f"Registration step {name!r} moved image {before.image} to "
            f"{returned.image}. A step may not change where an image goes."
        )
    _check_form(returned, name)
    boxes = returned.boxes
    for axis, extent in zip(AXES, returned.shape, strict=True):
        starts, lengths = getattr(boxes, axis), getattr(boxes, f"len_{axis}")
        for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            if start < 0 or length < 1 or start + length > extent:
                raise ExtensionError(
                    f"Registration step {name!r} put {boxes.file[row]} at {axis} "
                    f"{start} to {start + length} of image {before.image}, outside of "
                    f"0 to {extent}. Change the shape with the boxes."
                )
    return returned


def _check_form(returned: RegisteredImage, name: str) -> None:
    """Check what the writer takes for granted: levels, channels, axes.

    Raises:
        ExtensionError: The shape does not go with them.
    """
    rows, columns = returned.shape[3:]
    most = min(rows, columns).bit_length()
    if min(rows, columns) < 1 or returned.levels > most:
        raise ExtensionError(
            f"Registration step {name!r} made image {returned.image} {rows} x "
            f"{columns} pixels, too small for its {returned.levels} pyramid levels "
            f"(at most {most}). Return image.replace(shape=..., levels={most})."
        )
    if returned.shape[1] != len(returned.channels):
        raise ExtensionError(
            f"Registration step {name!r} gave image {returned.image} "
            f"{returned.shape[1]} channels in shape, {len(returned.channels)} in "
            "channels. Change both."
        )
    lost = [
        axis
        for axis, length in zip(AXES, returned.shape, strict=True)
        if axis not in returned.axes and length > 1
    ]
    if lost:
        raise ExtensionError(
            f"Registration step {name!r} gave image {returned.image} the axes "
            f"{returned.axes}, but its shape has more than one entry along "
            f"{', '.join(lost)}. Keep the axes."
        )
