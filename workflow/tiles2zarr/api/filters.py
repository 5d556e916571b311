"""Filters of tiles under their documented names."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from tiles2zarr.config.base import squeeze
from tiles2zarr.config.filters import (
    AcquisitionFilter,
    AttributeFilter,
    ChannelFilter,
    Filter,
    FilterMode,
    FovNameFilter,
    PathRegexFilter,
    TimeRangeFilter,
    WellFilter,
    ZRangeFilter,
)
from tiles2zarr.config.values import Label
from tiles2zarr.models.base import Frozen


class FilterModel(Frozen):
    """A filter of one's own: derive from it, add its parameters, see `add_filter`."""

    name: str
    """Name under which the function was added."""


class WellIncludeFilter(WellFilter):
    """Takes the tiles in some wells."""

    mode: FilterMode = FilterMode.INCLUDE
    """Always include, unless told otherwise."""


class WellExcludeFilter(WellFilter):
    """Leaves the tiles in some wells."""

    mode: FilterMode = FilterMode.EXCLUDE
    """Always exclude, unless told otherwise."""


class RegexIncludeFilter(PathRegexFilter):
    """Takes the tiles whose path matches."""

    mode: FilterMode = FilterMode.INCLUDE
    """Always include, unless told otherwise."""


class RegexExcludeFilter(PathRegexFilter):
    """Leaves the tiles whose path matches."""

    mode: FilterMode = FilterMode.EXCLUDE
    """Always exclude, unless told otherwise."""


_NAMED = {
    "wellfilter": ("well", None),
    "wellincludefilter": ("well", "include"),
    "wellexcludefilter": ("well", "exclude"),
    "pathregexfilter": ("path_regex", None),
    "pathregexincludefilter": ("path_regex", "include"),
    "pathregexexcludefilter": ("path_regex", "exclude"),
    "regexincludefilter": ("path_regex", "include"),
    "regexexcludefilter": ("path_regex", "exclude"),
}
"""Documented names (squeezed) whose kind and mode are not in the name as it is."""


def _by_name(value: object) -> object:
    """Take the documented key ``name`` (``Path Regex Include Filter``) for ``kind``."""
    if not isinstance(value, Mapping) or "name" not in value or "kind" in value:
        return value
    kind, mode = _NAMED.get(squeeze(str(value["name"])), (value["name"], None))
    rest = {key: item for key, item in value.items() if key != "name"}
    if "wells_to_remove" in rest:
        rest |= {"wells": rest.pop("wells_to_remove"), "mode": "exclude"}
    return {"kind": kind, **({"mode": mode} if mode else {}), **rest}


class AttributeTextFilter(AttributeFilter):
    """Tiles by the value of a condition column, numbers as text."""

    values: tuple[Label, ...] = Field(min_length=1)
    """Values that match; numbers match by value."""


_Offered = Annotated[
    PathRegexFilter
    | WellFilter
    | FovNameFilter
    | AcquisitionFilter
    | AttributeTextFilter
    | ChannelFilter
    | ZRangeFilter
    | TimeRangeFilter,
    Field(discriminator="kind"),
]
"""What a form offers; it knows no values of several types."""
ImplementedFilters: TypeAlias = Annotated[
    Filter, BeforeValidator(_by_name, json_schema_input_type=_Offered)
]
"""One of the built-in filters; a mapping tells which by ``kind`` or ``name``."""
