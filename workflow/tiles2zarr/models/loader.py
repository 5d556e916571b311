"""How the pixels of a tile are read: a built-in file reader or a user's function."""

from typing import Annotated, Literal

from pydantic import Field

from tiles2zarr.models.base import Frozen, Scalar


class FileLoader(Frozen):
    """Read image files by their extension (tif, png, jpg, bmp, npy ...)."""

    kind: Literal["file"] = "file"
    """Tag of the loader."""


class CustomLoader(Frozen):
    """Read planes with a function of the user's."""

    kind: Literal["custom"] = "custom"
    """Tag of the loader."""
    function: str = Field(pattern=r"^[\w.]+:\w+$")
    """``package.module:function``, called as ``function(path, plane, options)``;
    returns one plane as a (y, x) array."""
    options: dict[str, Scalar] = Field(default={})
    """Passed on to the function."""
    code: str = ""
    """Digest of the user's modules; other code makes other pixels."""


Loader = Annotated[FileLoader | CustomLoader, Field(discriminator="kind")]
