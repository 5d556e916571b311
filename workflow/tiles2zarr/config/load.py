"""From the content of a config file to one checked config per plate."""

from collections import Counter
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from tiles2zarr.config.base import shown
from tiles2zarr.config.faults import Fault, faults_of
from tiles2zarr.config.names import clean_name, folder_name
from tiles2zarr.config.plates import expand_plates
from tiles2zarr.config.projections import with_projections
from tiles2zarr.config.read import read_config
from tiles2zarr.config.root import Config, numbered, repeated_ids
from tiles2zarr.errors import ConfigError

__all__ = ["load_configs", "read_config"]

PlateName = Callable[[str, str], str | None]
"""What the vendor's metadata at (path, format) call the plate, if anything."""
_SNAKEMAKE = ("only", "pathvars", "progress")
"""Keys that belong to a run, or to Snakemake, and mean nothing here."""


def load_configs(
    raw: Mapping[str, object], plate_name: PlateName, title: str = "config"
) -> dict[str, Config]:
    """Return the checked config of each plate by its name, names filled in.

    Args:
        raw: The content of the config file, as YAML has it.
        plate_name: Asked for plates that the config does not name.
        title: What the message of an error begins with.

    Raises:
        ConfigError: Anything wrong, all faults at once: where, expected and got.
    """
    if not isinstance(raw, Mapping):
        raise ConfigError(title, [f"expected a mapping of keys, got {shown(raw)}"])
    raw = {key: value for key, value in raw.items() if key not in _SNAKEMAKE}
    if raw.get("plates") is None:
        config, faults = _validate(raw, plate_name)
        configs = [config]
    else:
        configs, faults = _validate_plates(raw, plate_name)
    if faults:
        raise ConfigError(title, [fault.line for fault in faults])
    found = [part for config in configs if config for part in with_projections(config)]
    named = {config.name: config for config in found if config.name}
    if len(named) < len(found):
        names = Counter(config.name for config in found)
        clash = max(names, key=lambda name: names[name])
        fault = (
            f"plates: {clash!r} is a plate and the projections of another; rename it"
        )
        raise ConfigError(title, [fault])
    return named


def _validate_plates(
    raw: Mapping[str, object], plate_name: PlateName
) -> tuple[list[Config | None], list[Fault]]:
    """Return the plates' configs and faults; a fault of all plates is told once."""
    parts, faults = expand_plates(raw, read_config)
    results = {name: _validate(part, plate_name) for name, part in parts.items()}
    told: dict[Fault, None] = dict.fromkeys(faults)
    for name, (_, found) in results.items():
        for fault in found:
            everywhere = all(fault in others for _, others in results.values())
            place = fault.path if everywhere else ("plates", name, *fault.path)
            told[Fault(place, fault.message)] = None
    return [config for config, _ in results.values()], list(told)


def _validate(
    raw: Mapping[str, object], plate_name: PlateName
) -> tuple[Config | None, list[Fault]]:
    """Return a plate's config with its name, or what is wrong."""
    known = {key: value for key, value in raw.items() if key != "plates"}
    try:
        config = Config.model_validate(known)
    except ValidationError as error:
        return None, _with_repeated_ids(faults_of(error), raw)
    if config.writing.settle and not _given_name(config):
        message = (
            "is needed with writing.settle: what the metadata call the plate may come "
            "late, and would make a second plate"
        )
        return None, [Fault(("plate", "name"), message)]
    name = _name(config, plate_name)
    if name is None:
        path = config.acquisitions[0].path[0]
        message = f"is needed: no name can be made of the path {path!r}"
        return None, [Fault(("name",), message)]
    return config.replace(name=name), []


def _name(config: Config, plate_name: PlateName) -> str | None:
    given = _given_name(config)
    if given:
        return given
    first = config.acquisitions[0]
    said = plate_name(first.path[0], first.format)
    return clean_name(said or "") or folder_name(first.path[0])


def _given_name(config: Config) -> str | None:
    return (config.plate.name if config.plate else None) or config.name


def _with_repeated_ids(faults: list[Fault], raw: Mapping[str, object]) -> list[Fault]:
    """Add repeated ids, which the model looks for only where all else is right."""
    items = numbered(raw.get("acquisitions"))
    ids = [
        item.get("id") if isinstance(item, Mapping) else None
        for item in (items if isinstance(items, list) else [])
    ]
    message = repeated_ids(id_ if isinstance(id_, int) else None for id_ in ids)
    fault = Fault(("acquisitions",), message or "")
    return faults if message is None or fault in faults else [*faults, fault]
