"""Steps of pipelines: a name, and what is passed on to its function."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypedDict

from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.registry import REGISTRATION, VALIDATORS
from tiles2zarr.errors import ExtensionError
from tiles2zarr.extension import call_function


class RegistrationStep(TypedDict):
    """One step of a registration pipeline."""

    name: str
    params: Mapping[str, object]


class ValidatorStep(TypedDict):
    """One check of images."""

    name: str
    params: Mapping[str, object]


def run_registration_func(image: TiledImage, step: RegistrationStep) -> TiledImage:
    """Return what an added registration function makes of an image.

    Raises:
        ExtensionError: It is not known, fails, or returns anything but an image.
    """
    name, function = step["name"], REGISTRATION.get(step["name"])
    params = dict(step.get("params", {}))
    returned = call_function(name, partial(function, **params), image)
    if not isinstance(returned, TiledImage):
        raise ExtensionError(
            f"Registration function {name!r} returned {type(returned).__name__}, "
            "expected a TiledImage. Return image.replace(...)."
        )
    return returned


def apply_validator_pipeline(
    images: Sequence[TiledImage], validators_config: Sequence[ValidatorStep]
) -> list[TiledImage]:
    """Return the images after every check let them pass.

    Raises:
        ExtensionError: A check is not known, or refuses an image.
    """
    for step in validators_config:
        name, function = step["name"], VALIDATORS.get(step["name"])
        params = dict(step.get("params", {}))
        for image in images:
            call_function(name, partial(function, **params), image)
    return list(images)
