"""Registration of images that Python users hold."""

import logging
from collections.abc import Sequence
from typing import Literal

from tiles2zarr.api.image import TiledImage
from tiles2zarr.api.internal import from_registered, to_workflow
from tiles2zarr.api.options import AlignmentCorrections, make_registration
from tiles2zarr.api.steps import RegistrationStep, run_registration_func
from tiles2zarr.checkpoints import digest
from tiles2zarr.config.registration import Registration, TilingMode
from tiles2zarr.errors import RegistrationError
from tiles2zarr.models.decisions import NoTiling
from tiles2zarr.models.finding import Finding
from tiles2zarr.registration import decide, register_image

LOG = logging.getLogger("tiles2zarr")
REGISTER = "register"
"""Name of the built-in step."""
MOST_LEVELS = 32
"""Levels of an image that comes without a decision; writing cuts them down."""


def build_default_registration_pipeline(
    alignment_corrections: AlignmentCorrections | None = None,
    tiling_mode: TilingMode | str = TilingMode.AUTO,
    tiling_tolerance: float | Literal["auto"] = "auto",
    max_gap: float = 0.1,
) -> list[RegistrationStep]:
    """Return the built-in pipeline: one step that does all the config could ask for.

    Args:
        alignment_corrections: What is corrected before tiling.
        tiling_mode: How fields of view are placed; documented labels are taken, too.
        tiling_tolerance: Width of a line of tiles and slack of a step, pixel.
        max_gap: Widest gap that auto closes, fraction of the tile's length.
    """
    options = make_registration(
        alignment_corrections or AlignmentCorrections(),
        TilingMode(tiling_mode),
        tiling_tolerance,
        max_gap,
    )
    return [{"name": REGISTER, "params": options.model_dump(mode="json")}]


def apply_registration_pipeline(
    tiled_image: TiledImage, pipeline_config: Sequence[RegistrationStep]
) -> TiledImage:
    """Return the image with its slices on whole pixels, by the steps in their order.

    Added functions may stand before and after the built-in step.

    Raises:
        RegistrationError: The slices cannot be placed.
        ExtensionError: A step is not known, fails, or returns anything but an image.
    """
    image = tiled_image
    for step in pipeline_config:
        if step["name"] == REGISTER:
            image = register(image, Registration.model_validate(dict(step["params"])))
        else:
            image = run_registration_func(image, step)
    return image.replace(registered=True)


def register(image: TiledImage, options: Registration) -> TiledImage:
    """Return the image as registration places it.

    What was decided with the whole acquisition in sight is applied; an image that comes
    without a decision, or with other options, is decided by itself.

    Raises:
        RegistrationError: The slices cannot be placed.
    """
    if image.fault is not None:
        raise RegistrationError(image.fault)
    known = image.decision
    if known is not None and isinstance(known.tiling, NoTiling):
        options = options.replace(tiling_mode=TilingMode.NO_TILING)
    elif options.tiling_mode is TilingMode.NO_TILING and len(image.group_by_fov()) > 1:
        raise RegistrationError(
            f"{image.path} has {len(image.group_by_fov())} fields of view, No Tiling "
            "makes an image of each. Aggregate the tiles with the same options."
        )
    tiled = to_workflow(image)
    if known is None or known.requested != requested(options):
        levels = known.levels if known else MOST_LEVELS
        known, findings = decide(
            [tiled],
            options,
            num_levels=levels,
            uniform=False,
            requested=requested(options),
        )
        log_findings(findings)
    registered = register_image(
        tiled,
        known,
        options,
        dtype=image.data_type or "uint16",
        well_origin=image.well_origin if options.offsets.xy == "well" else None,
    )
    log_findings(registered.findings)
    return from_registered(image, registered, known)


def requested(options: Registration) -> str:
    """Return the digest of what a decision depends on."""
    return digest(options)


def log_findings(findings: Sequence[Finding]) -> None:
    """Say what was noticed."""
    for finding in findings:
        LOG.warning("%s: %s", finding.code, finding.message)
