"""A plan made on the side: the first step of a run, in a state that goes again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiles2zarr.commands.plates import Plate
from tiles2zarr.config.slices import parse_options
from tiles2zarr.state import State
from tiles2zarr.steps.named_functions import check_functions
from tiles2zarr.steps.parse_tiles import parse_tiles


@contextmanager
def planned(plate: Plate) -> Iterator[State]:
    """Give a state with the plan of a plate; the plate's own is not touched.

    Decisions of earlier runs are kept, as a run would.

    Raises:
        Tiles2ZarrError: The input cannot be read, or a function cannot be imported.
    """
    check_functions(plate.config)
    with tempfile.TemporaryDirectory(prefix="tiles2zarr-") as folder:
        state = State(Path(folder))
        if plate.state.decisions.is_file():
            shutil.copy(plate.state.decisions, state.decisions)
        parse_tiles(state, parse_options(plate.config))
        yield state
