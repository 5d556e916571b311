"""``tiles2zarr check``: what can be known to be wrong before anything runs."""

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tiles2zarr.commands.following import next_look
from tiles2zarr.commands.plates import Plate, load_plates
from tiles2zarr.commands.telling import Told, tell
from tiles2zarr.conditions import read_conditions
from tiles2zarr.config.acquisition import Acquisition
from tiles2zarr.config.root import Config
from tiles2zarr.config.slices import write_options
from tiles2zarr.errors import (
    ConfigError,
    FaultsError,
    ParserError,
    StoreError,
    TableError,
    Tiles2ZarrError,
)
from tiles2zarr.models.collection import ImageInPlate
from tiles2zarr.parsers.directory import list_directory
from tiles2zarr.parsers.formats import parse_acquisition
from tiles2zarr.parsers.peek import detect
from tiles2zarr.steps.named_functions import check_functions
from tiles2zarr.steps.output import check_owner, read_owner

SMALL_BYTES = 20_000_000
"""Tile tables up to this size are read: about 200,000 rows."""
_ALIKE = {"cq3k": "cellvoyager"}
"""Formats that are recognised as another one."""


def run(choice: argparse.Namespace) -> int:
    """Print a line per plate that could run.

    Raises:
        ConfigError: Something is wrong; all faults of all plates at once.
    """
    plates = load_plates(choice.configfile, choice.plate)
    faults: list[str] = []
    fine: list[Told] = []
    for plate in plates:
        found = list(find_faults(plate))
        of_plate = f"{plate.name}: " if len(plates) > 1 else ""
        faults += [of_plate + fault for fault in found]
        if not found:
            fine.append(_told(plate))
    if faults:
        if not choice.json:
            tell(choice, fine, apart=False)
        # several plates share folders and functions: each fault is told once
        raise ConfigError(f"config {choice.configfile}", dict.fromkeys(faults))
    code = tell(choice, fine, apart=False)
    if not choice.json:
        print(next_look("plan", choice))
    return code


def _told(plate: Plate) -> Told:
    config = plate.config
    inputs = [
        {"path": path, "format": acquisition.format}
        for acquisition in config.acquisitions
        for path in acquisition.path
    ]
    facts = {"name": plate.name, "input": inputs, "output": config.output}
    return Told((f"{plate.name}: ok; {_summary(config)}",), facts)


def find_faults(plate: Plate) -> Iterator[str]:
    """Yield what is wrong with functions, input, conditions and output of a plate.

    Each is a line that begins with its place in the config. Looks at names and small
    tables only, so it takes seconds for any plate.
    """
    config = plate.config
    try:
        check_functions(config)
    except ConfigError as error:
        yield from error.faults
    for index, acquisition in enumerate(config.acquisitions):
        place = f"acquisitions[{index}]"
        for path in acquisition.path:
            yield from _input_faults(f"{place}.path", path, acquisition)
        yield from _table_faults(f"{place}.conditions", acquisition.conditions, config)
        yield from _position_faults(place, acquisition)
    if config.plate is not None:
        yield from _table_faults("plate.conditions", config.plate.conditions, config)
    yield from _output_faults(plate)


def _input_faults(place: str, path: str, acquisition: Acquisition) -> Iterator[str]:
    storage = acquisition.storage_options
    try:
        if ":" in acquisition.format:
            return
        list_directory(path, storage)
        if acquisition.format == "pattern":
            return
        wanted = acquisition.format
        found = wanted if wanted == "tile_table" else detect(path, storage)
        if found == "tile_table" and _is_small(path):
            parse_acquisition(path, found, {}, storage)
    except TableError as error:
        yield from (f"{place}: {path}: {line}" for line in error.faults)
        return
    except ParserError as error:
        yield f"{place}: {error}"
        return
    if wanted not in ("auto", found) and _ALIKE.get(wanted) != found:
        yield (
            f"{place}: {path} is of format {found} by its files, the config says "
            f"{wanted}. Correct format, or leave it out."
        )


def _is_small(path: str) -> bool:
    """Say whether a table is local and read in a second or two."""
    return os.path.isfile(path) and os.path.getsize(path) <= SMALL_BYTES


def _table_faults(place: str, path: str | None, config: Config) -> Iterator[str]:
    """Yield the faults of a condition table, which is small enough to be read."""
    if path is None:
        return
    storage: Mapping[str, object] = config.acquisitions[0].storage_options
    try:
        read_conditions(path, storage)
    except FaultsError as error:
        yield from (f"{place}: {path}: {line}" for line in error.faults)
    except Tiles2ZarrError as error:
        yield f"{place}: {error}"


def _position_faults(place: str, acquisition: Acquisition) -> Iterator[str]:
    path = acquisition.options.positions
    if path is not None and "://" not in path and not Path(path).is_file():
        yield f"{place}.options.positions: {path} is not there. Correct the path."


def _output_faults(plate: Plate) -> Iterator[str]:
    output = plate.output
    if "://" in output and not output.startswith("file://"):
        faults = list(_protocol_faults(output))
        yield from faults
        if faults:
            return
    else:
        yield from _folder_faults("output", Path(output.removeprefix("file://")))
    yield from _folder_faults(str(plate.state.root), plate.state.root)
    try:
        place = ImageInPlate(plate_name=plate.name, row="A", column=1)
        check_owner(write_options(plate.config), place, _owner(plate))
    except StoreError as error:
        yield f"output: {error}"


def _owner(plate: Plate) -> str:
    """Return who we are; nobody before the first run, so any plate is another's."""
    return read_owner(plate.state) if plate.state.owner.is_file() else "nobody"


def _protocol_faults(output: str) -> Iterator[str]:
    """Yield why no file system can be had for a URL; the network is not asked."""
    from tiles2zarr.filesystems import output_fault  # only URLs need it

    fault = output_fault(output)
    if fault is not None:
        yield f"output: {output} {fault}."


def _folder_faults(place: str, folder: Path) -> Iterator[str]:
    """Yield why a folder could not be made or written into."""
    nearest = folder.absolute()
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        yield f"{place}: {nearest} is in the way: it is not a folder. Choose another."
    elif not os.access(nearest, os.W_OK | os.X_OK):
        yield (
            f"{place}: {nearest} cannot be written by this user. Get write permission "
            "there or choose another folder."
        )


def _summary(config: Config) -> str:
    inputs = [
        f"{path} ({acquisition.format})"
        for acquisition in config.acquisitions
        for path in acquisition.path
    ]
    shown = ", ".join(inputs[:3]) + (f" and {len(inputs) - 3} more" * (len(inputs) > 3))
    return f"input {shown}, output {config.output}"
