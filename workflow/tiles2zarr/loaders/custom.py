"""Pixels read by a function of the user's."""

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.errors import ExtensionError
from tiles2zarr.extension import call_function, load_function
from tiles2zarr.loaders.source import (
    UNKNOWN_PLANES,
    ClosingSource,
    Header,
    check_dtype,
    unreadable,
)
from tiles2zarr.models.loader import CustomLoader


class CustomSource(ClosingSource):
    """Planes that a user's function returns one by one."""

    def __init__(self, location: str, loader: CustomLoader) -> None:
        """Find the function; it is called when pixels or the header are asked for.

        Raises:
            ExtensionError: The function cannot be imported.
        """
        self._location = location
        self._loader = loader
        self._function = load_function(loader.function)
        self._header: Header | None = None

    @property
    def header(self) -> Header:
        """Return shape and type by plane 0; the number of planes is not known.

        Raises:
            SourceError: The function fails or returns no plane.
        """
        if self._header is None:
            self.read(0)
        if self._header is None:
            raise self._refused("returned nothing")
        return self._header

    def read(self, plane: int) -> NDArray[np.generic]:
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: The function fails, or returns anything but a plane like the
                ones before.
        """
        try:
            returned = call_function(
                self._loader.function,
                self._function,
                self._location,
                plane,
                dict(self._loader.options),
            )
        except ExtensionError as error:
            raise unreadable(
                f"{self._location} plane {plane}", str(error), "See the message above."
            ) from error
        if not isinstance(returned, np.ndarray) or returned.ndim != 2:
            shape = getattr(returned, "shape", type(returned).__name__)
            raise self._refused(f"returned {shape}, expected a (y, x) array")
        dtype = check_dtype(self._location, returned.dtype.name)
        header = Header(UNKNOWN_PLANES, returned.shape[0], returned.shape[1], dtype)
        if self._header is not None and header != self._header:
            raise self._refused(
                f"returned plane {plane} as {returned.shape} {dtype}, others as "
                f"{(self._header.y, self._header.x)} {self._header.dtype}"
            )
        self._header = header
        return np.array(returned, dtype=dtype, order="C")

    def _refused(self, what: str) -> Exception:
        """Return the error of a function that returns something else."""
        return unreadable(
            self._location,
            f"function {self._loader.function!r} {what}",
            "Correct the function.",
        )
