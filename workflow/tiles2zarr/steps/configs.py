"""The configs of a run: validated, named, their functions found."""

from collections.abc import Mapping

from tiles2zarr.config.load import load_configs
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ConfigError
from tiles2zarr.ngff.archive_ome_xml import NEEDED, has_ome_types
from tiles2zarr.parsers.peek import plate_name
from tiles2zarr.steps.named_functions import check_functions


def checked_configs(raw: Mapping[str, object]) -> dict[str, Config]:
    """Return the config of each plate by its name, ready to run.

    Args:
        raw: The content of the config file, as YAML has it.

    Raises:
        ConfigError: Anything wrong, all faults at once; what all plates share is told
            once.
    """
    configs = load_configs(raw, plate_name)
    found: dict[str, list[str]] = {}
    for name, config in configs.items():
        for fault in _faults(config):
            found.setdefault(fault, []).append(name)
    if found:
        faults = [
            line
            for fault, names in found.items()
            for line in (
                [fault]
                if len(names) == len(configs)
                else [f"plates.{name}.{fault}" for name in names]
            )
        ]
        raise ConfigError("config", faults)
    return configs


def plate_config(raw: Mapping[str, object], name: str) -> Config:
    """Return the config of one plate, as the run that started the job checked it."""
    return load_configs(raw, plate_name)[name]


def _faults(config: Config) -> list[str]:
    """Return what is wrong with a config beyond its single values."""
    faults = []
    if "://" in config.output and not config.output.startswith("file://"):
        from tiles2zarr.filesystems import output_fault  # only URLs need it

        fault = output_fault(config.output)
        if fault is not None:
            faults.append(f"output: {config.output!r} {fault}")
    if config.archive.ome_xml and not has_ome_types():
        faults.append(f"archive.ome_xml: {NEEDED}")
    try:
        check_functions(config)
    except ConfigError as error:
        faults.extend(error.faults)
    return faults
