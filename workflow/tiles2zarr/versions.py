"""Versions of the packages that a result depends on."""

import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from tiles2zarr import __version__


@cache
def installed_version(package: str) -> str | None:
    """Return the version of a package, ``None`` if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def package_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python, this package and others that are installed."""
    found = {"python": platform.python_version(), "tiles2zarr": __version__}
    for package in packages:
        known = installed_version(package)
        if known is not None:
            found[package] = known
    return found
