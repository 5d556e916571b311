"""Compute: one image of a plan is written, and the plate brought up to date."""

from typing import Literal

from pydantic import Field

from tiles2zarr.checkpoints import read_json, read_json_if_there
from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.config.writing import OverwriteMode
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.fractal.image_list import ImageListUpdateDict, image_list_update
from tiles2zarr.fractal.runs import (
    ConvertImageInitArgs,
    Run,
    RunState,
    open_run,
    plate_lock,
)
from tiles2zarr.models.base import Frozen
from tiles2zarr.models.image import RegisteredImage
from tiles2zarr.models.plan import Outcome
from tiles2zarr.models.receipt import Receipt
from tiles2zarr.steps.add_image import add_image
from tiles2zarr.steps.batching import single_name
from tiles2zarr.steps.build_tables import build_tables
from tiles2zarr.steps.register import register
from tiles2zarr.steps.sweep import step_options
from tiles2zarr.steps.write_zarr import write_zarr
from tiles2zarr.stores.lock import hold


class _Tabled(Frozen):
    """``plate.json``: the images whose tables stand, as build_tables leaves it."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    images: dict[str, str]
    """Image id to the digest of its receipt."""
    plates: tuple[str, ...]
    """Names of the plates."""


def compute_image(zarr_url: str, args: ConvertImageInitArgs) -> ImageListUpdateDict:
    """Write one image of a plan and list it in its plate; return Fractal's update.

    May be called again whenever: after a failure it does what is missing, after a
    success it looks and touches nothing. As no task comes after the last image, each
    call lists its image in the plate, and the one that finds all others through does
    what the rule build_tables does: windows over the plate, tables, findings.

    Args:
        zarr_url: Where the image is.
        args: What the init task returned for the image.

    Raises:
        Tiles2ZarrError: The image cannot be written; nothing of an older one is lost.
    """
    state = open_run(args.run)
    batch = single_name(args.image)
    if not state.batch(batch).is_file():
        raise Tiles2ZarrError(
            f"{args.image} is not in the plan of {args.run}. Run the init task again."
        )
    run = read_json(state.run, Run)
    outcome = _write(args.image, batch, run, state)
    _update_plate(args.image, outcome, run, state)
    if outcome.status != "done":
        place = f"{args.image}: "
        raise Tiles2ZarrError(place + str(outcome.error).removeprefix(place))
    image = read_json(state.registered(args.image), RegisteredImage)
    receipt = read_json(state.written(args.image), Receipt)
    return image_list_update(
        zarr_url, image.axes, receipt, image.collection, image.conditions
    )


def _write(image: str, batch: str, run: Run, state: RunState) -> Outcome:
    registered, written = state.done("register", batch), state.done("write_zarr", batch)
    options = RegisterOptions.model_validate(step_options("register", run.config))
    register(state.batch(batch), registered, state, options)
    options_of_write = WriteOptions.model_validate(step_options("write", run.config))
    outcome = write_zarr(registered, written, state, options_of_write, run.threads)
    return outcome.images[image]


def _update_plate(image: str, outcome: Outcome, run: Run, state: RunState) -> None:
    options = TablesOptions.model_validate(step_options("tables", run.config))
    if options.overwrite_mode != "overwrite":
        # other runs may have put images into the plate
        options = options.replace(overwrite_mode=OverwriteMode.EXTEND)
    with hold(plate_lock(state)):
        if _stands(image, outcome, state):
            return
        if state.all_ran():
            build_tables(state, options, run.config)
            return
        # what build_tables made is out of date: the task that ends last makes it anew
        state.plate.unlink(missing_ok=True)
        if outcome.status == "done":
            add_image(image, state, options)


def _stands(image: str, outcome: Outcome, state: RunState) -> bool:
    """Say whether tables and plate were made of this very image."""
    known = read_json_if_there(state.plate, _Tabled)
    return known is not None and known.images.get(image) == outcome.digest
