"""Functions that Python users add by name: the only mutable state of the package.

A registry filled in one process is empty in the next: where jobs run in processes of
their own, call the ``add_`` functions when the module that holds the functions is
imported, or name the functions in the config as ``package.module:function``.
"""

from collections.abc import Callable
from difflib import get_close_matches

from tiles2zarr.errors import ExtensionError

Function = Callable[..., object]


class Registry:
    """Functions of one kind by name."""

    def __init__(self, kind: str) -> None:
        """Begin without functions; ``kind`` is for messages, e.g. ``"filter"``."""
        self._kind = kind
        self._functions: dict[str, Function] = {}

    def add(self, function: Function, name: str | None, *, overwrite: bool) -> None:
        """Keep a function under ``name``, by default its own.

        Raises:
            ExtensionError: It cannot be called, or the name is taken.
        """
        if not callable(function):
            raise ExtensionError(
                f"The {self._kind} {function!r} is no function. Give a function."
            )
        key = name or getattr(function, "__name__", "")
        if not key:
            raise ExtensionError(
                f"The {self._kind} {function!r} has no name of its own. Give `name`."
            )
        if key in self._functions and not overwrite:
            raise ExtensionError(
                f"There is a {self._kind} named {key!r} already. Give another `name`, "
                "or overwrite=True."
            )
        self._functions[key] = function

    def get(self, name: str) -> Function:
        """Return the function of that name.

        Raises:
            ExtensionError: There is none.
        """
        if name in self._functions:
            return self._functions[name]
        near = get_close_matches(name, self._functions, n=1)
        known = ", ".join(sorted(self._functions)) or "none"
        hint = f"Did you mean {near[0]!r}?" if near else f"Call add_{self._kind} first."
        raise ExtensionError(
            f"There is no {self._kind} named {name!r}; there are: {known}. {hint}"
        )

    def remove(self, name: str) -> None:
        """Forget the function of that name, if there is one."""
        self._functions.pop(name, None)

    def __contains__(self, name: object) -> bool:
        """Say whether there is a function of that name."""
        return name in self._functions


FILTERS = Registry("filter")
VALIDATORS = Registry("validator")
REGISTRATION = Registry("registration_func")
COLLECTIONS = Registry("collection_handler")


def add_filter(
    *, function: Function, name: str | None = None, overwrite: bool = False
) -> None:
    """Make a filter known, called as ``function(tile, filter_params=filter)``.

    It returns whether the tile stays, and is chosen by the ``name`` of a `FilterModel`.

    Raises:
        ExtensionError: The name is taken and ``overwrite`` is not set.
    """
    FILTERS.add(function, name, overwrite=overwrite)


def add_validator(
    *, function: Function, name: str | None = None, overwrite: bool = False
) -> None:
    """Make a check of images known, called as ``function(tiled_image, **params)``.

    It raises where an image is not as it should be.

    Raises:
        ExtensionError: The name is taken and ``overwrite`` is not set.
    """
    VALIDATORS.add(function, name, overwrite=overwrite)


def add_registration_func(
    *, function: Function, name: str | None = None, overwrite: bool = False
) -> None:
    """Make a registration step known, called as ``function(tiled_image, **params)``.

    It returns another `TiledImage`.

    Raises:
        ExtensionError: The name is taken and ``overwrite`` is not set.
    """
    REGISTRATION.add(function, name, overwrite=overwrite)


def add_collection_handler(
    *, function: Function, collection_type: str | None = None, overwrite: bool = False
) -> None:
    """Make known how a kind of collection is set up in the output.

    Called as ``function(zarr_dir=..., tiled_images=..., ngff_version=...,
    overwrite_mode=...)``; ``collection_type`` is the name of the collection's class.

    Raises:
        ExtensionError: The name is taken and ``overwrite`` is not set.
    """
    COLLECTIONS.add(function, collection_type, overwrite=overwrite)
