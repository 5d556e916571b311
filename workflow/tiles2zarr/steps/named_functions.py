"""The user's functions a config names: all found before anything runs."""

from collections.abc import Iterator

from tiles2zarr.config.filters import CustomFilter
from tiles2zarr.config.root import Config
from tiles2zarr.errors import ConfigError, ExtensionError
from tiles2zarr.extension import add_paths, load_function


def check_functions(config: Config) -> None:
    """Import every function the config names.

    Raises:
        ConfigError: Some cannot be had; all of them at once, with their YAML paths.
    """
    faults = []
    try:
        add_paths(config.extensions)
    except ExtensionError as error:
        faults.append(f"extensions: {error}")
    for place, name in _named(config):
        try:
            load_function(name)
        except ExtensionError as error:
            faults.append(f"{place}: {error}")
    if faults:
        raise ConfigError(f"config of {config.name}", faults)


def _named(config: Config) -> Iterator[tuple[str, str]]:
    for index, acquisition in enumerate(config.acquisitions):
        place = f"acquisitions[{index}]"
        if ":" in acquisition.format:
            yield f"{place}.format", acquisition.format
        if acquisition.loader is not None:
            yield f"{place}.loader.function", acquisition.loader.function
        if acquisition.collection is not None:
            yield f"{place}.collection.function", acquisition.collection.function
        for number, validator in enumerate(acquisition.validators):
            yield f"{place}.validators[{number}].function", validator.function
        for number, chosen in enumerate(acquisition.filters):
            if isinstance(chosen, CustomFilter):
                yield f"{place}.filters[{number}].function", chosen.function
    for number, step in enumerate(config.registration.steps):
        yield f"registration.steps[{number}].function", step.function
