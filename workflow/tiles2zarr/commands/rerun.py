"""What is missing of a run is made in this process, without writing pixels."""

from collections.abc import Mapping, Set

from tiles2zarr.checkpoints import read_json, read_json_if_there
from tiles2zarr.commands.plates import Plate
from tiles2zarr.config.options.parse import ParseOptions
from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.config.options.report import ReportOptions
from tiles2zarr.config.options.tables import TablesOptions
from tiles2zarr.config.options.write import WriteOptions
from tiles2zarr.models.plan import BatchOutcome, Plan
from tiles2zarr.state import State
from tiles2zarr.steps.build_tables import build_tables
from tiles2zarr.steps.complete import complete, take_back
from tiles2zarr.steps.named_functions import check_functions
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.register import register
from tiles2zarr.steps.report import report
from tiles2zarr.steps.sweep import batch_digest, index_digest, step_options
from tiles2zarr.steps.write_zarr import write_zarr


class Rerun:
    """The steps of one plate, in the order and with the options of their jobs.

    A step runs if an output of it is missing or a step before it ran. As Snakemake
    does, its output is removed first: made anew it is younger than what it is made
    from, and Snakemake, which goes by that where it has no records, has nothing to do.
    """

    def __init__(self, plate: Plate) -> None:
        """Run nothing yet."""
        self._plate = plate
        self._state = plate.state
        self._config = plate.config
        self._ran: set[str] = set()

    def plan(self) -> Plan:
        """Return the plan, every image of it registered as far as that goes.

        Raises:
            Tiles2ZarrError: The input cannot be read, or a function cannot be imported.
        """
        check_functions(self._config)
        state, config = self._state, self._config
        anew = not _is_planned(state)
        if anew:
            index = index_digest(config, state)
            state.plan.unlink(missing_ok=True)
            options = ParseOptions.model_validate(step_options("parse", config))
            parse_tiles(state, options, index)
        plan = read_json(state.plan, Plan)
        for batch in plan.batches:
            images = _images(plan, batch)
            done = state.done("register", batch)
            there = all(state.registered(image).is_file() for image in images)
            if anew or not done.is_file() or not there:
                self._register(batch)
        return plan

    def _register(self, batch: str) -> None:
        done = self._state.done("register", batch)
        done.unlink(missing_ok=True)
        options = RegisterOptions.model_validate(step_options("register", self._config))
        register(self._state.batch(batch), done, self._state, options)
        self._ran.add(batch)

    def faults(self, batch: str) -> dict[str, str]:
        """Return why images of a batch could not be registered, by image."""
        outcome = read_json(self._state.done("register", batch), BatchOutcome)
        return {i: str(o.error) for i, o in outcome.images.items() if o.error}

    def finish(
        self, plan: Plan, taken: Set[str], refused: Mapping[str, str]
    ) -> dict[str, str]:
        """Run what is left; return the images that a run would write, and why.

        Their batches are taken back and left to the next run, and with them all that
        is made of the whole plate.

        Args:
            plan: The plan.
            taken: Images whose receipts were made anew.
            refused: Images that have no receipt, and why.

        Raises:
            Tiles2ZarrError: State cannot be read, or the output cannot be written.
        """
        left = dict(refused)
        for batch in plan.batches:
            images = set(_images(plan, batch))
            done = self._state.done("write_zarr", batch)
            if images & refused.keys():
                take_back(self._state, batch)
            elif batch in self._ran or not done.is_file() or images & taken:
                left |= self._write(batch)
        if not left:
            self._finish_plate()
        return left

    def _write(self, batch: str) -> dict[str, str]:
        registered = self._state.done("register", batch)
        done = self._state.done("write_zarr", batch)
        done.unlink(missing_ok=True)
        options = WriteOptions.model_validate(step_options("write", self._config))
        sources = batch_digest(self._config, self._state, batch)
        outcome = write_zarr(
            registered, done, self._state, options, 1, sources, only_standing=True
        )
        self._ran.add(batch)
        left = {
            image: str(found.error)
            for image, found in outcome.images.items()
            if found.status != "done"
        }
        if left:
            take_back(self._state, batch)
        return left

    def _finish_plate(self) -> None:
        state, config = self._state, self._config
        due = bool(self._ran) or not state.plate.is_file()
        if due:
            state.plate.unlink(missing_ok=True)
            tables = TablesOptions.model_validate(step_options("tables", config))
            build_tables(state, tables, config)
        if config.report.enabled:
            outputs = (state.page, state.contact_sheet, state.figures)
            due = due or not all(path.is_file() for path in outputs)
            if due:
                for path in outputs:
                    path.unlink(missing_ok=True)
                drawn = ReportOptions.model_validate(step_options("report", config))
                report(*outputs, state, drawn)
        if due or not state.complete.is_file():
            state.complete.unlink(missing_ok=True)
            complete(state.complete, state)


def _is_planned(state: State) -> bool:
    """Say whether the plan and all that parse_tiles makes beside it are there."""
    plan = read_json_if_there(state.plan, Plan)
    return (
        plan is not None
        and all(state.tiles(image).is_file() for image in plan.images)
        and all(state.batch(batch).is_file() for batch in plan.batches)
    )


def _images(plan: Plan, batch: str) -> list[str]:
    return [image for image, entry in plan.images.items() if entry.batch == batch]
