"""Functions of the user's: found by name, called with errors that name them."""

import importlib
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

from tiles2zarr.errors import ExtensionError, Tiles2ZarrError


def add_paths(folders: Iterable[str]) -> None:
    """Make the modules in ``folders`` importable.

    They come last on ``sys.path``: a user's ``filters.py`` must not hide a module of
    an installed package.

    Raises:
        ExtensionError: A folder does not exist.
    """
    for folder in folders:
        path = Path(folder).absolute()
        if not path.is_dir():
            raise ExtensionError(
                f"Extension folder {folder!r} does not exist (looked at {path}). "
                "Correct `extensions:` in the config; paths are relative to the "
                "working directory."
            )
        if str(path) not in sys.path:
            sys.path.append(str(path))
            importlib.invalidate_caches()


def load_function(name: str) -> Callable[..., object]:
    """Return the function that ``package.module:function`` names.

    Raises:
        ExtensionError: The module cannot be imported, or has no such function.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ExtensionError(
            f"Function {name!r} is not named as package.module:function. Write the "
            "module, a colon and the function, e.g. 'my_filters:keep_even'."
        )
    module = _import(module_name, name)
    found = getattr(module, attribute, None)
    if callable(found):
        return found  # type: ignore[no-any-return]  # any callable is allowed here
    names = [key for key, value in vars(module).items() if callable(value)]
    near = get_close_matches(attribute, names, n=1, cutoff=0.5)
    hint = f"Did you mean {module_name}:{near[0]}?" if near else "Correct the name."
    what = "is not a function" if found is not None else "does not exist"
    where = getattr(module, "__file__", None) or "built in"
    raise ExtensionError(f"Function {name!r} {what} in {where}. {hint}")


def _import(module_name: str, name: str) -> object:
    """Import a module, with errors that tell its absence from a fault inside it."""
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        absent = error.name or ""
        if module_name == absent or module_name.startswith(f"{absent}."):
            raise ExtensionError(
                f"Module {absent!r} of function {name!r} is not found. Put the folder "
                "that holds it in `extensions:` of the config, or install it."
            ) from error
        raise ExtensionError(
            f"Module {module_name!r} of function {name!r} needs {absent!r}, which is "
            "not found. Install it in the environment of the workflow."
        ) from error
    except Exception as error:  # a user's module may raise anything when imported
        raise ExtensionError(
            f"Module {module_name!r} of function {name!r} fails when imported: "
            f"{type(error).__name__}: {error}. Correct the module."
        ) from error


def call_function(
    name: str, function: Callable[..., object], *arguments: object
) -> object:
    """Return what a user's function returns for ``arguments``.

    Args:
        name: Name of the function, for the message.
        function: The function.
        arguments: Its positional arguments.

    Raises:
        ExtensionError: The function raised anything but an error of this package.
    """
    try:
        return function(*arguments)
    except Tiles2ZarrError:
        raise
    except Exception as error:  # a user's function may raise anything
        raise ExtensionError(
            f"Function {name!r} failed: {type(error).__name__}: {error}. Correct the "
            "function or its options."
        ) from error
