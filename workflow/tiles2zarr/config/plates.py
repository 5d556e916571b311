"""Several plates in one file: each plate's keys merged over what all share."""

from collections.abc import Callable, Mapping

from tiles2zarr.config.base import shown
from tiles2zarr.config.faults import Fault
from tiles2zarr.errors import ConfigError

Raw = dict[str, object]


def expand_plates(
    raw: Mapping[str, object], read: Callable[[str], Mapping[str, object]]
) -> tuple[dict[str, Raw], list[Fault]]:
    """Return the config of each plate by name, and what is wrong with ``plates``.

    Args:
        raw: The file's content, with ``plates``: name to a path or to overrides.
        read: Returns the content of a plate's own file; raises ConfigError.
    """
    shared = _unnamed(raw)
    plates = raw["plates"]
    if not isinstance(plates, Mapping) or not plates:
        message = (
            "expected a mapping from each plate's name to a file or to the keys that "
            f"differ, got {shown(plates)}"
        )
        return {}, [Fault(("plates",), message)]
    faults = _shared_names(raw)
    merged: dict[str, Raw] = {}
    for key, override in plates.items():
        try:
            merged[str(key)] = _plate(str(key), shared, override, read)
        except ConfigError as error:
            faults += [Fault(("plates", str(key)), line) for line in error.faults]
    return merged, faults + _same_names(list(merged))


def deep_merge(base: object, over: object) -> object:
    """Return ``over`` put over ``base``: mappings key by key, all else replaced."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = {key: deep_merge(base[key], over[key]) for key in over if key in base}
    return {**base, **over, **merged}


def _plate(
    name: str,
    shared: Raw,
    override: object,
    read: Callable[[str], Mapping[str, object]],
) -> Raw:
    if isinstance(override, str):
        override = _read(override, read)
    if not isinstance(override, Mapping):
        message = (
            "expected the path of a YAML file or a mapping of the keys that differ, "
            f"got {shown(override)}"
        )
        raise ConfigError(name, [message])
    own = _spell_out_path(override, shared.get("acquisitions"))
    merged = dict(shared) | {
        key: deep_merge(shared.get(key), value)
        for key, value in own.items()
        if key != "acquisitions"
    }
    if "acquisitions" in own:
        merged["acquisitions"] = _merge_acquisitions(
            shared.get("acquisitions"), own["acquisitions"]
        )
    return _named(name, merged)


def _read(
    path: str, read: Callable[[str], Mapping[str, object]]
) -> Mapping[str, object]:
    try:
        return read(path)
    except ConfigError as error:
        faults = [f"{path}: {line}" for line in error.faults]
        raise ConfigError(path, faults) from error


def _spell_out_path(override: Mapping[str, object], shared: object) -> Raw:
    """Take ``path`` alone for the path of the only acquisition."""
    if "path" not in override:
        return dict(override)
    if "acquisitions" in override or (isinstance(shared, list) and len(shared) > 1):
        message = (
            "path alone is for files with one acquisition; write it below acquisitions"
        )
        raise ConfigError("plates", [message])
    rest = {key: value for key, value in override.items() if key != "path"}
    return rest | {"acquisitions": [{"path": override["path"]}]}


def _merge_acquisitions(base: object, over: object) -> object:
    """Return a plate's acquisitions, each over the shared one at its position."""
    if not isinstance(base, list) or not isinstance(over, list):
        return over
    shared = [*base, *[{}] * len(over)]
    return [deep_merge(shared[index], item) for index, item in enumerate(over)]


def _named(name: str, merged: Raw) -> Raw:
    """Return the config with the plate's key as its name.

    Raises:
        ConfigError: The plate's own file gives another name.
    """
    plate = merged.get("plate")
    inner = plate.get("name") if isinstance(plate, Mapping) else None
    for key, given in (("plate.name", inner), ("name", merged.get("name"))):
        if given is not None and str(given) != name:
            message = f"{key} is {given!r}; name the plate alike or take the key out"
            raise ConfigError(name, [message])
    return merged | {"name": name}


def _shared_names(shared: Mapping[str, object]) -> list[Fault]:
    """Return a fault per name in the shared part: the keys of plates are the names."""
    message = "several plates are named by the keys of plates; take it out"
    plate = shared.get("plate")
    named = isinstance(plate, Mapping) and plate.get("name") is not None
    faults = [Fault(("plate", "name"), message)] if named else []
    if shared.get("name") is not None:
        faults.append(Fault(("name",), message))
    return faults


def _unnamed(shared: Mapping[str, object]) -> Raw:
    """Return the shared part without names."""
    plate = shared.get("plate")
    unnamed = {k: v for k, v in shared.items() if k not in ("plates", "name", "plate")}
    if isinstance(plate, Mapping):
        plate = {key: value for key, value in plate.items() if key != "name"}
    return unnamed if plate is None else unnamed | {"plate": plate}


def _same_names(names: list[str]) -> list[Fault]:
    first: dict[str, str] = {}
    faults = []
    for name in names:
        other = first.setdefault(name.lower(), name)
        if other != name:
            message = f"differs from {other!r} only in case; the folders would clash"
            faults.append(Fault(("plates", name), message))
    return faults
