"""The chain of an acquisition's filters."""

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.config.filters import (
    AcquisitionFilter,
    AttributeFilter,
    ChannelFilter,
    CustomFilter,
    Filter,
    FilterMode,
    FovNameFilter,
    PathRegexFilter,
    TimeRangeFilter,
    WellFilter,
    ZRangeFilter,
)
from tiles2zarr.errors import ConfigError
from tiles2zarr.filters.attributes import match_attribute
from tiles2zarr.filters.channels import channel_labels, match_channels
from tiles2zarr.filters.custom import match_custom
from tiles2zarr.filters.ranges import match_range
from tiles2zarr.filters.text import image_paths, match_fov_name, match_path
from tiles2zarr.filters.wells import match_wells, well_names

_SHOWN = 8


def apply_filters(
    table: pd.DataFrame,
    filters: Sequence[Filter],
    *,
    attributes: Sequence[str] = (),
    channels: Sequence[str] = (),
    acquisition: int = 0,
) -> pd.DataFrame:
    """Return the tiles that all filters take, in their order.

    Args:
        table: The tiles of one acquisition; it is not changed.
        filters: The filters, applied one after the other.
        attributes: Names of the table's attribute columns.
        channels: Labels of the acquisition's channels, by ``c``.
        acquisition: Id of the acquisition.

    Raises:
        ConfigError: A filter took no tile, or does not apply to this table.
        TableError: A channel filter matches a part of a tile only.
        ExtensionError: A user's filter failed.
    """
    for number, chosen in enumerate(filters):
        place = f"acquisition {acquisition}, filters[{number}] ({chosen.kind})"
        _check_applies(table, chosen, attributes, place)
        mask = _match(table, chosen, channels, acquisition)
        mask = ~mask if chosen.mode == FilterMode.EXCLUDE else mask
        if len(table) > 0 and not mask.any():
            raise _nothing_left(table, chosen, channels, acquisition, place)
        table = table.loc[mask].reset_index(drop=True)
    return table


def _match(
    table: pd.DataFrame, chosen: Filter, channels: Sequence[str], acquisition: int
) -> NDArray[np.bool_]:
    """Say which tiles match a filter, whatever its mode."""
    match chosen:
        case PathRegexFilter():
            return match_path(table, chosen.regex, acquisition)
        case WellFilter():
            return match_wells(table, chosen.wells)
        case FovNameFilter():
            return match_fov_name(table, chosen.regex)
        case AcquisitionFilter():
            return np.full(len(table), acquisition in chosen.acquisitions)
        case AttributeFilter():
            return match_attribute(table, chosen.key, chosen.values)
        case ChannelFilter():
            return match_channels(table, chosen.channel_labels, channels)
        case ZRangeFilter():
            return match_range(table, "z", chosen.min_z, chosen.max_z)
        case TimeRangeFilter():
            return match_range(table, "t", chosen.min_t, chosen.max_t)
        case CustomFilter():
            return match_custom(table, chosen.function, chosen.options)


def _check_applies(
    table: pd.DataFrame, chosen: Filter, attributes: Sequence[str], place: str
) -> None:
    """Check that the table has what a filter asks for."""
    if isinstance(chosen, AttributeFilter) and chosen.key not in attributes:
        near = get_close_matches(chosen.key, attributes, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Correct the key."
        known = ", ".join(attributes) or "none"
        raise ConfigError(
            place, [f"there is no attribute {chosen.key!r}; there are: {known}. {hint}"]
        )
    if isinstance(chosen, WellFilter) and table["row"].isna().all() and len(table):
        raise ConfigError(
            place,
            ["the table makes single images, which lie in no well. Delete the filter."],
        )


def _nothing_left(
    table: pd.DataFrame,
    chosen: Filter,
    channels: Sequence[str],
    acquisition: int,
    place: str,
) -> ConfigError:
    """Return the error of a filter that took no tile, with what it was shown."""
    seen = _seen(table, chosen, channels, acquisition)
    values = {
        key: value
        for key, value in chosen.model_dump(mode="json").items()
        if key != "kind" and value is not None
    }
    asked = ", ".join(f"{key}: {value}" for key, value in values.items())
    return ConfigError(
        place,
        [
            f"it removed all of the last {len(table)} tiles ({asked}). It saw {seen}. "
            "Correct or delete the filter."
        ],
    )


def _seen(
    table: pd.DataFrame, chosen: Filter, channels: Sequence[str], acquisition: int
) -> str:
    """Return in words what the tiles show of a filter's subject."""
    match chosen:
        case PathRegexFilter():
            paths = [str(path) for path in image_paths(table, acquisition).unique()]
            files = [str(file) for file in table["file"].unique()]
            return f"files {_listed(files)} of images {_listed(paths)}"
        case WellFilter():
            return f"wells {_listed(well_names(table))}"
        case FovNameFilter():
            return f"fields {_listed([str(fov) for fov in table['fov'].unique()])}"
        case AcquisitionFilter():
            return f"acquisition {acquisition}"
        case AttributeFilter():
            cells = table[chosen.key].unique()
            shown = ["null" if cell is None else repr(cell) for cell in cells]
            return f"values {_listed(shown)}"
        case ChannelFilter():
            stop = int((table["c"] + table["len_c"]).max())
            return f"channels {_listed(channel_labels(stop, channels))}"
        case ZRangeFilter():
            return f"start_z from {table['z'].min():g} to {table['z'].max():g}"
        case TimeRangeFilter():
            return f"start_t from {table['t'].min():g} to {table['t'].max():g}"
        case CustomFilter():
            return f"{len(table)} tiles"


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} ..." if len(texts) > _SHOWN else shown
