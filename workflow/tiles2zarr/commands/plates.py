"""The plates of a config file, as the commands look at them."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tiles2zarr.checkpoints import read_json
from tiles2zarr.config.load import load_configs, read_config
from tiles2zarr.config.root import Config
from tiles2zarr.errors import Tiles2ZarrError
from tiles2zarr.models.plan import Plan
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.state import State


@dataclass(frozen=True)
class Plate:
    """One plate, or set of single images, of a config file."""

    name: str
    config: Config
    state: State

    @property
    def output(self) -> str:
        """Folder or URL of the OME-Zarr."""
        return self.config.output

    @property
    def storage(self) -> Mapping[str, object]:
        """Options of the output's file system."""
        return self.config.output_storage_options


def load_plates(configfile: str, only: str | None = None) -> tuple[Plate, ...]:
    """Return the plates of a config file, in its order.

    Args:
        configfile: Path of the YAML file.
        only: Name of the one plate that is wanted.

    Raises:
        ConfigError: Anything wrong in the file, all faults at once.
        ArgumentError: There is no plate of that name.
    """
    raw = read_config(configfile)
    configs = load_configs(raw, plate_name, f"config {configfile}")
    if only is not None and only not in configs:
        known = ", ".join(configs)
        raise argparse.ArgumentError(
            None, f"argument --plate: no plate {only!r} in {configfile}, it has {known}"
        )
    results = _results(raw)
    return tuple(
        Plate(name, config, State(results / name))
        for name, config in configs.items()
        if only in (None, name)
    )


def read_plan(plate: Plate) -> Plan:
    """Return the plan that a run left.

    Raises:
        Tiles2ZarrError: There is none yet, or it cannot be read.
    """
    if not plate.state.plan.exists():
        raise Tiles2ZarrError(
            f"{plate.name}: not begun, there is no {plate.state.plan}. Run the "
            "workflow first, or name the folder it ran in with -d. If the results "
            "folder was lost: tiles2zarr verify --adopt."
        )
    return read_json(plate.state.plan, Plan)


def _results(raw: Mapping[str, object]) -> Path:
    """Return the folder of all state, where Snakemake's ``pathvars`` put it."""
    variables = raw.get("pathvars")
    chosen = variables.get("results") if isinstance(variables, Mapping) else None
    return Path(chosen if isinstance(chosen, str) else "results")


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 image``, ``2 images``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(octets: float) -> str:
    """Return bytes for people: ``512 bytes``, ``1.2 MB``, ``768 MB``."""
    if octets < 1000:
        return count(int(octets), "byte")
    units = ("kB", "MB", "GB", "TB", "PB")
    for unit in units:
        octets /= 1000
        if octets < 999.5 or unit == units[-1]:
            break
    return f"{octets:.{1 if octets < 99.95 else 0}f} {unit}"
