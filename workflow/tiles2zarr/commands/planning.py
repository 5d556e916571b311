"""A plan made on the side: the first steps of a run, in a state that goes again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiles2zarr.checkpoints import read_json
from tiles2zarr.commands.plates import Plate
from tiles2zarr.config.slices import parse_options, register_options
from tiles2zarr.models.plan import Plan
from tiles2zarr.state import State
from tiles2zarr.steps.named_functions import check_functions
from tiles2zarr.steps.parse_tiles import parse_tiles
from tiles2zarr.steps.register import register


@contextmanager
def planned(plate: Plate, *, boxes: bool = False) -> Iterator[State]:
    """Give a state with the plan of a plate; the plate's own is not touched.

    Decisions of earlier runs are kept, as a run would.

    Args:
        plate: The plate.
        boxes: Register all images too, which reads the header of every file.

    Raises:
        Tiles2ZarrError: The input cannot be read, or a function cannot be imported.
    """
    check_functions(plate.config)
    with tempfile.TemporaryDirectory(prefix="tiles2zarr-") as folder:
        state = State(Path(folder))
        if plate.state.decisions.is_file():
            shutil.copy(plate.state.decisions, state.decisions)
        parse_tiles(state, parse_options(plate.config))
        if boxes:
            options = register_options(plate.config)
            for batch in read_json(state.plan, Plan).batches:
                done = state.done("register", batch)
                register(state.batch(batch), done, state, options)
        yield state
