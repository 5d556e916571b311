"""What build_tables keeps per image: proof that its tables stand, its plate rows."""

from typing import Literal

from pydantic import Field

from tiles2zarr.models.base import Frozen, Scalar

Row = dict[str, Scalar]


class Tabled(Frozen):
    """``tabled/<image>.json``."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    """Version of this file's format."""
    key: str
    """Digest of everything the image's tables and windows were made from."""
    conditions: tuple[Row, ...] = ()
    """Rows the image adds to the plate's condition_table."""
    fovs: tuple[Row, ...] = ()
    """Rows the image adds to the plate's FOV_table."""
