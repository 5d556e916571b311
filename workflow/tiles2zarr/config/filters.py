"""Filters: which tiles of an acquisition are taken."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tiles2zarr.config.base import Choice, Section, squeeze, tagged
from tiles2zarr.config.values import Function, Label, Number, Options, Regex, Whole
from tiles2zarr.models.base import Scalar
from tiles2zarr.models.well import WellName


class FilterMode(Choice):
    """Whether the tiles a filter matches are taken or left."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class _Filter(Section):
    """What every filter has."""

    mode: FilterMode = FilterMode.INCLUDE
    """``include`` takes the tiles that match, ``exclude`` all others."""


def _ordered(low: float | None, high: float | None, keys: tuple[str, str]) -> None:
    if low is None and high is None:
        raise ValueError(f"needs {keys[0]}, {keys[1]} or both")
    if low is not None and high is not None and low > high:
        raise ValueError(f"{keys[0]} {low:g} is larger than {keys[1]} {high:g}")


class PathRegexFilter(_Filter):
    """Tiles by the path of their file or of their image."""

    kind: Literal["path_regex"] = "path_regex"
    """Tag of the filter."""
    regex: Regex
    """Regular expression searched in the file's path, as the table or folder has it
    (with the folder, if there are several paths), and in its image's: ``B/03/0``."""


class WellFilter(_Filter):
    """Tiles by well."""

    kind: Literal["well"] = "well"
    """Tag of the filter."""
    wells: tuple[WellName, ...] = Field(min_length=1)
    """Wells; ``B3`` and ``b03`` are the same."""


class FovNameFilter(_Filter):
    """Tiles by the name of their field of view."""

    kind: Literal["fov_name"] = "fov_name"
    """Tag of the filter."""
    regex: Regex
    """Regular expression searched in the field's name."""


class AcquisitionFilter(_Filter):
    """Tiles by acquisition."""

    kind: Literal["acquisition"] = "acquisition"
    """Tag of the filter."""
    acquisitions: tuple[Whole, ...] = Field(min_length=1)
    """Acquisition ids."""


class AttributeFilter(_Filter):
    """Tiles by the value of a condition column."""

    kind: Literal["attribute"] = "attribute"
    """Tag of the filter."""
    key: Label
    """Name of the condition column."""
    values: tuple[Scalar, ...] = Field(min_length=1)
    """Values that match; null matches blank cells."""


class ChannelFilter(_Filter):
    """Tiles by channel."""

    kind: Literal["channel"] = "channel"
    """Tag of the filter."""
    channel_labels: tuple[Label, ...] = Field(min_length=1)
    """Channel labels."""


class ZRangeFilter(_Filter):
    """Tiles by z position."""

    kind: Literal["z_range"] = "z_range"
    """Tag of the filter."""
    min_z: Number | None = None
    """Smallest z that matches, in the unit of start_z (planes in vendor folders); left
    out, no limit."""
    max_z: Number | None = None
    """Largest z that matches, in the unit of start_z (planes in vendor folders); left
    out, no limit."""

    @model_validator(mode="after")
    def _range(self) -> Self:
        _ordered(self.min_z, self.max_z, ("min_z", "max_z"))
        return self


class TimeRangeFilter(_Filter):
    """Tiles by time."""

    kind: Literal["time_range"] = "time_range"
    """Tag of the filter."""
    min_t: Number | None = None
    """Earliest time that matches, in the unit of start_t (numbers in vendor folders);
    left out, no limit."""
    max_t: Number | None = None
    """Latest time that matches, in the unit of start_t (numbers in vendor folders);
    left out, no limit."""

    @model_validator(mode="after")
    def _range(self) -> Self:
        _ordered(self.min_t, self.max_t, ("min_t", "max_t"))
        return self


class CustomFilter(_Filter):
    """Tiles by a function of the user's."""

    kind: Literal["custom"] = "custom"
    """Tag of the filter."""
    function: Function
    """The function, ``package.module:function``."""
    options: Options = Field(default={})
    """Passed on to the function."""


KINDS = (
    "path_regex",
    "well",
    "fov_name",
    "acquisition",
    "attribute",
    "channel",
    "z_range",
    "time_range",
    "custom",
)
Filter = Annotated[
    PathRegexFilter
    | WellFilter
    | FovNameFilter
    | AcquisitionFilter
    | AttributeFilter
    | ChannelFilter
    | ZRangeFilter
    | TimeRangeFilter
    | CustomFilter,
    Field(discriminator="kind"),
    tagged("kind", KINDS, labels={squeeze(kind) + "filter": kind for kind in KINDS}),
]
"""One filter; the documented labels (``Z Range Filter``) are accepted as kinds."""
