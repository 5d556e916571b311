"""Where an image goes: into a plate, or beside others as a single image."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from tiles2zarr.models.base import Frozen
from tiles2zarr.models.well import column_index, column_name, row_index, row_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")


def check_name(name: str) -> str:
    """Return a name that may become part of an output path.

    Raises:
        ValueError: Not letters, digits, ``._ -`` (first a letter or digit, up to 100
            characters), so no name can leave the output folder.
    """
    if not _NAME.fullmatch(name) or name.endswith((" ", ".")):
        raise ValueError(
            f"name {name!r} must be 1 to 100 letters, digits or '._ -', beginning with "
            "a letter or digit and not ending in a space or dot"
        )
    return name


SafeName = Annotated[str, AfterValidator(check_name)]


class ImageInPlate(Frozen):
    """An image of a plate: ``<plate>.zarr/<row>/<column>/<acquisition><suffix>``."""

    kind: Literal["plate"] = "plate"
    """Tag of the collection."""
    plate_name: SafeName
    """Name of the plate."""
    row: str
    """Row letters; numbers from 1 and lower case are accepted."""
    column: int
    """Column number from 1; text like ``"03"`` is accepted."""
    acquisition: int = Field(default=0, ge=0)
    """Number of the acquisition."""
    suffix: str = Field(default="", pattern=r"^[A-Za-z0-9]*$")
    """Appended to the acquisition (No Tiling: the field of view)."""

    @field_validator("row", mode="before")
    @classmethod
    def _row(cls, value: str | int) -> str:
        return row_name(row_index(value))

    @field_validator("column", mode="before")
    @classmethod
    def _column(cls, value: str | int) -> int:
        return column_index(value) + 1

    @property
    def well(self) -> str:
        """The well's name, ``B03``."""
        return self.row + column_name(self.column - 1)

    @property
    def image(self) -> str:
        """The image id: its path in the plate, ``B/03/0``."""
        column = column_name(self.column - 1)
        return f"{self.row}/{column}/{self.acquisition}{self.suffix}"

    @property
    def path(self) -> str:
        """Path of the image below the output folder."""
        return f"{self.plate_name}.zarr/{self.image}"


class SingleImage(Frozen):
    """An image of its own: ``<image_path><suffix>.zarr``."""

    kind: Literal["single"] = "single"
    """Tag of the collection."""
    image_path: str
    """Path below the output folder, without ``.zarr``; parts are plain names."""
    suffix: str = Field(default="", pattern=r"^[A-Za-z0-9_]*$")
    """Appended to the path (No Tiling: the field of view)."""

    @field_validator("image_path")
    @classmethod
    def _image_path(cls, value: str) -> str:
        return "/".join(check_name(part) for part in value.split("/"))

    @property
    def image(self) -> str:
        """The image id: its path below the output without ``.zarr``."""
        return f"{self.image_path}{self.suffix}"

    @property
    def path(self) -> str:
        """Path of the image below the output folder."""
        return f"{self.image}.zarr"


Collection = Annotated[ImageInPlate | SingleImage, Field(discriminator="kind")]
