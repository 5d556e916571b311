"""Init: the collection is planned and laid out; a list of images to compute is made."""

from collections.abc import Mapping
from typing import TypedDict

from tiles2zarr.api.urls import join_url_paths
from tiles2zarr.api.writing import claim
from tiles2zarr.checkpoints import read_json, read_json_if_there, write_json
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.config.root import Config
from tiles2zarr.config.slices import write_options
from tiles2zarr.config.writing import OverwriteMode
from tiles2zarr.errors import TableError
from tiles2zarr.fractal.runs import (
    SINGLE_IMAGES,
    ConvertImageInitArgs,
    Run,
    RunState,
    plate_lock,
    run_state,
)
from tiles2zarr.models.decisions import Decisions
from tiles2zarr.models.image import TiledImage
from tiles2zarr.models.plan import Plan
from tiles2zarr.state import State
from tiles2zarr.steps.build_tables import lay_out_plates
from tiles2zarr.steps.output import check_owner, open_store, plate_owner
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.sweep import step_options
from tiles2zarr.stores.lock import hold


class ComputeCall(TypedDict):
    """The arguments of one compute task."""

    zarr_url: str
    init_args: dict[str, str]


class InitResult(TypedDict):
    """What an init task returns."""

    parallelization_list: list[ComputeCall]


def plan_images(
    zarr_dir: str, configs: Mapping[str, Config], threads: int
) -> InitResult:
    """Plan plates, lay them out, and return one compute task's arguments per image.

    May be called again whenever, also beside other calls: the same config has the same
    plan, and images that stand stay listed.

    Args:
        zarr_dir: Output folder.
        configs: The config of each plate, or set of single images, by its name.
        threads: Chunks of an image worked on at the same time.

    Raises:
        Tiles2ZarrError: The input cannot be read, or something foreign is in the way.
    """
    calls: list[ComputeCall] = []
    for name, config in configs.items():
        state = run_state(zarr_dir, name, config)
        with hold(plate_lock(state)):
            plan = _plan(name, config, state, threads)
        for image, entry in plan.images.items():
            args = ConvertImageInitArgs(run=str(state.folder), image=image)
            calls.append(
                {
                    "zarr_url": join_url_paths(zarr_dir, entry.path),
                    "init_args": args.model_dump(mode="json"),
                }
            )
    return {"parallelization_list": calls}


def _plan(name: str, config: Config, state: RunState, threads: int) -> Plan:
    owner = claim(state)
    write_json(state.run, Run(config=config, threads=threads))
    shared = State(state.root).decisions
    known = read_json_if_there(shared, Decisions)
    if known is not None:
        write_json(state.decisions, known)
    options = ParseOptions.model_validate(step_options("parse", config))
    plan = parse_tiles(state, options)
    for batch in plan.batches:
        # all compute tasks will run: the one that ends last finishes the plate, and
        # not each that finds the others through from an earlier time
        state.done("write_zarr", batch).unlink(missing_ok=True)
    _check_kind(name, plan)
    _keep_decisions(known, state)
    first = read_json(state.tiles(next(iter(plan.images))), TiledImage)
    check_owner(write_options(config), first.collection, owner)
    lay_out_plates(state, _layout_options(config, plan, owner))
    return plan


def _check_kind(name: str, plan: Plan) -> None:
    if name == SINGLE_IMAGES and plan.kind == "plate":
        raise TableError(
            "acquisitions",
            [
                "the tiles lie in wells and make a plate, not single images. Use the "
                "task for plates, or give a table with the column 'image_path'."
            ],
        )


def _keep_decisions(known: Decisions | None, state: RunState) -> None:
    """Keep what was decided for the runs that follow, of all acquisitions."""
    made = read_json(state.decisions, Decisions)
    if known is not None:
        made = made.replace(acquisitions=known.acquisitions | made.acquisitions)
    write_json(State(state.root).decisions, made)


def _layout_options(config: Config, plan: Plan, owner: str) -> TablesOptions:
    """Return options that leave listed what stands, unless it will be replaced."""
    options = TablesOptions.model_validate(step_options("tables", config))
    plates = {
        entry.path.partition(".zarr/")[0]
        for entry in plan.images.values()
        if entry.well
    }
    store = open_store(options.output, options.output_storage_options)
    owners = {plate_owner(store, f"{plate}.zarr") for plate in plates}
    if options.overwrite_mode == "overwrite" and not owners <= {None, owner}:
        return options
    return options.replace(overwrite_mode=OverwriteMode.EXTEND)
